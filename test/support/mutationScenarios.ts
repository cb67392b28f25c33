/** Every mutation of the schema, as a run that has an effect: for tests of what becomes of it when something goes wrong. */
import { issueRefreshToken } from '../../src/auth/refreshTokens.ts';
import { connect } from '../../src/data/connection.ts';
import { newId } from '../../src/data/ids.ts';
import { putSession } from '../../src/domains/users/sessions.store.ts';
import { putAccount, putEmailGuard } from '../../src/domains/users/users.store.ts';
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
} from './factories.ts';
import { uniqueEmail, type Caller, type Harness, type TestUser } from './harness.ts';
import { goodConfigs } from './providers.ts';

/** The people and the project of one run. */
export interface World {
  readonly harness: Harness;
  owner: TestUser;
  other: TestUser;
  projectId: string;
}

/** A mutation as it is sent. */
export interface Scenario {
  /** The operation, its arguments in the text of GraphQL. */
  call: string;
  /** What is selected of the payload, beside `userErrors`. */
  result: string;
  variables?: (world: World) => Promise<Record<string, unknown>> | Record<string, unknown>;
  /** Types of variables that are not `ID!`. */
  types?: Readonly<Record<string, string>>;
  /** Who sends it, if not the owner. */
  as?: (world: World) => Caller | null;
}

const errors = 'userErrors { code message }';
const byId = (make: (world: World) => Promise<{ id: string }>) => async (world: World) => ({ id: (await make(world)).id });

const schema = byId(({ harness, owner, projectId }) => fakeSchema(harness, owner, { projectId, name: 'main' }));
const architecture = byId(({ harness, owner, projectId }) => fakeArchitecture(harness, owner, { projectId }));
const deployment = byId(({ harness, owner, projectId }) => fakeDeployment(harness, owner, { projectId }));
const page = byId(({ harness, owner, projectId }) => fakePage(harness, owner, { projectId }));
const integration = byId(({ harness, owner, projectId }) => fakeIntegration(harness, owner, { projectId }));
const invitation = byId(({ harness, owner, other, projectId }) => fakeInvitation(harness, owner, { projectId, email: other.email }));

/** A generation that some other instance is at, so that no worker of the test takes it up. */
const generation = byId(async ({ harness, owner, projectId }) => {
  const [id, now] = [newId('gen'), new Date().toISOString()];
  const row = { id, userId: owner.id, createdById: owner.id, projectId, type: 'api', target: 'sql', attempts: 1, revision: 1 };
  const lease = { leaseOwner: crypto.randomUUID(), leaseUntil: Date.now() + 3_600_000, ttl: Math.floor(Date.now() / 1000) + 86_400 };
  await harness.putRow('codeGenerations', { ...row, ...lease, status: 'generating', createdAt: now, updatedAt: now });
  return { id };
});
const project = ({ projectId }: World): Record<string, unknown> => ({ id: projectId });

async function member(world: World): Promise<Record<string, unknown>> {
  const { id } = await fakeInvitation(world.harness, world.owner, { projectId: world.projectId, email: world.other.email });
  await world.harness.must(world.other, `mutation ($id: ID!) { invitationAccept(id: $id) { ${errors} } }`, { id });
  return { id: world.projectId, userId: world.other.id };
}

async function succeeded(world: World): Promise<Record<string, unknown>> {
  const report = `mutation ($id: ID!, $status: DeploymentStatus!) { deploymentReport(id: $id, input: { status: $status }) { ${errors} } }`;
  let id = '';
  for (const version of ['1.0.0', '1.1.0']) {
    ({ id } = await fakeDeployment(world.harness, world.owner, { projectId: world.projectId, version }));
    for (const status of ['DEPLOYING', 'SUCCESS']) await world.harness.must(world.owner, report, { id, status });
  }
  return { id };
}

const metric = `{ projectId: $id, metric: "m", value: 1 }`;
/** 9,000 characters: more than a row takes, so that they are written beside it. */
const longText = 'Lorem ipsum '.repeat(750);

const longTables = Array.from(
  { length: 40 },
  (_, i) => `{ name: "t${i}", fields: [{ name: "${'f'.repeat(60)}", type: "uuid", required: true }] }`,
).join(' ');
const longNodes = Array.from({ length: 60 }, (_, i) => `{ id: "n${i}", type: "api", label: "${'label '.repeat(20)}" }`).join(' ');

/** A row for every mutation of the schema, so that a new one without a row does not compile. */
export const mutationScenarios: Record<keyof MutationResolvers, Scenario | { writesNothing: true }> = {
  activityLog: { call: 'activityLog(input: { projectId: $id, action: "met" })', result: 'activity { id }', variables: project },
  activityDelete: {
    call: 'activityDelete(id: $id)',
    result: 'deletedId',
    variables: byId(({ harness, owner, projectId }) => fakeActivity(harness, owner, { projectId })),
  },

  signUp: {
    call: 'signUp(input: { email: $id, password: "correct horse battery", username: "Eve" })',
    result: 'user { id } accessToken',
    variables: () => ({ id: uniqueEmail() }),
    types: { id: 'String!' },
    as: () => null,
  },
  signIn: {
    call: 'signIn(input: { email: $id, password: "correct horse battery" })',
    result: 'user { id } accessToken',
    variables: ({ owner }) => ({ id: owner.email }),
    types: { id: 'String!' },
    as: () => null,
  },
  sessionRefresh: {
    call: 'sessionRefresh(refreshToken: $id)',
    result: 'user { id } accessToken refreshToken',
    variables: ({ owner }) => ({ id: owner.refreshToken }),
    types: { id: 'String!' },
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
    variables: async ({ harness, owner }) => {
      const data = await harness.must(owner, `mutation { apiKeyCreate(input: { name: "k", scopes: [READ] }) { apiKey { id } ${errors} } }`);
      return { id: data.apiKeyCreate.apiKey.id };
    },
  },
  userUpdate: {
    call: 'userUpdate(input: { email: $id })',
    result: 'user { email revision }',
    variables: () => ({ id: uniqueEmail() }),
    types: { id: 'String!' },
  },
  onboardingUpdate: { call: 'onboardingUpdate(input: { step: 2, completed: true })', result: 'user { onboardingStep revision }' },
  settingsUpdate: { call: 'settingsUpdate(input: { theme: DARK })', result: 'settings { theme revision }' },
  settingsReset: {
    call: 'settingsReset',
    result: 'settings { theme }',
    variables: async ({ harness, owner }) => {
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
      await world.harness.must(world.owner, `mutation ($id: ID!) { projectArchive(id: $id) { ${errors} } }`, project(world));
      return project(world);
    },
  },
  projectDuplicate: {
    call: 'projectDuplicate(id: $id)',
    result: 'project { name schemas { nodes { name } } }',
    variables: async (world) => {
      await fakeSchema(world.harness, world.owner, { projectId: world.projectId, name: 'main' });
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
    call: `schemaUpdate(id: $id, input: { tables: [${longTables}] }, expectedRevision: 1)`,
    result: 'schema { revision tables { name } }',
    variables: schema,
  },
  schemaVersionCreate: { call: 'schemaVersionCreate(id: $id)', result: 'schema { version }', variables: schema },
  schemaDelete: { call: 'schemaDelete(id: $id)', result: 'deletedCounts { schemas }', variables: schema },

  architectureCreate: {
    call: `architectureCreate(input: { projectId: $id, name: "a", nodes: [${longNodes}] })`,
    result: 'architecture { name revision nodes { id label } }',
    variables: project,
  },
  architectureUpdate: {
    call: 'architectureUpdate(id: $id, input: { name: "b" }, expectedRevision: 1)',
    result: 'architecture { name revision }',
    variables: architecture,
  },
  architectureLayout: {
    call: 'architectureLayout(id: $id, algorithm: GRID)',
    result: 'architecture { revision nodes { position { x y } } }',
    variables: architecture,
  },
  architectureDelete: { call: 'architectureDelete(id: $id)', result: 'deletedCounts { architectures }', variables: architecture },

  codeGenerationStart: {
    call: 'codeGenerationStart(input: { projectId: $id, type: API, target: SQL })',
    result: 'codeGeneration { status target schemaVersion }',
    variables: async (world) => {
      const id = { name: 'id', type: 'uuid', required: true };
      // More than a row takes, so that the copy of the schema is written beside it.
      const tables = Array.from({ length: 70 }, (_, i) => ({ name: `t${i}`, fields: [id, { ...id, name: 'f'.repeat(60) }] }));
      await fakeSchema(world.harness, world.owner, { projectId: world.projectId, name: 'main', tables });
      return project(world);
    },
  },
  codeGenerationCancel: {
    call: 'codeGenerationCancel(id: $id, expectedRevision: 1)',
    result: 'codeGeneration { status revision }',
    variables: generation,
  },
  codeGenerationExtend: {
    call: 'codeGenerationExtend(id: $id, input: { days: 90 }, expectedRevision: 1)',
    result: 'codeGeneration { status revision }',
    variables: generation,
  },
  codeGenerationDelete: { call: 'codeGenerationDelete(id: $id)', result: 'deletedCounts { codeGenerations }', variables: generation },

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
    call: `documentationPageCreate(input: { projectId: $id, title: "t", content: "${longText}" })`,
    result: 'documentationPage { title content }',
    variables: project,
  },
  documentationPageUpdate: {
    call: `documentationPageUpdate(id: $id, input: { title: "u", content: "${longText}" }, expectedRevision: 1)`,
    result: 'documentationPage { title content revision }',
    variables: page,
  },
  documentationPageMove: {
    call: 'documentationPageMove(id: $id, after: null)',
    result: 'documentationPage { title }',
    variables: async (world) => {
      await fakePage(world.harness, world.owner, { projectId: world.projectId, title: 'first' });
      return page(world);
    },
  },
  documentationPageDelete: { call: 'documentationPageDelete(id: $id)', result: 'deletedCounts { documentation }', variables: page },

  metricTrack: { call: `metricTrack(input: ${metric})`, result: 'event { metric value }', variables: project },
  metricTrackBatch: {
    call: 'metricTrackBatch(inputs: $inputs)',
    result: 'events { metric }',
    variables: ({ projectId }) => ({ inputs: Array.from({ length: 100 }, () => ({ projectId, metric: 'm', value: 1 })) }),
    types: { inputs: '[MetricTrackInput!]!' },
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
    variables: byId(({ harness, owner, projectId }) => fakeIntegration(harness, owner, { projectId, enabled: false })),
  },
  integrationDisable: { call: 'integrationDisable(id: $id)', result: 'integration { enabled revision }', variables: integration },
  integrationSync: {
    call: 'integrationSync(id: $id)',
    result: 'integration { syncState }',
    variables: byId(({ harness, owner, projectId }) => fakeIntegration(harness, owner, { projectId, config: goodConfigs.github })),
  },
  integrationTest: { writesNothing: true },

  aiChat: { writesNothing: true },
  aiExplainCode: { writesNothing: true },
  aiGenerateSchema: {
    call: 'aiGenerateSchema(input: { projectId: $id, prompt: "notes", save: true, name: "s" })',
    result: 'schema { name version tableCount }',
    variables: project,
  },

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

/** Returns the document of a mutation with these variables, with `$key` for an idempotency key where `keyed`. */
export function documentOf({ call, result, types = {} }: Scenario, variables: Readonly<Record<string, unknown>>, keyed = false): string {
  const heads = [...Object.keys(variables).map((name) => `$${name}: ${types[name] ?? 'ID!'}`), ...(keyed ? ['$key: String'] : [])];
  const head = heads.length > 0 ? `(${heads.join(', ')})` : '';
  const withKey = call.endsWith(')') ? `${call.slice(0, -1)}, idempotencyKey: $key)` : `${call}(idempotencyKey: $key)`;
  return `mutation ${head} { ${keyed ? withKey : call} { ${result} ${errors} } }`;
}

/** All mutations that write, with their names. */
export const writingMutations = Object.entries(mutationScenarios).flatMap(([field, scenario]) =>
  'call' in scenario ? [{ field: field as keyof MutationResolvers, scenario }] : [],
);

/**
 * Returns how to make worlds: two people and a project each time. The people are copies of one who signed up, because
 * hashing a password for each would take longer than all else.
 */
export async function prepareWorlds(harness: Harness): Promise<() => Promise<World>> {
  const { id, password } = await harness.signUp();
  const [account] = await harness.rows('users', id);
  const { passwordHash } = account as { passwordHash: string };

  async function copyUser(username: string): Promise<TestUser> {
    const connection = connect(harness.database, { signal: AbortSignal.timeout(10_000) });
    const [userId, sessionId, email, now] = [newId('usr'), crypto.randomUUID(), uniqueEmail(), new Date()];
    const { token: refreshToken, ...hashes } = issueRefreshToken(sessionId);
    const copy = { id: userId, username, email, passwordHash, onboardingCompleted: false, profile: {} };
    await connection.transact([
      putEmailGuard(email, userId),
      putAccount({ ...copy, createdAt: now.toISOString(), updatedAt: now.toISOString(), revision: 1 }),
      putSession(sessionId, { ownerId: userId, epoch: 0, expiresAt: now.getTime() + 3_600_000, ...hashes }),
    ]);
    const { token } = await harness.services.auth.tokens.issueAccessToken({ userId, sessionId, now });
    return { id: userId, email, password, token, refreshToken };
  }

  return async () => {
    const [owner, other] = await Promise.all([copyUser('Ada'), copyUser('Bob')]);
    return { harness, owner, other, projectId: (await fakeProject(harness, owner)).id };
  };
}
