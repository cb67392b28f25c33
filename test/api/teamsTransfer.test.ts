import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Database } from '../../src/data/client.ts';
import { roleOn } from '../../src/auth/access.ts';
import { createContext } from '../../src/context.ts';
import type { ProjectRecord } from '../../src/domains/projects/project.ts';
import { connect, type Connection } from '../../src/data/connection.ts';
import type { TableId } from '../../src/data/tables.ts';
import { moveObject } from '../../src/domains/teams/movedObject.ts';
import { resumeTransfers } from '../../src/domains/teams/transfer.service.ts';
import type { TransferMarker } from '../../src/domains/teams/transfer.store.ts';
import { fakeProject } from '../support/factories.ts';
import { separateTables } from '../support/database.ts';
import { createHarness, type Answer, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;

beforeAll(async () => {
  // Tables of their own: what other tests have left unfinished would be taken up, too.
  harness = await createHarness({}, separateTables('transfer-'));
});
afterAll(() => harness.close());

const errors = 'userErrors { __typename message code field }';
const transfer = `mutation ($projectId: ID!, $userId: ID!, $rev: Int, $dryRun: Boolean! = false) { ownershipTransfer(projectId: $projectId, userId: $userId, expectedRevision: $rev, dryRun: $dryRun) { project { id revision viewerRole owner { id } } ${errors} } }`;
const overview = `query ($id: ID!) { project(id: $id) {
  owner { id } viewerRole stats { schemas deployments architectures members deploymentsByStatus { status count } }
  members { nodes { userId role } } schemas { nodes { id name tables { name } createdBy { id } } } deployments { nodes { id status createdBy { id } } } architectures { nodes { id } } } }`;

const codeOf = (answer: Answer): string | undefined => answer.data.ownershipTransfer.userErrors[0]?.code;

async function join(projectId: string, owner: TestUser, user: TestUser, role = 'DEVELOPER'): Promise<void> {
  const { memberInvite } = await harness.must(
    owner,
    `mutation ($id: ID!, $email: String!, $role: ProjectRole!) { memberInvite(projectId: $id, input: { email: $email, role: $role }) { invitation { id } ${errors} } }`,
    { id: projectId, email: user.email, role },
  );
  await harness.must(user, `mutation ($id: ID!) { invitationAccept(id: $id) { member { role } ${errors} } }`, {
    id: memberInvite.invitation.id,
  });
}

const table = (name: string, fields = 1): Data => ({
  name,
  fields: Array.from({ length: fields }, (_, i) => ({ name: `f${i}`, type: 'text' })),
});

async function createSchema(user: TestUser, projectId: string, name: string, tables: Data[] = [table('users')]): Promise<string> {
  const { schemaCreate } = await harness.must(
    user,
    `mutation ($input: SchemaCreateInput!) { schemaCreate(input: $input) { schema { id } ${errors} } }`,
    { input: { projectId, name, tables } },
  );
  return schemaCreate.schema.id;
}

/** Ids of what a project holds. */
interface Contents {
  schemas: string[];
  deployment: string;
  architecture: string;
  event: string;
}

/** Fills a project with one of each: small and chunked bodies, logs, the active deployment, a metric event, a row of the earlier backend. */
async function fill(owner: TestUser, member: TestUser, projectId: string): Promise<Contents> {
  const large = Array.from({ length: 60 }, (_, i) => table(`table_${i}`, 40));
  const schemas = [await createSchema(owner, projectId, 'small'), await createSchema(member, projectId, 'large', large)];
  const made = await harness.must(
    owner,
    `mutation ($id: ID!) {
      architectureCreate(input: { projectId: $id, name: "a" }) { architecture { id } ${errors} }
      deploymentCreate(input: { projectId: $id, environment: PRODUCTION, provider: AWS, version: "1" }) { deployment { id } ${errors} } }`,
    { id: projectId },
  );
  const deployment: string = made.deploymentCreate.deployment.id;
  for (let i = 0; i < 12; i += 1) await appendLog(owner, deployment, `line ${i}`);
  await harness.must(
    owner,
    `mutation ($id: ID!) { deploymentReport(id: $id, input: { status: SUCCESS }) { deployment { id } ${errors} } }`,
    { id: deployment },
  );
  const createdAt = '2024-03-01T10:00:00.000Z';
  const old = crypto.randomUUID();
  await harness.putRow('schemas', {
    id: old,
    userId: 'user_of_long_ago',
    projectId,
    name: 'old',
    version: 1,
    tables: [],
    createdAt,
    updatedAt: createdAt,
  });
  const event = crypto.randomUUID();
  await harness.putRow('analytics', { id: event, timestamp: createdAt, userId: owner.id, projectId, metric: 'visits', value: 1 });
  return { schemas: [...schemas, old], deployment, architecture: made.architectureCreate.architecture.id, event };
}

async function appendLog(user: TestUser, id: string, message: string): Promise<void> {
  await harness.must(
    user,
    `mutation ($id: ID!, $message: String!) { deploymentLogAppend(id: $id, entries: [{ message: $message }]) { ${errors} } }`,
    { id, message },
  );
}

async function logOf(user: TestUser, id: string): Promise<string[]> {
  const { deployment } = await harness.must(user, 'query ($id: ID!) { deployment(id: $id) { logs(first: 100) { nodes { message } } } }', {
    id,
  });
  return deployment.logs.nodes.map(({ message }: Data) => message);
}

/** Everything that a member can see of the contents, in a form that two moments can be compared by. */
async function see(user: TestUser, projectId: string, contents: Contents): Promise<Data> {
  const { project } = await harness.must(user, overview, { id: projectId });
  const ids = [...contents.schemas, contents.deployment, contents.architecture];
  const byId = await Promise.all(
    ids.map(async (id) => {
      const data = await harness.must(
        user,
        'query ($id: ID!) { databaseSchema(id: $id) { id tables { name } } deployment(id: $id) { id } architecture(id: $id) { id } }',
        { id },
      );
      return data.databaseSchema ?? data.deployment ?? data.architecture;
    }),
  );
  const { schemas, deployments, architectures } = project;
  return {
    ...{ deployments, architectures },
    schemas: schemas.nodes.toSorted((a: Data, b: Data) => (a.id < b.id ? -1 : 1)),
    byId,
    log: await logOf(user, contents.deployment),
  };
}

/** All rows of the contents, each with its partition. */
async function partitions(contents: Contents): Promise<{ table: TableId; userIds: string[] }[]> {
  const keys: [TableId, string][] = [
    ...contents.schemas.map((id): [TableId, string] => ['schemas', id]),
    ['deployments', contents.deployment],
    ['architectures', contents.architecture],
    ['analytics', contents.event],
  ];
  return Promise.all(
    keys.map(async ([name, id]) => ({ table: name, userIds: (await harness.rows(name, id)).map(({ userId }) => String(userId)) })),
  );
}

async function ownerTotals(user: TestUser): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (let shard = 0; shard < 8; shard += 1) {
    const [row = {}] = await harness.rows('settings', `stats#${user.id}#${shard}`);
    for (const [name, value] of Object.entries(row))
      if (typeof value === 'number' && name !== 'changes') sums[name] = (sums[name] ?? 0) + value;
  }
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0));
}

async function setUp(): Promise<{ ada: TestUser; bob: TestUser; projectId: string; contents: Contents }> {
  const [ada, bob] = [await harness.signUp(), await harness.signUp()];
  const { id: projectId } = await fakeProject(harness, ada);
  await join(projectId, ada, bob);
  return { ada, bob, projectId, contents: await fill(ada, bob, projectId) };
}

describe('ownershipTransfer', () => {
  test('makes a member the owner and the owner an admin; everything follows and stays readable', async () => {
    const { ada, bob, projectId, contents } = await setUp();
    const before = await see(ada, projectId, contents);
    const totals = await ownerTotals(ada);
    expect(totals).toMatchObject({ projects: 1, schemas: 2, deployments: 1, 'deployments:success': 1, members: 1 });
    const { ownershipTransfer } = await harness.must(ada, transfer, { projectId, userId: bob.id, rev: 1 });
    expect(ownershipTransfer.project).toEqual({ id: projectId, revision: 2, viewerRole: 'ADMIN', owner: { id: bob.id } });
    expect(await see(bob, projectId, contents)).toEqual(before);
    await harness.settled();
    for (const user of [ada, bob]) expect(await see(user, projectId, contents)).toEqual(before);
    const { project } = await harness.must(bob, overview, { id: projectId });
    expect(project).toMatchObject({ owner: { id: bob.id }, viewerRole: 'OWNER' });
    expect(project.members.nodes).toEqual([
      { userId: bob.id, role: 'OWNER' },
      { userId: ada.id, role: 'ADMIN' },
    ]);
    // The row of the earlier backend, which was in no counter, is counted from then on.
    expect(project.stats).toMatchObject({
      schemas: 3,
      deployments: 1,
      architectures: 1,
      members: 1,
      deploymentsByStatus: [{ status: 'SUCCESS', count: 1 }],
    });
    expect(await ownerTotals(ada)).toEqual({});
    expect(await ownerTotals(bob)).toEqual({ ...totals, schemas: 3 });
  });

  test('leaves nothing under the old owner', async () => {
    const { ada, bob, projectId, contents } = await setUp();
    const before = await partitions(contents);
    await harness.must(ada, transfer, { projectId, userId: bob.id });
    await harness.settled();
    const after = await partitions(contents);
    expect(after.map(({ userIds }) => userIds.length)).toEqual(before.map(({ userIds }) => userIds.length));
    expect(before.some(({ userIds }) => userIds.length > 10)).toBe(true);
    for (const { userIds } of after) for (const userId of userIds) expect(userId.split('#')[0]).toBe(bob.id);
    const own = (await harness.rows('projects', projectId)).map(({ userId }) => String(userId));
    expect(own.filter((userId) => userId.startsWith(ada.id) || userId === '~#transfer')).toEqual([]);
    expect(own.filter((userId) => userId.includes('#active#'))).toHaveLength(1);
    const lists =
      '{ viewer { projects { nodes { id } } schemas { nodes { id } } deployments { nodes { id } } memberships { nodes { projectId } } } }';
    const [mine, theirs] = [await harness.must(ada, lists), await harness.must(bob, lists)];
    expect(mine.viewer).toMatchObject({
      projects: { nodes: [] },
      schemas: { nodes: [] },
      deployments: { nodes: [] },
      memberships: { nodes: [{ projectId }] },
    });
    expect(theirs.viewer).toMatchObject({
      projects: { nodes: [{ id: projectId }] },
      deployments: { nodes: [{ id: contents.deployment }] },
      memberships: { nodes: [] },
    });
    expect(theirs.viewer.schemas.nodes).toHaveLength(3);
  });

  test('there and back at once ends with the first owner, nothing lost', async () => {
    const { ada, bob, projectId, contents } = await setUp();
    const before = await see(ada, projectId, contents);
    const totals = await ownerTotals(ada);
    await harness.must(ada, transfer, { projectId, userId: bob.id });
    await harness.must(bob, transfer, { projectId, userId: ada.id });
    expect(await see(ada, projectId, contents)).toEqual(before);
    await harness.settled();
    await resumeTransfers(harness.services, AbortSignal.timeout(20_000), { all: true });
    expect(await see(bob, projectId, contents)).toEqual(before);
    for (const { userIds } of await partitions(contents)) for (const userId of userIds) expect(userId.split('#')[0]).toBe(ada.id);
    expect(await ownerTotals(ada)).toEqual({ ...totals, schemas: 3 });
    expect(await ownerTotals(bob)).toEqual({});
  });

  test('to two members at once leaves exactly one owner', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [ada, bob, eve] = [await harness.signUp(), await harness.signUp(), await harness.signUp()];
      const { id: projectId } = await fakeProject(harness, ada);
      for (const user of [bob, eve]) await join(projectId, ada, user);
      const answers = await Promise.all([bob, eve].map(({ id: userId }) => harness.run(ada, transfer, { projectId, userId })));
      expect(answers.filter((answer) => codeOf(answer) === undefined)).toHaveLength(1);
      expect(answers.map(codeOf)).toContain('FORBIDDEN');
      const rows = (await harness.rows('projects', projectId)).filter(({ name }) => name !== undefined);
      expect(rows).toHaveLength(1);
      const { project } = await harness.must(ada, overview, { id: projectId });
      expect(project.members.nodes.filter(({ role }: Data) => role === 'OWNER')).toEqual([{ userId: project.owner.id, role: 'OWNER' }]);
      expect(project.members.nodes).toHaveLength(3);
      expect(project.stats.members).toBe(2);
      await harness.settled();
    }
  });

  test('while others write loses nothing and counts exactly', async () => {
    const { ada, bob, projectId, contents } = await setUp();
    const before = (await harness.must(ada, overview, { id: projectId })).project.stats;
    let created = 0;
    let answer: Answer | undefined;
    const write = async (user: TestUser, i: number): Promise<void> => {
      for (let n = 0; n < 6; n += 1) {
        await createSchema(user, projectId, `s-${i}-${n}`);
        await appendLog(user, contents.deployment, `more ${i}-${n}`);
        created += 1;
      }
    };
    const handOver = async (): Promise<void> => {
      answer = await harness.run(ada, transfer, { projectId, userId: bob.id });
    };
    await Promise.all([write(ada, 0), write(bob, 1), write(ada, 2), handOver()]);
    expect(codeOf(answer!)).toBeUndefined();
    await harness.settled();
    const { project } = await harness.must(bob, overview, { id: projectId });
    expect(created).toBe(18);
    expect(project.stats).toEqual({ ...before, schemas: Number(before.schemas) + 1 + 18 });
    expect(project.schemas.nodes).toHaveLength(3 + 18);
    expect((await logOf(bob, contents.deployment)).filter((line) => line.startsWith('more'))).toHaveLength(18);
    expect(await ownerTotals(bob)).toMatchObject({ schemas: Number(before.schemas) + 1 + 18, projects: 1 });
    expect(await ownerTotals(ada)).toEqual({});
    for (const { id } of project.schemas.nodes)
      for (const row of await harness.rows('schemas', id)) expect(String(row['userId']).split('#')[0]).toBe(bob.id);
  });

  test('never hides the project from who gets it', async () => {
    const [ada, bob] = [await harness.signUp(), await harness.signUp()];
    const { id: projectId } = await fakeProject(harness, ada);
    await join(projectId, ada, bob);
    const { log } = harness.services;
    const request = { id: 'r', log, authorization: `Bearer ${bob.token}`, ip: '203.0.113.7', signal: AbortSignal.timeout(20_000) };
    const context = await createContext({ services: harness.services, request });
    const before = (await context.loaders.byId('projects').load({ id: projectId })) as ProjectRecord;
    await harness.must(ada, transfer, { projectId, userId: bob.id });
    expect(before.userId).toBe(ada.id);
    expect(await roleOn(context, before)).toBe('owner');
  });

  test('never undoes an edit of the project', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [ada, bob] = [await harness.signUp(), await harness.signUp()];
      const { id: projectId } = await fakeProject(harness, ada);
      await join(projectId, ada, bob, 'ADMIN');
      const rename = `mutation ($id: ID!, $name: String!) { projectUpdate(id: $id, input: { name: $name }) { project { name } ${errors} } }`;
      const names = ['one', 'two', 'three'];
      const renameInTurn = async (): Promise<void> => {
        for (const name of names) await harness.must(bob, rename, { id: projectId, name });
      };
      await Promise.all([renameInTurn(), harness.must(ada, transfer, { projectId, userId: bob.id })]);
      const { project } = await harness.must(ada, 'query ($id: ID!) { project(id: $id) { name revision owner { id } } }', {
        id: projectId,
      });
      expect(project).toEqual({ name: 'three', revision: 1 + names.length + 1, owner: { id: bob.id } });
    }
  });

  test.each([
    ['a stranger', 'stranger', 'NOT_FOUND'],
    ['an admin', 'admin', 'FORBIDDEN'],
  ] as const)('is not for %s', async (_, who, code) => {
    const [ada, admin, stranger] = [await harness.signUp(), await harness.signUp(), await harness.signUp()];
    const { id: projectId } = await fakeProject(harness, ada);
    await join(projectId, ada, admin, 'ADMIN');
    expect(codeOf(await harness.run({ admin, stranger }[who], transfer, { projectId, userId: admin.id }))).toBe(code);
  });

  test('needs a member, and another one; dryRun and a stale revision change nothing', async () => {
    const [ada, bob, stranger] = [await harness.signUp(), await harness.signUp(), await harness.signUp()];
    const { id: projectId } = await fakeProject(harness, ada);
    await join(projectId, ada, bob);
    expect(codeOf(await harness.run(ada, transfer, { projectId, userId: stranger.id }))).toBe('NOT_FOUND');
    expect(codeOf(await harness.run(ada, transfer, { projectId, userId: ada.id }))).toBe('INVALID_TRANSITION');
    expect(codeOf(await harness.run(ada, transfer, { projectId, userId: bob.id, rev: 7 }))).toBe('CONFLICT');
    expect((await harness.must(ada, transfer, { projectId, userId: bob.id, dryRun: true })).ownershipTransfer.project.owner).toEqual({
      id: bob.id,
    });
    expect((await harness.must(ada, overview, { id: projectId })).project).toMatchObject({ owner: { id: ada.id }, viewerRole: 'OWNER' });
  });

  test('replaces the owner’s row of the earlier backend', async () => {
    const [ada, bob] = [await harness.signUp(), await harness.signUp()];
    const { id: projectId } = await fakeProject(harness, ada);
    const createdAt = '2024-03-01T10:00:00.000Z';
    await harness.putRow('teams', { projectId, userId: ada.id, email: ada.email, name: 'Ada', role: 'owner', createdAt });
    await harness.putRow('teams', { projectId, userId: bob.id, email: bob.email, name: 'Bob', role: 'viewer', createdAt });
    await harness.must(ada, transfer, { projectId, userId: bob.id });
    const { project } = await harness.must(ada, overview, { id: projectId });
    expect(project.members.nodes).toEqual([
      { userId: bob.id, role: 'OWNER' },
      { userId: ada.id, role: 'ADMIN' },
    ]);
  });

  test('a project that changes hands can be deleted, and nothing stays', async () => {
    const { ada, bob, projectId, contents } = await setUp();
    await harness.must(ada, transfer, { projectId, userId: bob.id });
    await harness.must(bob, `mutation ($id: ID!) { projectDelete(id: $id) { ${errors} } }`, { id: projectId });
    await harness.settled();
    for (const { userIds } of await partitions(contents)) expect(userIds).toEqual([]);
    expect(await harness.rows('projects', projectId)).toEqual([]);
    expect(await ownerTotals(bob)).toEqual({});
    expect(await ownerTotals(ada)).toEqual({});
  });
});

/** A database whose calls fail from the one after `calls` on, as if the process had been killed there. */
function killedAfter(database: Database, calls: number): Database {
  let left = calls;
  const send: Database['send'] = (...call) => {
    left -= 1;
    return left < 0 ? Promise.reject(new Error('killed')) : database.send(...call);
  };
  return { ...database, send };
}

/** Transfers a project in a process that dies right after its answer: the job never begins. */
async function transferAndDie(owner: TestUser, projectId: string, heir: TestUser): Promise<void> {
  const { background } = harness.services;
  harness.services.background = { ...background, run: () => undefined };
  await harness.must(owner, transfer, { projectId, userId: heir.id });
  harness.services.background = background;
}

describe('moving an object', () => {
  test('takes along what is written beside it between the copy and the move', async () => {
    const { ada, bob, projectId, contents } = await setUp();
    await transferAndDie(ada, projectId, bob);
    const marker = (await harness.rows('projects', projectId)).find(({ userId }) => userId === '~#transfer') as TransferMarker;
    const real = connect(harness.database, { signal: AbortSignal.timeout(20_000) });
    let late = 0;
    const connection: Connection = {
      ...real,
      async transact(writes) {
        if (writes.some(({ kind }) => kind === 'delete') && late === 0) {
          late += 1;
          await appendLog(ada, contents.deployment, 'just before the move');
        }
        await real.transact(writes);
      },
    };
    const object = { table: 'deployments', id: contents.deployment, rowOwner: ada.id, marker } as const;
    expect(await moveObject(connection, object)).toBe('moved');
    expect(await logOf(bob, contents.deployment)).toContain('just before the move');
    await appendLog(ada, contents.deployment, 'after the move');
    expect((await logOf(bob, contents.deployment)).slice(-2)).toEqual(['just before the move', 'after the move']);
    await resumeTransfers(harness.services, AbortSignal.timeout(20_000), { all: true });
  });
});

describe('a transfer whose job is killed', () => {
  test('goes on where it stopped, wherever that was; contents are readable all the time', async () => {
    const { ada, bob, projectId, contents } = await setUp();
    const before = await see(ada, projectId, contents);
    const sizes = (await partitions(contents)).map(({ userIds }) => userIds.length);
    await transferAndDie(ada, projectId, bob);
    let finished = false;
    let kills = 0;
    for (let calls = 3; !finished; calls += 11) {
      try {
        const services = { ...harness.services, database: killedAfter(harness.database, calls) };
        await resumeTransfers(services, AbortSignal.timeout(20_000), { all: true });
        finished = true;
      } catch (error) {
        expect(String(error)).toContain('killed');
        kills += 1;
      }
      if (kills % 3 === 0) expect(await see(bob, projectId, contents)).toEqual(before);
    }
    expect(kills).toBeGreaterThan(5);
    expect(await see(bob, projectId, contents)).toEqual(before);
    const after = await partitions(contents);
    expect(after.map(({ userIds }) => userIds.length)).toEqual(sizes);
    for (const { userIds } of after) for (const userId of userIds) expect(userId.split('#')[0]).toBe(bob.id);
    expect((await harness.rows('projects', projectId)).map(({ userId }) => userId)).not.toContain('~#transfer');
  }, 60_000);

  test('is left to its own process while that shows signs of life', async () => {
    const { ada, bob, projectId } = await setUp();
    await transferAndDie(ada, projectId, bob);
    const marker = async (): Promise<unknown> => (await harness.rows('projects', projectId)).find(({ userId }) => userId === '~#transfer');
    await resumeTransfers(harness.services, AbortSignal.timeout(20_000));
    expect(await marker()).toMatchObject({ status: 'transferring', to: bob.id });
    await resumeTransfers(harness.services, AbortSignal.timeout(20_000), { all: true });
    expect(await marker()).toBeUndefined();
  });
});
