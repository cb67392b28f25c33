/**
 * The role table: one row for each root field, held against every kind of caller. The table is exhaustive by type, so a
 * new root field without a row does not compile.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { projectPermissions, roleAllows, roles, scopesAllow, type ProjectAction, type Scope } from '../../src/auth/permissions.ts';
import type { MutationResolvers, QueryResolvers, SubscriptionResolvers } from '../../src/graphql/generated.ts';
import { newId } from '../../src/data/ids.ts';
import { fakeProject, fakeSchema } from '../support/factories.ts';
import { createHarness, type Answer, type Caller, type Data, type Harness, type TestUser } from '../support/harness.ts';

type RootField = keyof QueryResolvers | keyof MutationResolvers | keyof SubscriptionResolvers;

/** What a row may refer to. */
interface Objects {
  project: string;
  schema: string;
  architecture: string;
  deployment: string;
  integration: string;
  page: string;
  codeGeneration: string;
  /** An open invitation to somebody who is none of the callers. */
  invitation: string;
  /** User id of a member who is none of the callers. */
  member: string;
}

interface Rule {
  /** What the field needs: an action on the project of its object, `account` or `session` of the viewer, or nothing. */
  needs: ProjectAction | 'account.read' | 'account.write' | 'session' | 'platform-admin' | 'nothing';
  document: string;
  variables?: (objects: Objects) => Record<string, unknown>;
}

const errors = 'userErrors { code message }';
const dry = 'dryRun: true';
const id = 'query ($id: ID!)';
const mutationOn = (field: string, args: string, result: string): string =>
  `mutation ($id: ID!) { ${field}(id: $id, ${args}${dry}) { ${result} ${errors} } }`;

const table: Record<RootField, Rule> = {
  viewer: { needs: 'account.read', document: '{ viewer { id } }' },
  node: { needs: 'project.read', document: `${id} { node(id: $id) { id } }`, variables: ({ schema }) => ({ id: schema }) },
  nodes: { needs: 'project.read', document: `${id} { nodes(ids: [$id]) { id } }`, variables: ({ deployment }) => ({ id: deployment }) },
  admin: { needs: 'platform-admin', document: '{ admin { userByEmail(email: "nobody@example.com") { id } } }' },
  codeGeneration: {
    needs: 'project.read',
    document: `${id} { codeGeneration(id: $id) { id } }`,
    variables: ({ codeGeneration }) => ({ id: codeGeneration }),
  },
  projectUpdated: {
    needs: 'project.read',
    document: 'subscription ($id: ID!) { projectUpdated(id: $id) { id } }',
    variables: ({ project }) => ({ id: project }),
  },
  deploymentUpdated: {
    needs: 'project.read',
    document: 'subscription ($id: ID!) { deploymentUpdated(projectId: $id) { id } }',
    variables: ({ project }) => ({ id: project }),
  },
  deploymentLogs: {
    needs: 'project.read',
    document: 'subscription ($id: ID!) { deploymentLogs(id: $id) { message } }',
    variables: ({ deployment }) => ({ id: deployment }),
  },
  codeGenerationUpdated: {
    needs: 'project.read',
    document: 'subscription ($id: ID!) { codeGenerationUpdated(id: $id) { id } }',
    variables: ({ codeGeneration }) => ({ id: codeGeneration }),
  },
  activityAdded: {
    needs: 'project.read',
    document: 'subscription ($id: ID!) { activityAdded(projectId: $id) { id } }',
    variables: ({ project }) => ({ id: project }),
  },
  home: { needs: 'account.read', document: '{ home { viewer { id } } }' },
  ai: { needs: 'account.read', document: '{ ai { available models } }' },
  aiChat: {
    needs: 'ai.chat',
    document: `mutation ($id: ID!) { aiChat(input: { projectId: $id, messages: [{ role: USER, content: "a" }] }) { model ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  aiChatStream: {
    needs: 'ai.chat',
    document: `subscription ($id: ID!) { aiChatStream(input: { projectId: $id, messages: [{ role: USER, content: "a" }] }) { delta ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  aiExplainCode: {
    needs: 'ai.chat',
    document: `mutation ($id: ID!) { aiExplainCode(input: { projectId: $id, code: "a" }) { model ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  aiGenerateSchema: {
    needs: 'ai.generate',
    document: `mutation ($id: ID!) { aiGenerateSchema(input: { projectId: $id, prompt: "a", save: true, name: "a" }) { model ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  dashboard: { needs: 'account.read', document: '{ dashboard { stats { projects } } }' },
  project: { needs: 'project.read', document: `${id} { project(id: $id) { id name } }`, variables: ({ project }) => ({ id: project }) },
  databaseSchema: {
    needs: 'project.read',
    document: `${id} { databaseSchema(id: $id) { id } }`,
    variables: ({ schema }) => ({ id: schema }),
  },
  schemaDiff: {
    needs: 'project.read',
    document: `${id} { schemaDiff(baseId: $id, headId: $id) { changes { kind } } }`,
    variables: ({ schema }) => ({ id: schema }),
  },
  architecture: {
    needs: 'project.read',
    document: `${id} { architecture(id: $id) { id } }`,
    variables: ({ architecture }) => ({ id: architecture }),
  },
  deployment: {
    needs: 'project.read',
    document: `${id} { deployment(id: $id) { id } }`,
    variables: ({ deployment }) => ({ id: deployment }),
  },
  documentationPage: {
    needs: 'project.read',
    document: `${id} { documentationPage(id: $id) { id } }`,
    variables: ({ page }) => ({ id: page }),
  },

  integration: {
    needs: 'integration.read',
    document: `${id} { integration(id: $id) { id } }`,
    variables: ({ integration }) => ({ id: integration }),
  },
  integrationCreate: {
    needs: 'integration.write',
    document: `mutation ($id: ID!) { integrationCreate(input: { projectId: $id, type: STRIPE, name: "x", config: { secretKey: "sk_test_roles1234" } }, ${dry}) { integration { id } ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  integrationUpdate: {
    needs: 'integration.write',
    document: mutationOn('integrationUpdate', 'input: { name: "y" }, ', 'integration { id }'),
    variables: ({ integration }) => ({ id: integration }),
  },
  integrationDelete: {
    needs: 'integration.write',
    document: mutationOn('integrationDelete', '', 'deletedId'),
    variables: ({ integration }) => ({ id: integration }),
  },
  integrationEnable: {
    needs: 'integration.write',
    document: mutationOn('integrationEnable', '', 'integration { id }'),
    variables: ({ integration }) => ({ id: integration }),
  },
  integrationDisable: {
    needs: 'integration.write',
    document: mutationOn('integrationDisable', '', 'integration { id }'),
    variables: ({ integration }) => ({ id: integration }),
  },
  integrationTest: {
    needs: 'integration.write',
    document: mutationOn('integrationTest', '', 'integration { id }'),
    variables: ({ integration }) => ({ id: integration }),
  },
  integrationSync: {
    needs: 'integration.write',
    document: mutationOn('integrationSync', '', 'integration { id }'),
    variables: ({ integration }) => ({ id: integration }),
  },

  activityLog: {
    needs: 'activity.write',
    document: `mutation ($id: ID!) { activityLog(input: { projectId: $id, action: "met" }, ${dry}) { activity { id } ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  metricTrack: {
    needs: 'metric.write',
    document: `mutation ($id: ID!) { metricTrack(input: { projectId: $id, metric: "m", value: 1 }, ${dry}) { event { id } ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  metricTrackBatch: {
    needs: 'metric.write',
    document: `mutation ($id: ID!) { metricTrackBatch(inputs: [{ projectId: $id, metric: "m", value: 1 }], ${dry}) { events { id } ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  activityDelete: {
    needs: 'account.write',
    document: `mutation { activityDelete(id: "act_01jd3kq7m8e0h8x2v5w9y4z6ab", ${dry}) { deletedId ${errors} } }`,
  },

  signUp: {
    needs: 'nothing',
    document: `mutation { signUp(input: { email: "not an address", password: "x", username: "x" }) { ${errors} } }`,
  },
  signIn: {
    needs: 'nothing',
    document: `mutation { signIn(input: { email: "nobody@example.com", password: "wrong password" }) { ${errors} } }`,
  },
  sessionRefresh: { needs: 'nothing', document: `mutation { sessionRefresh(refreshToken: "rt_nothing") { ${errors} } }` },
  signOut: { needs: 'session', document: `mutation { signOut { ${errors} } }` },
  passwordChange: {
    needs: 'session',
    document: `mutation { passwordChange(input: { currentPassword: "wrong password", newPassword: "another password" }) { ${errors} } }`,
  },
  apiKeyCreate: { needs: 'session', document: `mutation { apiKeyCreate(input: { name: "k", scopes: [READ] }, ${dry}) { ${errors} } }` },
  apiKeyRevoke: { needs: 'session', document: `mutation { apiKeyRevoke(id: "key_01jd3kq7m8e0h8x2v5w9y4z6ab", ${dry}) { ${errors} } }` },
  userUpdate: { needs: 'session', document: `mutation { userUpdate(input: { username: "Ada" }, ${dry}) { ${errors} } }` },
  onboardingUpdate: { needs: 'session', document: `mutation { onboardingUpdate(input: { step: 1 }, ${dry}) { ${errors} } }` },

  projectCreate: {
    needs: 'account.write',
    document: `mutation { projectCreate(input: { name: "x" }, ${dry}) { project { id } ${errors} } }`,
  },
  projectBulkCreate: {
    needs: 'account.write',
    document: `mutation { projectBulkCreate(inputs: [{ name: "x" }], ${dry}) { projects { id } ${errors} } }`,
  },
  projectUpdate: {
    needs: 'project.update',
    document: mutationOn('projectUpdate', 'input: { name: "y" }, ', 'project { id }'),
    variables: ({ project }) => ({ id: project }),
  },
  projectArchive: {
    needs: 'project.archive',
    document: mutationOn('projectArchive', '', 'project { id }'),
    variables: ({ project }) => ({ id: project }),
  },
  projectUnarchive: {
    needs: 'project.archive',
    document: mutationOn('projectUnarchive', '', 'project { id }'),
    variables: ({ project }) => ({ id: project }),
  },
  projectDuplicate: {
    needs: 'project.read',
    document: mutationOn('projectDuplicate', '', 'project { id }'),
    variables: ({ project }) => ({ id: project }),
  },
  projectDelete: {
    needs: 'project.delete',
    document: mutationOn('projectDelete', '', 'deletedId'),
    variables: ({ project }) => ({ id: project }),
  },

  schemaCreate: {
    needs: 'schema.write',
    document: `mutation ($id: ID!) { schemaCreate(input: { projectId: $id, name: "fresh" }, ${dry}) { schema { id } ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  schemaImport: {
    needs: 'schema.write',
    document: `mutation ($id: ID!) { schemaImport(input: { projectId: $id, name: "fresh", format: SQL, source: "CREATE TABLE a (id int);" }, ${dry}) { schema { id } ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  schemaUpdate: {
    needs: 'schema.write',
    document: mutationOn('schemaUpdate', 'input: { description: "x" }, expectedRevision: 1, ', 'schema { id }'),
    variables: ({ schema }) => ({ id: schema }),
  },
  schemaVersionCreate: {
    needs: 'schema.write',
    document: mutationOn('schemaVersionCreate', '', 'schema { id }'),
    variables: ({ schema }) => ({ id: schema }),
  },
  schemaDelete: {
    needs: 'schema.write',
    document: mutationOn('schemaDelete', '', 'deletedId'),
    variables: ({ schema }) => ({ id: schema }),
  },

  architectureCreate: {
    needs: 'architecture.write',
    document: `mutation ($id: ID!) { architectureCreate(input: { projectId: $id, name: "fresh" }, ${dry}) { architecture { id } ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  architectureUpdate: {
    needs: 'architecture.write',
    document: mutationOn('architectureUpdate', 'input: { name: "x" }, expectedRevision: 1, ', 'architecture { id }'),
    variables: ({ architecture }) => ({ id: architecture }),
  },
  architectureLayout: {
    needs: 'architecture.write',
    document: mutationOn('architectureLayout', '', 'architecture { id }'),
    variables: ({ architecture }) => ({ id: architecture }),
  },
  architectureDelete: {
    needs: 'architecture.write',
    document: mutationOn('architectureDelete', '', 'deletedId'),
    variables: ({ architecture }) => ({ id: architecture }),
  },

  codeGenerationStart: {
    needs: 'codeGeneration.write',
    document: `mutation ($id: ID!) { codeGenerationStart(input: { projectId: $id, type: API }, ${dry}) { codeGeneration { id } ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  codeGenerationCancel: {
    needs: 'codeGeneration.write',
    document: mutationOn('codeGenerationCancel', '', 'codeGeneration { id }'),
    variables: ({ codeGeneration }) => ({ id: codeGeneration }),
  },
  codeGenerationExtend: {
    needs: 'codeGeneration.write',
    document: mutationOn('codeGenerationExtend', 'input: { days: 3 }, ', 'codeGeneration { id }'),
    variables: ({ codeGeneration }) => ({ id: codeGeneration }),
  },
  codeGenerationDelete: {
    needs: 'codeGeneration.write',
    document: mutationOn('codeGenerationDelete', '', 'deletedId'),
    variables: ({ codeGeneration }) => ({ id: codeGeneration }),
  },

  deploymentCreate: {
    needs: 'deployment.write',
    document: `mutation ($id: ID!) { deploymentCreate(input: { projectId: $id, environment: STAGING, provider: AWS, version: "1" }, ${dry}) { deployment { id } ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  deploymentReport: {
    needs: 'deployment.write',
    document: mutationOn('deploymentReport', 'input: { status: DEPLOYING }, ', 'deployment { id }'),
    variables: ({ deployment }) => ({ id: deployment }),
  },
  deploymentCancel: {
    needs: 'deployment.write',
    document: mutationOn('deploymentCancel', '', 'deployment { id }'),
    variables: ({ deployment }) => ({ id: deployment }),
  },
  deploymentRollback: {
    needs: 'deployment.write',
    document: mutationOn('deploymentRollback', '', 'deployment { id }'),
    variables: ({ deployment }) => ({ id: deployment }),
  },
  deploymentDelete: {
    needs: 'deployment.write',
    document: mutationOn('deploymentDelete', '', 'deletedId'),
    variables: ({ deployment }) => ({ id: deployment }),
  },
  deploymentLogAppend: {
    needs: 'deployment.write',
    document: mutationOn('deploymentLogAppend', 'entries: [{ message: "x" }], ', 'deployment { id }'),
    variables: ({ deployment }) => ({ id: deployment }),
  },

  documentationPageCreate: {
    needs: 'documentation.write',
    document: `mutation ($id: ID!) { documentationPageCreate(input: { projectId: $id, title: "x" }, ${dry}) { documentationPage { id } ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  documentationPageUpdate: {
    needs: 'documentation.write',
    document: mutationOn('documentationPageUpdate', 'input: { title: "x" }, ', 'documentationPage { id }'),
    variables: ({ page }) => ({ id: page }),
  },
  documentationPageMove: {
    needs: 'documentation.write',
    document: mutationOn('documentationPageMove', 'after: null, ', 'documentationPage { id }'),
    variables: ({ page }) => ({ id: page }),
  },
  documentationPageDelete: {
    needs: 'documentation.write',
    document: mutationOn('documentationPageDelete', '', 'deletedId'),
    variables: ({ page }) => ({ id: page }),
  },

  settingsUpdate: {
    needs: 'account.write',
    document: `mutation { settingsUpdate(input: { theme: DARK }, ${dry}) { settings { revision } ${errors} } }`,
  },
  settingsReset: { needs: 'account.write', document: `mutation { settingsReset(${dry}) { settings { revision } ${errors} } }` },

  memberInvite: {
    needs: 'member.write',
    document: `mutation ($id: ID!) { memberInvite(projectId: $id, input: { email: "fresh@example.com", role: VIEWER }, ${dry}) { invitation { id } ${errors} } }`,
    variables: ({ project }) => ({ id: project }),
  },
  invitationRevoke: {
    needs: 'member.write',
    document: mutationOn('invitationRevoke', '', 'deletedId'),
    variables: ({ invitation }) => ({ id: invitation }),
  },
  invitationResend: {
    needs: 'member.write',
    document: mutationOn('invitationResend', '', 'invitation { id }'),
    variables: ({ invitation }) => ({ id: invitation }),
  },
  invitationAccept: {
    needs: 'session',
    document: `mutation { invitationAccept(id: "inv_01jd3kq7m8e0h8x2v5w9y4z6ab", ${dry}) { ${errors} } }`,
  },
  invitationDecline: {
    needs: 'session',
    document: `mutation { invitationDecline(id: "inv_01jd3kq7m8e0h8x2v5w9y4z6ab", ${dry}) { ${errors} } }`,
  },
  memberRoleUpdate: {
    needs: 'member.write',
    document: `mutation ($id: ID!, $userId: ID!) { memberRoleUpdate(projectId: $id, userId: $userId, role: DEVELOPER, ${dry}) { member { role } ${errors} } }`,
    variables: ({ project, member }) => ({ id: project, userId: member }),
  },
  memberRemove: {
    needs: 'member.write',
    document: `mutation ($id: ID!, $userId: ID!) { memberRemove(projectId: $id, userId: $userId, ${dry}) { deletedId ${errors} } }`,
    variables: ({ project, member }) => ({ id: project, userId: member }),
  },
  ownershipTransfer: {
    needs: 'project.transfer',
    document: `mutation ($id: ID!, $userId: ID!) { ownershipTransfer(projectId: $id, userId: $userId, ${dry}) { project { id } ${errors} } }`,
    variables: ({ project, member }) => ({ id: project, userId: member }),
  },
};

let harness: Harness;
let own: Objects;
let people: Record<'owner' | 'admin' | 'developer' | 'viewer' | 'stranger', TestUser>;
let keys: Record<Scope, Caller>;

async function makeObjects(user: TestUser): Promise<Objects> {
  const project: string = (await fakeProject(harness, user)).id;
  const schema: string = (await fakeSchema(harness, user, { projectId: project })).id;
  const made = await harness.must(
    user,
    `mutation ($id: ID!) {
      architectureCreate(input: { projectId: $id, name: "a" }) { architecture { id } ${errors} }
      deploymentCreate(input: { projectId: $id, environment: PRODUCTION, provider: AWS, version: "1" }) { deployment { id } ${errors} }
      documentationPageCreate(input: { projectId: $id, title: "a" }) { documentationPage { id } ${errors} }
      integrationCreate(input: { projectId: $id, type: STRIPE, name: "a", config: { secretKey: "sk_test_roles1234" } }) { integration { id } ${errors} }
      memberInvite(projectId: $id, input: { email: "invited@example.com", role: VIEWER }) { invitation { id } ${errors} }
    }`,
    { id: project },
  );
  const member = (await harness.signUp()).id;
  await harness.putRow('teams', { projectId: project, userId: member, role: 'viewer', createdAt: new Date().toISOString() });
  const now = new Date().toISOString();
  const codeGeneration = newId('gen');
  await harness.putRow('codeGenerations', {
    id: codeGeneration,
    userId: user.id,
    projectId: project,
    type: 'api',
    status: 'completed',
    createdAt: now,
    updatedAt: now,
  });
  return {
    project,
    schema,
    member,
    codeGeneration,
    invitation: made.memberInvite.invitation.id,
    architecture: made.architectureCreate.architecture.id,
    deployment: made.deploymentCreate.deployment.id,
    integration: made.integrationCreate.integration.id,
    page: made.documentationPageCreate.documentationPage.id,
  };
}

beforeAll(async () => {
  harness = await createHarness();
  const [owner, admin, developer, viewer, stranger] = await Promise.all(Array.from({ length: 5 }, () => harness.signUp()));
  people = { owner: owner!, admin: admin!, developer: developer!, viewer: viewer!, stranger: stranger! };
  own = await makeObjects(people.owner);
  for (const role of ['admin', 'developer', 'viewer'] as const) {
    await harness.putRow('teams', { projectId: own.project, userId: people[role].id, role, createdAt: new Date().toISOString() });
  }
  const key = async (scope: Scope): Promise<Caller> => {
    const { apiKeyCreate } = await harness.must(
      people.owner,
      `mutation ($scopes: [ApiKeyScope!]!) { apiKeyCreate(input: { name: "key", scopes: $scopes }) { secret ${errors} } }`,
      { scopes: [scope.toUpperCase()] },
    );
    return { token: apiKeyCreate.secret };
  };
  keys = { read: await key('read'), write: await key('write'), deploy: await key('deploy'), metrics: await key('metrics') };
});
afterAll(() => harness.close());

/** Returns the answer to an operation; of a subscription, its first event. */
async function answerTo(caller: Caller | null, document: string, variables: Record<string, unknown>): Promise<Omit<Answer, 'calls'>> {
  if (!document.startsWith('subscription')) return harness.run(caller, document, variables);
  const following = await harness.follow(caller, document, variables);
  const event = await following.next();
  following.end();
  return event ?? { data: null, errors: [] };
}

/** Runs a row and says how it ended: a code, `null` for nothing seen, `ok` for everything else. */
async function outcome(caller: Caller | null, field: string, objects: Objects): Promise<string> {
  const rule = table[field as RootField];
  const { data, errors: top } = await answerTo(caller, rule.document, rule.variables?.(objects) ?? {});
  if (top[0]) return String(top[0].extensions?.['code']);
  const answer: Data = data[field];
  const code: string | undefined = answer?.userErrors?.[0]?.code;
  // What a role allows may still be refused by the rules of the domain: that is not a matter of access.
  if (code) return ['NOT_FOUND', 'FORBIDDEN'].includes(code) ? code : 'ok';
  return answer === null || (Array.isArray(answer) && answer[0] === null) ? 'null' : 'ok';
}

/** How an operation without the rights for it ends: a query shows nothing, a mutation and a subscription say why. */
const denials = {
  query: { anonymous: 'null', missing: 'null', role: 'null' },
  mutation: { anonymous: 'UNAUTHENTICATED', missing: 'NOT_FOUND', role: 'FORBIDDEN' },
  // What may not be followed looks missing, too.
  subscription: { anonymous: 'UNAUTHENTICATED', missing: 'FORBIDDEN', role: 'FORBIDDEN' },
} as const;

function kindOf({ document }: Rule): keyof typeof denials {
  if (document.startsWith('mutation')) return 'mutation';
  // A subscription with userErrors answers as a mutation does.
  if (document.includes(errors) && document.startsWith('subscription')) return 'mutation';
  return document.startsWith('subscription') ? 'subscription' : 'query';
}

const rows = Object.entries(table).map(([field, rule]) => ({ field, ...rule, kind: kindOf(rule) }));
const onProject = rows.filter((row) => Object.hasOwn(projectPermissions, row.needs)) as ((typeof rows)[number] & {
  needs: ProjectAction;
})[];

describe.each(onProject)('$field needs $needs', ({ field, needs, kind }) => {
  const denied = denials[kind];

  test('anonymous', async () => {
    expect(await outcome(null, field, own)).toBe(denied.anonymous);
  });

  test('a stranger can not tell it from a missing object', async () => {
    const missing = Object.fromEntries(Object.entries(own).map(([kind, one]) => [kind, `${one.slice(0, -4)}zzzz`])) as unknown as Objects;
    expect(await outcome(people.stranger, field, own)).toBe(denied.missing);
    expect(await outcome(people.stranger, field, missing)).toBe(denied.missing);
    expect(await outcome(people.owner, field, missing)).toBe(denied.missing);
  });

  test.each(roles)('%s', async (role) => {
    expect(await outcome(people[role], field, own)).toBe(roleAllows(role, needs) ? 'ok' : denied.role);
  });

  test.each(['read', 'write', 'deploy', 'metrics'] as const)('an API key of the owner with the scope %s', async (scope) => {
    // projectDuplicate also makes a project.
    const needed: Scope = field === 'projectDuplicate' ? 'write' : projectPermissions[needs].scope;
    // Who only sends metrics reads nothing else.
    const alsoReads = !field.startsWith('metricTrack');
    const allowed = scopesAllow([scope], needed) && (kind !== 'mutation' || !alsoReads || scopesAllow([scope], 'read'));
    expect(await outcome(keys[scope], field, own)).toBe(allowed ? 'ok' : denied.role);
  });
});

describe.each(rows.filter(({ needs }) => ['account.read', 'account.write', 'session'].includes(needs)))(
  '$field needs $needs',
  ({ field, needs }) => {
    test('anonymous', async () => {
      expect(await outcome(null, field, own)).toBe(['viewer', 'home', 'dashboard', 'ai'].includes(field) ? 'null' : 'UNAUTHENTICATED');
    });

    test('a signed-in user', async () => {
      const fresh = await harness.signUp();
      expect(['ok', 'NOT_FOUND']).toContain(await outcome(fresh, field, own));
    });

    test.each(['read', 'write', 'deploy', 'metrics'] as const)('an API key with the scope %s', async (scope) => {
      const needed: Scope | 'session' = needs === 'session' ? 'session' : needs === 'account.read' ? 'read' : 'write';
      // The ids of these rows are of nothing that exists.
      const expected = scopesAllow([scope], needed) ? ['ok', 'NOT_FOUND'] : ['FORBIDDEN'];
      expect(expected).toContain(await outcome(keys[scope], field, own));
    });
  },
);

describe('admin needs a platform admin', () => {
  test.each([
    ['anonymous', null, 'UNAUTHENTICATED'],
    ['owner', 'owner', 'FORBIDDEN'],
    ['stranger', 'stranger', 'FORBIDDEN'],
  ] as const)('%s', async (_, caller, expected) => {
    expect(await outcome(caller && people[caller], 'admin', own)).toBe(expected);
  });

  test('a platform admin, but not with an API key', async () => {
    const admin = await harness.signUp();
    const made = await harness.must(admin, `mutation { apiKeyCreate(input: { name: "k", scopes: [READ, WRITE] }) { secret ${errors} } }`);
    const [account] = await harness.rows('users', admin.id);
    await harness.putRow('users', { ...account, role: 'admin' });
    expect(await outcome(admin, 'admin', own)).toBe('ok');
    expect(await outcome({ token: made.apiKeyCreate.secret }, 'admin', own)).toBe('FORBIDDEN');
  });
});

describe.each(rows.filter(({ needs }) => needs === 'nothing'))('$field needs nothing', ({ field }) => {
  test('anonymous', async () => {
    expect(await outcome(null, field, own)).toBe('ok');
  });
});
