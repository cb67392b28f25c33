import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createContext } from '../../src/context.ts';
import type { Write } from '../../src/data/connection.ts';
import { appendDeploymentLog } from '../../src/domains/deployments/deploymentLogs.service.ts';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Answer, type Data, type Harness, type TestUser } from '../support/harness.ts';

const appendDocument = `mutation ($id: ID!, $entries: [DeploymentLogEntryInput!]!, $key: String, $dry: Boolean! = false) { deploymentLogAppend(id: $id, entries: $entries, idempotencyKey: $key, dryRun: $dry) { deployment { id revision } appendedCount redactedCount userErrors { code message field } } }`;
const logsDocument = `query ($id: ID!, $first: Int, $after: String, $level: DeploymentLogLevel, $contains: String) { deployment(id: $id) { logs(first: $first, after: $after, level: $level, contains: $contains) { nodes { timestamp level message } edges { cursor node { message } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor scannedCount scanLimitReached } } } }`;

let api: Harness;
let owner: TestUser;
let projectId: string;

beforeAll(async () => {
  api = await createHarness();
  owner = await api.signUp();
  projectId = (await fakeProject(api, owner)).id as string;
});
afterAll(() => api.close());

const base = Date.parse('2026-03-01T12:00:00.000Z');
const at = (milliseconds: number): string => new Date(base + milliseconds).toISOString();

async function createDeployment(): Promise<string> {
  const document = `mutation ($input: DeploymentCreateInput!) { deploymentCreate(input: $input) { deployment { id } userErrors { message } } }`;
  const input = { projectId, environment: 'DEVELOPMENT', provider: 'HEROKU', version: '1' };
  return (await api.must(owner, document, { input })).deploymentCreate.deployment.id as string;
}

async function append(id: string, entries: Record<string, unknown>[], options: Record<string, unknown> = {}): Promise<Data> {
  return (await api.must(owner, appendDocument, { id, entries, ...options })).deploymentLogAppend;
}

async function page(id: string, variables: Record<string, unknown> = {}, user = owner): Promise<Data> {
  const { data, errors } = await api.run(user, logsDocument, { id, ...variables });
  expect(errors).toEqual([]);
  return data.deployment.logs;
}

/** Reads a whole log page by page; checks the page info on the way. */
async function readAll(id: string, variables: Record<string, unknown> = {}): Promise<{ messages: string[]; pages: number }> {
  const messages: string[] = [];
  let after: string | null = null;
  for (let pages = 1; ; pages += 1) {
    const { nodes, edges, pageInfo } = await page(id, { ...variables, after });
    expect(pageInfo.hasPreviousPage).toBe(messages.length > 0);
    expect(edges.map((edge: Data) => edge.node.message)).toEqual(nodes.map((node: Data) => node.message));
    messages.push(...nodes.map((node: Data) => node.message as string));
    if (!pageInfo.hasNextPage) return { messages, pages };
    after = pageInfo.endCursor as string;
  }
}

function refusalOf({ data, errors }: Answer): Data {
  expect(errors).toEqual([]);
  return data.deploymentLogAppend.userErrors[0];
}

describe('deploymentLogAppend', () => {
  test('appends in one transaction, without secrets, and leaves an activity', async () => {
    const id = await createDeployment();
    const entries = [
      { message: 'clone' },
      { message: 'password=hunter2', level: 'WARN', timestamp: at(5) },
      { message: '\u001b[32mok\u001b[0m\n  at line 2', level: 'DEBUG', timestamp: at(1) },
    ];
    const answer = await api.run(owner, appendDocument, { id, entries });
    expect(answer.data.deploymentLogAppend).toEqual({
      deployment: { id, revision: 1 },
      appendedCount: 3,
      redactedCount: 1,
      userErrors: [],
    });
    expect(answer.calls.map(({ operation }) => operation).filter((operation) => operation.includes('Write'))).toEqual([
      'TransactWriteItems',
    ]);
    expect((await page(id)).nodes).toEqual([
      { timestamp: at(1), level: 'DEBUG', message: '\u001b[32mok\u001b[0m\n  at line 2' },
      { timestamp: at(5), level: 'WARN', message: 'password=[redacted]' },
      { timestamp: expect.any(String), level: 'INFO', message: 'clone' },
    ]);
    expect(JSON.stringify(await api.rows('deployments', id))).not.toContain('hunter2');
    const document = 'query ($id: ID!) { project(id: $id) { activity(first: 1) { nodes { action entityId metadata } } } }';
    expect((await api.must(owner, document, { id: projectId })).project.activity.nodes).toEqual([
      { action: 'logged', entityId: id, metadata: expect.objectContaining({ entries: 3, redacted: 1 }) },
    ]);
  });

  test('takes 100 entries of 8 KB', async () => {
    const id = await createDeployment();
    const message = 'x'.repeat(8192);
    expect(
      await append(
        id,
        Array.from({ length: 100 }, (_, i) => ({ message, timestamp: at(i) })),
      ),
    ).toMatchObject({ appendedCount: 100 });
    expect((await page(id, { first: 100 })).nodes).toHaveLength(100);
  });

  test.each([
    ['no entries', [], ['entries']],
    ['101 entries', Array.from({ length: 101 }, () => ({ message: 'x' })), ['entries']],
    ['a message over 8 KB', [{ message: 'fine' }, { message: 'x'.repeat(8193) }], ['entries', '1', 'message']],
    ['NUL', [{ message: '\u0000' }], ['entries', '0', 'message']],
  ])('refuses %s and writes nothing', async (_, entries, field) => {
    const id = await createDeployment();
    expect(refusalOf(await api.run(owner, appendDocument, { id, entries }))).toMatchObject({ code: 'VALIDATION', field });
    expect((await page(id)).nodes).toEqual([]);
  });

  test('dryRun writes nothing; a key appends once', async () => {
    const id = await createDeployment();
    const entries = [{ message: 'token=abcdefgh' }];
    expect(await append(id, entries, { dry: true })).toMatchObject({ appendedCount: 1, redactedCount: 1 });
    expect((await page(id)).nodes).toEqual([]);
    const key = crypto.randomUUID();
    await Promise.all([1, 2, 3].map(() => append(id, entries, { key })));
    expect((await page(id)).nodes).toHaveLength(1);
    expect(refusalOf(await api.run(owner, appendDocument, { id, entries: [{ message: 'other' }], key }))).toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  test('20 parallel calls lose and double nothing', async () => {
    const id = await createDeployment();
    const expected = Array.from({ length: 20 }, (_, call) => Array.from({ length: 15 }, (_, i) => `call ${call} line ${i}`));
    await Promise.all(
      expected.map((lines, call) =>
        append(
          id,
          lines.map((message, i) => ({ message, timestamp: at(call * 100 + i) })),
        ),
      ),
    );
    const { messages } = await readAll(id, { first: 7 });
    expect(messages).toEqual(expected.flat());
  }, 30_000);
});

describe('logs', () => {
  test('pages are whole, in order, without repetition, across blocks and within them', async () => {
    const id = await createDeployment();
    const lines = Array.from({ length: 230 }, (_, i) => `line ${i}`);
    for (let offset = 0; offset < lines.length; offset += 100) {
      await append(
        id,
        lines.slice(offset, offset + 100).map((message, i) => ({ message, timestamp: at((offset + i) * 10) })),
      );
    }
    for (const first of [1, 33, 100]) expect((await readAll(id, { first })).messages.slice(0, 230)).toEqual(lines);
    const { pageInfo, nodes } = await page(id);
    expect(nodes).toHaveLength(25);
    expect(pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false, scanLimitReached: false, scannedCount: 25 });
  }, 30_000);

  test('writers more than a second apart interleave by time, whoever came first', async () => {
    const id = await createDeployment();
    await append(
      id,
      [0, 4_000, 8_000].map((time) => ({ message: `a ${time}`, timestamp: at(time) })),
    );
    await append(
      id,
      [6_000, 2_000].map((time) => ({ message: `b ${time}`, timestamp: at(time) })),
    );
    expect((await readAll(id)).messages).toEqual(['a 0', 'b 2000', 'a 4000', 'b 6000', 'a 8000']);
  });

  test('a cursor follows a growing log', async () => {
    const id = await createDeployment();
    await append(id, [{ message: 'one', timestamp: at(0) }]);
    const { pageInfo } = await page(id);
    expect(pageInfo.hasNextPage).toBe(false);
    expect((await page(id, { after: pageInfo.endCursor })).nodes).toEqual([]);
    await append(id, [{ message: 'two', timestamp: at(1) }]);
    expect((await page(id, { after: pageInfo.endCursor })).nodes).toMatchObject([{ message: 'two' }]);
  });

  test('level and contains filter; their cursors are their own', async () => {
    const id = await createDeployment();
    const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR'];
    await append(
      id,
      Array.from({ length: 40 }, (_, i) => ({ message: `Step ${i % 10}`, level: levels[i % 4], timestamp: at(i) })),
    );
    const warnings = await page(id, { first: 4, level: 'WARN' });
    expect(warnings.nodes.map((node: Data) => node.level)).toEqual(['WARN', 'WARN', 'WARN', 'WARN']);
    expect(warnings.pageInfo).toMatchObject({ hasNextPage: true, scannedCount: 18 });
    expect((await readAll(id, { first: 4, level: 'WARN' })).messages).toHaveLength(10);
    expect((await readAll(id, { first: 1, contains: 'sTEP 7' })).messages).toEqual(Array(4).fill('Step 7'));
    expect((await readAll(id, { level: 'ERROR', contains: 'step 7' })).messages).toEqual(['Step 7', 'Step 7']);
    expect((await readAll(id, { contains: 'absent' })).messages).toEqual([]);
    for (const other of [{}, { level: 'INFO' }, { level: 'WARN', contains: 'x' }]) {
      const { errors } = await api.run(owner, logsDocument, { id, after: warnings.pageInfo.endCursor, ...other });
      expect(errors[0]?.extensions?.['code']).toBe('BAD_CURSOR');
    }
    const elsewhere = await api.run(owner, logsDocument, {
      id: await createDeployment(),
      after: warnings.pageInfo.endCursor,
      level: 'WARN',
    });
    expect(elsewhere.errors[0]?.extensions?.['code']).toBe('BAD_CURSOR');
  });

  test('a rare match is found over several pages that say that the scan limit ended them', async () => {
    const id = await createDeployment();
    const calls = Array.from({ length: 23 }, (_, call) => call);
    for (const call of calls)
      await append(
        id,
        Array.from({ length: 100 }, (_, i) => ({ message: call === 21 && i === 50 ? 'needle' : 'hay', timestamp: at(call * 100 + i) })),
      );
    const one = await page(id, { contains: 'needle' });
    expect(one.nodes).toEqual([]);
    expect(one.pageInfo).toMatchObject({ scannedCount: 1000, scanLimitReached: true, hasNextPage: true, hasPreviousPage: false });
    const { messages, pages } = await readAll(id, { contains: 'needle' });
    expect(messages).toEqual(['needle']);
    expect(pages).toBe(3);
  }, 30_000);

  test.each([
    [{ first: 0 }, 'from 1 to 100'],
    [{ first: 101 }, 'from 1 to 100'],
    [{ contains: 'x'.repeat(201) }, '200 characters'],
  ])('%j is refused', async (variables, message) => {
    const { errors } = await api.run(owner, logsDocument, { id: await createDeployment(), ...variables });
    expect(errors[0]).toMatchObject({ message: expect.stringContaining(message), extensions: { code: 'BAD_USER_INPUT' } });
  });

  test('a forged cursor is refused', async () => {
    const { errors } = await api.run(owner, logsDocument, {
      id: await createDeployment(),
      after: Buffer.from('["x",0,1]').toString('base64url'),
    });
    expect(errors[0]?.extensions?.['code']).toBe('BAD_CURSOR');
  });

  test('entries that the earlier backend kept on the row come first', async () => {
    const id = crypto.randomUUID();
    const createdAt = '2026-02-01T10:00:00.000Z';
    const logs = [
      { timestamp: at(-2), level: 'info', message: 'old one' },
      { timestamp: at(-1), level: 'notice', message: 'old two' },
      { message: 'odd' },
    ];
    await api.putRow('deployments', {
      id,
      userId: owner.id,
      projectId,
      environment: 'staging',
      status: 'deploying',
      provider: 'aws',
      version: '1',
      createdAt,
      updatedAt: createdAt,
      logs,
    });
    await append(id, [{ message: 'new', timestamp: at(0) }]);
    expect((await page(id)).nodes).toEqual([
      { timestamp: at(-2), level: 'INFO', message: 'old one' },
      { timestamp: at(-1), level: 'UNKNOWN', message: 'old two' },
      { timestamp: createdAt, level: 'INFO', message: 'odd' },
      { timestamp: at(0), level: 'INFO', message: 'new' },
    ]);
    expect((await readAll(id, { first: 2 })).messages).toEqual(['old one', 'old two', 'odd', 'new']);
    const key = crypto.randomUUID();
    const report = `mutation ($id: ID!, $key: String) { deploymentReport(id: $id, input: { status: SUCCESS }, idempotencyKey: $key) { deployment { status logs { nodes { message } } } userErrors { message } } }`;
    for (let repetition = 0; repetition < 2; repetition += 1) {
      const { deploymentReport } = await api.must(owner, report, { id, key });
      expect(deploymentReport.deployment.logs.nodes).toHaveLength(4);
    }
    expect((await api.rows('deployments', id))[0]).toMatchObject({ logs });
  });

  test('a deletion between the reading and the writing of an append refuses it', async () => {
    const id = await createDeployment();
    const request = {
      id: 'r',
      log: api.services.log,
      authorization: `Bearer ${owner.token}`,
      ip: '203.0.113.7',
      signal: AbortSignal.timeout(10_000),
    };
    const context = await createContext({ services: api.services, request });
    let deletions = 0;
    const transact = async (writes: readonly Write[]): Promise<void> => {
      if (deletions === 0) {
        deletions += 1;
        const [row] = await api.rows('deployments', id);
        await api.putRow('deployments', { ...row, status: 'deleting' });
      }
      await context.connection.transact(writes);
    };
    const meddled = { ...context, connection: { ...context.connection, transact } };
    await expect(appendDeploymentLog(meddled, { id, entries: [{ message: 'too late' }] })).rejects.toThrow('There is no deployment');
    expect(deletions).toBe(1);
    expect(await api.rows('deployments', id)).toHaveLength(1);
  });

  test('appending while the deployment is deleted leaves nothing behind', async () => {
    const id = await createDeployment();
    const appends = Array.from({ length: 12 }, (_, i) => api.run(owner, appendDocument, { id, entries: [{ message: `late ${i}` }] }));
    const deletion = api.must(owner, 'mutation ($id: ID!) { deploymentDelete(id: $id) { deletedId userErrors { message } } }', { id });
    const refusals = (await Promise.all(appends)).map(refusalOf).filter((refusal) => refusal !== undefined);
    await deletion;
    await api.settled();
    expect(refusals.every(({ code }) => code === 'NOT_FOUND')).toBe(true);
    expect(await api.rows('deployments', id)).toEqual([]);
  }, 30_000);

  test('deleting a deployment removes a log of many blocks', async () => {
    const id = await createDeployment();
    await Promise.all(
      Array.from({ length: 6 }, (_, call) =>
        append(
          id,
          Array.from({ length: 40 }, (_, i) => ({ message: 'x', timestamp: at(call * 1_000_000 + i * 5_000) })),
        ),
      ),
    );
    expect((await api.rows('deployments', id)).length).toBeGreaterThan(200);
    await api.must(owner, 'mutation ($id: ID!) { deploymentDelete(id: $id) { deletedId userErrors { message } } }', { id });
    await api.settled();
    expect(await api.rows('deployments', id)).toEqual([]);
  }, 30_000);
});
