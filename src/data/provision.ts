/** Creates the tables of the catalogue on a local DynamoDB, and compares existing tables with the catalogue. */
import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  paginateListTables,
  ResourceInUseException,
  ResourceNotFoundException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient, KeySchemaElement, TableDescription } from '@aws-sdk/client-dynamodb';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTableInput, timeToLiveInput } from './createTableInput.ts';
import { keyAttributeType, tableIds, tableName, tables } from './tables.ts';
import type { KeyDefinition, TableDefinition, TableId } from './tables.ts';

/** Which tables: those with this prefix, wherever the client points to. */
export interface TableLocation {
  readonly client: DynamoDBClient;
  readonly prefix: string;
}

/** How tables are created. */
export interface ProvisionOptions extends TableLocation {
  /** False for the embedded database, which keeps stream records for ever. */
  readonly streams: boolean;
}

/** Tables were to be created where that is not this server's business. */
export class ProvisioningRefused extends Error {
  override readonly name = 'ProvisioningRefused';
}

/** Domains of the DynamoDB endpoints of AWS, of VPC endpoints and of China (AWS General Reference, "Service endpoints"). */
const awsDomains = ['amazonaws.com', 'amazonaws.com.cn', 'api.aws', 'api.amazonwebservices.com.cn'];

/**
 * Tells whether tables may be created at this endpoint: an explicit one that is not of AWS.
 * Without an endpoint the SDK goes to AWS, where the tables belong to the stack in `infra/`.
 */
export function isLocalEndpoint(hostname: string | undefined): boolean {
  if (hostname === undefined || hostname === '') return false;
  const name = hostname.toLowerCase().replace(/\.+$/, '');
  return !awsDomains.some((domain) => name === domain || name.endsWith(`.${domain}`));
}

async function requireLocalEndpoint(client: DynamoDBClient): Promise<void> {
  const endpoint = await client.config.endpoint?.();
  if (isLocalEndpoint(endpoint?.hostname)) return;
  throw new ProvisioningRefused(
    `Tables are created on a local DynamoDB only, not at ${endpoint?.hostname ?? 'AWS'}: on AWS they belong to the stack in infra/ (deploy it with \`cdk deploy\`).`,
  );
}

async function existingTables(client: DynamoDBClient): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const page of paginateListTables({ client }, {})) {
    for (const name of page.TableNames ?? []) names.add(name);
  }
  return names;
}

async function describe({ client, prefix }: TableLocation, table: TableId): Promise<TableDescription | null> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: tableName(table, prefix) }))).Table ?? null;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
}

const creationTimeoutMs = 30_000;

async function waitUntilActive(location: TableLocation, table: TableId): Promise<void> {
  const deadline = Date.now() + creationTimeoutMs;
  for (;;) {
    const status = (await describe(location, table))?.TableStatus ?? 'missing';
    if (status === 'ACTIVE') return;
    if (Date.now() > deadline) {
      const name = tableName(table, location.prefix);
      throw new Error(`The table ${name} is still ${status} ${creationTimeoutMs / 1_000} s after its creation.`);
    }
    await sleep(50);
  }
}

async function createTable({ client, prefix, streams }: ProvisionOptions, table: TableId): Promise<void> {
  try {
    await client.send(new CreateTableCommand(createTableInput(table, prefix, { streams })));
  } catch (error) {
    // Another process that starts at the same time was faster.
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilActive({ client, prefix }, table);
}

/** Emulators need not know time to live; reads drop expired items anyway. */
async function switchTimeToLiveOn({ client, prefix }: TableLocation, table: TableId): Promise<void> {
  const input = timeToLiveInput(table, prefix);
  if (input === null) return;
  try {
    const { TimeToLiveDescription: now } = await client.send(new DescribeTimeToLiveCommand({ TableName: input.TableName }));
    // Switching on what is on already is refused as a ValidationException.
    if (now?.TimeToLiveStatus === 'ENABLED' || now?.TimeToLiveStatus === 'ENABLING') return;
    await client.send(new UpdateTimeToLiveCommand(input));
  } catch (error) {
    if (!(error instanceof Error && error.name === 'UnknownOperationException')) throw error;
  }
}

/**
 * Creates the tables that are missing, waits until they are active and switches time to live on; tables that exist are
 * left as they are (see `checkTables`). Returns the ids of those that were missing. When nothing is missing this
 * costs one ListTables and a DescribeTimeToLive for each table with expiring items.
 * Throws `ProvisioningRefused` unless the client has an explicit endpoint outside of AWS.
 */
export async function provisionTables(options: ProvisionOptions): Promise<TableId[]> {
  await requireLocalEndpoint(options.client);
  const existing = await existingTables(options.client);
  const missing = tableIds.filter((table) => !existing.has(tableName(table, options.prefix)));
  await Promise.all(missing.map((table) => createTable(options, table)));
  await Promise.all(tableIds.map((table) => switchTimeToLiveOn(options, table)));
  return missing;
}

type AttributeTypes = ReadonlyMap<string | undefined, string | undefined>;

function expectedKey(table: TableId, key: KeyDefinition): string {
  const attributes = key.sort === undefined ? [key.partition] : [key.partition, key.sort];
  return attributes.map((name) => `${name} (${keyAttributeType(table, name)})`).join(', ');
}

function actualKey(schema: readonly KeySchemaElement[] | undefined, types: AttributeTypes): string {
  const ordered = [...(schema ?? [])].sort((a) => (a.KeyType === 'HASH' ? -1 : 1));
  return ordered.map((element) => `${element.AttributeName ?? '?'} (${types.get(element.AttributeName) ?? '?'})`).join(', ');
}

function indexDifferences(table: TableId, name: string, description: TableDescription): string[] {
  const types = new Map(description.AttributeDefinitions?.map((a) => [a.AttributeName, a.AttributeType]));
  const { indexes }: TableDefinition = tables[table];
  return Object.entries(indexes).flatMap(([indexName, key]) => {
    const where = `Table ${name}: index ${indexName}`;
    const actual = description.GlobalSecondaryIndexes?.find((index) => index.IndexName === indexName);
    if (actual === undefined) return [`${where} is missing.`];
    const differences: string[] = [];
    const [is, shouldBe] = [actualKey(actual.KeySchema, types), expectedKey(table, key)];
    if (is !== shouldBe) differences.push(`${where} has the key ${is} instead of ${shouldBe}.`);
    const projection = actual.Projection?.ProjectionType ?? 'nothing';
    if (projection !== 'ALL') differences.push(`${where} projects ${projection} instead of ALL attributes.`);
    const status = actual.IndexStatus ?? 'ACTIVE';
    if (status !== 'ACTIVE' && status !== 'UPDATING') differences.push(`${where} is ${status}, so it cannot be read yet.`);
    return differences;
  });
}

function tableDifferences(table: TableId, prefix: string, description: TableDescription | null): string[] {
  const name = tableName(table, prefix);
  if (description === null) return [`Table ${name} is missing.`];
  const types = new Map(description.AttributeDefinitions?.map((a) => [a.AttributeName, a.AttributeType]));
  const differences: string[] = [];
  const [is, shouldBe] = [actualKey(description.KeySchema, types), expectedKey(table, tables[table].key)];
  if (is !== shouldBe) differences.push(`Table ${name} has the key ${is} instead of ${shouldBe}.`);
  const status = description.TableStatus ?? 'ACTIVE';
  if (status !== 'ACTIVE' && status !== 'UPDATING') differences.push(`Table ${name} is ${status}, so it cannot be used.`);
  return [...differences, ...indexDifferences(table, name, description)];
}

/**
 * Compares the tables with the catalogue and returns one sentence for each difference: a missing table or index, a wrong
 * key or key type, a partial projection, a table or index that is not active. Additional indexes are no difference.
 * Costs twelve DescribeTable calls at once. Rejects with the SDK's error when the database does not answer.
 */
export async function checkTables(location: TableLocation): Promise<string[]> {
  const differences = await Promise.all(
    tableIds.map(async (table) => tableDifferences(table, location.prefix, await describe(location, table))),
  );
  return differences.flat();
}
