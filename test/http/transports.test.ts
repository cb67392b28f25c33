/** What is allowed, and what is refused in which words, is the same over HTTP, WebSocket and event streams. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { signUpAt, type SignedUp } from './support/accounts.ts';
import { postForStream } from './support/eventStreamClient.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './support/testServer.ts';
import { openSocket, type Result } from './support/webSocketClient.ts';

interface Request {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string;
}

type Transport = (server: TestServer, request: Request, header: Record<string, string>) => Promise<Result>;

const overHttp: Transport = async (server, request, header) => (await (await server.post(request, header)).json()) as Result;

const streaming: Record<string, Transport> = {
  WebSocket: async (server, { query, ...options }, header) => {
    const socket = await openSocket(server.url);
    await socket.init(header);
    const result = await socket.run(query, options);
    socket.close();
    return result;
  },
  'an event stream': async (server, request, header) => {
    const stream = await postForStream(server.url, request, header);
    if (stream.status !== 200) return JSON.parse(await stream.text()) as Result;
    return (await stream.next())?.data ?? {};
  },
};

/** An answer without what differs from request to request. */
function comparable({ data, errors }: Result): unknown {
  return {
    data: data ?? null,
    errors: errors?.map(({ extensions, ...error }) => ({ ...error, extensions: { ...extensions, requestId: 'its own' } })),
  };
}

const servers: TestServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

async function start(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer(options);
  servers.push(server);
  return server;
}

let server: TestServer;
let production: TestServer;
let ada: SignedUp;
let bob: SignedUp;
let ids: { project: string; schema: string };
let readKey: { authorization: string };

beforeAll(async () => {
  server = await start();
  production = await start({ introspection: false });
  ada = await signUpAt(server);
  bob = await signUpAt(server);
  const { projectCreate } = await ada.run<{ projectCreate: { project: { id: string } } }>(
    'mutation { projectCreate(input: { name: "Ours" }) { project { id } } }',
  );
  const project = projectCreate.project.id;
  const { schemaCreate } = await ada.run<{ schemaCreate: { schema: { id: string } } }>(
    'mutation ($input: SchemaCreateInput!) { schemaCreate(input: $input) { schema { id } } }',
    { input: { projectId: project, name: 'Ours' } },
  );
  ids = { project, schema: schemaCreate.schema.id };
  const { apiKeyCreate } = await ada.run<{ apiKeyCreate: { secret: string } }>(
    'mutation { apiKeyCreate(input: { name: "reader", scopes: [READ] }) { secret } }',
  );
  readKey = { authorization: `Bearer ${apiKeyCreate.secret}` };
});

const nested = (depth: number): string =>
  `{ project(id: "prj_x") ${'{ owner { projects { nodes '.repeat(depth)}{ id }${' } } }'.repeat(depth)} }`;
const pages =
  'query ($n: Int = 100) { viewer { projects(first: $n) { nodes { schemas(first: $n) { nodes { versions(first: $n) { nodes { id } } } } } } } }';

const limits: [string, string, Request][] = [
  ['tokens', 'QUERY_TOO_COMPLEX', { query: `{ ${'__typename '.repeat(1_001)} }` }],
  ['brackets', 'QUERY_TOO_COMPLEX', { query: `{ a(b: ${'['.repeat(100)}${']'.repeat(100)}) }` }],
  ['depth', 'QUERY_TOO_COMPLEX', { query: nested(5) }],
  [
    'depth in a fragment',
    'QUERY_TOO_COMPLEX',
    {
      query: `{ viewer { ...F } } fragment F on User { projects { nodes { owner { projects { nodes { owner { projects { nodes { owner { projects { nodes { id } } } } } } } } } } } }`,
    },
  ],
  ['aliases', 'QUERY_TOO_COMPLEX', { query: `{ ${Array.from({ length: 31 }, (_, i) => `a${i}: __typename`).join(' ')} }` }],
  [
    'root mutations',
    'QUERY_TOO_COMPLEX',
    { query: `mutation { ${Array.from({ length: 6 }, (_, i) => `a${i}: signOut { userErrors { code } }`).join(' ')} }` },
  ],
  ['cost by a default of a variable', 'QUERY_TOO_COMPLEX', { query: pages }],
  ['cost by a variable', 'QUERY_TOO_COMPLEX', { query: pages, variables: { n: 99 } }],
  [
    'cost of the second operation',
    'QUERY_TOO_COMPLEX',
    { query: `query A { __typename } ${pages.replace('query', 'query B')}`, operationName: 'B' },
  ],
  [
    'entries of a list',
    'BAD_USER_INPUT',
    { query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: { ids: Array.from({ length: 101 }, () => 'prj_x') } },
  ],
  [
    'depth of variables',
    'BAD_USER_INPUT',
    { query: 'query ($a: ID!) { node(id: $a) { id } }', variables: { a: JSON.parse(`${'['.repeat(70)}${']'.repeat(70)}`) } },
  ],
  ['the syntax', 'GRAPHQL_PARSE_FAILED', { query: '{ viewer { ' }],
  ['the schema', 'GRAPHQL_VALIDATION_FAILED', { query: '{ viewr { id } }' }],
  ['no operation of that name', 'OPERATION_RESOLUTION_FAILURE', { query: 'query A { __typename }', operationName: 'B' }],
  ['several operations and no name', 'OPERATION_RESOLUTION_FAILURE', { query: 'query A { __typename } query B { __typename }' }],
  [
    'a variable that does not fit',
    'BAD_USER_INPUT',
    { query: 'query ($id: ID!) { node(id: $id) { id } }', variables: { id: { secret: 1 } } },
  ],
  ['a cursor of another list', 'BAD_CURSOR', { query: '{ viewer { projects(after: "abc") { nodes { id } } } }' }],
];

const access: [string, () => { request: Request; header: Record<string, string> }][] = [
  [
    'an own object',
    () => ({
      request: { query: 'query ($p: ID!) { project(id: $p) { name viewerRole } }', variables: { p: ids.project } },
      header: ada.header,
    }),
  ],
  ['own credentials', () => ({ request: { query: '{ viewer { id } }' }, header: ada.header })],
  [
    'somebody else’s objects',
    () => ({
      request: {
        query: 'query ($p: ID!, $s: ID!) { project(id: $p) { name } databaseSchema(id: $s) { name } node(id: $p) { id } }',
        variables: { p: ids.project, s: ids.schema },
      },
      header: bob.header,
    }),
  ],
  [
    'a write to somebody else’s object',
    () => ({
      request: {
        query: 'mutation ($p: ID!) { projectUpdate(id: $p, input: { name: "Mine" }) { project { id } userErrors { code message } } }',
        variables: { p: ids.project },
      },
      header: bob.header,
    }),
  ],
  [
    'no credentials',
    () => ({ request: { query: 'mutation { projectCreate(input: { name: "x" }) { project { id } userErrors { code } } }' }, header: {} }),
  ],
  [
    'no credentials, for a read',
    () => ({ request: { query: 'query ($p: ID!) { viewer { id } project(id: $p) { name } }', variables: { p: ids.project } }, header: {} }),
  ],
  [
    'an API key without the scope',
    () => ({
      request: { query: 'mutation { projectCreate(input: { name: "x" }) { project { id } userErrors { code } } }' },
      header: readKey,
    }),
  ],
  [
    'an admin’s field for somebody else',
    () => ({ request: { query: '{ admin { userByEmail(email: "a@example.com") { id } } }' }, header: ada.header }),
  ],
];

describe.each(Object.entries(streaming))('over %s', (_, over) => {
  test.each(limits)('refused for %s, as over HTTP', async (_name, code, request) => {
    // The same document with variables that are allowed makes every cache of documents warm.
    if (request.variables?.['n']) await over(server, { ...request, variables: { n: 1 } }, ada.header);
    const [http, streamed] = await Promise.all([overHttp(server, request, ada.header), over(server, request, ada.header)]);
    // Without the gate: the field's data, or the first error of the execution.
    expect(streamed.errors?.[0]?.extensions.code).toBe(code);
    expect(comparable(streamed)).toEqual(comparable(http));
  });

  test.each(access)('%s: as over HTTP', async (_name, prepare) => {
    const { request, header } = prepare();
    const [http, streamed] = await Promise.all([overHttp(server, request, header), over(server, request, header)]);
    expect(comparable(streamed)).toEqual(comparable(http));
  });

  test('where introspection is off, neither the schema nor suggestions come out', async () => {
    for (const query of ['{ __schema { types { name } } }', '{ viewr { id } }']) {
      const [http, streamed] = await Promise.all([overHttp(production, { query }, {}), over(production, { query }, {})]);
      expect(streamed.errors).toHaveLength(1);
      expect(streamed.errors![0]!.message).not.toContain('viewer');
      expect(comparable(streamed)).toEqual(comparable(http));
    }
  });

  test('the cost of an answer is shown to its sender, and hidden from strangers', async () => {
    const own = await over(server, { query: 'query ($p: ID!) { project(id: $p) { name } }', variables: { p: ids.project } }, ada.header);
    expect(own.extensions).toMatchObject({ cost: { readUnits: expect.any(Number), requests: expect.any(Number) } });
    const anonymous = await over(server, { query: '{ __typename }' }, {});
    expect(anonymous.extensions).toBeUndefined();
  });

  test('operations are paid for, and refused when the points are used up', async () => {
    const small = await start({ rateLimits: { anonymous: 10 } });
    const first = await over(small, { query: 'query { __typename }' }, {});
    expect(first.extensions).toMatchObject({ rateLimit: { limit: 10, remaining: expect.any(Number) } });
    let last = first;
    for (let count = 0; count < 12 && !last.errors; count += 1) last = await over(small, { query: '{ __typename }' }, {});
    expect(last.errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryable: true } }]);
    // HTTP, WebSocket and event streams share one budget.
    expect((await overHttp(small, { query: '{ __typename }' }, {})).errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
  });
});

test('the access table means what it says', async () => {
  const answers = new Map<string, Result>();
  for (const [name, prepare] of access) {
    const { request, header } = prepare();
    answers.set(name, await overHttp(server, request, header));
  }
  expect(answers.get('an own object')?.data).toEqual({ project: { name: 'Ours', viewerRole: 'OWNER' } });
  expect(answers.get('somebody else’s objects')?.data).toEqual({ project: null, databaseSchema: null, node: null });
  expect(answers.get('a write to somebody else’s object')?.data).toMatchObject({
    projectUpdate: { project: null, userErrors: [{ code: 'NOT_FOUND' }] },
  });
  expect(answers.get('no credentials')?.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  expect(answers.get('an API key without the scope')?.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
});
