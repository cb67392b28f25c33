/** Makes what a test needs through the API: `fakeX(harness, user, overrides)` returns the object, and makes missing parents. */
import type { Data, Harness, TestUser } from './harness.ts';

/** Creates a project. */
export async function fakeProject(harness: Harness, user: TestUser, overrides: Record<string, unknown> = {}): Promise<Data> {
  const data = await harness.must(
    user,
    `mutation ($input: ProjectCreateInput!) { projectCreate(input: $input) { project { id name revision status createdAt } userErrors { message code field } } }`,
    { input: { name: 'Shop', ...overrides } },
  );
  return data.projectCreate.project;
}

let schemas = 0;

/** Creates a schema; without `projectId`, in a project of its own. */
export async function fakeSchema(harness: Harness, user: TestUser, overrides: Record<string, unknown> = {}): Promise<Data> {
  schemas += 1;
  const projectId = overrides['projectId'] ?? (await fakeProject(harness, user)).id;
  const data = await harness.must(
    user,
    `mutation ($input: SchemaCreateInput!) { schemaCreate(input: $input) { schema { id name version revision } userErrors { message code field } } }`,
    { input: { name: `main-${schemas}`, ...overrides, projectId } },
  );
  return { ...data.schemaCreate.schema, projectId };
}

const errors = 'userErrors { message code field }';

/** Creates an architecture with two nodes. */
export async function fakeArchitecture(
  harness: Harness,
  user: TestUser,
  overrides: Record<string, unknown> & { projectId: string },
): Promise<Data> {
  const nodes = [
    { id: 'api', type: 'api', label: 'API' },
    { id: 'db', type: 'database', label: 'Database' },
  ];
  const data = await harness.must(
    user,
    `mutation ($input: ArchitectureCreateInput!) { architectureCreate(input: $input) { architecture { id name revision } ${errors} } }`,
    { input: { name: 'System', nodes, edges: [{ source: 'api', target: 'db' }], ...overrides } },
  );
  return data.architectureCreate.architecture;
}

/** Creates a deployment. */
export async function fakeDeployment(
  harness: Harness,
  user: TestUser,
  overrides: Record<string, unknown> & { projectId: string },
): Promise<Data> {
  const data = await harness.must(
    user,
    `mutation ($input: DeploymentCreateInput!) { deploymentCreate(input: $input) { deployment { id status revision createdAt } ${errors} } }`,
    { input: { environment: 'STAGING', provider: 'AWS', version: '1.0.0', ...overrides } },
  );
  return data.deploymentCreate.deployment;
}

/** Creates a page of documentation. */
export async function fakePage(
  harness: Harness,
  user: TestUser,
  overrides: Record<string, unknown> & { projectId: string },
): Promise<Data> {
  const data = await harness.must(
    user,
    `mutation ($input: DocumentationPageCreateInput!) { documentationPageCreate(input: $input) { documentationPage { id title } ${errors} } }`,
    { input: { title: 'Handbook', content: '# Handbook', category: 'guides', ...overrides } },
  );
  return data.documentationPageCreate.documentationPage;
}

/** Creates an integration with GitHub. */
export async function fakeIntegration(
  harness: Harness,
  user: TestUser,
  overrides: Record<string, unknown> & { projectId: string },
): Promise<Data> {
  const config = { token: 'ghp_0123456789abcdefghij', owner: 'octocat', repository: 'hello-world' };
  const data = await harness.must(
    user,
    `mutation ($input: IntegrationCreateInput!) { integrationCreate(input: $input) { integration { id name revision } ${errors} } }`,
    { input: { type: 'GITHUB', name: 'Code', config, ...overrides } },
  );
  return data.integrationCreate.integration;
}

/** Invites an e-mail address to a project. */
export async function fakeInvitation(
  harness: Harness,
  user: TestUser,
  { projectId, ...input }: { projectId: string; email: string; role?: string },
): Promise<Data> {
  const data = await harness.must(
    user,
    `mutation ($projectId: ID!, $input: MemberInviteInput!) { memberInvite(projectId: $projectId, input: $input) { invitation { id email } ${errors} } }`,
    { projectId, input: { role: 'VIEWER', ...input } },
  );
  return data.memberInvite.invitation;
}

/** Signs somebody up who is a member of a project. */
export async function fakeMember(harness: Harness, { projectId, role }: { projectId: string; role: string }): Promise<TestUser> {
  const member = await harness.signUp();
  const row = { projectId, userId: member.id, email: member.email, name: 'Member', role, createdAt: new Date().toISOString() };
  await harness.putRow('teams', row);
  return member;
}

/** Records a metric event. */
export async function fakeEvent(
  harness: Harness,
  user: TestUser,
  overrides: Record<string, unknown> & { projectId: string },
): Promise<Data> {
  const data = await harness.must(
    user,
    `mutation ($input: MetricTrackInput!) { metricTrack(input: $input) { event { id metric value timestamp expiresAt } ${errors} } }`,
    { input: { metric: 'http.requests', value: 1, ...overrides } },
  );
  return data.metricTrack.event;
}

/** Logs an activity of the user's own. */
export async function fakeActivity(harness: Harness, user: TestUser, overrides: Record<string, unknown> = {}): Promise<Data> {
  const data = await harness.must(
    user,
    `mutation ($input: ActivityLogInput!) { activityLog(input: $input) { activity { id createdAt } ${errors} } }`,
    { input: { action: 'met', ...overrides } },
  );
  return data.activityLog.activity;
}

/** Puts a code generation as the earlier backend wrote it, with its files on the row; returns the row. */
export async function fakeOldGeneration(
  harness: Harness,
  user: TestUser,
  overrides: Record<string, unknown> & { projectId: string },
): Promise<Data> {
  const now = new Date().toISOString();
  const row = {
    ...{ id: crypto.randomUUID(), userId: user.id, type: 'full-stack', prompt: 'A shop', status: 'completed' },
    generatedCode: [{ path: 'src/index.ts', content: 'export {};\n', language: 'typescript' }],
    ...{ createdAt: now, updatedAt: now },
    ...overrides,
  };
  await harness.putRow('codeGenerations', row);
  return row;
}
