/** The typed client of examples/client, against a real server. That its documents and types fit together is the type check. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { accepted, ApiError, createClient, type Client } from '../../examples/client/src/client.ts';
import {
  CreateDeployment,
  CreateProject,
  Dashboard,
  DeploymentUpdated,
  ReportDeployment,
  SignIn,
  SignUp,
} from '../../examples/client/src/operations.ts';
import { uniqueEmail } from '../support/harness.ts';
import { startTestServer, type TestServer } from './support/testServer.ts';

let server: TestServer;
let client: Client;
beforeAll(async () => {
  server = await startTestServer();
  client = createClient(`${server.url}/graphql`);
});
afterAll(async () => {
  await client.close();
  await server.close();
});

test('signs up and in, runs the dashboard query, follows deployments', async () => {
  const account = { email: uniqueEmail(), password: 'correct horse battery' };
  accepted((await client.request(SignUp, { input: { ...account, username: 'Example' } })).signUp);
  const { accessToken } = accepted((await client.request(SignIn, { input: account })).signIn);
  client.authorize(accessToken!);
  const { project } = accepted((await client.request(CreateProject, { input: { name: 'Web shop' } })).projectCreate);
  const projectId = project!.id;

  const events = client.subscribe(DeploymentUpdated, { projectId });
  expect((await events.next()).value?.deploymentUpdated).toBeNull();
  const input = { projectId, environment: 'PRODUCTION', provider: 'AWS', version: '1.0.0' } as const;
  const { deployment } = accepted((await client.request(CreateDeployment, { input })).deploymentCreate);
  expect((await events.next()).value?.deploymentUpdated).toMatchObject({ id: deployment!.id, status: 'PENDING' });
  accepted((await client.request(ReportDeployment, { id: deployment!.id, input: { status: 'SUCCESS' } })).deploymentReport);
  expect((await events.next()).value?.deploymentUpdated?.status).toBe('SUCCESS');
  await events.return(undefined);

  const { dashboard } = await client.request(Dashboard);
  expect(dashboard?.stats).toMatchObject({ projects: 1, deployments: 1 });
  const [shown] = dashboard!.recentProjects!.nodes;
  expect(shown).toMatchObject({ id: projectId, viewerRole: 'OWNER', deployments: { nodes: [{ version: '1.0.0', status: 'SUCCESS' }] } });
  expect(shown!.activity!.nodes.map(({ action }) => action)).toEqual(['reported', 'created', 'created']);
});

test('refusals are errors that say what to do', async () => {
  const attempt = client.request(SignIn, { input: { email: uniqueEmail(), password: 'not the password' } });
  const refusal = await attempt.then(({ signIn }) => accepted(signIn)).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ApiError);
  expect((refusal as ApiError).problems).toMatchObject([{ code: expect.any(String), message: expect.stringMatching(/\w/) }]);

  const stranger = createClient(`${server.url}/graphql`);
  await expect(stranger.subscribe(DeploymentUpdated, { projectId: 'prj_01jd3kq7m8e0h8x2v5w9y4z6ab' }).next()).rejects.toThrow(
    'Sign in first',
  );
  await stranger.close();
});
