/** What ends an operation over HTTP: limits before it runs, its deadline, what it reads, what it answers. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { createHash } from 'node:crypto';
import { get } from 'node:http';
import type { Context } from '../../src/context.ts';
import { createHarness, uniqueEmail, type Harness } from '../support/harness.ts';
import { startTestServer, type TestServer } from './support/testServer.ts';

interface Answer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; path?: string[]; extensions: { code: string; requestId: string; retryable: boolean } }[];
}

const refusedWith = (code: string, retryable = false) => ({ code, retryable, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });

describe('limits before an operation runs', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const into = ['viewer', 'projects', 'nodes', ...Array(3).fill(['schemas', 'nodes', 'project']).flat(), 'id'] as string[];
  const deep = `{ ${into.join(' { ')} ${'}'.repeat(into.length)}`;
  const page = (size: string): string =>
    `viewer { projects(first: ${size}) { nodes { schemas(first: ${size}) { nodes { project { schemas(first: ${size}) { nodes { id } } } } } } } }`;

  const cases: [string, { query: string; variables?: object; operationName?: string }, string][] = [
    ['depth', { query: deep }, 'QUERY_TOO_COMPLEX'],
    ['aliases', { query: `{ ${Array.from({ length: 31 }, (_, i) => `a${i}: __typename`).join(' ')} }` }, 'QUERY_TOO_COMPLEX'],
    ['tokens', { query: `{ ${'__typename '.repeat(1_000)} }` }, 'QUERY_TOO_COMPLEX'],
    ['brackets', { query: '{'.repeat(2_000) }, 'QUERY_TOO_COMPLEX'],
    [
      'root mutations',
      { query: `mutation { ${Array.from({ length: 6 }, (_, i) => `a${i}: signOut { userErrors { code } }`).join(' ')} }` },
      'QUERY_TOO_COMPLEX',
    ],
    ['cost of literals', { query: `{ ${page('100')} }` }, 'QUERY_TOO_COMPLEX'],
    ['cost of variables', { query: `query ($n: Int) { ${page('$n')} }`, variables: { n: 100 } }, 'QUERY_TOO_COMPLEX'],
    ['cost of default variables', { query: `query ($n: Int = 100) { ${page('$n')} }` }, 'QUERY_TOO_COMPLEX'],
    ['cost in a fragment', { query: `{ ...F } fragment F on Query { ${page('100')} }` }, 'QUERY_TOO_COMPLEX'],
    [
      'cost of the second operation',
      { query: `query A { viewer { id } } query B { ${page('100')} }`, operationName: 'B' },
      'QUERY_TOO_COMPLEX',
    ],
    [
      'entries of a list',
      { query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: { ids: Array(250).fill('prj_1') } },
      'BAD_USER_INPUT',
    ],
    [
      'depth of variables',
      { query: '{ viewer { id } }', variables: JSON.parse(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`) as object },
      'BAD_USER_INPUT',
    ],
  ];

  test.each(cases)('%s', async (_, body, code) => {
    for (const response of [
      await server.post(body),
      await fetch(`${server.url}/graphql?${searchOf(body)}`, { headers: { 'x-apollo-operation-name': 'x' } }),
    ]) {
      const { data, errors } = (await response.json()) as Answer;
      // GET refuses mutations before it looks at them.
      const isMutationByGet = response.status === 405;
      expect(isMutationByGet ? 405 : response.status).toBe(isMutationByGet && body.query.startsWith('mutation') ? 405 : 400);
      expect(data ?? null).toBeNull();
      if (!isMutationByGet) expect(errors!.map(({ extensions }) => extensions)).toEqual([refusedWith(code)]);
    }
  });

  test('a document that the server knows is checked again with its variables', async () => {
    const query = `query Warm($n: Int) { ${page('$n')} }`;
    expect((await server.post({ query, variables: { n: 2 } })).status).toBe(200);
    expect((await server.post({ query, variables: { n: 100 } })).status).toBe(400);
    expect((await server.post({ query, variables: { n: 2 } })).status).toBe(200);
  });

  test('a persisted query is checked like any other', async () => {
    const query = `query Persisted($n: Int) { ${page('$n')} }`;
    const extensions = { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') } };
    expect((await server.post({ query, extensions, variables: { n: 2 } })).status).toBe(200);
    const answer = await server.post({ extensions, variables: { n: 100 } });
    expect(((await answer.json()) as Answer).errors![0]!.extensions).toEqual(refusedWith('QUERY_TOO_COMPLEX'));
  });
});

describe('limits while an operation runs', () => {
  let harness: Harness;
  let server: TestServer;
  /** One whose deadline is worth waiting for. */
  let hurried: TestServer;
  let started = 0;
  const kilobytes390 = 'x'.repeat(390 * 1024);

  const typeDefs = `
    type Query { text(megabytes: Int!): String stuck: Boolean quick: Boolean read(times: Int!): Int }
    type Mutation { read(times: Int!): Int }
  `;
  const read = async (_: unknown, { times }: { times: number }, { connection }: Context): Promise<number> => {
    started = 0;
    for (let turn = 0; turn < times; turn += 1) {
      started += 1;
      await connection.get('settings', { userId: 'large-row' }, { consistent: true });
    }
    return times;
  };

  beforeAll(async () => {
    harness = await createHarness();
    await harness.putRow('settings', { userId: 'large-row', text: kilobytes390 });
    const resolvers = {
      Query: {
        text: (_: unknown, { megabytes }: { megabytes: number }) => 'é'.repeat((megabytes * 1024 * 1024) / 2),
        // Does not listen to the signal, as a loop or a library might not.
        stuck: () => new Promise(() => undefined),
        quick: () => true,
        read,
      },
      Mutation: { read },
    };
    const schema = makeExecutableSchema({ typeDefs, resolvers });
    server = await startTestServer({ schema });
    hurried = await startTestServer({ schema, operationTimeoutMs: 1_000 });
  });
  afterAll(async () => {
    await Promise.all([server.close(), hurried.close()]);
    await harness.close();
  });

  test('an answer of 9 MB arrives, one of 11 MB is refused', async () => {
    const fits = await server.post({ query: '{ text(megabytes: 9) }' });
    expect([fits.status, ((await fits.json()) as Answer).data!['text']]).toEqual([200, 'é'.repeat(4.5 * 1024 * 1024)]);
    // Without the check: 200 with 11 MB.
    const refused = await server.post({ query: '{ text(megabytes: 11) }' });
    expect(refused.status).toBe(400);
    expect(((await refused.json()) as Answer).errors).toEqual([
      { message: expect.stringContaining('larger than 10485760 bytes'), extensions: refusedWith('QUERY_TOO_COMPLEX') },
    ]);
  });

  test('work that ignores its deadline is left behind: 503, retryable', async () => {
    // Without the cut: no answer at all, until the test's time limit.
    const response = await hurried.post({ query: '{ quick stuck }' });
    expect(response.status).toBe(503);
    expect(((await response.json()) as Answer).errors).toEqual([
      { message: expect.stringContaining('took too long'), extensions: refusedWith('TIMEOUT', true) },
    ]);
    expect((await hurried.post({ query: '{ quick }' })).status).toBe(200);
  });

  test.each(['query', 'mutation'])('a %s that reads too much ends', async (kind) => {
    // 98 units a read: 40 reads are within the 4,000, 60 are not. Without the budget: 200 after 60 reads.
    const patient = await startTestServer({
      schema: makeExecutableSchema({ typeDefs, resolvers: { Query: { read }, Mutation: { read } } }),
    });
    try {
      expect((await patient.post({ query: `${kind} { read(times: 30) }` })).status).toBe(200);
      const { data, errors } = (await (await patient.post({ query: `${kind} { read(times: 60) }` })).json()) as Answer;
      expect(data).toEqual({ read: null });
      expect(errors!.map(({ path, extensions }) => [path, extensions])).toEqual([[['read'], refusedWith('QUERY_TOO_COMPLEX')]]);
      expect(started).toBeLessThan(50);
    } finally {
      await patient.close();
    }
  });

  test('a client that leaves stops its work', async () => {
    const patient = await startTestServer({
      schema: makeExecutableSchema({ typeDefs, resolvers: { Query: { read }, Mutation: { read } } }),
    });
    try {
      started = 0;
      const request = get(`${patient.url}/graphql?query=%7Bread(times:40)%7D`, { headers: { 'content-type': 'application/json' } });
      request.on('error', () => undefined);
      while (started < 3) await new Promise((resolve) => setTimeout(resolve, 1));
      request.destroy();
      // The log has the request when its connection is closed and its work is over. Without the signal: 40 reads.
      while (!patient.log.some((line) => line.includes('"/graphql"'))) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(started).toBeLessThan(40);
    } finally {
      await patient.close();
    }
  });
});

test('introspection in production: for platform admins only, unless configured', async () => {
  const closed = await startTestServer({ environment: 'production', introspection: false });
  const harness = await createHarness();
  try {
    const email = uniqueEmail();
    const signUp = `mutation { signUp(input: { email: "${email}", password: "correct horse battery", username: "Root" }) { accessToken user { id } } }`;
    const { data } = (await (await closed.post({ query: signUp })).json()) as {
      data: { signUp: { accessToken: string; user: { id: string } } };
    };
    const headers = { authorization: `Bearer ${data.signUp.accessToken}` };
    const ask = async (query: string, as: Record<string, string> = {}) => (await (await closed.post({ query }, as)).json()) as Answer;
    const questions = ['{ __schema { queryType { name } } }', '{ ...F } fragment F on Query { __type(name: "Query") { name } }'];
    for (const question of questions) {
      for (const as of [{}, headers]) {
        expect((await ask(question, as)).errors).toEqual([
          expect.objectContaining({
            extensions: refusedWith('GRAPHQL_VALIDATION_FAILED'),
            message: expect.stringContaining('Introspection is switched off'),
          }),
        ]);
      }
    }
    const [row] = await harness.rows('users', data.signUp.user.id);
    await harness.putRow('users', { ...row, role: 'admin' });
    // The documents are in the cache of the server by now: what they may is decided anew for each request.
    for (const question of questions) expect((await ask(question, headers)).errors).toBeUndefined();
    expect((await ask(questions[0]!)).errors).toHaveLength(1);
  } finally {
    await Promise.all([closed.close(), harness.close()]);
  }
});

function searchOf({ query, variables, operationName }: { query: string; variables?: object; operationName?: string }): string {
  const search = new URLSearchParams({ query });
  if (variables) search.set('variables', JSON.stringify(variables));
  if (operationName) search.set('operationName', operationName);
  return search.toString();
}
