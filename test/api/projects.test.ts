import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { resumeDeletions } from '../../src/domains/projects/deletion.service.ts';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let bob: TestUser;

beforeAll(async () => {
  harness = await createHarness();
  [ada, bob] = await Promise.all([harness.signUp(), harness.signUp({ username: 'Bob' })]);
});
afterAll(() => harness.close());

const errors = 'userErrors { __typename message code field ... on ConflictError { currentRevision changedFields current { id } } }';
const project = 'project { id name description status framework tags revision createdAt updatedAt }';
const create = `mutation ($input: ProjectCreateInput!, $key: String, $dryRun: Boolean! = false) { projectCreate(input: $input, idempotencyKey: $key, dryRun: $dryRun) { ${project} ${errors} } }`;
const update = `mutation ($id: ID!, $input: ProjectUpdateInput!, $rev: Int, $dryRun: Boolean! = false) { projectUpdate(id: $id, input: $input, expectedRevision: $rev, dryRun: $dryRun) { ${project} ${errors} } }`;
const read = 'query ($id: ID!) { project(id: $id) { id name description status tags revision } node(id: $id) { id __typename } }';

describe('projectCreate', () => {
  test('makes a draft owned by the viewer, with one activity', async () => {
    const { projectCreate } = await harness.must(ada, create, { input: { name: 'Shop', tags: ['b2c'], framework: 'NestJS' } });
    expect(projectCreate.project).toMatchObject({
      name: 'Shop',
      status: 'DRAFT',
      tags: ['b2c'],
      framework: 'NestJS',
      revision: 1,
      description: null,
    });
    expect(projectCreate.project.id).toMatch(/^prj_[0-9a-z]{26}$/);
    const data = await harness.must(
      ada,
      'query ($id: ID!) { project(id: $id) { owner { id } viewerRole viewerCanDelete activity(first: 5) { nodes { action entityType entityId entityName actor { id } entity { id } } } } }',
      { id: projectCreate.project.id },
    );
    expect(data.project).toMatchObject({ owner: { id: ada.id }, viewerRole: 'OWNER', viewerCanDelete: true });
    expect(data.project.activity.nodes).toEqual([
      {
        action: 'created',
        entityType: 'PROJECT',
        entityId: projectCreate.project.id,
        entityName: 'Shop',
        actor: { id: ada.id },
        entity: { id: projectCreate.project.id },
      },
    ]);
  });

  test.each([
    ['an empty name', { name: ' ' }, ['input', 'name']],
    ['a long name', { name: 'x'.repeat(121) }, ['input', 'name']],
    ['a NUL in the name', { name: 'a\u0000b' }, ['input', 'name']],
    ['half a surrogate pair', { name: 'a\ud800' }, ['input', 'name']],
    ['too many tags', { name: 'x', tags: Array.from({ length: 21 }, (_, i) => `t${i}`) }, ['input', 'tags']],
  ])('refuses %s and writes nothing', async (_, input, field) => {
    const { data, calls } = await harness.run(ada, create, { input });
    expect(data.projectCreate).toMatchObject({ project: null, userErrors: [{ __typename: 'ValidationError', code: 'VALIDATION', field }] });
    expect(calls.filter((call) => call.operation === 'TransactWriteItems')).toEqual([]);
  });

  test('reports all problems of an input at once', async () => {
    const { data } = await harness.run(ada, create, { input: { name: '', description: 'x'.repeat(5001) } });
    expect(data.projectCreate.userErrors.map((error: Data) => error.field.join('.'))).toEqual(['input.name', 'input.description']);
  });

  test('needs a viewer', async () => {
    const { data, errors: top } = await harness.run(null, create, { input: { name: 'x' } });
    expect(data).toBeNull();
    expect(top[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED', retryable: false });
  });

  test('gives the first answer again for the same idempotency key, and refuses the key for other input', async () => {
    const key = crypto.randomUUID();
    const answers = await Promise.all(Array.from({ length: 5 }, () => harness.must(ada, create, { input: { name: 'Once' }, key })));
    const ids = new Set(answers.map((answer) => answer.projectCreate.project.id));
    expect(ids.size).toBe(1);
    const { data } = await harness.run(ada, create, { input: { name: 'Other' }, key });
    expect(data.projectCreate.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }]);
    const other = await harness.must(bob, create, { input: { name: 'Once' }, key });
    expect(ids.has(other.projectCreate.project.id)).toBe(false);
  });

  test('dryRun answers and writes nothing', async () => {
    const { projectCreate } = await harness.must(ada, create, { input: { name: 'Maybe' }, dryRun: true });
    expect(projectCreate.project.name).toBe('Maybe');
    expect((await harness.must(ada, read, { id: projectCreate.project.id })).project).toBeNull();
  });

  test('is one transaction', async () => {
    const { calls } = await harness.run(ada, create, { input: { name: 'Counted' } });
    expect(calls.filter((call) => call.operation === 'TransactWriteItems')).toHaveLength(1);
    expect(calls.filter((call) => call.operation === 'Query')).toEqual([]);
  });
});

describe('projectBulkCreate', () => {
  const bulk = `mutation ($inputs: [ProjectCreateInput!]!) { projectBulkCreate(inputs: $inputs) { projects { id name } ${errors} } }`;

  test('creates all, in order', async () => {
    const inputs = Array.from({ length: 25 }, (_, i) => ({ name: `Bulk ${i}` }));
    const { projectBulkCreate } = await harness.must(ada, bulk, { inputs });
    expect(projectBulkCreate.projects.map(({ name }: Data) => name)).toEqual(inputs.map(({ name }) => name));
  });

  test('creates none when one is invalid', async () => {
    const marker = crypto.randomUUID();
    const { data } = await harness.run(ada, bulk, { inputs: [{ name: marker }, { name: '' }] });
    expect(data.projectBulkCreate.userErrors).toMatchObject([{ field: ['inputs', '1', 'name'] }]);
    const { viewer } = await harness.must(
      ada,
      'query ($text: String!) { viewer { projects(filter: { nameContains: $text }) { nodes { id } } } }',
      { text: marker },
    );
    expect(viewer.projects.nodes).toEqual([]);
  });

  test.each([0, 26])('refuses %d projects', async (length) => {
    const { data } = await harness.run(ada, bulk, { inputs: Array.from({ length }, () => ({ name: 'x' })) });
    expect(data.projectBulkCreate.userErrors).toMatchObject([{ code: 'VALIDATION', field: ['inputs'] }]);
  });
});

describe('projectUpdate', () => {
  test('changes what is given, clears what is null, leaves the rest', async () => {
    const { id } = await fakeProject(harness, ada, { description: 'old', framework: 'Express' });
    const { projectUpdate } = await harness.must(ada, update, { id, input: { name: 'New', description: null } });
    expect(projectUpdate.project).toMatchObject({ name: 'New', description: null, framework: 'Express', revision: 2 });
    expect((await harness.must(ada, read, { id })).project).toMatchObject({ name: 'New', description: null, revision: 2 });
  });

  test('refuses to clear the name', async () => {
    const { id } = await fakeProject(harness, ada);
    const { data } = await harness.run(ada, update, { id, input: { name: null } });
    expect(data.projectUpdate.userErrors).toMatchObject([{ code: 'VALIDATION', field: ['input', 'name'] }]);
  });

  test('without a change writes nothing', async () => {
    const { id } = await fakeProject(harness, ada, { name: 'Same' });
    const { data, calls } = await harness.run(ada, update, { id, input: { name: 'Same' } });
    expect(data.projectUpdate.project.revision).toBe(1);
    expect(calls.some((call) => call.operation === 'TransactWriteItems')).toBe(false);
  });

  test('a stale revision changes nothing and names what others changed', async () => {
    const { id } = await fakeProject(harness, ada);
    await harness.must(ada, update, { id, input: { name: 'First', tags: ['x'] }, rev: 1 });
    const { data } = await harness.run(ada, update, { id, input: { name: 'Second' }, rev: 1 });
    expect(data.projectUpdate).toMatchObject({
      project: null,
      userErrors: [{ __typename: 'ConflictError', code: 'CONFLICT', currentRevision: 2, changedFields: ['name', 'tags'], current: { id } }],
    });
    expect((await harness.must(ada, read, { id })).project.name).toBe('First');
  });

  test('of twenty parallel edits from one revision exactly one wins', async () => {
    const { id } = await fakeProject(harness, ada);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => harness.run(ada, update, { id, input: { name: `n${i}` }, rev: 1 })),
    );
    const winners = answers.filter(({ data }) => data.projectUpdate.project);
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ data }) => data.projectUpdate.userErrors[0]?.code === 'CONFLICT')).toHaveLength(19);
    expect((await harness.must(ada, read, { id })).project).toMatchObject({
      name: winners[0]!.data.projectUpdate.project.name,
      revision: 2,
    });
  });

  test('another tenant’s project and a missing one look the same', async () => {
    const { id } = await fakeProject(harness, ada);
    const missing = `${String(id).slice(0, -4)}zzzz`;
    const messages = await Promise.all(
      [id, missing].map(async (one) => {
        const { data } = await harness.run(bob, update, { id: one, input: { name: 'Mine' } });
        return JSON.stringify(data.projectUpdate).replaceAll(one, '<id>');
      }),
    );
    expect(messages[0]).toContain('NOT_FOUND');
    expect(messages[0]).toBe(messages[1]);
    expect(await harness.must(bob, read, { id })).toEqual({ project: null, node: null });
  });
});

describe('projectArchive and projectUnarchive', () => {
  const archive = `mutation ($id: ID!) { projectArchive(id: $id) { ${project} ${errors} } }`;
  const unarchive = `mutation ($id: ID!) { projectUnarchive(id: $id) { ${project} ${errors} } }`;

  test('go there and back, and refuse what is so already', async () => {
    const { id } = await fakeProject(harness, ada);
    expect((await harness.run(ada, unarchive, { id })).data.projectUnarchive.userErrors).toMatchObject([{ code: 'INVALID_TRANSITION' }]);
    expect((await harness.must(ada, archive, { id })).projectArchive.project.status).toBe('ARCHIVED');
    expect((await harness.run(ada, archive, { id })).data.projectArchive.userErrors).toMatchObject([{ code: 'INVALID_TRANSITION' }]);
    expect((await harness.must(ada, unarchive, { id })).projectUnarchive.project.status).toBe('ACTIVE');
  });
});

describe('viewer.projects', () => {
  const list = `query ($first: Int, $after: String, $last: Int, $before: String, $order: ProjectOrder, $filter: ProjectFilter) {
    viewer { projects(first: $first, after: $after, last: $last, before: $before, orderBy: $order, filter: $filter) {
      nodes { name } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor scannedCount scanLimitReached } countUpTo(limit: 5) { value precision } } } }`;
  let owner: TestUser;
  const names = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6'];

  beforeAll(async () => {
    owner = await harness.signUp();
    for (const name of names) await fakeProject(harness, owner, { name });
  });

  async function page(variables: Record<string, unknown>): Promise<Data> {
    const { viewer } = await harness.must(owner, list, variables);
    return { ...viewer.projects, names: viewer.projects.nodes.map(({ name }: Data) => name) };
  }

  test('pages forward, newest first, with exact ends', async () => {
    const first = await page({ first: 3 });
    expect(first).toMatchObject({
      names: ['p6', 'p5', 'p4'],
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
      countUpTo: { value: 5, precision: 'AT_LEAST' },
    });
    const second = await page({ first: 4, after: first.pageInfo.endCursor });
    expect(second).toMatchObject({ names: ['p3', 'p2', 'p1', 'p0'], pageInfo: { hasNextPage: false, hasPreviousPage: true } });
    expect(await page({ first: 7 })).toMatchObject({ pageInfo: { hasNextPage: false } });
  });

  test('pages backward with the same order inside a page', async () => {
    const end = await page({ last: 3 });
    expect(end).toMatchObject({ names: ['p2', 'p1', 'p0'], pageInfo: { hasNextPage: false, hasPreviousPage: true } });
    const before = await page({ last: 4, before: end.pageInfo.startCursor });
    expect(before).toMatchObject({ names: ['p6', 'p5', 'p4', 'p3'], pageInfo: { hasNextPage: true, hasPreviousPage: false } });
  });

  test('orders by creation', async () => {
    expect((await page({ order: { direction: 'ASC' } })).names).toEqual(names);
  });

  test('filters under the scan limit', async () => {
    expect((await page({ filter: { nameContains: 'P3' } })).names).toEqual(['p3']);
    expect((await page({ filter: { status: 'ARCHIVED' } })).names).toEqual([]);
  });

  test.each([
    ['both directions', { first: 1, last: 1 }],
    ['zero', { first: 0 }],
    ['more than a hundred', { first: 101 }],
    ['after with last', { last: 2, after: 'x' }],
  ])('refuses %s', async (_, variables) => {
    const { errors: top } = await harness.run(owner, list, variables);
    expect(top[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
  });

  test('refuses cursors that were changed, of another order, or of another user', async () => {
    const { pageInfo } = await page({ first: 2 });
    const cursor: string = pageInfo.endCursor;
    const changed = (cursor[0] === 'A' ? 'B' : 'A') + cursor.slice(1);
    for (const [caller, variables] of [
      [owner, { first: 2, after: changed }],
      [owner, { first: 2, after: `${cursor} ` }],
      [owner, { first: 2, after: cursor, order: { direction: 'ASC' } }],
      [owner, { first: 2, after: cursor, filter: { nameContains: 'p' } }],
      [ada, { first: 2, after: cursor }],
    ] as const) {
      const { errors: top } = await harness.run(caller, list, variables);
      expect(top[0]?.extensions?.['code']).toBe('BAD_CURSOR');
    }
  });
});

describe('rows of the earlier backend', () => {
  test('read correctly through every field', async () => {
    const id = crypto.randomUUID();
    const createdAt = '2024-03-01T10:00:00.000Z';
    await harness.putRow('projects', {
      id,
      userId: ada.id,
      name: 'Old',
      status: 'on-hold',
      createdAt,
      updatedAt: createdAt,
      deploymentUrl: 'not a url',
    });
    const data = await harness.must(
      ada,
      'query ($id: ID!) { project(id: $id) { id name description status framework database deploymentUrl repository tags revision createdAt updatedAt owner { id } viewerRole activity { nodes { id } } stats { schemas successRate } } }',
      { id },
    );
    expect(data.project).toEqual({
      id,
      name: 'Old',
      description: null,
      status: 'UNKNOWN',
      framework: null,
      database: null,
      deploymentUrl: 'not a url',
      repository: null,
      tags: [],
      revision: 1,
      createdAt,
      updatedAt: createdAt,
      owner: { id: ada.id },
      viewerRole: 'OWNER',
      activity: { nodes: [] },
      stats: { schemas: 0, successRate: null },
    });
    const { projectUpdate } = await harness.must(ada, update, { id, input: { name: 'Renewed' }, rev: 1 });
    expect(projectUpdate.project).toMatchObject({ name: 'Renewed', revision: 2 });
  });
});

describe('projectDelete', () => {
  const remove = `mutation ($id: ID!, $dryRun: Boolean! = false) { projectDelete(id: $id, dryRun: $dryRun) { deletedId deletedCounts { projects schemas architectures deployments } ${errors} } }`;

  test('counts first, hides at once, removes everything', async () => {
    const { id } = await fakeProject(harness, ada, { name: 'Doomed' });
    const tables = Array.from({ length: 30 }, (_, i) => ({
      name: `t${i}`,
      fields: Array.from({ length: 40 }, (__, f) => ({ name: `f${f}`, type: 'text' })),
    }));
    const { schemaCreate } = await harness.must(
      ada,
      'mutation ($input: SchemaCreateInput!) { schemaCreate(input: $input) { schema { id } userErrors { message } } }',
      { input: { projectId: id, name: 'big', tables } },
    );
    // Two versions of a name share the item that counts them.
    await harness.must(ada, 'mutation ($id: ID!) { schemaVersionCreate(id: $id) { userErrors { message } } }', {
      id: schemaCreate.schema.id,
    });
    const dry = await harness.must(ada, remove, { id, dryRun: true });
    expect(dry.projectDelete).toMatchObject({ deletedId: id, deletedCounts: { projects: 1, schemas: 2, architectures: 0 } });
    expect((await harness.must(ada, read, { id })).project.name).toBe('Doomed');

    await harness.must(ada, remove, { id });
    expect(await harness.must(ada, read, { id })).toEqual({ project: null, node: null });
    expect(
      (await harness.must(ada, 'query ($id: ID!) { databaseSchema(id: $id) { id } }', { id: schemaCreate.schema.id })).databaseSchema,
    ).toBeNull();
    expect(
      (await harness.must(ada, '{ viewer { projects(filter: { nameContains: "Doomed" }) { nodes { id } } } }')).viewer.projects.nodes,
    ).toEqual([]);
    await harness.settled();
    for (const [table, partition] of [
      ['projects', id],
      ['schemas', schemaCreate.schema.id],
      ['schemas', `name#${id}#big`],
    ] as const) {
      expect(await harness.rows(table, partition)).toEqual([]);
    }
  });

  test('goes on after an interruption', async () => {
    const { id } = await fakeProject(harness, ada);
    const [row] = await harness.rows('projects', id);
    await harness.putRow('projects', { ...row, status: 'deleting', updatedAt: '2024-01-01T00:00:00.000Z' });
    await resumeDeletions(harness.services, new AbortController().signal);
    expect(await harness.rows('projects', id)).toEqual([]);
  });

  test('needs the owner', async () => {
    const { id } = await fakeProject(harness, ada);
    const { data } = await harness.run(bob, remove, { id });
    expect(data.projectDelete).toMatchObject({ deletedId: null, deletedCounts: null, userErrors: [{ code: 'NOT_FOUND' }] });
  });
});

describe('projectDuplicate', () => {
  const duplicate = `mutation ($id: ID!, $input: ProjectDuplicateInput) { projectDuplicate(id: $id, input: $input) { project { id name status stats { schemas } schemas { nodes { name version tables { name } } } } ${errors} } }`;

  test('copies what the project designs', async () => {
    const { id } = await fakeProject(harness, ada, { name: 'Original' });
    await harness.must(ada, 'mutation ($input: SchemaCreateInput!) { schemaCreate(input: $input) { userErrors { message } } }', {
      input: { projectId: id, name: 'main', tables: [{ name: 'users', fields: [{ name: 'id', type: 'uuid' }] }] },
    });
    const { projectDuplicate } = await harness.must(ada, duplicate, { id });
    expect(projectDuplicate.project).toMatchObject({
      name: 'Original (copy)',
      status: 'DRAFT',
      stats: { schemas: 1 },
      schemas: { nodes: [{ name: 'main', version: 1, tables: [{ name: 'users' }] }] },
    });
    expect(projectDuplicate.project.id).not.toBe(id);
  });

  test('copies nothing that the viewer may not read', async () => {
    const { id } = await fakeProject(harness, ada);
    expect((await harness.run(bob, duplicate, { id })).data.projectDuplicate.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
});
