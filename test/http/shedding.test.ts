import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { startDatabaseProxy, type DatabaseProxy } from '../support/databaseProxy.ts';
import { testDatabase } from '../support/database.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './support/testServer.ts';

// The database is slow on purpose.
jest.setTimeout(60_000);

const signInMutation = 'mutation { signIn(input: { email: "nobody@example.com", password: "wrong password" }) { accessToken } }';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Slow {
  readonly server: TestServer;
  readonly proxy: DatabaseProxy;
  /** Sends an operation that waits for the database. */
  readonly read: () => Promise<Response>;
}

/** A server on a database that answers after a while, with somebody signed up. */
async function startSlow(options: TestServerOptions): Promise<Slow> {
  const proxy = await startDatabaseProxy({ target: (await testDatabase()).endpoint });
  closing.push(() => proxy.close());
  const server = await startTestServer({ ...options, endpoint: proxy.endpoint });
  closing.push(() => server.close());
  const input = `{ email: "busy-${process.pid}-${Date.now()}@example.com", password: "correct horse battery", username: "Ada" }`;
  const answer = await server.post({ query: `mutation { signUp(input: ${input}) { accessToken } }` });
  const { data } = (await answer.json()) as { data: { signUp: { accessToken: string } } };
  const headers = { authorization: `Bearer ${data.signUp.accessToken}` };
  const read = () => server.post({ query: '{ viewer { settings { theme } } }' }, headers);
  expect((await read()).status).toBe(200);
  proxy.configure({ intercept: () => ({ delayMs: 2_500 }) });
  return { server, proxy, read };
}

/** Sends requests until one is answered with this status; fails after half a minute, which is for ever. */
async function until(status: number, send: () => Promise<Response>): Promise<Response> {
  const giveUpAt = performance.now() + 30_000;
  for (;;) {
    const response = await send();
    await response.arrayBuffer();
    if (response.status === status) return response;
    if (performance.now() > giveUpAt) throw new Error(`still ${response.status}`);
  }
}

/** Makes the database slow, and resolves when a call waits for it. */
async function untilCalled(proxy: DatabaseProxy): Promise<void> {
  await new Promise<void>((resolve) => {
    proxy.configure({ intercept: () => (resolve(), { delayMs: 1_500 }) });
  });
}

test('over capacity some are answered and the others refused at once, health answers, and afterwards all is well', async () => {
  const { server, proxy, read } = await startSlow({ maxRequestsInFlight: 5 });
  const order: string[] = [];
  const requests = Array.from({ length: 40 }, async () => {
    const response = await read();
    order.push(String(response.status));
    return response;
  });
  // While the five wait for the database.
  const whileBusy = ['/livez', '/readyz', '/api/health'].map(async (path) => {
    const response = await fetch(server.url + path);
    if (path === '/livez') order.push(`livez ${response.status}`);
    return response;
  });
  const responses = await Promise.all(requests);
  await Promise.all(whileBusy);
  // Without the limit: forty times 200, none before the database answers.
  expect(order.filter((status) => status === '503')).toHaveLength(35);
  expect(order.filter((status) => status === '200')).toHaveLength(5);
  expect(order.lastIndexOf('503')).toBeLessThan(order.indexOf('200'));
  expect(order.indexOf('livez 200')).toBeGreaterThanOrEqual(0);
  expect(order.indexOf('livez 200')).toBeLessThan(order.indexOf('200'));

  const refused = responses.find(({ status }) => status === 503)!;
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('content-type')).toContain('application/json');
  expect(await refused.json()).toEqual({
    errors: [
      {
        message: 'The server is busy and has not looked at this request. Try again in a moment.',
        extensions: { code: 'THROTTLED', requestId: refused.headers.get('x-request-id'), retryable: true },
      },
    ],
  });
  expect(server.log.filter((line) => line.includes('over capacity'))).toHaveLength(1);

  proxy.configure({ intercept: () => 'forward' });
  const after = await Promise.all(Array.from({ length: 5 }, read));
  // Without the release: 503 for ever.
  expect(after.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
});

describe('with no room left', () => {
  /** A server whose only place is taken; resolves when the operation there waits for the database. */
  async function startFull(options: TestServerOptions = {}): Promise<Slow & { held: Promise<Response> }> {
    const slow = await startSlow({ maxRequestsInFlight: 1, ...options });
    const arrived = untilCalled(slow.proxy);
    const held = slow.read();
    await arrived;
    return { ...slow, held };
  }

  test('requests are refused before their bodies are read and their credentials are looked at; health is told', async () => {
    const { server, held } = await startFull();
    const headers = { 'content-type': 'application/json', authorization: 'Bearer nonsense', origin: 'https://app.example.com' };
    const healthTexts = ['/livez', '/readyz', '/api/health'].map(async (path) => (await fetch(server.url + path)).text());
    const refused = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: '{ no JSON' });
    // Without the check before the body: 400.
    expect(refused.status).toBe(503);
    // A page in a browser may read it.
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(refused.headers.get('access-control-expose-headers')).toContain('retry-after');
    // `/readyz` and `/api/health` ask the slow database, and may say so; they are not refused.
    for (const text of await Promise.all(healthTexts)) expect(text).toMatch(/^\{"status":"/);
    expect((await held).status).toBe(200);
  });

  test('a server that stops refuses nobody who got in', async () => {
    const { server, held } = await startFull({ isStopping: () => true });
    // Without the exception: 503, and a client that is told to come back to a server which is about to be gone.
    expect((await server.post({ query: '{ __typename }' })).status).toBe(200);
    expect((await held).status).toBe(200);
  });

  test('a client that leaves gives its place back', async () => {
    const { server, proxy, read } = await startSlow({ maxRequestsInFlight: 1 });
    const arrived = untilCalled(proxy);
    const headers = { 'content-type': 'application/json' };
    const leaving = request(`${server.url}/graphql`, { method: 'POST', agent: false, headers });
    leaving.on('error', () => undefined);
    leaving.end(JSON.stringify({ query: signInMutation }));
    await arrived;
    expect((await read()).status).toBe(503);
    leaving.destroy();
    proxy.configure({ intercept: () => 'forward' });
    // Without the release on close: 503 for ever.
    await until(200, read);
  });
});

test('senders of slow bodies take no room, and get none when all their bodies arrive at once', async () => {
  const { server, read, proxy } = await startSlow({ maxRequestsInFlight: 1 });
  proxy.configure({ intercept: () => 'forward' });
  const body = JSON.stringify({ query: signInMutation });
  const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
  const sockets: Socket[] = [];
  const nextAnswer = async (socket: Socket): Promise<string> => {
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString().slice('HTTP/1.1 '.length, 'HTTP/1.1 100'.length);
  };
  for (let i = 0; i < 3; i += 1) {
    const socket = connect(server.port, '127.0.0.1');
    closing.push(() => socket.destroy());
    sockets.push(socket);
    socket.write(`${head}\r\nexpect: 100-continue\r\n\r\n`);
    // The server asks for the body: the request has passed the first check, and waits.
    expect(await nextAnswer(socket)).toBe('100');
  }
  // Counted from the header on: 503 for everybody else.
  expect((await read()).status).toBe(200);
  proxy.configure({ intercept: () => ({ delayMs: 1_500 }) });
  for (const socket of sockets) socket.write(body);
  const answers = await Promise.all(sockets.map(nextAnswer));
  // Without the second check: three times 200, with room for one.
  expect(answers.sort()).toEqual(['200', '503', '503']);
});

test('a burst of operations does not hold up who comes after it', async () => {
  const server = await startTestServer();
  closing.push(() => server.close());
  // Wide enough that parsing, validating and running it takes a while, and different each time.
  const fields = Array.from({ length: 29 }, (_, i) => `f${i}: project(id: "none") { id name }`).join(' ');
  const order: string[] = [];
  const agent = new Agent({ keepAlive: false });
  const send = async (name: string, path: string, body?: string): Promise<void> => {
    const outgoing = request(server.url + path, { agent, method: body ? 'POST' : 'GET', headers: { 'content-type': 'application/json' } });
    outgoing.end(body);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    incoming.resume();
    order.push(name);
  };
  const burst = Array.from({ length: 60 }, (_, i) => send('operation', '/graphql', JSON.stringify({ query: `query Q${i} { ${fields} }` })));
  await Promise.all([...burst, send('health', '/livez')]);
  // Without pacing: the 61st, or nearly so, because its connection is accepted after all the work of the others.
  expect(order.indexOf('health')).toBeLessThan(30);
});

describe('an event loop that is late', () => {
  /** Keeps the event loop busy for this long, in one piece. */
  function block(milliseconds: number): void {
    const until = performance.now() + milliseconds;
    while (performance.now() < until);
  }

  /** Does so again and again, with one turn of the loop in between, until the returned function is called. */
  function keepBusy(): () => void {
    let next = setImmediate(work);
    function work(): void {
      block(250);
      next = setImmediate(work);
    }
    return () => clearImmediate(next);
  }

  const trivial = { query: '{ __typename }' };

  test('refuses requests after the second late sample, answers health, and recovers by itself', async () => {
    const server = await startTestServer({ maxEventLoopDelayMs: 100 });
    closing.push(() => server.close());
    expect((await server.post(trivial)).status).toBe(200);
    const stop = keepBusy();
    closing.push(stop);
    // Without watching: 200 for ever.
    const refused = await until(503, () => server.post(trivial));
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    stop();
    // Without recovery: 503 for ever.
    await until(200, () => server.post(trivial));
  });

  test('does not refuse after a single pause', async () => {
    const server = await startTestServer({ maxEventLoopDelayMs: 500 });
    closing.push(() => server.close());
    for (let i = 0; i < 3; i += 1) {
      const answer = server.post(trivial);
      block(1_200);
      // Deciding by one sample: 503 after every import or garbage collection.
      expect((await answer).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  });
});
