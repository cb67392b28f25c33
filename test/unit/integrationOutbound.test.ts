import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createOutbound,
  OutboundFailed,
  type OutboundOptions,
  type OutboundRequest,
} from '../../src/domains/integrations/outbound/outbound.ts';

let server: Server;
let port: number;
let paths: string[];

beforeEach(async () => {
  paths = [];
  server = createServer((request, response) => {
    const path = request.url ?? '';
    paths.push(`${request.method ?? ''} ${path}`);
    if (path === '/hang') return;
    if (path === '/half') return void response.writeHead(200, { 'content-length': '10' }).write('half');
    if (path === '/cut') return void response.writeHead(200, { 'content-length': '10' }).write('half', () => request.socket.destroy());
    const redirect = /^\/to\/(.*)$/.exec(path)?.[1];
    if (redirect !== undefined) return void response.writeHead(302, { location: decodeURIComponent(redirect) }).end();
    const size = Number(/^\/bytes\/(\d+)/.exec(path)?.[1] ?? 2);
    if (path.endsWith('/chunked')) response.flushHeaders();
    response.end('x'.repeat(size));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const secret = 'Bearer very-secret-token';

function call(path: string, request: Partial<OutboundRequest> = {}, options: OutboundOptions = {}) {
  return createOutbound(options)({
    url: new URL(path, `http://127.0.0.1:${port}`),
    headers: { authorization: secret },
    signal: AbortSignal.timeout(5_000),
    trusted: true,
    ...request,
  });
}

async function problemOf(answer: Promise<unknown>): Promise<string> {
  const error: unknown = await answer.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OutboundFailed)) throw new Error(`no OutboundFailed: ${String(error)}`);
  expect(JSON.stringify([error, error.message, error.stack, error.cause])).not.toContain('very-secret');
  return error.problem;
}

describe('answers', () => {
  test('come with status, headers and text', async () => {
    expect(await call('/bytes/3')).toMatchObject({ status: 200, text: 'xxx', headers: { 'content-length': '3' } });
  });

  test.each(['', '/chunked'])('of the largest size are read, larger ones are not%s', async (suffix) => {
    expect((await call(`/bytes/1000${suffix}`, {}, { maxBytes: 1000 })).text).toHaveLength(1000);
    expect(await problemOf(call(`/bytes/1001${suffix}`, {}, { maxBytes: 1000 }))).toBe('ANSWER_TOO_LARGE');
  });

  test('of more than 1 MB are refused unless another limit is given', async () => {
    expect((await call('/bytes/1048576')).text).toHaveLength(1_048_576);
    expect(await problemOf(call('/bytes/1048577/chunked'))).toBe('ANSWER_TOO_LARGE');
  });

  test.each(['/hang', '/half'])('that do not end (%s) end with the signal, by its reason', async (path) => {
    await expect(call(path, { signal: AbortSignal.timeout(150) })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('that break off are no answers', async () => {
    expect(await problemOf(call('/cut'))).toBe('UNREACHABLE');
  });
});

describe('redirects', () => {
  test('on the same host are followed', async () => {
    expect((await call('/to/%2Fbytes%2F5')).text).toBe('xxxxx');
  });

  test('are followed three times at most', async () => {
    const hop = (to: string): string => `/to/${encodeURIComponent(to)}`;
    expect((await call(hop(hop(hop('/bytes/5'))))).text).toBe('xxxxx');
    expect(await problemOf(call(hop(hop(hop(hop('/bytes/5'))))))).toBe('REDIRECT_REFUSED');
  });

  test.each([
    'http://169.254.169.254/latest',
    'http://127.0.0.1:1/',
    'https://example.com/',
    '//example.com/',
    'file:///etc/passwd',
    'http://[broken',
  ])('to %s are refused', async (location) => {
    expect(await problemOf(call(`/to/${encodeURIComponent(location)}`))).toBe('REDIRECT_REFUSED');
    expect(paths).toHaveLength(1);
  });

  test('of a POST are refused: it must not be made twice', async () => {
    expect(await problemOf(call('/to/%2Fbytes%2F5', { method: 'POST', body: 'x' }))).toBe('REDIRECT_REFUSED');
    expect(paths).toHaveLength(1);
  });
});

describe('addresses', () => {
  test.each(['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', '0177.0.0.1', '0.0.0.0', 'localhost'])(
    '%s is not called for users',
    async (host) => {
      expect(await problemOf(call('/', { url: new URL(`http://${host}:${port}/`), trusted: false }))).toBe('ADDRESS_REFUSED');
      expect(paths).toEqual([]);
    },
  );

  test.each([
    ['loopback', ['127.0.0.1']],
    ['metadata', ['169.254.169.254']],
    ['IPv6 loopback', ['::1']],
    ['a private address beside a public one', ['8.8.8.8', '10.0.0.1']],
  ])('a name that resolves to %s is not called', async (_, addresses) => {
    const lookup: OutboundOptions['lookup'] = (_host, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    const url = new URL(`http://rebound.example.com:${port}/`);
    expect(await problemOf(call('/', { url, trusted: false }, { lookup }))).toBe('ADDRESS_REFUSED');
    expect(paths).toEqual([]);
  });

  test('the name is resolved once, and the connection goes where it led to then', async () => {
    let lookups = 0;
    const lookup: OutboundOptions['lookup'] = (_host, callback) => {
      lookups += 1;
      callback(null, [{ address: lookups === 1 ? '10.255.255.1' : '127.0.0.1', family: 4 }]);
    };
    expect(await problemOf(call('/', { url: new URL(`http://rebound.example.com:${port}/`), trusted: false }, { lookup }))).toBe(
      'ADDRESS_REFUSED',
    );
    expect(lookups).toBe(1);
  });

  test('a name without an address, and a port where nobody listens, are unreachable', async () => {
    const lookup: OutboundOptions['lookup'] = (_host, callback) => callback(new Error('ENOTFOUND'), []);
    expect(await problemOf(call('/', { url: new URL('http://nowhere.example.com/'), trusted: false }, { lookup }))).toBe('UNREACHABLE');
    expect(await problemOf(call('/', { url: new URL('http://127.0.0.1:1/') }))).toBe('UNREACHABLE');
  });

  test('what the operator configured may be private', async () => {
    expect((await call('/')).status).toBe(200);
  });
});
