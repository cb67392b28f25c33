import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from 'graphql-ws';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { createAccessTokens } from '../../src/auth/tokens.ts';
import { signUpAt, type SignedUp } from './support/accounts.ts';
import { startTestServer, testSecret, type TestServer, type TestServerOptions } from './support/testServer.ts';
import { createTickingSchema, type TickingSchema } from './support/ticks.ts';
import { openSocket, type ProtocolMessage, type SocketClient, type SocketOptions } from './support/webSocketClient.ts';

interface Ticking extends TickingSchema {
  readonly server: TestServer;
  open(options?: SocketOptions): Promise<SocketClient>;
  /** A socket that may send operations. */
  enter(payload?: object, options?: SocketOptions): Promise<SocketClient>;
}

const started: { close: () => Promise<unknown> }[] = [];
afterAll(() => Promise.all(started.map((server) => server.close())));

async function startTicking(options: TestServerOptions = {}): Promise<Ticking> {
  const ticking = createTickingSchema();
  const server = await startTestServer({ schema: ticking.schema, ...options });
  started.push(server);
  const open = (socketOptions?: SocketOptions): Promise<SocketClient> => openSocket(server.url, socketOptions);
  return {
    ...ticking,
    server,
    open,
    async enter(payload, socketOptions) {
      const client = await open(socketOptions);
      await client.init(payload);
      return client;
    },
  };
}

let ticking: Ticking;
beforeAll(async () => {
  ticking = await startTicking();
});

describe('the protocol', () => {
  let client: Client;
  beforeAll(() => {
    client = createClient({ url: `${ticking.server.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 });
  });
  afterAll(() => client.dispose());

  test('a client of graphql-ws runs queries, mutations and subscriptions', async () => {
    const all: unknown[] = [];
    for await (const { data } of client.iterate({ query: '{ hello }' })) all.push(data);
    for await (const { data } of client.iterate({ query: 'mutation { write }' })) all.push(data);
    for await (const { data } of client.iterate({ query: 'subscription { ticks(count: 2, everyMs: 1) }' })) all.push(data);
    expect(all).toEqual([{ hello: 'world' }, { write: expect.any(Number) }, { ticks: 1 }, { ticks: 2 }]);
  });

  test.each<[string, number, string, (client: SocketClient) => void]>([
    ['text that is no JSON', 4400, 'Invalid message received', ({ send }) => send('{"type":')],
    ['JSON that is no message', 4400, 'Invalid message received', ({ send }) => send({ type: 'subscribe', payload: {} })],
    ['a message that only servers send', 4400, 'clients do not send "next"', ({ send }) => send({ type: 'next', id: '1', payload: {} })],
    ['a binary message', 4400, 'messages are text', ({ socket }) => socket.send(Buffer.from('{"type":"ping"}'), { binary: true })],
    [
      'an operation before connection_init',
      4401,
      'Unauthorized',
      ({ send }) => send({ type: 'subscribe', id: '1', payload: { query: '{ hello }' } }),
    ],
    [
      'a message over 1 MB',
      1009,
      'Send operations with large inputs to POST /graphql.',
      ({ send }) => send({ type: 'ping', payload: { a: 'x'.repeat(1024 * 1024) } }),
    ],
  ])('%s ends the socket with %i', async (_, code, reason, send) => {
    const socket = await ticking.open();
    send(socket);
    expect(await socket.closed).toEqual({ code, reason: expect.stringContaining(reason) });
  });

  test('a message that is too large to be looked at, and bytes that are no frame, end their socket only', async () => {
    const [large, broken] = [await ticking.enter(), await ticking.enter()];
    large.send('x'.repeat(6 * 1024 * 1024));
    // Without a listener for errors of the socket: "Unhandled error event", and the process ended.
    expect((await large.closed).code).toBe(1009);
    (broken.socket as unknown as { _socket: Socket })._socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect((await broken.closed).code).toBe(1002);
    expect(await (await ticking.enter()).run('{ hello }')).toMatchObject({ data: { hello: 'world' } });
  });

  test.each([[[]], [['graphql-ws']], [['a', 'b']]])('protocols %j end the socket with 4406', async (protocols) => {
    // A client of ws refuses an answer that chose none of the protocols it offered, before it reads the close frame: by hand, then.
    const offer = protocols.length > 0 ? [`Sec-WebSocket-Protocol: ${protocols.join(', ')}`] : [];
    const socket = connect(ticking.server.port, '127.0.0.1', () => socket.write(upgradeRequest([key, ...offer])));
    const frame = (bytes: Buffer): Buffer => bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
    let bytes = Buffer.alloc(0);
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk as Buffer]);
      if (frame(bytes).length >= 4) break;
    }
    expect(bytes.toString('latin1')).toMatch(/^HTTP\/1.1 101 /);
    // RFC 6455: 0x88 is the final frame of a close; after its length come two bytes of code.
    expect([frame(bytes)[0], frame(bytes).readUInt16BE(2)]).toEqual([0x88, 4406]);
  });

  test('two connection_init end the socket with 4429', async () => {
    const socket = await ticking.enter();
    socket.send({ type: 'connection_init' });
    expect(await socket.closed).toEqual({ code: 4429, reason: 'Too many initialisation requests' });
  });

  test('two operations with one id end the socket with 4409, also while the first is only being let in', async () => {
    const socket = await ticking.enter();
    socket.send({ type: 'subscribe', id: 'one', payload: { query: 'subscription { silent }' } });
    socket.send({ type: 'subscribe', id: 'one', payload: { query: '{ hello }' } });
    expect(await socket.closed).toEqual({ code: 4409, reason: 'Subscriber for one already exists' });
  });

  test('no connection_init ends the socket with 4408', async () => {
    const hurried = await startTicking({ streaming: { initTimeoutMs: 50 } });
    const socket = await hurried.open();
    expect(await socket.closed).toEqual({ code: 4408, reason: 'Connection initialisation timeout' });
  });

  test('pings are answered, with their payload, at any time', async () => {
    const socket = await ticking.open();
    socket.send({ type: 'ping' });
    await socket.next(({ type, payload }) => type === 'pong' && !payload);
    await socket.init();
    socket.send({ type: 'ping', payload: { at: 1 } });
    expect(await socket.next(({ type, payload }) => type === 'pong' && payload !== undefined)).toEqual({
      type: 'pong',
      payload: { at: 1 },
    });
    socket.close();
  });

  test('clients that do not answer pings are cut off', async () => {
    const impatient = await startTicking({ streaming: { pingIntervalMs: 50 } });
    const [dead, alive] = await Promise.all([impatient.enter({}, { autoPong: false }), impatient.enter()]);
    // Without the check of pongs the socket stayed open: the test ran into its own timeout.
    expect(await dead.closed).toEqual({ code: 1006, reason: '' });
    expect(await alive.run('{ hello }')).toMatchObject({ data: { hello: 'world' } });
  });
});

/** Sends bytes and returns all that comes until the server closes the connection. */
function exchange(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write(request));
  return text(socket);
}

function upgradeRequest(headers: readonly string[], path = '/graphql'): string {
  const usual = ['Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  return `GET ${path} HTTP/1.1\r\n${[...usual, ...headers].join('\r\n')}\r\n\r\n`;
}

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';

describe('before the upgrade', () => {
  test.each([
    ['another path', '404', 'There is no WebSocket at /nope', upgradeRequest([key], '/nope')],
    ['the path of event streams', '404', 'only at /graphql', upgradeRequest([key], '/graphql/stream')],
    ['a page of a foreign site', '403', 'CORS_ORIGIN', upgradeRequest([key, 'Origin: https://evil.example'])],
    ['a page without an origin', '403', 'CORS_ORIGIN', upgradeRequest([key, 'Origin: null'])],
    ['no key', '400', 'Sec-WebSocket-Key', upgradeRequest([])],
  ])('%s is refused with %s, as JSON', async (_, status, message, request) => {
    const answer = await exchange(ticking.server.port, request);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const { errors } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { errors: { message: string }[] };
    expect(errors[0]!.message).toContain(message);
  });

  test.each([
    ['an origin that CORS allows', { origin: 'https://app.example.com' }],
    ['this server itself', { origin: '' }],
    ['a program', {}],
  ])('%s may connect', async (_, headers: { origin?: string }) => {
    const origin = headers.origin === '' ? ticking.server.url : headers.origin;
    const socket = await ticking.enter({}, origin === undefined ? {} : { headers: { origin } });
    expect(await socket.run('{ hello }')).toMatchObject({ data: { hello: 'world' } });
    socket.close();
  });

  test('who offers another protocol than WebSocket is answered over HTTP, with the body of the request read', async () => {
    // Without that, Node hands the request to nobody: the connection stays open without an answer.
    const offer = 'Host: 127.0.0.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    const body = '{"query":"{ hello }"}';
    const socket: Socket = connect(ticking.server.port, '127.0.0.1');
    socket.write(
      `POST /graphql HTTP/1.1\r\n${offer}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    socket.write(body.slice(5));
    socket.write(`GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    const answers = await text(socket);
    expect(answers).toContain('{"data":{"hello":"world"}}');
    expect(answers).toContain('{"status":"ok"}');
  });
});

describe('credentials', () => {
  let api: TestServer;
  let ada: SignedUp;
  const who = '{ viewer { id } }';
  beforeAll(async () => {
    api = await startTestServer({ streaming: { credentialCheckMs: 30 } });
    started.push(api);
    ada = await signUpAt(api);
  });

  async function enter(payload?: object, options?: SocketOptions): Promise<SocketClient> {
    const client = await openSocket(api.url, options);
    await client.init(payload);
    return client;
  }

  test('come in connection_init, else in the header of the upgrade; without any the client is anonymous', async () => {
    const header = { headers: ada.header };
    const bob = await signUpAt(api);
    const clients: [SocketClient, string | null][] = [
      [await enter({ authorization: ada.header.authorization }), ada.id],
      [await enter({ Authorization: ada.header.authorization }), ada.id],
      [await enter(undefined, header), ada.id],
      [await enter({ authorization: bob.header.authorization }, header), bob.id],
      [await enter(), null],
    ];
    for (const [client, id] of clients) {
      expect((await client.run(who)).data).toEqual({ viewer: id && { id } });
      client.close();
    }
  });

  test.each<[string, object, string]>([
    ['a forged token', { authorization: 'Bearer abc.def.ghi' }, 'The access token is not valid. Sign in again.'],
    ['an unknown API key', { authorization: `Bearer sk_${'a'.repeat(40)}` }, 'not valid'],
    ['no text', { authorization: { token: 1 } }, 'not of the form "Bearer'],
  ])('%s ends the socket with 4403', async (_, payload, reason) => {
    const client = await openSocket(api.url);
    client.send({ type: 'connection_init', payload });
    client.send({ type: 'subscribe', id: '1', payload: { query: who } });
    const { code, reason: given } = await client.closed;
    // The operation came before the answer to connection_init, which the protocol refuses with 4401.
    expect([4401, 4403]).toContain(code);
    if (code === 4403) expect(given).toContain(reason);
    expect(client.messages).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['a forged token', { authorization: 'Bearer abc.def.ghi' }, 'The access token is not valid. Sign in again.'],
    ['no text', { authorization: { token: 1 } }, 'The Authorization header is not of the form "Bearer'],
  ])('%s says why', async (_, payload, reason) => {
    const client = await openSocket(api.url);
    client.send({ type: 'connection_init', payload });
    expect(await client.closed).toEqual({ code: 4403, reason: expect.stringContaining(reason) });
    expect(client.messages).toEqual([]);
  });

  test('that cannot be checked, without a database, end the socket with 1013: try again later', async () => {
    const cutOff = await startTestServer({ endpoint: 'http://127.0.0.1:9' });
    started.push(cutOff);
    const client = await openSocket(cutOff.url);
    client.send({ type: 'connection_init', payload: ada.header });
    expect(await client.closed).toEqual({ code: 1013, reason: 'The database does not answer. Try again in a moment.' });
  });

  const keyMutation =
    'mutation { apiKeyCreate(input: { name: "socket", scopes: [READ] }) { secret apiKey { id } userErrors { message } } }';
  const endings: [string, string, (person: SignedUp) => Promise<{ authorization: string; end: () => Promise<unknown> }>][] = [
    [
      'a sign-out',
      'This session has ended',
      (person) => Promise.resolve({ ...person.header, end: () => person.run('mutation { signOut { userErrors { code } } }') }),
    ],
    [
      'a sign-out everywhere',
      'This session has ended',
      (person) =>
        Promise.resolve({ ...person.header, end: () => person.run('mutation { signOut(everywhere: true) { userErrors { code } } }') }),
    ],
    [
      'the revocation of an API key',
      'was revoked',
      async (person) => {
        const { apiKeyCreate } = await person.run<{ apiKeyCreate: { secret: string; apiKey: { id: string } } }>(keyMutation);
        const { secret, apiKey } = apiKeyCreate;
        return {
          authorization: `Bearer ${secret}`,
          end: () => person.run(`mutation { apiKeyRevoke(id: "${apiKey.id}") { userErrors { code } } }`),
        };
      },
    ],
    [
      'the end of a token',
      'The access token has expired',
      async (person) => {
        // Tokens live 15 minutes, and 5 s longer for clocks that differ: this one has two seconds left.
        const tokens = createAccessTokens({ secret: testSecret, issuer: 'snapinfra', audience: 'snapinfra-api' });
        const now = new Date(Date.now() - (15 * 60 + 3) * 1000);
        const { token } = await tokens.issueAccessToken({ userId: person.id, sessionId: person.sessionId, now });
        return { authorization: `Bearer ${token}`, end: () => Promise.resolve() };
      },
    ],
  ];

  // Without the watch of credentials the socket stayed open: each ran into its own timeout.
  test.each(endings)('%s ends the socket with 4403', async (_, reason, prepare) => {
    const { authorization, end } = await prepare(await signUpAt(api));
    const client = await enter({ authorization });
    expect((await client.run(who)).errors).toBeUndefined();
    await end();
    expect(await client.closed).toEqual({ code: 4403, reason: expect.stringContaining(reason) });
  });
});

describe('operations', () => {
  test('errors are masked, carry the id of their operation, and are logged once with it', async () => {
    const socket = await ticking.enter();
    const [failed, refused, broken] = [
      await socket.run('query Failing { fails }'),
      await socket.run('subscription { refuses }'),
      await socket.run('{ nope }'),
    ];
    const codes = [failed, refused, broken].map(({ errors }) => errors?.map(({ extensions: { code, retryable } }) => [code, retryable]));
    expect(codes).toEqual([[['INTERNAL_SERVER_ERROR', false]], [['INTERNAL_SERVER_ERROR', false]], [['GRAPHQL_VALIDATION_FAILED', false]]]);
    expect(JSON.stringify(socket.messages)).not.toContain('snapinfra-');
    const id = failed.errors![0]!.extensions.requestId;
    const lines = ticking.server.log.filter((line) => line.includes(id)).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual([
      expect.objectContaining({ level: 50, msg: 'unexpected error in a resolver' }),
      expect.objectContaining({
        msg: 'operation',
        transport: 'websocket',
        operation: 'Failing',
        operationType: 'query',
        outcome: 'answered',
        cost: expect.any(Number),
      }),
    ]);
    socket.close();
  });

  test('a subscription whose source breaks ends with a masked error', async () => {
    const socket = await ticking.enter();
    socket.send({ type: 'subscribe', id: 'b', payload: { query: 'subscription { breaks }' } });
    await socket.next(({ type, id }) => type === 'complete' && id === 'b');
    const payloads = socket.messages.filter(({ type }) => type === 'next').map(({ payload }) => payload);
    expect(payloads).toEqual([
      { data: { breaks: 1 } },
      { errors: [expect.objectContaining({ extensions: expect.objectContaining({ code: 'INTERNAL_SERVER_ERROR' }) })] },
    ]);
    expect(JSON.stringify(payloads)).not.toContain('arn:aws');
    socket.close();
  });

  test('complete ends the source of a subscription, also one that is silent', async () => {
    const own = await startTicking();
    const socket = await own.enter();
    socket.send({ type: 'subscribe', id: 't', payload: { query: 'subscription { ticks(count: 1000000, everyMs: 1) }' } });
    socket.send({ type: 'subscribe', id: 's', payload: { query: 'subscription { silent }' } });
    await socket.next(({ type, id }) => type === 'next' && id === 't');
    socket.send({ type: 'complete', id: 't' });
    socket.send({ type: 'complete', id: 's' });
    // Without the abort of its signal the source went on; without the call of return() the silent one stayed: timeouts.
    await Promise.all([own.happened('ticks ended'), own.happened('silent ended')]);
    expect(await socket.run('{ hello }')).toMatchObject({ data: { hello: 'world' } });
    socket.close();
  });

  test('a client that leaves ends all that it asked for', async () => {
    const own = await startTicking();
    const socket = await own.enter();
    for (const query of ['subscription { ticks(count: 1000000, everyMs: 1) }', 'subscription { silent }', '{ hang }'])
      socket.send({ type: 'subscribe', id: query, payload: { query } });
    await Promise.all([own.happened('tick 1'), own.happened('hang began')]);
    socket.socket.terminate();
    await Promise.all([own.happened('ticks ended'), own.happened('silent ended'), own.happened('hang aborted')]);
  });

  test('complete also ends a query, whose signal is aborted', async () => {
    const own = await startTicking();
    const socket = await own.enter();
    socket.send({ type: 'subscribe', id: 'q', payload: { query: '{ hang }' } });
    await own.happened('hang began');
    socket.send({ type: 'complete', id: 'q' });
    // Without the reading of "complete" here, graphql-ws only drops the answer: the query hung until its deadline of 10 s.
    await own.happened('hang aborted');
    expect(socket.messages.filter(({ id }) => id === 'q')).toEqual([]);
    socket.close();
  });

  test('a query ends at its deadline, also when it does not heed its signal; a subscription lives longer', async () => {
    const hurried = await startTicking({ operationTimeoutMs: 500 });
    const socket = await hurried.enter();
    const ticks = socket.run('subscription { ticks(count: 1, everyMs: 2000) }');
    const [hang, heedless, stuck, event] = await Promise.all([
      socket.run('{ hello hang }'),
      socket.run('{ hello heedless }'),
      socket.run('subscription { stuck }'),
      socket.run('subscription { rich(count: 1) { number hang } }'),
    ]);
    expect(hang).toMatchObject({
      data: { hello: 'world', hang: null },
      errors: [{ path: ['hang'], extensions: { code: 'TIMEOUT', retryable: true } }],
    });
    for (const { errors } of [heedless, stuck]) expect(errors).toMatchObject([{ extensions: { code: 'TIMEOUT', retryable: true } }]);
    expect(event).toMatchObject({ data: { rich: { number: 1, hang: null } }, errors: [{ extensions: { code: 'TIMEOUT' } }] });
    // Four deadlines long.
    expect(await ticks).toEqual({ data: { ticks: 1 } });
    socket.close();
  });

  test('each event of a subscription is answered in a context of its own, under the id of the operation', async () => {
    const ada = await signUpAt(await realApi());
    const socket = await ticking.enter({ authorization: ada.header.authorization });
    socket.send({ type: 'subscribe', id: 'r', payload: { query: 'subscription { rich(count: 2) { viewerId requestId } }' } });
    await socket.next(({ type, id }) => type === 'complete' && id === 'r');
    const events = socket.messages
      .filter(({ type }) => type === 'next')
      .map(({ payload }) => payload?.data?.['rich'] as Record<string, string>);
    expect(events).toEqual([
      { viewerId: ada.id, requestId: events[0]!['requestId'] },
      { viewerId: ada.id, requestId: events[0]!['requestId'] },
    ]);
    socket.close();
  });

  test('an answer over 10 MB is refused, and the socket stays', async () => {
    const socket = await ticking.enter();
    const { errors } = await socket.run(`{ big(bytes: ${11 * 1024 * 1024}) }`);
    // Without the check: 11 MB of x.
    expect(errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_COMPLEX', requestId: expect.any(String) } }]);
    expect(await socket.run('{ hello }')).toMatchObject({ data: { hello: 'world' } });
    socket.close();
  });
});

let real: Promise<TestServer> | undefined;
/** The API itself, whose accounts the ticking servers know as well: one database, one secret. */
function realApi(): Promise<TestServer> {
  real ??= startTestServer().then((server) => {
    started.push(server);
    return server;
  });
  return real;
}

describe('bounds', () => {
  test('operations at once over one socket', async () => {
    const small = await startTicking({ streaming: { operationsPerSocket: 2 } });
    const socket = await small.enter();
    socket.send({ type: 'subscribe', id: 'a', payload: { query: 'subscription { silent }' } });
    socket.send({ type: 'subscribe', id: 'b', payload: { query: 'subscription { silent }' } });
    expect((await socket.run('{ hello }')).errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryable: true } }]);
    socket.send({ type: 'complete', id: 'a' });
    await small.happened('silent ended');
    expect(await socket.run('{ hello }')).toMatchObject({ data: { hello: 'world' } });
    socket.close();
  });

  test('operations in flight: those over sockets count with those over HTTP, and are refused with them', async () => {
    const small = await startTicking({ maxRequestsInFlight: 1 });
    const socket = await small.enter();
    const gate = socket.run('{ gate }');
    await small.happened('gate began');
    // Without counting: 200 over HTTP, and an answer over the socket.
    expect((await small.server.post({ query: '{ hello }' })).status).toBe(503);
    expect((await socket.run('{ hello }')).errors).toMatchObject([{ extensions: { code: 'THROTTLED', retryable: true } }]);
    small.openGate();
    expect(await gate).toMatchObject({ data: { gate: 'open' } });
    expect(await socket.run('{ hello }')).toMatchObject({ data: { hello: 'world' } });
    socket.close();
  });

  test('sockets of an address without sign-in, and of a user', async () => {
    const small = await startTicking({ streaming: { connectionsPerClient: 1 } });
    const ada = await signUpAt(await realApi());
    const first = await small.enter();
    const second = await small.open();
    expect(await second.closed).toEqual({ code: 1013, reason: expect.stringContaining('1 of a network without sign-in') });
    first.close();
    await first.closed;
    const signedIn = await small.enter(ada.header);
    const anonymous = await small.enter();
    anonymous.close();
    await anonymous.closed;
    const again = await small.open();
    again.send({ type: 'connection_init', payload: ada.header });
    expect(await again.closed).toEqual({ code: 1013, reason: expect.stringContaining('You have 1 connections') });
    signedIn.close();
    await signedIn.closed;
    (await small.enter(ada.header)).close();
  });

  test('a client that does not read: its source waits, and when too much waits for it, it is disconnected', async () => {
    const small = await startTicking({ streaming: { sendBufferBytes: 2 * 1024 * 1024, closeTimeoutMs: 60_000 } });
    const socket = await small.enter();
    socket.socket.pause();
    const query = 'subscription { large(bytes: 1000000) }';
    socket.send({ type: 'subscribe', id: '0', payload: { query } });
    // The kernel takes some megabytes; then the source is not asked any more.
    const asked = await steady(() => small.events.length);
    // Without waiting for the kernel the source was asked for ever.
    expect(asked).toBeGreaterThan(0);
    for (let id = 1; id <= 6; id += 1) socket.send({ type: 'subscribe', id: String(id), payload: { query } });
    await small.happened('large ended');
    socket.socket.resume();
    expect(await socket.closed).toEqual({ code: 1013, reason: expect.stringContaining('reads too slowly') });
    expect(small.events.filter((event) => event === 'large ended').length).toBeGreaterThanOrEqual(1);
  });
});

/** Returns a number once it has not changed over many turns of the event loop. */
async function steady(read: () => number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 20; same = read() === last ? same + 1 : 0) {
    last = read();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return last;
}

describe('when the server stops', () => {
  test('operations in flight are answered, what comes later is not begun, and sockets get 1001', async () => {
    const own = await startTicking();
    const [busy, idle, listening] = [await own.enter(), await own.enter(), await own.enter()];
    listening.send({ type: 'subscribe', id: 's', payload: { query: 'subscription { silent }' } });
    busy.send({ type: 'subscribe', id: 'w', payload: { query: 'mutation { slowWrite }' } });
    await own.happened('write began');
    const order: string[] = [];
    busy.socket.on('message', (data: Buffer) => order.push((JSON.parse(data.toString()) as ProtocolMessage).type));
    void busy.closed.then(({ code }) => order.push(`closed ${code}`));
    const closing = own.server.close();
    await idle.closed;
    busy.send({ type: 'subscribe', id: 'late', payload: { query: 'mutation { write }' } });
    busy.send({ type: 'ping' });
    await busy.next(({ type }) => type === 'pong');
    own.openGate();
    expect(await Promise.all([busy.closed, idle.closed, listening.closed])).toEqual(
      [0, 1, 2].map(() => ({ code: 1001, reason: 'The server is going away. Connect again.' })),
    );
    await closing;
    // Without the wait for what is in flight: closed 1001 before its answer.
    expect(order).toEqual(['pong', 'next', 'complete', 'closed 1001']);
    expect(own.events.filter((event) => event === 'written')).toHaveLength(1);
    // A client that was told "complete" would not subscribe again.
    expect(listening.messages.map(({ type }) => type)).toEqual(['connection_ack']);
    expect(own.events).toContain('silent ended');
  });
});
