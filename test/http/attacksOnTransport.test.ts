/**
 * Attacks below GraphQL: senders that are slow, addresses and headers that are long, bodies that grow, senders that lie about
 * themselves. Times are never compared with a number, only with what a server without limits does meanwhile.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createHarness, type Harness } from '../support/harness.ts';
import { startUnprotected, type Unprotected } from './attacks/unprotected.ts';
import { startTestServer, type TestServer } from './support/testServer.ts';

let harness: Harness;
let server: TestServer;
/** One with so little patience that a test can wait for its end; the usual patience is fifteen times that. */
let hasty: TestServer;
let unprotected: Unprotected;
const sockets: Socket[] = [];

beforeAll(async () => {
  harness = await createHarness();
  const slowSenders = { headersMs: 1_000, requestMs: 2_000, checkMs: 50 };
  [server, hasty, unprotected] = await Promise.all([
    startTestServer(),
    startTestServer({ slowSenders }),
    startUnprotected(harness.services),
  ]);
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => Promise.all([unprotected.close(), hasty.close(), server.close(), harness.close()]));

interface Held {
  /** Resolves with all that came back, when the server closes the connection. */
  readonly ended: Promise<string>;
  isOpen(): boolean;
}

/** Opens a connection and sends the start of a request, then a little more now and then, for ever: also when the server has ended its side. */
function hold(port: number, { start, more }: { start: string; more: string }): Held {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  // In this order also before the connection stands.
  socket.write(start);
  let [answer, open] = ['', true];
  socket.on('data', (chunk) => (answer += chunk.toString()));
  // The rest of a request that was answered already meets a closed socket.
  socket.on('error', () => undefined);
  const timer = setInterval(() => socket.write(more), 20);
  const ended = new Promise<string>((resolve) => {
    socket.on('close', () => {
      clearInterval(timer);
      open = false;
      resolve(answer);
    });
  });
  return { ended, isOpen: () => open };
}

const healthy = async ({ url }: TestServer): Promise<number> => (await fetch(`${url}/livez`)).status;

describe('slow senders', () => {
  const head = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

  test.each([
    ['headers', { start: head, more: 'X-Slow: 1\r\n' }],
    ['a body', { start: `${head}Content-Length: 1000000\r\n\r\n{"query":"`, more: ' ' }],
    ['a chunked body', { start: `${head}Transfer-Encoding: chunked\r\n\r\n9\r\n{"query":\r\n`, more: '1\r\n \r\n' }],
  ])('that never finish %s are cut off, others are served meanwhile', async (_, parts) => {
    const peer = hold(Number(new URL(unprotected.url).port), parts);
    const held = Array.from({ length: 100 }, () => hold(hasty.port, parts));
    expect(await healthy(hasty)).toBe(200);
    expect(held.some((one) => one.isOpen())).toBe(true);
    // Without the two timeouts: never, so the test times out.
    const answers = await Promise.all(held.map(({ ended }) => ended));
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout/);
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({
        errors: [
          {
            message: 'The request did not arrive in time.',
            extensions: { code: 'BAD_REQUEST', requestId: expect.any(String), retryable: false },
          },
        ],
      });
    }
    expect(peer.isOpen()).toBe(true);
  });
});

test('headers have a time of their own, much shorter than that of whole requests', async () => {
  const patient = await startTestServer({ slowSenders: { headersMs: 300, requestMs: 3_600_000, checkMs: 50 } });
  try {
    // Without it: after an hour, so the test times out.
    expect(await hold(patient.port, { start: 'GET /livez HTTP/1.1\r\n', more: 'X-Slow: 1\r\n' }).ended).toMatch(/^HTTP\/1\.1 408 /);
  } finally {
    await patient.close();
  }
});

async function refusal(response: Response): Promise<{ status: number; code: string; message: string }> {
  const { errors } = (await response.json()) as { errors: [{ message: string; extensions: { code: string } }] };
  return { status: response.status, code: errors[0].extensions.code, message: errors[0].message };
}

const json = { 'content-type': 'application/json' };

describe('sizes', () => {
  test('an address of 100,000 characters', async () => {
    const response = await fetch(`${server.url}/graphql?query=${'x'.repeat(100_000)}`, { headers: { 'apollo-require-preflight': '1' } });
    expect(await refusal(response)).toMatchObject({
      status: 431,
      code: 'BAD_REQUEST',
      message: 'The headers of the request are too large.',
    });
  });

  test('2,000 headers', async () => {
    const headers = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`x-header-${i}`, 'value']));
    expect(await refusal(await fetch(`${server.url}/graphql?query={__typename}`, { headers }))).toMatchObject({ status: 431 });
  });

  test('a compressed body is not unpacked', async () => {
    // 40 MB in 40 KB.
    const body = gzipSync(JSON.stringify({ query: '{ __typename }', variables: { filling: 'x'.repeat(40_000_000) } }));
    const request = { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' }, body };
    // Without the refusal by its header: 400, "not valid JSON", which helps nobody.
    expect(await refusal(await fetch(`${server.url}/graphql`, request))).toMatchObject({
      status: 415,
      code: 'BAD_REQUEST',
      message: expect.stringContaining('"gzip"'),
    });
    expect((await fetch(unprotected.url, request)).status).toBe(200);
  });

  test('a large body that names no operation for large ones is not even parsed', async () => {
    const body = JSON.stringify({ query: `this is no GraphQL ${'x '.repeat(700_000)}` });
    // Without the look at its size first: 400, from the parser.
    expect(await refusal(await fetch(`${server.url}/graphql`, { method: 'POST', headers: json, body }))).toMatchObject({ status: 413 });
  });

  test('a large body whose operation is known by its hash is read', async () => {
    const query = 'mutation ($input: SchemaImportInput!) { schemaImport(input: $input) { userErrors { code } } }';
    const sha256Hash = createHash('sha256').update(query).digest('hex');
    const send = (source: string, text?: string): Promise<Response> => {
      const input = { projectId: 'prj_01jd3kq7m8e0h8x2v5w9y4z6ab', name: 'big', format: 'SQL', dialect: 'POSTGRES', source };
      return server.post({ query: text, variables: { input }, extensions: { persistedQuery: { version: 1, sha256Hash } } });
    };
    expect(await refusal(await send('-- small', query))).toMatchObject({ status: 200, code: 'UNAUTHENTICATED' });
    expect(await refusal(await send(`-- ${'x'.repeat(2_000_000)}`))).toMatchObject({ status: 200, code: 'UNAUTHENTICATED' });
  });

  test('a body that says how long it is, and is too long, is refused before it is sent', async () => {
    const head = `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n{`;
    const socket = connect(server.port, '127.0.0.1', () => socket.write(head));
    sockets.push(socket);
    // Nothing more is sent: an answer means that it was not waited for.
    const first = await new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())));
    expect(first).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('a chunked body without an end is cut off at the limit', async () => {
    const socket = connect(server.port, '127.0.0.1');
    sockets.push(socket);
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    let sent = 0;
    // The limit is one megabyte, and buffers of both sides hold some more. Without it all of this is sent, until patience ends.
    const enough = 50_000_000;
    const send = (): void => {
      while (sent < enough && !socket.destroyed) {
        sent += chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('drain', send);
    // What is written to a connection that the server has closed.
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
    send();
    await closed;
    expect(sent).toBeGreaterThan(1_000_000);
    expect(sent).toBeLessThan(enough);
    // The connection may be closed before the answer is read; then there is no answer to look at.
    expect(answer).toMatch(/^(HTTP\/1\.1 413 |$)/);
    expect(await healthy(server)).toBe(200);
  });
});

test('a client cannot choose its address, and with it the points of somebody else', async () => {
  const behindProxy = await startTestServer({ trustProxy: 1, rateLimits: { anonymous: 5 } });
  try {
    const ask = (client: string): Promise<Response> =>
      // The proxy adds what it saw at the end; what is before it came from the client.
      behindProxy.post({ query: '{ __typename }' }, { 'x-forwarded-for': `${client}, 203.0.113.77` });
    const statuses = [];
    for (let i = 0; i < 12; i += 1) statuses.push((await ask(`198.51.100.${i}`)).status);
    // With `trustProxy: true`: twelve times 200, since each request seems to come from somebody else.
    expect(statuses).toContain(429);
    expect((await behindProxy.post({ query: '{ __typename }' }, { 'x-forwarded-for': '203.0.113.78' })).status).toBe(200);
  } finally {
    await behindProxy.close();
  }
});
