/**
 * kill -9 of a server with an embedded database in the middle of writes, again and again: every acknowledged write is
 * there after the next start, and nothing is half there. Five rounds; `FAULT_ROUNDS=2` makes them ten.
 */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startServerProcess, temporaryDataDir, type ServerProcess } from '../http/support/serverProcess.ts';
import { faultRounds } from '../support/faultRounds.ts';
import type { Data } from '../support/harness.ts';

const rounds = 5 * faultRounds;
// Processes start on a machine that may be busy with other tests.
jest.setTimeout(30_000 * rounds);

let data: ReturnType<typeof temporaryDataDir>;
const started: ServerProcess[] = [];
beforeAll(() => {
  data = temporaryDataDir();
});
afterAll(async () => {
  for (const server of started) server.signal('SIGKILL');
  await Promise.all(started.map((server) => server.ended));
  data.remove();
});

async function start(): Promise<ServerProcess> {
  const server = startServerProcess({ PORT: String(await freePort()), DATA_DIR: data.dataDir, RATE_LIMIT_USER: '0', LOG_LEVEL: 'error' });
  started.push(server);
  await server.ready;
  return server;
}

/** Sends an operation with variables; rejects when the server is gone, throws on any error in an answer. */
async function send(server: ServerProcess, { query, variables }: { query: string; variables: object }, token?: string): Promise<Data> {
  const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data: answer, errors } = (await response.json()) as { data: Data; errors?: unknown };
  const [payload] = Object.values((answer ?? {}) as Record<string, Data>);
  if (errors !== undefined || payload?.userErrors?.length > 0) throw new Error(JSON.stringify({ errors, payload }));
  return answer;
}

/** What the writers of one round were told. */
interface Acknowledged {
  readonly projectId: string;
  /** Revision and mark of each object by its id, as last acknowledged. */
  readonly schemas: Map<string, { revision: number; mark: string }>;
  readonly pages: Map<string, { revision: number; mark: string }>;
  readonly deployments: Map<string, { revision: number; mark: string }>;
  batches: number;
  writes: number;
}

const errors = 'userErrors { code message }';

/** More than a row takes: written beside it, before the transaction. */
const tablesOf = (mark: string): object[] =>
  Array.from({ length: 70 }, (_, i) => ({ name: `t${i}_${mark}`, fields: [{ name: `f${'x'.repeat(60)}`, type: 'uuid', required: true }] }));
const textOf = (mark: string): string => `${mark} `.repeat(6_000);

type Writer = (run: (query: string, variables: object) => Promise<Data>, told: Acknowledged, mark: string) => Promise<void>;

const writers: readonly Writer[] = [
  async (run, { projectId, schemas }, mark) => {
    const create = `mutation ($input: SchemaCreateInput!) { schemaCreate(input: $input) { schema { id } ${errors} } }`;
    const { schemaCreate } = await run(create, { input: { projectId, name: mark, tables: tablesOf(mark) } });
    const { id } = schemaCreate.schema;
    schemas.set(id, { revision: 1, mark });
    const update = `mutation ($id: ID!, $input: SchemaUpdateInput!) { schemaUpdate(id: $id, input: $input, expectedRevision: 1) { schema { id } ${errors} } }`;
    await run(update, { id, input: { tables: tablesOf(`${mark}b`) } });
    schemas.set(id, { revision: 2, mark: `${mark}b` });
  },
  async (run, { projectId, pages }, mark) => {
    const create = `mutation ($input: DocumentationPageCreateInput!) { documentationPageCreate(input: $input) { documentationPage { id } ${errors} } }`;
    const { documentationPageCreate } = await run(create, { input: { projectId, title: mark, content: textOf(mark) } });
    pages.set(documentationPageCreate.documentationPage.id, { revision: 1, mark });
  },
  async (run, { projectId, deployments }, mark) => {
    const create = `mutation ($input: DeploymentCreateInput!) { deploymentCreate(input: $input) { deployment { id } ${errors} } }`;
    const { deploymentCreate } = await run(create, { input: { projectId, environment: 'STAGING', provider: 'AWS', version: mark } });
    const { id } = deploymentCreate.deployment;
    deployments.set(id, { revision: 1, mark: 'PENDING' });
    const report = `mutation ($id: ID!) { deploymentReport(id: $id, input: { status: DEPLOYING, message: "on its way" }) { deployment { id } ${errors} } }`;
    await run(report, { id });
    deployments.set(id, { revision: 2, mark: 'DEPLOYING' });
  },
  async (run, told) => {
    const hours = Math.floor(Date.now() / 3_600_000);
    const inputs = Array.from({ length: 100 }, (_, i) => {
      return { projectId: told.projectId, metric: 'm', value: 1, timestamp: new Date((hours - i) * 3_600_000).toISOString() };
    });
    await run(`mutation ($inputs: [MetricTrackInput!]!) { metricTrackBatch(inputs: $inputs) { events { id } ${errors} } }`, { inputs });
    told.batches += 1;
  },
];

/** Lets all writers write until the server is killed, which is when it has acknowledged this many writes. */
async function writeUntilKilled(server: ServerProcess, token: string, round: number): Promise<Acknowledged> {
  const create = `mutation ($input: ProjectCreateInput!) { projectCreate(input: $input) { project { id } ${errors} } }`;
  const { projectCreate } = await send(server, { query: create, variables: { input: { name: `round ${round}` } } }, token);
  const told: Acknowledged = {
    projectId: projectCreate.project.id,
    schemas: new Map(),
    pages: new Map(),
    deployments: new Map(),
    batches: 0,
    writes: 0,
  };
  let isKilled = false;
  const run = async (query: string, variables: object): Promise<Data> => {
    const answer = await send(server, { query, variables }, token);
    told.writes += 1;
    // In another place of the others' work in every round; they are all in the middle of it.
    if (told.writes >= 8 + round && !isKilled) {
      isKilled = true;
      server.signal('SIGKILL');
    }
    return answer;
  };
  await Promise.all(
    writers.map(async (write, w) => {
      try {
        for (let n = 0; ; n += 1) await write(run, told, `r${round}w${w}n${n}`);
      } catch (error) {
        // Whoever was cut off knows nothing; an answer that says no would be a mistake.
        if (!isKilled) throw error;
      }
    }),
  );
  expect((await server.ended).signal).toBe('SIGKILL');
  return told;
}

const read = `query ($id: ID!, $from: DateTime!) {
  project(id: $id) {
    stats { schemas deployments documentation deploymentsByStatus { status count } }
    schemas(first: 25) { totalCount nodes { id revision tables { name } } }
    documentation(first: 25) { nodes { id revision content } }
    deployments(first: 25) { nodes { id revision status logs { nodes { message } } } }
    activity(first: 100) { pageInfo { hasNextPage } nodes { action entityType entityId } }
    metricEvents(first: 1) { countUpTo { value } }
    metrics(metric: "m", from: $from, interval: HOUR, aggregate: COUNT) { total }
  }
}`;

interface Found {
  readonly id: string;
  readonly revision: number;
  readonly mark: string;
}

/** Compares what was acknowledged with what is there; what was under way may be there, or not, or be newer. */
function expectAllThere(acknowledged: Acknowledged['schemas'], found: readonly Found[]): void {
  const there = new Map(found.map((object) => [object.id, object]));
  for (const [id, { revision, mark }] of acknowledged) {
    const object = there.get(id);
    expect(object).toBeDefined();
    expect(object?.revision).toBeGreaterThanOrEqual(revision);
    if (object?.revision === revision) expect(object.mark).toBe(mark);
  }
}

async function check(server: ServerProcess, token: string, told: Acknowledged): Promise<void> {
  const from = new Date(Date.now() - 40 * 24 * 3_600_000).toISOString();
  const look = async (): Promise<Data> => (await send(server, { query: read, variables: { id: told.projectId, from } }, token)).project;
  let project = await look();
  const schemas: Found[] = project.schemas.nodes.map(({ id, revision, tables }: Data) => {
    const mark = String(tables[0].name).replace('t0_', '');
    expect(tables.map(({ name }: Data) => name)).toEqual(tablesOf(mark).map((table) => (table as Data).name));
    return { id, revision, mark };
  });
  const pages: Found[] = project.documentation.nodes.map(({ id, revision, content }: Data) => {
    const mark = String(content).slice(0, String(content).indexOf(' '));
    expect(content).toBe(textOf(mark));
    return { id, revision, mark };
  });
  const deployments: Found[] = project.deployments.nodes.map(({ id, revision, status, logs }: Data) => {
    // The message comes with the status, in its transaction.
    expect([status, logs.nodes]).toEqual(revision === 1 ? ['PENDING', []] : ['DEPLOYING', [{ message: 'on its way' }]]);
    return { id, revision, mark: status };
  });
  expectAllThere(told.schemas, schemas);
  expectAllThere(told.pages, pages);
  expectAllThere(told.deployments, deployments);
  const byStatus = ['DEPLOYING', 'PENDING'].map((status) => ({ status, count: deployments.filter(({ mark }) => mark === status).length }));
  expect({
    ...project.stats,
    deploymentsByStatus: project.stats.deploymentsByStatus.toSorted((a: Data, b: Data) => (a.status < b.status ? -1 : 1)),
  }).toEqual({
    ...{ schemas: schemas.length, deployments: deployments.length, documentation: pages.length },
    deploymentsByStatus: byStatus.filter(({ count }) => count > 0),
  });
  // One activity for each revision of each object, and for the project.
  const { nodes: activity, pageInfo } = project.activity;
  expect(pageInfo.hasNextPage).toBe(false);
  const left = activity.filter(({ entityType }: Data) => entityType !== 'METRIC').map(({ entityId }: Data) => entityId);
  const expected = [...schemas, ...pages, ...deployments].flatMap(({ id, revision }) => Array.from({ length: revision }, () => id));
  expect(left.toSorted()).toEqual([told.projectId, ...expected].toSorted());
  // The rest of a batch that was accepted is written after the start; without that, this waits until the test times out.
  const batches = activity.filter(({ entityType }: Data) => entityType === 'METRIC').length;
  expect(batches).toBeGreaterThanOrEqual(told.batches);
  while (project.metricEvents.countUpTo.value < 100 * batches || project.metrics.total < 100 * batches) {
    await sleep(20);
    project = await look();
  }
  expect([project.metricEvents.countUpTo.value, project.metrics.total ?? 0]).toEqual([100 * batches, 100 * batches]);
}

// With chunks of bodies written after the transaction: "Something went wrong on our side" for tables that are not there.
test(`${rounds} times kill -9 during writes: all that was acknowledged is there, and nothing is half there`, async () => {
  let server = await start();
  const signUp = `mutation { signUp(input: { email: "kill@example.com", password: "correct horse battery", username: "Ada" }) { accessToken ${errors} } }`;
  const { accessToken: token } = (await send(server, { query: signUp, variables: {} })).signUp;
  const all: Acknowledged[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const told = await writeUntilKilled(server, token, round % 10);
    expect(told.schemas.size + told.pages.size + told.deployments.size).toBeGreaterThan(0);
    all.push(told);
    server = await start();
    await check(server, token, told);
  }
  // Later deaths took nothing of earlier rounds.
  for (const told of all) await check(server, token, told);
  server.signal('SIGTERM');
  expect((await server.ended).code).toBe(0);
});
