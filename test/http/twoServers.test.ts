/** Two servers on one database, as behind a load balancer: what happens at one is told by the other. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { testDatabase } from '../support/database.ts';
import { uniqueEmail } from '../support/harness.ts';
import { freePort, startServerProcess, type ServerProcess } from './support/serverProcess.ts';

// Processes start on a machine that may be busy with other tests.
jest.setTimeout(60_000);

let a: ServerProcess;
let b: ServerProcess;
const clients: Client[] = [];
beforeAll(async () => {
  const { endpoint } = await testDatabase();
  // Tables of their own, which the first server creates with their streams.
  const shared = {
    DYNAMODB_ENDPOINT: endpoint,
    DYNAMODB_TABLE_PREFIX: `two-${crypto.randomUUID()}-`,
    JWT_SECRET: 'a secret that both servers share, of 32 characters',
    ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64'),
  };
  a = startServerProcess({ ...shared, PORT: String(await freePort()) });
  await a.ready;
  b = startServerProcess({ ...shared, PORT: String(await freePort()) });
  await b.ready;
});
afterAll(async () => {
  for (const client of clients) await client.dispose();
  for (const server of [a, b]) server.signal('SIGTERM');
  await Promise.all([a.ended, b.ended]);
});

/** Subscribes at a server; returns how to wait for the next event. */
function subscribe(server: ServerProcess, header: Record<string, string>, query: string): () => Promise<Record<string, unknown>> {
  const url = `${server.url.replace('http', 'ws')}/graphql`;
  const client = createClient({ url, webSocketImpl: WebSocket, connectionParams: header, retryAttempts: 0 });
  clients.push(client);
  const events = client.iterate({ query });
  return async () => {
    const { value } = (await events.next()) as { value: { data?: Record<string, unknown>; errors?: unknown } };
    if (!value.data) throw new Error(JSON.stringify(value.errors));
    return value.data;
  };
}

test('deployments, log lines, activity and edits of the one server reach the subscribers of the other', async () => {
  const { signUp } = await a.run<{ signUp: { accessToken: string } }>(
    `mutation { signUp(input: { email: "${uniqueEmail()}", password: "correct horse battery", username: "Ada" }) { accessToken } }`,
  );
  const header = { authorization: `Bearer ${signUp.accessToken}` };
  const { projectCreate } = await a.run<{ projectCreate: { project: { id: string } } }>(
    'mutation { projectCreate(input: { name: "Shop" }) { project { id } } }',
    header,
  );
  const { id } = projectCreate.project;
  const project = subscribe(b, header, `subscription { projectUpdated(id: "${id}") { name } }`);
  const deployments = subscribe(b, header, `subscription { deploymentUpdated(projectId: "${id}") { id status } }`);
  const activity = subscribe(b, header, `subscription { activityAdded(projectId: "${id}") { action entityType } }`);
  expect(await Promise.all([project(), deployments(), activity()])).toEqual([
    { projectUpdated: { name: 'Shop' } },
    { deploymentUpdated: null },
    { activityAdded: { action: 'created', entityType: 'PROJECT' } },
  ]);

  const { deploymentCreate } = await a.run<{ deploymentCreate: { deployment: { id: string } } }>(
    `mutation { deploymentCreate(input: { projectId: "${id}", environment: STAGING, provider: AWS }) { deployment { id } } }`,
    header,
  );
  const deployment = deploymentCreate.deployment.id;
  // Without a source of changes from outside the process (CHANGE_FEED=process), nothing comes and the test runs into its end.
  expect(await deployments()).toEqual({ deploymentUpdated: { id: deployment, status: 'PENDING' } });
  // No stream tells of activity: it is looked for.
  expect(await activity()).toEqual({ activityAdded: { action: 'created', entityType: 'DEPLOYMENT' } });

  const logs = subscribe(b, header, `subscription { deploymentLogs(id: "${deployment}") { message } }`);
  expect(await logs()).toEqual({ deploymentLogs: [] });
  for (const message of ['one', 'two']) {
    await a.run(`mutation { deploymentLogAppend(id: "${deployment}", entries: [{ message: "${message}" }]) { appendedCount } }`, header);
    expect(await logs()).toEqual({ deploymentLogs: [{ message }] });
  }
  await a.run(`mutation { projectUpdate(id: "${id}", input: { name: "Market" }) { project { id } } }`, header);
  expect(await project()).toEqual({ projectUpdated: { name: 'Market' } });
});
