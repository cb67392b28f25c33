/** The proxy in front of a DynamoDB endpoint, with the SDK on one side and the test database on the other. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { startDatabaseProxy, type DatabaseProxy, type ProxiedCall } from '../support/databaseProxy.ts';
import { testCredentials, testDatabase } from '../support/database.ts';

let proxy: DatabaseProxy;
let client: DynamoDBClient;
let documents: DynamoDBDocumentClient;
let table: string;
const key = { id: `proxy-${crypto.randomUUID()}`, userId: 'owner' };

beforeAll(async () => {
  const { endpoint, prefix } = await testDatabase();
  table = `${prefix}projects`;
  proxy = await startDatabaseProxy({ target: endpoint });
  client = new DynamoDBClient({ endpoint: proxy.endpoint, region: 'us-east-1', credentials: testCredentials, maxAttempts: 1 });
  documents = DynamoDBDocumentClient.from(client);
  await documents.send(new PutCommand({ TableName: table, Item: { ...key, name: 'Ünïcode', createdAt: '2026-01-01' } }));
});

beforeEach(() => {
  proxy.configure({ intercept: undefined, record: false });
  proxy.take();
});

afterAll(async () => {
  client.destroy();
  await proxy.close();
});

const get = () => documents.send(new GetCommand({ TableName: table, Key: key }));
const put = (name: string) => documents.send(new PutCommand({ TableName: table, Item: { ...key, name, createdAt: '2026-01-01' } }));
const nameNow = async (): Promise<unknown> => {
  proxy.configure({ intercept: undefined });
  return (await get()).Item?.['name'];
};

test('without a behaviour everything passes and nothing is recorded', async () => {
  expect((await get()).Item).toMatchObject(key);
  expect(proxy.take()).toEqual([]);
});

describe('records', () => {
  test('what was called, when, and what it cost', async () => {
    proxy.configure({ record: true });
    const query = {
      TableName: table,
      IndexName: 'UserIdIndex',
      KeyConditionExpression: 'userId = :u',
      ExpressionAttributeValues: { ':u': key.userId },
    };
    await get();
    await documents.send(new QueryCommand(query));
    await documents.send(new TransactWriteCommand({ TransactItems: [{ Put: { TableName: table, Item: { ...key, name: 'x' } } }] }));
    const [first, second, third] = proxy.take();
    expect(first).toMatchObject({ operation: 'GetItem', table, index: null, status: 200, units: 0.5, items: 1 });
    expect(second).toMatchObject({ operation: 'Query', table, index: 'UserIdIndex', status: 200, items: 1 });
    expect(third).toMatchObject({ operation: 'TransactWriteItems', table: null, status: 200 });
    expect(second?.bytes).toBeGreaterThan(100);
    expect(third?.units).toBeGreaterThanOrEqual(2);
    expect(first!.end).toBeGreaterThan(first!.start);
    expect(second!.start).toBeGreaterThanOrEqual(first!.end);
    expect(proxy.take()).toEqual([]);
  });

  test('calls at the same time overlap', async () => {
    proxy.configure({ record: true, intercept: () => ({ delayMs: 500 }) });
    await Promise.all([get(), get(), get()]);
    const calls = proxy.take();
    expect(calls).toHaveLength(3);
    expect(Math.max(...calls.map(({ start }) => start))).toBeLessThan(Math.min(...calls.map(({ end }) => end)));
  });

  test('a delay is added to each call', async () => {
    proxy.configure({ intercept: () => ({ delayMs: 80 }) });
    const begun = performance.now();
    await get();
    expect(performance.now() - begun).toBeGreaterThanOrEqual(79);
  });
});

describe('faults', () => {
  test('the hook sees the call and decides about it alone', async () => {
    const seen: ProxiedCall[] = [];
    proxy.configure({
      intercept: (call) => (seen.push(call), call.operation === 'PutItem' ? { status: 400, type: 'ThrottlingException' } : 'forward'),
    });
    await expect(put('throttled')).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect((await get()).Item).toBeDefined();
    expect(seen.map(({ operation, table: name }) => [operation, name])).toEqual([
      ['PutItem', table],
      ['GetItem', table],
    ]);
    expect(seen[0]?.input).toMatchObject({ Item: { name: { S: 'throttled' } } });
    expect(await nameNow()).not.toBe('throttled');
  });

  test('an internal error is one for the SDK, too', async () => {
    proxy.configure({ intercept: () => ({ status: 500, type: 'InternalServerError', message: 'try later' }) });
    await expect(get()).rejects.toMatchObject({ name: 'InternalServerError', message: 'try later', $fault: 'server' });
  });

  test('a dropped call never reaches the database', async () => {
    proxy.configure({ intercept: () => 'drop' });
    await expect(put('dropped')).rejects.toThrow();
    expect(await nameNow()).not.toBe('dropped');
  });

  test('a dropped answer is of a call that was done', async () => {
    proxy.configure({ intercept: () => 'drop-answer' });
    await expect(put('answer lost')).rejects.toThrow();
    expect(await nameNow()).toBe('answer lost');
  });
});

describe('faults of batches and transactions', () => {
  const keys = [1, 2, 3].map((n) => ({ id: key.id, userId: `batch-${n}` }));
  const write = () => documents.send(new BatchWriteCommand({ RequestItems: { [table]: keys.map((Item) => ({ PutRequest: { Item } })) } }));
  const read = (Keys: object[]) => documents.send(new BatchGetCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } }));

  test('every second item is left unprocessed, and said to be', async () => {
    proxy.configure({ intercept: () => 'unprocessed' });
    const written = await write();
    expect(written.UnprocessedItems?.[table]?.map(({ PutRequest }) => PutRequest?.Item)).toEqual([keys[1]]);
    const answer = await read(keys);
    expect(answer.Responses?.[table]).toHaveLength(2);
    expect(answer.UnprocessedKeys?.[table]).toEqual({ Keys: [keys[1]], ConsistentRead: true });
    const alone = await read([keys[0]!]);
    expect([alone.Responses, alone.UnprocessedKeys?.[table]?.Keys]).toEqual([{}, [keys[0]]]);
    proxy.configure({ intercept: undefined });
    expect((await read(keys)).Responses?.[table]).toHaveLength(2);
  });

  test('details are part of an error', async () => {
    const details = { CancellationReasons: [{ Code: 'TransactionConflict' }] };
    proxy.configure({ intercept: () => ({ status: 400, type: 'TransactionCanceledException', details }) });
    const transaction = new TransactWriteCommand({ TransactItems: [{ Put: { TableName: table, Item: key } }] });
    await expect(documents.send(transaction)).rejects.toMatchObject({ name: 'TransactionCanceledException', ...details });
  });
});

describe('calls that wait', () => {
  test('hang until their client leaves, and are counted', async () => {
    proxy.configure({ intercept: () => 'hang' });
    const client = new AbortController();
    const call = documents.send(new GetCommand({ TableName: table, Key: key }), { abortSignal: client.signal });
    while (proxy.pending() === 0) await nextTurn();
    client.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    while (proxy.pending() > 0) await nextTurn();
  });

  test('go on after what they wait for', async () => {
    const order: string[] = [];
    let release: () => void = () => undefined;
    const after = new Promise<void>((resolve) => (release = resolve));
    proxy.configure({ intercept: () => ({ after }) });
    const call = get().then(() => order.push('answered'));
    while (proxy.pending() === 0) await nextTurn();
    order.push('released');
    release();
    await call;
    expect(order).toEqual(['released', 'answered']);
  });
});

test('a database that does not answer is a status 502 with the reason', async () => {
  const nowhere = await startDatabaseProxy({ target: 'http://127.0.0.1:1' });
  const answer = await fetch(nowhere.endpoint, { method: 'POST', body: '{}' });
  expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('ECONNREFUSED')]);
  await nowhere.close();
});
