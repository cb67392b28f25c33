/** `Project.trends`, `Project.dora`, and events of the earlier backend, which a recount takes into the roll-ups. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { admin } from '../cli/support.ts';
import { fakeDeployment, fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;

beforeAll(async () => {
  harness = await createHarness();
  ada = await harness.signUp();
});
afterAll(() => harness.close());

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const errors = 'userErrors { code message field }';
const iso = (time: number): string => new Date(time).toISOString();

async function send(projectId: string, events: readonly (readonly [metric: string, daysAgo: number, value: number])[]): Promise<void> {
  const inputs = events.map(([metric, daysAgo, value]) => ({ projectId, metric, value, timestamp: iso(Date.now() - daysAgo * dayMs) }));
  await harness.must(ada, `mutation ($inputs: [MetricTrackInput!]!) { metricTrackBatch(inputs: $inputs) { ${errors} } }`, { inputs });
}

describe('trends', () => {
  const trend = '{ current previous change direction }';
  const document = `query ($id: ID!, $period: TrendPeriod! = LAST_7_DAYS, $metrics: [String!], $first: Int! = 10) { project(id: $id) {
    trends(period: $period, metrics: $metrics, first: $first) { period previousFrom from to complete
      metrics { metric count ${trend} sum ${trend} average ${trend} minimum ${trend} maximum ${trend} } } } }`;

  test('hold a period against the one before, whatever time of the day it is', async () => {
    const { id } = await fakeProject(harness, ada);
    // Around the edges of both periods, and outside.
    await send(id, [
      ...([
        ['m', 0, 5],
        ['m', 6.95, 1],
        ['m', 7.05, 7],
        ['m', 8, 2],
        ['m', 13.95, 3],
        ['m', 14.05, 1_000],
        ['m', 30, 1_000],
      ] as const),
      ...([
        ['new', 1, 1],
        ['old', 10, 4],
        ['older', 20, 4],
      ] as const),
    ]);
    const { project } = await harness.must(ada, document, { id });
    const { metrics, ...rest } = project.trends;
    expect(rest).toMatchObject({ period: 'LAST_7_DAYS', complete: true });
    expect(Date.parse(rest.from) - Date.parse(rest.previousFrom)).toBe(7 * dayMs);
    expect(Date.now() - Date.parse(rest.to)).toBeLessThan(60_000);
    expect(Date.parse(rest.from) % 900_000).toBe(0);
    expect(metrics.map(({ metric }: Data) => metric)).toEqual(['m', 'new', 'old']);
    const [m, created, old] = metrics;
    expect(m).toEqual({
      metric: 'm',
      count: { current: 2, previous: 3, change: -1 / 3, direction: 'DOWN' },
      sum: { current: 6, previous: 12, change: -0.5, direction: 'DOWN' },
      average: { current: 3, previous: 4, change: -0.25, direction: 'DOWN' },
      minimum: { current: 1, previous: 2, change: -0.5, direction: 'DOWN' },
      maximum: { current: 5, previous: 7, change: (5 - 7) / 7, direction: 'DOWN' },
    });
    expect([created.sum, created.average]).toEqual([
      { current: 1, previous: 0, change: null, direction: 'UP' },
      { current: 1, previous: null, change: null, direction: null },
    ]);
    expect(old.count).toEqual({ current: 0, previous: 1, change: -1, direction: 'DOWN' });
  });

  test.each([
    ['LAST_24_HOURS', 1],
    ['LAST_30_DAYS', 30],
    // Events are taken as far back as they live, 90 days; so the period before begins without any.
    ['LAST_90_DAYS', 44],
  ])('%s', async (period, days) => {
    const { id } = await fakeProject(harness, ada);
    const isQuarter = period === 'LAST_90_DAYS';
    await send(id, [
      ['m', 0.01, 1],
      ['m', days - 0.02, 2],
      ['m', days + 0.02, 4],
      ['m', 2 * days - 0.02, 8],
    ]);
    const { data, calls } = await harness.run(ada, document, { id, period });
    const [{ sum }] = data.project.trends.metrics;
    expect([sum.current, sum.previous]).toEqual(isQuarter ? [15, 0] : [3, 12]);
    expect(calls.filter(({ table }) => table === 'analytics').length).toBeLessThanOrEqual(4);
  });

  test('tell of deployments, when they are selected and few enough to be counted', async () => {
    const { id } = await fakeProject(harness, ada);
    const put = (daysAgo: number, status: string, i = 0): Promise<void> => {
      const createdAt = iso(Date.now() - daysAgo * dayMs + i);
      return harness.putRow('deployments', {
        ...{ id: crypto.randomUUID(), userId: ada.id, projectId: id, environment: 'staging', provider: 'aws', version: '1', status },
        ...{ createdAt, updatedAt: createdAt },
      });
    };
    await Promise.all([
      put(0.1, 'success'),
      put(1, 'failed'),
      put(6.9, 'pending'),
      put(7.1, 'success'),
      put(13.9, 'success'),
      put(14.1, 'failed'),
    ]);
    const deploymentsOf = `query ($id: ID!) { project(id: $id) { trends { deployments { count ${trend} changeFailureRate ${trend} } } } }`;
    expect((await harness.must(ada, deploymentsOf, { id })).project.trends.deployments).toEqual({
      count: { current: 3, previous: 2, change: 0.5, direction: 'UP' },
      changeFailureRate: { current: 0.5, previous: 0, change: null, direction: 'UP' },
    });
    expect((await harness.run(ada, document, { id })).calls.filter(({ table }) => table === 'deployments')).toEqual([]);
    const many = Array.from({ length: 1_996 }, (_, i) => i);
    while (many.length > 0) await Promise.all(many.splice(0, 100).map((i) => put(3, 'success', i)));
    expect((await harness.must(ada, deploymentsOf, { id })).project.trends.deployments).toBeNull();
  });

  test('compare as many metrics as asked for, or those that are named', async () => {
    const { id } = await fakeProject(harness, ada);
    await send(
      id,
      ['a', 'b', 'c', 'd'].map((metric) => [metric, 0.1, 1] as const),
    );
    const of = async (args: Record<string, unknown>): Promise<unknown> => {
      const { trends } = (await harness.must(ada, document, { id, ...args })).project;
      return [trends.metrics.map(({ metric }: Data) => metric).join(''), trends.complete];
    };
    expect(await of({})).toEqual(['abcd', true]);
    expect(await of({ first: 4 })).toEqual(['abcd', true]);
    expect(await of({ first: 3 })).toEqual(['abc', false]);
    expect(await of({ metrics: ['d', 'none', 'a', 'd'] })).toEqual(['da', true]);
    expect(await of({ metrics: [] })).toEqual(['', true]);
  });

  test.each([{ first: 0 }, { first: 51 }, { metrics: Array.from({ length: 51 }, (_, i) => `m${i}`) }])('refuse %p', async (args) => {
    const { id } = await fakeProject(harness, ada);
    const { errors: top } = await harness.run(ada, document, { id, ...args });
    expect(top).toMatchObject([{ message: expect.stringContaining('1 to 50'), extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

describe('dora', () => {
  const document = `query ($id: ID!, $from: DateTime, $to: DateTime, $environment: DeploymentEnvironment! = PRODUCTION) { project(id: $id) { dora(from: $from, to: $to, environment: $environment) {
    environment from to complete deploymentFrequency frequencyBand leadTime changeFailureRate timeToRestore succeeded failed rolledBack restored unrestored } } }`;

  async function dora(args: Record<string, unknown>): Promise<Data> {
    return (await harness.must(ada, document, args)).project.dora;
  }

  test('measures what pipelines reported, by environment', async () => {
    const { id } = await fakeProject(harness, ada);
    const run = async (status: string, environment = 'PRODUCTION'): Promise<string> => {
      const made = await fakeDeployment(harness, ada, { projectId: id, environment });
      const report = `mutation ($id: ID!, $status: DeploymentStatus!) { deploymentReport(id: $id, input: { status: $status }) { ${errors} } }`;
      await harness.must(ada, report, { id: made.id, status });
      return String(made.id);
    };
    await run('SUCCESS');
    await run('FAILED');
    const bad = await run('SUCCESS');
    await run('FAILED', 'STAGING');
    await harness.must(ada, `mutation ($id: ID!) { deploymentRollback(id: $id) { ${errors} } }`, { id: bad });
    await fakeDeployment(harness, ada, { projectId: id, environment: 'PRODUCTION' });
    const found = await dora({ id });
    expect(found).toMatchObject({
      ...{ environment: 'PRODUCTION', complete: true, frequencyBand: 'MONTHLY', changeFailureRate: 2 / 3 },
      ...{ succeeded: 1, failed: 1, rolledBack: 1, restored: 1, unrestored: 1 },
    });
    expect(found.deploymentFrequency).toBeCloseTo(2 / 30, 6);
    expect(Date.parse(found.to) - Date.parse(found.from)).toBe(30 * dayMs);
    for (const seconds of [found.leadTime, found.timeToRestore]) {
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThan(300);
    }
    expect(await dora({ id, environment: 'STAGING' })).toMatchObject({ changeFailureRate: 1, leadTime: null, unrestored: 1 });
    expect(await dora({ id, environment: 'DEVELOPMENT' })).toMatchObject({
      changeFailureRate: null,
      deploymentFrequency: 0,
      frequencyBand: 'NEVER',
    });
    const past = { from: iso(Date.now() - 9 * dayMs), to: iso(Date.now() - 2 * dayMs) };
    expect(await dora({ id, ...past })).toMatchObject({ ...past, deploymentFrequency: 0, failed: 0 });
  });

  test('of rows of the earlier backend, in one call, without their logs', async () => {
    const { id } = await fakeProject(harness, ada);
    const now = Date.now();
    const put = (status: string, hoursAgo: number): Promise<void> => {
      const times = { createdAt: iso(now - hoursAgo * hourMs), updatedAt: iso(now - hoursAgo * hourMs + 60_000) };
      const logs = [{ timestamp: times.createdAt, level: 'info', message: 'x'.repeat(50_000) }];
      return harness.putRow('deployments', {
        ...{
          id: crypto.randomUUID(),
          userId: ada.id,
          projectId: id,
          environment: 'production',
          provider: 'aws',
          version: '1',
          status,
          logs,
        },
        ...times,
      });
    };
    await Promise.all([put('success', 50), put('failed', 40), put('success', 30), put('odd', 20), put('failed', 10)]);
    const { data, calls } = await harness.run(ada, document, { id });
    expect(data.project.dora).toMatchObject({
      ...{ succeeded: 2, failed: 2, changeFailureRate: 0.5, leadTime: null, timeToRestore: 10 * 3_600, restored: 1, unrestored: 1 },
    });
    expect(calls.filter(({ table }) => table === 'deployments')).toHaveLength(1);
  });

  test('of more deployments than are read says from when on it measured', async () => {
    const { id } = await fakeProject(harness, ada);
    const begin = Date.now() - 20 * dayMs;
    const row = (i: number): Data => {
      const createdAt = iso(begin + i * 600_000);
      return {
        ...{ id: `${id}-${i}`, userId: ada.id, projectId: id, environment: 'production', provider: 'aws', version: '1', status: 'success' },
        ...{ createdAt, updatedAt: createdAt, finishedAt: iso(begin + i * 600_000 + 30_000) },
      };
    };
    const rows = Array.from({ length: 2_001 }, (_, i) => row(i));
    while (rows.length > 0) await Promise.all(rows.splice(0, 100).map((one) => harness.putRow('deployments', one)));
    expect(await dora({ id })).toMatchObject({ complete: false, from: iso(begin + 600_000), succeeded: 2_000, leadTime: 30 });
    expect(await dora({ id, from: iso(begin + 600_000) })).toMatchObject({ complete: true, succeeded: 2_000 });
  });

  test.each([
    ['a range that ends before it begins', { from: iso(Date.now()), to: iso(Date.now() - 1) }, 'earlier'],
    ['a range of years', { from: iso(Date.now() - 367 * dayMs) }, 'at most 366'],
  ])('refuses %s', async (_, args, message) => {
    const { id } = await fakeProject(harness, ada);
    const { errors: top } = await harness.run(ada, document, { id, ...args });
    expect(top).toMatchObject([{ message: expect.stringContaining(message), extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

test('events of the earlier backend are in the roll-ups after a recount, once, however often it runs', async () => {
  const { id } = await fakeProject(harness, ada);
  const day = Math.floor(Date.now() / dayMs) * dayMs;
  await send(id, [['views', 3, 1_000]]);
  const put = (i: number, more: Record<string, unknown> = {}): Promise<void> =>
    harness.putRow('analytics', {
      ...{ id: crypto.randomUUID(), timestamp: iso(day - i * dayMs), userId: ada.id, projectId: id, metric: 'Page #Views!', value: i },
      ...more,
    });
  await Promise.all(Array.from({ length: 130 }, (_, i) => put(i % 65)));
  // Of a time that no roll-up is kept of, one that has expired, and one that is no number.
  await Promise.all([put(1, { timestamp: '2015-01-01T00:00:00.000Z' }), put(1, { ttl: 1_600_000_000 }), put(1, { value: 'many' })]);
  const read = async (): Promise<Data> => {
    const fields = (args: string): string => `metrics(metric: "Page #Views!", from: "${iso(day - 70 * dayMs)}", ${args}) { count total }`;
    const document = `query ($id: ID!) { project(id: $id) { metricNames day: ${fields('interval: DAY')} hour: ${fields('interval: HOUR, aggregate: MAX')} views: metrics(metric: "views") { count } } }`;
    return (await harness.must(ada, document, { id })).project;
  };
  expect(await read()).toMatchObject({ metricNames: ['views'], day: { count: 0 }, views: { count: 1 } });
  const reported = (out: string): number => Number(/(\d+) metric events/.exec(out)?.[1] ?? 0);
  const runs = await Promise.all([admin(['recount', id]), admin(['recount', id]), admin(['recount', id])]);
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(runs.reduce((sum, { out }) => sum + reported(out), 0)).toBe(131);
  const all = { count: 130, total: 2 * ((64 * 65) / 2) };
  const expected = { metricNames: ['Page #Views!', 'views'], day: all, hour: { count: 130, total: 64 }, views: { count: 1 } };
  expect(await read()).toEqual(expected);
  expect((await admin(['recount', id])).out).not.toContain('rolled up');
  expect(await read()).toEqual(expected);
});
