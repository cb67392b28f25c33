/** Jobs of code generations when instances die and race: each is done exactly once. `FAULT_ROUNDS` multiplies how many. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { freePort, startServerProcess, type ServerProcess } from '../http/support/serverProcess.ts';
import { separateTables, type TestDatabase } from '../support/database.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../support/databaseProxy.ts';
import { fakeProject, fakeSchema } from '../support/factories.ts';
import { faultRounds } from '../support/faultRounds.ts';
import { idle, poll, readGeneration, rowOf, startGeneration, until } from '../support/generations.ts';
import { createHarness, testSettings, uniqueEmail, type Data, type Harness, type TestUser } from '../support/harness.ts';

jest.setTimeout(180_000 * faultRounds);

let tables: TestDatabase;
let desk: Harness;
let ada: TestUser;

beforeAll(async () => {
  tables = await separateTables('jobs-');
  desk = await createHarness({ codeGenerationJobs: { concurrency: 0 } }, Promise.resolve(tables));
  ada = await desk.signUp({ email: uniqueEmail() });
});
afterAll(() => desk.close());

const column = (name: string, type = 'text'): object => ({ name, type, required: true });
/** Large enough for chunks beside the row, and for a worker thread. */
const many = Array.from({ length: 120 }, (_, i) => ({
  name: `table_${i}`,
  fields: [column('id', 'uuid'), column('x'.repeat(60)), column('y'.repeat(60))],
}));

async function designed(design: object[]): Promise<string> {
  const { id: projectId } = await fakeProject(desk, ada);
  await fakeSchema(desk, ada, { projectId, name: 'main', tables: design });
  return projectId;
}

/** Returns how often a project's feed tells of the end of each generation. */
async function endings(projectId: string): Promise<Record<string, number>> {
  const document = `query ($id: ID!) { project(id: $id) { activity(first: 100, filter: { action: "completed" }) { nodes { entityId } } } }`;
  const { project } = await desk.must(ada, document, { id: projectId });
  const counts: Record<string, number> = {};
  for (const { entityId } of project.activity.nodes as Data[]) counts[entityId] = (counts[entityId] ?? 0) + 1;
  return counts;
}

describe('an instance that is killed at a job', () => {
  let proxy: DatabaseProxy;
  const started: ServerProcess[] = [];

  beforeAll(async () => {
    proxy = await startDatabaseProxy({ target: tables.endpoint });
  });
  afterAll(async () => {
    for (const server of started) server.signal('SIGKILL');
    await Promise.all(started.map((server) => server.ended));
    await proxy.close();
  });

  async function startServer(endpoint: string): Promise<ServerProcess> {
    const server = startServerProcess({
      ...{ PORT: String(await freePort()), NODE_ENV: 'development', LOG_LEVEL: 'error', RATE_LIMIT_USER: '0', RATE_LIMIT_ANONYMOUS: '0' },
      ...{ DYNAMODB_ENDPOINT: endpoint, DYNAMODB_TABLE_PREFIX: tables.prefix, JWT_SECRET: testSettings.jwtSecret },
      ...{
        ENCRYPTION_KEY: testSettings.encryptionKey.toString('base64'),
        CODE_GENERATION_LEASE_MS: '3000',
        CODE_GENERATION_POLL_MS: '200',
      },
    });
    started.push(server);
    await server.ready;
    return server;
  }

  test('loses it to another one, which finishes it once; while it gives signs of life, it does not', async () => {
    const projectId = await designed(many);
    const first = await startServer(proxy.endpoint);
    let isHeld = false;
    proxy.configure({
      intercept: ({ operation, input }) => {
        // The step after the code was generated; signs of life tell the progress of the step before.
        if (operation !== 'TransactWriteItems' || !JSON.stringify(input).includes('"0.8"')) return 'forward';
        isHeld = true;
        return 'hang';
      },
    });
    const call = `mutation { codeGenerationStart(input: { projectId: "${projectId}", type: API, target: REST }) { codeGeneration { id } userErrors { message } } }`;
    const { codeGenerationStart } = await first.run<Data>(call, { authorization: `Bearer ${ada.token}` });
    const id: string = codeGenerationStart.codeGeneration.id;
    await until(() => (isHeld ? true : null));
    const { row } = await rowOf(desk, id);
    await startServer(tables.endpoint);
    // Without its signs of life the other instance, which looks five times a second, would have taken it up by now.
    await until(async () => ((await rowOf(desk, id)).row.leaseUntil - row.leaseUntil > 3_000 ? true : null));
    expect((await rowOf(desk, id)).row).toMatchObject({ attempts: 1, leaseOwner: row.leaseOwner, status: 'generating' });
    first.signal('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    const done = await until(async () => {
      const generation = await readGeneration(desk, ada, id);
      return generation.status === 'GENERATING' ? null : generation;
    });
    expect(done).toMatchObject({ status: 'COMPLETED', error: null });
    expect(done.files.totalCount).toBeGreaterThan(5);
    expect(await endings(projectId)).toEqual({ [id]: 1 });
    const after = await rowOf(desk, id);
    expect(after.row).toMatchObject({ attempts: 2, status: 'completed' });
    expect(after.row.leaseOwner).toBeUndefined();
  });
});

describe('two instances', () => {
  test('that race for jobs do each exactly once, and no more at a time than they may', async () => {
    const projectId = await designed([{ name: 'users', fields: [column('id', 'uuid')] }]);
    const count = 20 * faultRounds;
    const ids: string[] = [];
    for (let i = 0; i < count; i += 1) ids.push((await startGeneration(desk, ada, { projectId })).id);
    const settings = { codeGenerationJobs: { concurrency: 3 } };
    const instances = [await createHarness(settings, Promise.resolve(tables)), await createHarness(settings, Promise.resolve(tables))];
    const most = instances.map(() => 0);
    let claims = 0;
    for (const [i, { database, services }] of instances.entries()) {
      const send = database.send;
      database.send = async (operation, input, options) => {
        most[i] = Math.max(most[i] ?? 0, services.jobs.busy.size);
        const output = await send(operation, input, options);
        // The progress of a job that was just taken up; it did not reject, so it was done.
        if (operation === 'TransactWriteItems' && /:0\.05[,}]/.test(JSON.stringify(input))) claims += 1;
        return output;
      };
    }
    try {
      await until(async () => {
        await Promise.all(instances.map((instance) => poll(instance)));
        const rows = await Promise.all(ids.map((id) => rowOf(desk, id)));
        return rows.every(({ row }) => row.status === 'completed') ? true : null;
      });
      await Promise.all(instances.map(idle));
    } finally {
      await Promise.all(instances.map((instance) => instance.close()));
    }
    expect(await endings(projectId)).toEqual(Object.fromEntries(ids.map((id) => [id, 1])));
    const rows = await Promise.all(ids.map((id) => rowOf(desk, id)));
    expect(rows.map(({ row }) => row.attempts)).toEqual(ids.map(() => 1));
    expect(claims).toBe(count);
    for (const busy of most) {
      expect(busy).toBeGreaterThan(0);
      expect(busy).toBeLessThanOrEqual(3);
    }
    const { project } = await desk.must(ada, 'query ($id: ID!) { project(id: $id) { stats { codeGenerations } } }', { id: projectId });
    expect(project.stats.codeGenerations).toBe(count);
  });
});
