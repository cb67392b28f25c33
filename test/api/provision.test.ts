import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTablesCommand,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { createTableInput } from '../../src/data/createTableInput.ts';
import { checkTables, isLocalEndpoint, provisionTables, ProvisioningRefused } from '../../src/data/provision.ts';
import { tableIds, type TableId } from '../../src/data/tables.ts';
import { testClient, testCredentials, testDatabase } from '../support/database.ts';

describe('provisionTables', () => {
  const prefix = `p-${randomUUID().slice(0, 8)}-`;
  let client: DynamoDBClient;
  beforeAll(() => {
    client = testClient();
  });
  afterAll(async () => {
    const { TableNames = [] } = await client.send(new ListTablesCommand({ ExclusiveStartTableName: prefix, Limit: tableIds.length }));
    const own = TableNames.filter((name) => name.startsWith(prefix));
    await Promise.all(own.map((TableName) => client.send(new DeleteTableCommand({ TableName }))));
    client.destroy();
  });

  it('creates what is missing, once, and the check then has nothing to say', async () => {
    expect(await checkTables({ client, prefix })).toEqual(
      tableIds.map((table) => `Table ${createTableInput(table, prefix).TableName ?? ''} is missing.`),
    );
    expect(await provisionTables({ client, prefix, streams: false })).toEqual(tableIds);
    expect(await checkTables({ client, prefix })).toEqual([]);
    expect(await provisionTables({ client, prefix, streams: false })).toEqual([]);
  });

  it.each(['codeGenerations', 'analytics', 'activity'] as const)('switches time to live of %s on', async (table) => {
    const answer = await client.send(new DescribeTimeToLiveCommand({ TableName: createTableInput(table, prefix).TableName }));
    expect(answer.TimeToLiveDescription).toMatchObject({ AttributeName: 'ttl', TimeToLiveStatus: 'ENABLED' });
  });

  it('creates one missing table beside the others, also when two processes do so at once', async () => {
    await client.send(new DeleteTableCommand({ TableName: createTableInput('teams', prefix).TableName }));
    const both = await Promise.all([1, 2].map(() => provisionTables({ client, prefix, streams: false })));
    expect(both.flat()).toContain('teams');
    expect(await checkTables({ client, prefix })).toEqual([]);
  });

  it('gives each worker tables of its own', async () => {
    const database = await testDatabase();
    expect(database.prefix).toMatch(/^t\d+-$/);
    expect(await checkTables(database)).toEqual([]);
    expect(await testDatabase()).toBe(database);
  });
});

describe('checkTables', () => {
  type Change = (input: CreateTableCommandInput) => CreateTableCommandInput;
  type Index = NonNullable<CreateTableCommandInput['GlobalSecondaryIndexes']>[number];

  const changeIndex =
    (name: string, change: (index: Index) => Index | []): Change =>
    (input) => ({
      ...input,
      GlobalSecondaryIndexes: input.GlobalSecondaryIndexes?.flatMap((index) => (index.IndexName === name ? change(index) : index)),
    });

  const cases: { name: string; table: TableId; change: Change; difference: string }[] = [
    {
      name: 'a wrong index key',
      table: 'documentation',
      change: changeIndex('ProjectIdCategoryIndex', (index) => ({
        ...index,
        KeySchema: [
          { AttributeName: 'projectId', KeyType: 'HASH' },
          { AttributeName: 'order', KeyType: 'RANGE' },
        ],
      })),
      difference: 'index ProjectIdCategoryIndex has the key projectId (S), order (N) instead of projectId (S), category (S).',
    },
    {
      name: 'a missing index',
      table: 'teams',
      change: (input) => ({ ...input, GlobalSecondaryIndexes: undefined }),
      difference: 'index UserIdIndex is missing.',
    },
    {
      name: 'a partial projection',
      table: 'teams',
      change: changeIndex('UserIdIndex', (index) => ({ ...index, Projection: { ProjectionType: 'KEYS_ONLY' } })),
      difference: 'index UserIdIndex projects KEYS_ONLY instead of ALL attributes.',
    },
    {
      name: 'a wrong key type',
      table: 'schemas',
      change: (input) => ({
        ...input,
        AttributeDefinitions: input.AttributeDefinitions?.map((a) =>
          a.AttributeName === 'version' ? { ...a, AttributeType: 'S' as const } : a,
        ),
      }),
      difference: 'index ProjectIdIndex has the key projectId (S), version (S) instead of projectId (S), version (N).',
    },
    {
      name: 'a wrong table key',
      table: 'settings',
      change: (input) => ({
        ...input,
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
      difference: 'has the key id (S) instead of userId (S).',
    },
  ];

  /** DynamoDB refuses attribute definitions that no key uses. */
  const withoutUnusedAttributes: Change = (input) => {
    const used = [input, ...(input.GlobalSecondaryIndexes ?? [])].flatMap((one) => one.KeySchema?.map((k) => k.AttributeName));
    return { ...input, AttributeDefinitions: input.AttributeDefinitions?.filter((a) => used.includes(a.AttributeName)) };
  };

  it.each(cases)('notices $name', async ({ table, change, difference }) => {
    const client = testClient();
    const prefix = `c-${randomUUID().slice(0, 8)}-`;
    const input = withoutUnusedAttributes(change(createTableInput(table, prefix, { streams: false })));
    await client.send(new CreateTableCommand(input));
    try {
      const lines = await checkTables({ client, prefix });
      const ofTable = lines.filter(
        (line) => line.startsWith(`Table ${input.TableName ?? ''}`) && !line.endsWith(`${input.TableName ?? ''} is missing.`),
      );
      expect(ofTable).toHaveLength(1);
      expect(ofTable[0]).toContain(difference);
      expect(lines).toHaveLength(tableIds.length);
    } finally {
      await client.send(new DeleteTableCommand({ TableName: input.TableName }));
      client.destroy();
    }
  });
});

describe('the guard against provisioning on AWS', () => {
  it.each([
    ['127.0.0.1', true],
    ['localhost', true],
    ['[::1]', true],
    ['dynamodb', true],
    ['amazonaws.com.example.org', true],
    ['dynamodb.us-east-1.amazonaws.com', false],
    ['DynamoDB.US-East-1.AmazonAWS.com', false],
    ['dynamodb.us-east-1.amazonaws.com.', false],
    ['vpce-1-a.dynamodb.us-east-1.vpce.amazonaws.com', false],
    ['dynamodb.cn-north-1.amazonaws.com.cn', false],
    ['dynamodb.us-east-1.api.aws', false],
    ['', false],
    [undefined, false],
  ])('takes %s for local: %s', (hostname, expected) => {
    expect(isLocalEndpoint(hostname)).toBe(expected);
  });

  it.each([
    ['no endpoint', {}, 'AWS'],
    ['an endpoint of AWS', { endpoint: 'https://dynamodb.us-east-1.amazonaws.com' }, 'dynamodb.us-east-1.amazonaws.com'],
  ])('refuses %s before any request is sent', async (_, options, named) => {
    const sent: unknown[] = [];
    const client = new DynamoDBClient({
      ...options,
      region: 'us-east-1',
      credentials: testCredentials,
      maxAttempts: 1,
      requestHandler: {
        handle: (request: unknown) => {
          sent.push(request);
          return Promise.reject(new Error('no request may be sent'));
        },
      },
    });
    const refused = provisionTables({ client, prefix: 'snapinfra-', streams: false });
    await expect(refused).rejects.toThrow(ProvisioningRefused);
    await expect(refused).rejects.toThrow(named);
    expect(sent).toEqual([]);
    // The handler above does see requests, so an empty list means something.
    await expect(client.send(new ListTablesCommand({}))).rejects.toThrow('no request may be sent');
    expect(sent).toHaveLength(1);
  });
});
