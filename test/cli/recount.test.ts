import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeProject, fakeSchema } from '../support/factories.ts';
import { separateTables } from '../support/database.ts';
import { createHarness, uniqueEmail, type Data, type Harness, type TestUser } from '../support/harness.ts';
import { admin } from './support.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

const statsFields =
  'schemas architectures codeGenerations deployments documentation members integrations deploymentsByStatus { status count }';

async function statsOf(user: TestUser, id: string): Promise<Data> {
  return (await harness.must(user, `query ($id: ID!) { project(id: $id) { stats { ${statsFields} } } }`, { id })).project.stats;
}

async function totalsOf(user: TestUser): Promise<Data> {
  return (await harness.must(user, `{ dashboard { stats { projects ${statsFields} } } }`)).dashboard.stats;
}

const nothing = {
  schemas: 0,
  architectures: 0,
  codeGenerations: 0,
  deployments: 0,
  documentation: 0,
  members: 0,
  integrations: 0,
  deploymentsByStatus: [],
};

const times = { createdAt: '2023-05-01T10:00:00.000Z', updatedAt: '2023-05-01T10:00:00.000Z' };

/** Puts a project of the earlier backend with contents, none of which is in any counter. Returns the ids. */
async function putOldProject(user: TestUser): Promise<{ projectId: string; schemaId: string; deploymentId: string; memberId: string }> {
  const [projectId, schemaId, deploymentId, memberId] = Array.from({ length: 4 }, () => crypto.randomUUID()) as [
    string,
    string,
    string,
    string,
  ];
  const child = { userId: user.id, projectId, ...times };
  await harness.putRow('projects', { id: projectId, userId: user.id, name: 'Old', status: 'active', ...times });
  await harness.putRow('schemas', { ...child, id: schemaId, name: 'main', version: 1, tables: [], relationships: [] });
  await harness.putRow('schemas', { ...child, id: crypto.randomUUID(), name: 'main', version: 2, tables: [], relationships: [] });
  await harness.putRow('architectures', { ...child, id: crypto.randomUUID(), name: 'Overview', nodes: [], edges: [] });
  await harness.putRow('deployments', {
    ...child,
    id: deploymentId,
    environment: 'production',
    status: 'success',
    provider: 'aws',
    version: '1',
  });
  await harness.putRow('deployments', {
    ...child,
    id: crypto.randomUUID(),
    environment: 'staging',
    status: 'failed',
    provider: 'aws',
    version: '2',
  });
  // Without an order, as some rows of the earlier backend: they are in no index that sorts by it.
  await harness.putRow('documentation', { ...child, id: crypto.randomUUID(), title: 'Read me', content: '', category: 'general' });
  await harness.putRow('integrations', { ...child, id: crypto.randomUUID(), type: 'slack', name: 'Chat', enabled: 'true', config: {} });
  await harness.putRow('codeGenerations', {
    ...child,
    id: crypto.randomUUID(),
    type: 'api',
    prompt: '',
    status: 'completed',
    generatedCode: [],
  });
  await harness.putRow('codeGenerations', {
    ...child,
    id: crypto.randomUUID(),
    type: 'api',
    prompt: '',
    status: 'completed',
    generatedCode: [],
    ttl: 1_600_000_000,
  });
  await harness.putRow('teams', { projectId, userId: user.id, role: 'owner', createdAt: times.createdAt });
  await harness.putRow('teams', {
    projectId,
    userId: memberId,
    role: 'developer',
    email: 'm@example.com',
    name: 'M',
    createdAt: times.createdAt,
  });
  return { projectId, schemaId, deploymentId, memberId };
}

const oldContents = {
  schemas: 2,
  architectures: 1,
  codeGenerations: 1,
  deployments: 2,
  documentation: 1,
  members: 1,
  integrations: 1,
  deploymentsByStatus: [
    { status: 'FAILED', count: 1 },
    { status: 'SUCCESS', count: 1 },
  ],
};

describe('rows of the earlier backend', () => {
  test('are in no counter, and leave none behind when they are deleted', async () => {
    const user = await harness.signUp();
    const { projectId, schemaId, memberId } = await putOldProject(user);
    await harness.must(user, 'mutation ($id: ID!) { schemaDelete(id: $id) { userErrors { message } } }', { id: schemaId });
    await harness.must(user, 'mutation ($p: ID!, $u: ID!) { memberRemove(projectId: $p, userId: $u) { userErrors { message } } }', {
      p: projectId,
      u: memberId,
    });
    expect(await statsOf(user, projectId)).toEqual(nothing);
    await harness.must(user, 'mutation ($id: ID!) { projectDelete(id: $id) { userErrors { message } } }', { id: projectId });
    await harness.settled();
    expect(await totalsOf(user)).toEqual({ projects: 0, ...nothing });
  });

  test('are counted from a recount on, also down', async () => {
    const user = await harness.signUp();
    const { projectId, schemaId, deploymentId, memberId } = await putOldProject(user);
    const first = await admin(['recount', '--owner', user.email]);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toContain('10 rows of the earlier backend counted from now on');
    expect(await statsOf(user, projectId)).toEqual(oldContents);
    expect(await totalsOf(user)).toEqual({ projects: 1, ...oldContents });
    expect(await admin(['recount', '--owner', user.id])).toEqual({
      code: 0,
      out: 'Recounted 1 project of 1 owner: all counters were right.',
      err: '',
    });

    await harness.must(user, 'mutation ($id: ID!) { schemaDelete(id: $id) { userErrors { message } } }', { id: schemaId });
    await harness.must(user, 'mutation ($id: ID!) { deploymentDelete(id: $id) { userErrors { message } } }', { id: deploymentId });
    await harness.must(user, 'mutation ($p: ID!, $u: ID!) { memberRemove(projectId: $p, userId: $u) { userErrors { message } } }', {
      p: projectId,
      u: memberId,
    });
    const left = { ...oldContents, schemas: 1, deployments: 1, members: 0, deploymentsByStatus: [{ status: 'FAILED', count: 1 }] };
    expect(await statsOf(user, projectId)).toEqual(left);
    expect((await admin(['recount', projectId])).out).toBe('Recounted 1 project of 1 owner: all counters were right.');

    await harness.must(user, 'mutation ($id: ID!) { projectDelete(id: $id) { userErrors { message } } }', { id: projectId });
    await harness.settled();
    expect(await totalsOf(user)).toEqual({ projects: 0, ...nothing });
  });

  test.each(['before', 'after'] as const)('are counted once when the project changes hands %s the recount', async (when) => {
    const [ada, bob] = [await harness.signUp(), await harness.signUp()];
    const { projectId } = await putOldProject(ada);
    await harness.putRow('teams', { projectId, userId: bob.id, role: 'admin', createdAt: times.createdAt });
    if (when === 'after') await admin(['recount', projectId]);
    await harness.must(ada, 'mutation ($p: ID!, $u: ID!) { ownershipTransfer(projectId: $p, userId: $u) { userErrors { message } } }', {
      p: projectId,
      u: bob.id,
    });
    await harness.settled();
    if (when === 'before') await admin(['recount', projectId]);
    const all = { ...oldContents, members: 2 };
    expect(await statsOf(bob, projectId)).toEqual(all);
    expect(await totalsOf(bob)).toEqual({ projects: 1, ...all });
    expect(await totalsOf(ada)).toEqual({ projects: 0, ...nothing });
    expect((await admin(['recount', projectId])).out).toContain('all counters were right');
  });
});

test('a recount repairs wrong and missing counters exactly while 50 schemas are created', async () => {
  const user = await harness.signUp();
  const { id: projectId } = await fakeProject(harness, user);
  await fakeSchema(harness, user, { projectId });
  // Counters as a restored backup may have them: one too high, one of nothing, one missing.
  await harness.putRow('projects', {
    id: projectId,
    userId: `${user.id}#stats#3`,
    schemas: 40,
    'deployments:failed': 2,
    deployments: -1,
    changes: 9,
  });
  await harness.putRow('settings', { userId: `stats#${user.id}#0`, projects: -4, documentation: 7 });
  const before = await statsOf(user, projectId);
  expect(before.schemas).toBeGreaterThanOrEqual(40);

  const creates = Promise.all(Array.from({ length: 50 }, () => fakeSchema(harness, user, { projectId })));
  const recounts = await Promise.all([admin(['recount', projectId]), admin(['recount', '--owner', user.email])]);
  await creates;
  for (const { code, err } of recounts) expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(recounts.map(({ out }) => out).join()).toContain('correction');
  const exact = { ...nothing, schemas: 51 };
  expect(await statsOf(user, projectId)).toEqual(exact);
  expect(await totalsOf(user)).toEqual({ projects: 1, ...exact });
  expect((await admin(['recount', projectId])).out).toBe('Recounted 1 project of 1 owner: all counters were right.');
});

test('recount says when there is no such project or owner', async () => {
  expect(await admin(['recount', 'prj_none'])).toEqual({ code: 1, out: '', err: 'There is no project with the id prj_none.' });
  expect(await admin(['recount', '--owner', 'usr_none'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('no user with the id usr_none'),
  });
});

test('recount --all finds projects of all statuses through StatusIndex', async () => {
  // The tables of the worker hold what all tests before this one have left.
  const tables = separateTables('recount-');
  const own = await createHarness({}, tables);
  const user = await own.signUp();
  const { id } = await fakeProject(own, user, { status: 'ARCHIVED' });
  await own.putRow('projects', { id, userId: `${user.id}#stats#1`, architectures: 3 });
  const { code, out } = await admin(['recount', '--all'], (await tables).prefix);
  expect(code).toBe(0);
  expect(out).toContain(`${id} "Shop": architectures 3 → 0`);
  const { project } = await own.must(user, `query ($id: ID!) { project(id: $id) { stats { ${statsFields} } } }`, { id });
  expect(project.stats).toEqual(nothing);
  await own.close();
});

describe('which rows carry the owner, as the read plan needs to know', () => {
  const uniformityOf = async (projectId: string): Promise<unknown> =>
    (await harness.rows('projects', projectId)).find(({ userId }) => !String(userId).includes('#'))?.['uniform'];
  const invite =
    'mutation ($id: ID!, $email: String!) { memberInvite(projectId: $id, input: { email: $email, role: DEVELOPER }) { userErrors { message } } }';

  async function putPlainProject(user: TestUser): Promise<string> {
    const id = crypto.randomUUID();
    await harness.putRow('projects', { id, userId: user.id, name: 'Plain', status: 'active', ...times });
    await putSchema(id, user.id);
    return id;
  }
  const putSchema = (projectId: string, userId: string): Promise<void> =>
    harness.putRow('schemas', { id: crypto.randomUUID(), projectId, userId, name: 'main', version: 1, ...times });

  test('all, where only the owner ever wrote', async () => {
    const ada = await harness.signUp();
    const projectId = await putPlainProject(ada);
    expect(await uniformityOf(projectId)).toBeUndefined();
    expect((await admin(['recount', projectId])).code).toBe(0);
    expect(await uniformityOf(projectId)).toBe('all');
  });

  test('none, where a row of somebody else is among them, and the summary says so', async () => {
    const [ada, bob] = [await harness.signUp(), await harness.signUp()];
    const projectId = await putPlainProject(ada);
    await putSchema(projectId, bob.id);
    const { out } = await admin(['recount', projectId]);
    expect(await uniformityOf(projectId)).toBeUndefined();
    expect(out).toContain('1 project with rows of several creators');
  });

  test('none, where a row lacks the time that sorts it among the rows of its owner', async () => {
    const ada = await harness.signUp();
    const projectId = await putPlainProject(ada);
    await harness.putRow('schemas', { id: crypto.randomUUID(), projectId, userId: ada.id, name: 'main', version: 2 });
    await admin(['recount', projectId]);
    expect(await uniformityOf(projectId)).toBeUndefined();
  });

  test('all but the activity, where others were invited', async () => {
    const ada = await harness.signUp();
    const { id } = await fakeProject(harness, ada);
    expect(await uniformityOf(id)).toBe('all');
    await harness.must(ada, invite, { id, email: uniqueEmail() });
    expect(await uniformityOf(id)).toBeUndefined();
    await admin(['recount', id]);
    expect(await uniformityOf(id)).toBe('children');
  });

  test('an invitation that comes while it is looked at is not overlooked', async () => {
    const ada = await harness.signUp();
    const { id } = await fakeProject(harness, ada);
    await Promise.all([admin(['recount', id]), ...[1, 2, 3].map(() => harness.must(ada, invite, { id, email: uniqueEmail() }))]);
    expect(await uniformityOf(id)).not.toBe('all');
  });

  test('an invitation leaves only the activity out where the earlier backend is gone', async () => {
    const modern = await createHarness({ hasEarlierBackend: false });
    const ada = await modern.signUp();
    const { id } = await fakeProject(modern, ada);
    await modern.must(ada, invite, { id, email: uniqueEmail() });
    expect(await uniformityOf(id)).toBe('children');
    await modern.close();
  });
});
