import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Answer, type Data, type Harness, type TestUser } from '../support/harness.ts';

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

const errors =
  'userErrors { __typename message code field ... on ConflictError { currentRevision changedFields current { id ... on DocumentationPage { title } } } }';
const fields = 'id title content contentBytes excerpt category tags order revision createdAt updatedAt';
const create = `mutation ($input: DocumentationPageCreateInput!, $key: String, $dryRun: Boolean! = false) { documentationPageCreate(input: $input, idempotencyKey: $key, dryRun: $dryRun) { documentationPage { ${fields} } ${errors} } }`;
const update = `mutation ($id: ID!, $input: DocumentationPageUpdateInput!, $rev: Int, $key: String, $dryRun: Boolean! = false) { documentationPageUpdate(id: $id, input: $input, expectedRevision: $rev, idempotencyKey: $key, dryRun: $dryRun) { documentationPage { ${fields} } ${errors} } }`;
const move = `mutation ($id: ID!, $after: ID, $rev: Int, $key: String, $dryRun: Boolean! = false) { documentationPageMove(id: $id, after: $after, expectedRevision: $rev, idempotencyKey: $key, dryRun: $dryRun) { documentationPage { ${fields} } ${errors} } }`;
const remove = `mutation ($id: ID!, $rev: Int, $key: String, $dryRun: Boolean! = false) { documentationPageDelete(id: $id, expectedRevision: $rev, idempotencyKey: $key, dryRun: $dryRun) { deletedId deletedCounts { documentation projects } ${errors} } }`;
const read = `query ($id: ID!) { documentationPage(id: $id) { ${fields} project { id } createdBy { id } } node(id: $id) { __typename id } }`;
const paging = '$category: String, $first: Int, $after: String, $last: Int, $before: String';
const pageInfo = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
const list = `query ($id: ID!, ${paging}) { project(id: $id) { documentation(category: $category, first: $first, after: $after, last: $last, before: $before) { totalCount countUpTo(limit: 2) { value precision } nodes { id title order category excerpt contentBytes } edges { cursor } ${pageInfo} } } }`;
const activity =
  'query ($id: ID!) { project(id: $id) { activity(first: 1) { nodes { action entityType entityId entityName changedFields actor { id } entity { __typename } } } stats { documentation } } }';

async function made(input: Record<string, unknown> = {}, who: TestUser = ada): Promise<Data> {
  const { documentationPageCreate } = await harness.must(who, create, { input: { projectId, title: 'Page', content: 'Text', ...input } });
  return documentationPageCreate.documentationPage;
}

const readBack = async (id: string, who: TestUser = ada): Promise<Data> => (await harness.must(who, read, { id })).documentationPage;
const titles = async (id: string, who: TestUser = ada): Promise<string[]> =>
  (await harness.must(who, list, { id, first: 100 })).project.documentation.nodes.map(({ title }: Data) => title);
const readUnits = ({ calls }: Answer): number => calls.reduce((sum, call) => sum + call.readUnits, 0);
const newProject = async (who: TestUser = ada): Promise<string> => (await fakeProject(harness, who)).id;

/** Puts a page straight into the table, as the earlier backend wrote it. */
async function oldPage(row: Record<string, unknown>): Promise<string> {
  const id = crypto.randomUUID();
  const times = { createdAt: '2024-03-01T10:00:00.000Z', updatedAt: '2024-03-02T10:00:00.000Z' };
  await harness.putRow('documentation', {
    id,
    userId: ada.id,
    projectId,
    title: 'Old',
    content: '# Old\n\ntext',
    category: 'guides',
    ...times,
    ...row,
  });
  return id;
}

async function oldProject(): Promise<string> {
  const id = crypto.randomUUID();
  const times = { createdAt: '2024-01-01T00:00:00.000Z', updatedAt: '2024-01-01T00:00:00.000Z' };
  await harness.putRow('projects', { id, userId: ada.id, name: 'Legacy', status: 'active', ...times });
  return id;
}

describe('documentationPageCreate', () => {
  test('creates a page with text, tags, counters and an activity', async () => {
    const id = await newProject();
    const page = await made({
      projectId: id,
      title: 'Setup',
      content: '# Setup\n\nInstall **Node** first.\r\n',
      category: 'guides',
      tags: ['a', 'b'],
    });
    expect(page).toMatchObject({
      title: 'Setup',
      content: '# Setup\n\nInstall **Node** first.\r\n',
      excerpt: 'Setup Install Node first.',
      contentBytes: 34,
    });
    expect(page).toMatchObject({ category: 'guides', tags: ['a', 'b'], revision: 1, order: expect.any(Number) });
    expect(page.id).toMatch(/^doc_/);
    expect(await readBack(page.id)).toEqual({ ...page, project: { id }, createdBy: { id: ada.id } });
    const { project } = await harness.must(ada, activity, { id });
    expect(project.stats.documentation).toBe(1);
    expect(project.activity.nodes[0]).toEqual({
      action: 'created',
      entityType: 'DOCUMENTATION',
      entityId: page.id,
      entityName: 'Setup',
      changedFields: [],
      actor: { id: ada.id },
      entity: { __typename: 'DocumentationPage' },
    });
  });

  test('needs no more than a project and a title', async () => {
    const { documentationPageCreate } = await harness.must(ada, create, { input: { projectId, title: 'Bare' } });
    expect(documentationPageCreate.documentationPage).toMatchObject({
      title: 'Bare',
      content: '',
      excerpt: '',
      contentBytes: 0,
      category: 'general',
      tags: [],
    });
  });

  test.each([
    ['an empty title', { title: ' ' }, ['input', 'title']],
    ['a long title', { title: 'x'.repeat(201) }, ['input', 'title']],
    ['an empty category', { category: '' }, ['input', 'category']],
    ['a long category', { category: 'x'.repeat(101) }, ['input', 'category']],
    ['a NUL in the text', { content: 'a\0b' }, ['input', 'content']],
    ['half a surrogate pair', { content: 'a\ud83d' }, ['input', 'content']],
    ['too many tags', { tags: Array.from({ length: 21 }, (_, i) => `t${i}`) }, ['input', 'tags']],
    ['an empty tag', { tags: ['ok', ''] }, ['input', 'tags', '1']],
  ])('refuses %s', async (_, input, field) => {
    const { data } = await harness.run(ada, create, { input: { projectId, title: 'Page', ...input } });
    expect(data.documentationPageCreate).toMatchObject({
      documentationPage: null,
      userErrors: [{ __typename: 'ValidationError', code: 'VALIDATION', field }],
    });
  });

  test('puts the page where it belongs', async () => {
    const id = await newProject();
    const a = await made({ projectId: id, title: 'a' });
    await made({ projectId: id, title: 'c' });
    await made({ projectId: id, title: 'first', after: null });
    await made({ projectId: id, title: 'b', after: a.id });
    await made({ projectId: id, title: 'last' });
    expect(await titles(id)).toEqual(['first', 'a', 'b', 'c', 'last']);
  });

  test('refuses a neighbour of another project', async () => {
    const other = await made({ projectId: await newProject() });
    for (const after of [other.id, 'doc_nothing', '']) {
      const { data } = await harness.run(ada, create, { input: { projectId, title: 'x', after } });
      expect(data.documentationPageCreate.userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['input', 'after'] }]);
    }
  });

  test('answers the same key with the same page, and refuses it for another input', async () => {
    const id = await newProject();
    const key = crypto.randomUUID();
    const first = await harness.must(ada, create, { input: { projectId: id, title: 'once', content: 'x'.repeat(20_000) }, key });
    expect(await harness.must(ada, create, { input: { projectId: id, title: 'once', content: 'x'.repeat(20_000) }, key })).toEqual(first);
    expect(await titles(id)).toEqual(['once']);
    const { data } = await harness.run(ada, create, { input: { projectId: id, title: 'twice' }, key });
    expect(data.documentationPageCreate.userErrors[0].code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('a dry run shows the page and writes nothing', async () => {
    const id = await newProject();
    const content = randomBytes(20_000).toString('hex');
    const { documentationPageCreate } = await harness.must(ada, create, { input: { projectId: id, title: 'dry', content }, dryRun: true });
    expect(documentationPageCreate.documentationPage.content).toBe(content);
    expect(await titles(id)).toEqual([]);
    expect(await harness.rows('documentation', documentationPageCreate.documentationPage.id)).toEqual([]);
  });

  test('30 at once all get a place of their own', async () => {
    const id = await newProject();
    const names = Array.from({ length: 30 }, (_, i) => `p${i}`);
    await Promise.all(names.map((title) => made({ projectId: id, title })));
    const { project } = await harness.must(ada, list, { id, first: 100 });
    expect(new Set(project.documentation.nodes.map(({ order }: Data) => order)).size).toBe(30);
    expect(project.documentation.nodes.map(({ title }: Data) => title).sort()).toEqual(names.sort());
    expect((await harness.must(ada, activity, { id })).project.stats.documentation).toBe(30);
  });

  test('stops at the limit of pages', async () => {
    const id = await newProject();
    await harness.putRow('projects', { id, userId: `${ada.id}#stats#9`, documentation: 1_000 });
    const { data } = await harness.run(ada, create, { input: { projectId: id, title: 'one more' } });
    expect(data.documentationPageCreate.userErrors).toMatchObject([{ code: 'QUOTA_EXCEEDED' }]);
  });
});

describe('large texts', () => {
  test('1 MB comes back whole, and lists do not read it', async () => {
    const [small, large] = [await newProject(), await newProject()];
    const content = `# Large ÄÖÜ 🚀\n\n${randomBytes(500_000).toString('hex')}`;
    const page = await made({ projectId: large, content, title: 'same' });
    await made({ projectId: small, content: 'short', title: 'same' });
    expect((await readBack(page.id)).content).toBe(content);
    expect(page.contentBytes).toBe(Buffer.byteLength(content));
    const [lightly, heavily] = [await harness.run(ada, list, { id: small }), await harness.run(ada, list, { id: large })];
    expect(heavily.data.project.documentation.nodes[0].excerpt).toMatch(/^Large ÄÖÜ 🚀/);
    expect(readUnits(heavily)).toBe(readUnits(lightly));
    const withContent = `query ($id: ID!) { project(id: $id) { documentation { nodes { content } } } }`;
    const answer = await harness.run(ada, withContent, { id: large });
    expect(answer.data.project.documentation.nodes[0].content).toBe(content);
    expect(readUnits(answer)).toBeGreaterThan(100);
  });

  test('are read in batches', async () => {
    const id = await newProject();
    for (let i = 0; i < 4; i += 1) await made({ projectId: id, content: randomBytes(10_000).toString('hex') });
    const { data, calls } = await harness.run(ada, 'query ($id: ID!) { project(id: $id) { documentation { nodes { content } } } }', { id });
    expect(data.project.documentation.nodes.map(({ content }: Data) => content.length)).toEqual([20_000, 20_000, 20_000, 20_000]);
    expect(calls.filter(({ operation, table }) => operation === 'BatchGetItem' && table === 'documentation')).toHaveLength(1);
  });

  test('over 4 MB are refused before anything is written', async () => {
    const content = 'x'.repeat(4 * 1024 * 1024 + 1);
    const page = await made();
    for (const [field, document, variables] of [
      ['documentationPageCreate', create, { input: { projectId, title: 'x', content } }],
      ['documentationPageUpdate', update, { id: page.id, input: { content } }],
    ] as const) {
      const { data, calls } = await harness.run(ada, document, variables);
      expect(data[field]).toMatchObject({
        documentationPage: null,
        userErrors: [{ __typename: 'ValidationError', code: 'TOO_LARGE', field: ['input', 'content'] }],
      });
      expect(calls.filter(({ writeUnits }) => writeUnits > 0)).toEqual([]);
    }
    expect(await readBack(page.id)).toMatchObject({ content: 'Text', revision: 1 });
  });

  test('just below 4 MB are taken', async () => {
    const content = 'x'.repeat(4 * 1024 * 1024 - 100);
    const page = await made({ content });
    expect((await readBack(page.id)).content).toHaveLength(content.length);
  });

  test('leave nothing behind when they are replaced or deleted', async () => {
    const page = await made({ content: randomBytes(400_000).toString('hex') });
    expect((await harness.rows('documentation', page.id)).length).toBeGreaterThan(2);
    await harness.must(ada, update, { id: page.id, input: { content: randomBytes(10_000).toString('hex') } });
    expect(await harness.rows('documentation', page.id)).toHaveLength(2);
    await harness.must(ada, update, { id: page.id, input: { content: 'short' } });
    expect(await harness.rows('documentation', page.id)).toHaveLength(1);
    expect((await readBack(page.id)).content).toBe('short');
    await harness.must(ada, update, { id: page.id, input: { content: randomBytes(10_000).toString('hex') } });
    await harness.must(ada, remove, { id: page.id });
    expect(await harness.rows('documentation', page.id)).toEqual([]);
  });
});

describe('documentationPageUpdate', () => {
  test('changes what came and leaves the rest', async () => {
    const page = await made({ title: 'before', tags: ['x'] });
    const { documentationPageUpdate } = await harness.must(ada, update, {
      id: page.id,
      input: { title: 'after', content: 'New *text*' },
      rev: 1,
    });
    expect(documentationPageUpdate.documentationPage).toMatchObject({
      title: 'after',
      content: 'New *text*',
      excerpt: 'New text',
      contentBytes: 10,
      tags: ['x'],
      revision: 2,
      order: page.order,
    });
    const { project } = await harness.must(ada, activity, { id: projectId });
    expect(project.activity.nodes[0]).toMatchObject({ action: 'updated', entityName: 'after', changedFields: ['title', 'content'] });
  });

  test('null clears text and tags; title and category stay', async () => {
    const page = await made({ tags: ['x'] });
    const { documentationPageUpdate } = await harness.must(ada, update, { id: page.id, input: { content: null, tags: null } });
    expect(documentationPageUpdate.documentationPage).toMatchObject({ content: '', excerpt: '', tags: [] });
    const { data } = await harness.run(ada, update, { id: page.id, input: { title: null, category: null } });
    expect(data.documentationPageUpdate.userErrors.map(({ field }: Data) => field)).toEqual([
      ['input', 'title'],
      ['input', 'category'],
    ]);
  });

  test('moves the page to another category', async () => {
    const id = await newProject();
    const page = await made({ projectId: id, category: 'one' });
    await harness.must(ada, update, { id: page.id, input: { category: 'two' } });
    const pagesOf = async (category: string): Promise<number> =>
      (await harness.must(ada, list, { id, category })).project.documentation.totalCount;
    expect([await pagesOf('one'), await pagesOf('two')]).toEqual([0, 1]);
  });

  test('the same again is no edit', async () => {
    const page = await made({ content: 'x'.repeat(10_000), tags: ['a'] });
    const { title, content, category, tags } = page;
    const { documentationPageUpdate } = await harness.must(ada, update, { id: page.id, input: { title, content, category, tags } });
    expect(documentationPageUpdate.documentationPage).toEqual(page);
  });

  test('a stale revision changes nothing and shows the page as it is', async () => {
    const page = await made();
    await harness.must(ada, update, { id: page.id, input: { title: 'theirs' } });
    for (const [field, document, variables] of [
      ['documentationPageUpdate', update, { input: { title: 'mine' } }],
      ['documentationPageMove', move, { after: null }],
      ['documentationPageDelete', remove, {}],
    ] as const) {
      const { data } = await harness.run(ada, document, { id: page.id, rev: 1, ...variables });
      expect(data[field].userErrors).toMatchObject([
        {
          __typename: 'ConflictError',
          code: 'CONFLICT',
          currentRevision: 2,
          changedFields: ['title'],
          current: { id: page.id, title: 'theirs' },
        },
      ]);
    }
    expect(await readBack(page.id)).toMatchObject({ title: 'theirs', revision: 2 });
  });

  test('20 at once without a revision: every one counts, or says so', async () => {
    const page = await made();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => harness.run(ada, update, { id: page.id, input: { content: `text ${i} ${'x'.repeat(9_000)}` } })),
    );
    const written = answers.filter(({ data }) => data?.documentationPageUpdate.userErrors.length === 0).length;
    const after = await readBack(page.id);
    expect(after.revision).toBe(1 + written);
    expect(after.content).toMatch(/^text \d+ x{9000}$/);
    expect(await harness.rows('documentation', page.id)).toHaveLength(2);
  });

  test('answers the same key with the same page, and a dry run writes nothing', async () => {
    const page = await made();
    const key = crypto.randomUUID();
    const first = await harness.must(ada, update, { id: page.id, input: { title: 'keyed' }, key });
    expect(await harness.must(ada, update, { id: page.id, input: { title: 'keyed' }, key })).toEqual(first);
    const content = 'y'.repeat(20_000);
    const dry = await harness.must(ada, update, { id: page.id, input: { content }, dryRun: true });
    expect(dry.documentationPageUpdate.documentationPage).toMatchObject({ content, revision: 3 });
    expect(await readBack(page.id)).toMatchObject({ content: 'Text', revision: 2 });
    expect(await harness.rows('documentation', page.id)).toHaveLength(1);
  });
});

describe('documentationPageDelete', () => {
  test('deletes a page once, with counter and activity', async () => {
    const id = await newProject();
    const page = await made({ projectId: id, title: 'gone' });
    const key = crypto.randomUUID();
    const dry = await harness.must(ada, remove, { id: page.id, dryRun: true });
    expect(dry.documentationPageDelete).toMatchObject({ deletedId: page.id, deletedCounts: { documentation: 1, projects: 0 } });
    expect(await titles(id)).toEqual(['gone']);
    expect(await harness.must(ada, remove, { id: page.id, rev: 1, key })).toEqual(dry);
    expect(await harness.must(ada, remove, { id: page.id, rev: 1, key })).toEqual(dry);
    const { project } = await harness.must(ada, activity, { id });
    expect(project).toMatchObject({ stats: { documentation: 0 }, activity: { nodes: [{ action: 'deleted', entityName: 'gone' }] } });
    expect(await readBack(page.id)).toBeNull();
    const { data } = await harness.run(ada, remove, { id: page.id });
    expect(data.documentationPageDelete.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
});

describe('who may what', () => {
  const everyWrite = (id: string, project: string): [string, string, Data][] => [
    ['documentationPageCreate', create, { input: { projectId: project, title: 'x' } }],
    ['documentationPageUpdate', update, { id, input: { title: 'x' } }],
    ['documentationPageMove', move, { id, after: null }],
    ['documentationPageDelete', remove, { id }],
  ];

  test('a stranger sees nothing and finds nothing', async () => {
    const page = await made();
    expect(await harness.must(bob, read, { id: page.id })).toEqual({ documentationPage: null, node: null });
    expect((await harness.must(bob, list, { id: projectId })).project).toBeNull();
    for (const [field, document, variables] of everyWrite(page.id, projectId)) {
      const { data } = await harness.run(bob, document, variables);
      expect(data[field].userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    }
  });

  test('nobody at all is asked to sign in for writes and sees null', async () => {
    const page = await made();
    const { data } = await harness.run(null, read, { id: page.id });
    expect(data.documentationPage).toBeNull();
    for (const [, document, variables] of everyWrite(page.id, projectId)) {
      expect((await harness.run(null, document, variables)).errors[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
    }
  });

  test('viewers read, developers write; rows carry the owner and who made them', async () => {
    const id = await newProject();
    const page = await made({ projectId: id });
    const join = (role: string): Promise<void> =>
      harness.putRow('teams', { projectId: id, userId: bob.id, role, createdAt: new Date().toISOString() });
    await join('viewer');
    expect(await readBack(page.id, bob)).toMatchObject({ id: page.id, content: 'Text' });
    expect(await titles(id, bob)).toEqual(['Page']);
    for (const [field, document, variables] of everyWrite(page.id, id)) {
      expect((await harness.run(bob, document, variables)).data[field].userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);
    }
    await join('developer');
    const theirs = await made({ projectId: id, title: 'by Bob' }, bob);
    await harness.must(bob, move, { id: theirs.id, after: null });
    await harness.must(bob, remove, { id: page.id });
    expect(await harness.rows('documentation', theirs.id)).toMatchObject([{ userId: ada.id, createdById: bob.id }]);
  });

  test('a user lists the pages of their projects only, newest first', async () => {
    const [owner, other] = [await harness.signUp(), await harness.signUp()];
    const [mine, theirs] = [await newProject(owner), await newProject(other)];
    await made({ projectId: mine, title: 'one' }, owner);
    await made({ projectId: mine, title: 'two' }, owner);
    // As the earlier backend wrote it: the creator in userId, in a project that is somebody else's.
    await oldPage({ userId: owner.id, projectId: theirs, title: 'foreign' });
    const document = '{ viewer { id documentation(first: 10) { totalCount nodes { title } } } }';
    const { viewer } = await harness.must(owner, document);
    expect(viewer.documentation.nodes).toEqual([{ title: 'two' }, { title: 'one' }]);
    expect(viewer.documentation.totalCount).toBe(2);
    await harness.putRow('teams', { projectId: mine, userId: other.id, role: 'admin', createdAt: new Date().toISOString() });
    const seen = await harness.must(other, 'query ($id: ID!) { project(id: $id) { owner { id documentation { nodes { id } } } } }', {
      id: mine,
    });
    expect(seen.project.owner).toEqual({ id: owner.id, documentation: null });
  });
});

describe('project.documentation', () => {
  test('pages forward and backward in order, by ProjectIdIndex', async () => {
    const id = await newProject();
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const title of names) await made({ projectId: id, title });
    const first = await harness.run(ada, list, { id, first: 2 });
    expect(first.calls.map(({ index }) => index)).toContain('ProjectIdIndex');
    expect(first.data.project.documentation).toMatchObject({
      totalCount: 5,
      countUpTo: { value: 2, precision: 'AT_LEAST' },
      nodes: [{ title: 'a' }, { title: 'b' }],
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
    });
    const walk = async (args: (cursor: string | undefined) => Data, cursorOf: (info: Data) => string): Promise<string[][]> => {
      const pages: string[][] = [];
      let cursor: string | undefined;
      for (let more = true; more;) {
        const page: Data = (await harness.must(ada, list, { id, ...args(cursor) })).project.documentation;
        pages.push(page.nodes.map(({ title }: Data) => title));
        cursor = cursorOf(page.pageInfo);
        more = 'last' in args(cursor) ? page.pageInfo.hasPreviousPage : page.pageInfo.hasNextPage;
      }
      return pages;
    };
    expect(
      await walk(
        (after) => ({ first: 2, after }),
        ({ endCursor }) => endCursor,
      ),
    ).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(
      await walk(
        (before) => ({ last: 2, before }),
        ({ startCursor }) => startCursor,
      ),
    ).toEqual([['d', 'e'], ['b', 'c'], ['a']]);
  });

  test('refuses cursors of other lists and other people, and impossible pages', async () => {
    const id = await newProject();
    for (const title of ['a', 'b']) await made({ projectId: id, title });
    const { endCursor } = (await harness.must(ada, list, { id, first: 1 })).project.documentation.pageInfo;
    await harness.putRow('teams', { projectId: id, userId: bob.id, role: 'viewer', createdAt: new Date().toISOString() });
    const codeOf = async (who: TestUser, variables: Data): Promise<unknown> =>
      (await harness.run(who, list, variables)).errors[0]?.extensions?.['code'];
    expect(await codeOf(bob, { id, first: 1, after: endCursor })).toBe('BAD_CURSOR');
    expect(await codeOf(ada, { id, first: 1, after: endCursor, category: 'general' })).toBe('BAD_CURSOR');
    expect(await codeOf(ada, { id: projectId, first: 1, after: endCursor })).toBe('BAD_CURSOR');
    expect(await codeOf(ada, { id, first: 101 })).toBe('BAD_USER_INPUT');
    expect(await codeOf(ada, { id, first: 1, last: 1 })).toBe('BAD_USER_INPUT');
  });

  test('a category has its pages in order, by ProjectIdCategoryIndex', async () => {
    const id = await newProject();
    const made1 = await made({ projectId: id, title: 'a', category: 'guides' });
    await made({ projectId: id, title: 'x', category: 'guides and more' });
    await made({ projectId: id, title: 'b', category: 'guides' });
    await made({ projectId: id, title: 'c', category: 'guides' });
    await harness.must(ada, move, { id: made1.id, after: null });
    const answer = await harness.run(ada, list, { id, category: 'guides', first: 2 });
    expect(answer.calls.filter(({ table }) => table === 'documentation').map(({ index }) => index)).toEqual(
      expect.arrayContaining(['ProjectIdCategoryIndex']),
    );
    expect(answer.data.project.documentation).toMatchObject({
      totalCount: 3,
      nodes: [{ title: 'a' }, { title: 'b' }],
      pageInfo: { hasNextPage: true },
    });
    const rest = await harness.must(ada, list, {
      id,
      category: 'guides',
      first: 2,
      after: answer.data.project.documentation.pageInfo.endCursor,
    });
    expect(rest.project.documentation).toMatchObject({ nodes: [{ title: 'c' }], pageInfo: { hasNextPage: false, hasPreviousPage: true } });
    for (const category of ['', 'x'.repeat(2_000), 'none']) {
      expect((await harness.must(ada, list, { id, category })).project.documentation).toMatchObject({
        nodes: [],
        totalCount: 0,
        countUpTo: { value: 0, precision: 'EXACT' },
      });
    }
    const categories = await harness.must(ada, 'query ($id: ID!) { project(id: $id) { documentationCategories { name pageCount } } }', {
      id,
    });
    expect(categories.project.documentationCategories).toEqual([
      { name: 'guides', pageCount: 3 },
      { name: 'guides and more', pageCount: 1 },
    ]);
  });

  test('goes on after a page that was deleted meanwhile', async () => {
    const id = await newProject();
    for (const title of ['a', 'b', 'c']) await made({ projectId: id, title });
    for (const category of [null, 'general']) {
      const extra = await made({ projectId: id, title: 'extra', after: null });
      const { endCursor } = (await harness.must(ada, list, { id, category, first: 1 })).project.documentation.pageInfo;
      await harness.must(ada, remove, { id: extra.id });
      const { nodes, pageInfo } = (await harness.must(ada, list, { id, category, first: 1, after: endCursor })).project.documentation;
      expect([nodes[0].title, pageInfo.hasPreviousPage]).toEqual(['a', false]);
    }
  });
});

describe('rows of the earlier backend', () => {
  test('read through every field', async () => {
    const id = await oldPage({ content: '# Hello\n\nWorld' });
    expect(await readBack(id)).toMatchObject({
      id,
      title: 'Old',
      content: '# Hello\n\nWorld',
      contentBytes: 14,
      excerpt: 'Hello World',
      category: 'guides',
      tags: [],
      order: null,
      revision: 1,
      createdBy: { id: ada.id },
    });
  });

  test('without an order come last, oldest first, and page both ways', async () => {
    const id = await oldProject();
    await oldPage({ projectId: id, title: 'z', createdAt: '2024-01-02T00:00:00.000Z' });
    await oldPage({ projectId: id, title: 'y', createdAt: '2024-01-01T00:00:00.000Z' });
    await oldPage({ projectId: id, title: 'b', order: 2 });
    await oldPage({ projectId: id, title: 'a', order: 1, category: 'other' });
    const all = ['a', 'b', 'y', 'z'];
    expect(await titles(id)).toEqual(all);
    for (let size = 1; size <= 5; size += 1) {
      const [forward, backward]: string[][] = [[], []];
      for (let after: string | undefined, more = true; more;) {
        const { nodes, pageInfo } = (await harness.must(ada, list, { id, first: size, after })).project.documentation;
        expect(pageInfo.hasPreviousPage).toBe(forward!.length > 0);
        forward!.push(...nodes.map(({ title }: Data) => title));
        [after, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
      }
      for (let before: string | undefined, more = true; more;) {
        const { nodes, pageInfo } = (await harness.must(ada, list, { id, last: size, before })).project.documentation;
        expect(pageInfo.hasNextPage).toBe(backward!.length > 0);
        backward!.unshift(...nodes.map(({ title }: Data) => title));
        [before, more] = [pageInfo.startCursor, pageInfo.hasPreviousPage];
      }
      expect([forward, backward]).toEqual([all, all]);
    }
    expect((await harness.must(ada, list, { id })).project.documentation.totalCount).toBe(4);
  });

  test('are edited, moved and deleted like others, and stay out of counters', async () => {
    const id = await oldProject();
    // The row is just below 400 KB: with the attributes of an edit it would be over.
    const content = 'x'.repeat(409_200);
    const old = await oldPage({ projectId: id, content });
    const key = crypto.randomUUID();
    const edited = await harness.must(ada, update, { id: old, input: { title: 'edited' }, rev: 1, key });
    expect(edited.documentationPageUpdate.documentationPage).toMatchObject({
      title: 'edited',
      revision: 2,
      content,
    });
    expect(await harness.must(ada, update, { id: old, input: { title: 'edited' }, rev: 1, key })).toEqual(edited);
    expect((await harness.must(ada, activity, { id })).project.activity.nodes[0].changedFields).toEqual(['title']);
    await harness.must(ada, remove, { id: old });
    expect((await harness.must(ada, activity, { id })).project.stats.documentation).toBe(0);
  });

  test('go with their project when it is deleted or copied', async () => {
    const id = await oldProject();
    const page = await oldPage({ projectId: id, title: 'unordered' });
    const copy = await harness.must(ada, 'mutation ($id: ID!) { projectDuplicate(id: $id) { project { id } userErrors { message } } }', {
      id,
    });
    expect(await titles(copy.projectDuplicate.project.id)).toEqual(['unordered']);
    const deleted = await harness.must(
      ada,
      'mutation ($id: ID!) { projectDelete(id: $id) { deletedCounts { documentation } userErrors { message } } }',
      { id },
    );
    expect(deleted.projectDelete.deletedCounts.documentation).toBe(1);
    await harness.settled();
    expect(await harness.rows('documentation', page)).toEqual([]);
  });
});
