/** What pages cost: calls to DynamoDB, how many of them wait for each other, and read units. Counts, so no machine is too slow for them. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { recountOwner, recountProject } from '../../src/cli/recount/recount.ts';
import { storeBody } from '../../src/data/body.ts';
import { connect, type Connection, type DatabaseCall, type Row } from '../../src/data/connection.ts';
import { newId } from '../../src/data/ids.ts';
import { createPlanMemory } from '../../src/data/readPlan/memory.ts';
import type { TableId } from '../../src/data/tables.ts';
import { withoutNulls } from '../../src/domains/bodies.ts';
import type { ProjectRecord } from '../../src/domains/projects/project.ts';
import { fakeDeployment, fakeInvitation, fakeProject, fakeSchema } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

/** One query for each list. */
let reference: Harness;
/** The plan that learns; new for each test. */
let adaptive: Harness;

beforeAll(async () => {
  reference = await createHarness({ readPlan: 'per-project' });
});
afterAll(() => reference.close());
beforeEach(async () => {
  adaptive = await createHarness();
});
afterEach(() => adaptive.close());

interface Cost {
  calls: number;
  depth: number;
  readUnits: number;
}

function costOf(calls: readonly DatabaseCall[]): Cost {
  return {
    calls: calls.length,
    depth: Math.max(0, ...calls.map(({ depth }) => depth)),
    readUnits: calls.reduce((sum, { readUnits }) => sum + readUnits, 0),
  };
}

/** What a document answered and what it cost. */
type Measured = Cost & { data: Data };

/** Runs a document that must succeed. Sessions and accounts are cached for a while: they are read beforehand, so that only the document counts. */
async function measure(harness: Harness, user: TestUser, document: string, variables: Record<string, unknown> = {}): Promise<Measured> {
  await harness.must(user, '{ __typename }');
  const answer = await harness.run(user, document, variables);
  expect(answer.errors).toEqual([]);
  return { data: answer.data, ...costOf(answer.calls) };
}

const lists = `schemas(first: 5) { nodes { id name version } } deployments(first: 5) { nodes { id status createdAt } }
  activity(first: 5) { nodes { id action createdAt } }`;
const page = `query ($first: Int!) { viewer { id projects(first: $first) { nodes { id name ${lists} } } } }`;

function connection(): Connection {
  return connect(reference.database, { signal: AbortSignal.timeout(30_000) });
}

const start = Date.parse('2026-01-01T00:00:00.000Z');
const rowsOfProject = 8;

type Spread = 'interleaved' | 'bursts';

/** Signs somebody up who has projects, each with 8 schemas, deployments and activities made by turns, or one project after the other. */
async function ownerOf(count: number, spread: Spread): Promise<{ user: TestUser; projectIds: string[] }> {
  const user = await reference.signUp();
  const projectIds: string[] = [];
  while (projectIds.length < count) {
    const inputs = Array.from({ length: Math.min(25, count - projectIds.length) }, (_, i) => ({
      name: `Project ${projectIds.length + i}`,
    }));
    const document =
      'mutation ($inputs: [ProjectCreateInput!]!) { projectBulkCreate(inputs: $inputs) { projects { id } userErrors { message code field } } }';
    const { projectBulkCreate: answer } = await reference.must(user, document, { inputs });
    projectIds.push(...answer.projects.map(({ id }: Data) => id as string));
  }
  const rows = projectIds.flatMap((projectId, i) =>
    Array.from({ length: rowsOfProject }, (_, nth) =>
      rowsAt(user, { projectId, nth, at: spread === 'bursts' ? i * rowsOfProject + nth : nth * count + i }),
    ),
  );
  await connection().writeAll(rows.flat());
  return { user, projectIds };
}

/** Returns a schema, a deployment and an activity as the API writes them. */
function rowsAt(
  user: { id: string },
  { projectId, nth, at }: { projectId: string; nth: number; at: number },
): { table: TableId; put: Row }[] {
  // Later than what the API itself noted of the projects.
  const createdAt = new Date(Date.now() + 60_000 + at * 1_000).toISOString();
  const common = { userId: user.id, projectId, createdAt };
  const edited = { createdById: user.id, updatedAt: createdAt, revision: 1 };
  const schema = { ...common, ...edited, id: newId('sch'), name: 'main', version: nth + 1, tables: [], relationships: [], tableCount: 0 };
  const deployment = {
    ...common,
    ...edited,
    id: newId('dep'),
    status: 'success',
    environment: 'staging',
    provider: 'aws',
    version: `1.${nth}`,
  };
  const activity = {
    ...common,
    id: newId('act'),
    action: 'created',
    entityType: 'schema',
    entityId: schema.id,
    metadata: {},
    ttl: 4_000_000_000,
  };
  return [
    { table: 'schemas', put: schema },
    { table: 'deployments', put: deployment },
    { table: 'activity', put: activity },
  ];
}

/** Reads a page with both plans: the answers must be equal. Returns what it cost each. */
async function compare(user: TestUser, document: string, variables: Record<string, unknown>): Promise<{ plain: Cost; planned: Measured }> {
  const plain = await measure(reference, user, document, variables);
  const planned = await measure(adaptive, user, document, variables);
  expect(planned.data).toEqual(plain.data);
  return { plain, planned };
}

describe('20 projects with three lists each', () => {
  let user: TestUser;
  beforeAll(async () => {
    ({ user } = await ownerOf(20, 'interleaved'));
  });

  test('list by list take 61 calls', async () => {
    const { plain } = await compare(user, page, { first: 20 });
    expect(plain.calls).toBeGreaterThanOrEqual(61);
  });

  test('of an owner nothing is known of take 7 calls at most, and half as many units again', async () => {
    const { plain, planned } = await compare(user, page, { first: 20 });
    expect(planned.calls).toBeLessThanOrEqual(7);
    expect(planned.depth).toBeLessThanOrEqual(3);
    expect(planned.readUnits).toBeLessThanOrEqual(1.5 * plain.readUnits);
  });

  test('of a known owner take 4 calls that wait for none, and a fifth more units', async () => {
    await measure(adaptive, user, page, { first: 20 });
    for (let run = 0; run < 3; run += 1) {
      const { plain, planned } = await compare(user, page, { first: 20 });
      expect(planned).toMatchObject({ calls: 4, depth: 1 });
      expect(planned.readUnits).toBeLessThanOrEqual(1.2 * plain.readUnits);
    }
  });

  test('show what was written since', async () => {
    await measure(adaptive, user, page, { first: 20 });
    const { id: projectId } = (await measure(reference, user, page, { first: 20 })).data.viewer.projects.nodes[7];
    const before = (await compare(user, page, { first: 20 })).planned.data.viewer.projects.nodes[7];
    await connection().writeAll(rowsAt(user, { projectId, nth: 100, at: 100_000 }));
    const { planned } = await compare(user, page, { first: 20 });
    const after = planned.data.viewer.projects.nodes[7];
    for (const list of ['schemas', 'deployments', 'activity']) expect(after[list].nodes.slice(1)).toEqual(before[list].nodes.slice(0, 4));
  });
});

describe.each([5, 20, 50, 100])('%i projects that were worked on one after the other', (count) => {
  test('never take more calls than list by list, and fewer once they are known', async () => {
    const { user } = await ownerOf(count, 'bursts');
    const plain = await measure(reference, user, page, { first: count });
    let last: Cost | undefined;
    for (let run = 0; run < 4; run += 1) {
      const planned = await measure(adaptive, user, page, { first: count });
      expect(planned.data).toEqual(plain.data);
      expect(planned.calls).toBeLessThanOrEqual(1 + 3 * count);
      expect(planned.readUnits).toBeLessThanOrEqual((run === 0 ? 1.5 : 1.2) * plain.readUnits);
      last = planned;
    }
    expect(last?.calls).toBeLessThan(1 + 3 * count);
  });
});

test('a part of the projects is read list by list while nothing is known of their owner', async () => {
  const { user } = await ownerOf(100, 'interleaved');
  const { plain, planned } = await compare(user, page, { first: 20 });
  expect(planned.calls).toBe(plain.calls);
  expect(planned.readUnits).toBeLessThanOrEqual(1.2 * plain.readUnits);
});

describe('one object', () => {
  test('a project and three lists of it start together', async () => {
    const { user, projectIds } = await ownerOf(3, 'interleaved');
    const document = `query ($id: ID!) { project(id: $id) { id name ${lists} } }`;
    for (const id of projectIds) {
      const { planned } = await compare(user, document, { id });
      expect(planned).toMatchObject({ calls: 4, depth: 1 });
    }
  });

  test('lists that start before the project is known show strangers nothing', async () => {
    const { projectIds } = await ownerOf(3, 'interleaved');
    const stranger = await reference.signUp();
    const { planned } = await compare(stranger, `query ($id: ID!) { project(id: $id) { id name ${lists} } }`, { id: projectIds[0] });
    expect(planned.data).toEqual({ project: null });
  });

  test('a project takes one call, what is in it two', async () => {
    const user = await reference.signUp();
    const { id, projectId } = await fakeSchema(reference, user);
    expect(await measure(adaptive, user, 'query ($id: ID!) { project(id: $id) { id name } }', { id: projectId })).toMatchObject({
      calls: 1,
    });
    const schema = await measure(adaptive, user, 'query ($id: ID!) { databaseSchema(id: $id) { id name } }', { id });
    expect(schema.calls).toBeLessThanOrEqual(2);
  });

  test('a deployment is created with one transaction', async () => {
    const user = await reference.signUp();
    const { id: projectId } = await fakeProject(reference, user);
    const document =
      'mutation ($input: DeploymentCreateInput!) { deploymentCreate(input: $input) { deployment { id } userErrors { message } } }';
    await adaptive.must(user, '{ __typename }');
    const { calls, errors } = await adaptive.run(user, document, { input: { projectId, environment: 'STAGING', provider: 'AWS' } });
    expect(errors).toEqual([]);
    expect(calls.filter(({ writeUnits }) => writeUnits > 0).map(({ operation }) => operation)).toEqual(['TransactWriteItems']);
    expect(calls.length).toBeLessThanOrEqual(2);
  });
});

describe('projects that several people write in', () => {
  const document = `{ viewer { projects { nodes { id ${lists} } } } }`;

  test('show what members made through the API', async () => {
    const { user, projectIds } = await ownerOf(4, 'interleaved');
    await measure(adaptive, user, document);
    const guest = await reference.signUp();
    const [projectId = ''] = projectIds;
    const { id } = await fakeInvitation(reference, user, { projectId, email: guest.email, role: 'DEVELOPER' });
    await reference.must(guest, 'mutation ($id: ID!) { invitationAccept(id: $id) { userErrors { message code field } } }', { id });
    const { id: schemaId } = await fakeSchema(reference, guest, { projectId, name: 'other' });
    await fakeDeployment(reference, guest, { projectId });
    for (let run = 0; run < 2; run += 1) {
      const { planned } = await compare(user, document, {});
      const shown = planned.data.viewer.projects.nodes.find((project: Data) => project.id === projectId);
      expect(shown.schemas.nodes).toHaveLength(5);
      const all = await measure(adaptive, user, 'query ($id: ID!) { project(id: $id) { schemas(first: 100) { nodes { id } } } }', {
        id: projectId,
      });
      expect(all.data.project.schemas.nodes.map((node: Data) => node.id)).toContain(schemaId);
    }
  });

  test('show what members made with the earlier backend, under their own ids', async () => {
    const [owner, member] = [await reference.signUp(), await reference.signUp()];
    const ids = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const id = crypto.randomUUID();
        const createdAt = new Date(start).toISOString();
        await reference.putRow('projects', { id, userId: owner.id, name: 'Old', status: 'active', createdAt, updatedAt: createdAt });
        await reference.putRow('teams', { projectId: id, userId: member.id, role: 'developer', createdAt, email: member.email, name: 'M' });
        const rows = [owner, member].flatMap((creator, i) => rowsAt(creator, { projectId: id, nth: i, at: i }));
        await connection().writeAll(rows);
        return id;
      }),
    );
    for (let run = 0; run < 3; run += 1) {
      const { planned } = await compare(owner, document, {});
      const { nodes } = planned.data.viewer.projects;
      expect(nodes.map(({ id }: Data) => id).toSorted()).toEqual(ids.toSorted());
      for (const list of ['schemas', 'deployments', 'activity'])
        expect(nodes.map((node: Data) => node[list].nodes.length)).toEqual([2, 2, 2, 2, 2]);
    }
  });
});

test('a project that changes hands is not read by owner: its rows follow one by one', async () => {
  const [owner, heir] = [await reference.signUp(), await reference.signUp()];
  const [id, createdAt] = [newId('prj'), new Date(start).toISOString()];
  const project = {
    id,
    userId: owner.id,
    createdById: owner.id,
    name: 'Shop',
    status: 'active',
    createdAt,
    updatedAt: createdAt,
    revision: 1,
  };
  await reference.putRow('projects', { ...project, uniform: 'children' });
  await reference.putRow('teams', {
    projectId: id,
    userId: heir.id,
    role: 'admin',
    createdAt,
    ownerId: owner.id,
    email: heir.email,
    name: 'H',
  });
  const document =
    'mutation ($id: ID!, $heir: ID!) { ownershipTransfer(projectId: $id, userId: $heir) { userErrors { message code field } } }';
  await reference.must(owner, document, { id, heir: heir.id });
  const row = (await reference.rows('projects', id)).find(({ name, userId }) => name === 'Shop' && userId === heir.id);
  expect(row).toMatchObject({ id, userId: heir.id });
  expect(row).not.toHaveProperty('uniform');
  await reference.settled();
});

test('counters cost the same at 10 and at 2,000 rows', async () => {
  const costs = [];
  for (const count of [10, 2_000]) {
    const user = await reference.signUp();
    const project = await fakeProject(reference, user);
    const deployments = Array.from({ length: count }, (_, nth) => rowsAt(user, { projectId: project.id, nth, at: nth })[1]!);
    await connection().writeAll(deployments);
    const options = { settleMs: 0, patienceMs: 10_000, signal: AbortSignal.timeout(20_000) };
    const record = (await reference.rows('projects', project.id)).find(({ name }) => name === 'Shop') as ProjectRecord;
    await recountProject(connection(), record, options);
    await recountOwner(connection(), user.id, options);
    const stats = await measure(adaptive, user, 'query ($id: ID!) { project(id: $id) { stats { deployments } } }', { id: project.id });
    const totals = await measure(adaptive, user, '{ dashboard { stats { projects deployments } } }');
    expect([stats.data.project.stats.deployments, totals.data.dashboard.stats.deployments]).toEqual([count, count]);
    costs.push([stats, totals].map(({ calls, depth, readUnits }) => ({ calls, depth, readUnits })));
  }
  expect(costs[1]).toEqual(costs[0]);
});

test('lists of generations cost the same whatever their bodies', async () => {
  const document = 'query ($id: ID!) { project(id: $id) { codeGenerations(first: 25) { nodes { id type prompt status createdAt } } } }';
  const units = [];
  for (const bytes of [1_000, 300_000]) {
    const user = await reference.signUp();
    const project = await fakeProject(reference, user);
    for (let nth = 0; nth < 25; nth += 1) await putGeneration(user, { projectId: project.id, nth, bytes });
    const { data, readUnits } = await measure(adaptive, user, document, { id: project.id });
    expect(data.project.codeGenerations.nodes).toHaveLength(25);
    units.push(readUnits);
  }
  expect(units[1]).toBeLessThanOrEqual(units[0]!);
});

/** Puts a generation with a body that does not compress, as the API stores it. */
async function putGeneration(user: TestUser, { projectId, nth, bytes }: { projectId: string; nth: number; bytes: number }): Promise<void> {
  const owner = { id: newId('gen'), userId: user.id };
  const content = randomBytes(bytes).toString('base64').slice(0, bytes);
  const stored = await storeBody(connection(), 'codeGenerations', owner, {
    generatedCode: [{ path: 'src/index.ts', content, language: 'typescript' }],
  });
  await stored.write();
  const createdAt = new Date(start + nth).toISOString();
  const row = {
    ...owner,
    projectId,
    createdById: user.id,
    type: 'api',
    prompt: 'A shop',
    status: 'completed',
    createdAt,
    updatedAt: createdAt,
    ttl: 4_000_000_000,
  };
  await reference.putRow('codeGenerations', { ...row, ...withoutNulls(stored.attributes) });
}

test('what is remembered of owners does not grow without limit', () => {
  const memory = createPlanMemory();
  const hint = { rows: 10, parents: 3, lists: 3, alone: new Set<string>(), avoidUntil: 0, learnedAt: 0 };
  const keys = Array.from({ length: 60_000 }, (_, i) => `activity|newest|6|user-${i}`);
  for (const key of keys) {
    memory.learn(key, hint);
    memory.learnProjectCount(key, 3);
  }
  const known = keys.filter((key) => memory.hint(key) !== undefined).length;
  const counted = keys.filter((key) => memory.projectCount(key) !== undefined).length;
  for (const number of [known, counted]) {
    expect(number).toBeGreaterThan(1_000);
    expect(number).toBeLessThanOrEqual(20_000);
  }
  expect(memory.hint(keys.at(-1)!)).toEqual(hint);
});

test('a list reads the selected attributes only, and no bodies', async () => {
  const { user } = await ownerOf(1, 'interleaved');
  const seen: unknown[] = [];
  const { database } = adaptive.services;
  adaptive.services.database = {
    ...database,
    send: (operation, input, options) => {
      if (operation === 'Query' && 'ExpressionAttributeNames' in input && 'ProjectionExpression' in input)
        seen.push(Object.values(input.ExpressionAttributeNames ?? {}));
      return database.send(operation, input, options);
    },
  };
  await adaptive.must(user, '{ viewer { id projects { nodes { schemas { nodes { name tableCount } } } } } }');
  adaptive.services.database = database;
  const ofSchemas = seen.find((names) => (names as string[]).includes('tableCount')) as string[];
  expect(ofSchemas.toSorted()).toEqual(['id', 'name', 'projectId', 'status', 'tableCount', 'ttl', 'userId', 'version']);
});
