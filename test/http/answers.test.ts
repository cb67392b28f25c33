import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { connect } from 'node:net';
import { startTestServer, type TestServer } from './support/testServer.ts';

interface ErrorAnswer {
  errors: { message: string; extensions: { code: string; requestId: string; retryable: boolean } }[];
}

const json = { 'content-type': 'application/json' };
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Sends bytes as they are, and returns all that comes back until the server closes the connection. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('requests that are no GraphQL operation get JSON that says what to do', () => {
  const tooLarge = JSON.stringify({ query: `{ viewer { id } } # ${'x'.repeat(6 * 1024 * 1024)}` });
  test.each<[string, string, RequestInit, number, string]>([
    ['an unknown path', '/nope', {}, 404, 'There is nothing at /nope'],
    ['a file of the explorer that is none', '/explorer/..%2f..%2fpackage.json', {}, 404, 'There is nothing'],
    ['a wrong method', '/graphql', { method: 'PUT', headers: json, body: '{}' }, 405, 'not take PUT, only GET, POST'],
    ['a wrong method of health', '/api/health', { method: 'DELETE' }, 405, 'only GET'],
    ['a body that is no JSON', '/graphql', { method: 'POST', headers: json, body: '{bad' }, 400, 'not valid JSON: '],
    ['an empty body', '/graphql', { method: 'POST', headers: json, body: '' }, 400, 'is empty'],
    ['a body without a query', '/graphql', { method: 'POST', headers: json, body: '{"variables":{}}' }, 400, 'non-empty `query`'],
    [
      'plain text',
      '/graphql',
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"query":"{viewer{id}}"}' },
      415,
      '"text/plain" is not supported',
    ],
    ['a form', '/graphql', { method: 'POST', body: new URLSearchParams({ query: '{viewer{id}}' }) }, 415, 'is not supported'],
    ['a file upload', '/graphql', { method: 'POST', body: new FormData() }, 415, 'is not supported'],
    [
      '__proto__',
      '/graphql',
      { method: 'POST', headers: json, body: '{"query":"{viewer{id}}","variables":{"__proto__":{"a":1}}}' },
      400,
      '"__proto__"',
    ],
    [
      'constructor',
      '/graphql',
      { method: 'POST', headers: json, body: '{"query":"{viewer{id}}","variables":{"a":{"constructor":{"prototype":{"b":1}}}}}' },
      400,
      '"constructor"',
    ],
    [
      'several operations at once',
      '/graphql',
      { method: 'POST', headers: json, body: '[{"query":"{viewer{id}}"}]' },
      400,
      'batching disabled',
    ],
    [
      'a body over the limit of the transport',
      '/graphql',
      { method: 'POST', headers: json, body: tooLarge },
      413,
      'larger than 5242880 bytes',
    ],
    ['a path that cannot be decoded', '/%zz', {}, 400, 'not a valid URL'],
  ])('%s', async (_, path, init, status, message) => {
    const response = await fetch(`${server.url}${path}`, init);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const { errors } = (await response.json()) as ErrorAnswer;
    expect(errors).toHaveLength(1);
    expect(errors[0]!.message).toContain(message);
    expect(errors[0]!.extensions).toEqual({ code: 'BAD_REQUEST', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/), retryable: false });
  });

  test('bytes that are no HTTP', async () => {
    const answer = await raw(server.port, 'garbage\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect((JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as ErrorAnswer).errors[0]!.message).toBe(
      'This is not a valid HTTP request.',
    );
  });

  test('a Host header that is no host name does no harm', async () => {
    const body = '{"query":"{ __typename }"}';
    const answer = await raw(
      server.port,
      `POST /graphql HTTP/1.1\r\nHost: a b\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    expect(answer).toContain('{"data":{"__typename":"Query"}}');
  });
});

describe('bodies between 1 and 5 MB', () => {
  const filling = 'x'.repeat(2 * 1024 * 1024);

  test('are refused for ordinary operations, also when sent in chunks without a length', async () => {
    const body = JSON.stringify({
      query: 'query Big($a: ID!) { viewer { id } node(id: $a) { id } }',
      variables: { a: filling },
    });
    const whole = await fetch(`${server.url}/graphql`, { method: 'POST', headers: json, body });
    expect(whole.status).toBe(413);
    expect(((await whole.json()) as ErrorAnswer).errors[0]!.message).toContain('larger than 1048576 bytes. Only schemaImport');
    const chunked = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: json,
      body: new Blob([body]).stream(),
      duplex: 'half',
    });
    expect(chunked.status).toBe(413);
  });

  test('are taken by mutations whose input is a whole body', async () => {
    const query = 'mutation ($input: SchemaImportInput!) { schemaImport(input: $input) { userErrors { code } } }';
    const input = { projectId: 'prj_01jd3kq7m8e0h8x2v5w9y4z6ab', name: 'big', format: 'SQL', dialect: 'POSTGRES', source: `-- ${filling}` };
    const response = await server.post({ query, variables: { input } });
    expect(response.status).toBe(200);
    const { errors } = (await response.json()) as ErrorAnswer;
    expect(errors[0]!.extensions.code).toBe('UNAUTHENTICATED');
  });
});

describe('GET', () => {
  const get = (query: string, headers: Record<string, string> = { 'apollo-require-preflight': '1' }) =>
    fetch(`${server.url}/graphql?query=${encodeURIComponent(query)}`, { headers });

  test('answers queries', async () => {
    const response = await get('{ __typename }');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('refuses mutations, and names the method that takes them', async () => {
    const response = await get('mutation { signOut { userErrors { code } } }');
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  test('refuses what another site could make a browser send', async () => {
    const response = await get('{ __typename }', {});
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as ErrorAnswer;
    expect(errors[0]!.message).toContain('Cross-Site Request Forgery');
    expect(errors[0]!.extensions.requestId).toBe(response.headers.get('x-request-id'));
  });
});

describe('request ids', () => {
  test.each([
    ['trace-01/AB.c:d', true],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['two words', false],
    ['"quoted"', false],
  ])('%s: kept %s', async (id, kept) => {
    const response = await server.post({ query: '{ nope }' }, { 'x-request-id': id });
    const own = response.headers.get('x-request-id');
    expect(own === id).toBe(kept);
    expect(((await response.json()) as ErrorAnswer).errors[0]!.extensions.requestId).toBe(own);
  });
});

describe('other sites', () => {
  const preflight = (origin: string) =>
    fetch(`${server.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });

  test.each([
    ['https://app.example.com', true],
    ['http://localhost:3000', true],
    ['http://localhost', true],
    ['https://app.example.com.evil.example', false],
    ['http://localhost:3000.evil.example', false],
    ['https://localhost:3000', false],
    ['null', false],
  ])('%s may call: %s', async (origin, allowed) => {
    const response = await preflight(origin);
    expect(response.headers.get('access-control-allow-origin')).toBe(allowed ? origin : null);
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

test('every answer carries the security headers', async () => {
  for (const path of ['/graphql', '/nope', '/api/health', '/']) {
    const { headers } = await fetch(`${server.url}${path}`, { headers: { accept: 'application/json' } });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-powered-by')).toBeNull();
  }
});

describe('the log', () => {
  test('has one line for a request: what, how long, for whom; no header, variable or literal', async () => {
    const before = server.log.length;
    const query = 'mutation Enter($p: String!) { signIn(input: { email: "literal@example.com", password: $p }) { userErrors { code } } }';
    const response = await server.post(
      { query, variables: { p: 'variable-of-the-request' } },
      { authorization: 'Bearer token-of-the-request', 'x-request-id': 'log-test-1' },
    );
    expect(response.status).toBe(200);
    const lines = server.log.slice(before).map((line) => JSON.parse(line) as Record<string, unknown>);
    const own = lines.filter((line) => line['requestId'] === 'log-test-1');
    expect(own).toEqual([
      expect.objectContaining({
        msg: 'request',
        method: 'POST',
        path: '/graphql',
        status: 200,
        operation: 'Enter',
        operationType: 'mutation',
        durationMs: expect.any(Number),
      }),
    ]);
    expect(server.log.join('')).not.toMatch(/literal@example|variable-of-the-request|token-of-the-request/);
  });

  test('does not repeat the query string of a GET', async () => {
    await fetch(`${server.url}/graphql?query=${encodeURIComponent('{ node(id: "literal-in-the-address") { id } }')}`, {
      headers: { 'apollo-require-preflight': '1' },
    });
    expect(server.log.join('')).not.toContain('literal-in-the-address');
  });
});

describe('unexpected errors', () => {
  const schema = makeExecutableSchema({
    typeDefs: 'type Query { fails: Int }',
    resolvers: {
      Query: {
        fails: () => {
          throw new Error('table snapinfra-users, key abc');
        },
      },
    },
  });

  test('are masked, carry the request id, and are logged once with it', async () => {
    const failing = await startTestServer({ schema });
    try {
      const response = await failing.post({ query: '{ fails }' }, { 'x-request-id': 'failing-1' });
      const text = await response.text();
      expect(text).not.toContain('snapinfra-users');
      expect((JSON.parse(text) as ErrorAnswer).errors[0]!.extensions).toEqual({
        code: 'INTERNAL_SERVER_ERROR',
        requestId: 'failing-1',
        retryable: false,
      });
      const logged = failing.log.filter((line) => line.includes('table snapinfra-users'));
      expect(logged).toHaveLength(1);
      expect(JSON.parse(logged[0]!)).toMatchObject({ requestId: 'failing-1', level: 50 });
    } finally {
      await failing.close();
    }
  });
});

test('without introspection neither the schema nor suggestions come out', async () => {
  const closed = await startTestServer({ introspection: false });
  try {
    const introspection = (await (await closed.post({ query: '{ __schema { types { name } } }' })).json()) as ErrorAnswer;
    expect(introspection.errors[0]!.message).toMatch(/introspection/i);
    const typo = (await (await closed.post({ query: '{ viewr { id } }' })).json()) as ErrorAnswer;
    expect(typo.errors[0]!.message).not.toContain('viewer');
  } finally {
    await closed.close();
  }
});
