/** The API's own subscriptions over both transports, with the clients that people use. What they tell is in test/api. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient as createStreamClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { signUpAt, type SignedUp } from './support/accounts.ts';
import { startTestServer, type TestServer } from './support/testServer.ts';

type Answer = { data?: Record<string, unknown> | null; errors?: readonly unknown[] };
type Events = AsyncIterableIterator<Answer>;

let server: TestServer;
let ada: SignedUp;
beforeAll(async () => {
  server = await startTestServer();
  ada = await signUpAt(server);
});
afterAll(() => server.close());

type Payloads = Record<string, Record<string, { id: string }>>;

/** Subscribes over each transport; returns the events and what ends the client. */
const transports = {
  WebSocket(query: string, variables: Record<string, unknown>) {
    const client = createSocketClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: ada.header,
      retryAttempts: 0,
    });
    return { events: client.iterate({ query, variables }) as Events, dispose: () => client.dispose() };
  },
  'Server-Sent Events'(query: string, variables: Record<string, unknown>) {
    const client = createStreamClient({
      url: `${server.url}/graphql/stream`,
      headers: ada.header,
      retryAttempts: 0,
    });
    return { events: client.iterate({ query, variables }) as Events, dispose: () => client.dispose() };
  },
};

async function next(events: Events): Promise<unknown> {
  const { value } = (await events.next()) as { value: Answer };
  expect(value.errors).toBeUndefined();
  return value.data;
}

test.each(Object.keys(transports) as (keyof typeof transports)[])(
  'a dashboard follows deployments and their logs over %s',
  async (name) => {
    const { projectCreate } = await ada.run<Payloads>(
      'mutation ($input: ProjectCreateInput!) { projectCreate(input: $input) { project { id } } }',
      {
        input: { name: 'Shop' },
      },
    );
    const projectId = projectCreate!['project']!.id;
    const open = (query: string, variables: Record<string, unknown>) => transports[name](query, variables);
    const deployments = open(
      'subscription ($id: ID!) { deploymentUpdated(projectId: $id) { id status project { name stats { deployments } } } }',
      { id: projectId },
    );
    expect(await next(deployments.events)).toEqual({ deploymentUpdated: null });
    const { deploymentCreate } = await ada.run<Payloads>(
      'mutation ($input: DeploymentCreateInput!) { deploymentCreate(input: $input) { deployment { id } } }',
      { input: { projectId, environment: 'STAGING', provider: 'AWS' } },
    );
    const { id } = deploymentCreate!['deployment']!;
    // Nested fields are resolved anew for each event.
    expect(await next(deployments.events)).toEqual({
      deploymentUpdated: { id, status: 'PENDING', project: { name: 'Shop', stats: { deployments: 1 } } },
    });

    const logs = open('subscription ($id: ID!) { deploymentLogs(id: $id) { level message } }', { id });
    expect(await next(logs.events)).toEqual({ deploymentLogs: [] });
    await ada.run<Payloads>(
      'mutation ($id: ID!) { deploymentReport(id: $id, input: { status: SUCCESS, message: "done, token=abcdefghij" }) { userErrors { code } } }',
      {
        id,
      },
    );
    expect(await next(logs.events)).toEqual({ deploymentLogs: [{ level: 'INFO', message: 'done, token=[redacted]' }] });
    expect(await next(deployments.events)).toMatchObject({ deploymentUpdated: { id, status: 'SUCCESS' } });
    for (const { events, dispose } of [deployments, logs]) {
      await events.return?.();
      await dispose();
    }
  },
);
