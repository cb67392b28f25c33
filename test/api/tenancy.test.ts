/**
 * One owner with an object of every kind, and strangers who look for them on every path. The objects are a table over the
 * prefixes of ids, so a new kind of object without a row does not compile.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getNamedType, isEnumType, isNonNullType, isObjectType, isScalarType, type GraphQLField } from 'graphql';
import { idPrefixes, type IdPrefix } from '../../src/data/tables.ts';
import { newId, prefixOf } from '../../src/data/ids.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import {
  fakeActivity,
  fakeArchitecture,
  fakeDeployment,
  fakeEvent,
  fakeIntegration,
  fakeInvitation,
  fakeOldGeneration,
  fakePage,
  fakeProject,
  fakeSchema,
} from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

interface Kind {
  type: string;
  /** Makes the owner's object in a project and returns its id. */
  make: (projectId: string) => Promise<string>;
  /** The typed look-up, where there is one. */
  lookUp: string | null;
}

let harness: Harness;
let ada: TestUser;
let stranger: TestUser;
/** Shares one project of Ada's, and must not see the other. */
let guest: TestUser;
const schema = createSchema();
const errors = 'userErrors { code message }';
const secret = 'XYZZY-2f8a';

const kinds: Record<IdPrefix, Kind> = {
  prj: { type: 'Project', lookUp: 'project', make: (projectId) => Promise.resolve(projectId) },
  sch: {
    type: 'DatabaseSchema',
    lookUp: 'databaseSchema',
    make: async (projectId) => (await fakeSchema(harness, ada, { projectId, name: secret })).id,
  },
  arc: {
    type: 'Architecture',
    lookUp: 'architecture',
    make: async (projectId) => (await fakeArchitecture(harness, ada, { projectId, name: secret })).id,
  },
  gen: {
    type: 'CodeGeneration',
    lookUp: 'codeGeneration',
    make: async (projectId) => (await fakeOldGeneration(harness, ada, { id: newId('gen'), projectId, prompt: secret })).id,
  },
  dep: {
    type: 'Deployment',
    lookUp: 'deployment',
    make: async (projectId) => {
      const { id } = await fakeDeployment(harness, ada, { projectId, version: secret });
      await harness.must(ada, `mutation ($id: ID!) { deploymentLogAppend(id: $id, entries: [{ message: "${secret}" }]) { ${errors} } }`, {
        id,
      });
      return id as string;
    },
  },
  evt: { type: 'MetricEvent', lookUp: null, make: async (projectId) => (await fakeEvent(harness, ada, { projectId, metric: secret })).id },
  act: { type: 'Activity', lookUp: null, make: async (projectId) => (await fakeActivity(harness, ada, { projectId, action: secret })).id },
  doc: {
    type: 'DocumentationPage',
    lookUp: 'documentationPage',
    make: async (projectId) => (await fakePage(harness, ada, { projectId, title: secret })).id,
  },
  inv: {
    type: 'Invitation',
    lookUp: null,
    make: async (projectId) => (await fakeInvitation(harness, ada, { projectId, email: `${crypto.randomUUID()}@example.com` })).id,
  },
  int: {
    type: 'Integration',
    lookUp: 'integration',
    make: async (projectId) => (await fakeIntegration(harness, ada, { projectId, name: secret })).id,
  },
  usr: { type: 'User', lookUp: null, make: () => Promise.resolve(ada.id) },
  key: {
    type: 'ApiKey',
    lookUp: null,
    make: async () =>
      (await harness.must(ada, `mutation { apiKeyCreate(input: { name: "${secret}", scopes: [READ] }) { apiKey { id } ${errors} } }`))
        .apiKeyCreate.apiKey.id,
  },
};

const prefixes = Object.keys(kinds) as IdPrefix[];
let hidden: Record<IdPrefix, string>;
/** Bare ids, as rows of the earlier backend have them. */
let old: { lookUp: string; id: string }[];
let shared: string;
let strangers: { project: string; page: string; schema: string };

beforeAll(async () => {
  harness = await createHarness();
  [ada, stranger, guest] = await Promise.all([harness.signUp({ username: secret }), harness.signUp(), harness.signUp()]);
  await harness.must(ada, `mutation { settingsUpdate(input: { preferences: { note: "${secret}" } }) { ${errors} } }`);
  const { id: projectId } = await fakeProject(harness, ada, { name: secret });
  hidden = Object.fromEntries(
    await Promise.all(prefixes.map(async (prefix) => [prefix, await kinds[prefix].make(projectId)])),
  ) as typeof hidden;
  shared = (await fakeProject(harness, ada, { name: 'Shared' })).id;
  await Promise.all((['sch', 'arc', 'gen', 'dep', 'evt', 'doc', 'act'] as const).flatMap((prefix) => [kinds[prefix].make(shared)]));
  await Promise.all((['arc', 'gen', 'dep', 'evt', 'doc', 'act'] as const).map((prefix) => kinds[prefix].make(shared)));
  await fakeSchema(harness, ada, { projectId: shared, name: 'second' });
  await harness.putRow('teams', { projectId: shared, userId: guest.id, role: 'viewer', createdAt: new Date().toISOString() });
  const own = (await fakeProject(harness, stranger)).id;
  strangers = {
    project: own,
    page: (await fakePage(harness, stranger, { projectId: own })).id,
    schema: (await fakeSchema(harness, stranger, { projectId: own })).id,
  };
  const now = new Date().toISOString();
  const tablesOfOld = {
    databaseSchema: 'schemas',
    architecture: 'architectures',
    deployment: 'deployments',
    documentationPage: 'documentation',
    integration: 'integrations',
    codeGeneration: 'codeGenerations',
  } as const;
  old = [];
  for (const [lookUp, table] of Object.entries(tablesOfOld)) {
    const id = crypto.randomUUID();
    const row = {
      id,
      userId: ada.id,
      projectId,
      name: secret,
      title: secret,
      type: 'github',
      category: 'c',
      version: 1,
      status: 'success',
      environment: 'staging',
      enabled: 'true',
      config: {},
      createdAt: now,
      updatedAt: now,
    };
    await harness.putRow(table, row);
    old.push({ lookUp, id });
  }
});
afterAll(() => harness.close());

const people = (): TestUser[] => [stranger, guest];

describe.each(prefixes)('%s', (prefix) => {
  test('is an object of the kind that its id says, and its owner finds it', async () => {
    expect(prefixOf(hidden[prefix])).toBe(prefix);
    const { node } = await harness.must(ada, 'query ($id: ID!) { node(id: $id) { __typename id } }', { id: hidden[prefix] });
    expect(node).toEqual({ __typename: kinds[prefix].type, id: hidden[prefix] });
  });

  test('is not there for others, by node, nodes and its typed look-up', async () => {
    const { lookUp } = kinds[prefix];
    const typed = lookUp ? `typed: ${lookUp}(id: $id) { id }` : '';
    for (const caller of [null, ...people()]) {
      const { data, errors: top } = await harness.run(
        caller,
        `query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } ${typed} }`,
        { id: hidden[prefix] },
      );
      // An anonymous caller may be told to sign in; nobody is told more.
      if (caller) expect(top).toEqual([]);
      else expect(top.every(({ extensions }) => extensions?.['code'] === 'UNAUTHENTICATED')).toBe(true);
      expect(data?.node ?? null).toBeNull();
      expect(data?.nodes ?? [null]).toEqual([null]);
      expect(data?.typed ?? null).toBeNull();
    }
  });

  test('is not there as the entity of an activity of one’s own', async () => {
    const document = `mutation ($id: ID!) { activityLog(input: { action: "peek", entityId: $id, entityType: PROJECT }) { activity { entityId entity { id } } ${errors} } }`;
    for (const caller of people()) {
      const { activityLog } = await harness.must(caller, document, { id: hidden[prefix] });
      expect(activityLog.activity).toEqual({ entityId: hidden[prefix], entity: null });
    }
  });

  test('can not be told from an id that never was', async () => {
    const made = hidden[prefix];
    const missing = `${made.slice(0, -4)}${made.endsWith('zzzz') ? 'yyyy' : 'zzzz'}`;
    const document = 'query ($id: ID!) { node(id: $id) { id } }';
    const [real, never] = await Promise.all([made, missing].map((id) => harness.run(stranger, document, { id })));
    expect({ data: real?.data, errors: real?.errors }).toEqual({ data: never?.data, errors: never?.errors });
  });
});

test('every kind of id of the catalogue has its row', () => {
  expect(prefixes.toSorted()).toEqual(Object.keys(idPrefixes).toSorted());
});

test('rows with bare ids are as hidden', async () => {
  for (const { lookUp, id } of old) {
    const document = `query ($id: ID!) { it: ${lookUp}(id: $id) { id } }`;
    expect((await harness.must(ada, document, { id })).it).toEqual({ id });
    for (const caller of people()) expect((await harness.must(caller, document, { id })).it).toBeNull();
  }
});

/** Writes a selection of a field: all its scalars, and those of the nodes of a connection. */
function selectionOf(field: GraphQLField<unknown, unknown>, depth = 0): string | null {
  const type = getNamedType(field.type);
  if (field.args.some((arg) => isNonNullType(arg.type) && arg.defaultValue === undefined)) return null;
  if (isScalarType(type) || isEnumType(type)) return field.name;
  if (!isObjectType(type) || depth > 2) return null;
  const wanted = Object.values(type.getFields()).filter(({ name }) => !['edges', 'project', 'owner', 'pageInfo'].includes(name));
  const inner = wanted.flatMap((child) => selectionOf(child, depth + 1) ?? []);
  return inner.length > 0 ? `${field.name} { ${inner.join(' ')} }` : null;
}

const fieldsOf = (name: string): GraphQLField<unknown, unknown>[] => {
  const type = schema.getType(name);
  return isObjectType(type) ? Object.values(type.getFields()) : [];
};

describe('every field of User', () => {
  const open = ['id', 'username', 'profile'];
  const closed = fieldsOf('User').filter(({ name }) => !open.includes(name));

  test.each(closed.map((field) => [field.name, selectionOf(field)]))('%s is null for people who share a project', async (_, selection) => {
    expect(selection).not.toBeNull();
    const { project } = await harness.must(guest, `query ($id: ID!) { project(id: $id) { owner { id ${selection} } } }`, { id: shared });
    const { id, ...rest } = project.owner as Record<string, unknown>;
    expect(id).toBe(ada.id);
    expect(Object.values(rest)).toEqual([null]);
  });
});

test('what others see of themselves holds nothing of hers', async () => {
  for (const caller of people()) {
    const own = fieldsOf('User').flatMap((field) => selectionOf(field) ?? []);
    const { data } = await harness.run(
      caller,
      `{ viewer { ${own.join(' ')} } home { recentActivity { nodes { id } } recentProjects { nodes { id } } } dashboard { recentDeployments { nodes { id } } stats { projects schemas deployments documentation } } }`,
    );
    const text = JSON.stringify(data);
    for (const prefix of prefixes)
      if (prefix !== 'usr') expect(text.replaceAll(`"entityId":"${hidden[prefix]}"`, '')).not.toContain(hidden[prefix]);
    expect(text).not.toContain(secret);
    expect(data.dashboard.stats).toEqual(
      caller === stranger
        ? { projects: 1, schemas: 1, deployments: 0, documentation: 1 }
        : { projects: 0, schemas: 0, deployments: 0, documentation: 0 },
    );
  }
});

describe('a cursor of somebody else', () => {
  const lists = (type: string): string[] =>
    fieldsOf(type).flatMap((field) => (getNamedType(field.type).name.endsWith('Connection') && selectionOf(field) ? [field.name] : []));

  test('is refused in every list of the viewer', async () => {
    let refused = 0;
    for (const field of lists('User')) {
      const document = (head: string, args: string): string =>
        `query ${head} { viewer { it: ${field}(${args}) { pageInfo { endCursor } } } }`;
      const { viewer } = await harness.must(ada, document('', 'first: 1'));
      if (!viewer.it?.pageInfo.endCursor) continue;
      const { errors: top } = await harness.run(stranger, document('($after: String)', 'first: 1, after: $after'), {
        after: viewer.it.pageInfo.endCursor,
      });
      expect([field, top[0]?.extensions?.['code']]).toEqual([field, 'BAD_CURSOR']);
      refused += 1;
    }
    expect(refused).toBeGreaterThanOrEqual(8);
  });

  test('is refused in every list of a project that both see, and in the same list of another project', async () => {
    let refused = 0;
    for (const field of lists('Project')) {
      const document = `query ($id: ID!, $after: String) { project(id: $id) { it: ${field}(first: 1, after: $after) { pageInfo { endCursor } } } }`;
      const { project } = await harness.must(ada, document, { id: shared });
      const after: unknown = project.it?.pageInfo.endCursor;
      if (typeof after !== 'string') continue;
      const ofGuest = await harness.run(guest, document, { id: shared, after });
      expect([field, ofGuest.errors[0]?.extensions?.['code']]).toEqual([field, 'BAD_CURSOR']);
      const elsewhere = await harness.run(ada, document, { id: hidden.prj, after });
      expect([field, elsewhere.errors[0]?.extensions?.['code']]).toEqual([field, 'BAD_CURSOR']);
      refused += 1;
    }
    expect(refused).toBeGreaterThanOrEqual(7);
  });
});

describe('ids of two projects in one mutation', () => {
  const mixed: Record<string, { call: string; variables: () => Record<string, string>; as?: () => TestUser; codes: string[] }> = {
    'a deployment of a foreign generation': {
      call: 'deploymentCreate(input: { projectId: $own, environment: STAGING, provider: AWS, version: "1", codeGenerationId: $foreign })',
      variables: () => ({ own: strangers.project, foreign: hidden.gen }),
      codes: ['NOT_FOUND'],
    },
    'a deployment of a generation of another own project': {
      call: 'deploymentCreate(input: { projectId: $own, environment: STAGING, provider: AWS, version: "1", codeGenerationId: $foreign })',
      variables: () => ({ own: shared, foreign: hidden.gen }),
      as: () => ada,
      codes: ['NOT_FOUND'],
    },
    'code from a foreign schema': {
      call: 'codeGenerationStart(input: { projectId: $own, type: API, schemaId: $foreign })',
      variables: () => ({ own: strangers.project, foreign: hidden.sch }),
      codes: ['NOT_FOUND'],
    },
    'code from a schema of another own project': {
      call: 'codeGenerationStart(input: { projectId: $own, type: API, schemaId: $foreign })',
      variables: () => ({ own: shared, foreign: hidden.sch }),
      as: () => ada,
      codes: ['NOT_FOUND'],
    },
    'code from a foreign architecture': {
      call: 'codeGenerationStart(input: { projectId: $own, type: API, architectureId: $foreign })',
      variables: () => ({ own: strangers.project, foreign: hidden.arc }),
      codes: ['NOT_FOUND'],
    },
    'a page after a foreign page': {
      call: 'documentationPageMove(id: $own, after: $foreign)',
      variables: () => ({ own: strangers.page, foreign: hidden.doc }),
      codes: ['NOT_FOUND'],
    },
    'a foreign page after one’s own': {
      call: 'documentationPageMove(id: $foreign, after: $own)',
      variables: () => ({ own: strangers.page, foreign: hidden.doc }),
      codes: ['NOT_FOUND'],
    },
    'events of an own and a foreign project': {
      call: 'metricTrackBatch(inputs: [{ projectId: $own, metric: "m", value: 1 }, { projectId: $foreign, metric: "m", value: 1 }])',
      variables: () => ({ own: strangers.project, foreign: hidden.prj }),
      codes: ['NOT_FOUND'],
    },
    'the role of somebody who is a member elsewhere': {
      call: 'memberRoleUpdate(projectId: $own, userId: $foreign, role: ADMIN)',
      variables: () => ({ own: strangers.project, foreign: guest.id }),
      codes: ['NOT_FOUND'],
    },
    'a project for somebody who is no member': {
      call: 'ownershipTransfer(projectId: $own, userId: $foreign)',
      variables: () => ({ own: strangers.project, foreign: ada.id }),
      codes: ['NOT_FOUND'],
    },
    'an activity in a foreign project': {
      call: 'activityLog(input: { projectId: $foreign, action: "met", entityId: $own })',
      variables: () => ({ own: strangers.schema, foreign: hidden.prj }),
      codes: ['NOT_FOUND'],
    },
  };

  test.each(Object.entries(mixed))('%s is refused', async (_, { call, variables, as, codes }) => {
    const field = call.slice(0, call.indexOf('('));
    const { data, errors: top } = await harness.run(
      as?.() ?? stranger,
      `mutation ($own: ID!, $foreign: ID!) { ${field}: ${call} { ${errors} } }`,
      variables(),
    );
    expect(top).toEqual([]);
    expect(data[field].userErrors.map((error: Data) => error.code)).toEqual(codes);
    expect(JSON.stringify(data)).not.toContain(secret);
  });
});

test('ids that are no keys are missing like all others', async () => {
  const odd = [
    '',
    'x'.repeat(3_000),
    '\ud800',
    'a\0b',
    '#',
    `${hidden.sch}#`,
    `idempotency#${ada.id}#k`,
    `stats#${ada.id}#0`,
    'constructor',
    '__proto__',
  ];
  const typed = prefixes.flatMap((prefix) => kinds[prefix].lookUp ?? []);
  for (const id of odd) {
    const { data, errors: top } = await harness.run(
      ada,
      `query ($id: ID!) { node(id: $id) { id } ${typed.map((field) => `${field}(id: $id) { id }`).join(' ')} }`,
      { id },
    );
    expect([id, top]).toEqual([id, []]);
    expect(Object.values(data as object).every((value) => value === null)).toBe(true);
    const answer = await harness.run(
      ada,
      `mutation ($id: ID!) { projectDelete(id: $id) { ${errors} } schemaDelete(id: $id) { ${errors} } activityDelete(id: $id) { ${errors} } }`,
      { id },
    );
    expect([id, answer.errors]).toEqual([id, []]);
    for (const payload of Object.values(answer.data as Record<string, Data>))
      expect(payload.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  }
});

test('names and members that are no keys are missing too', async () => {
  const read =
    'query ($id: ID!, $x: String!) { project(id: $id) { schema(name: $x) { id } documentation(category: $x) { nodes { id } } metricEvents(metric: $x) { nodes { id } } } }';
  const write = `mutation ($id: ID!, $x: ID!) { memberRoleUpdate(projectId: $id, userId: $x, role: VIEWER) { ${errors} } memberRemove(projectId: $id, userId: $x) { ${errors} } ownershipTransfer(projectId: $id, userId: $x) { ${errors} } }`;
  for (const x of ['', 'x'.repeat(1_500), 'x'.repeat(3_000), '\ud800']) {
    const found = await harness.run(ada, read, { id: hidden.prj, x });
    expect([x, found.errors]).toEqual([x, []]);
    expect(found.data.project).toEqual({ schema: null, documentation: { nodes: [] }, metricEvents: { nodes: [] } });
    const changed = await harness.run(ada, write, { id: hidden.prj, x });
    expect([x, changed.errors]).toEqual([x, []]);
    for (const payload of Object.values(changed.data as Record<string, Data>))
      expect(payload.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  }
});
