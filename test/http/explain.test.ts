/** `extensions.explain` and `extensions.cost` through HTTP, held against what a proxy before the database saw. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { ExplainedCall } from '../../src/http/explain.ts';
import { testDatabase } from '../support/database.ts';
import { startDatabaseProxy, type DatabaseProxy, type ProxiedCall } from '../support/databaseProxy.ts';
import { uniqueEmail, type Data } from '../support/harness.ts';
import { startTestServer, type TestServer } from './support/testServer.ts';

interface Answer {
  data?: Data;
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string } }[];
  extensions?: { cost?: { readUnits: number; writeUnits: number; requests: number }; explain?: { depth: number; calls: ExplainedCall[] } };
}

let proxy: DatabaseProxy;
/** As in development; in production; in production with EXPLAIN=on. */
const servers = {} as Record<'development' | 'production' | 'explaining', TestServer>;

beforeAll(async () => {
  proxy = await startDatabaseProxy({ target: (await testDatabase()).endpoint, record: true });
  servers.development = await startTestServer({ endpoint: proxy.endpoint, environment: 'development' });
  servers.production = await startTestServer({ endpoint: proxy.endpoint, environment: 'production', explain: false });
  servers.explaining = await startTestServer({ endpoint: proxy.endpoint, environment: 'production', explain: true });
});
afterAll(async () => {
  await Promise.all(Object.values(servers).map((server) => server.close()));
  await proxy.close();
});
beforeEach(() => {
  refuse(() => false);
  proxy.take();
});

/** Makes the database refuse calls, in a way that is not worth trying again. */
function refuse(matches: (call: ProxiedCall) => boolean): void {
  const refusal = { status: 400, type: 'ResourceNotFoundException', message: 'refused by the test' };
  proxy.configure({ intercept: (call) => (matches(call) ? refusal : 'forward') });
}

/** Returns the calls that reached the proxy since the last time, with the names of tables as answers have them. */
function takeSeen(): { operation: string; table: string; index: string | null; units: number; items: number }[] {
  return proxy.take().map(({ operation, table, index, units, items }) => ({
    operation,
    table: table === null ? 'several' : label(table),
    index,
    units,
    items,
  }));
}

const asking = { 'x-snapinfra-explain': '1' };

interface Sender {
  server?: keyof typeof servers;
  token?: string | null;
  headers?: Record<string, string>;
}

/** Sends an operation that asks for `explain`, unless `headers` says otherwise. */
async function send({ server = 'development', token, headers = asking }: Sender, query: string, variables: object = {}): Promise<Answer> {
  const authorization = token ? { authorization: `Bearer ${token}` } : {};
  const response = await servers[server].post({ query, variables }, { ...authorization, ...headers });
  return (await response.json()) as Answer;
}

interface Person {
  token: string;
  email: string;
  projectId: string;
  deploymentId: string;
}

/** Signs somebody up and gives them a project with two deployments. */
async function person(): Promise<Person> {
  const email = uniqueEmail();
  const input = { email, password: 'correct horse battery', username: 'Ada' };
  const { data, errors } = await send({}, 'mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken } }', { input });
  if (errors) throw new Error(JSON.stringify(errors));
  const token: string = data.signUp.accessToken;
  const made = await send({ token }, 'mutation { projectCreate(input: { name: "Secret clinic" }) { project { id } } }');
  const projectId: string = made.data.projectCreate.project.id;
  const deploy = `mutation ($id: ID!) { deploymentCreate(input: { projectId: $id, environment: STAGING, provider: AWS, version: "1" }) { deployment { id } } }`;
  await send({ token }, deploy, { id: projectId });
  const deployed = await send({ token }, deploy, { id: projectId });
  return { token, email, projectId, deploymentId: deployed.data.deploymentCreate.deployment.id };
}

let ada: Person;
let bob: Person;
beforeAll(async () => {
  ada = await person();
  bob = await person();
});

const page = `query ($id: ID!) {
  project(id: $id) { name stats { deployments } deployments(first: 1) { nodes { id } pageInfo { hasNextPage } } activity(first: 2) { nodes { action } } }
}`;

/** Tables of this worker without their prefix. */
function label(name: string): string {
  return name.replace(/^t\d+-/, '');
}

/** One line for each call, in an order that both sides have. */
function lines(calls: readonly { operation: string; table: string; index: string | null }[]): string[] {
  return calls.map(({ operation, table, index }) => `${operation} ${table} ${String(index)}`).sort();
}

describe('explain', () => {
  test('lists the calls that the database saw, with their cost, those that waited for none first', async () => {
    await send({ token: ada.token }, '{ viewer { id } }');
    proxy.take();
    const { data, errors, extensions } = await send({ token: ada.token }, page, { id: ada.projectId });
    expect(errors).toBeUndefined();
    expect(data.project.deployments.nodes).toHaveLength(1);
    const { depth, calls } = extensions!.explain!;
    const seen = takeSeen();
    expect(lines(calls)).toEqual(lines(seen));
    expect(calls.reduce((sum, call) => sum + call.itemsReturned, 0)).toBe(seen.reduce((sum, call) => sum + call.items, 0));
    expect(calls.length).toBeGreaterThanOrEqual(4);
    const units = seen.reduce((sum, call) => sum + call.units, 0);
    expect(units).toBeGreaterThan(0);
    expect(calls.reduce((sum, call) => sum + call.readUnits, 0)).toBe(units);
    expect(extensions!.cost).toEqual({ readUnits: units, writeUnits: 0, requests: seen.length });
    const depths = calls.map((call) => call.depth);
    expect(depths).toEqual(depths.toSorted((a, b) => a - b));
    expect(depths[0]).toBe(1);
    expect(depths.at(-1)).toBe(depth);
    expect(depth).toBeGreaterThan(1);
    expect(depth).toBeLessThanOrEqual(calls.length);
  });

  test('says of each call why it was made, what it read and how long it took', async () => {
    const { extensions } = await send({ token: ada.token }, page, { id: ada.projectId });
    const { calls } = extensions!.explain!;
    const deployments = calls.find(({ table, index }) => table === 'deployments' && index === 'ProjectIdIndex');
    expect(deployments).toEqual({
      depth: expect.any(Number),
      operation: 'Query',
      table: 'deployments',
      index: 'ProjectIdIndex',
      reason: 'the deployments of one project, newest first',
      itemsRead: 2,
      itemsReturned: 2,
      itemsWritten: 0,
      readUnits: 0.5,
      writeUnits: 0,
      milliseconds: expect.any(Number),
      failed: false,
    });
    for (const { reason, milliseconds } of calls) {
      expect(reason).not.toBe('');
      expect(milliseconds).toBeGreaterThan(0);
      expect(milliseconds * 10).toBeCloseTo(Math.round(milliseconds * 10), 6);
    }
    expect(calls.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['the counters of one project', 'the project by its id']));
  });

  test('tells keys that were asked for from items that came back', async () => {
    const { extensions } = await send({ token: ada.token }, '{ viewer { settings { theme } } }');
    const settings = extensions!.explain!.calls.find(({ table }) => table === 'settings');
    expect(settings).toMatchObject({ itemsRead: 1, itemsReturned: 0, reason: 'the settings row by its key' });
  });

  test('names reads that are not the reading of the list itself', async () => {
    const list = `query ($id: ID!, $after: String) {
      project(id: $id) { deployments(first: 1, after: $after) { nodes { id } pageInfo { endCursor hasPreviousPage } countUpTo(limit: 5) { value } } }
    }`;
    const first = await send({ token: ada.token }, list, { id: ada.projectId });
    const after = first.data.project.deployments.pageInfo.endCursor;
    const { data, extensions } = await send({ token: ada.token }, list, { id: ada.projectId, after });
    expect(data.project.deployments).toMatchObject({ pageInfo: { hasPreviousPage: true }, countUpTo: { value: 2 } });
    const reasons = extensions!.explain!.calls.filter(({ table }) => table === 'deployments').map(({ reason }) => reason);
    expect(reasons.sort()).toEqual([
      'counting the rows of a list',
      'the deployments of one project, newest first',
      'whether the list has something on the other side of the page',
      'whether the list has something on the other side of the page',
    ]);
  });

  test('names the checks of credentials', async () => {
    const server = await startTestServer({ endpoint: proxy.endpoint });
    try {
      const response = await server.post({ query: '{ __typename }' }, { ...asking, authorization: `Bearer ${ada.token}` });
      const { extensions } = (await response.json()) as Answer;
      const { depth, calls } = extensions!.explain!;
      expect(depth).toBe(1);
      expect(calls.toSorted((a, b) => a.table.localeCompare(b.table))).toMatchObject([
        { operation: 'GetItem', table: 'activity', reason: 'the session of the access token', itemsRead: 1, itemsReturned: 1 },
        { operation: 'GetItem', table: 'users', reason: 'the account that the credentials are for', itemsRead: 1, itemsReturned: 1 },
      ]);
    } finally {
      await server.close();
    }
  });

  test('mutations: what was written, and its units', async () => {
    const rename = 'mutation ($id: ID!) { projectUpdate(id: $id, input: { description: "new" }) { project { revision } } }';
    const { data, extensions } = await send({ token: ada.token }, rename, { id: ada.projectId });
    expect(data.projectUpdate.project.revision).toBeGreaterThan(1);
    const writes = extensions!.explain!.calls.filter(({ operation }) => operation === 'TransactWriteItems');
    expect(writes).toEqual([
      expect.objectContaining({
        table: 'several',
        index: null,
        reason: 'puts 1 activity entry; updates 1 project',
        itemsRead: 0,
        itemsReturned: 0,
        itemsWritten: 2,
        readUnits: 0,
      }),
    ]);
    const written = takeSeen()
      .filter(({ operation }) => operation === 'TransactWriteItems')
      .reduce((sum, { units }) => sum + units, 0);
    expect(written).toBeGreaterThan(0);
    expect(extensions!.cost).toMatchObject({ writeUnits: written, requests: extensions!.explain!.calls.length });
  });

  test('partial data: the call that failed is listed and marked', async () => {
    refuse(({ table, index }) => label(table ?? '') === 'deployments' && index === 'ProjectIdIndex');
    const { data, errors, extensions } = await send({ token: ada.token }, page, { id: ada.projectId });
    expect(data.project).toMatchObject({ name: 'Secret clinic', deployments: null });
    expect(errors).toHaveLength(1);
    const { calls } = extensions!.explain!;
    expect(calls.filter(({ failed }) => failed)).toEqual([
      expect.objectContaining({ table: 'deployments', itemsRead: 0, itemsReturned: 0, readUnits: 0 }),
    ]);
    expect(calls).toHaveLength(takeSeen().length);
    expect(extensions!.cost!.requests).toBe(calls.length);
    expect(JSON.stringify(extensions)).not.toContain('refused by the test');
  });

  test('answers without data: what the check of credentials cost', async () => {
    const { data, errors, extensions } = await send({ token: ada.token }, '{ nope }');
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(extensions!.cost!.requests).toBe(extensions!.explain!.calls.length);
  });

  test('tells nothing of rows, keys, people and physical names', async () => {
    const invite =
      'mutation ($id: ID!) { memberInvite(projectId: $id, input: { email: "guest@example.com", role: VIEWER }) { invitation { id } } }';
    const answers = [
      await send({ token: ada.token }, page, { id: ada.projectId }),
      await send({ token: ada.token }, invite, { id: ada.projectId }),
      await send({}, 'mutation ($e: String!) { signIn(input: { email: $e, password: "correct horse battery" }) { expiresAt } }', {
        e: ada.email,
      }),
    ];
    const text = JSON.stringify(answers.map(({ extensions }) => extensions));
    expect(text.match(/"operation"/g)!.length).toBeGreaterThan(10);
    for (const secret of [
      ada.projectId,
      ada.deploymentId,
      ada.email,
      'guest@example.com',
      'Secret clinic',
      'session#',
      (await testDatabase()).prefix,
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  test.each<[string, Record<string, string>, boolean]>([
    ['1', asking, true],
    ['true', { 'x-snapinfra-explain': 'true' }, true],
    ['0', { 'x-snapinfra-explain': '0' }, false],
    ['empty', { 'x-snapinfra-explain': '' }, false],
    ['absent', {}, false],
  ])('only where the header asks for it: %s', async (_, headers, shown) => {
    const { extensions } = await send({ token: ada.token, headers }, page, { id: ada.projectId });
    expect(extensions).toHaveProperty('cost');
    expect('explain' in extensions!).toBe(shown);
  });

  test('GET and persisted queries alike', async () => {
    const query = `{ project(id: "${ada.projectId}") { name } }`;
    const sha256Hash = createHash('sha256').update(query).digest('hex');
    const parameters = new URLSearchParams({ query, extensions: JSON.stringify({ persistedQuery: { version: 1, sha256Hash } }) });
    const headers = { ...asking, authorization: `Bearer ${ada.token}`, 'apollo-require-preflight': '1' };
    const full = (await (await fetch(`${servers.development.url}/graphql?${parameters.toString()}`, { headers })).json()) as Answer;
    parameters.delete('query');
    const hashed = (await (await fetch(`${servers.development.url}/graphql?${parameters.toString()}`, { headers })).json()) as Answer;
    for (const { data, extensions } of [full, hashed]) {
      expect(data.project.name).toBe('Secret clinic');
      expect(extensions!.explain!.calls.map(({ reason }) => reason)).toContain('the project by its id');
    }
  });

  test('pages of other origins may send the header', async () => {
    const response = await fetch(`${servers.development.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:3000',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-snapinfra-explain',
      },
    });
    expect(response.headers.get('access-control-allow-headers')).toContain('x-snapinfra-explain');
  });
});

describe('who sees what', () => {
  const keys = { METRICS: '', READ: '' };
  beforeAll(async () => {
    for (const scope of ['METRICS', 'READ'] as const) {
      const create = `mutation { apiKeyCreate(input: { name: "${scope}", scopes: [${scope}] }) { secret } }`;
      keys[scope] = (await send({ token: ada.token }, create)).data.apiKeyCreate.secret;
    }
  });

  const tokens = { nobody: () => null, session: () => ada.token, 'READ key': () => keys.READ, 'METRICS key': () => keys.METRICS };

  test.each<[keyof typeof servers, keyof typeof tokens, string[]]>([
    ['development', 'nobody', ['explain']],
    ['development', 'session', ['cost', 'explain']],
    ['development', 'READ key', ['cost', 'explain']],
    ['development', 'METRICS key', ['explain']],
    ['production', 'nobody', []],
    ['production', 'session', ['cost']],
    ['production', 'READ key', ['cost']],
    ['production', 'METRICS key', []],
    ['explaining', 'nobody', []],
    ['explaining', 'session', ['cost', 'explain']],
    ['explaining', 'READ key', ['cost', 'explain']],
    ['explaining', 'METRICS key', []],
  ])('%s, %s: %j', async (server, who, expected) => {
    const { data, extensions } = await send({ server, token: tokens[who]() }, '{ __typename }');
    expect(data).toEqual({ __typename: 'Query' });
    expect(Object.keys(extensions ?? {}).sort()).toEqual(expected);
    if (expected.length === 0) expect(extensions).toBeUndefined();
  });

  test('a token that is not valid counts as none', async () => {
    const { errors, extensions } = await send({ server: 'explaining', token: `${ada.token}x` }, '{ viewer { id } }');
    expect(errors![0]!.extensions.code).toBe('UNAUTHENTICATED');
    expect(extensions).toBeUndefined();
  });

  test('signing in does not count: the request came without a token', async () => {
    const enter = 'mutation ($e: String!) { signIn(input: { email: $e, password: "correct horse battery" }) { expiresAt } }';
    const { data, extensions } = await send({ server: 'explaining' }, enter, { e: ada.email });
    expect(data.signIn.expiresAt).toEqual(expect.any(String));
    expect(extensions).toBeUndefined();
  });
});

describe("a missing object and somebody else's have no different cost", () => {
  const missing = { project: 'prj_01jd3kq7m8e0h8x2v5w9y4z6ab', deployment: 'dep_01jd3kq7m8e0h8x2v5w9y4z6ab' };
  const look = '($p: ID!, $d: ID!)';
  const operations: [string, string][] = [
    ['project(id)', `query ${look} { project(id: $p) { name } deployment(id: $d) { id } }`],
    ['node(id)', `query ${look} { node(id: $p) { id } d: node(id: $d) { id } }`],
    ['nodes(ids)', `query ${look} { nodes(ids: [$p, $d]) { id } }`],
    [
      'a write',
      `mutation ${look} { projectUpdate(id: $p, input: { name: "mine" }) { __typename } deploymentDelete(id: $d) { __typename } }`,
    ],
    [
      'a dry run',
      `mutation ${look} { projectDelete(id: $p, dryRun: true) { __typename } deploymentDelete(id: $d, dryRun: true) { __typename } }`,
    ],
  ];

  test.each(operations)('%s', async (_, operation) => {
    const run = (server: keyof typeof servers, { project, deployment }: typeof missing): Promise<Answer> =>
      send({ server, token: ada.token }, operation, { p: project, d: deployment });
    const foreign = { project: bob.projectId, deployment: bob.deploymentId };
    // The calls do differ, as development shows; without that this test would prove nothing.
    const [a, b] = [await run('development', missing), await run('development', foreign)];
    expect(a.extensions!.explain!.calls.length).not.toBe(b.extensions!.explain!.calls.length);
    for (const { extensions } of [a, b]) expect(extensions).not.toHaveProperty('cost');
    for (const server of ['production', 'explaining'] as const) {
      const answers = [await run(server, missing), await run(server, foreign)];
      expect(answers[0]).toEqual(answers[1]);
      expect(answers[0]).not.toHaveProperty('extensions');
    }
  });

  test('nor do an e-mail address with an account and one without', async () => {
    const invite =
      'mutation ($id: ID!, $e: String!) { memberInvite(projectId: $id, input: { email: $e, role: VIEWER }, dryRun: true) { userErrors { message } } }';
    const run = (server: keyof typeof servers, e: string): Promise<Answer> =>
      send({ server, token: ada.token }, invite, { id: ada.projectId, e });
    const [known, unknown] = [await run('development', bob.email), await run('development', uniqueEmail())];
    expect(known.data).toEqual({ memberInvite: { userErrors: [] } });
    const unitsOf = ({ extensions }: Answer): number => extensions!.explain!.calls.reduce((sum, { readUnits }) => sum + readUnits, 0);
    expect(unitsOf(known)).not.toBe(unitsOf(unknown));
    for (const server of ['production', 'explaining'] as const) {
      for (const email of [bob.email, uniqueEmail()]) expect(await run(server, email)).not.toHaveProperty('extensions');
    }
    const enter = 'mutation ($e: String!) { signIn(input: { email: $e, password: "wrong password" }) { expiresAt } }';
    for (const e of [bob.email, uniqueEmail()]) {
      expect(await send({ server: 'explaining', token: ada.token }, enter, { e })).not.toHaveProperty('extensions');
    }
  });

  test('what is there keeps its cost, also where a part of it failed', async () => {
    const own = await send({ server: 'production', token: ada.token }, page, { id: ada.projectId });
    expect(own.extensions!.cost!.requests).toBeGreaterThan(0);
    refuse(({ table }) => label(table ?? '') === 'deployments');
    const partial = await send({ server: 'production', token: ada.token }, page, { id: ada.projectId });
    expect(partial.errors).toHaveLength(1);
    expect(partial.extensions!.cost!.requests).toBeGreaterThan(0);
  });
});
