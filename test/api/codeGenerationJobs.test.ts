/** Generations of this API: what they are made from, and what comes of it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Operation, Send } from '../../src/data/client.ts';
import { newId } from '../../src/data/ids.ts';
import { openArchive } from '../../src/domains/codeGenerations/archive.service.ts';
import { separateTables, type TestDatabase } from '../support/database.ts';
import { fakeArchitecture, fakeProject, fakeSchema } from '../support/factories.ts';
import { endOf, holdWrite, poll, readGeneration, rowOf, startGeneration, until } from '../support/generations.ts';
import { createHarness, type Answer, type Data, type Harness, type TestUser } from '../support/harness.ts';

/** Works on what it starts itself. */
let harness: Harness;
/** Starts and reads, and leaves the work to others. */
let desk: Harness;
let ada: TestUser;

/** Tables of their own: jobs that other tests have left behind would come first. */
let queue: Promise<TestDatabase>;
beforeAll(async () => {
  queue = separateTables('gen-jobs-');
  harness = await createHarness({}, queue);
  desk = await createHarness({ codeGenerationJobs: { concurrency: 0 } }, queue);
  ada = await harness.signUp();
});
afterAll(() => Promise.all([harness.close(), desk.close()]));

const column = (name: string, type = 'text'): object => ({ name, type, required: true });
const users = {
  name: 'users',
  fields: [column('id', 'uuid'), column('email')],
  indexes: [{ name: 'pk', fields: ['id'], type: 'PRIMARY' }],
};
/** More than a row takes: kept in chunks beside it. */
const many = Array.from({ length: 60 }, (_, i) => ({ ...users, name: `table_${i}`, fields: [...users.fields, column('x'.repeat(60))] }));

async function designed(tables: object[] = [users], project: object = {}): Promise<{ projectId: string; schema: Data }> {
  const { id: projectId } = await fakeProject(harness, ada, { ...project });
  return { projectId, schema: await fakeSchema(harness, ada, { projectId, name: 'main', tables }) };
}

const errors = 'userErrors { message code field ... on ConflictError { currentRevision } }';
const startDocument = `mutation ($input: CodeGenerationStartInput!, $key: String, $dry: Boolean! = false) { codeGenerationStart(input: $input, idempotencyKey: $key, dryRun: $dry) { codeGeneration { id status type target schemaId architectureId } ${errors} } }`;

async function refusal(caller: Harness, document: string, variables: Record<string, unknown>): Promise<Data> {
  const { data, errors: top }: Answer = await caller.run(ada, document, variables);
  expect(top).toEqual([]);
  const [payload] = Object.values(data as Record<string, Data>);
  return payload.userErrors[0];
}

describe('codeGenerationStart', () => {
  test('answers at once with a pending generation that says what it is made from, and completes it', async () => {
    const { projectId, schema } = await designed();
    const architecture = await fakeArchitecture(harness, ada, { projectId });
    const started = await startGeneration(harness, ada, { projectId, schemaId: schema.id, architectureId: architecture.id });
    expect(started).toMatchObject({
      ...{ status: 'PENDING', progress: 0, type: 'API', target: 'SQL', error: null, finishedAt: null, revision: 1 },
      ...{ schemaId: schema.id, schemaVersion: 1, schemaRevision: 1, architectureId: architecture.id, architectureRevision: 1 },
    });
    expect(Date.parse(started.expiresAt) - Date.parse(started.createdAt)).toBeGreaterThan(29 * 86_400_000);
    const done = await endOf(harness, ada, started.id);
    expect(done).toMatchObject({ status: 'COMPLETED', progress: 1, error: null, note: null, revision: 1 });
    expect(Date.parse(done.finishedAt)).toBeGreaterThanOrEqual(Date.parse(done.createdAt));
    expect(done.files.nodes.map(({ path }: Data) => path)).toContain('migrations/0001_init.up.sql');
    const { row } = await rowOf(harness, started.id);
    // Nothing is left of what only the work needed.
    expect(Object.keys(row)).not.toEqual(expect.arrayContaining(['leaseOwner']));
    expect(row.generationInput).toBeUndefined();
    expect(row.leaseUntil).toBeUndefined();
  });

  test('leaves an activity of the start and of the end, by who started it, and counts', async () => {
    const { projectId } = await designed();
    const { id } = await startGeneration(harness, ada, { projectId });
    await endOf(harness, ada, id);
    const { project } = await harness.must(
      ada,
      'query ($id: ID!) { project(id: $id) { stats { codeGenerations } activity { nodes { action entityType entityId actor { id } } } } }',
      { id: projectId },
    );
    expect(project.stats.codeGenerations).toBe(1);
    const own = project.activity.nodes.filter(({ entityId }: Data) => entityId === id);
    expect(own.map(({ action }: Data) => action)).toEqual(['completed', 'started']);
    expect(own).toEqual(own.map(() => expect.objectContaining({ entityType: 'CODE_GENERATION', actor: { id: ada.id } })));
  });

  test.each([
    ['API', 'REST'],
    ['MODEL', 'TYPESCRIPT'],
    ['CONTROLLER', 'REST'],
    ['SERVICE', 'REST'],
    ['FULL_STACK', 'REST'],
  ])('%s stands for %s unless a target is named', async (type, target) => {
    const { projectId } = await designed();
    const { codeGenerationStart } = await desk.must(ada, startDocument, { input: { projectId, type }, dry: true });
    expect(codeGenerationStart.codeGeneration).toMatchObject({ type, target, status: 'PENDING' });
  });

  test('takes the newest version of the only schema, and the only architecture, unless told otherwise', async () => {
    const { projectId, schema } = await designed();
    const next = `mutation ($id: ID!) { schemaVersionCreate(id: $id) { schema { id } ${errors} } }`;
    const newest = (await harness.must(ada, next, { id: schema.id })).schemaVersionCreate.schema.id;
    const dry = async (input: object): Promise<Data> =>
      (await desk.must(ada, startDocument, { input: { projectId, type: 'API', ...input }, dry: true })).codeGenerationStart.codeGeneration;
    expect(await dry({})).toMatchObject({ schemaId: newest, architectureId: null });
    const architecture = await fakeArchitecture(harness, ada, { projectId });
    expect(await dry({})).toMatchObject({ schemaId: newest, architectureId: architecture.id });
    expect(await dry({ architectureId: null, schemaId: schema.id })).toMatchObject({ schemaId: schema.id, architectureId: null });
    await fakeArchitecture(harness, ada, { projectId });
    expect(await dry({})).toMatchObject({ architectureId: null });
    await fakeSchema(harness, ada, { projectId, name: 'other', tables: [users] });
    const wrong = await refusal(desk, startDocument, { input: { projectId, type: 'API' } });
    expect(wrong).toMatchObject({
      code: 'VALIDATION',
      field: ['input', 'schemaId'],
      message: expect.stringMatching(/"(main|other)".*schemaId/),
    });
  });

  test('says what is missing', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const input = { projectId, type: 'API' };
    const asked = (more: object): Promise<Data> => refusal(desk, startDocument, { input: { ...input, ...more } });
    expect(await asked({})).toMatchObject({ code: 'VALIDATION', field: ['input', 'schemaId'] });
    expect(await asked({ schemaId: newId('sch') })).toMatchObject({ code: 'NOT_FOUND', field: ['input', 'schemaId'] });
    expect(await asked({ architectureId: newId('arc') })).toMatchObject({ code: 'NOT_FOUND', field: ['input', 'architectureId'] });
    expect(await asked({ prompt: 'x'.repeat(4_001) })).toMatchObject({ code: 'VALIDATION', field: ['input', 'prompt'] });
    await fakeSchema(harness, ada, { projectId, name: 'empty', tables: [] });
    expect(await asked({})).toMatchObject({ code: 'VALIDATION', message: expect.stringContaining('table') });
    expect(
      (await harness.must(ada, 'query ($id: ID!) { project(id: $id) { codeGenerations { nodes { id } } } }', { id: projectId })).project,
    ).toEqual({
      codeGenerations: { nodes: [] },
    });
  });

  test('a dry run writes nothing; the same key gives the same generation, worked on once', async () => {
    const { projectId } = await designed();
    const input = { projectId, type: 'API', target: 'SQL' };
    const { codeGeneration } = (await harness.must(ada, startDocument, { input, dry: true })).codeGenerationStart;
    expect((await rowOf(harness, codeGeneration.id)).row).toBeNull();
    const key = crypto.randomUUID();
    const answers = await Promise.all([1, 2, 3].map(() => harness.must(ada, startDocument, { input, key })));
    const ids = new Set(answers.map(({ codeGenerationStart }) => codeGenerationStart.codeGeneration.id as string));
    expect(ids.size).toBe(1);
    const [id = ''] = ids;
    await endOf(harness, ada, id);
    expect((await rowOf(harness, id)).row).toMatchObject({ attempts: 1 });
    expect((await harness.must(ada, startDocument, { input, key })).codeGenerationStart.codeGeneration).toMatchObject({
      id,
      status: 'PENDING',
    });
  });

  test('without an assistant a prompt is kept, and a note says that it was not applied', async () => {
    const { projectId } = await designed();
    const { id } = await startGeneration(harness, ada, { projectId, prompt: 'Use tabs\nplease' });
    const done = await endOf(harness, ada, id);
    expect(done).toMatchObject({ status: 'COMPLETED', prompt: 'Use tabs\nplease', note: expect.stringContaining('AI_BASE_URL') });
    expect(done.files.totalCount).toBeGreaterThan(0);
  });

  test('the dialect is that of the project’s database unless named', async () => {
    const { projectId } = await designed([{ ...users, fields: [{ ...column('id', 'int'), autoIncrement: true }] }], {
      database: 'MySQL 8',
    });
    const sqlOf = async (input: object): Promise<string> => {
      const { id } = await startGeneration(harness, ada, { projectId, ...input });
      return (await endOf(harness, ada, id)).files.nodes.find(({ path }: Data) => path.endsWith('up.sql')).content;
    };
    const [mysql, postgres] = [await sqlOf({}), await sqlOf({ dialect: 'POSTGRES' })];
    expect(mysql).toMatch(/AUTO_INCREMENT/i);
    expect(postgres).not.toMatch(/AUTO_INCREMENT/i);
  });
});

describe('the result', () => {
  test.each([
    ['a small design', [users]],
    ['one that is kept in chunks', many],
  ])('of %s is that of the design when it was started, byte for byte', async (_, tables) => {
    const { projectId, schema } = await designed(tables);
    const [first, second] = [await startGeneration(desk, ada, { projectId }), await startGeneration(desk, ada, { projectId })];
    const update = `mutation ($id: ID!, $tables: [SchemaTableInput!]) { schemaUpdate(id: $id, expectedRevision: 1, input: { tables: $tables }) { schema { revision } ${errors} } }`;
    await harness.must(ada, update, { id: schema.id, tables: [{ ...users, name: 'others' }] });
    const third = await startGeneration(desk, ada, { projectId });
    expect([first, third].map(({ schemaRevision }) => schemaRevision)).toEqual([1, 2]);
    await until(async () => {
      await poll(harness);
      const open = await Promise.all([first, second, third].map(({ id }) => readGeneration(desk, ada, id)));
      return open.every(({ status }) => status === 'COMPLETED') ? true : null;
    });
    const [one, two, three] = await Promise.all([first, second, third].map(({ id }) => readGeneration(desk, ada, id)));
    expect(two.archive.sha256).toBe(one.archive.sha256);
    expect(two.files).toEqual(one.files);
    expect(three.archive.sha256).not.toBe(one.archive.sha256);
    const text = (done: Data): string => JSON.stringify(done.files);
    expect([text(one), text(three)].map((content) => content.includes('others'))).toEqual([false, true]);
    const archive = await openArchive(harness.services, first.id, AbortSignal.timeout(20_000));
    const bytes = await buffer(archive!.bytes);
    expect({ sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }).toEqual({
      ...{ sizeBytes: one.archive.sizeBytes, sha256: one.archive.sha256 },
    });
    // The copy of the design is gone with its chunks; only those of the files are there.
    expect(await rowOf(harness, first.id)).toMatchObject({ beside: (await rowOf(harness, first.id)).row.bodyChunks ?? 0 });
  });

  test('has a progress that only grows, in steps', async () => {
    const { projectId } = await designed();
    const send = harness.database.send;
    const told: number[] = [];
    let id = '';
    harness.database.send = (async (operation: Operation, input: never, options: never) => {
      const updates = ((input as Data).TransactItems ?? []).flatMap(({ Update }: Data) => (Update?.Key.id === id ? [Update] : []));
      for (const { ExpressionAttributeNames: names, ExpressionAttributeValues: values, UpdateExpression: text } of updates) {
        const name = Object.keys(names).find((key) => names[key] === 'progress') ?? '-';
        const value = new RegExp(`${name} = (:v\\d+)`).exec(text as string)?.[1];
        if (value !== undefined) told.push(typeof values[value] === 'number' ? values[value] : Number(values[value].N));
      }
      return send(operation, input, options);
    }) as Send;
    try {
      const gate = holdWrite(harness, '"generating"');
      ({ id } = await startGeneration(harness, ada, { projectId }));
      await gate.reached;
      gate.release();
      await endOf(harness, ada, id);
    } finally {
      harness.database.send = send;
    }
    expect(told).toEqual([0.05, 0.2, 0.6, 0.8, 0.9, 1]);
  });
});
