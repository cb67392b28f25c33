/** Rows that have expired are gone for every reader, though DynamoDB removes them only later; new rows carry the expiry that is configured. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '../../src/data/ids.ts';
import { fakeEvent, fakeOldGeneration, fakeProject } from '../support/factories.ts';
import { createHarness, uniqueEmail, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let admin: TestUser;
let projectId: string;

/** Ids of one expired row and of one that has not, of each kind. */
let expired: Record<'evt' | 'act' | 'gen', string>;
let live: Record<'evt' | 'act' | 'gen', string>;

const seconds = (): number => Math.floor(Date.now() / 1000);
const metric = `ttl.${crypto.randomUUID()}`;

beforeAll(async () => {
  harness = await createHarness();
  [ada, admin] = await Promise.all([harness.signUp(), harness.signUp()]);
  const [row] = await harness.rows('users', admin.id);
  await harness.putRow('users', { ...row, role: 'admin' });
  projectId = (await fakeProject(harness, ada)).id;
  const put = async (ttl: number): Promise<typeof live> => {
    const ids = { evt: newId('evt'), act: newId('act'), gen: newId('gen') };
    const now = new Date().toISOString();
    const common = { userId: ada.id, projectId, ttl };
    await harness.putRow('analytics', { ...common, id: ids.evt, timestamp: now, metric, value: 1 });
    await harness.putRow('activity', {
      ...common,
      id: ids.act,
      createdAt: now,
      action: 'met',
      entityType: 'custom',
      entityId: ids.act,
      metadata: { custom: true },
    });
    await fakeOldGeneration(harness, ada, { ...common, id: ids.gen, type: 'api', status: 'failed', error: metric });
    return ids;
  };
  expired = await put(seconds() - 1);
  live = await put(seconds() + 3_600);
});
afterAll(() => harness.close());

describe('an expired row is not found', () => {
  test.each(['evt', 'act', 'gen'] as const)('%s by node and nodes', async (kind) => {
    const { node, nodes } = await harness.must(ada, 'query ($id: ID!, $ids: [ID!]!) { node(id: $id) { id } nodes(ids: $ids) { id } }', {
      id: expired[kind],
      ids: [live[kind], expired[kind]],
    });
    expect({ node, nodes }).toEqual({ node: null, nodes: [{ id: live[kind] }, null] });
  });

  test('by a typed look-up', async () => {
    const { a, b } = await harness.must(
      ada,
      'query ($a: ID!, $b: ID!) { a: codeGeneration(id: $a) { id } b: codeGeneration(id: $b) { id } }',
      { a: expired.gen, b: live.gen },
    );
    expect({ a, b }).toEqual({ a: null, b: { id: live.gen } });
  });

  test('as the entity of an activity', async () => {
    const id = newId('act');
    await harness.putRow('activity', {
      id,
      createdAt: new Date().toISOString(),
      userId: ada.id,
      action: 'generated',
      entityType: 'code-generation',
      entityId: expired.gen,
    });
    const { node } = await harness.must(ada, 'query ($id: ID!) { node(id: $id) { ... on Activity { entityId entity { id } } } }', { id });
    expect(node).toEqual({ entityId: expired.gen, entity: null });
  });

  test('to be deleted', async () => {
    const { data } = await harness.run(ada, 'mutation ($id: ID!) { activityDelete(id: $id) { deletedId userErrors { code } } }', {
      id: expired.act,
    });
    expect(data.activityDelete).toEqual({ deletedId: null, userErrors: [{ code: 'NOT_FOUND' }] });
  });
});

describe('an expired row is in no list and no count', () => {
  const connection = '{ nodes { id } edges { node { id } } countUpTo { value } }';
  const paths = {
    'project.metricEvents': ['evt', `{ project(id: $id) { it: metricEvents(first: 100) ${connection} } }`],
    'project.metricEvents(metric)': ['evt', `{ project(id: $id) { it: metricEvents(first: 100, metric: $metric) ${connection} } }`],
    'viewer.metricEvents': ['evt', `{ viewer { it: metricEvents(first: 100) ${connection} } }`],
    'project.activity': ['act', `{ project(id: $id) { it: activity(first: 100) ${connection} } }`],
    'project.activity(filter)': ['act', `{ project(id: $id) { it: activity(first: 100, filter: { action: "met" }) ${connection} } }`],
    'viewer.activity': ['act', `{ viewer { it: activity(first: 100) ${connection} } }`],
    'home.recentActivity': ['act', `{ home { it: recentActivity(first: 100) ${connection} } }`],
    'dashboard.recentActivity': ['act', `{ dashboard { it: recentActivity(first: 100) ${connection} } }`],
    'project.codeGenerations': ['gen', `{ project(id: $id) { it: codeGenerations(first: 100) ${connection} } }`],
    'viewer.codeGenerations': ['gen', `{ viewer { it: codeGenerations(first: 100) ${connection} } }`],
    'admin.metricEvents': ['evt', `{ admin { it: metricEvents(metric: $metric, first: 100) ${connection} } }`],
    'admin.activityByEntityType': ['act', `{ admin { it: activityByEntityType(entityType: CUSTOM, first: 100) ${connection} } }`],
    'admin.codeGenerationsByStatus': ['gen', `{ admin { it: codeGenerationsByStatus(status: FAILED, first: 100) ${connection} } }`],
  } as const;

  test.each(Object.entries(paths))('%s', async (path, [kind, selection]) => {
    const caller = path.startsWith('admin') ? admin : ada;
    const used = [...(selection.includes('$id') ? ['$id: ID!'] : []), ...(selection.includes('$metric') ? ['$metric: String!'] : [])];
    const head = used.length > 0 ? `query (${used.join(', ')})` : 'query';
    const data = await harness.must(caller, `${head} ${selection}`, { id: projectId, metric });
    const { it } = Object.values(data as Record<string, Data>)[0];
    const ids = it.nodes.map((node: Data) => node.id);
    expect(ids).toContain(live[kind]);
    expect(ids).not.toContain(expired[kind]);
    // Lists that mix tenants also hold what other tests made.
    if (!path.startsWith('admin.a') && !path.startsWith('admin.c')) expect(it.countUpTo.value).toBe(ids.length);
    expect(it.edges.map((edge: Data) => edge.node.id)).toEqual(ids);
  });

  test('usage', async () => {
    const eve = await harness.signUp();
    const { id } = await fakeProject(harness, eve);
    const usage = async (): Promise<Data> =>
      (await harness.must(eve, '{ viewer { usage { metricEvents { value precision } actions { value precision } } } }')).viewer.usage;
    const before = await usage();
    const now = new Date().toISOString();
    for (const ttl of [1, seconds() + 3_600]) {
      await harness.putRow('analytics', { id: newId('evt'), timestamp: now, userId: eve.id, projectId: id, metric, value: 1, ttl });
      await harness.putRow('activity', {
        id: newId('act'),
        createdAt: now,
        userId: eve.id,
        action: 'met',
        entityType: 'custom',
        entityId: 'x',
        ttl,
      });
    }
    expect(await usage()).toEqual({
      metricEvents: { value: Number(before.metricEvents.value) + 1, precision: 'EXACT' },
      actions: { value: Number(before.actions.value) + 1, precision: 'EXACT' },
    });
  });
});

describe('what is no object expires too', () => {
  test('an idempotency key: the request is done again', async () => {
    const key = crypto.randomUUID();
    const create =
      'mutation ($name: String!, $key: String) { projectCreate(input: { name: $name }, idempotencyKey: $key) { project { id } userErrors { code } } }';
    const first = await harness.must(ada, create, { name: 'Once', key });
    const id = `idempotency#${ada.id}#${key}`;
    const [row] = await harness.rows('activity', id);
    expect(row?.['ttl']).toBeGreaterThan(seconds() + 86_000);
    expect(row?.['ttl']).toBeLessThanOrEqual(seconds() + 86_400);
    await harness.putRow('activity', { ...row, ttl: seconds() - 1 });
    const second = await harness.must(ada, create, { name: 'Another input', key });
    expect(second.projectCreate.project.id).not.toBe(first.projectCreate.project.id);
    expect(await harness.must(ada, create, { name: 'Another input', key })).toEqual(second);
  });

  test('a session: its tokens are refused', async () => {
    const eve = await harness.signUp();
    const sessions = await harness.rows('activity', `session#${sessionOf(eve.token)}`);
    expect(sessions).toHaveLength(1);
    const past = { expiresAt: Date.now() - 1_000, ttl: seconds() - 1 };
    await harness.putRow('activity', { ...sessions[0], ...past });
    const { data } = await harness.run(
      null,
      'mutation ($t: String!) { sessionRefresh(refreshToken: $t) { accessToken userErrors { code } } }',
      { t: eve.refreshToken },
    );
    expect(data.sessionRefresh).toEqual({ accessToken: null, userErrors: [{ code: 'INVALID_TOKEN' }] });
  });
});

/** Reads the id of the session from an access token. */
function sessionOf(token: string): string {
  return String((JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sid: unknown }).sid);
}

describe('new rows expire when the settings say', () => {
  test.each([
    ['by default', undefined, { activity: 365, analytics: 90 }],
    ['as configured', { activity: 7, analytics: 2, codeGenerations: 1 }, { activity: 7, analytics: 2 }],
  ])('%s', async (_, ttlDays, days) => {
    const own = await createHarness(ttlDays && { ttlDays });
    const eve = await own.signUp({ email: uniqueEmail() });
    const { id } = await fakeProject(own, eve);
    const event = await fakeEvent(own, eve, { projectId: id });
    const [stored] = await own.rows('analytics', event.id);
    const in_ = (count: number): number => seconds() + count * 86_400;
    expect(Math.abs(Number(stored?.['ttl']) - in_(days.analytics))).toBeLessThan(60);
    expect(event.expiresAt).toBe(new Date(Number(stored?.['ttl']) * 1000).toISOString());
    const { viewer } = await own.must(eve, '{ viewer { activity { nodes { id } } } }');
    for (const node of viewer.activity.nodes) {
      const [row] = await own.rows('activity', node.id);
      expect(Math.abs(Number(row?.['ttl']) - in_(days.activity))).toBeLessThan(60);
    }
    await own.close();
  });
});
