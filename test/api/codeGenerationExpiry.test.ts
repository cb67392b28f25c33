/** Generations that expire: gone from lists at once, and from the counters once, whoever removes them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recountProject } from '../../src/cli/recount/recount.ts';
import { connect, type Connection } from '../../src/data/connection.ts';
import { countDownExpired, removeExpired } from '../../src/domains/codeGenerations/expiry.ts';
import type { ProjectRecord } from '../../src/domains/projects/project.ts';
import { separateTables } from '../support/database.ts';
import { fakeMember, fakeOldGeneration, fakeProject, fakeSchema } from '../support/factories.ts';
import { holdWrite, startGeneration, until } from '../support/generations.ts';
import { createHarness, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let connection: Connection;
let ada: TestUser;

beforeAll(async () => {
  // Tables of their own: counting down looks at everything that has expired. Nobody works on the jobs.
  harness = await createHarness({ codeGenerationJobs: { concurrency: 0 } }, separateTables('gen-expiry-'));
  connection = connect(harness.database, { signal: AbortSignal.timeout(120_000) });
  ada = await harness.signUp();
});
afterAll(() => harness.close());

const days = (count: number): Date => new Date(Date.now() + count * 86_400_000);

/** More than a row takes, so that a part of it lies beside the row. */
const many = Array.from({ length: 60 }, (_, i) => {
  const column = (name: string): object => ({ name, type: 'text', required: true });
  return { name: `table_${i}`, fields: [column('id'), column('x'.repeat(60))] };
});

async function started(count = 1): Promise<{ projectId: string; ids: string[] }> {
  const { id: projectId } = await fakeProject(harness, ada);
  await fakeSchema(harness, ada, { projectId, name: 'main', tables: many });
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) ids.push((await startGeneration(harness, ada, { projectId })).id);
  return { projectId, ids };
}

/** Returns what the counters of a project and of all of the user's projects say. */
async function counted(projectId: string): Promise<{ project: number; all: number }> {
  const document = 'query ($id: ID!) { project(id: $id) { stats { codeGenerations } } dashboard { stats { codeGenerations } } }';
  const { project, dashboard } = await harness.must(ada, document, { id: projectId });
  return { project: project.stats.codeGenerations, all: dashboard.stats.codeGenerations };
}

const remove = 'mutation ($id: ID!) { codeGenerationDelete(id: $id) { deletedId userErrors { code } } }';
const extend =
  'mutation ($id: ID!, $days: Int!) { codeGenerationExtend(id: $id, input: { days: $days }) { codeGeneration { expiresAt } userErrors { code message } } }';

const markers = (id: string): Promise<object[]> => harness.rows('codeGenerations', `expiry#${id}`);

describe('generations that have expired', () => {
  test('are counted down and removed, once, by however many instances', async () => {
    const { projectId, ids } = await started(3);
    const { all } = await counted(projectId);
    await countDownExpired(connection, days(29));
    expect(await counted(projectId)).toEqual({ project: 3, all });
    await Promise.all([1, 2, 3].map(() => countDownExpired(connection, days(31))));
    await countDownExpired(connection, days(31));
    expect(await counted(projectId)).toEqual({ project: 0, all: all - 3 });
    for (const id of ids) expect([await harness.rows('codeGenerations', id), await markers(id)]).toEqual([[], []]);
  });

  test('are counted down by the maintenance, which leaves the others alone', async () => {
    const { projectId, ids } = await started(2);
    await removeExpired(harness.services, AbortSignal.timeout(20_000));
    expect(await counted(projectId)).toMatchObject({ project: 2 });
    const [marker] = await markers(ids[0]!);
    const [row] = (await harness.rows('codeGenerations', ids[0]!)).filter((item) => item['projectId'] !== undefined);
    const past = Date.now() - 120_000;
    await harness.putRow('codeGenerations', { ...row!, ttl: Math.floor(past / 1000) });
    await harness.putRow('codeGenerations', { ...marker, updatedAt: new Date(past).toISOString() });
    await until(async () => {
      await removeExpired(harness.services, AbortSignal.timeout(20_000));
      return (await counted(projectId)).project === 1 || null;
    });
  });

  test('are counted down where DynamoDB has removed their rows before', async () => {
    const { projectId, ids } = await started();
    for (const { id, userId } of await harness.rows('codeGenerations', ids[0]!)) await harness.deleteRow('codeGenerations', { id, userId });
    await Promise.all([1, 2, 3].map(() => countDownExpired(connection, days(31))));
    expect(await counted(projectId)).toMatchObject({ project: 0 });
  });

  test('are not counted down when they were kept longer', async () => {
    const { projectId, ids } = await started();
    const answer = await harness.must(ada, extend, { id: ids[0], days: 90 });
    expect(answer.codeGenerationExtend.userErrors).toEqual([]);
    await countDownExpired(connection, days(31));
    expect(await counted(projectId)).toMatchObject({ project: 1 });
    await countDownExpired(connection, days(91));
    expect(await counted(projectId)).toMatchObject({ project: 0 });
  });

  test('are not counted down when they are kept longer at the same moment', async () => {
    const { projectId, ids } = await started();
    // Held where it is about to count down, after it has read that the generation has expired.
    const gate = holdWrite(harness, 'deleting');
    const late = countDownExpired(connect(harness.database, { signal: AbortSignal.timeout(20_000) }), days(31));
    await gate.reached;
    await harness.must(ada, extend, { id: ids[0], days: 90 });
    gate.release();
    await late;
    expect(await counted(projectId)).toMatchObject({ project: 1 });
    expect(await harness.rows('codeGenerations', ids[0]!)).not.toEqual([]);
  });

  test('are counted down once when they are deleted too', async () => {
    const { projectId, ids } = await started(2);
    await harness.must(ada, remove, { id: ids[0] });
    await harness.settled();
    expect(await markers(ids[0]!)).toEqual([]);
    await countDownExpired(connection, days(31));
    expect(await counted(projectId)).toMatchObject({ project: 0 });
  });

  test('of a project that is gone change no counter', async () => {
    const { projectId, ids } = await started();
    const other = await started();
    const { all } = await counted(other.projectId);
    const [marker] = await markers(ids[0]!);
    await harness.must(ada, 'mutation ($id: ID!) { projectDelete(id: $id) { deletedId userErrors { code } } }', { id: projectId });
    await harness.settled();
    expect(await markers(ids[0]!)).toEqual([]);
    // As one that a stop has left behind.
    await harness.putRow('codeGenerations', { ...marker });
    await countDownExpired(connection, new Date(days(30).getTime() + 60_000));
    expect(await markers(ids[0]!)).toEqual([]);
    expect((await counted(other.projectId)).all).toBe(all - 2);
  });
});

test('a row of the earlier backend that a transfer takes into the counters is counted down when it expires', async () => {
  const { projectId } = await started(0);
  const heir = await fakeMember(harness, { projectId, role: 'developer' });
  const { id } = await fakeOldGeneration(harness, ada, { projectId, ttl: Math.floor(days(10).getTime() / 1000) });
  const transfer = 'mutation ($id: ID!, $to: ID!) { ownershipTransfer(projectId: $id, userId: $to) { userErrors { code } } }';
  await harness.must(ada, transfer, { id: projectId, to: heir.id });
  await harness.settled();
  const document = 'query { dashboard { stats { codeGenerations } } }';
  expect((await harness.must(heir, document)).dashboard.stats).toEqual({ codeGenerations: 1 });
  expect(await markers(id)).toHaveLength(1);
  await countDownExpired(connection, days(11));
  expect((await harness.must(heir, document)).dashboard.stats).toEqual({ codeGenerations: 0 });
});

describe('npm run admin -- recount', () => {
  const options = { settleMs: 0, patienceMs: 20_000, signal: AbortSignal.timeout(120_000) };
  async function recount(projectId: string) {
    const row = (await harness.rows('projects', projectId)).find((item) => item['userId'] === ada.id);
    return recountProject(connection, row as ProjectRecord, options);
  }

  test('counts the expired down itself, so that nothing is counted down twice', async () => {
    const { projectId, ids } = await started(2);
    for (const { id, userId } of await harness.rows('codeGenerations', ids[0]!)) await harness.deleteRow('codeGenerations', { id, userId });
    const [marker] = await markers(ids[0]!);
    await harness.putRow('codeGenerations', { ...marker, updatedAt: new Date().toISOString() });
    expect((await recount(projectId)).corrections).toEqual([]);
    expect(await counted(projectId)).toMatchObject({ project: 1 });
    await countDownExpired(connection, days(31));
    expect(await counted(projectId)).toMatchObject({ project: 0 });
  });

  test('leaves a marker for rows of the earlier backend that it takes into the counters', async () => {
    const { projectId } = await started(0);
    const ttl = Math.floor(days(10).getTime() / 1000);
    const { id } = await fakeOldGeneration(harness, ada, { projectId, ttl });
    expect(await counted(projectId)).toMatchObject({ project: 0 });
    expect(await recount(projectId)).toMatchObject({ adopted: 1 });
    expect(await counted(projectId)).toMatchObject({ project: 1 });
    expect(await markers(id)).toHaveLength(1);
    await countDownExpired(connection, days(11));
    expect(await counted(projectId)).toMatchObject({ project: 0 });
  });
});
