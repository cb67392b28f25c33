/** What people see first: the home and the dashboard. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeArchitecture, fakeDeployment, fakeEvent, fakeInvitation, fakeProject, fakeSchema } from '../support/factories.ts';
import { newId } from '../../src/data/ids.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;

beforeAll(async () => {
  harness = await createHarness();
  ada = await harness.signUp();
});
afterAll(() => harness.close());

const errors = 'userErrors { code message }';

describe('home', () => {
  test('leads through the first steps', async () => {
    const eve = await harness.signUp();
    const open = async (): Promise<string[]> => {
      const { home } = await harness.must(eve, '{ home { gettingStarted { key title done } } }');
      expect(home.gettingStarted.every(({ title }: Data) => title.length > 5)).toBe(true);
      return home.gettingStarted.filter(({ done }: Data) => !done).map(({ key }: Data) => key);
    };
    const steps = ['COMPLETE_PROFILE', 'CREATE_PROJECT', 'ADD_SCHEMA', 'ADD_ARCHITECTURE', 'RECORD_DEPLOYMENT', 'INVITE_MEMBER'];
    expect(await open()).toEqual(steps);
    await harness.must(eve, `mutation { userUpdate(input: { profile: { name: "Eve" } }) { ${errors} } }`);
    expect(await open()).toEqual(steps.slice(1));
    const { id: projectId } = await fakeProject(harness, eve);
    expect(await open()).toEqual(steps.slice(2));
    await fakeSchema(harness, eve, { projectId });
    expect(await open()).toEqual(steps.slice(3));
    await fakeArchitecture(harness, eve, { projectId });
    expect(await open()).toEqual(steps.slice(4));
    await fakeDeployment(harness, eve, { projectId });
    expect(await open()).toEqual(steps.slice(5));
    const { id } = await fakeInvitation(harness, eve, { projectId, email: ada.email });
    expect(await open()).toEqual(steps.slice(5));
    await harness.must(ada, `mutation ($id: ID!) { invitationAccept(id: $id) { ${errors} } }`, { id });
    expect(await open()).toEqual([]);
  });

  test('shows projects, activity and invitations, as many as asked for', async () => {
    const [eve, zoe] = await Promise.all([harness.signUp(), harness.signUp()]);
    const made: string[] = [];
    for (let i = 0; i < 6; i += 1) made.unshift((await fakeProject(harness, eve, { name: `p${i}` })).id);
    const foreign = await fakeProject(harness, zoe);
    const invitation = await fakeInvitation(harness, zoe, { projectId: foreign.id, email: eve.email });
    const { home } = await harness.must(
      eve,
      '{ home { viewer { id email } recentProjects { nodes { id } pageInfo { hasNextPage } } two: recentProjects(first: 2) { nodes { id } } recentActivity(first: 3) { nodes { entityId } } pendingInvitations { nodes { id } } } }',
    );
    expect(home.viewer).toEqual({ id: eve.id, email: eve.email });
    expect(home.recentProjects).toEqual({ nodes: made.slice(0, 5).map((id) => ({ id })), pageInfo: { hasNextPage: true } });
    expect(home.two.nodes.map(({ id }: Data) => id)).toEqual(made.slice(0, 2));
    expect(home.recentActivity.nodes.map(({ entityId }: Data) => entityId)).toEqual(made.slice(0, 3));
    expect(home.pendingInvitations.nodes).toEqual([{ id: invitation.id }]);
  });

  test('is null for anonymous callers, as is the dashboard', async () => {
    const { data, errors: top } = await harness.run(null, '{ home { viewer { id } } dashboard { stats { projects } } }');
    expect({ data, top }).toEqual({ data: { home: null, dashboard: null }, top: [] });
  });

  test.each([0, 101, -1])('refuses first: %i', async (first) => {
    const { data, errors: top } = await harness.run(ada, `{ home { recentProjects(first: ${first}) { nodes { id } } } }`);
    expect(data).toEqual({ home: { recentProjects: null } });
    expect(top[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
  });
});

describe('dashboard', () => {
  test('counts everything of the viewer, also what others make there', async () => {
    const [eve, zoe] = await Promise.all([harness.signUp(), harness.signUp()]);
    const { id: projectId } = await fakeProject(harness, eve);
    await harness.putRow('teams', { projectId, userId: zoe.id, role: 'developer', createdAt: new Date().toISOString() });
    await fakeSchema(harness, zoe, { projectId });
    const deployment = await fakeDeployment(harness, eve, { projectId });
    await fakeDeployment(harness, eve, { projectId, environment: 'PRODUCTION' });
    for (const status of ['DEPLOYING', 'SUCCESS']) {
      await harness.must(eve, `mutation ($id: ID!) { deploymentReport(id: $id, input: { status: ${status} }) { ${errors} } }`, {
        id: deployment.id,
      });
    }
    const stats =
      'stats { projects schemas architectures codeGenerations deployments documentation members integrations deploymentsByStatus { status count } successRate }';
    const { dashboard } = await harness.must(
      eve,
      `{ dashboard { ${stats} recentDeployments { nodes { id } } recentActivity(first: 2) { nodes { action } } recentProjects { nodes { id } } } }`,
    );
    expect(dashboard.stats).toEqual({
      ...{ projects: 1, schemas: 1, architectures: 0, codeGenerations: 0, deployments: 2, documentation: 0, members: 0, integrations: 0 },
      deploymentsByStatus: [
        { status: 'PENDING', count: 1 },
        { status: 'SUCCESS', count: 1 },
      ],
      successRate: 1,
    });
    expect(dashboard.recentDeployments.nodes).toHaveLength(2);
    expect(dashboard.recentActivity.nodes).toHaveLength(2);
    expect(dashboard.recentProjects.nodes).toEqual([{ id: projectId }]);
    expect((await harness.must(zoe, `{ dashboard { ${stats} } }`)).dashboard.stats).toMatchObject({
      projects: 0,
      schemas: 0,
      successRate: null,
    });
  });

  test('looks at the range that is asked for', async () => {
    const eve = await harness.signUp();
    const { id: projectId } = await fakeProject(harness, eve);
    const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
    const days = [0.5, 3, 20, 60, 200];
    for (const day of days) {
      const time = ago(day * 24);
      await harness.putRow('analytics', { id: newId('evt'), timestamp: time, userId: eve.id, projectId, metric: 'm', value: 1 });
      await harness.putRow('activity', {
        id: newId('act'),
        createdAt: time,
        userId: eve.id,
        action: 'met',
        entityType: 'custom',
        entityId: 'x',
      });
      await harness.putRow('deployments', {
        id: newId('dep'),
        userId: eve.id,
        projectId,
        status: 'success',
        environment: 'staging',
        createdAt: time,
        updatedAt: time,
      });
    }
    const usage = '{ from to actions { value precision } deployments { value precision } metricEvents { value precision } }';
    const made =
      (await harness.must(eve, `{ viewer { usage(range: LAST_24_HOURS) { actions { value } } } }`)).viewer.usage.actions.value - 1;
    for (const [range, count, length] of [
      ['LAST_24_HOURS', 1, 1],
      ['LAST_7_DAYS', 2, 7],
      ['LAST_30_DAYS', 3, 30],
      ['LAST_90_DAYS', 4, 90],
    ] as const) {
      const data = await harness.must(eve, `{ dashboard(range: ${range}) { usage ${usage} } viewer { usage(range: ${range}) ${usage} } }`);
      for (const one of [data.dashboard.usage, data.viewer.usage]) {
        expect(one).toMatchObject({
          actions: { value: count + made, precision: 'EXACT' },
          deployments: { value: count, precision: 'EXACT' },
          metricEvents: { value: count, precision: 'EXACT' },
        });
        expect(Date.parse(one.to) - Date.parse(one.from)).toBe(length * 86_400_000);
      }
    }
  });

  test('counts usage no further than 1,000, and says so', async () => {
    const eve = await harness.signUp();
    const { id: projectId } = await fakeProject(harness, eve);
    const inputs = Array.from({ length: 100 }, () => ({ projectId, metric: 'm', value: 1 }));
    const track = `mutation ($inputs: [MetricTrackInput!]!) { metricTrackBatch(inputs: $inputs) { ${errors} } }`;
    for (let i = 0; i < 10; i += 1) await harness.must(eve, track, { inputs });
    const count = async (): Promise<Data> =>
      (await harness.must(eve, '{ viewer { usage { metricEvents { value precision } } } }')).viewer.usage.metricEvents;
    expect(await count()).toEqual({ value: 1_000, precision: 'EXACT' });
    await fakeEvent(harness, eve, { projectId });
    expect(await count()).toEqual({ value: 1_000, precision: 'AT_LEAST' });
  });

  test('shows nobody the usage of others', async () => {
    const eve = await harness.signUp();
    const { id: projectId } = await fakeProject(harness, ada);
    await harness.putRow('teams', { projectId, userId: eve.id, role: 'admin', createdAt: new Date().toISOString() });
    const { project } = await harness.must(
      eve,
      'query ($id: ID!) { project(id: $id) { owner { id usage { from } projects { nodes { id } } email } } }',
      { id: projectId },
    );
    expect(project.owner).toEqual({ id: ada.id, usage: null, projects: null, email: null });
  });
});
