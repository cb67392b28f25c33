/**
 * Whatever comes over HTTP is answered in the one shape of the contract, and never by an internal error: random operations over
 * the whole schema, valid and broken ones, from somebody signed in and from nobody.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import { parse, validate } from 'graphql';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createSchema } from '../../src/graphql/schema.ts';
import { startTestServer, type TestServer } from '../http/support/testServer.ts';
import { brokenOperation, validOperation, type OperationSource, type RandomOperation } from '../support/randomOperations.ts';
import { firstSeed, isThorough, runsOr } from '../support/randomRuns.ts';

/** Operations in all. */
const runs = runsOr(isThorough ? 500 : 80);
const maxHeapGrowthBytes = 200 * 1024 * 1024;

/** Codes of `errors.ts` and of the contract, and Apollo's own. INTERNAL_SERVER_ERROR is in neither: nothing here may cause one. */
const codes = new Set([
  ...['UNAUTHENTICATED', 'FORBIDDEN', 'BAD_USER_INPUT', 'BAD_CURSOR', 'QUERY_TOO_COMPLEX', 'RATE_LIMITED', 'THROTTLED', 'TIMEOUT'],
  ...['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_REQUEST', 'OPERATION_RESOLUTION_FAILURE'],
]);

const schema = createSchema();
let server: TestServer;
let token: string;
let source: OperationSource;
let answered = { withData: 0, inAll: 0 };

beforeAll(async () => {
  server = await startTestServer();
  const made = await makeWorld();
  token = made.token;
  // What ends the session would leave nothing to find out afterwards.
  source = { schema, ids: made.ids, without: new Set(['signOut', 'signUp', 'signIn']) };
});
afterAll(() => server.close());

interface World {
  token: string;
  ids: string[];
}

async function ask(query: string, variables: object, bearer?: string): Promise<{ data: Record<string, Record<string, { id: string }>> }> {
  const response = await server.post({ query, variables }, bearer ? { authorization: `Bearer ${bearer}` } : {});
  return (await response.json()) as { data: Record<string, Record<string, { id: string }>> };
}

/** Signs somebody up who has a project with one object of most kinds. */
async function makeWorld(): Promise<World> {
  const email = `random-${process.pid}-${Date.now()}@example.com`;
  const signUp =
    'mutation ($email: EmailAddress!) { signUp(input: { email: $email, password: "correct horse battery", username: "Ada" }) { accessToken user { id } } }';
  const { data } = await ask(signUp.replace('EmailAddress', 'String'), { email });
  const { accessToken, user } = data['signUp'] as unknown as { accessToken: string; user: { id: string } };
  const create = async (text: string, variables: object): Promise<string> => {
    const answer = await ask(text, variables, accessToken);
    const payload = Object.values(answer.data)[0]!;
    return Object.values(payload)[0]!.id;
  };
  const project = await create('mutation { projectCreate(input: { name: "Random" }) { project { id } } }', {});
  const of = { project };
  const inProject = (field: string, input: string, result: string): Promise<string> =>
    create(`mutation ($project: ID!) { ${field}(input: { projectId: $project, ${input} }) { ${result} { id } } }`, of);
  const ids = await Promise.all([
    inProject('schemaCreate', 'name: "main", tables: [{ name: "users", fields: [{ name: "id", type: "uuid" }] }]', 'schema'),
    inProject('architectureCreate', 'name: "System", nodes: [{ id: "api", type: "api", label: "API" }], edges: []', 'architecture'),
    inProject('deploymentCreate', 'environment: STAGING, provider: AWS, version: "1"', 'deployment'),
    inProject('documentationPageCreate', 'title: "Handbook", content: "# Hi", category: "guides"', 'documentationPage'),
    inProject('metricTrack', 'metric: "http.requests", value: 1', 'event'),
  ]);
  return { token: accessToken, ids: [project, user.id, ...ids] };
}

async function send({ query, variables }: RandomOperation, { signedIn, byGet }: { signedIn: boolean; byGet: boolean }): Promise<Response> {
  const headers: Record<string, string> = signedIn ? { authorization: `Bearer ${token}` } : {};
  const search = new URLSearchParams({ query, variables: JSON.stringify(variables) }).toString();
  // Node takes 16 KB of headers.
  if (!byGet || search.length > 12_000) return server.post({ query, variables }, headers);
  return fetch(`${server.url}/graphql?${search}`, { headers: { 'apollo-require-preflight': '1', ...headers } });
}

/** Throws unless an answer is as the contract says. */
async function check(operation: RandomOperation, how: { signedIn: boolean; byGet: boolean }): Promise<void> {
  const response = await send(operation, how);
  const text = await response.text();
  const context = `${response.status} for ${JSON.stringify(how)}\n${operation.query}\n${JSON.stringify(operation.variables)}\n${text.slice(0, 2_000)}`;
  const fail = (what: string): never => {
    const causes = server.log.filter((line) => line.includes('"level":50')).slice(-2);
    throw new Error(`${what}: ${context}\n${causes.join('\n').slice(0, 4_000)}`);
  };
  if (response.status >= 500) fail('a fault of the server');
  if (!/^application\/(graphql-response\+)?json/.test(response.headers.get('content-type') ?? '')) fail('no JSON');
  const body = JSON.parse(text) as { data?: object | null; errors?: { message: unknown; extensions: Record<string, unknown> }[] };
  const odd = Object.keys(body).filter((key) => !['data', 'errors', 'extensions'].includes(key));
  if (odd.length > 0 || (body.data === undefined && body.errors === undefined)) fail('another shape');
  for (const { message, extensions } of body.errors ?? []) {
    if (typeof message !== 'string' || message === '' || message.length > 1_001) fail('an error without words, or with too many');
    if (!codes.has(String(extensions['code']))) fail(`the code ${String(extensions['code'])}`);
    if (Object.keys(extensions).toSorted().join() !== 'code,requestId,retryable') fail('other extensions of an error');
  }
  if (/ValidationException|dynamodb|\bat .+\.[jt]s:\d+|node_modules/i.test(text)) fail('something of the inside');
  answered = { withData: answered.withData + (body.data ? 1 : 0), inAll: answered.inAll + 1 };
}

const ways = fc.record({ signedIn: fc.boolean(), byGet: fc.boolean() });

/** Runs a property with the seed of the run; the report of a failure names it. */
function holds(property: fc.IAsyncProperty<unknown>): Promise<void> {
  return fc.assert(property, {
    seed: firstSeed,
    numRuns: Math.ceil(runs / 2),
    endOnFailure: true,
    interruptAfterTimeLimit: 240_000,
    markInterruptAsFailure: true,
  });
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe(`random operations (seed ${firstSeed})`, () => {
  let heapBefore: number;
  beforeAll(() => {
    heapBefore = heapAfterCollection();
  });

  test('valid ones are valid, and answered', async () => {
    await holds(
      fc.asyncProperty(
        fc.constant(0).chain(() => validOperation(source)),
        ways,
        async (operation, how) => {
          expect(validate(schema, parse(operation.query)).map(({ message }) => `${message}\n${operation.query}`)).toEqual([]);
          await check(operation, { ...how, byGet: how.byGet && operation.query.startsWith('query') });
        },
      ),
    );
    // Else nothing but refusals would have been tried.
    expect(answered.withData).toBeGreaterThan(answered.inAll / 4);
  }, 300_000);

  test('broken ones are refused in the same shape', async () => {
    await holds(
      fc.asyncProperty(
        fc.constant(0).chain(() => brokenOperation(source)),
        ways,
        check,
      ),
    );
  }, 300_000);

  test('leave no memory behind', () => {
    expect(heapAfterCollection() - heapBefore).toBeLessThan(maxHeapGrowthBytes);
  });
});
