import type {
  AttributeDefinition,
  CreateTableCommandInput,
  GlobalSecondaryIndex,
  KeySchemaElement,
  UpdateTimeToLiveCommandInput,
} from '@aws-sdk/client-dynamodb';
import { keyAttributeType, tableName, tables, ttlAttribute } from './tables.ts';
import type { KeyDefinition, TableDefinition, TableId } from './tables.ts';

/** What differs between the places where tables are created. */
export interface CreateTableOptions {
  /**
   * False leaves the streams out. The embedded emulator keeps stream records for ever,
   * so each write to a table with a stream costs more than the one before.
   */
  readonly streams: boolean;
}

function keySchema(key: KeyDefinition): KeySchemaElement[] {
  const partition: KeySchemaElement = { AttributeName: key.partition, KeyType: 'HASH' };
  return key.sort === undefined ? [partition] : [partition, { AttributeName: key.sort, KeyType: 'RANGE' }];
}

function keyAttributes(key: KeyDefinition): string[] {
  return key.sort === undefined ? [key.partition] : [key.partition, key.sort];
}

function indexEntries(table: TableId): [string, KeyDefinition][] {
  const { indexes }: TableDefinition = tables[table];
  return Object.entries(indexes);
}

/** DynamoDB refuses attribute definitions that no key uses, so exactly the key attributes are listed, each once. */
function attributeDefinitions(table: TableId): AttributeDefinition[] {
  const keys = [tables[table].key, ...indexEntries(table).map(([, key]) => key)];
  const names = new Set(keys.flatMap(keyAttributes));
  return [...names].sort().map((name) => ({ AttributeName: name, AttributeType: keyAttributeType(table, name) }));
}

function globalSecondaryIndexes(table: TableId): GlobalSecondaryIndex[] {
  return indexEntries(table).map(([name, key]) => ({
    IndexName: name,
    KeySchema: keySchema(key),
    Projection: { ProjectionType: 'ALL' },
  }));
}

/**
 * Returns the input of CreateTable for one table of the catalogue: keys, indexes that project every attribute,
 * on-demand billing, encryption with the AWS-managed key (`SSESpecification.Enabled` without a key id means `aws/dynamodb`)
 * and, unless `streams` is false, the stream of new and old images where the catalogue has one.
 * An absent list or stream is absent from the result, because DynamoDB refuses an empty list of indexes.
 * Time to live is no part of CreateTable: see {@link timeToLiveInput}.
 */
export function createTableInput(
  table: TableId,
  prefix: string,
  { streams }: CreateTableOptions = { streams: true },
): CreateTableCommandInput {
  const indexes = globalSecondaryIndexes(table);
  return {
    TableName: tableName(table, prefix),
    AttributeDefinitions: attributeDefinitions(table),
    KeySchema: keySchema(tables[table].key),
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: { Enabled: true },
    ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }),
    ...(streams && tables[table].stream && { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' as const } }),
  };
}

/** Returns the input of UpdateTimeToLive for one table of the catalogue, or null for a table whose items never expire. */
export function timeToLiveInput(table: TableId, prefix: string): UpdateTimeToLiveCommandInput | null {
  if (!tables[table].ttl) return null;
  return {
    TableName: tableName(table, prefix),
    TimeToLiveSpecification: { AttributeName: ttlAttribute, Enabled: true },
  };
}
