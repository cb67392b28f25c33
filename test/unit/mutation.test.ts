/**
 * What the one way to write promises when the network does not: a mutation whose acknowledgement is lost has exactly one
 * effect, and answers success. The table has a row for every mutation, so a new one without a row does not compile.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Operation, Operations, Send } from '../../src/data/client.ts';
import { connect, type Row } from '../../src/data/connection.ts';
import { readOwnerCounts, readProjectCounts } from '../../src/data/counters.ts';
import { projectRowsIndex, tableIds } from '../../src/data/tables.ts';
import type { MutationResolvers } from '../../src/graphql/generated.ts';
import {
  fakeActivity,
  fakeArchitecture,
  fakeDeployment,
  fakeIntegration,
  fakeInvitation,
  fakePage,
  fakeProject,
  fakeSchema,
} from '../support/factories.ts';
import { createHarness, uniqueEmail, type Caller, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

/** The people and the project of one run. */
interface World {
  owner: TestUser;
  other: TestUser;
  projectId: string;
}

interface Scenario {
  /** The operation, its arguments in the text of GraphQL. */
  call: string;
  /** What is selected of the payload, beside `userErrors`. */
  result: string;
  variables?: (world: World) => Promise<Record<string, unknown>> | Record<string, unknown>;
  /** Who sends it, if not the owner. */
  as?: (world: World) => Caller | null;
}

const errors = 'userErrors { code message }';
const byId = (make: (world: World) => Promise<{ id: string }>) => async (world: World) => ({ id: (await make(world)).id });

const schema = byId(({ owner, projectId }) => fakeSchema(harness, owner, { projectId, name: 'main' }));
const architecture = byId(({ owner, projectId }) => fakeArchitecture(harness, owner, { projectId }));
const deployment = byId(({ owner, projectId }) => fakeDeployment(harness, owner, { projectId }));
const page = byId(({ owner, projectId }) => fakePage(harness, owner, { projectId }));
const integration = byId(({ owner, projectId }) => fakeIntegration(harness, owner, { projectId }));
const invitation = byId(({ owner, other, projectId }) => fakeInvitation(harness, owner, { projectId, email: other.email }));
const project = ({ projectId }: World): Record<string, unknown> => ({ id: projectId });

async function member(world: World): Promise<Record<string, unknown>> {
  const { id } = await fakeInvitation(harness, world.owner, { projectId: world.projectId, email: world.other.email });
  await harness.must(world.other, `mutation ($id: ID!) { invitationAccept(id: $id) { ${errors} } }`, { id });
  return { id: world.projectId, userId: world.other.id };
}

async function succeeded(world: World): Promise<Record<string, unknown>> {
  const report = `mutation ($id: ID!, $status: DeploymentStatus!) { deploymentReport(id: $id, input: { status: $status }) { ${errors} } }`;
  let id = '';
  for (const version of ['1.0.0', '1.1.0']) {
    ({ id } = await fakeDeployment(harness, world.owner, { projectId: world.projectId, version }));
    for (const status of ['DEPLOYING', 'SUCCESS']) await harness.must(world.owner, report, { id, status });
  }
  return { id };
}

const metric = `{ projectId: $id, metric: "m", value: 1 }`;
const table: Record<keyof MutationResolvers, Scenario | { asksOutside: string }> = {
  activityLog: { call: 'activityLog(input: { projectId: $id, action: "met" })', result: 'activity { id }', variables: project },
  activityDelete: {
    call: 'activityDelete(id: $id)',
    result: 'deletedId',
    variables: byId(({ owner, projectId }) => fakeActivity(harness, owner, { projectId })),
  },

  signUp: {
    call: 'signUp(input: { email: $id, password: "correct horse battery", username: "Eve" })',
    result: 'user { id } accessToken',
    variables: () => ({ id: uniqueEmail() }),
    as: () => null,
  },
  signIn: {
    call: 'signIn(input: { email: $id, password: "correct horse battery" })',
    result: 'user { id } accessToken',
    variables: ({ owner }) => ({ id: owner.email }),
    as: () => null,
  },
  sessionRefresh: {
    call: 'sessionRefresh(refreshToken: $id)',
    result: 'user { id } accessToken refreshToken',
    variables: ({ owner }) => ({ id: owner.refreshToken }),
    as: () => null,
  },
  signOut: { call: 'signOut', result: 'user { id }' },
  passwordChange: {
    call: 'passwordChange(input: { currentPassword: "correct horse battery", newPassword: "another fine password" })',
    result: 'user { id }',
  },
  apiKeyCreate: { call: 'apiKeyCreate(input: { name: "k", scopes: [READ] })', result: 'apiKey { id } secret' },
  apiKeyRevoke: {
    call: 'apiKeyRevoke(id: $id)',
    result: 'apiKey { id revokedAt }',
    variables: async ({ owner }) => {
      const data = await harness.must(owner, `mutation { apiKeyCreate(input: { name: "k", scopes: [READ] }) { apiKey { id } ${errors} } }`);
      return { id: data.apiKeyCreate.apiKey.id };
    },
  },
  userUpdate: { call: 'userUpdate(input: { email: $id })', result: 'user { email revision }', variables: () => ({ id: uniqueEmail() }) },
  onboardingUpdate: { call: 'onboardingUpdate(input: { step: 2, completed: true })', result: 'user { onboardingStep revision }' },
  settingsUpdate: { call: 'settingsUpdate(input: { theme: DARK })', result: 'settings { theme revision }' },
  settingsReset: {
    call: 'settingsReset',
    result: 'settings { theme }',
    variables: async ({ owner }) => {
      await harness.must(owner, `mutation { settingsUpdate(input: { theme: DARK }) { ${errors} } }`);
      return {};
    },
  },

  projectCreate: { call: 'projectCreate(input: { name: "x" })', result: 'project { name revision }' },
  projectBulkCreate: { call: 'projectBulkCreate(inputs: [{ name: "x" }, { name: "y" }])', result: 'projects { name }' },
  projectUpdate: {
    call: 'projectUpdate(id: $id, input: { name: "y" }, expectedRevision: 1)',
    result: 'project { name revision }',
    variables: project,
  },
  projectArchive: { call: 'projectArchive(id: $id, expectedRevision: 1)', result: 'project { status revision }', variables: project },
  projectUnarchive: {
    call: 'projectUnarchive(id: $id, expectedRevision: 2)',
    result: 'project { status revision }',
    variables: async (world) => {
      await harness.must(world.owner, `mutation ($id: ID!) { projectArchive(id: $id) { ${errors} } }`, project(world));
      return project(world);
    },
  },
  projectDuplicate: {
    call: 'projectDuplicate(id: $id)',
    result: 'project { name schemas { nodes { name } } }',
    variables: async (world) => {
      await fakeSchema(harness, world.owner, { projectId: world.projectId, name: 'main' });
      return project(world);
    },
  },
  projectDelete: { call: 'projectDelete(id: $id)', result: 'deletedCounts { projects }', variables: project },

  schemaCreate: { call: 'schemaCreate(input: { projectId: $id, name: "s" })', result: 'schema { name version }', variables: project },
  schemaImport: {
    call: 'schemaImport(input: { projectId: $id, name: "s", format: SQL, source: "CREATE TABLE a (id int);" })',
    result: 'schema { name tableCount }',
    variables: project,
  },
  schemaUpdate: {
    call: 'schemaUpdate(id: $id, input: { description: "x" }, expectedRevision: 1)',
    result: 'schema { revision }',
    variables: schema,
  },
  schemaVersionCreate: { call: 'schemaVersionCreate(id: $id)', result: 'schema { version }', variables: schema },
  schemaDelete: { call: 'schemaDelete(id: $id)', result: 'deletedCounts { schemas }', variables: schema },

  architectureCreate: {
    call: 'architectureCreate(input: { projectId: $id, name: "a" })',
    result: 'architecture { name revision }',
    variables: project,
  },
  architectureUpdate: {
    call: 'architectureUpdate(id: $id, input: { name: "b" }, expectedRevision: 1)',
    result: 'architecture { name revision }',
    variables: architecture,
  },
  architectureDelete: { call: 'architectureDelete(id: $id)', result: 'deletedCounts { architectures }', variables: architecture },

  deploymentCreate: {
    call: 'deploymentCreate(input: { projectId: $id, environment: STAGING, provider: AWS, version: "1" })',
    result: 'deployment { status version }',
    variables: project,
  },
  deploymentReport: {
    call: 'deploymentReport(id: $id, input: { status: DEPLOYING, message: "go" })',
    result: 'deployment { status revision }',
    variables: deployment,
  },
  deploymentCancel: { call: 'deploymentCancel(id: $id)', result: 'deployment { status revision }', variables: deployment },
  deploymentRollback: { call: 'deploymentRollback(id: $id)', result: 'deployment { status version }', variables: succeeded },
  deploymentDelete: { call: 'deploymentDelete(id: $id)', result: 'deletedCounts { deployments }', variables: deployment },
  deploymentLogAppend: {
    call: 'deploymentLogAppend(id: $id, entries: [{ message: "a" }, { message: "b" }])',
    result: 'appendedCount deployment { logs { nodes { message } } }',
    variables: deployment,
  },

  documentationPageCreate: {
    call: 'documentationPageCreate(input: { projectId: $id, title: "t", content: "c" })',
    result: 'documentationPage { title }',
    variables: project,
  },
  documentationPageUpdate: {
    call: 'documentationPageUpdate(id: $id, input: { title: "u" }, expectedRevision: 1)',
    result: 'documentationPage { title revision }',
    variables: page,
  },
  documentationPageMove: {
    call: 'documentationPageMove(id: $id, after: null)',
    result: 'documentationPage { title }',
    variables: async (world) => {
      await fakePage(harness, world.owner, { projectId: world.projectId, title: 'first' });
      return page(world);
    },
  },
  documentationPageDelete: { call: 'documentationPageDelete(id: $id)', result: 'deletedCounts { documentation }', variables: page },

  metricTrack: { call: `metricTrack(input: ${metric})`, result: 'event { metric value }', variables: project },
  metricTrackBatch: {
    call: `metricTrackBatch(inputs: [${Array.from({ length: 100 }, () => metric).join(' ')}])`,
    result: 'events { metric }',
    variables: project,
  },

  integrationCreate: {
    call: 'integrationCreate(input: { projectId: $id, type: SLACK, name: "s", config: { channel: "#ops", webhookUrl: "https://hooks.slack.com/services/T0/B0/xyz" } })',
    result: 'integration { name enabled }',
    variables: project,
  },
  integrationUpdate: {
    call: 'integrationUpdate(id: $id, input: { name: "n" }, expectedRevision: 1)',
    result: 'integration { name revision }',
    variables: integration,
  },
  integrationDelete: { call: 'integrationDelete(id: $id)', result: 'deletedCounts { integrations }', variables: integration },
  integrationEnable: {
    call: 'integrationEnable(id: $id)',
    result: 'integration { enabled revision }',
    variables: byId(({ owner, projectId }) => fakeIntegration(harness, owner, { projectId, enabled: false })),
  },
  integrationDisable: { call: 'integrationDisable(id: $id)', result: 'integration { enabled revision }', variables: integration },
  integrationSync: { asksOutside: 'what it writes depends on the answer of the provider' },
  integrationTest: { asksOutside: 'writes nothing' },

  memberInvite: {
    call: 'memberInvite(projectId: $id, input: { email: "someone@example.com", role: VIEWER })',
    result: 'invitation { email status }',
    variables: project,
  },
  invitationAccept: {
    call: 'invitationAccept(id: $id)',
    result: 'member { role } invitation { status }',
    variables: invitation,
    as: ({ other }) => other,
  },
  invitationDecline: {
    call: 'invitationDecline(id: $id)',
    result: 'invitation { status }',
    variables: invitation,
    as: ({ other }) => other,
  },
  invitationRevoke: { call: 'invitationRevoke(id: $id)', result: 'invitation { status }', variables: invitation },
  invitationResend: { call: 'invitationResend(id: $id)', result: 'invitation { status }', variables: invitation },
  memberRoleUpdate: {
    call: 'memberRoleUpdate(projectId: $id, userId: $userId, role: DEVELOPER)',
    result: 'member { role revision }',
    variables: member,
  },
  memberRemove: { call: 'memberRemove(projectId: $id, userId: $userId)', result: 'deletedCounts { members }', variables: member },
  ownershipTransfer: {
    call: 'ownershipTransfer(projectId: $id, userId: $userId)',
    result: 'project { name revision }',
    variables: member,
  },
};

type TransactionInput = Operations['TransactWriteItems']['input'];

/** Puts itself between the API and every transaction, above all retries of the SDK. Returns how to step aside again. */
function interceptTransactions(handle: (input: TransactionInput, send: () => Promise<unknown>) => Promise<unknown>): () => void {
  const { database } = harness;
  const { send } = database;
  const intercepted = (operation: Operation, input: never, options: { abortSignal: AbortSignal }): Promise<unknown> => {
    const forward = (): Promise<unknown> => send(operation, input, options);
    return operation === 'TransactWriteItems' ? handle(input, forward) : forward();
  };
  database.send = intercepted as Send;
  return () => void (database.send = send);
}

/** Drops the acknowledgement of the next transaction after it was applied. */
function loseNextAcknowledgement({ forgetsToken }: { forgetsToken: boolean }): { lost: () => number; restore: () => void } {
  let lost = 0;
  const restore = interceptTransactions(async (input, send) => {
    // As if DynamoDB remembered the token no longer: then only the conditions of the writes can tell.
    if (lost > 0 && forgetsToken) input.ClientRequestToken = crypto.randomUUID();
    const answer = await send();
    if (lost > 0) return answer;
    lost += 1;
    throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  });
  return { lost: () => lost, restore };
}

/** Everything that a mutation may have changed, without what differs between any two runs: ids, times, and the random `order` of pages. */
async function effects({ owner, other, projectId }: World, extra: string[]): Promise<object> {
  const connection = connect(harness.database, { signal: AbortSignal.timeout(20_000) });
  const shape = ({ revision, version, status, role, name, title }: Row): Row => ({
    revision,
    version,
    status,
    role,
    name,
    title,
  });
  const activity = async (partition: string): Promise<string[]> => {
    const { items } = await connection.query({ table: 'activity', index: 'UserIdIndex', partition });
    return items.map((row) => `${String(row['action'])} ${String(row['entityType'])}`).toSorted();
  };
  const children = await Promise.all(
    tableIds.map(async (table) => {
      const index = projectRowsIndex(table);
      if (!index) return null;
      const { items } = await connection.query({ table, index, partition: projectId } as Parameters<typeof connection.query>[0]);
      return items.map((row) => JSON.stringify(shape(row))).toSorted();
    }),
  );
  const owned = await connection.query({ table: 'projects', index: 'UserIdIndex', partition: owner.id });
  const keys = await connection.get('users', { id: owner.id }, { consistent: true });
  return {
    activity: await Promise.all([owner.id, other.id, ...extra].map(activity)),
    children,
    projects: owned.items.map((row) => JSON.stringify(shape(row))).toSorted(),
    keys: ((keys?.['apiKeyIds'] ?? []) as string[]).length,
    rollUps: (await harness.rows('analytics', `rollup#${projectId}#m#day`)).map(({ n0, s0 }) => [n0, s0]),
    team: (await harness.rows('teams', projectId)).length,
    settings: (await harness.rows('settings', owner.id)).map(shape),
    projectCounts: await Promise.all([owner, other].map(({ id }) => readProjectCounts(connection, projectId, id))),
    ownerCounts: await Promise.all([owner, other].map(({ id }) => readOwnerCounts(connection, id))),
  };
}

async function runOnce(field: string, scenario: Scenario, fault: { forgetsToken: boolean } | null): Promise<object> {
  const [owner, other] = await Promise.all([harness.signUp(), harness.signUp({ username: 'Bob' })]);
  const world = { owner, other, projectId: (await fakeProject(harness, owner)).id };
  const variables = (await scenario.variables?.(world)) ?? {};
  const heads = Object.keys(variables).map(
    (name) => `$${name}: ${field === 'projectDelete' || name !== 'id' ? 'ID!' : typeOfId(scenario)}`,
  );
  const document = `mutation ${heads.length > 0 ? `(${heads.join(', ')})` : ''} { ${scenario.call} { ${scenario.result} ${errors} } }`;
  const losing = fault && loseNextAcknowledgement(fault);
  let answer: Data;
  try {
    answer = (await harness.must(scenario.as ? scenario.as(world) : owner, document, variables))[field];
  } finally {
    losing?.restore();
  }
  if (losing) expect(losing.lost()).toBe(1);
  await harness.settled();
  const newcomer = field === 'signUp' ? [String(answer.user.id)] : [];
  return { answer: withoutIdentity(answer), effects: await effects(world, newcomer) };
}

/** Addresses and tokens travel in the same variable as ids do. */
function typeOfId({ call }: Scenario): string {
  return call.includes('email: $id') || call.includes('refreshToken: $id') ? 'String!' : 'ID!';
}

/** Ids, tokens, times and addresses differ between any two runs. */
function withoutIdentity(answer: Data): Data {
  const hidden = new Set(['id', 'accessToken', 'refreshToken', 'secret', 'email', 'deletedId', 'revokedAt']);
  return JSON.parse(JSON.stringify(answer, (name, value: unknown) => (hidden.has(name) ? typeof value : value)));
}

const scenarios = Object.entries(table).flatMap(([field, scenario]) => ('call' in scenario ? [{ field, scenario }] : []));

describe.each(scenarios)('$field, its acknowledgement lost', ({ field, scenario }) => {
  test('has the one effect and the answer that it has otherwise', async () => {
    const undisturbed = await runOnce(field, scenario, null);
    expect(await runOnce(field, scenario, { forgetsToken: false })).toEqual(undisturbed);
    expect(await runOnce(field, scenario, { forgetsToken: true })).toEqual(undisturbed);
  });
});

describe('a transaction that never comes through', () => {
  test('ends as an error that tells to try again, and nothing of it is there', async () => {
    const owner = await harness.signUp();
    let tries = 0;
    const restore = interceptTransactions(() => {
      tries += 1;
      return Promise.reject(Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:8000'), { code: 'ECONNREFUSED' }));
    });
    const { errors: top, data } = await harness.run(owner, `mutation { projectCreate(input: { name: "x" }) { project { id } ${errors} } }`);
    restore();
    expect(data).toBeNull();
    expect(top[0]?.extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', retryable: true });
    expect(top[0]?.message).not.toMatch(/ECONN|10\.0\.0\.1/);
    expect(tries).toBeGreaterThan(1);
    expect(tries).toBeLessThanOrEqual(4);
    const { viewer } = await harness.must(owner, '{ viewer { projects { nodes { id } } } }');
    expect(viewer.projects.nodes).toEqual([]);
  });
});

describe('an idempotency key', () => {
  const create = `mutation ($name: String!, $key: String) { projectCreate(input: { name: $name }, idempotencyKey: $key) { project { id } userErrors { code field message } } }`;

  test.each([
    ['is empty', ' '],
    ['is too long', 'k'.repeat(256)],
    ['has half of a surrogate pair', 'a\ud800'],
  ])('that %s is refused', async (_, key) => {
    const owner = await harness.signUp();
    const { data } = await harness.run(owner, create, { name: 'x', key });
    expect(data.projectCreate).toMatchObject({ project: null, userErrors: [{ code: 'VALIDATION', field: ['idempotencyKey'] }] });
  });

  test('of 255 characters of any script works', async () => {
    const owner = await harness.signUp();
    const key = '鍵'.repeat(255);
    const first = await harness.must(owner, create, { name: 'x', key });
    expect(await harness.must(owner, create, { name: 'x', key })).toEqual(first);
  });

  test('is not shared by users, nor by mutations', async () => {
    const [one, two] = await Promise.all([harness.signUp(), harness.signUp()]);
    const key = crypto.randomUUID();
    const first = await harness.must(one, create, { name: 'x', key });
    expect((await harness.must(two, create, { name: 'x', key })).projectCreate.project.id).not.toBe(first.projectCreate.project.id);
    const { data } = await harness.run(
      one,
      `mutation ($key: String) { projectBulkCreate(inputs: [{ name: "x" }], idempotencyKey: $key) { userErrors { code } } }`,
      { key },
    );
    expect(data.projectBulkCreate.userErrors).toEqual([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
  });
});
