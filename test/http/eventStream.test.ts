import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-sse';
import { connect } from 'node:net';
import { signUpAt, type SignedUp } from './support/accounts.ts';
import { openStream, postForStream, streamHeaders, type StreamRequest } from './support/eventStreamClient.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './support/testServer.ts';
import { createTickingSchema, type TickingSchema } from './support/ticks.ts';

type Ticking = TickingSchema & { readonly server: TestServer; readonly url: string };

const started: { close: () => Promise<unknown> }[] = [];
afterAll(() => Promise.all(started.map((server) => server.close())));

async function startTicking(options: TestServerOptions = {}): Promise<Ticking> {
  const ticking = createTickingSchema();
  const server = await startTestServer({ schema: ticking.schema, ...options });
  started.push(server);
  return { ...ticking, server, url: server.url };
}

let ticking: Ticking;
let api: TestServer;
let ada: SignedUp;
beforeAll(async () => {
  ticking = await startTicking();
  api = await startTestServer({ streaming: { credentialCheckMs: 30 } });
  started.push(api);
  ada = await signUpAt(api);
});

const preflight = { 'apollo-require-preflight': '1' };
const get = (query: string): string => `?query=${encodeURIComponent(query)}`;

describe('the protocol', () => {
  test('a client of graphql-sse runs queries, mutations and subscriptions', async () => {
    const client = createClient({ url: `${ticking.url}/graphql/stream`, retryAttempts: 0 });
    const all: unknown[] = [];
    for (const query of ['{ hello }', 'mutation { write }', 'subscription { ticks(count: 2, everyMs: 1) }', '{ nope }'])
      for await (const { data, errors } of client.iterate({ query })) all.push(data ?? errors?.map(({ extensions }) => extensions['code']));
    expect(all).toEqual([{ hello: 'world' }, { write: expect.any(Number) }, { ticks: 1 }, { ticks: 2 }, ['GRAPHQL_VALIDATION_FAILED']]);
    client.dispose();
  });

  test('the stream opens at once, is not kept or compressed by anybody, and ends with "complete"', async () => {
    const stream = await openStream(ticking.url, {
      search: get('subscription { ticks(count: 1, everyMs: 1) }'),
      headers: { accept: 'text/event-stream', 'accept-encoding': 'gzip, br', ...preflight },
    });
    expect([stream.status, stream.header('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect([stream.header('cache-control'), stream.header('x-accel-buffering'), stream.header('content-encoding')]).toEqual([
      'no-cache, no-transform',
      'no',
      undefined,
    ]);
    expect(stream.header('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await stream.rest()).toEqual([
      { event: 'next', data: { data: { ticks: 1 } } },
      { event: 'complete', data: null },
    ]);
    expect(stream.comments()).toBe(1);
  });

  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ query: '{ hello }' });
  test.each<[string, number, string, StreamRequest, Record<string, string>]>([
    [
      'a mutation over GET',
      405,
      'POST',
      { search: get('mutation { write }'), headers: { accept: 'text/event-stream', ...preflight } },
      { allow: 'POST' },
    ],
    [
      'another method',
      405,
      'only GET, POST',
      { method: 'DELETE', headers: { accept: 'text/event-stream' } },
      { allow: 'GET, POST, OPTIONS' },
    ],
    [
      'plain text',
      415,
      '"text/plain" is not supported',
      { method: 'POST', headers: { accept: 'text/event-stream', 'content-type': 'text/plain' }, body },
      {},
    ],
    [
      'a client that wants JSON',
      406,
      'Accept: text/event-stream',
      { method: 'POST', headers: { ...json, accept: 'application/json' }, body },
      {},
    ],
    [
      'a GET that another site could cause',
      400,
      'apollo-require-preflight',
      { search: get('{ hello }'), headers: { accept: 'text/event-stream' } },
      {},
    ],
    ['no query', 400, 'no "query"', { method: 'POST', headers: streamHeaders, body: '{"variables":{}}' }, {}],
    ['a list of operations', 400, 'Send a JSON object', { method: 'POST', headers: streamHeaders, body: `[${body}]` }, {}],
    [
      'variables that are no object',
      400,
      '"variables" must be',
      { method: 'POST', headers: streamHeaders, body: '{"query":"{ hello }","variables":[1]}' },
      {},
    ],
    [
      'variables that are no JSON',
      400,
      '"variables" is not valid',
      { search: `${get('{ hello }')}&variables={`, headers: { accept: 'text/event-stream', ...preflight } },
      {},
    ],
    ['a body that is no JSON', 400, 'not valid JSON', { method: 'POST', headers: streamHeaders, body: '{' }, {}],
    [
      'a body over 1 MB for an ordinary operation',
      413,
      'larger than 1048576 bytes',
      {
        method: 'POST',
        headers: streamHeaders,
        body: JSON.stringify({ query: '{ hello } # schemaCreate', variables: { a: 'x'.repeat(1024 * 1024) } }),
      },
      {},
    ],
  ])('%s is refused with %i, as JSON', async (_, status, message, init, headers) => {
    const answer = await openStream(ticking.url, init);
    const text = await answer.text();
    expect(answer.status).toBe(status);
    const { errors } = JSON.parse(text) as { errors: { message: string; extensions: object }[] };
    expect(errors[0]!.message).toContain(message);
    expect(errors[0]!.extensions).toEqual({ code: 'BAD_REQUEST', requestId: expect.any(String), retryable: false });
    for (const [name, value] of Object.entries(headers)) expect(answer.header(name)).toBe(value);
  });

  test('a refused mutation over GET did not run', async () => {
    const own = await startTicking();
    await openStream(own.url, { search: get('mutation { write }'), headers: { accept: 'text/event-stream', ...preflight } });
    expect([...own.events]).toEqual([]);
  });

  test.each(['text/event-stream', 'text/event-stream; charset=utf-8, application/json;q=0.1', '*/*'])(
    'Accept: %s is answered',
    async (accept) => {
      const stream = await postForStream(ticking.url, { query: '{ hello }' }, { accept });
      expect((await stream.next())?.data).toMatchObject({ data: { hello: 'world' } });
    },
  );

  test('comments keep a silent stream open', async () => {
    const lively = await startTicking({ streaming: { heartbeatMs: 20 } });
    const stream = await postForStream(lively.url, { query: 'subscription { ticks(count: 1, everyMs: 300) }' });
    await stream.rest();
    // Without heartbeats: the one comment that opens the stream.
    expect(stream.comments()).toBeGreaterThan(2);
  });
});

describe('the end of a stream', () => {
  test('a client that leaves ends its source, also one that is silent, and its query', async () => {
    const own = await startTicking();
    const streams = await Promise.all(
      ['subscription { ticks(count: 1000000, everyMs: 1) }', 'subscription { silent }', '{ hang }'].map((query) =>
        postForStream(own.url, { query }),
      ),
    );
    await Promise.all([own.happened('tick 1'), own.happened('hang began')]);
    for (const stream of streams) stream.leave();
    // Without listening for the end of the connection: the test ran into its own timeout.
    await Promise.all([own.happened('ticks ended'), own.happened('silent ended'), own.happened('hang aborted')]);
  });

  test('a query ends at its deadline; a subscription lives longer', async () => {
    const hurried = await startTicking({ operationTimeoutMs: 500 });
    const [query, ticks] = await Promise.all([
      postForStream(hurried.url, { query: '{ heedless }' }),
      postForStream(hurried.url, { query: 'subscription { ticks(count: 1, everyMs: 2000) }' }),
    ]);
    expect((await query.next())?.data?.errors).toMatchObject([{ extensions: { code: 'TIMEOUT', retryable: true } }]);
    expect(await ticks.next()).toEqual({ event: 'next', data: { data: { ticks: 1 } } });
  });

  test('a source that breaks ends the stream with a masked error', async () => {
    const stream = await postForStream(ticking.url, { query: 'subscription { breaks }' }, { 'x-request-id': 'breaking-1' });
    const events = await stream.rest();
    expect(events.map(({ event }) => event)).toEqual(['next', 'next', 'complete']);
    expect(events[1]!.data!.errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'breaking-1' } }]);
    expect(JSON.stringify(events)).not.toContain('arn:aws');
    expect(ticking.server.log.filter((line) => line.includes('arn:aws'))).toHaveLength(1);
  });

  test('an answer over 10 MB is an error', async () => {
    const stream = await postForStream(ticking.url, { query: `{ big(bytes: ${11 * 1024 * 1024}) }` });
    expect((await stream.next())?.data?.errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_COMPLEX' } }]);
  });

  test('a sign-out ends a subscription, with the reason', async () => {
    const person = await signUpAt(api);
    const own = await startTicking({ streaming: { credentialCheckMs: 30 } });
    const stream = await postForStream(own.url, { query: 'subscription { silent }' }, person.header);
    expect(stream.status).toBe(200);
    await person.run('mutation { signOut(everywhere: true) { userErrors { code } } }');
    // The server that signed out is another one, whose caches this one does not share: it reads the session after 30 s. Here, at once.
    own.server.forgetSession(person);
    const [last, end] = await stream.rest();
    expect(last!.data!.errors).toMatchObject([
      { message: expect.stringContaining('This session has ended'), extensions: { code: 'UNAUTHENTICATED' } },
    ]);
    expect(end).toEqual({ event: 'complete', data: null });
    await own.happened('silent ended');
  });

  test('credentials that are not valid: subscriptions are refused, other operations answered as over HTTP', async () => {
    const header = { authorization: 'Bearer abc.def.ghi' };
    const subscription = await postForStream(ticking.url, { query: 'subscription { silent }' }, header);
    const query = await postForStream(ticking.url, { query: '{ hello viewerId }' }, header);
    expect((await subscription.next())?.data?.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect((await query.next())?.data).toMatchObject({
      data: { hello: 'world', viewerId: null },
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  test('when the server stops, queries are answered and subscriptions completed', async () => {
    const own = await startTicking();
    const [silent, gate] = await Promise.all([
      postForStream(own.url, { query: 'subscription { silent }' }),
      postForStream(own.url, { query: '{ gate }' }),
    ]);
    await own.happened('gate began');
    const closing = own.server.close();
    // Without the completion the close of the server waited for the stream: timeout.
    expect(await silent.rest()).toEqual([{ event: 'complete', data: null }]);
    own.openGate();
    expect((await gate.rest()).map(({ event, data }) => data?.data ?? event)).toEqual([{ gate: 'open' }, 'complete']);
    await closing;
  });
});

describe('bounds', () => {
  test('streams of an address without sign-in, and of a user', async () => {
    const small = await startTicking({ streaming: { connectionsPerClient: 1 } });
    const silent = { query: 'subscription { silent }' };
    const first = await postForStream(small.url, silent);
    const second = await postForStream(small.url, silent);
    expect([second.status, second.header('retry-after')]).toEqual([429, '5']);
    expect((await postForStream(small.url, silent, ada.header)).status).toBe(200);
    expect((await postForStream(small.url, silent, ada.header)).status).toBe(429);
    first.leave();
    await small.happened('silent ended');
    expect((await postForStream(small.url, silent)).status).toBe(200);
  });

  test('a client that does not read: its source waits, and in the end it is disconnected', async () => {
    const small = await startTicking({ streaming: { heartbeatMs: 20, stallMs: 400 } });
    const socket = connect(small.server.port, '127.0.0.1');
    const body = JSON.stringify({ query: 'subscription { large(bytes: 1000000) }' });
    const head = `POST /graphql/stream HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    socket.write(`${head}\r\n\r\n${body}`);
    socket.pause();
    // Without waiting for the client to read, the source was asked for ever; without the watch, it waited for ever.
    await small.happened('large ended');
    expect(small.events.filter((event) => event !== 'large ended').length).toBeLessThan(100);
    socket.destroy();
  });
});
