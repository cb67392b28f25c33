/** Writes the seed into the tables with the stock SDK, beside every server under measurement. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { storeBody } from '../../src/data/body.ts';
import type { Connection, Row } from '../../src/data/connection.ts';
import { provisionTables } from '../../src/data/provision.ts';
import { tableName, type TableId } from '../../src/data/tables.ts';
import type { SeedRow } from './seedRows.ts';
import type { Tables } from './serverProcess.ts';

/** The tables, for writing. */
export interface SeedDatabase {
  putAll(rows: readonly SeedRow[]): Promise<void>;
  /** Gives an item these attributes. */
  set(table: TableId, key: Row, attributes: Row): Promise<void>;
  /** Adds to numbers of an item, which is made where it is not there. */
  add(table: TableId, key: Row, by: Readonly<Record<string, number>>): Promise<void>;
  /** Puts a row whose body is on the row or in chunks, as the API decides. */
  putWithBody(table: TableId, row: Row & { id: string; userId: string }, body: Row): Promise<void>;
  close(): void;
}

const batchSize = 25;
const parallelBatches = 8;
const maxRounds = 10;

/** Creates all tables and opens them for writing. */
export async function openSeedDatabase({ endpoint, prefix }: Tables): Promise<SeedDatabase> {
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  await provisionTables({ client, prefix, streams: false });

  async function writeBatch(rows: readonly SeedRow[]): Promise<void> {
    let open: Record<string, { PutRequest: { Item: Row } }[]> = {};
    for (const { table, put } of rows) (open[tableName(table, prefix)] ??= []).push({ PutRequest: { Item: put } });
    for (let round = 0; Object.keys(open).length > 0; round += 1) {
      if (round === maxRounds) throw new Error('the database leaves rows of the seed unwritten');
      const { UnprocessedItems: rest = {} } = await documents.send(new BatchWriteCommand({ RequestItems: open }));
      open = rest as typeof open;
    }
  }

  const database: SeedDatabase = {
    putAll: async (rows) => {
      const starts = Array.from({ length: Math.ceil(rows.length / batchSize) }, (_, i) => i * batchSize).values();
      const writer = async (): Promise<void> => {
        for (const start of starts) await writeBatch(rows.slice(start, start + batchSize));
      };
      await Promise.all(Array.from({ length: parallelBatches }, writer));
    },
    set: (table, key, attributes) => update('SET', '=', { table, key, attributes }),
    add: (table, key, by) => update('ADD', '', { table, key, attributes: by }),
    putWithBody: async (table, row, body) => {
      // Storing a body needs nothing of a connection but this.
      const connection: Pick<Connection, 'writeAll'> = { writeAll: (writes) => database.putAll(writes as readonly SeedRow[]) };
      const { attributes, write } = await storeBody(connection as Connection, table, row, body);
      await write();
      const kept = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
      await database.putAll([{ table, put: { ...row, ...kept } }]);
    },
    close: () => client.destroy(),
  };
  return database;

  async function update(
    verb: string,
    sign: string,
    { table, key, attributes }: { table: TableId; key: Row; attributes: Row },
  ): Promise<void> {
    const names = Object.keys(attributes);
    await documents.send(
      new UpdateCommand({
        TableName: tableName(table, prefix),
        Key: key,
        UpdateExpression: `${verb} ${names.map((_, i) => `#a${i} ${sign} :v${i}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(names.map((name, i) => [`#a${i}`, name])),
        ExpressionAttributeValues: Object.fromEntries(names.map((name, i) => [`:v${i}`, attributes[name]])),
      }),
    );
  }
}
