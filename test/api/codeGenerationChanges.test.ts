/** What becomes of generations while and after they are worked on: cancelled, kept longer, deleted, interrupted, given up. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openArchive } from '../../src/domains/codeGenerations/archive.service.ts';
import { resumeGenerationRemovals } from '../../src/domains/codeGenerations/codeGenerationChanges.service.ts';
import { separateTables, type TestDatabase } from '../support/database.ts';
import { fakeMember, fakeOldGeneration, fakeProject, fakeSchema } from '../support/factories.ts';
import { endOf, holdWrite, idle, poll, readGeneration, rowOf, startGeneration, until } from '../support/generations.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

/** Starts, reads and changes, and leaves the work to others. */
let desk: Harness;
let ada: TestUser;
let workers: Harness[] = [];

/** An instance that works on jobs until the end of the test. */
async function openWorker(settings: Parameters<typeof createHarness>[0] = {}): Promise<Harness> {
  const worker = await createHarness(settings, queue);
  workers.push(worker);
  return worker;
}

/** Tables of their own: jobs that other tests have left behind would come first. */
let queue: Promise<TestDatabase>;
beforeAll(async () => {
  queue = separateTables('gen-changes-');
  desk = await createHarness({ codeGenerationJobs: { concurrency: 0 } }, queue);
  ada = await desk.signUp();
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  workers = [];
});
afterAll(() => desk.close());

const column = (name: string, type = 'text'): object => ({ name, type, required: true });
const users = { name: 'users', fields: [column('id', 'uuid'), column('email')] };
/** More than a row takes: the copy of it, and the files, are kept in chunks beside the row. */
const many = Array.from({ length: 60 }, (_, i) => ({ ...users, name: `table_${i}`, fields: [...users.fields, column('x'.repeat(60))] }));

async function designed(tables: object[] = many): Promise<string> {
  const { id: projectId } = await fakeProject(desk, ada);
  await fakeSchema(desk, ada, { projectId, name: 'main', tables });
  return projectId;
}

const errors = 'userErrors { message code field ... on ConflictError { currentRevision } }';
function change(field: string, args = ''): string {
  return `mutation ($id: ID!, $rev: Int, $dry: Boolean! = false) { ${field}(id: $id, ${args} expectedRevision: $rev, dryRun: $dry) { codeGeneration { id status revision expiresAt finishedAt } ${errors} } }`;
}
const cancel = change('codeGenerationCancel');
const extend = (days: number): string => change('codeGenerationExtend', `input: { days: ${days} },`);
const remove = `mutation ($id: ID!, $rev: Int, $dry: Boolean! = false) { codeGenerationDelete(id: $id, expectedRevision: $rev, dryRun: $dry) { deletedId deletedCounts { codeGenerations } ${errors} } }`;

async function refusal(document: string, variables: Record<string, unknown>): Promise<Data> {
  const { data, errors: top } = await desk.run(ada, document, variables);
  expect(top).toEqual([]);
  const [payload] = Object.values(data as Record<string, Data>);
  return payload.userErrors[0];
}

/** Starts a generation and lets a worker come as far as a write of it; the worker is released by the test. */
async function heldJob(word: string, { tables = many, settings = {} }: { tables?: object[]; settings?: object } = {}) {
  const projectId = await designed(tables);
  const { id } = await startGeneration(desk, ada, { projectId });
  const worker = await openWorker(settings);
  const gate = holdWrite(worker, word);
  await poll(worker);
  await gate.reached;
  return { id: id as string, projectId, worker, gate };
}

describe('codeGenerationCancel', () => {
  test('of a pending one leaves nothing to do and nothing beside the row', async () => {
    const { id } = await startGeneration(desk, ada, { projectId: await designed() });
    expect((await rowOf(desk, id)).beside).toBeGreaterThan(0);
    const dry = (await desk.must(ada, cancel, { id, dry: true })).codeGenerationCancel.codeGeneration;
    expect([dry.status, (await readGeneration(desk, ada, id)).status]).toEqual(['CANCELLED', 'PENDING']);
    const { codeGeneration } = (await desk.must(ada, cancel, { id, rev: 1 })).codeGenerationCancel;
    expect(codeGeneration).toMatchObject({ status: 'CANCELLED', revision: 2, finishedAt: expect.any(String) });
    const worker = await openWorker();
    await poll(worker);
    await worker.settled();
    expect(await readGeneration(desk, ada, id)).toMatchObject({ status: 'CANCELLED', archive: null, files: { totalCount: 0 } });
    expect(await rowOf(desk, id)).toMatchObject({ beside: 0, row: { attempts: 0 } });
    expect(await refusal(cancel, { id })).toMatchObject({ code: 'INVALID_TRANSITION', message: expect.stringContaining('CANCELLED') });
  });

  test.each([
    ['before its files are stored', '"generating"', 1],
    ['with its files on their way', '"completed"', 1],
  ])('ends the work on one that is generating, %s', async (_, word) => {
    const { id, worker, gate } = await heldJob(word);
    if (word === '"generating"') {
      // Taken up, then held at its next sign of life.
      const next = holdWrite(worker, '"generating"');
      gate.release();
      await next.reached;
      await desk.must(ada, cancel, { id });
      next.release();
    } else {
      await desk.must(ada, cancel, { id });
      gate.release();
    }
    await idle(worker);
    expect(await readGeneration(desk, ada, id)).toMatchObject({ status: 'CANCELLED', archive: null, files: { totalCount: 0 } });
    // Nothing is left of the files, nor of the copy of the design.
    expect((await rowOf(desk, id)).beside).toBe(0);
  });

  test('is refused for a stale revision', async () => {
    const { id } = await startGeneration(desk, ada, { projectId: await designed() });
    expect(await refusal(cancel, { id, rev: 7 })).toMatchObject({ code: 'CONFLICT', currentRevision: 1 });
    await desk.must(ada, cancel, { id });
  });
});

async function completed(tables?: object[]): Promise<{ id: string; projectId: string; worker: Harness }> {
  const projectId = await designed(tables);
  const { id } = await startGeneration(desk, ada, { projectId });
  const worker = await openWorker();
  await poll(worker);
  expect((await endOf(desk, ada, id)).status).toBe('COMPLETED');
  return { id, projectId, worker };
}

const days = (text: string): number => (Date.parse(text) - Date.now()) / 86_400_000;

describe('codeGenerationExtend', () => {
  test('moves the expiry of the generation and of its files, and nothing else', async () => {
    const { id } = await completed();
    const before = await readGeneration(desk, ada, id);
    const { codeGeneration } = (await desk.must(ada, extend(90), { id, rev: 1 })).codeGenerationExtend;
    expect(codeGeneration).toMatchObject({ revision: 2, status: 'COMPLETED' });
    expect(days(codeGeneration.expiresAt)).toBeGreaterThan(89.9);
    expect(days(codeGeneration.expiresAt)).toBeLessThan(90.1);
    const rows = await desk.rows('codeGenerations', id);
    const [row, ...chunks] = rows;
    expect(chunks.length).toBeGreaterThan(0);
    // A chunk that went before its row would be a file that is there and can not be read.
    for (const { ttl } of chunks) expect(ttl as number).toBeGreaterThan(row?.['ttl'] as number);
    const after = await readGeneration(desk, ada, id);
    expect(after).toMatchObject({ files: before.files, archive: { sha256: before.archive.sha256 } });
  });

  test.each([
    [0, /1 to 365/],
    [366, /1 to 365/],
    [-3, /1 to 365/],
    [3, /already/],
  ])('%d days are refused', async (count, message) => {
    const { id } = await startGeneration(desk, ada, { projectId: await designed([users]) });
    expect(await refusal(extend(count), { id })).toMatchObject({
      ...{ code: 'VALIDATION', field: ['input', 'days'], message: expect.stringMatching(message) },
    });
    await desk.must(ada, cancel, { id });
  });

  test('of one that never expires is refused', async () => {
    const old = await fakeOldGeneration(desk, ada, { projectId: await designed([users]) });
    expect(await refusal(extend(3), { id: old.id })).toMatchObject({
      code: 'VALIDATION',
      message: expect.stringContaining('never expires'),
    });
  });

  test('while the files are on their way counts for them, too', async () => {
    const { id, worker, gate } = await heldJob('"completed"');
    await desk.must(ada, extend(200), { id });
    gate.release();
    expect((await endOf(desk, ada, id)).status).toBe('COMPLETED');
    await idle(worker);
    const [row, ...chunks] = await desk.rows('codeGenerations', id);
    expect(row).toMatchObject({ bodyChunks: chunks.length });
    for (const { ttl } of chunks) expect(ttl as number).toBeGreaterThan(row?.['ttl'] as number);
  });
});

/** A person's instance that is held at the write of an edit, while a worker ends the job. */
async function endDuring(mutation: string): Promise<{ id: string; answer: Data }> {
  const { id, worker, gate } = await heldJob('"completed"');
  const person = await openWorker({ codeGenerationJobs: { concurrency: 0 } });
  const edit = holdWrite(person, '"edits"');
  const answer = person.run(ada, mutation, { id });
  await edit.reached;
  gate.release();
  expect((await endOf(desk, ada, id)).status).toBe('COMPLETED');
  await idle(worker);
  edit.release();
  return { id, answer: Object.values((await answer).data as Record<string, Data>)[0] };
}

describe('a job that ends between the reading and the writing of', () => {
  test('an extension is extended with the files that it has by then', async () => {
    const { id, answer } = await endDuring(extend(100));
    expect(answer).toMatchObject({ userErrors: [], codeGeneration: { status: 'COMPLETED' } });
    const [row, ...chunks] = await desk.rows('codeGenerations', id);
    expect(chunks).toHaveLength(Number(row?.['bodyChunks']));
    for (const { ttl } of chunks) expect(ttl as number).toBeGreaterThan(row?.['ttl'] as number);
  });

  test('a cancellation stays as it is', async () => {
    const { id, answer } = await endDuring(cancel);
    expect(answer.userErrors).toMatchObject([{ code: 'INVALID_TRANSITION', message: expect.stringContaining('COMPLETED') }]);
    expect(await readGeneration(desk, ada, id)).toMatchObject({ status: 'COMPLETED', archive: { sha256: expect.any(String) } });
  });
});

describe('codeGenerationDelete', () => {
  test('removes everything, once, and counts down', async () => {
    const { id, projectId } = await completed();
    const dry = (await desk.must(ada, remove, { id, dry: true })).codeGenerationDelete;
    expect(dry).toMatchObject({ deletedId: id, deletedCounts: { codeGenerations: 1 } });
    expect(await readGeneration(desk, ada, id)).not.toBeNull();
    expect(await refusal(remove, { id, rev: 9 })).toMatchObject({ code: 'CONFLICT' });
    await desk.must(ada, remove, { id });
    expect(await readGeneration(desk, ada, id)).toBeNull();
    expect(await openArchive(desk.services, id, AbortSignal.timeout(20_000))).toBeNull();
    await desk.settled();
    expect(await desk.rows('codeGenerations', id)).toEqual([]);
    const { project } = await desk.must(
      ada,
      'query ($id: ID!) { project(id: $id) { stats { codeGenerations } codeGenerations { nodes { id } } } }',
      {
        id: projectId,
      },
    );
    expect(project).toEqual({ stats: { codeGenerations: 0 }, codeGenerations: { nodes: [] } });
    expect(await refusal(remove, { id })).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('of one that is generating ends the work, whatever it has stored by then', async () => {
    const { id, worker, gate } = await heldJob('"completed"');
    await desk.must(ada, remove, { id });
    await desk.settled();
    gate.release();
    await idle(worker);
    expect(await desk.rows('codeGenerations', id)).toEqual([]);
  });

  test('that was interrupted is gone for everyone, and is finished by the maintenance', async () => {
    const { id, projectId } = await completed();
    const { row } = await rowOf(desk, id);
    await desk.putRow('codeGenerations', { ...row, status: 'deleting' });
    const lists = `query ($id: ID!, $project: ID!) { codeGeneration(id: $id) { id } node(id: $id) { id } project(id: $project) { codeGenerations { nodes { id } } } viewer { codeGenerations(first: 100) { nodes { id } } } }`;
    const seen = await desk.must(ada, lists, { id, project: projectId });
    expect(JSON.stringify(seen)).not.toContain(id);
    expect(await refusal(cancel, { id })).toMatchObject({ code: 'NOT_FOUND' });
    await resumeGenerationRemovals(desk.services, AbortSignal.timeout(20_000));
    expect((await rowOf(desk, id)).row).not.toBeNull();
    await resumeGenerationRemovals(desk.services, AbortSignal.timeout(20_000), { all: true });
    expect(await desk.rows('codeGenerations', id)).toEqual([]);
  });
});

async function queuedJob(): Promise<{ id: string; projectId: string; release: () => void }> {
  const projectId = await designed();
  return { ...(await startGeneration(desk, ada, { projectId })), projectId, release: () => undefined };
}

async function generatingJob(): Promise<{ id: string; projectId: string; release: () => void }> {
  const { id, projectId, gate } = await heldJob('"completed"');
  return { id, projectId, release: () => gate.release() };
}

describe('a job', () => {
  test('whose project is deleted meanwhile brings nothing back', async () => {
    const { id, projectId, worker, gate } = await heldJob('"completed"');
    await desk.must(ada, `mutation ($id: ID!) { projectDelete(id: $id) { deletedId ${errors} } }`, { id: projectId });
    await desk.settled();
    gate.release();
    await idle(worker);
    expect(await desk.rows('codeGenerations', id)).toEqual([]);
  });

  test('whose project is on its way out, its own row still there, ends without a trace', async () => {
    const { id, projectId, worker, gate } = await heldJob('"completed"');
    const before = await rowOf(desk, id);
    const [project] = await desk.rows('projects', projectId);
    await desk.putRow('projects', { ...project, status: 'deleting' });
    gate.release();
    await idle(worker);
    expect((await rowOf(desk, id)).row).toMatchObject({ status: 'generating' });
    // The copy of the design is left to the removal of the project; the files, which were stored by then, are gone.
    expect((await rowOf(desk, id)).beside).toBe(before.row.bodyChunks);
    const feed = await desk.must(ada, '{ viewer { activity(first: 20) { nodes { entityId action } } } }');
    expect(feed.viewer.activity.nodes).not.toContainEqual({ entityId: id, action: 'completed' });
  });

  test.each(['pending', 'generating'])('that is %s when its project gets another owner is done for that one', async (status) => {
    const { id, projectId, release } = status === 'pending' ? await queuedJob() : await generatingJob();
    const heir = await fakeMember(desk, { projectId, role: 'developer' });
    const transfer = `mutation ($id: ID!, $userId: ID!) { ownershipTransfer(projectId: $id, userId: $userId) { project { id } ${errors} } }`;
    await desk.must(ada, transfer, { id: projectId, userId: heir.id });
    release();
    await poll(await openWorker());
    const done = await endOf(desk, heir, id);
    expect([done.status, done.files.totalCount > 0]).toEqual(['COMPLETED', true]);
    await until(async () => ((await rowOf(desk, id)).row.userId === heir.id ? true : null));
    expect((await readGeneration(desk, heir, id)).files).toEqual(done.files);
    const archive = await openArchive(desk.services, id, AbortSignal.timeout(20_000));
    expect(archive?.facts.sha256).toBe(done.archive.sha256);
  });

  test('that gives no sign of life is taken up by another instance, and only then', async () => {
    const settings = { codeGenerationJobs: { leaseMs: 60_000 } };
    const { id, gate } = await heldJob('"completed"', { settings });
    const second = await openWorker(settings);
    await poll(second);
    await second.settled();
    expect((await rowOf(desk, id)).row).toMatchObject({ status: 'generating', attempts: 1 });
    const { row } = await rowOf(desk, id);
    // As if a minute had passed without a sign of life.
    const past = new Date(Date.now() - 120_000);
    await desk.putRow('codeGenerations', { ...row, leaseUntil: past.getTime(), updatedAt: past.toISOString() });
    await poll(second);
    const done = await endOf(desk, ada, id);
    expect(done).toMatchObject({ status: 'COMPLETED' });
    expect((await rowOf(desk, id)).row).toMatchObject({ attempts: 2 });
    await idle(second);
    const first = (await rowOf(desk, id)).row;
    // The files that the first one had stored by then are gone.
    expect((await rowOf(desk, id)).beside).toBe(first.bodyChunks);
    gate.release();
    await idle(workers[0] ?? second);
    // Whoever was given up can not write any more, and leaves nothing behind.
    expect(await rowOf(desk, id)).toEqual({ row: first, beside: first.bodyChunks });
  });

  test('that was interrupted three times is given up, with a sentence for people', async () => {
    const { id } = await startGeneration(desk, ada, { projectId: await designed() });
    const { row } = await rowOf(desk, id);
    const past = new Date(Date.now() - 120_000);
    const lease = { leaseOwner: 'gone', leaseUntil: past.getTime(), updatedAt: past.toISOString() };
    await desk.putRow('codeGenerations', { ...row, ...lease, status: 'generating', attempts: 3 });
    const worker = await openWorker();
    await poll(worker);
    const done = await endOf(desk, ada, id);
    expect(done).toMatchObject({ status: 'FAILED', error: expect.stringMatching(/interrupted 3 times.*again/), archive: null });
    await worker.settled();
    expect((await rowOf(desk, id)).beside).toBe(0);
  });

  test('goes back into the queue when its process stops, as if it had not been taken up', async () => {
    const { id, worker, gate } = await heldJob('"completed"');
    const stopped = worker.services.background.stop();
    gate.release();
    await stopped;
    expect((await rowOf(desk, id)).row).toMatchObject({ status: 'pending', attempts: 0, progress: 0 });
    expect((await rowOf(desk, id)).row.leaseOwner).toBeUndefined();
    await poll(await openWorker());
    expect((await endOf(desk, ada, id)).status).toBe('COMPLETED');
  });

  test('is found behind more waiting rows of the earlier backend than one look reads, which stay as they are', async () => {
    const projectId = await designed([users]);
    const updatedAt = '2001-01-01T00:00:00.000Z';
    const old: Data[] = [];
    for (const status of ['pending', 'generating', 'pending', 'generating'])
      for (let i = 0; i < 13; i += 1) old.push(await fakeOldGeneration(desk, ada, { projectId, status, updatedAt }));
    const { id } = await startGeneration(desk, ada, { projectId });
    await poll(await openWorker());
    expect((await endOf(desk, ada, id)).status).toBe('COMPLETED');
    for (const row of old) expect((await rowOf(desk, row.id)).row).toEqual(row);
  });

  test('whose files are too many to be kept fails with a sentence for people', async () => {
    const wide = Array.from({ length: 400 }, (_, i) => ({
      name: `table_${i}`,
      fields: Array.from({ length: 20 }, (__, j) => column(`${'column_with_a_long_name_'.repeat(2)}${j}`)),
    }));
    const { id } = await startGeneration(desk, ada, { projectId: await designed(wide), target: 'REST' });
    await poll(await openWorker());
    expect(await endOf(desk, ada, id)).toMatchObject({ status: 'FAILED', error: expect.stringMatching(/MB/), archive: null });
  });
});
