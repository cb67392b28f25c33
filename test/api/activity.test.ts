import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect } from '../../src/data/connection.ts';
import { newId } from '../../src/data/ids.ts';
import { scanBudget } from '../../src/data/page.ts';
import { fakeActivity, fakeProject, fakeSchema } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let bob: TestUser;

beforeAll(async () => {
  harness = await createHarness();
  [ada, bob] = await Promise.all([harness.signUp(), harness.signUp({ username: 'Bob' })]);
});
afterAll(() => harness.close());

const errors = 'userErrors { code message field }';
const fields =
  'id action entityType entityId entityName changedFields metadata createdAt actorId actor { id } project { id } entity { id }';
const log = `mutation ($input: ActivityLogInput!, $key: String, $dry: Boolean! = false) { activityLog(input: $input, idempotencyKey: $key, dryRun: $dry) { activity { ${fields} } ${errors} } }`;
const remove = `mutation ($id: ID!) { activityDelete(id: $id) { deletedId deletedCounts { projects } ${errors} } }`;
const list = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $filter: ActivityFilter) { project(id: $id) { activity(first: $first, after: $after, last: $last, before: $before, filter: $filter) { nodes { ${fields} } pageInfo { hasNextPage hasPreviousPage endCursor startCursor scannedCount scanLimitReached } } } }`;

describe('activityLog', () => {
  test('appears in the feed of the project, with everything that was said', async () => {
    const { id } = await fakeProject(harness, ada);
    const input = {
      projectId: id,
      action: ' migrated ',
      entityType: 'DEPLOYMENT',
      entityId: 'release 7',
      entityName: 'Release 7',
      metadata: { rows: 12, tags: ['a', { b: null }] },
    };
    const { activityLog } = await harness.must(ada, log, { input });
    expect(activityLog.activity).toMatchObject({
      action: 'migrated',
      entityType: 'DEPLOYMENT',
      entityId: 'release 7',
      entityName: 'Release 7',
      actorId: ada.id,
      actor: { id: ada.id },
      project: { id },
      entity: null,
    });
    expect(activityLog.activity.metadata).toMatchObject(input.metadata);
    const { project } = await harness.must(ada, list, { id, filter: { action: 'migrated' } });
    expect(project.activity.nodes).toEqual([activityLog.activity]);
  });

  test('without a project only the viewer sees it', async () => {
    const { id } = await fakeActivity(harness, ada, { action: 'slept' });
    const node =
      'query ($id: ID!) { node(id: $id) { id } viewer { activity(filter: { action: "slept" }) { nodes { id entityType entityId } } } }';
    expect(await harness.must(ada, node, { id })).toEqual({
      node: { id },
      viewer: { activity: { nodes: [{ id, entityType: 'CUSTOM', entityId: id }] } },
    });
    expect(await harness.must(bob, node, { id })).toEqual({ node: null, viewer: { activity: { nodes: [] } } });
  });

  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
  test.each([
    ['an empty action', { action: ' ' }, 'input.action'],
    ['a long action', { action: 'x'.repeat(101) }, 'input.action'],
    ['an empty entity', { entityId: '' }, 'input.entityId'],
    ['a line break in a name', { entityName: 'a\nb' }, 'input.entityName'],
    ['large details', { metadata: { a: 'x'.repeat(17_000) } }, 'input.metadata'],
    ['details with a prototype', JSON.parse('{"metadata": {"a": {"__proto__": {"x": 1}}}}') as object, 'input.metadata'],
    ['an empty key in the details', { metadata: { '': 1 } }, 'input.metadata'],
    ['a NUL in the details', { metadata: { a: ['\0'] } }, 'input.metadata'],
    ['a number that the database can not hold', { metadata: { a: [1e300] } }, 'input.metadata'],
    ['an integer that is not exact', { metadata: { a: 2 ** 53 } }, 'input.metadata'],
    ['details that are too deep', { metadata: deep(31) }, 'input.metadata'],
  ])('refuses %s', async (_, input, field) => {
    const { data, errors: top } = await harness.run(ada, log, { input: { action: 'met', ...input } });
    expect(top).toEqual([]);
    expect(data.activityLog.activity).toBeNull();
    expect(data.activityLog.userErrors.map((error: Data) => [error.code, error.field.join('.')])).toEqual([['VALIDATION', field]]);
  });

  test('takes details as deep as the database does', async () => {
    const { id } = await fakeActivity(harness, ada, { metadata: deep(30) });
    const { node } = await harness.must(ada, 'query ($id: ID!) { node(id: $id) { ... on Activity { metadata } } }', { id });
    expect(node.metadata).toMatchObject(deep(30) as object);
  });

  test('a key makes it once, and a dry run not at all', async () => {
    const { id } = await fakeProject(harness, ada);
    const variables = { input: { projectId: id, action: 'met' }, key: crypto.randomUUID() };
    await harness.must(ada, log, { ...variables, dry: true });
    const answers = [await harness.must(ada, log, variables), await harness.must(ada, log, variables)];
    expect(answers[0]).toEqual(answers[1]);
    const { project } = await harness.must(ada, list, { id, filter: { action: 'met' } });
    expect(project.activity.nodes).toHaveLength(1);
  });

  test('needs the role DEVELOPER, and a project that one knows', async () => {
    const { id } = await fakeProject(harness, ada);
    const input = { projectId: id, action: 'met' };
    expect((await harness.run(bob, log, { input })).data.activityLog.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    await harness.putRow('teams', { projectId: id, userId: bob.id, role: 'viewer', createdAt: new Date().toISOString() });
    expect((await harness.run(bob, log, { input })).data.activityLog.userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);
    await harness.putRow('teams', { projectId: id, userId: bob.id, role: 'developer', createdAt: new Date().toISOString() });
    expect((await harness.must(bob, log, { input })).activityLog.activity.actorId).toBe(bob.id);
  });
});

describe('activityDelete', () => {
  test('removes an entry of one’s own, and tells of it', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const { id } = await fakeActivity(harness, ada, { projectId });
    expect((await harness.must(ada, remove, { id })).activityDelete).toMatchObject({ deletedId: id, deletedCounts: { projects: 0 } });
    const { project } = await harness.must(ada, list, { id: projectId });
    expect(project.activity.nodes.map((node: Data) => [node.action, node.entityType])).toEqual([
      ['deleted', 'CUSTOM'],
      ['created', 'PROJECT'],
    ]);
    expect((await harness.run(ada, remove, { id })).data.activityDelete.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  test('keeps entries of others, and those that the API wrote', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    await harness.putRow('teams', { projectId, userId: bob.id, role: 'admin', createdAt: new Date().toISOString() });
    const { id } = await fakeActivity(harness, ada, { projectId });
    const { project } = await harness.must(ada, list, { id: projectId, filter: { entityType: 'PROJECT' } });
    for (const [user, target] of [
      [bob, id],
      [ada, project.activity.nodes[0].id],
      [ada, newId('act')],
      [ada, `idempotency#${ada.id}#x`],
    ] as const) {
      const { data } = await harness.run(user, remove, { id: target });
      expect(data.activityDelete).toMatchObject({ deletedId: null, userErrors: [{ code: 'NOT_FOUND' }] });
    }
    expect((await harness.must(ada, list, { id: projectId })).project.activity.nodes).toHaveLength(2);
  });

  test('can not be unlocked by details that pretend', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    await fakeActivity(harness, ada, { projectId, metadata: { custom: false } });
    const { project } = await harness.must(ada, list, { id: projectId, filter: { action: 'met' } });
    expect((await harness.must(ada, remove, { id: project.activity.nodes[0].id })).activityDelete.deletedId).toBe(
      project.activity.nodes[0].id,
    );
  });
});

describe('filters of the feed', () => {
  let projectId: string;

  beforeAll(async () => {
    projectId = (await fakeProject(harness, ada)).id;
    await harness.putRow('teams', { projectId, userId: bob.id, role: 'developer', createdAt: new Date().toISOString() });
    await fakeSchema(harness, ada, { projectId, name: 'one' });
    await fakeSchema(harness, bob, { projectId, name: 'two' });
    await fakeActivity(harness, bob, { projectId });
  });

  const found = async (filter: object): Promise<string[]> =>
    (await harness.must(ada, list, { id: projectId, filter })).project.activity.nodes.map(
      (node: Data) => `${node.action} ${node.entityType} ${node.actorId === ada.id ? 'ada' : 'bob'}`,
    );

  test.each([
    [{}, ['met CUSTOM bob', 'created SCHEMA bob', 'created SCHEMA ada', 'created PROJECT ada']],
    [{ entityType: 'SCHEMA' }, ['created SCHEMA bob', 'created SCHEMA ada']],
    [{ action: 'met' }, ['met CUSTOM bob']],
    [{ action: 'MET' }, []],
    [{ entityType: null, action: 'created' }, ['created SCHEMA bob', 'created SCHEMA ada', 'created PROJECT ada']],
  ])('%j', async (filter, expected) => {
    expect(await found(filter)).toEqual(expected);
  });

  test('by actor, alone and with others', async () => {
    expect(await found({ actorId: bob.id })).toEqual(['met CUSTOM bob', 'created SCHEMA bob']);
    expect(await found({ actorId: bob.id, entityType: 'SCHEMA', action: 'created' })).toEqual(['created SCHEMA bob']);
  });
});

describe('a feed of more rows than one page may scan', () => {
  const total = scanBudget * 2 + 400;
  let projectId: string;
  let wanted: string[];

  beforeAll(async () => {
    projectId = (await fakeProject(harness, ada)).id;
    const rows = Array.from({ length: total }, (_, i) => ({
      ...{ id: newId('act'), userId: ada.id, projectId, entityType: 'custom', entityId: 'x' },
      action: i % 700 === 50 ? 'rare' : 'common',
      createdAt: new Date(Date.now() - 60_000 - i).toISOString(),
    }));
    wanted = rows.filter(({ action }) => action === 'rare').map(({ id }) => id);
    await connect(harness.database, { signal: AbortSignal.timeout(30_000) }).writeAll(rows.map((put) => ({ table: 'activity', put })));
  });

  test.each([1, 3, 100])('%i a page: nothing is lost, nothing comes twice, and a short page says so', async (size) => {
    const seen: string[] = [];
    let after: string | null = null;
    let limited = 0;
    for (let pages = 0; pages < 20; pages += 1) {
      const { activity } = (await harness.must(ada, list, { id: projectId, first: size, after, filter: { action: 'rare' } })).project;
      seen.push(...activity.nodes.map((node: Data) => node.id));
      expect(activity.pageInfo.scannedCount).toBeLessThanOrEqual(scanBudget);
      if (activity.nodes.length < size && activity.pageInfo.hasNextPage) expect(activity.pageInfo.scanLimitReached).toBe(true);
      if (activity.pageInfo.scanLimitReached) limited += 1;
      if (!activity.pageInfo.hasNextPage) break;
      expect(activity.pageInfo.endCursor).toEqual(expect.any(String));
      after = activity.pageInfo.endCursor as string;
    }
    expect(seen).toEqual(wanted);
    if (size > 1) expect(limited).toBeGreaterThan(0);
  });

  test('backward as well', async () => {
    const seen: string[] = [];
    let before: string | null = null;
    for (let pages = 0; pages < 20; pages += 1) {
      const { activity } = (await harness.must(ada, list, { id: projectId, last: 2, before, filter: { action: 'rare' } })).project;
      seen.unshift(...activity.nodes.map((node: Data) => node.id));
      if (!activity.pageInfo.hasPreviousPage) break;
      before = activity.pageInfo.startCursor as string;
    }
    expect(seen).toEqual(wanted);
  });
});

test('entries of the earlier backend read through every field', async () => {
  const { id: projectId } = await fakeProject(harness, ada);
  const row = {
    id: crypto.randomUUID(),
    createdAt: new Date().toISOString(),
    userId: 'user_gone',
    projectId,
    action: 'CREATE',
    entityType: 'Blueprint',
    entityId: 'b-1',
  };
  await harness.putRow('activity', row);
  const { project } = await harness.must(ada, list, { id: projectId, filter: { action: 'CREATE' } });
  expect(project.activity.nodes).toEqual([
    {
      id: row.id,
      action: 'CREATE',
      entityType: 'UNKNOWN',
      entityId: 'b-1',
      entityName: null,
      changedFields: [],
      metadata: null,
      createdAt: row.createdAt,
      actorId: 'user_gone',
      actor: null,
      project: { id: projectId },
      entity: null,
    },
  ]);
});
