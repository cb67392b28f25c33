/**
 * A database that takes calls and never answers. Its client would wait for ever here (`answerTimeoutMs`), so what ends an
 * operation is its deadline, or that nobody waits for the answer any more.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryResolvers } from '../../src/graphql/generated.ts';
import { startTestServer, type TestServer } from '../http/support/testServer.ts';
import { testDatabase } from '../support/database.ts';
import { startDatabaseProxy, type DatabaseProxy, type ProxiedCall } from '../support/databaseProxy.ts';
import { createHarness, type Data, type Harness } from '../support/harness.ts';
import { documentOf, prepareWorlds, writingMutations, type World } from '../support/mutationScenarios.ts';
import { startProviders, type Providers } from '../support/providers.ts';

const never = 3_600_000;
let providers: Providers;
let proxy: DatabaseProxy;
/** One with a short deadline, and one with none that a test could wait for. */
let hasty: TestServer;
let patient: TestServer;
let direct: Harness;
let newWorld: () => Promise<World>;

beforeAll(async () => {
  providers = await startProviders();
  proxy = await startDatabaseProxy({ target: (await testDatabase()).endpoint });
  const database = { endpoint: proxy.endpoint, answerTimeoutMs: never };
  hasty = await startTestServer({ ...database, operationTimeoutMs: 800 });
  patient = await startTestServer({ ...database, operationTimeoutMs: never });
  direct = await createHarness({ jwtSecret: 'test-key-of-at-least-32-characters', integrationEndpoints: providers.endpoints });
  newWorld = await prepareWorlds(direct);
});
afterEach(() => proxy.configure({ intercept: undefined }));
afterAll(async () => {
  await Promise.all([hasty.close(), patient.close()]);
  await proxy.close();
  await direct.close();
  await providers.close();
});

/** Waits for what would never happen if the behaviour under test were missing. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

const errors = 'userErrors { code message }';

/** Every root field of Query, so that a new one without a row does not compile. */
const queries: Record<keyof QueryResolvers, string> = {
  viewer: '{ viewer { projects { nodes { name schemas { nodes { name } } deployments { nodes { id } } } } } }',
  node: 'query ($id: ID!) { node(id: $id) { id } }',
  nodes: 'query ($id: ID!) { nodes(ids: [$id]) { id } }',
  // Who is no platform admin is refused, once it is known who asks.
  admin: '{ admin { userByEmail(email: "nobody@example.com") { id } } }',
  home: '{ home { recentProjects { nodes { name } } recentActivity { nodes { action } } } }',
  dashboard: '{ dashboard { stats { projects } recentDeployments { nodes { id } } } }',
  project: 'query ($id: ID!) { project(id: $id) { stats { schemas } activity { nodes { id } } } }',
  databaseSchema: 'query ($id: ID!) { databaseSchema(id: $id) { name } }',
  schemaDiff: 'query ($id: ID!) { schemaDiff(baseId: $id, headId: $id) { forwardSql } }',
  architecture: 'query ($id: ID!) { architecture(id: $id) { name } }',
  codeGeneration: 'query ($id: ID!) { codeGeneration(id: $id) { status } }',
  deployment: 'query ($id: ID!) { deployment(id: $id) { status } }',
  documentationPage: 'query ($id: ID!) { documentationPage(id: $id) { title } }',
  integration: 'query ($id: ID!) { integration(id: $id) { name } }',
  ai: '{ ai { available models } }',
};

interface Operation {
  readonly field: string;
  readonly body: { readonly query: string; readonly variables: object };
  readonly headers: Record<string, string>;
}

/**
 * Not these: the first waits for a provider, aiGenerateSchema for a model; the others leave work to the background, which has no deadline, so that its
 * calls would wait here as long as the test does.
 */
const others = new Set([
  ...['integrationSync', 'projectDelete', 'projectDuplicate', 'deploymentDelete', 'ownershipTransfer'],
  ...['codeGenerationStart', 'codeGenerationDelete', 'aiGenerateSchema'],
]);

/** Returns every root field as an operation that would succeed, or find nothing. */
async function allOperations(): Promise<Operation[]> {
  const { owner, projectId } = await newWorld();
  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
  const reads = Object.entries(queries).map(([field, query]): Operation => {
    const variables = query.includes('$id') ? { id: projectId } : {};
    return { field, body: { query, variables }, headers: bearer(owner.token) };
  });
  const waiting = writingMutations.filter(({ field }) => !others.has(field));
  const writes = waiting.map(async ({ field, scenario }): Promise<Operation> => {
    const world = await newWorld();
    const variables = (await scenario.variables?.(world)) ?? {};
    const { token } = (scenario.as ? scenario.as(world) : world.owner) ?? { token: null };
    return { field, body: { query: documentOf(scenario, variables), variables }, headers: token === null ? {} : bearer(token) };
  });
  return [...reads, ...(await Promise.all(writes))];
}

interface Ended {
  readonly field: string;
  readonly status: number;
  readonly outcome: string;
}

async function send(server: TestServer, { field, body, headers }: Operation): Promise<Ended> {
  const response = await server.post(body, headers);
  const { data, errors: top = [] } = (await response.json()) as { data?: Data; errors?: Data[] };
  const codes = new Set(top.map(({ extensions }) => `${String(extensions.code)}${extensions.retryable === true ? ', retryable' : ''}`));
  const isForbidden = field === 'admin' && top[0]?.extensions.code === 'FORBIDDEN';
  if (isForbidden) return { field, status: response.status, outcome: 'done' };
  if (top.some(({ extensions, message }) => !extensions.requestId || !/took too long/.test(message))) codes.add(JSON.stringify(top));
  const outcome = codes.size > 0 ? [...codes].join(' ') : data?.[field]?.userErrors?.length > 0 ? JSON.stringify(data[field]) : 'done';
  return { field, status: response.status, outcome };
}

const atOnce = 20;

describe('a database that does not answer any more', () => {
  const stages = [
    // Not even who asks is known; so nothing is done.
    { what: 'at all', hangs: () => true, isPossible: () => false },
    // What only reads is done.
    {
      what: 'to writes',
      hangs: (operation: string) => operation === 'TransactWriteItems',
      isPossible: ({ body }: Operation) => !isWrite(body),
    },
    { what: 'to lists', hangs: (operation: string) => operation === 'Query', isPossible: () => true },
  ];
  const isWrite = ({ query }: Operation['body']): boolean => query.startsWith('mutation');

  test.each(stages)(
    '$what ends every operation that needs it with TIMEOUT, and leaves nothing in flight',
    async ({ hangs, isPossible }) => {
      const operations = await allOperations();
      let hung = 0;
      proxy.configure({
        intercept: ({ operation }) => {
          if (!hangs(operation)) return 'forward';
          hung += 1;
          return 'hang';
        },
      });
      // Without the deadline, or one that does not reach DynamoDB's client: no answer, or calls that stay open for ever.
      const answers: Ended[] = [];
      // Not all at once: those whose turn would come after the deadline would prove nothing.
      for (let i = 0; i < operations.length; i += atOnce) {
        answers.push(...(await Promise.all(operations.slice(i, i + atOnce).map((operation) => send(hasty, operation)))));
      }
      const wrong = answers.filter(({ outcome }, i) => {
        const isDone = outcome === 'done' && isPossible(operations[i] as Operation);
        return !isDone && outcome !== 'TIMEOUT, retryable';
      });
      expect(wrong).toEqual([]);
      expect(hung).toBeGreaterThan(0);
      await until(() => proxy.pending() === 0);
    },
  );

  test('leaves no timer behind', async () => {
    const operations = (await allOperations()).slice(0, 20);
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const hang = async (): Promise<void> => {
      proxy.configure({ intercept: () => 'hang' });
      await Promise.all(operations.map((operation) => send(hasty, operation)));
      await until(() => proxy.pending() === 0);
      proxy.configure({ intercept: undefined });
    };
    await hang();
    const before = timers();
    for (let round = 0; round < 2; round += 1) await hang();
    // One timer an operation that stays would be forty more.
    await until(() => timers() <= before + 20);
  });
});

describe('a client that leaves', () => {
  const page = `query ($id: ID!) { project(id: $id) { name owner { username } schemas { nodes { name } } deployments { nodes { id } } activity { nodes { actor { username } } } } }`;
  const create = `mutation ($id: ID!) { schemaCreate(input: { projectId: $id, name: "late" }) { schema { id } ${errors} } }`;

  interface Leaving {
    readonly world: World;
    /** Calls for the world's project since the server gave the held one up. */
    readonly after: ProxiedCall[];
  }

  /** Sends an operation, holds the first call that `isHeld` names, and leaves then. The held call is answered when the server has given it up. */
  async function leaveDuring(query: string, isHeld: (call: ProxiedCall) => boolean): Promise<Leaving> {
    const world = await newWorld();
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const client = new AbortController();
    const after: ProxiedCall[] = [];
    let isGivenUp = false;
    proxy.configure({
      intercept: (call) => {
        const isOurs = JSON.stringify(call.input).includes(world.projectId);
        if (isOurs && isGivenUp) after.push(call);
        if (!isOurs || client.signal.aborted || !isHeld(call)) return 'forward';
        setImmediate(() => client.abort());
        return { after: released };
      },
    });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${world.owner.token}` };
    const body = JSON.stringify({ query, variables: { id: world.projectId } });
    const answer = fetch(`${patient.url}/graphql`, { method: 'POST', headers, body, signal: client.signal });
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    // Without the signal of the client: the held call is not given up, and this waits for ever.
    await until(() => proxy.pending() === 0);
    isGivenUp = true;
    release();
    // What the server still wanted to do for that client would have been under way before it answered another one.
    for (let i = 0; i < 3; i += 1)
      expect((await patient.post({ query: '{ viewer { projects { nodes { id } } } }' }, headers)).status).toBe(200);
    return { world, after };
  }

  /** The calls for the other clients name their owner, not the project. */
  test('stops the reads of its operation', async () => {
    const { after } = await leaveDuring(page, ({ operation }) => operation === 'Query');
    expect(after).toEqual([]);
  });

  test('stops a mutation that has not written yet', async () => {
    const { world, after } = await leaveDuring(create, ({ operation }) => operation === 'Query' || operation === 'GetItem');
    expect(after).toEqual([]);
    const { project } = await direct.must(world.owner, 'query ($id: ID!) { project(id: $id) { schemas { totalCount } } }', {
      id: world.projectId,
    });
    expect(project.schemas.totalCount).toBe(0);
  });

  test('stops the attempts at a database that is too busy', async () => {
    const [world, other] = [await newWorld(), await newWorld()];
    const client = new AbortController();
    const calls = { left: 0, waiting: 0 };
    proxy.configure({
      intercept: ({ input }) => {
        const text = JSON.stringify(input);
        if (text.includes(world.projectId)) {
          calls.left += 1;
          client.abort();
        } else if (text.includes(other.projectId)) calls.waiting += 1;
        else return 'forward';
        return { status: 400, type: 'ProvisionedThroughputExceededException' };
      },
    });
    const query = 'query ($id: ID!) { project(id: $id) { name } }';
    const sendAs = ({ owner, projectId }: World, signal?: AbortSignal): Promise<Response> =>
      fetch(`${patient.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${owner.token}` },
        body: JSON.stringify({ query, variables: { id: projectId } }),
        ...(signal && { signal }),
      });
    await expect(sendAs(world, client.signal)).rejects.toMatchObject({ name: 'AbortError' });
    // Who stays begins later and sees all attempts, with the same waits between them.
    for (let i = 0; i < 2; i += 1)
      expect((await (await sendAs(other)).json()) as Data).toMatchObject({ errors: [{ extensions: { code: 'THROTTLED' } }] });
    expect(calls.waiting).toBeGreaterThanOrEqual(4);
    expect(calls.left).toBe(1);
  });
});
