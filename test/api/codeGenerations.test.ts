import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openArchive } from '../../src/domains/codeGenerations/archive.service.ts';
import { newId } from '../../src/data/ids.ts';
import { fakeOldGeneration, fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let bob: TestUser;
let projectId: string;

beforeAll(async () => {
  harness = await createHarness();
  [ada, bob] = await Promise.all([harness.signUp(), harness.signUp({ username: 'Bob' })]);
  projectId = (await fakeProject(harness, ada)).id;
});
afterAll(() => harness.close());

const fields = 'id type prompt status progress error expiresAt createdAt updatedAt project { id } createdBy { id }';
const files =
  'files(first: $first, after: $after, last: $last, before: $before) { totalCount nodes { path language size sha256 content } edges { cursor node { path } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }';
const read = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { codeGeneration(id: $id) { ${fields} ${files} } }`;

describe('a row of the earlier backend', () => {
  test('reads through every field', async () => {
    const row = await fakeOldGeneration(harness, ada, { projectId });
    const { codeGeneration } = await harness.must(ada, read, { id: row.id });
    const content = 'export {};\n';
    expect(codeGeneration).toMatchObject({
      ...{ id: row.id, type: 'FULL_STACK', prompt: 'A shop', status: 'COMPLETED', progress: 1, error: null, expiresAt: null },
      ...{ createdAt: row.createdAt, updatedAt: row.updatedAt, project: { id: projectId }, createdBy: { id: ada.id } },
    });
    expect(codeGeneration.files).toMatchObject({
      totalCount: 1,
      nodes: [
        { path: 'src/index.ts', language: 'typescript', size: 11, sha256: createHash('sha256').update(content).digest('hex'), content },
      ],
      pageInfo: { hasNextPage: false, hasPreviousPage: false },
    });
  });

  test.each([
    ['pending', 'PENDING', 0],
    ['generating', 'GENERATING', 0],
    ['failed', 'FAILED', 0],
    ['unknown', 'UNKNOWN', 0],
    ['exploded', 'UNKNOWN', 0],
  ])('with the status %s', async (status, shown, progress) => {
    const row = await fakeOldGeneration(harness, ada, { projectId, status, type: 'poem', error: 'no model' });
    const { codeGeneration } = await harness.must(ada, read, { id: row.id });
    expect(codeGeneration).toMatchObject({ status: shown, progress, type: 'UNKNOWN', error: 'no model' });
  });

  test.each([
    ['no files at all', undefined, []],
    ['an empty list', [], []],
    ['files that are no list', 'index.ts', []],
    ['a file without a language', [{ path: 'a', content: 'x' }], [['a', null, 1]]],
    ['a file without content', [{ path: 'a' }], [['a', null, 0]]],
    ['an entry without a path', [{ content: 'x' }, { path: 'b', content: 'ü' }], [['b', null, 2]]],
    [
      'the same path twice',
      [
        { path: 'a', content: 'old' },
        { path: 'b', content: '' },
        { path: 'a', content: 'newer' },
      ],
      [
        ['a', null, 5],
        ['b', null, 0],
      ],
    ],
  ])('with %s', async (_, generatedCode, expected) => {
    const row = await fakeOldGeneration(harness, ada, { projectId, generatedCode });
    const { codeGeneration } = await harness.must(ada, read, { id: row.id });
    expect(codeGeneration.files.nodes.map((file: Data) => [file.path, file.language, file.size])).toEqual(expected);
    expect(codeGeneration.files.totalCount).toBe(expected.length);
  });

  test('has an archive of its files when it is completed, and none when there are none', async () => {
    const archive =
      'query ($id: ID!) { codeGeneration(id: $id) { target revision finishedAt note archive { url fileName sizeBytes sha256 expiresAt } } }';
    const row = await fakeOldGeneration(harness, ada, { projectId });
    const { codeGeneration } = await harness.must(ada, archive, { id: row.id });
    expect(codeGeneration).toMatchObject({
      target: null,
      revision: 1,
      finishedAt: null,
      note: null,
      archive: { fileName: 'full-stack.zip' },
    });
    const download = await openArchive(harness.services, row.id, AbortSignal.timeout(10_000));
    const bytes = await buffer(download!.bytes);
    expect(codeGeneration.archive).toMatchObject({ sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    for (const other of [{ status: 'failed' }, { generatedCode: [] }, { ttl: 5 }]) {
      const { id } = await fakeOldGeneration(harness, ada, { projectId, ...other });
      expect((await harness.must(ada, archive, { id })).codeGeneration?.archive ?? null).toBeNull();
      expect(await openArchive(harness.services, id, AbortSignal.timeout(10_000))).toBeNull();
    }
  });

  test('that expires soon has a link that ends with it', async () => {
    const ttl = Math.floor(Date.now() / 1000) + 100;
    const row = await fakeOldGeneration(harness, ada, { projectId, ttl });
    const { codeGeneration } = await harness.must(ada, 'query ($id: ID!) { codeGeneration(id: $id) { archive { expiresAt } } }', {
      id: row.id,
    });
    expect(codeGeneration.archive.expiresAt).toBe(new Date(ttl * 1000).toISOString());
  });

  test('that somebody else made in the project is the project’s', async () => {
    const row = await fakeOldGeneration(harness, bob, { projectId });
    expect((await harness.must(ada, read, { id: row.id })).codeGeneration).toMatchObject({ id: row.id, createdBy: { id: bob.id } });
    expect((await harness.must(bob, read, { id: row.id })).codeGeneration).toBeNull();
    const { viewer } = await harness.must(bob, '{ viewer { codeGenerations { nodes { id } } } }');
    expect(viewer.codeGenerations.nodes).toEqual([]);
  });
});

describe('files', () => {
  const paths = ['a.ts', 'b.ts', 'c/d.ts', 'c/e.ts', 'z'];
  let id: string;

  beforeAll(async () => {
    const generatedCode = paths.toReversed().map((path) => ({ path, content: path, language: 'typescript' }));
    id = newId('gen');
    await fakeOldGeneration(harness, ada, { id, projectId, generatedCode });
  });

  const page = async (args: object): Promise<Data> => (await harness.must(ada, read, { id, ...args })).codeGeneration.files;
  const names = ({ nodes }: Data): string[] => nodes.map((file: Data) => file.path);

  test('come by path, page by page, in both directions', async () => {
    const first = await page({ first: 2 });
    expect(names(first)).toEqual(paths.slice(0, 2));
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false, endCursor: first.edges[1].cursor });
    const second = await page({ first: 2, after: first.pageInfo.endCursor });
    const third = await page({ first: 2, after: second.pageInfo.endCursor });
    expect([names(second), names(third)]).toEqual([paths.slice(2, 4), paths.slice(4)]);
    expect(third.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(names(await page({ last: 2, before: third.pageInfo.startCursor }))).toEqual(paths.slice(2, 4));
    expect(names(await page({ last: 2 }))).toEqual(paths.slice(3));
  });

  test('refuse cursors of another generation', async () => {
    const other = await fakeOldGeneration(harness, ada, { projectId });
    const { pageInfo } = await page({ first: 2 });
    const { errors } = await harness.run(ada, read, { id: other.id, first: 2, after: pageInfo.endCursor });
    expect(errors[0]?.extensions?.['code']).toBe('BAD_CURSOR');
  });
});

describe('a row with an expiry and a progress', () => {
  test('shows them, within bounds', async () => {
    const ttl = Math.floor(Date.now() / 1000) + 1_000;
    for (const [progress, shown] of [
      [0.4, 0.4],
      [7, 1],
      [-1, 0],
    ]) {
      const row = await fakeOldGeneration(harness, ada, { projectId, status: 'generating', progress, ttl });
      expect((await harness.must(ada, read, { id: row.id })).codeGeneration).toMatchObject({
        progress: shown,
        expiresAt: new Date(ttl * 1000).toISOString(),
      });
    }
  });
});

test('lists of the project and of the viewer are newest first', async () => {
  const own = await fakeProject(harness, ada);
  const rows: Data[] = [];
  for (const hour of ['01', '03', '02'])
    rows.push(await fakeOldGeneration(harness, ada, { projectId: own.id, createdAt: `2099-01-01T${hour}:00:00.000Z` }));
  const ids = [rows[1].id, rows[2].id, rows[0].id];
  const data = await harness.must(
    ada,
    'query ($id: ID!) { project(id: $id) { codeGenerations { nodes { id } countUpTo(limit: 2) { value precision } } } viewer { codeGenerations(first: 3) { nodes { id } pageInfo { hasNextPage } } } }',
    { id: own.id },
  );
  expect(data.project.codeGenerations).toEqual({ nodes: ids.map((id) => ({ id })), countUpTo: { value: 2, precision: 'AT_LEAST' } });
  expect(data.viewer.codeGenerations).toEqual({ nodes: ids.map((id) => ({ id })), pageInfo: { hasNextPage: true } });
});
