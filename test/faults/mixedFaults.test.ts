/**
 * A server whose database fails every third call in one way or another. What it answers is right and complete, or a clean
 * error that says to try again; and a client that tries again, with its idempotency key, ends up with what it asked for.
 */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { seededRandom } from '../bench/statistics.ts';
import { startTestServer, type TestServer } from '../http/support/testServer.ts';
import { testDatabase } from '../support/database.ts';
import { startDatabaseProxy, type DatabaseProxy } from '../support/databaseProxy.ts';
import { faultRounds } from '../support/faultRounds.ts';
import { mixFaults } from '../support/faults.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';
import { firstSeed } from '../support/randomRuns.ts';

jest.setTimeout(120_000 * faultRounds);

let proxy: DatabaseProxy;
let server: TestServer;
/** On the same tables, without faults: makes what a lane starts with. */
let direct: Harness;

beforeAll(async () => {
  proxy = await startDatabaseProxy({ target: (await testDatabase()).endpoint });
  // A hanging call is given up after this time; answers that are only slow become faults, too, which is all the same here.
  server = await startTestServer({ endpoint: proxy.endpoint, answerTimeoutMs: 600 });
  direct = await createHarness({ jwtSecret: 'test-key-of-at-least-32-characters' });
});
afterAll(async () => {
  await server.close();
  await proxy.close();
  await direct.close();
});

interface Seen {
  readonly path?: readonly (string | number)[];
  readonly message: string;
  readonly extensions: { readonly code?: unknown; readonly requestId?: unknown; readonly retryable?: unknown };
}

interface HttpAnswer {
  readonly status: number;
  readonly data: Data;
  readonly errors: readonly Seen[];
}

/** What all lanes saw: answers by kind, and everything that should not have been answered like that. */
const tally = { answers: 0, complete: 0, partial: 0, failed: 0, problems: [] as string[] };

const retryableCodes = new Set(['THROTTLED', 'TIMEOUT', 'INTERNAL_SERVER_ERROR']);
const forOperatorsOnly = /dynamo|aws|exception|econn|socket|capacity|127\.0|t\d+-|at .*\.[jt]s|proxy/i;

/** Returns what is wrong with an error, or null for a clean one that says to try again. */
function problemOf(error: Seen): string | null {
  const { code, requestId, retryable } = error.extensions;
  const isClean = retryableCodes.has(String(code)) && retryable === true && typeof requestId === 'string' && requestId !== '';
  return isClean && !forOperatorsOnly.test(error.message) ? null : JSON.stringify(error);
}

async function send(user: TestUser, query: string, variables: object): Promise<HttpAnswer> {
  const response = await server.post({ query, variables }, { authorization: `Bearer ${user.token}` });
  const { data = null, errors = [] } = (await response.json()) as { data?: Data; errors?: Seen[] };
  tally.answers += 1;
  tally.problems.push(...errors.map(problemOf).filter((problem) => problem !== null));
  if (data === null && errors.length === 0) tally.problems.push(`neither data nor errors, status ${response.status}`);
  if (errors.length === 0) tally.complete += 1;
  else if (data === null || Object.values(data as object).every((field) => field === null)) tally.failed += 1;
  else tally.partial += 1;
  return { status: response.status, data, errors };
}

interface Model {
  readonly projectId: string;
  name: string;
  revision: number;
  readonly schemas: Map<string, { readonly id: string; readonly tables: number }>;
  readonly deployments: Map<string, string>;
  activities: number;
}

interface Lane {
  readonly user: TestUser;
  readonly model: Model;
  readonly random: () => number;
}

const userErrors = 'userErrors { code message }';
const patience = 30;

/** Sends a mutation until it is answered, always with the same idempotency key, and returns its payload. */
async function persist(
  lane: Lane,
  mutation: { field: string; head: string; call: string; result: string },
  variables: object,
): Promise<Data> {
  const { field, head, call, result } = mutation;
  const query = `mutation (${head}, $key: String) { ${field}(${call}, idempotencyKey: $key) { ${result} ${userErrors} } }`;
  const key = crypto.randomUUID();
  for (let attempt = 0; attempt < patience; attempt += 1) {
    const { data } = await send(lane.user, query, { ...variables, key });
    const payload: Data = data?.[field];
    if (payload === null || payload === undefined) continue;
    if (payload.userErrors.length > 0) tally.problems.push(`${field}: ${JSON.stringify(payload.userErrors)}`);
    return payload;
  }
  throw new Error(`${field} was refused ${patience} times`);
}

/** Large enough to be written beside its row, in a batch before the transaction. */
const tablesOf = (count: number): object[] =>
  Array.from({ length: count }, (_, i) => ({ name: `t${i}`, fields: [{ name: `f${'x'.repeat(60)}`, type: 'uuid', required: true }] }));

const writes: readonly ((lane: Lane, n: number) => Promise<void>)[] = [
  async (lane, n) => {
    const { model } = lane;
    const name = `schema-${n}`;
    const tables = n % 2 === 0 ? 1 : 70;
    const payload = await persist(
      lane,
      { field: 'schemaCreate', head: '$input: SchemaCreateInput!', call: 'input: $input', result: 'schema { id tableCount }' },
      { input: { projectId: model.projectId, name, tables: tablesOf(tables) } },
    );
    model.schemas.set(name, { id: payload.schema.id, tables: payload.schema.tableCount });
    model.activities += 1;
    if (payload.schema.tableCount !== tables) tally.problems.push(`${name} has ${String(payload.schema.tableCount)} tables`);
  },
  async (lane, n) => {
    const { model } = lane;
    const payload = await persist(
      lane,
      {
        field: 'projectUpdate',
        head: '$id: ID!, $name: String!, $revision: Int!',
        call: 'id: $id, input: { name: $name }, expectedRevision: $revision',
        result: 'project { name revision }',
      },
      { id: model.projectId, name: `name ${n}`, revision: model.revision },
    );
    model.name = `name ${n}`;
    model.revision += 1;
    model.activities += 1;
    const { name, revision } = payload.project ?? {};
    if (name !== model.name || revision !== model.revision) tally.problems.push(`project: ${JSON.stringify(payload.project)}`);
  },
  async (lane, n) => {
    const { model } = lane;
    const payload = await persist(
      lane,
      { field: 'deploymentCreate', head: '$input: DeploymentCreateInput!', call: 'input: $input', result: 'deployment { id }' },
      { input: { projectId: model.projectId, environment: 'STAGING', provider: 'AWS', version: `v${n}` } },
    );
    model.deployments.set(`v${n}`, payload.deployment.id);
    model.activities += 1;
  },
  async (lane) => {
    const { model } = lane;
    const [name, schema] = [...model.schemas].at(-1) ?? [];
    if (name === undefined || schema === undefined) return;
    await persist(lane, { field: 'schemaDelete', head: '$id: ID!', call: 'id: $id', result: 'deletedId' }, { id: schema.id });
    model.schemas.delete(name);
    model.activities += 1;
  },
];

const read = `query ($id: ID!) {
  project(id: $id) {
    name revision
    schemas(first: 100) { totalCount nodes { id name tables { name } } }
    deployments(first: 100) { nodes { id version } }
    activity(first: 100) { nodes { id } }
    stats { schemas deployments }
  }
}`;

/** Returns what an undisturbed reader sees, list by list. */
function expectedOf({ name, revision, schemas, deployments, activities }: Model): Record<string, unknown> {
  return {
    name,
    revision,
    schemas: [schemas.size, [...schemas].map(([schema, { id, tables }]) => [id, schema, tables]).toSorted()],
    deployments: [...deployments].map(([version, id]) => [id, version]).toSorted(),
    activity: activities,
    stats: { schemas: schemas.size, deployments: deployments.size },
  };
}

/** Reads the whole project and compares every part that was answered. A part that is null must be in the errors, and nothing else. */
async function check({ user, model }: Lane): Promise<void> {
  const { data, errors } = await send(user, read, { id: model.projectId });
  const failed = new Set(errors.map(({ path = [] }) => String(path[1])));
  const project: Data = data?.project;
  if (project === null || project === undefined) {
    if (errors.length === 0) tally.problems.push('the project is not there');
    return;
  }
  const { name, revision, schemas, deployments, activity, stats } = project;
  const parts: Record<string, unknown> = {
    name,
    revision,
    schemas: schemas && [
      schemas.totalCount,
      schemas.nodes.map((schema: Data) => [schema.id, schema.name, schema.tables?.length]).toSorted(),
    ],
    deployments: deployments?.nodes.map(({ id, version }: Data) => [id, version]).toSorted(),
    activity: activity?.nodes.length,
    stats,
  };
  for (const [part, expected] of Object.entries(expectedOf(model))) {
    if (failed.has(part)) continue;
    const [is, should] = [JSON.stringify(parts[part]), JSON.stringify(expected)];
    if (is !== should) tally.problems.push(`${part} is ${is}, not ${should}`);
  }
}

async function startLane(seed: number): Promise<Lane> {
  const user = await direct.signUp();
  const { projectCreate } = await direct.must(
    user,
    `mutation { projectCreate(input: { name: "start" }) { project { id revision } ${userErrors} } }`,
  );
  const { id: projectId, revision } = projectCreate.project;
  const model = { projectId, name: 'start', revision, schemas: new Map(), deployments: new Map(), activities: 1 };
  return { user, model, random: seededRandom(seed) };
}

test('a server behind a database with 30 % faults answers right or with a clean error', async () => {
  const lanes = await Promise.all(Array.from({ length: 8 }, (_, i) => startLane(firstSeed + i)));
  const faults = mixFaults({ seed: firstSeed, share: 0.3 });
  proxy.configure({ intercept: faults.intercept });
  await Promise.all(
    lanes.map(async (lane) => {
      for (let n = 0; n < 8 * faultRounds; n += 1) {
        await writes[Math.floor(lane.random() * writes.length)]?.(lane, n);
        if (n % 2 === 1) await check(lane);
      }
    }),
  );
  proxy.configure({ intercept: undefined });
  const { problems, ...answers } = tally;
  const context = { seed: firstSeed, ...answers, calls: faults.calls(), faults: faults.faults() };
  // Without rounds for unprocessed keys: "Something went wrong on our side" for tables whose chunks were left out.
  expect({ ...context, problems }).toEqual({ ...context, problems: [] });
  // The faults were there, and they were not simply handed on: most answers are complete. With one attempt a call: fewer than half.
  expect(Object.keys(faults.faults()).toSorted()).toHaveLength(8);
  expect(Object.values(faults.faults()).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0.2 * faults.calls());
  expect({ ...context, share: answers.complete / answers.answers > 0.5 }).toEqual({ ...context, share: true });

  // With the database well again, all is as the answers said.
  const before = tally.problems.length;
  for (const lane of lanes) await check(lane);
  expect(tally.problems.slice(before)).toEqual([]);
});
