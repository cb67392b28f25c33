/**
 * The largest inputs that each limit allows, held against the limits of DynamoDB: 100 writes and 4 MB a transaction, 400 KB
 * an item, 25 writes a batch. The calls themselves are looked at, because emulators do not enforce all of that.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Operation, Operations, Send } from '../../src/data/client.ts';
import { connect, type Row } from '../../src/data/connection.ts';
import { startDatabaseProxy, type DatabaseProxy, type ProxiedCall } from '../support/databaseProxy.ts';
import { testDatabase } from '../support/database.ts';
import { fakeDeployment, fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let send: Send;

beforeAll(async () => {
  harness = await createHarness();
  ada = await harness.signUp();
  send = harness.database.send;
});
afterEach(() => {
  harness.database.send = send;
});
afterAll(() => harness.close());

const errors = 'userErrors { code message field }';

/** Returns at least as many bytes as DynamoDB counts: UTF-8 of names and values. JSON adds quotes to both. */
function sizeOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength;
  if (typeof value !== 'object' || value === null) return Buffer.byteLength(JSON.stringify(value ?? null));
  return Object.entries(value).reduce((sum, [name, member]) => sum + Buffer.byteLength(name) + 3 + sizeOf(member), 2);
}

interface Sizes {
  /** Most writes of one transaction, most bytes of one, most bytes of one item, most writes of one batch. */
  writes: number;
  transaction: number;
  item: number;
  batch: number;
  transactions: number;
}

/** Measures all writes from now on. */
function measure(): Sizes {
  const sizes: Sizes = { writes: 0, transaction: 0, item: 0, batch: 0, transactions: 0 };
  const note = (items: readonly (Row | undefined)[]): void => {
    for (const item of items) sizes.item = Math.max(sizes.item, sizeOf(item ?? {}));
  };
  harness.database.send = ((operation: Operation, input: never, options: { abortSignal: AbortSignal }) => {
    if (operation === 'TransactWriteItems') {
      const writes = (input as Operations['TransactWriteItems']['input']).TransactItems ?? [];
      sizes.transactions += 1;
      sizes.writes = Math.max(sizes.writes, writes.length);
      sizes.transaction = Math.max(sizes.transaction, sizeOf(writes));
      note(writes.map(({ Put, Update }) => Put?.Item ?? Update?.ExpressionAttributeValues));
    }
    if (operation === 'BatchWriteItem') {
      const requests = Object.values((input as Operations['BatchWriteItem']['input']).RequestItems ?? {}).flat();
      sizes.batch = Math.max(sizes.batch, requests.length);
      note(requests.map(({ PutRequest }) => PutRequest?.Item));
    }
    return send(operation, input, options);
  }) as Send;
  return sizes;
}

function expectWithinLimits(sizes: Sizes): void {
  expect({
    writes: sizes.writes <= 100,
    transaction: sizes.transaction <= 4 * 1024 * 1024,
    item: sizes.item <= 400 * 1024,
    batch: sizes.batch <= 25,
    sizes,
  }).toEqual({ writes: true, transaction: true, item: true, batch: true, sizes });
}

/** Characters of four bytes each, the most that a character has. */
const wide = (count: number): string => '🧱'.repeat(count);

interface Largest {
  field: string;
  head: string;
  call: string;
  result: string;
  variables: (projectId: string) => Promise<Record<string, unknown>> | Record<string, unknown>;
}

const hourMs = 3_600_000;
const newest = Math.floor(Date.now() / hourMs) * hourMs;
const dimensions = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`dimension-${i}`, 'd'.repeat(190)]));

/** Text that does not get smaller by compression. */
const noise = (bytes: number): string => randomBytes((bytes * 3) / 4).toString('base64');

const largest: Largest[] = [
  {
    field: 'projectBulkCreate',
    head: '$inputs: [ProjectCreateInput!]!',
    call: 'inputs: $inputs',
    result: 'projects { id name description tags }',
    variables: () => {
      const text = { description: wide(5_000), framework: wide(100), database: wide(100), repository: wide(500) };
      const deploymentUrl = `https://example.com/${'a'.repeat(1_980)}`;
      const tags = Array.from({ length: 20 }, (_, i) => `${wide(48)}${i}`);
      return { inputs: Array.from({ length: 25 }, (_, i) => ({ name: `${wide(118)}${i}`, ...text, deploymentUrl, tags })) };
    },
  },
  {
    field: 'metricTrackBatch',
    head: '$inputs: [MetricTrackInput!]!',
    call: 'inputs: $inputs',
    result: 'events { id metric }',
    variables: (projectId) => {
      const timestamp = (i: number): string => new Date(newest - i * 20 * hourMs).toISOString();
      return {
        inputs: Array.from({ length: 100 }, (_, i) => ({ projectId, metric: `m${i}`, value: i, timestamp: timestamp(i), dimensions })),
      };
    },
  },
  {
    field: 'deploymentLogAppend',
    head: '$id: ID!, $entries: [DeploymentLogEntryInput!]!',
    call: 'id: $id, entries: $entries',
    result: 'appendedCount',
    variables: async (projectId) => ({
      id: (await fakeDeployment(harness, ada, { projectId })).id,
      // Minutes apart, so that each could want a block of its own.
      entries: Array.from({ length: 100 }, (_, i) => ({
        message: wide(2_048),
        timestamp: new Date(newest - i * 60_000).toISOString(),
      })),
    }),
  },
  {
    field: 'documentationPageCreate',
    head: '$input: DocumentationPageCreateInput!',
    call: 'input: $input',
    result: 'documentationPage { id content }',
    variables: (projectId) => {
      const tags = Array.from({ length: 20 }, (_, i) => `${wide(48)}${i}`);
      return { input: { projectId, title: wide(200), category: wide(100), tags, content: noise(4 * 1024 * 1024 - 100) } };
    },
  },
  {
    field: 'architectureCreate',
    head: '$input: ArchitectureCreateInput!',
    call: 'input: $input',
    result: 'architecture { id name }',
    variables: (projectId) => {
      const nodes = Array.from({ length: 400 }, (_, i) => ({ id: `n${i}`, type: 'api', label: 'x', data: { blob: noise(9_000) } }));
      return { input: { projectId, name: wide(100), description: wide(1_000), nodes } };
    },
  },
  {
    field: 'activityLog',
    head: '$input: ActivityLogInput!',
    call: 'input: $input',
    result: 'activity { id }',
    variables: (projectId) => ({ input: { projectId, action: 'met', entityName: wide(200), metadata: { note: 'n'.repeat(16_000) } } }),
  },
];

describe.each(largest)('the largest input of $field', ({ field, head, call, result, variables }) => {
  test('is written within the limits of DynamoDB, and its answer is kept for its key', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const given = { ...(await variables(projectId)), key: crypto.randomUUID() };
    const document = `mutation (${head}, $key: String) { ${field}(${call}, idempotencyKey: $key) { ${result} ${errors} } }`;
    const sizes = measure();
    // With the whole answer in one item: 740 KB for projectBulkCreate, "Something went wrong on our side".
    const answer: Data = await harness.must(ada, document, given);
    expectWithinLimits(sizes);
    expect(sizes.transactions).toBeGreaterThan(0);
    expect(await harness.must(ada, document, given)).toEqual(answer);
  });
});

test('a page is moved among 250 that have no order yet within the limits of DynamoDB', async () => {
  // Projects of the earlier backend have such ids, and such pages.
  const [projectId, now] = [crypto.randomUUID(), new Date().toISOString()];
  const times = { createdAt: now, updatedAt: now };
  await harness.putRow('projects', { id: projectId, userId: ada.id, name: 'old', status: 'active', ...times });
  // In the order of their creation, so that all of them lie before the last one.
  const createdAt = (i: number): string => new Date(Date.parse(now) + i).toISOString();
  const page = { userId: ada.id, projectId, title: 't', category: 'c', content: '', updatedAt: now };
  const pages = Array.from({ length: 250 }, (_, i) => ({ ...page, id: crypto.randomUUID(), createdAt: createdAt(i) }));
  await connect(harness.database, { signal: AbortSignal.timeout(20_000) }).writeAll(pages.map((put) => ({ table: 'documentation', put })));
  const sizes = measure();
  await harness.must(
    ada,
    `mutation ($id: ID!, $after: ID!) { documentationPageMove(id: $id, after: $after) { documentationPage { id } ${errors} } }`,
    { id: pages[0]?.id, after: pages[249]?.id },
  );
  expectWithinLimits(sizes);
  expect(sizes.writes).toBeGreaterThan(90);
});

describe('a transaction of 101 writes', () => {
  test('is refused before anything is sent', async () => {
    let sent = 0;
    harness.database.send = (...args) => {
      sent += 1;
      return send(...args);
    };
    const connection = connect(harness.database, { signal: AbortSignal.timeout(10_000) });
    const writes = Array.from({ length: 101 }, (_, i) => ({ kind: 'put', table: 'settings', item: { userId: `too-many-${i}` } }) as const);
    // Without the check: a ValidationException of DynamoDB.
    await expect(connection.transact(writes)).rejects.toThrow('a transaction takes 100 writes, not 101');
    expect(sent).toBe(0);
    await connection.transact(writes.slice(1));
    expect(sent).toBe(1);
  });
});

describe('items that DynamoDB leaves unprocessed', () => {
  let proxy: DatabaseProxy;
  let slow: Harness;
  let user: TestUser;
  beforeAll(async () => {
    const tables = await testDatabase();
    proxy = await startDatabaseProxy({ target: tables.endpoint });
    slow = await createHarness({}, Promise.resolve({ ...tables, endpoint: proxy.endpoint }));
    user = await slow.signUp();
  });
  afterEach(() => proxy.configure({ intercept: undefined }));
  afterAll(async () => {
    await slow.close();
    await proxy.close();
  });

  const longText = noise(900_000);

  async function createPage(): Promise<{ id: string; projectId: string }> {
    const { id: projectId } = await fakeProject(slow, user);
    const { documentationPageCreate } = await slow.must(
      user,
      `mutation ($input: DocumentationPageCreateInput!) { documentationPageCreate(input: $input) { documentationPage { id } ${errors} } }`,
      { input: { projectId, title: 't', content: longText } },
    );
    return { id: documentationPageCreate.documentationPage.id as string, projectId };
  }

  /** Leaves items of a batch unprocessed; `times` calls, or for ever. Returns the calls. */
  function leave(operation: string, { times }: { times: number }): ProxiedCall[] {
    const calls: ProxiedCall[] = [];
    proxy.configure({
      intercept: (call) => {
        if (call.operation !== operation) return 'forward';
        calls.push(call);
        return calls.length <= times ? 'unprocessed' : 'forward';
      },
    });
    return calls;
  }

  const busy = [{ code: 'THROTTLED', retryable: true, requestId: expect.any(String) }];
  const read = 'query ($id: ID!) { documentationPage(id: $id) { title content } }';

  test('for a while are read in further rounds', async () => {
    const { id } = await createPage();
    const calls = leave('BatchGetItem', { times: 2 });
    expect(await slow.must(user, read, { id })).toEqual({ documentationPage: { title: 't', content: longText } });
    expect(calls.length).toBeGreaterThanOrEqual(3);
  });

  test('for ever are an error after eight rounds, and the rest of the answer is there', async () => {
    const { id } = await createPage();
    const calls = leave('BatchGetItem', { times: Number.POSITIVE_INFINITY });
    const { data, errors: top } = await slow.run(user, read, { id });
    // Without the cap: no answer before the deadline. Without the rounds: a text with holes, or an error that is not retryable.
    expect(data).toEqual({ documentationPage: { title: 't', content: null } });
    expect(top.map(({ extensions }) => extensions)).toEqual(busy);
    expect(calls).toHaveLength(8);
  });

  test('for a while are written in further rounds', async () => {
    const calls = leave('BatchWriteItem', { times: 2 });
    const { id } = await createPage();
    expect(calls).toHaveLength(3);
    expect((await slow.must(user, read, { id })).documentationPage.content).toBe(longText);
  });

  test('for ever are an error after eight rounds, and nothing of the object is there', async () => {
    const { id: projectId } = await fakeProject(slow, user);
    const calls = leave('BatchWriteItem', { times: Number.POSITIVE_INFINITY });
    const { data, errors: top } = await slow.run(
      user,
      `mutation ($input: DocumentationPageCreateInput!) { documentationPageCreate(input: $input) { documentationPage { id } ${errors} } }`,
      { input: { projectId, title: 't', content: longText } },
    );
    expect(data).toBeNull();
    expect(top.map(({ extensions }) => extensions)).toEqual(busy);
    // The chunks, then the attempt to remove those that were written.
    expect(calls).toHaveLength(16);
    proxy.configure({ intercept: undefined });
    const { project } = await slow.must(
      user,
      'query ($id: ID!) { project(id: $id) { documentation { totalCount } activity { nodes { action } } } }',
      {
        id: projectId,
      },
    );
    expect(project).toEqual({ documentation: { totalCount: 0 }, activity: { nodes: [{ action: 'created' }] } });
  });
});
