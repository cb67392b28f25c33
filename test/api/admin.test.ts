import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AdminResolvers } from '../../src/graphql/generated.ts';
import { newId } from '../../src/data/ids.ts';
import {
  fakeArchitecture,
  fakeDeployment,
  fakeEvent,
  fakeIntegration,
  fakeOldGeneration,
  fakePage,
  fakeProject,
  fakeSchema,
} from '../support/factories.ts';
import { createHarness, type Caller, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let admin: TestUser;
let adminKey: Caller;
/** Ids of Ada's objects. */
let objects: Record<'project' | 'deployment' | 'generation' | 'event' | 'activity' | 'integration', string>;
const metric = `admin.${crypto.randomUUID()}`;
const errors = 'userErrors { code message }';

async function grant(user: TestUser): Promise<void> {
  const [row] = await harness.rows('users', user.id);
  await harness.putRow('users', { ...row, role: 'admin' });
}

beforeAll(async () => {
  harness = await createHarness();
  [ada, admin] = await Promise.all([harness.signUp({ username: 'Ada' }), harness.signUp({ username: 'Root' })]);
  await grant(admin);
  const secret = `mutation { apiKeyCreate(input: { name: "k", scopes: [READ, WRITE] }) { secret ${errors} } }`;
  adminKey = { token: (await harness.must(admin, secret)).apiKeyCreate.secret };
  const { id: projectId } = await fakeProject(harness, ada, { status: 'ACTIVE' });
  await fakeSchema(harness, ada, { projectId });
  await fakeArchitecture(harness, ada, { projectId });
  await fakePage(harness, ada, { projectId });
  const generation = newId('gen');
  await fakeOldGeneration(harness, ada, { projectId, id: generation, status: 'pending' });
  const activity = newId('act');
  const now = new Date().toISOString();
  await harness.putRow('activity', {
    id: activity,
    createdAt: now,
    userId: ada.id,
    projectId,
    action: 'met',
    entityType: 'integration',
    entityId: projectId,
  });
  objects = {
    project: projectId,
    deployment: (await fakeDeployment(harness, ada, { projectId, environment: 'PRODUCTION' })).id,
    generation,
    event: (await fakeEvent(harness, ada, { projectId, metric })).id,
    activity,
    integration: (await fakeIntegration(harness, ada, { projectId })).id,
  };
});
afterAll(() => harness.close());

/** The lists: with arguments, the object of Ada's that is in it, and what may not be seen below. Exhaustive, as the type says. */
const lists: Record<
  Exclude<keyof AdminResolvers, 'userByEmail' | '__typename' | '__isTypeOf'>,
  { args: string; has: keyof typeof objects; below: string }
> = {
  projectsByStatus: {
    args: 'status: ACTIVE',
    has: 'project',
    below:
      'schemas { nodes { id } } architectures { nodes { id } } documentation { nodes { id } } deployments { nodes { id } } codeGenerations { nodes { id } } metricEvents { nodes { id } } activity { nodes { id } } members { nodes { name } } invitations { nodes { id } } integrations { nodes { id } } viewerRole',
  },
  deploymentsByEnvironment: { args: 'environment: PRODUCTION', has: 'deployment', below: 'project { id } previousSuccessful { id }' },
  codeGenerationsByStatus: { args: 'status: PENDING', has: 'generation', below: 'project { id }' },
  metricEvents: { args: `metric: "${metric}"`, has: 'event', below: 'project { id }' },
  activityByEntityType: { args: 'entityType: INTEGRATION', has: 'activity', below: 'project { id } entity { id }' },
  integrationsByType: { args: 'type: GITHUB', has: 'integration', below: 'project { id }' },
};

describe.each(Object.entries(lists))('admin.%s', (field, { args, has, below }) => {
  const document = (selection: string): string =>
    `query ($first: Int, $after: String) { admin { it: ${field}(${args}, first: $first, after: $after) { nodes { ${selection} } pageInfo { hasNextPage endCursor } } } }`;

  /** Reads all pages: other tests have their rows in these lists too. */
  async function all(selection: string, first: number): Promise<Data[]> {
    const found: Data[] = [];
    for (let after: string | null = null; ;) {
      const { it } = (await harness.must(admin, document(selection), { first, after })).admin;
      found.push(...it.nodes);
      if (!it.pageInfo.hasNextPage) return found;
      after = it.pageInfo.endCursor as string;
    }
  }

  test('shows platform admins what all tenants have, each once', async () => {
    const ids = (await all('id', 100)).map(({ id }) => id);
    expect(ids).toContain(objects[has]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('leaves what lies below to those who may see it', async () => {
    const found = (await all(`id ${below}`, 100)).find(({ id }) => id === objects[has]);
    const { id, ...rest } = found as Record<string, unknown>;
    expect(id).toBe(objects[has]);
    expect(Object.values(rest).length).toBeGreaterThan(0);
    expect(Object.values(rest).every((value) => value === null)).toBe(true);
  });

  test('is for nobody else', async () => {
    for (const [caller, code] of [
      [null, 'UNAUTHENTICATED'],
      [ada, 'FORBIDDEN'],
      [adminKey, 'FORBIDDEN'],
    ] as const) {
      const { data, errors: top } = await harness.run(caller, document('id'), { first: 1 });
      expect(data).toEqual({ admin: null });
      expect(top[0]?.extensions?.['code']).toBe(code);
    }
  });

  test('gives cursors that nobody else can use', async () => {
    const other = await harness.signUp();
    await grant(other);
    const { it } = (await harness.must(admin, document('id'), { first: 1 })).admin;
    const { errors: top } = await harness.run(other, document('id'), { first: 1, after: it.pageInfo.endCursor });
    expect(top[0]?.extensions?.['code']).toBe('BAD_CURSOR');
  });
});

describe('admin.userByEmail', () => {
  const find =
    'query ($email: String!) { admin { userByEmail(email: $email) { id username email role projects { nodes { id } } apiKeys { nodes { id } } settings { theme } activity { nodes { id } } } } }';

  test('finds an account in any case of letters, and nothing below it', async () => {
    for (const email of [ada.email, ada.email.toUpperCase(), ` ${ada.email} `]) {
      const { admin: answer } = await harness.must(admin, find, { email });
      expect(answer.userByEmail).toMatchObject({
        id: ada.id,
        username: 'Ada',
        projects: null,
        apiKeys: null,
        settings: null,
        activity: null,
      });
    }
  });

  test('finds an account of the earlier backend, as its address was typed', async () => {
    const id = crypto.randomUUID();
    const email = `Old.${id}@Example.com`;
    const now = new Date().toISOString();
    await harness.putRow('users', { id, email, username: 'old', passwordHash: 'secret', profile: {}, createdAt: now, updatedAt: now });
    const { admin: answer } = await harness.must(admin, find, { email });
    expect(answer.userByEmail).toMatchObject({ id, username: 'old' });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  test.each(['nobody@example.com', '', 'not an address', 'x'.repeat(3_000)])('gives null for %j', async (email) => {
    expect((await harness.must(admin, find, { email })).admin.userByEmail).toBeNull();
  });
});

describe('arguments', () => {
  test.each([
    ['an empty metric', 'metricEvents(metric: "")'],
    ['a metric that is no key', `metricEvents(metric: "${'m'.repeat(3_000)}")`],
    ['too many', 'projectsByStatus(status: DRAFT, first: 101)'],
    ['both directions', 'projectsByStatus(status: DRAFT, first: 1, last: 1)'],
  ])('refuses %s', async (_, field) => {
    const { errors: top } = await harness.run(admin, `{ admin { ${field} { nodes { id } } } }`);
    expect(top[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
  });

  test('a project under deletion is in no list', async () => {
    const { id } = await fakeProject(harness, ada, { status: 'ACTIVE' });
    await harness.must(ada, `mutation ($id: ID!) { projectDelete(id: $id) { ${errors} } }`, { id });
    const { admin: answer } = await harness.must(admin, '{ admin { projectsByStatus(status: ACTIVE, first: 100) { nodes { id } } } }');
    expect(answer.projectsByStatus.nodes).not.toContainEqual({ id });
  });

  /** Reads all pages: the tables are shared with other tests, which make many integrations. */
  async function allIntegrations(enabled: boolean): Promise<{ id: string; enabled: boolean }[]> {
    const document =
      'query ($enabled: Boolean, $after: String) { admin { integrationsByType(type: GITHUB, enabled: $enabled, first: 100, after: $after) { nodes { id enabled } pageInfo { hasNextPage endCursor } } } }';
    const nodes: { id: string; enabled: boolean }[] = [];
    let after: string | undefined;
    do {
      const page: Data = (await harness.must(admin, document, { enabled, after })).admin.integrationsByType;
      nodes.push(...page.nodes);
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined;
    } while (after !== undefined);
    return nodes;
  }

  test('integrations by whether they are enabled', async () => {
    const off = await fakeIntegration(harness, ada, { projectId: objects.project, enabled: false });
    for (const [enabled, has, hasNot] of [
      [true, objects.integration, off.id],
      [false, off.id, objects.integration],
    ] as const) {
      const nodes = await allIntegrations(enabled);
      expect(nodes.every((node) => node.enabled === enabled)).toBe(true);
      expect(nodes).toContainEqual({ id: has, enabled });
      expect(nodes.map((node) => node.id)).not.toContain(hasNot);
    }
  });

  test('the role ends when it is taken', async () => {
    const other = await harness.signUp();
    await grant(other);
    await harness.must(other, '{ admin { projectsByStatus(status: DRAFT, first: 1) { nodes { id } } } }');
    const [row] = await harness.rows('users', other.id);
    await harness.putRow('users', { ...row, role: 'user' });
    const { errors: top } = await harness.run(other, '{ admin { projectsByStatus(status: DRAFT, first: 1) { nodes { id } } } }');
    expect(top[0]?.extensions?.['code']).toBe('FORBIDDEN');
  });
});
