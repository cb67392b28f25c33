/** Subscriptions: the current state first, then each change, with the rights that the viewer has by then. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeDeployment, fakeMember, fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Following, type Harness, type TestUser } from '../support/harness.ts';

const project = 'subscription ($id: ID!) { projectUpdated(id: $id) { id name revision viewerRole } }';
const deployments = 'subscription ($id: ID!) { deploymentUpdated(projectId: $id) { id status project { name } } }';
const activity = 'subscription ($id: ID!) { activityAdded(projectId: $id) { id action entityType entityId actor { username } } }';
const generation = 'subscription ($id: ID!) { codeGenerationUpdated(id: $id) { id status progress } }';

let harness: Harness;
let owner: TestUser;
beforeAll(async () => {
  harness = await createHarness();
  owner = await harness.signUp();
});
afterAll(() => harness.close());

function rename(id: string, name: string): Promise<Data> {
  return harness.must(
    owner,
    'mutation ($id: ID!, $name: String!) { projectUpdate(id: $id, input: { name: $name }) { project { id } userErrors { message } } }',
    { id, name },
  );
}

function report(id: string, status: string): Promise<Data> {
  return harness.must(
    owner,
    'mutation ($id: ID!, $status: DeploymentStatus!) { deploymentReport(id: $id, input: { status: $status }) { userErrors { message } } }',
    { id, status },
  );
}

/** Waits for the next event, which must be the end with this code; then nothing comes any more. */
async function endsWith(following: Following, code: string): Promise<void> {
  expect((await following.next())?.errors.map(({ extensions }) => extensions?.['code'])).toEqual([code]);
  expect(await following.next()).toBeNull();
}

describe('projectUpdated', () => {
  test('begins with the current state and tells each change of the project, not of what it holds', async () => {
    const { id } = await fakeProject(harness, owner, { name: 'One' });
    const following = await harness.follow(owner, project, { id });
    expect(await following.must()).toEqual({ projectUpdated: { id, name: 'One', revision: 1, viewerRole: 'OWNER' } });
    await fakeDeployment(harness, owner, { projectId: id });
    await rename(id, 'Two');
    // A deployment changes counters beside the row: without the comparison the next event has the name "One" again.
    expect((await following.must()).projectUpdated).toMatchObject({ name: 'Two', revision: 2 });
    following.end();
    expect(await following.next()).toBeNull();
  });

  test('many changes while nobody reads are one event, with what is true by then', async () => {
    const { id } = await fakeProject(harness, owner);
    const following = await harness.follow(owner, project, { id });
    await following.must();
    for (const name of ['a', 'b', 'c', 'd']) await rename(id, name);
    expect((await following.must()).projectUpdated.name).toBe('d');
    await rename(id, 'e');
    expect((await following.must()).projectUpdated.name).toBe('e');
  });

  test('a project that is missing, or of somebody else, looks the same; nobody may follow without signing in', async () => {
    const { id } = await fakeProject(harness, await harness.signUp());
    await endsWith(await harness.follow(owner, project, { id }), 'FORBIDDEN');
    await endsWith(await harness.follow(owner, project, { id: 'prj_01jd3kq7m8e0h8x2v5w9y4z6ab' }), 'FORBIDDEN');
    await endsWith(await harness.follow(null, project, { id }), 'UNAUTHENTICATED');
  });

  test('ends when the project is deleted', async () => {
    const { id } = await fakeProject(harness, owner);
    const following = await harness.follow(owner, project, { id });
    await following.must();
    await harness.must(owner, 'mutation ($id: ID!) { projectDelete(id: $id) { deletedId userErrors { message } } }', { id });
    await endsWith(following, 'FORBIDDEN');
  });

  test('is told of what other programs write as soon as anything tells that changes were missed', async () => {
    const { id } = await fakeProject(harness, owner);
    const following = await harness.follow(owner, project, { id });
    await following.must();
    const [row] = await harness.rows('projects', id);
    await harness.putRow('projects', { ...row, name: 'Elsewhere', updatedAt: new Date(Date.now() + 1_000).toISOString() });
    harness.services.changes.publishGap();
    expect((await following.must()).projectUpdated.name).toBe('Elsewhere');
  });
});

test('a member who is removed gets nothing more, of any subscription of the project', async () => {
  const { id } = await fakeProject(harness, owner);
  const member = await fakeMember(harness, { projectId: id, role: 'viewer' });
  const followings = await Promise.all([project, deployments, activity].map((document) => harness.follow(member, document, { id })));
  await Promise.all(followings.map((following) => following.must()));
  await harness.must(
    owner,
    'mutation ($id: ID!, $user: ID!) { memberRemove(projectId: $id, userId: $user) { deletedId userErrors { message } } }',
    {
      id,
      user: member.id,
    },
  );
  await rename(id, 'Without them');
  await fakeDeployment(harness, owner, { projectId: id });
  // Without the check at every event the deployment and the entry are shown to them.
  for (const following of followings) await endsWith(following, 'FORBIDDEN');
});

describe('deploymentUpdated', () => {
  test('tells of the newest deployment, then of each that is created or changes, in its own project', async () => {
    const [{ id }, other] = [await fakeProject(harness, owner, { name: 'Shop' }), await fakeProject(harness, owner)];
    const following = await harness.follow(owner, deployments, { id });
    expect(await following.must()).toEqual({ deploymentUpdated: null });
    await fakeDeployment(harness, owner, { projectId: other.id });
    const first = await fakeDeployment(harness, owner, { projectId: id });
    expect(await following.must()).toEqual({ deploymentUpdated: { id: first.id, status: 'PENDING', project: { name: 'Shop' } } });
    await report(first.id, 'DEPLOYING');
    expect((await following.must()).deploymentUpdated).toMatchObject({ id: first.id, status: 'DEPLOYING' });
    const second = await fakeDeployment(harness, owner, { projectId: id });
    expect((await following.must()).deploymentUpdated.id).toBe(second.id);
    expect((await (await harness.follow(owner, deployments, { id })).must()).deploymentUpdated.id).toBe(second.id);
  });

  test('finds what changed while nobody told', async () => {
    const { id } = await fakeProject(harness, owner);
    const old = await fakeDeployment(harness, owner, { projectId: id });
    const changed = await fakeDeployment(harness, owner, { projectId: id });
    const following = await harness.follow(owner, deployments, { id });
    await following.must();
    const row = (await harness.rows('deployments', changed.id))[0]!;
    await harness.putRow('deployments', { ...row, status: 'success', updatedAt: new Date(Date.now() + 1_000).toISOString() });
    harness.services.changes.publishGap();
    expect((await following.must()).deploymentUpdated).toMatchObject({ id: changed.id, status: 'SUCCESS' });
    await report(old.id, 'FAILED');
    expect((await following.must()).deploymentUpdated).toMatchObject({ id: old.id, status: 'FAILED' });
  });
});

describe('activityAdded', () => {
  test('tells the newest entry, then each new one once, in their order', async () => {
    const { id } = await fakeProject(harness, owner);
    const following = await harness.follow(owner, activity, { id });
    expect((await following.must()).activityAdded).toMatchObject({ action: 'created', entityType: 'PROJECT', actor: { username: 'Ada' } });
    const made: string[] = [];
    for (let i = 0; i < 5; i += 1) made.push((await fakeDeployment(harness, owner, { projectId: id })).id);
    const told: string[] = [];
    for (let i = 0; i < 5; i += 1) told.push((await following.must()).activityAdded.entityId);
    expect(told).toEqual(made);
  });

  test('entries that nobody told of are found, and those that were told come no second time', async () => {
    const { id } = await fakeProject(harness, owner);
    const following = await harness.follow(owner, activity, { id });
    await following.must();
    const deployment = await fakeDeployment(harness, owner, { projectId: id });
    expect((await following.must()).activityAdded.entityId).toBe(deployment.id);
    const createdAt = new Date().toISOString();
    const row = { userId: owner.id, projectId: id, action: 'imported', entityType: 'custom', entityId: 'x' };
    await harness.putRow('activity', { ...row, id: `act_elsewhere_${id}`, createdAt });
    harness.services.changes.publishGap();
    // Without the memory of what was sent, the deployment's entry comes again.
    expect((await following.must()).activityAdded).toMatchObject({ id: `act_elsewhere_${id}`, action: 'imported' });
    harness.services.changes.publishGap();
    await rename(id, 'Next');
    expect((await following.must()).activityAdded).toMatchObject({ action: 'updated', entityId: id });
  });

  test('a client that reads nothing for long gets everything all the same, and little waits for it', async () => {
    const { id } = await fakeProject(harness, owner);
    const following = await harness.follow(owner, 'subscription ($id: ID!) { activityAdded(projectId: $id) { id } }', { id });
    await following.must();
    const count = 1_200;
    const createdAt = new Date().toISOString();
    const rows = Array.from({ length: count }, (_, i) => {
      const entry = { userId: owner.id, projectId: id, action: 'imported', entityType: 'custom', entityId: `${i}` };
      return { ...entry, id: `act_${id}_${String(i).padStart(5, '0')}`, createdAt };
    });
    for (let i = 0; i < count; i += 100) await Promise.all(rows.slice(i, i + 100).map((row) => harness.putRow('activity', row)));
    // More changes than may wait: the rest is found in the table.
    harness.services.changes.publish(rows.map(({ id: entry }) => ({ kind: 'activity', id: entry, projectId: id, createdAt })));
    const told = new Set<string>();
    for (let i = 0; i < count; i += 1) told.add((await following.must()).activityAdded.id);
    expect(told.size).toBe(count);
  });
});

describe('codeGenerationUpdated', () => {
  test('tells the state now and each step', async () => {
    const { id: projectId } = await fakeProject(harness, owner);
    const id = `gen-${projectId}`;
    const now = new Date().toISOString();
    const row = { id, userId: owner.id, projectId, type: 'api', status: 'generating', progress: 0.25, createdAt: now, updatedAt: now };
    await harness.putRow('codeGenerations', row);
    const following = await harness.follow(owner, generation, { id });
    expect(await following.must()).toEqual({ codeGenerationUpdated: { id, status: 'GENERATING', progress: 0.25 } });
    await harness.putRow('codeGenerations', { ...row, progress: 0.5 });
    harness.services.changes.publish([{ kind: 'codeGeneration', id }]);
    expect((await following.must()).codeGenerationUpdated.progress).toBe(0.5);
    await harness.putRow('codeGenerations', { ...row, status: 'completed' });
    harness.services.changes.publish([{ kind: 'codeGeneration', id }]);
    expect((await following.must()).codeGenerationUpdated).toMatchObject({ status: 'COMPLETED', progress: 1 });
  });
});

test('nobody is listened for who has left', async () => {
  const { id } = await fakeProject(harness, owner);
  const { changes } = harness.services;
  const others = await createHarness();
  const following = await Promise.all([project, deployments, activity].map((document) => others.follow(owner, document, { id })));
  expect(others.services.changes.isWatched).toBe(true);
  for (const one of following) await one.must();
  const waiting = following.map((one) => one.next());
  for (const one of following) one.end();
  expect(await Promise.all(waiting)).toEqual([null, null, null]);
  expect(others.services.changes.isWatched).toBe(false);
  // A refused one neither.
  await endsWith(await others.follow(await others.signUp(), project, { id }), 'FORBIDDEN');
  expect(others.services.changes.isWatched).toBe(false);
  await others.close();
  expect(changes).not.toBe(others.services.changes);
});
