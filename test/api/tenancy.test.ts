/**
 * One owner with an object of every kind, and strangers who look for them on every path. The objects are a table over the
 * prefixes of ids, so a new kind of object without a row does not compile.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getNamedType, isEnumType, isNonNullType, isObjectType, isScalarType, OperationTypeNode, type GraphQLField } from 'graphql';
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
  fakeMember,
  fakeOldGeneration,
  fakePage,
  fakeProject,
  fakeSchema,
} from '../support/factories.ts';
import { createHarness, type Answer, type Data, type Harness, type TestUser } from '../support/harness.ts';
import { inputPaths, operationDocument, variablesFor, type InputPath } from '../support/inputPaths.ts';

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
/** Is invited to the hidden project. */
let invited: TestUser;
/** Is a member of the hidden project. */
let colleague: TestUser;
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
    make: async (projectId) => (await fakeInvitation(harness, ada, { projectId, email: invited.email })).id,
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
  [ada, stranger, guest, invited] = await Promise.all([
    harness.signUp({ username: secret }),
    harness.signUp(),
    harness.signUp(),
    harness.signUp(),
  ]);
  await harness.must(ada, `mutation { settingsUpdate(input: { preferences: { note: "${secret}" } }) { ${errors} } }`);
  const { id: projectId } = await fakeProject(harness, ada, { name: secret });
  hidden = Object.fromEntries(
    await Promise.all(prefixes.map(async (prefix) => [prefix, await kinds[prefix].make(projectId)])),
  ) as typeof hidden;
  colleague = await fakeMember(harness, { projectId, role: 'viewer' });
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
    'an explanation of a file of a foreign generation': {
      call: 'aiExplainCode(input: { projectId: $own, codeGenerationId: $foreign, path: "src/index.ts" })',
      variables: () => ({ own: strangers.project, foreign: hidden.gen }),
      codes: ['NOT_FOUND'],
    },
    'a new page after a foreign page': {
      call: 'documentationPageCreate(input: { projectId: $own, title: "x", after: $foreign })',
      variables: () => ({ own: strangers.project, foreign: hidden.doc }),
      codes: ['NOT_FOUND'],
    },
    'a new page after a page of another own project': {
      call: 'documentationPageCreate(input: { projectId: $own, title: "x", after: $foreign })',
      variables: () => ({ own: shared, foreign: hidden.doc }),
      as: () => ada,
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

/** What an argument that takes an id names. */
interface Named {
  of: IdPrefix | 'member';
  /** Fields of the input that make the call whole, besides those that must be there. */
  input?: Record<string, unknown>;
  /** Arguments whose usual value is refused whatever the id. */
  args?: Record<string, unknown>;
  /** Who finds it, if not its owner. */
  finder?: () => TestUser;
}

/** Ids inside of bodies, which clients make up; and ids that are kept as text (what they lead to is tested above). */
const noObject = null;

/** Every argument that takes an id, as `field path`. */
const idArguments: Record<string, Named | typeof noObject> = {
  'architecture id': { of: 'arc' },
  'codeGeneration id': { of: 'gen' },
  'databaseSchema id': { of: 'sch' },
  'deployment id': { of: 'dep' },
  'documentationPage id': { of: 'doc' },
  'integration id': { of: 'int' },
  'node id': { of: 'sch' },
  'nodes ids.0': { of: 'gen' },
  'project id': { of: 'prj' },
  'schemaDiff baseId': { of: 'sch' },
  'schemaDiff headId': { of: 'sch' },

  'activityDelete id': { of: 'act' },
  'activityLog input.projectId': { of: 'prj' },
  'activityLog input.entityId': noObject,
  'aiChat input.projectId': { of: 'prj' },
  'aiExplainCode input.projectId': { of: 'prj', input: { code: 'a' } },
  'aiExplainCode input.codeGenerationId': { of: 'gen', input: { path: 'src/index.ts' } },
  'aiGenerateSchema input.projectId': { of: 'prj', input: { save: true, name: 'designed' } },
  'apiKeyRevoke id': { of: 'key' },
  'architectureCreate input.projectId': { of: 'prj' },
  'architectureCreate input.nodes.0.id': noObject,
  'architectureCreate input.edges.0.id': noObject,
  'architectureCreate input.edges.0.source': noObject,
  'architectureCreate input.edges.0.target': noObject,
  'architectureDelete id': { of: 'arc' },
  'architectureLayout id': { of: 'arc' },
  'architectureUpdate id': { of: 'arc' },
  'architectureUpdate input.nodes.0.id': noObject,
  'architectureUpdate input.edges.0.id': noObject,
  'architectureUpdate input.edges.0.source': noObject,
  'architectureUpdate input.edges.0.target': noObject,
  'codeGenerationCancel id': { of: 'gen' },
  'codeGenerationDelete id': { of: 'gen' },
  'codeGenerationExtend id': { of: 'gen' },
  'codeGenerationStart input.projectId': { of: 'prj' },
  'codeGenerationStart input.schemaId': { of: 'sch' },
  'codeGenerationStart input.architectureId': { of: 'arc' },
  'deploymentCancel id': { of: 'dep' },
  'deploymentCreate input.projectId': { of: 'prj' },
  'deploymentCreate input.codeGenerationId': { of: 'gen' },
  'deploymentDelete id': { of: 'dep' },
  'deploymentLogAppend id': { of: 'dep' },
  'deploymentReport id': { of: 'dep' },
  'deploymentRollback id': { of: 'dep' },
  'documentationPageCreate input.projectId': { of: 'prj' },
  'documentationPageCreate input.after': { of: 'doc' },
  'documentationPageDelete id': { of: 'doc' },
  'documentationPageMove id': { of: 'doc' },
  'documentationPageMove after': { of: 'doc' },
  'documentationPageUpdate id': { of: 'doc' },
  'integrationCreate input.projectId': { of: 'prj' },
  'integrationDelete id': { of: 'int' },
  'integrationDisable id': { of: 'int' },
  'integrationEnable id': { of: 'int' },
  'integrationSync id': { of: 'int' },
  'integrationTest id': { of: 'int' },
  'integrationUpdate id': { of: 'int' },
  'invitationAccept id': { of: 'inv', finder: () => invited },
  'invitationDecline id': { of: 'inv', finder: () => invited },
  'invitationResend id': { of: 'inv' },
  'invitationRevoke id': { of: 'inv' },
  'memberInvite projectId': { of: 'prj' },
  'memberRemove projectId': { of: 'prj' },
  'memberRemove userId': { of: 'member' },
  'memberRoleUpdate projectId': { of: 'prj' },
  'memberRoleUpdate userId': { of: 'member', args: { role: 'VIEWER' } },
  'metricTrack input.projectId': { of: 'prj' },
  'metricTrackBatch inputs.0.projectId': { of: 'prj' },
  'ownershipTransfer projectId': { of: 'prj' },
  'ownershipTransfer userId': { of: 'member' },
  'projectArchive id': { of: 'prj' },
  'projectDelete id': { of: 'prj' },
  'projectDuplicate id': { of: 'prj' },
  'projectUnarchive id': { of: 'prj' },
  'projectUpdate id': { of: 'prj' },
  'schemaCreate input.projectId': { of: 'prj' },
  'schemaCreate input.tables.0.id': noObject,
  'schemaCreate input.relationships.0.id': noObject,
  'schemaDelete id': { of: 'sch' },
  'schemaImport input.projectId': { of: 'prj' },
  'schemaUpdate id': { of: 'sch' },
  'schemaUpdate input.tables.0.id': noObject,
  'schemaUpdate input.relationships.0.id': noObject,
  'schemaVersionCreate id': { of: 'sch' },

  'activityAdded projectId': { of: 'prj' },
  'aiChatStream input.projectId': { of: 'prj' },
  'codeGenerationUpdated id': { of: 'gen' },
  'deploymentLogs id': { of: 'dep' },
  'deploymentUpdated projectId': { of: 'prj' },
  'projectUpdated id': { of: 'prj' },
};

describe('every argument that takes an id', () => {
  const operations = Object.values(OperationTypeNode);
  const found = operations.flatMap((operation) =>
    fieldsOf(schema.getRootType(operation)?.name ?? '').flatMap((field) =>
      inputPaths(field).flatMap((at) => (at.type === 'ID' ? [{ operation, field, at, key: `${field.name} ${at.path.join('.')}` }] : [])),
    ),
  );
  type Argument = (typeof found)[number];

  test('has its row, and no other has', () => {
    expect(found.map(({ key }) => key).toSorted()).toEqual(Object.keys(idArguments).toSorted());
  });

  const hasUserErrors = ({ type }: Argument['field']): boolean =>
    fieldsOf(getNamedType(type).name).some(({ name }) => name === 'userErrors');

  /** Objects that a caller may name beside the one that is looked for. */
  const besides = (caller: TestUser): Partial<Record<Named['of'], string>> =>
    caller === stranger
      ? { prj: strangers.project, doc: strangers.page, sch: strangers.schema, member: colleague.id }
      : { ...hidden, member: colleague.id };

  function usualValue(caller: TestUser, { field }: Argument, at: InputPath): unknown {
    const named = idArguments[`${field.name} ${at.path.join('.')}`];
    if (at.type === 'ID') return named ? besides(caller)[named.of] : 'x';
    const usual: Record<string, unknown> = { Int: 1, Float: 1, Boolean: true, JSON: {}, JSONObject: {}, URL: 'https://example.com/' };
    if (at.path.at(-1) === 'email' || at.type === 'EmailAddress') return 'somebody@example.com';
    return at.type === 'String' ? 'CREATE TABLE a (id int);' : usual[at.type];
  }

  /** Calls the field with the hidden id and returns how it ended: codes, or `nothing`, or `something`. */
  async function outcome(caller: TestUser, argument: Argument, { of, input, args }: Named): Promise<string[]> {
    const { operation, field, at } = argument;
    const value = of === 'member' ? colleague.id : hidden[of];
    const usual = (path: InputPath): unknown => usualValue(caller, argument, path);
    const variables = { ...variablesFor(field, { usual, target: at.path, value }), ...args };
    if (input) variables['input'] = { ...(variables['input'] as object), ...input };
    if (field.args.some(({ name }) => name === 'dryRun')) variables['dryRun'] = true;
    const selection = hasUserErrors(field) ? `{ ${errors} }` : '{ __typename }';
    const document = operationDocument(field, { operation, variables, selection });
    const answer =
      operation === OperationTypeNode.SUBSCRIPTION
        ? await firstEvent(caller, document, variables)
        : await harness.run(caller, document, variables);
    const top = answer.errors.map(({ extensions }) => String(extensions?.['code']));
    const result: Data = answer.data?.result;
    if (people().includes(caller)) expect(JSON.stringify(answer)).not.toContain(secret);
    if (top.length > 0 || result?.userErrors?.length > 0) return [...top, ...(result?.userErrors ?? []).map(({ code }: Data) => code)];
    return [(Array.isArray(result) ? result[0] : result) == null ? 'nothing' : 'something'];
  }

  async function firstEvent(
    caller: TestUser,
    document: string,
    variables: Record<string, unknown>,
  ): Promise<Pick<Answer, 'data' | 'errors'>> {
    const following = await harness.follow(caller, document, variables);
    try {
      return (await following.next()) ?? { data: null, errors: [] };
    } finally {
      following.end();
    }
  }

  /** How what is not there looks: a query shows nothing, a mutation says so, a subscription does not begin. */
  function missingLooks({ operation, field }: Argument): string {
    if (operation === OperationTypeNode.QUERY) return 'nothing';
    return hasUserErrors(field) ? 'NOT_FOUND' : 'FORBIDDEN';
  }

  const rows = found.flatMap((argument) => {
    const named = idArguments[argument.key];
    return named ? [{ ...argument, named }] : [];
  });

  test.each(rows)('$key: the object of somebody else is not there, its owner finds it', async ({ named, ...argument }) => {
    const missing = [missingLooks(argument)];
    // The guest owns nothing to name beside.
    const isAlone = inputPaths(argument.field).filter(({ type }) => type === 'ID').length === 1;
    for (const caller of isAlone ? people() : [stranger]) expect(await outcome(caller, argument, named)).toEqual(missing);
    // Or the object would be missing for everybody, and the refusal proves nothing.
    expect(await outcome(named.finder?.() ?? ada, argument, named)).not.toEqual(missing);
  });
});
