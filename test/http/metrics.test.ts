/** What `/metrics` tells, and whom. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { listenForMetrics } from '../../src/http/metrics.ts';
import type { AddressInfo } from 'node:net';
import { postForStream } from './support/eventStreamClient.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './support/testServer.ts';
import { openSocket } from './support/webSocketClient.ts';

const token = 'a-token-of-the-monitoring';
const email = 'somebody.private@example.com';
const password = 'correct horse battery staple';

async function read(server: TestServer, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(`${server.url}/metrics`, { headers });
  return { status: response.status, text: await response.text() };
}

/** Returns the value of a series, 0 where there is none. `labels` in the order of the metric. */
function valueOf(text: string, series: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await condition());) {
    if (Date.now() > end) throw new Error('waited for 30 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('who may read them', () => {
  // Without the check of the environment the second row answers 200.
  test.each<[string, Partial<TestServerOptions>, Record<string, string>, number]>([
    ['development: everybody', {}, {}, 200],
    ['production: nobody unless configured', { environment: 'production' }, {}, 403],
    ['a token: not without it', { environment: 'production', metrics: { token } }, {}, 401],
    ['a token: not with another', { environment: 'production', metrics: { token } }, { authorization: `Bearer ${token}x` }, 401],
    ['a token: with it', { environment: 'production', metrics: { token } }, { authorization: `Bearer ${token}` }, 200],
    ['a token: also in development', { metrics: { token } }, {}, 401],
    ['a port of their own: not here', { metrics: { port: 0 } }, {}, 404],
  ])('%s', async (_, options, headers, status) => {
    const server = await startTestServer(options);
    try {
      const answer = await read(server, headers);
      expect(answer.status).toBe(status);
      expect(answer.text.includes('snapinfra_')).toBe(status === 200);
    } finally {
      await server.close();
    }
  });

  test.each([
    ['/metrics', {}, 401],
    ['/metrics', { authorization: `Bearer ${token}` }, 200],
    ['/graphql', { authorization: `Bearer ${token}` }, 404],
  ])('on a port of their own: %s %p', async (path, headers, status) => {
    const http = { host: '127.0.0.1' } as Parameters<typeof listenForMetrics>[0]['http'];
    const server = await listenForMetrics({ http, metrics: { port: 0, token } }, createMetrics());
    try {
      const { port } = server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      expect([response.status, (await response.text()).includes('snapinfra_')]).toEqual([status, status === 200]);
    } finally {
      server.close();
    }
  });
});

describe('what they tell', () => {
  let server: TestServer;
  let accessToken: string;
  beforeAll(async () => {
    server = await startTestServer();
    const query = `mutation Join($input: SignUpInput!) { signUp(input: $input) { accessToken userErrors { message } } }`;
    const response = await server.post({
      query,
      variables: { input: { email: `${Date.now()}.${email}`, password, username: `m${Date.now()}` } },
    });
    const { data } = (await response.json()) as { data: { signUp: { accessToken: string } } };
    ({ accessToken } = data.signUp);
  });
  afterAll(() => server.close());

  test('operations by name, type and code, with how long they took', async () => {
    await server.post(
      { query: 'query Mine { viewer { id projects(first: 2) { nodes { id } } } }' },
      { authorization: `Bearer ${accessToken}` },
    );
    await server.post({ query: 'query Wrong { nothing }' });
    await server.post({ query: '{ broken' });
    const { text } = await read(server);
    const operation = (labels: string) => valueOf(text, `snapinfra_operations_total{${labels}}`);
    expect(operation('operation="Join",type="mutation",transport="http",code="OK"')).toBe(1);
    expect(operation('operation="Mine",type="query",transport="http",code="OK"')).toBe(1);
    expect(operation('operation="unknown",type="unknown",transport="http",code="GRAPHQL_VALIDATION_FAILED"')).toBe(1);
    expect(operation('operation="unknown",type="unknown",transport="http",code="GRAPHQL_PARSE_FAILED"')).toBe(1);
    expect(valueOf(text, 'snapinfra_errors_total{code="GRAPHQL_VALIDATION_FAILED"}')).toBe(1);
    expect(valueOf(text, 'snapinfra_operation_duration_seconds_count{operation="Mine",type="query"}')).toBe(1);
    expect(valueOf(text, 'snapinfra_http_requests_total{method="POST",route="/graphql",status="200"}')).toBeGreaterThan(1);
  });

  describe('what mutations answer in userErrors, by root field and code', () => {
    const count = async (field: string, code: string): Promise<number> =>
      valueOf((await read(server)).text, `snapinfra_user_errors_total{field="${field}",code="${code}"}`);
    const byHttp = async (query: string): Promise<void> => {
      const { errors } = (await (await server.post({ query }, { authorization: `Bearer ${accessToken}` })).json()) as { errors?: unknown };
      expect(errors).toBeUndefined();
    };
    const bySocket = async (query: string): Promise<void> => {
      const client = await openSocket(server.url);
      await client.init({ authorization: `Bearer ${accessToken}` });
      expect((await client.run(query)).errors).toBeUndefined();
      client.close();
    };
    const byEventStream = async (query: string): Promise<void> => {
      const client = await postForStream(server.url, { query }, { authorization: `Bearer ${accessToken}` });
      expect((await client.rest())[0]?.data?.errors).toBeUndefined();
    };
    const transports = { byHttp, bySocket, byEventStream };
    const projectName = (name: string): string =>
      `mutation { projectCreate(input: { name: "${name}" }, dryRun: true) { project { name } } }`;
    const deletions = 'mutation { a: projectDelete(id: "a") { userErrors { code } } b: projectDelete(id: "b") { userErrors { code } } }';
    const question = 'subscription { aiChatStream(input: { messages: [{ role: USER, content: "x" }] }) { delta } }';

    test.each<[keyof typeof transports, string, string, string, number]>([
      // Also where the client does not ask for them.
      ['byHttp', projectName(''), 'projectCreate', 'VALIDATION', 1],
      ['bySocket', projectName(''), 'projectCreate', 'VALIDATION', 1],
      ['byEventStream', projectName(''), 'projectCreate', 'VALIDATION', 1],
      ['byHttp', projectName('Fine'), 'projectCreate', 'VALIDATION', 0],
      // By the name of the schema, not the one that the client gives.
      ['byHttp', deletions, 'projectDelete', 'NOT_FOUND', 2],
      ['bySocket', question, 'aiChatStream', 'AI_NOT_CONFIGURED', 1],
    ])('%s: %s: %s %s', async (transport, query, field, code, expected) => {
      const before = await count(field, code);
      await transports[transport](query);
      expect((await count(field, code)) - before).toBe(expected);
    });

    test('labels are names of the schema and codes', async () => {
      const { text } = await read(server);
      const series = [...text.matchAll(/^snapinfra_user_errors_total\{(.*)\}/gm)].map(([, labels]) => labels);
      expect(series.length).toBeGreaterThan(2);
      for (const labels of series) expect(labels).toMatch(/^field="(projectCreate|projectDelete|aiChatStream)",code="[A-Z_]+"$/);
    });
  });

  test('calls to DynamoDB with their units, batches of loaders', async () => {
    const { text } = await read(server);
    const calls = 'snapinfra_dynamodb_calls_total{operation="TransactWriteItems",table="several",index="",failed="false"}';
    expect(valueOf(text, calls)).toBeGreaterThan(0);
    expect(valueOf(text, 'snapinfra_dynamodb_units_total{kind="write",table="several"}')).toBeGreaterThan(1);
    expect(valueOf(text, 'snapinfra_dynamodb_call_duration_seconds_count{operation="TransactWriteItems"}')).toBe(valueOf(text, calls));
    expect(text).toMatch(/snapinfra_loader_batch_size_count\{loader="pages"\} [1-9]/);
  });

  test('subscriptions by field while they run, and the connections that they run over', async () => {
    const client = createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      lazy: false,
      connectionParams: { authorization: `Bearer ${accessToken}` },
    });
    const create = 'mutation { projectCreate(input: { name: "Observed" }) { project { id } userErrors { message } } }';
    const created = await server.post({ query: create }, { authorization: `Bearer ${accessToken}` });
    const { data } = (await created.json()) as { data: { projectCreate: { project: { id: string } } } };
    const query = `subscription Follow { projectUpdated(id: "${data.projectCreate.project.id}") { id } }`;
    const events = client.iterate({ query });
    const running = async () => valueOf((await read(server)).text, 'snapinfra_subscriptions{field="projectUpdated"}');
    await events.next();
    expect(await running()).toBe(1);
    const { text } = await read(server);
    expect(valueOf(text, 'snapinfra_connections{transport="websocket"}')).toBe(1);
    expect(valueOf(text, 'snapinfra_subscription_events_total{field="projectUpdated"}')).toBe(1);
    expect(valueOf(text, 'snapinfra_operations_total{operation="Follow",type="subscription",transport="websocket",code="OK"}')).toBe(1);
    await events.return?.(undefined);
    await client.dispose();
    await waitFor(async () => (await running()) === 0);
    await waitFor(async () => valueOf((await read(server)).text, 'snapinfra_connections{transport="websocket"}') === 0);
  });

  test('names that clients make up take bounded room', async () => {
    for (let count = 0; count < 150; count += 1) await server.post({ query: `query Made${count}Up { __typename }` });
    const { text } = await read(server);
    const names = new Set([...text.matchAll(/operations_total\{operation="(\w+)"/g)].map(([, name]) => name));
    expect(names.size).toBeLessThanOrEqual(103);
    expect(names).toContain('other');
  });

  test('refusals for want of points', async () => {
    const limited = await startTestServer({ rateLimits: { anonymous: 5 } });
    try {
      const answers: number[] = [];
      while (answers.length < 10) answers.push((await limited.post({ query: '{ viewer { id } }' })).status);
      const refused = answers.filter((status) => status === 429).length;
      expect(refused).toBeGreaterThan(0);
      const { text } = await read(limited);
      expect(valueOf(text, 'snapinfra_rate_limit_refusals_total{caller="address"}')).toBe(refused);
      expect(valueOf(text, 'snapinfra_errors_total{code="RATE_LIMITED"}')).toBe(refused);
    } finally {
      await limited.close();
    }
  });

  test('nothing of a user', async () => {
    const { text } = await read(server);
    for (const secret of [email, password, accessToken, 'Observed', 'usr_']) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/@|Bearer/);
  });
});

test('shed requests are counted, and /metrics is answered all the same', async () => {
  const server = await startTestServer({ maxRequestsInFlight: 1, metrics: {} });
  try {
    const statuses = await Promise.all(
      Array.from({ length: 60 }, () => server.post({ query: '{ __typename }' }).then(({ status }) => status)),
    );
    const shed = statuses.filter((status) => status === 503).length;
    expect(shed).toBeGreaterThan(0);
    const { text } = await read(server);
    expect(valueOf(text, 'snapinfra_shed_requests_total{reason="requests in flight"}')).toBe(shed);
    expect(valueOf(text, 'snapinfra_operations_total{operation="unknown",type="unknown",transport="http",code="THROTTLED"}')).toBe(shed);
    await waitFor(async () => valueOf((await read(server)).text, 'snapinfra_operations_in_flight') === 0);
  } finally {
    await server.close();
  }
});

test('the process and its event loop', async () => {
  const metrics = createMetrics();
  metrics.watchProcess('1.2.3');
  const text = await metrics.registry.metrics();
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds'])
    expect(text).toContain(`\n${name} `);
  expect(text).toContain('snapinfra_build_info{version="1.2.3"} 1');
});
