/** Traces, as a collector receives them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { startTracing } from '../../src/telemetry/traceExport.ts';
import type { Tracing, TracingSettings } from '../../src/telemetry/tracing.ts';
import { attribute, startCollector, type Collector, type Span } from './support/traceCollector.ts';
import { startTestServer, type TestServer } from './support/testServer.ts';

const email = 'private.person@example.com';
const password = 'correct horse battery staple';
const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpan = 'b7ad6b7169203331';

describe('everything is traced', () => {
  let collector: Collector;
  let tracing: Tracing;
  let server: TestServer;
  let accessToken: string;
  const title = 'A very secret title';
  beforeAll(async () => {
    collector = await startCollector({ sampler: 'parentbased_always_on', ratio: 1 });
    tracing = startTracing(collector.settings);
    server = await startTestServer({ tracing });
    const stamp = Date.now();
    const join = `mutation Join { signUp(input: { email: "${stamp}.${email}", password: "${password}", username: "t${stamp}" }) { accessToken } }`;
    const { data } = (await (await server.post({ query: join })).json()) as { data: { signUp: { accessToken: string } } };
    ({ accessToken } = data.signUp);
    const authorization = `Bearer ${accessToken}`;
    await server.post({ query: `mutation { projectCreate(input: { name: "${title}" }) { project { id } } }` }, { authorization });
    const headers = { authorization, traceparent: `00-${traceId}-${callerSpan}-01` };
    await server.post(
      { query: 'query Home($first: Int) { viewer { id projects(first: $first) { nodes { id name } } } }', variables: { first: 7 } },
      headers,
    );
    await server.post({ query: `query Broken { nothing(text: "${title}") }` });
    const client = createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization },
    });
    await client.iterate({ query: 'query OverSocket { viewer { id } }' }).next();
    await client.dispose();
    await server.close();
    await tracing.close();
  });
  afterAll(() => collector.close());

  const named = (name: string): Span => {
    const span = collector.spans.find((candidate) => candidate.name === name);
    if (!span) throw new Error(`no span "${name}" among ${collector.spans.map((candidate) => candidate.name).join(', ')}`);
    return span;
  };
  const childrenOf = ({ spanId }: Span): Span[] => collector.spans.filter(({ parentSpanId }) => parentSpanId === spanId);

  test('request → operation → root fields and calls, below the span of the client', () => {
    const operation = named('query Home');
    const request = collector.spans.find(({ spanId }) => spanId === operation.parentSpanId);
    // Without the propagator the request has no parent.
    expect(request).toMatchObject({ name: 'POST /graphql', traceId, parentSpanId: callerSpan, kind: 2 });
    expect(attribute(request!, 'http.response.status_code')).toBe(200);
    const children = childrenOf(operation);
    expect(new Set(children.map((child) => child.traceId))).toEqual(new Set([traceId]));
    expect(children.map(({ name }) => name)).toContain('Query.viewer');
    const queries = children.filter(({ name }) => name.startsWith('Query projects'));
    expect(queries.length).toBeGreaterThan(0);
    for (const span of children) {
      expect(BigInt(span.startTimeUnixNano)).toBeLessThanOrEqual(BigInt(span.endTimeUnixNano));
      expect(BigInt(span.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(operation.endTimeUnixNano) + 5_000_000n);
    }
  });

  test('attributes say what was done and what it cost', () => {
    const operation = named('query Home');
    expect(attribute(operation, 'graphql.operation.type')).toBe('query');
    expect(attribute(operation, 'graphql.operation.name')).toBe('Home');
    expect(Number(attribute(operation, 'snapinfra.cost'))).toBeGreaterThan(0);
    expect(operation.events.map(({ name }) => name)).toContain('loader batch');
    const call = childrenOf(operation).find(({ name }) => name.startsWith('Query projects'))!;
    expect(attribute(call, 'db.system.name')).toBe('dynamodb');
    expect(attribute(call, 'db.collection.name')).toBe('projects');
    expect(typeof attribute(call, 'snapinfra.reason')).toBe('string');
    expect(Number(attribute(call, 'snapinfra.read_units'))).toBeGreaterThan(0);
  });

  test('errors carry their code', () => {
    const refused = collector.spans.filter((span) => attribute(span, 'error.type') === 'GRAPHQL_VALIDATION_FAILED');
    expect(refused).toHaveLength(1);
    expect(refused[0]!.status.code).toBe(2);
  });

  test('operations over a WebSocket have a trace of their own', () => {
    const operation = named('query OverSocket');
    expect(operation.parentSpanId).toBeUndefined();
    expect(childrenOf(operation).map(({ name }) => name)).toContain('Query.viewer');
  });

  test('log lines carry the id of their trace', () => {
    const lines = server.log.map((line) => JSON.parse(line) as { operation?: string; traceId?: string });
    expect(lines.find(({ operation }) => operation === 'Home')?.traceId).toBe(traceId);
    expect(lines.find(({ operation }) => operation === 'OverSocket')?.traceId).toBe(named('query OverSocket').traceId);
  });

  test('nothing of a user, neither in spans nor in the log', () => {
    expect(collector.spans.length).toBeGreaterThan(10);
    for (const secret of [email, password, accessToken, title, 'Bearer'])
      for (const text of [...collector.bodies, ...server.log]) expect(text).not.toContain(secret);
  });
});

test.each<[TracingSettings['sampler'], number, string, boolean]>([
  ['always_on', 1, '00', true],
  ['always_off', 1, '01', false],
  ['traceidratio', 0, '01', false],
  ['parentbased_always_on', 1, '00', false],
  ['parentbased_always_off', 1, '01', true],
  ['parentbased_traceidratio', 0, '01', true],
])('OTEL_TRACES_SAMPLER=%s, share %d, client sampled %s: recorded %p', async (sampler, ratio, flags, isRecorded) => {
  const collector = await startCollector({ sampler, ratio });
  const tracing = startTracing(collector.settings);
  tracing.request('GET', { traceparent: `00-${traceId}-${callerSpan}-${flags}` }).end({ route: '/livez', status: 200 });
  await tracing.close();
  collector.close();
  expect(collector.spans.map(({ name }) => name)).toEqual(isRecorded ? ['GET /livez'] : []);
});
