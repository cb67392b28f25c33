import { ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connect, type Row } from '../../src/data/connection.ts';
import { tableIds } from '../../src/data/tables.ts';
import { integrationTypes, type IntegrationType } from '../../src/domains/integrations/integration.ts';
import { integrationsByType } from '../../src/domains/integrations/integrations.store.ts';
import { separateTables } from '../support/database.ts';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Answer, type Data, type Harness, type TestUser } from '../support/harness.ts';
import { goodConfigs, secretMark, secretNames, startProviders, type Providers } from '../support/providers.ts';

const errorFields =
  'userErrors { __typename message code field ... on ConflictError { currentRevision changedFields current { id ... on Integration { name config } } } }';
const fields = 'id type name enabled config syncState lastSyncedAt revision createdAt updatedAt project { id } createdBy { id }';
const createDocument = `mutation ($input: IntegrationCreateInput!, $key: String, $dry: Boolean! = false) { integrationCreate(input: $input, idempotencyKey: $key, dryRun: $dry) { integration { ${fields} } ${errorFields} } }`;
const updateDocument = `mutation ($id: ID!, $input: IntegrationUpdateInput!, $rev: Int, $key: String, $dry: Boolean! = false) { integrationUpdate(id: $id, input: $input, expectedRevision: $rev, idempotencyKey: $key, dryRun: $dry) { integration { ${fields} } ${errorFields} } }`;
const deleteDocument = `mutation ($id: ID!, $rev: Int, $dry: Boolean! = false) { integrationDelete(id: $id, expectedRevision: $rev, dryRun: $dry) { deletedId deletedCounts { integrations } ${errorFields} } }`;
const switchDocument = (field: 'integrationEnable' | 'integrationDisable'): string =>
  `mutation ($id: ID!, $rev: Int) { ${field}(id: $id, expectedRevision: $rev) { integration { ${fields} } ${errorFields} } }`;
const testDocument = `mutation ($id: ID!, $dry: Boolean! = false) { integrationTest(id: $id, dryRun: $dry) { ok message details integration { ${fields} } ${errorFields} } }`;
const syncDocument = `mutation ($id: ID!, $key: String, $dry: Boolean! = false) { integrationSync(id: $id, idempotencyKey: $key, dryRun: $dry) { integration { ${fields} } ${errorFields} } }`;
const readDocument = `query ($id: ID!) { integration(id: $id) { ${fields} } node(id: $id) { id ... on Integration { name config } } }`;
const listDocument = `query ($id: ID!, $type: IntegrationType, $first: Int, $after: String) { project(id: $id) { stats { integrations } integrations(type: $type, first: $first, after: $after) { totalCount edges { cursor } nodes { id type name config } pageInfo { hasNextPage hasPreviousPage endCursor } } } }`;
const mineDocument = '{ viewer { integrations { totalCount nodes { id project { id } } } } }';

let api: Harness;
let providers: Providers;
let owner: TestUser;
let admin: TestUser;
let developer: TestUser;
let viewer: TestUser;
let stranger: TestUser;

/** Of these tests alone: some look through all there is. */
const tables = separateTables('integrations-');

beforeAll(async () => {
  providers = await startProviders();
  api = await createHarness({ integrationEndpoints: providers.endpoints }, tables);
  [owner, admin, developer, viewer, stranger] = (await Promise.all(Array.from({ length: 5 }, () => api.signUp()))) as [
    TestUser,
    TestUser,
    TestUser,
    TestUser,
    TestUser,
  ];
});
afterEach(() => providers.behave('normal'));
afterAll(async () => {
  await api.close();
  await providers.close();
});

/** Makes a project with one member of each role. */
async function fakeTeam(): Promise<Data> {
  const project = await fakeProject(api, owner);
  for (const [user, role] of [
    [admin, 'admin'],
    [developer, 'developer'],
    [viewer, 'viewer'],
  ] as const)
    await api.putRow('teams', { projectId: project.id, userId: user.id, ownerId: owner.id, role, createdAt: new Date().toISOString() });
  return project;
}

function inputOf(projectId: string, type: IntegrationType, overrides: Record<string, unknown> = {}) {
  return { projectId, type: type.toUpperCase(), name: `My ${type}`, config: goodConfigs[type], ...overrides };
}

async function create(projectId: string, type: IntegrationType = 'stripe', overrides: Record<string, unknown> = {}): Promise<Data> {
  return (await api.must(owner, createDocument, { input: inputOf(projectId, type, overrides) })).integrationCreate.integration;
}

async function read(id: string, user: TestUser | null = owner): Promise<Data> {
  const { data, errors } = await api.run(user, readDocument, { id });
  expect(errors).toEqual([]);
  return data.integration;
}

function errorsOf({ data, errors }: Answer): Data[] {
  expect(errors).toEqual([]);
  const [payload] = Object.values(data as Record<string, Data>);
  return payload.userErrors;
}

async function rowOf(id: string): Promise<Row> {
  const [row] = await api.rows('integrations', id);
  if (!row) throw new Error(`no row ${id}`);
  return row;
}

async function activitiesOf(projectId: string): Promise<Data[]> {
  const document =
    'query ($id: ID!) { project(id: $id) { activity(first: 100, filter: { entityType: INTEGRATION }) { nodes { action entityId entityName changedFields metadata actorId } } } }';
  return (await api.must(owner, document, { id: projectId })).project.activity.nodes;
}

/** Returns every item of all tables as text. */
async function allItems(): Promise<string[]> {
  const found: string[] = [];
  for (const table of tableIds) {
    let start: Record<string, AttributeValue> | undefined;
    do {
      const page = await api.database.client.send(new ScanCommand({ TableName: api.database.name(table), ExclusiveStartKey: start }));
      found.push(...(page.Items ?? []).map((item) => JSON.stringify([table, item])));
      start = page.LastEvaluatedKey;
    } while (start);
  }
  return found;
}

/** Puts a row as the earlier backend wrote it. */
async function putOld(projectId: string, row: Row = {}): Promise<string> {
  const id = crypto.randomUUID();
  const now = new Date().toISOString();
  const config = {
    token: 'ghp_OldPlainSecretOfTheRestBackend1',
    owner: 'octocat',
    repository: 'hello-world',
    apiToken: 'OldUnknownSecret2',
  };
  await api.putRow('integrations', {
    id,
    userId: owner.id,
    projectId,
    type: 'github',
    name: 'Old',
    enabled: 'true',
    config,
    createdAt: now,
    updatedAt: now,
    ...row,
  });
  return id;
}

describe('integrationCreate', () => {
  test.each(integrationTypes)('%s: stores secrets encrypted and shows them masked', async (type) => {
    const project = await fakeProject(api, owner);
    const answer = await api.run(owner, createDocument, { input: inputOf(project.id, type) });
    expect(errorsOf(answer)).toEqual([]);
    const { integration } = answer.data.integrationCreate;
    const shown = Object.entries(goodConfigs[type]).map(([name, value]) => [
      name,
      secretNames[type].includes(name) ? `••••${value.slice(-4)}` : value,
    ]);
    expect(integration).toEqual({
      id: expect.stringMatching(/^int_[0-9a-z]{26}$/),
      type: type.toUpperCase(),
      name: `My ${type}`,
      enabled: true,
      config: Object.fromEntries(shown),
      syncState: null,
      lastSyncedAt: null,
      revision: 1,
      createdAt: expect.any(String),
      updatedAt: integration.createdAt,
      project: { id: project.id },
      createdBy: { id: owner.id },
    });
    expect(await read(integration.id)).toEqual(integration);
    expect(JSON.stringify(await rowOf(integration.id))).not.toContain(secretMark);
    expect(await activitiesOf(project.id)).toEqual([
      expect.objectContaining({ action: 'created', entityId: integration.id, entityName: `My ${type}`, actorId: owner.id }),
    ]);
    expect((await api.must(owner, listDocument, { id: project.id })).project.stats.integrations).toBe(1);
  });

  test('refuses a bad configuration, a bad name and a missing project', async () => {
    const project = await fakeProject(api, owner);
    const run = async (overrides: Record<string, unknown>) =>
      errorsOf(await api.run(owner, createDocument, { input: inputOf(project.id, 'stripe', overrides) }));
    expect(await run({ config: {} })).toEqual([
      expect.objectContaining({ __typename: 'ValidationError', field: ['input', 'config', 'secretKey'] }),
    ]);
    expect(await run({ config: { ...goodConfigs.stripe, mode: 'x' } })).toEqual([
      expect.objectContaining({ code: 'VALIDATION', message: expect.stringContaining('Its fields are secretKey') }),
    ]);
    // Objects in the text of a query have no prototype: sorted by their text, they were a fault of the server.
    const nested = await api.run(
      owner,
      'mutation ($id: ID!) { integrationCreate(input: { projectId: $id, type: SLACK, name: "x", config: { b: {}, a: true } }, idempotencyKey: "nested") { userErrors { code } } }',
      { id: project.id },
    );
    expect(errorsOf(nested)).toEqual(expect.arrayContaining([{ code: 'VALIDATION' }]));
    expect(await run({ name: ' ' })).toEqual([expect.objectContaining({ field: ['input', 'name'] })]);
    expect(await run({ projectId: 'prj_nothing' })).toEqual([expect.objectContaining({ code: 'NOT_FOUND' })]);
    expect((await api.must(owner, listDocument, { id: project.id })).project.integrations.totalCount).toBe(0);
  });

  test('stays below 100 of a project', async () => {
    const project = await fakeProject(api, owner);
    await Promise.all(Array.from({ length: 100 }, () => putOld(project.id)));
    expect(errorsOf(await api.run(owner, createDocument, { input: inputOf(project.id, 'stripe') }))).toEqual([
      expect.objectContaining({ code: 'QUOTA_EXCEEDED' }),
    ]);
  });

  test('answers the same again for an idempotency key, and refuses it for another secret', async () => {
    const project = await fakeProject(api, owner);
    const key = crypto.randomUUID();
    const input = inputOf(project.id, 'stripe');
    const first = (await api.must(owner, createDocument, { input, key })).integrationCreate;
    expect((await api.must(owner, createDocument, { input, key })).integrationCreate).toEqual(first);
    const other = { ...input, config: { secretKey: `sk_test_${secretMark}other1234` } };
    expect(errorsOf(await api.run(owner, createDocument, { input: other, key }))).toEqual([
      expect.objectContaining({ code: 'IDEMPOTENCY_KEY_REUSED' }),
    ]);
    expect((await api.must(owner, listDocument, { id: project.id })).project.integrations.totalCount).toBe(1);
  });

  test('writes nothing with dryRun', async () => {
    const project = await fakeProject(api, owner);
    const { integration } = (await api.must(owner, createDocument, { input: inputOf(project.id, 'stripe'), dry: true })).integrationCreate;
    expect(integration.config).toEqual({ secretKey: '••••7777' });
    expect(await read(integration.id)).toBeNull();
  });
});

describe('integrationUpdate', () => {
  test('keeps a secret that is absent or masked, and takes a new one', async () => {
    const project = await fakeProject(api, owner);
    const { id, config } = await create(project.id, 'github');
    const before = (await rowOf(id))['config'] as Row;
    const renamed = (await api.must(owner, updateDocument, { id, input: { name: 'Other', config: { ...config, owner: 'someone' } } }))
      .integrationUpdate;
    expect(renamed.integration).toMatchObject({ name: 'Other', revision: 2, config: { token: '••••1111', owner: 'someone' } });
    expect(((await rowOf(id))['config'] as Row)['token']).toBe(before['token']);
    const changed = (await api.must(owner, updateDocument, { id, input: { config: { token: `ghp_${secretMark}new9999` } } }))
      .integrationUpdate;
    expect(changed.integration).toMatchObject({ revision: 3, config: { token: '••••9999', owner: 'someone', repository: 'hello-world' } });
    const last = (await activitiesOf(project.id))[0];
    expect(last).toMatchObject({ action: 'updated', changedFields: ['config'] });
  });

  test('that changes nothing leaves the revision and the feed alone', async () => {
    const project = await fakeProject(api, owner);
    const { id, config, name } = await create(project.id, 'github');
    const answer = (await api.must(owner, updateDocument, { id, input: { name, enabled: true, config } })).integrationUpdate;
    expect(answer.integration.revision).toBe(1);
    expect(await activitiesOf(project.id)).toHaveLength(1);
  });

  test('of a stale revision changes nothing and shows what is there, masked', async () => {
    const { id } = await create((await fakeProject(api, owner)).id);
    await api.must(owner, updateDocument, { id, input: { name: 'Second' }, rev: 1 });
    const errors = errorsOf(await api.run(owner, updateDocument, { id, input: { name: 'Third' }, rev: 1 }));
    expect(errors).toEqual([
      expect.objectContaining({
        __typename: 'ConflictError',
        currentRevision: 2,
        changedFields: ['name'],
        current: { id, name: 'Second', config: { secretKey: '••••7777' } },
      }),
    ]);
  });

  test('refuses null where something is needed, unknown fields, and a new address without the token', async () => {
    const { id } = await create((await fakeProject(api, owner)).id, 'github');
    const run = async (input: Record<string, unknown>) =>
      errorsOf(await api.run(owner, updateDocument, { id, input })).map(({ field }) => field.join('.'));
    expect(await run({ name: null, enabled: null, config: null })).toEqual(['input.name', 'input.enabled', 'input.config']);
    expect(await run({ config: { token: null } })).toEqual(['input.config.token']);
    expect(await run({ config: { repo: 'x' } })).toEqual(['input.config']);
    expect(await run({ config: { baseUrl: 'https://collector.example.com' } })).toEqual(['input.config.token']);
    expect(await run({ config: { baseUrl: 'https://10.0.0.1', token: 'ghp_new_token' } })).toEqual(['input.config.baseUrl']);
  });
});

describe('enabling and deleting', () => {
  test('switches the text that TypeIndex sorts by, once', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    const inIndex = async (enabled: 'true' | 'false'): Promise<boolean> => {
      const connection = connect(api.database, { signal: AbortSignal.timeout(10_000) });
      const { table, index, partition, range } = integrationsByType('stripe', enabled);
      const { items } = await connection.query({ table, index, partition, range } as Parameters<typeof connection.query>[0]);
      return items.some((item) => item['id'] === id);
    };
    expect([await inIndex('true'), await inIndex('false')]).toEqual([true, false]);
    const off = (await api.must(owner, switchDocument('integrationDisable'), { id, rev: 1 })).integrationDisable.integration;
    expect(off).toMatchObject({ enabled: false, revision: 2 });
    expect((await rowOf(id))['enabled']).toBe('false');
    expect([await inIndex('true'), await inIndex('false')]).toEqual([false, true]);
    const again = (await api.must(owner, switchDocument('integrationDisable'), { id })).integrationDisable.integration;
    expect(again.revision).toBe(2);
    const on = (await api.must(owner, switchDocument('integrationEnable'), { id })).integrationEnable.integration;
    expect(on).toMatchObject({ enabled: true, revision: 3 });
    expect((await activitiesOf(project.id)).map(({ action }) => action)).toEqual(['enabled', 'disabled', 'created']);
    expect(errorsOf(await api.run(owner, switchDocument('integrationEnable'), { id, rev: 1 }))).toEqual([
      expect.objectContaining({ code: 'CONFLICT' }),
    ]);
  });

  test('deletes one with its secrets, and counts', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    expect(errorsOf(await api.run(owner, deleteDocument, { id, rev: 7 }))).toEqual([expect.objectContaining({ code: 'CONFLICT' })]);
    const dry = (await api.must(owner, deleteDocument, { id, dry: true })).integrationDelete;
    const done = (await api.must(owner, deleteDocument, { id })).integrationDelete;
    expect(dry).toEqual(done);
    expect(done).toMatchObject({ deletedId: id, deletedCounts: { integrations: 1 } });
    expect(await api.rows('integrations', id)).toEqual([]);
    expect((await api.must(owner, listDocument, { id: project.id })).project).toMatchObject({
      stats: { integrations: 0 },
      integrations: { totalCount: 0 },
    });
    expect(errorsOf(await api.run(owner, deleteDocument, { id }))).toEqual([expect.objectContaining({ code: 'NOT_FOUND' })]);
  });
});

describe('lists', () => {
  test('a project lists its integrations by type, page by page', async () => {
    const project = await fakeProject(api, owner);
    for (const type of ['stripe', 'aws', 'github', 'aws'] as const) await create(project.id, type);
    const all = (await api.must(owner, listDocument, { id: project.id, first: 3 })).project.integrations;
    expect(all.nodes.map(({ type }: Data) => type)).toEqual(['AWS', 'AWS', 'GITHUB']);
    expect(all).toMatchObject({ totalCount: 4, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    const rest = (await api.must(owner, listDocument, { id: project.id, first: 3, after: all.pageInfo.endCursor })).project.integrations;
    expect(rest.nodes.map(({ type }: Data) => type)).toEqual(['STRIPE']);
    expect(rest.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    const answer = await api.run(owner, listDocument, { id: project.id, type: 'AWS' });
    expect(answer.data.project.integrations).toMatchObject({ totalCount: 2, nodes: [{ type: 'AWS' }, { type: 'AWS' }] });
    expect(answer.calls).toContainEqual(
      expect.objectContaining({ operation: 'Query', table: 'integrations', index: 'ProjectIdIndex', items: 2 }),
    );
  });

  test('a user lists those of all projects that they own, and those that they may see no more are left out', async () => {
    const user = await api.signUp();
    const mine = await fakeProject(api, user);
    const made = (await api.must(user, createDocument, { input: inputOf(mine.id, 'stripe') })).integrationCreate.integration;
    // The earlier backend kept integrations under whoever made them.
    const foreign = await fakeProject(api, owner);
    const role = (of: string) =>
      api.putRow('teams', { projectId: foreign.id, userId: user.id, ownerId: owner.id, role: of, createdAt: new Date().toISOString() });
    const old = await putOld(foreign.id, { userId: user.id });
    const list = async () => (await api.must(user, mineDocument)).viewer.integrations;
    expect(await list()).toEqual({ totalCount: 1, nodes: [{ id: made.id, project: { id: mine.id } }] });
    await role('viewer');
    expect((await list()).nodes.map(({ id }: Data) => id)).toEqual([made.id]);
    await role('admin');
    expect((await list()).nodes.map(({ id }: Data) => id)).toEqual([made.id, old]);
    const { calls } = await api.run(user, mineDocument);
    expect(calls).toContainEqual(expect.objectContaining({ table: 'integrations', index: 'UserIdIndex' }));
  });
});

describe('who sees what', () => {
  test('only admins and owners see an integration, by every path', async () => {
    const project = await fakeTeam();
    const made = await create(project.id);
    for (const user of [owner, admin]) {
      const { data } = await api.run(user, readDocument, { id: made.id });
      expect([data.integration.id, data.node.id]).toEqual([made.id, made.id]);
      expect((await api.must(user, listDocument, { id: project.id })).project.integrations.nodes).toHaveLength(1);
    }
    for (const user of [developer, viewer, stranger, null]) {
      expect(await api.run(user, readDocument, { id: made.id })).toMatchObject({ data: { integration: null, node: null }, errors: [] });
      const { data } = await api.run(user, listDocument, { id: project.id });
      expect(data.project?.integrations ?? null).toBeNull();
    }
  });

  test.each([
    ['integrationUpdate', updateDocument, { input: { name: 'x' } }],
    ['integrationDelete', deleteDocument, {}],
    ['integrationEnable', switchDocument('integrationEnable'), {}],
    ['integrationDisable', switchDocument('integrationDisable'), {}],
    ['integrationTest', testDocument, {}],
    ['integrationSync', syncDocument, {}],
  ])('%s is for admins', async (_, document, variables) => {
    const project = await fakeTeam();
    const { id } = await create(project.id);
    const calls = providers.seen.length;
    for (const [user, code] of [
      [developer, 'FORBIDDEN'],
      [viewer, 'FORBIDDEN'],
      [stranger, 'NOT_FOUND'],
    ] as const)
      expect(errorsOf(await api.run(user, document, { id, ...variables }))).toEqual([expect.objectContaining({ code })]);
    const anonymous = await api.run(null, document, { id, ...variables });
    expect(anonymous.errors[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
    expect(providers.seen).toHaveLength(calls);
    expect(errorsOf(await api.run(admin, document, { id, ...variables }))).toEqual([]);
  });
});

describe('rows of the earlier backend', () => {
  test('are read masked through every field, and encrypted by the next write', async () => {
    const project = await fakeProject(api, owner);
    const id = await putOld(project.id);
    const shown = { token: '••••end1', owner: 'octocat', repository: 'hello-world', apiToken: '••••ret2' };
    expect(await read(id)).toMatchObject({ id, type: 'GITHUB', enabled: true, revision: 1, config: shown, createdBy: { id: owner.id } });
    expect(JSON.stringify(await rowOf(id))).toContain('OldPlainSecret');
    const { integration } = (await api.must(owner, switchDocument('integrationDisable'), { id })).integrationDisable;
    expect(integration).toMatchObject({ enabled: false, revision: 2, config: shown });
    expect(JSON.stringify(await rowOf(id))).not.toMatch(/OldPlainSecret|OldUnknownSecret/);
    expect((await activitiesOf(project.id))[0]).toMatchObject({ action: 'disabled', changedFields: ['enabled'] });
    const next = (await api.must(owner, updateDocument, { id, input: { config: { apiToken: null } } })).integrationUpdate.integration;
    expect(Object.keys(next.config).sort()).toEqual(['owner', 'repository', 'token']);
  });

  test('of unknown types and without a configuration read, and delete without touching counters', async () => {
    const project = await fakeProject(api, owner);
    const id = await putOld(project.id, { type: 'jira', config: { host: 'jira-host.example.com' } });
    const bare = await putOld(project.id, { config: undefined, enabled: 'yes' });
    expect(await read(id)).toMatchObject({ type: 'UNKNOWN', config: { host: '••••.com' } });
    expect(await read(bare)).toMatchObject({ type: 'GITHUB', config: {}, enabled: false });
    expect(errorsOf(await api.run(owner, testDocument, { id }))).toEqual([
      expect.objectContaining({ code: 'VALIDATION', message: expect.stringContaining('does not know the type') }),
    ]);
    expect(errorsOf(await api.run(owner, testDocument, { id: bare }))).toEqual([
      expect.objectContaining({ message: expect.stringContaining('needs token') }),
    ]);
    await api.must(owner, updateDocument, { id, input: { name: 'New name' } });
    expect(JSON.stringify(await rowOf(id))).not.toContain('jira-host');
    await api.must(owner, deleteDocument, { id });
    expect((await api.must(owner, listDocument, { id: project.id })).project.stats.integrations).toBe(0);
  });

  test('can be tested as they are', async () => {
    const project = await fakeProject(api, owner);
    const id = await putOld(project.id, { config: { token: goodConfigs.github['token'] } });
    expect((await api.must(owner, testDocument, { id })).integrationTest).toMatchObject({ ok: true, details: { login: 'octocat' } });
    await api.must(owner, deleteDocument, { id });
  });
});

describe('keys of encryption', () => {
  test('a former key is accepted, and the next write uses the current one', async () => {
    const { id } = await create((await fakeProject(api, owner)).id);
    const rotated = await createHarness(
      {
        encryptionKey: Buffer.alloc(32, 2),
        previousEncryptionKeys: [Buffer.alloc(32, 1)],
        integrationEndpoints: providers.endpoints,
      },
      tables,
    );
    const lost = await createHarness({ encryptionKey: Buffer.alloc(32, 2), integrationEndpoints: providers.endpoints }, tables);
    try {
      expect((await lost.must(owner, readDocument, { id })).integration.config).toEqual({ secretKey: '••••' });
      const unreadable = (await lost.run(owner, testDocument, { id })).data.integrationTest.userErrors;
      expect(unreadable).toEqual([expect.objectContaining({ message: expect.stringContaining('can not be decrypted') })]);
      expect((await rotated.must(owner, readDocument, { id })).integration.config).toEqual({ secretKey: '••••7777' });
      await rotated.must(owner, syncDocument, { id });
      expect((await lost.must(owner, testDocument, { id })).integrationTest.ok).toBe(true);
    } finally {
      await Promise.all([rotated.close(), lost.close()]);
    }
  });
});

describe('secrets', () => {
  test('are nowhere in the database, whatever was done with them', async () => {
    const project = await fakeProject(api, owner);
    const key = (): string => crypto.randomUUID();
    for (const type of integrationTypes) {
      const { id } = (await api.must(owner, createDocument, { input: inputOf(project.id, type), key: key() })).integrationCreate
        .integration;
      await api.must(owner, updateDocument, { id, input: { name: 'x', config: goodConfigs[type] }, key: key() });
      await api.must(owner, testDocument, { id });
      await api.must(owner, syncDocument, { id, key: key() });
      providers.behave('down');
      await api.run(owner, testDocument, { id });
      await api.run(owner, syncDocument, { id, key: key() });
      providers.behave('normal');
    }
    // The scan finds what is there.
    const items = await allItems();
    expect(items.filter((item) => item.includes(project.id)).length).toBeGreaterThan(20);
    for (const text of [secretMark, secretMark.toUpperCase(), Buffer.from(secretMark).toString('base64').slice(0, 10)])
      expect(items.filter((item) => item.includes(text))).toEqual([]);
  });

  test('that a provider sends back are taken out', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id, 'github');
    providers.behave('echo');
    const answers = [await api.run(owner, testDocument, { id }), await api.run(owner, syncDocument, { id })];
    expect(JSON.stringify(answers.map(({ data, errors }) => [data, errors]))).not.toContain(secretMark);
    expect(answers[0]?.data.integrationTest.details.fullName).toBe('x •••• y');
    expect((await rowOf(id))['syncState']).toMatchObject({ description: '••••' });
  });
});
