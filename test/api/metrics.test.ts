/** `Project.metrics`: what roll-ups answer, what they cost, and that they count each event once, however it came. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import { fakeEvent, fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let bob: TestUser;
let projectId: string;

beforeAll(async () => {
  harness = await createHarness();
  [ada, bob] = await Promise.all([harness.signUp(), harness.signUp({ username: 'Bob' })]);
  projectId = (await fakeProject(harness, ada)).id;
});
afterAll(() => harness.close());

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const errors = 'userErrors { code message field }';
const read = `query ($id: ID!, $metric: String! = "m", $from: DateTime, $to: DateTime, $interval: MetricInterval! = DAY, $aggregate: MetricAggregate! = SUM, $fill: MetricFill, $timezone: String! = "UTC") {
  project(id: $id) { metrics(metric: $metric, from: $from, to: $to, interval: $interval, aggregate: $aggregate, fill: $fill, timezone: $timezone) {
    metric interval aggregate timezone total count buckets { start end value count } } } }`;
const track = `mutation ($inputs: [MetricTrackInput!]!, $key: String) { metricTrackBatch(inputs: $inputs, idempotencyKey: $key) { events { id timestamp } ${errors} } }`;

type Series = { total: number | null; count: number; buckets: { start: string; end: string; value: number | null; count: number }[] };

async function series(args: Record<string, unknown>, user = ada): Promise<Series> {
  const { project } = await harness.must(user, read, { id: projectId, ...args });
  return project.metrics;
}

/** The begin of the hour that was `hours` hours ago. */
const hoursAgo = (hours: number): number => Math.floor(Date.now() / hourMs) * hourMs - hours * hourMs;
const iso = (time: number): string => new Date(time).toISOString();

interface Sent {
  metric: string;
  value: number;
  timestamp: string;
  projectId?: string;
}

async function send(events: readonly Sent[], user = ada): Promise<void> {
  for (let i = 0; i < events.length; i += 100) {
    await harness.must(user, track, { inputs: events.slice(i, i + 100).map((event) => ({ projectId, ...event })) });
  }
}

describe('a metric', () => {
  test('is added up in the buckets that its events belong to, also those that came late', async () => {
    const { id } = await fakeProject(harness, ada);
    const start = hoursAgo(5);
    const at = (minutes: number, value: number): Sent => ({ projectId: id, metric: 'm', value, timestamp: iso(start + minutes * 60_000) });
    await send([at(130, 5), at(0, 1), at(59.99, 2), at(60, 4)]);
    await send([at(1, -8)]);
    const args = { id, from: iso(start), to: iso(start + 3 * hourMs), interval: 'HOUR' };
    const found = await series(args);
    expect(found).toMatchObject({ metric: 'm', interval: 'HOUR', aggregate: 'SUM', timezone: 'UTC', total: 4, count: 5 });
    expect(found.buckets).toEqual([
      { start: iso(start), end: iso(start + hourMs), value: -5, count: 3 },
      { start: iso(start + hourMs), end: iso(start + 2 * hourMs), value: 4, count: 1 },
      { start: iso(start + 2 * hourMs), end: iso(start + 3 * hourMs), value: 5, count: 1 },
    ]);
    const values = async (aggregate: string): Promise<unknown> => {
      const { buckets, total } = await series({ ...args, aggregate });
      return [...buckets.map(({ value }) => value), total];
    };
    expect(await values('COUNT')).toEqual([3, 1, 1, 5]);
    expect(await values('MIN')).toEqual([-8, 4, 5, -8]);
    expect(await values('MAX')).toEqual([2, 4, 5, 5]);
    expect(await values('AVG')).toEqual([-5 / 3, 4, 5, 0.8]);
  });

  test('answers in the usual range, with gaps filled as asked or as the aggregate wants', async () => {
    const { id } = await fakeProject(harness, ada);
    await send([{ projectId: id, metric: 'm', value: 7, timestamp: iso(hoursAgo(30)) }]);
    const value = async (args: Record<string, unknown>): Promise<unknown[]> =>
      (await series({ id, interval: 'HOUR', from: iso(hoursAgo(31)), to: iso(hoursAgo(28)), ...args })).buckets.map((one) => one.value);
    expect(await value({})).toEqual([0, 7, 0]);
    expect(await value({ aggregate: 'COUNT' })).toEqual([0, 1, 0]);
    expect(await value({ aggregate: 'MIN' })).toEqual([null, 7, null]);
    expect(await value({ fill: 'NULL' })).toEqual([null, 7, null]);
    expect(await value({ fill: 'PREVIOUS' })).toEqual([null, 7, 7]);
    expect(await value({ fill: 'NONE' })).toEqual([7]);
    expect(await value({ aggregate: 'AVG', fill: 'ZERO' })).toEqual([0, 7, 0]);
    const lengths = ['HOUR', 'DAY', 'WEEK'].map(async (interval) => (await series({ id, interval })).buckets.length);
    const [hours = 0, days = 0, weeks = 0] = await Promise.all(lengths);
    expect([24, 25]).toContain(hours);
    expect([30, 31]).toContain(days);
    expect([12, 13]).toContain(weeks);
    expect(await series({ id, metric: 'none', aggregate: 'MAX', fill: 'NONE' })).toMatchObject({ buckets: [], total: null, count: 0 });
  });

  test('sums exactly what doubles do not, and what is larger than they count', async () => {
    const { id } = await fakeProject(harness, ada);
    const events = (metric: string, values: number[]): Sent[] =>
      values.map((value) => ({ projectId: id, metric, value, timestamp: iso(hoursAgo(1)) }));
    for (const value of [0.1, 0.1, 0.1, 1e-100]) await send(events('small', [value]));
    await send(events('large', [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]));
    await send(events('mixed', [123_456_789.5, -0.25, -1e-100, -123_456_789]));
    expect((await series({ id, metric: 'small' })).total).toBe(0.3);
    expect((await series({ id, metric: 'small', aggregate: 'MIN' })).total).toBe(1e-100);
    expect((await series({ id, metric: 'large' })).total).toBe(3 * Number.MAX_SAFE_INTEGER);
    expect((await series({ id, metric: 'large', interval: 'HOUR' })).total).toBe(3 * Number.MAX_SAFE_INTEGER);
    expect((await series({ id, metric: 'mixed' })).total).toBe(0.25);
  });

  test('with a value that is a new record each time keeps small rows', async () => {
    const { id } = await fakeProject(harness, ada);
    for (let value = 1; value <= 40; value += 1) {
      await send([{ projectId: id, metric: 'm', value: value % 2 === 0 ? value : -value, timestamp: iso(hoursAgo(1)) }]);
    }
    const [row] = await harness.rows('analytics', `rollup#${id}#m#hour`);
    const sets = Object.values(row ?? {}).filter((value) => value instanceof Set) as Set<number>[];
    expect(sets.reduce((size, set) => size + set.size, 0)).toBeLessThanOrEqual(4);
    expect((await series({ id, aggregate: 'MIN' })).total).toBe(-39);
    expect((await series({ id, aggregate: 'MAX' })).total).toBe(40);
  });

  const refusals: [what: string, args: Record<string, unknown>, message: RegExp][] = [
    ['a range that ends before it begins', { from: iso(hoursAgo(1)), to: iso(hoursAgo(2)) }, /from/],
    ['too many buckets', { interval: 'HOUR', from: iso(hoursAgo(24 * 92)) }, /22\d\d buckets of one hour; at most 2200/],
    ['a range of centuries', { interval: 'WEEK', from: '1970-01-01T00:00:00Z', to: '9999-01-01T00:00:00Z' }, /at most 2200/],
    ['hours that are not kept', { interval: 'HOUR', from: iso(hoursAgo(24 * 401)), to: iso(hoursAgo(24 * 390)) }, /kept for 400 days/],
    ['days of a zone that are not kept', { from: iso(hoursAgo(24 * 401)), timezone: 'Asia/Tokyo' }, /UTC are kept for 1830 days/],
    ['days that are not kept', { from: iso(hoursAgo(24 * 1831)) }, /kept for 1830 days/],
    ['a zone that does not exist', { timezone: 'Mars/Olympus' }, /Europe\/Berlin/],
  ];
  test.each(refusals)('refuses %s', async (_, args, message) => {
    const { errors: top } = await harness.run(ada, read, { id: projectId, ...args });
    expect(top).toMatchObject([{ message: expect.stringMatching(message), extensions: { code: 'BAD_USER_INPUT', retryable: false } }]);
  });

  test('is null for those who may not read the project, and there for a member', async () => {
    const { id } = await fakeProject(harness, ada);
    await send([{ projectId: id, metric: 'm', value: 1, timestamp: iso(hoursAgo(1)) }]);
    const document = `query ($id: ID!) { project(id: $id) { metrics(metric: "m") { count } metricNames trends(metrics: ["m"]) { metrics { metric } } dora { failed } } }`;
    expect(await harness.must(bob, document, { id })).toEqual({ project: null });
    await harness.putRow('teams', { projectId: id, userId: bob.id, role: 'viewer', createdAt: iso(Date.now()) });
    expect(await harness.must(bob, document, { id })).toEqual({
      project: { metrics: { count: 1 }, metricNames: ['m'], trends: { metrics: [{ metric: 'm' }] }, dora: { failed: 0 } },
    });
  });
});

describe('roll-ups agree with the events', () => {
  /** The hour, day or week of a zone that a time is in, as text: by the wall clock alone. */
  function labelOf(timeZone: string, interval: string): (time: string | number) => string {
    const format = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', hourCycle: 'h23', timeZoneName: 'longOffset' },
    });
    return (time) => {
      const parts = Object.fromEntries(format.formatToParts(new Date(time)).map(({ type, value }) => [type, value]));
      const date = `${parts['year']}-${parts['month']}-${parts['day']}`;
      if (interval === 'HOUR') return `${date} ${parts['hour']} ${parts['timeZoneName']}`;
      return interval === 'DAY' ? date : String(Math.floor((Date.parse(date) / dayMs + 3) / 7));
    };
  }

  function naive(events: readonly Sent[], aggregate: string): number | null {
    const values = events.map(({ value }) => value);
    const sum = values.reduce((total, value) => total + value, 0);
    if (aggregate === 'COUNT') return values.length;
    if (aggregate === 'SUM') return sum;
    if (values.length === 0) return null;
    return { AVG: sum / values.length, MIN: Math.min(...values), MAX: Math.max(...values) }[aggregate] ?? null;
  }

  function filled(fill: string, previous: number | null): number | null {
    return fill === 'ZERO' ? 0 : fill === 'PREVIOUS' ? previous : null;
  }

  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu', 'Pacific/Chatham', 'America/St_Johns'];
  const anyEvents = fc.array(
    fc.record({
      minutes: fc.oneof(fc.integer({ min: 1, max: 60 * 24 * 85 }), fc.integer({ min: 60 * 24 * 50, max: 60 * 24 * 50 + 60 })),
      value: fc.oneof(
        fc.integer({ min: -1000, max: 1000 }),
        fc.double({ min: -1e9, max: 1e9, noNaN: true }).filter((v) => Math.abs(v) > 1e-9),
      ),
    }),
    { minLength: 1, maxLength: 60 },
  );
  const anyQuestion = fc.record({
    interval: fc.constantFrom('HOUR', 'DAY', 'WEEK'),
    aggregate: fc.constantFrom('SUM', 'AVG', 'MIN', 'MAX', 'COUNT'),
    fill: fc.constantFrom('ZERO', 'NULL', 'PREVIOUS', 'NONE'),
    timezone: fc.constantFrom(...zones),
    fromDays: fc.integer({ min: 30, max: 90 }),
    days: fc.double({ min: 0.1, max: 80, noNaN: true }),
  });
  let runs = 0;

  test('of any times, in every interval, aggregate, zone and filling', async () => {
    await fc.assert(
      fc.asyncProperty(anyEvents, fc.array(anyQuestion, { minLength: 8, maxLength: 8 }), async (drawn, questions) => {
        runs += 1;
        const metric = `random.${runs}`;
        const now = Date.now();
        const events = drawn.map(({ minutes, value }) => ({ metric, value, timestamp: iso(now - minutes * 60_000) }));
        // In two parts, so that rows of the second one are there already.
        const half = Math.ceil(events.length / 2);
        for (const part of [events.slice(0, half), events.slice(half)]) await send(part);
        await Promise.all(questions.map((question) => ask(metric, events, { ...question, now })));
      }),
      { numRuns: 12 },
    );
  });

  type Question = { interval: string; aggregate: string; fill: string; timezone: string; fromDays: number; days: number; now: number };

  async function ask(metric: string, events: readonly Sent[], { now, fromDays, days, ...question }: Question): Promise<void> {
    const [from, to] = [now - fromDays * dayMs, Math.min(now, now - fromDays * dayMs + days * dayMs)];
    const { buckets, total, count } = await series({ metric, from: iso(from), to: iso(to), ...question });
    const label = labelOf(question.timezone, question.interval);
    const every =
      question.fill === 'NONE' ? (await series({ metric, from: iso(from), to: iso(to), ...question, fill: 'NULL' })).buckets : buckets;
    expect(every.slice(1).map(({ start }) => start)).toEqual(every.slice(0, -1).map(({ end }) => end));
    expect(label(every[0]?.start ?? '')).toBe(label(from));
    expect(label(Date.parse(every.at(-1)?.end ?? '') - 1)).toBe(label(to - 1));
    const inside: Sent[] = [];
    let previous: number | null = null;
    const expected = every.flatMap(({ start }) => {
      const own = events.filter(({ timestamp }) => label(timestamp) === label(start));
      inside.push(...own);
      previous = own.length > 0 ? naive(own, question.aggregate) : filled(question.fill, previous);
      return own.length === 0 && question.fill === 'NONE' ? [] : [{ start, value: previous, count: own.length }];
    });
    expect(buckets.map(({ start, count: events }) => [start, events])).toEqual(expected.map(({ start, count: events }) => [start, events]));
    buckets.forEach(({ value }, i) => expectClose(value, expected[i]?.value ?? null));
    expect(count).toBe(inside.length);
    expectClose(total, naive(inside, question.aggregate));
  }

  /** Sums of doubles differ by the order in which they were added. */
  function expectClose(found: number | null, expected: number | null): void {
    if (found === null || expected === null) expect(found).toBe(expected);
    else expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-4 + 1e-12 * Math.abs(expected));
  }
});

describe('cost', () => {
  test('90 days of hours are 2,160 small rows at most, and one call', async () => {
    const { id } = await fakeProject(harness, ada);
    const start = hoursAgo(90 * 24 - 1);
    await send(
      Array.from({ length: 2_160 }, (_, i) => ({ projectId: id, metric: 'cost.hours', value: i, timestamp: iso(start + i * hourMs) })),
    );
    const args = { id, metric: 'cost.hours', from: iso(start), to: iso(start + 2_160 * hourMs), interval: 'HOUR' };
    for (const aggregate of ['SUM', 'MAX']) {
      const { data, calls, errors: top } = await harness.run(ada, read, { ...args, aggregate });
      expect(top).toEqual([]);
      expect(data.project.metrics).toMatchObject({ count: 2_160, total: aggregate === 'SUM' ? (2_159 * 2_160) / 2 : 2_159 });
      const reads = calls.filter(({ table }) => table === 'analytics');
      expect(reads.map(({ operation, items }) => [operation, items])).toEqual([['Query', 2_160]]);
      expect(reads[0]?.readUnits).toBeLessThan(60);
    }
    const days = await harness.run(ada, read, { ...args, interval: 'DAY' });
    expect(days.calls.filter(({ table }) => table === 'analytics').map(({ items }) => items)).toEqual([
      days.data.project.metrics.buckets.length,
    ]);
    const weeks = await harness.run(ada, read, { ...args, interval: 'WEEK', from: iso(start + 7 * dayMs) });
    expect(weeks.calls.find(({ table }) => table === 'analytics')?.items).toBeLessThanOrEqual(
      7 * weeks.data.project.metrics.buckets.length,
    );
    const zone = await harness.run(ada, read, { ...args, interval: 'DAY', timezone: 'Asia/Kathmandu' });
    expect(zone.data.project.metrics.count).toBe(2_160);
    expect(zone.calls.filter(({ table }) => table === 'analytics').length).toBeLessThanOrEqual(2);
  });

  test('read units stay flat from 10 to 5,000 events in the same buckets', async () => {
    const { id } = await fakeProject(harness, ada);
    const events = (count: number): Sent[] =>
      Array.from({ length: count }, (_, i) => ({ projectId: id, metric: 'm', value: i % 97, timestamp: iso(hoursAgo(1 + (i % 10))) }));
    const cost = async (interval: string): Promise<{ items: number; readUnits: number; calls: number; count: number }> => {
      const { data, calls } = await harness.run(ada, read, { id, interval, aggregate: 'MAX' });
      const reads = calls.filter(({ table }) => table === 'analytics');
      const sum = (of: (call: (typeof reads)[number]) => number): number => reads.reduce((total, call) => total + of(call), 0);
      return { items: sum((c) => c.items), readUnits: sum((c) => c.readUnits), calls: reads.length, count: data.project.metrics.count };
    };
    await send(events(10));
    const few = [await cost('HOUR'), await cost('DAY')];
    await send(events(4_990));
    const many = [await cost('HOUR'), await cost('DAY')];
    expect(few.map(({ count }) => count)).toEqual([10, 10]);
    expect(many).toEqual(few.map((one) => ({ ...one, count: 5_000 })));
  }, 120_000);

  test('an event is one transaction of four writes', async () => {
    const { id } = await fakeProject(harness, ada);
    const timestamp = iso(hoursAgo(1));
    await fakeEvent(harness, ada, { projectId: id, metric: 'm', timestamp });
    const document = `mutation ($input: MetricTrackInput!) { metricTrack(input: $input) { ${errors} } }`;
    const { calls } = await harness.run(ada, document, { input: { projectId: id, metric: 'm', value: 1, timestamp } });
    const writes = calls.filter(({ operation }) => operation.includes('Write'));
    expect(writes.map(({ operation, items }) => [operation, items])).toEqual([['TransactWriteItems', 4]]);
  });
});

test('200 parallel writes to one bucket are counted exactly', async () => {
  const { id } = await fakeProject(harness, ada);
  const timestamp = iso(hoursAgo(1));
  const values = Array.from({ length: 200 }, (_, i) => ((i * 7_919) % 200) - 50.5);
  await Promise.all(values.map((value) => fakeEvent(harness, ada, { projectId: id, metric: 'hot', value, timestamp })));
  const sum = values.reduce((total, value) => total + value, 0);
  for (const interval of ['HOUR', 'DAY']) {
    const totals = await Promise.all(['SUM', 'COUNT', 'MIN', 'MAX'].map((aggregate) => series({ id, metric: 'hot', interval, aggregate })));
    expect(totals.map(({ total }) => total)).toEqual([sum, 200, Math.min(...values), Math.max(...values)]);
  }
}, 60_000);

test('20 parallel batches into the same 100 buckets are counted exactly', async () => {
  const { id } = await fakeProject(harness, ada);
  const inputs = (n: number): Data[] =>
    Array.from({ length: 100 }, (_, i) => ({ projectId: id, metric: 'hot', value: (n * 37 + i) % 101, timestamp: iso(hoursAgo(1 + i)) }));
  await Promise.all(Array.from({ length: 20 }, (_, n) => harness.must(ada, track, { inputs: inputs(n) })));
  const all = Array.from({ length: 20 }, (_, n) => inputs(n)).flat();
  const { buckets } = await series({
    id,
    metric: 'hot',
    interval: 'HOUR',
    aggregate: 'MAX',
    from: iso(hoursAgo(100)),
    to: iso(hoursAgo(0)),
  });
  expect(buckets.map(({ count }) => count)).toEqual(Array.from({ length: 100 }, () => 20));
  const largest = (start: string): number => Math.max(...all.filter(({ timestamp }) => timestamp === start).map(({ value }) => value));
  expect(buckets.map(({ value }) => value)).toEqual(buckets.map(({ start }) => largest(start)));
}, 60_000);

describe('metric names', () => {
  test('are those of the project, in alphabetical order', async () => {
    const { id } = await fakeProject(harness, ada);
    await send(['b', 'a', 'B/c', 'a'].map((metric) => ({ projectId: id, metric, value: 1, timestamp: iso(hoursAgo(1)) })));
    const { project } = await harness.must(ada, 'query ($id: ID!) { project(id: $id) { metricNames } }', { id });
    expect(project.metricNames).toEqual(['B/c', 'a', 'b']);
  });
});

test('roll-ups are in no list of events, expire, and go with their project', async () => {
  const { id } = await fakeProject(harness, ada);
  const event = await fakeEvent(harness, ada, { projectId: id, metric: 'gone' });
  const partitions = ['gone#hour', 'gone#day', 'metrics'].map((end) => `rollup#${id}#${end}`);
  const items = async (): Promise<Data[]> => (await Promise.all(partitions.map((one) => harness.rows('analytics', one)))).flat();
  const [hour, day, name] = await items();
  const daysLeft = (row: Data): number => Math.round((row.ttl - Date.parse(event.timestamp) / 1000) / 86_400);
  expect([daysLeft(hour), daysLeft(day), daysLeft(name)]).toEqual([400, expect.closeTo(1_831, -0.5), expect.closeTo(1_832, -0.5)]);
  for (const row of [hour, day, name]) for (const attribute of ['userId', 'projectId', 'metric']) expect(row).not.toHaveProperty(attribute);
  await harness.must(ada, `mutation ($id: ID!) { projectDelete(id: $id) { ${errors} } }`, { id });
  await harness.settled();
  expect(await items()).toEqual([]);
});

test('roll-ups stay with the project when it changes hands', async () => {
  const { id } = await fakeProject(harness, ada);
  await send([{ projectId: id, metric: 'm', value: 3, timestamp: iso(hoursAgo(2)) }]);
  await harness.putRow('teams', { projectId: id, userId: bob.id, role: 'admin', createdAt: iso(Date.now()) });
  await harness.must(ada, `mutation ($id: ID!, $to: ID!) { ownershipTransfer(projectId: $id, userId: $to) { ${errors} } }`, {
    id,
    to: bob.id,
  });
  await harness.settled();
  await send([{ projectId: id, metric: 'm', value: 4, timestamp: iso(hoursAgo(2)) }], bob);
  expect(await series({ id }, bob)).toMatchObject({ total: 7, count: 2 });
});
