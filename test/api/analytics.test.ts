import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
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

const errors = 'userErrors { code message field }';
const event = 'id metric value timestamp dimensions expiresAt project { id }';
const trackOne = `mutation ($input: MetricTrackInput!, $key: String, $dry: Boolean! = false) { metricTrack(input: $input, idempotencyKey: $key, dryRun: $dry) { event { ${event} } ${errors} } }`;
const trackAll = `mutation ($inputs: [MetricTrackInput!]!, $key: String, $dry: Boolean! = false) { metricTrackBatch(inputs: $inputs, idempotencyKey: $key, dryRun: $dry) { events { ${event} } ${errors} } }`;
const list = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $metric: String, $from: DateTime, $to: DateTime) { project(id: $id) { metricEvents(first: $first, after: $after, last: $last, before: $before, metric: $metric, from: $from, to: $to) { nodes { id metric value timestamp } pageInfo { hasNextPage hasPreviousPage endCursor startCursor scannedCount scanLimitReached } countUpTo { value precision } } } }`;

/** Events of a project as they lie in the table. */
async function stored(id: string): Promise<Data[]> {
  const { project } = await harness.must(ada, list, { id, first: 100 });
  return project.metricEvents.nodes;
}

const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

describe('metricTrack', () => {
  test('records an event that expires after 90 days, with one activity', async () => {
    const { id } = await fakeProject(harness, ada);
    const dimensions = { region: 'eu', cached: true, cpu: 0.5 };
    const { metricTrack } = await harness.must(ada, trackOne, {
      input: { projectId: id, metric: 'http.requests', value: 12.5, dimensions },
    });
    const made = metricTrack.event;
    expect(made).toMatchObject({ metric: 'http.requests', value: 12.5, dimensions, project: { id } });
    expect(made.id).toMatch(/^evt_[0-9a-z]{26}$/);
    expect(Date.parse(made.expiresAt) - Date.parse(made.timestamp)).toBeCloseTo(90 * 86_400_000, -4);
    expect(await harness.rows('analytics', made.id)).toMatchObject([{ userId: ada.id, createdById: ada.id, projectId: id }]);
    const { project } = await harness.must(
      ada,
      'query ($id: ID!) { project(id: $id) { activity { nodes { action entityType entityName } } } }',
      { id },
    );
    expect(project.activity.nodes.filter(({ entityType }: Data) => entityType === 'METRIC')).toEqual([
      { action: 'tracked', entityType: 'METRIC', entityName: 'http.requests' },
    ]);
  });

  test('writes the owner into the event when a member tracks it, and all of them see it', async () => {
    const { id } = await fakeProject(harness, ada);
    await harness.putRow('teams', { projectId: id, userId: bob.id, role: 'developer', createdAt: hoursAgo(0) });
    const made = await fakeEvent(harness, bob, { projectId: id });
    expect(await harness.rows('analytics', made.id)).toMatchObject([{ userId: ada.id, createdById: bob.id }]);
    const { viewer } = await harness.must(ada, '{ viewer { metricEvents(first: 100) { nodes { id } } } }');
    expect(viewer.metricEvents.nodes.map((node: Data) => node.id)).toContain(made.id);
  });

  test.each([
    ['an empty metric', { metric: '' }, 'input.metric'],
    ['a metric that begins with a digit', { metric: '5xx' }, 'input.metric'],
    ['a metric of 101 characters', { metric: 'm'.repeat(101) }, 'input.metric'],
    ['a time in the future', { timestamp: hoursAgo(-1) }, 'input.timestamp'],
    ['a time that has expired', { timestamp: hoursAgo(24 * 91) }, 'input.timestamp'],
    ['21 dimensions', { dimensions: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`d${i}`, i])) }, 'input.dimensions'],
    ['a nested dimension', { dimensions: { a: { b: 1 } } }, 'input.dimensions.a'],
    ['a null dimension', { dimensions: { a: null } }, 'input.dimensions.a'],
    ['a long dimension', { dimensions: { a: 'x'.repeat(201) } }, 'input.dimensions.a'],
    ['a NUL in a dimension', { dimensions: { a: '\0' } }, 'input.dimensions.a'],
    ['a dimension beyond what the database counts', { dimensions: { a: 1e300 } }, 'input.dimensions.a'],
    ['a value beyond what the database counts', { value: 1e126 }, 'input.value'],
    ['an integer that is not exact', { value: 2 ** 53 }, 'input.value'],
    ['a value too close to zero', { value: 1e-140 }, 'input.value'],
  ])('refuses %s', async (_, input, field) => {
    const { data, errors: top } = await harness.run(ada, trackOne, { input: { projectId, metric: 'm', value: 1, ...input } });
    expect(top).toEqual([]);
    expect(data.metricTrack.event).toBeNull();
    expect(data.metricTrack.userErrors.map((error: Data) => [error.code, error.field.join('.')])).toEqual([['VALIDATION', field]]);
  });

  test.each([0, -0, -1.5, 9_007_199_254_740_991, 1e-100, 0.1 + 0.2])('takes the value %p exactly', async (value) => {
    const made = await fakeEvent(harness, ada, { projectId, metric: 'exact', value });
    expect(made.value).toBe(value === 0 ? 0 : value);
    const { node } = await harness.must(ada, 'query ($id: ID!) { node(id: $id) { ... on MetricEvent { value } } }', { id: made.id });
    expect(node.value).toBe(value === 0 ? 0 : value);
  });

  test('writes nothing in a dry run', async () => {
    const { id } = await fakeProject(harness, ada);
    const { metricTrack } = await harness.must(ada, trackOne, { input: { projectId: id, metric: 'm', value: 1 }, dry: true });
    expect(metricTrack.event.metric).toBe('m');
    expect(await stored(id)).toEqual([]);
  });

  test('a key with the scope METRICS tracks and reads nothing; one with READ does not track', async () => {
    const key = async (scope: string): Promise<{ token: string }> => {
      const document = `mutation ($s: [ApiKeyScope!]!) { apiKeyCreate(input: { name: "k", scopes: $s }) { secret ${errors} } }`;
      return { token: (await harness.must(ada, document, { s: [scope] })).apiKeyCreate.secret };
    };
    const [metrics, read] = [await key('METRICS'), await key('READ')];
    const { data } = await harness.run(metrics, trackOne, { input: { projectId, metric: 'ci', value: 1 } });
    expect(data.metricTrack).toMatchObject({ event: { metric: 'ci', project: null }, userErrors: [] });
    expect((await harness.run(metrics, list, { id: projectId })).data).toEqual({ project: null });
    const refusal = await harness.run(read, trackOne, { input: { projectId, metric: 'ci', value: 1 } });
    expect(refusal.errors[0]?.extensions?.['code'] ?? refusal.data.metricTrack.userErrors[0].code).toBe('FORBIDDEN');
  });
});

describe('metricTrackBatch', () => {
  const inputsOf = (id: string, count: number): Data[] =>
    Array.from({ length: count }, (_, i) => ({ projectId: id, metric: `m${i % 3}`, value: i }));

  test('records 100 events at once, with one activity, and a key makes it once', async () => {
    const { id } = await fakeProject(harness, ada);
    const variables = { inputs: inputsOf(id, 100), key: crypto.randomUUID() };
    const first = await harness.must(ada, trackAll, variables);
    expect(first.metricTrackBatch.events.map((one: Data) => one.value)).toEqual(variables.inputs.map(({ value }) => value));
    expect(await harness.must(ada, trackAll, variables)).toEqual(first);
    expect(await stored(id)).toHaveLength(100);
    const { project } = await harness.must(ada, 'query ($id: ID!) { project(id: $id) { activity { nodes { action metadata } } } }', { id });
    expect(project.activity.nodes.filter(({ action }: Data) => action === 'tracked')).toEqual([
      { action: 'tracked', metadata: expect.objectContaining({ events: 100, metrics: ['m0', 'm1', 'm2'] }) },
    ]);
    const { data } = await harness.run(ada, trackAll, { ...variables, inputs: inputsOf(id, 2) });
    expect(data.metricTrackBatch.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    expect(await stored(id)).toHaveLength(100);
  });

  test('the same key at the same time makes one batch', async () => {
    const { id } = await fakeProject(harness, ada);
    const variables = { inputs: inputsOf(id, 100), key: crypto.randomUUID() };
    const answers = await Promise.all(Array.from({ length: 4 }, () => harness.must(ada, trackAll, variables)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.metricTrackBatch.events.map((one: Data) => one.id)))).size).toBe(1);
    expect((await stored(id)).map((one) => one.id).toSorted()).toEqual(
      answers[0].metricTrackBatch.events.map((one: Data) => one.id).toSorted(),
    );
  });

  test.each([0, 101])('refuses %i events', async (count) => {
    const { id } = await fakeProject(harness, ada);
    const { data } = await harness.run(ada, trackAll, { inputs: inputsOf(id, count) });
    expect(data.metricTrackBatch).toMatchObject({ events: null, userErrors: [{ code: 'VALIDATION', field: ['inputs'] }] });
    expect(await stored(id)).toEqual([]);
  });

  test('writes nothing when one event is not valid, and names it', async () => {
    const { id } = await fakeProject(harness, ada);
    const inputs = inputsOf(id, 100);
    inputs[42].metric = '!';
    inputs[99].timestamp = hoursAgo(-2);
    const { data } = await harness.run(ada, trackAll, { inputs });
    expect(data.metricTrackBatch.userErrors.map((error: Data) => error.field.join('.'))).toEqual([
      'inputs.42.metric',
      'inputs.99.timestamp',
    ]);
    expect(await stored(id)).toEqual([]);
  });

  test('takes events of two own projects, and none when one of them is foreign', async () => {
    const [one, two, foreign] = await Promise.all([fakeProject(harness, ada), fakeProject(harness, ada), fakeProject(harness, bob)]);
    await harness.must(ada, trackAll, { inputs: [...inputsOf(one.id, 2), ...inputsOf(two.id, 3)] });
    expect([await stored(one.id), await stored(two.id)].map((rows) => rows.length)).toEqual([2, 3]);
    const { data } = await harness.run(ada, trackAll, { inputs: [...inputsOf(one.id, 1), ...inputsOf(foreign.id, 1)] });
    expect(data.metricTrackBatch).toMatchObject({ events: null, userErrors: [{ code: 'NOT_FOUND' }] });
    expect(await stored(one.id)).toHaveLength(2);
    const { project } = await harness.must(bob, list, { id: foreign.id });
    expect(project.metricEvents.nodes).toEqual([]);
  });

  test('a viewer of the project may not', async () => {
    const { id } = await fakeProject(harness, ada);
    await harness.putRow('teams', { projectId: id, userId: bob.id, role: 'viewer', createdAt: hoursAgo(0) });
    const { data } = await harness.run(bob, trackAll, { inputs: inputsOf(id, 1) });
    expect(data.metricTrackBatch.userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);
  });
});

describe('lists of events', () => {
  const times = [5, 4, 3, 2, 1].map(hoursAgo);
  let id: string;

  beforeAll(async () => {
    id = (await fakeProject(harness, ada)).id;
    const inputs = times.map((timestamp, i) => ({ projectId: id, metric: i % 2 === 0 ? 'even' : 'odd', value: i, timestamp }));
    await harness.must(ada, trackAll, { inputs });
  });

  const values = async (args: Record<string, unknown>): Promise<number[]> =>
    (await harness.must(ada, list, { id, ...args })).project.metricEvents.nodes.map((node: Data) => node.value);

  test('are newest first', async () => {
    expect(await values({})).toEqual([4, 3, 2, 1, 0]);
  });

  test('take a range of time, ends included', async () => {
    expect(await values({ from: times[1], to: times[3] })).toEqual([3, 2, 1]);
    expect(await values({ from: times[3] })).toEqual([4, 3]);
    expect(await values({ to: times[1] })).toEqual([1, 0]);
    expect(await values({ from: times[2], to: times[2] })).toEqual([2]);
  });

  test('refuse a range that ends before it begins', async () => {
    const { data, errors: top } = await harness.run(ada, list, { id, from: times[3], to: times[1] });
    expect(data.project.metricEvents).toBeNull();
    expect(top[0]).toMatchObject({ message: expect.stringContaining('from'), extensions: { code: 'BAD_USER_INPUT', retryable: false } });
  });

  test('filter by metric, with and without a range', async () => {
    expect(await values({ metric: 'odd' })).toEqual([3, 1]);
    expect(await values({ metric: 'even', from: times[1] })).toEqual([4, 2]);
    expect(await values({ metric: 'none' })).toEqual([]);
  });

  test('page forward and backward, and cursors belong to their arguments', async () => {
    const first = (await harness.must(ada, list, { id, first: 2, metric: 'even' })).project.metricEvents;
    expect(first).toMatchObject({
      pageInfo: { hasNextPage: true, hasPreviousPage: false, scanLimitReached: false },
      countUpTo: { value: 3, precision: 'EXACT' },
    });
    const rest = (await harness.must(ada, list, { id, first: 2, metric: 'even', after: first.pageInfo.endCursor })).project.metricEvents;
    expect(rest.nodes.map((node: Data) => node.value)).toEqual([0]);
    expect(rest.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    const back = (await harness.must(ada, list, { id, last: 2, metric: 'even', before: rest.pageInfo.startCursor })).project.metricEvents;
    expect(back.nodes).toEqual(first.nodes);
    for (const args of [{ metric: 'odd' }, {}, { metric: 'even', from: times[0] }]) {
      const { errors: top } = await harness.run(ada, list, { id, first: 2, after: first.pageInfo.endCursor, ...args });
      expect(top[0]?.extensions?.['code']).toBe('BAD_CURSOR');
    }
  });

  test('of the viewer span projects, and show what they may see', async () => {
    const document =
      'query ($from: DateTime, $to: DateTime) { viewer { metricEvents(first: 100, from: $from, to: $to) { nodes { id project { id } } } } }';
    const { viewer } = await harness.must(ada, document, { from: times[0], to: times[4] });
    expect(viewer.metricEvents.nodes.filter((node: Data) => node.project.id === id)).toHaveLength(5);
    // A row of the earlier backend: Bob sent it into a project that he sees no longer.
    await harness.putRow('analytics', {
      id: crypto.randomUUID(),
      timestamp: hoursAgo(1),
      userId: bob.id,
      projectId: id,
      metric: 'm',
      value: 1,
    });
    const bobs = (await harness.must(bob, document)).viewer.metricEvents.nodes;
    expect(bobs.filter((node: Data) => node.project?.id !== undefined && node.project.id === id)).toEqual([]);
    expect(bobs.every((node: Data) => node.project !== null)).toBe(true);
  });

  test('read rows of the earlier backend through every field', async () => {
    const old = await fakeProject(harness, ada);
    await harness.putRow('analytics', {
      id: 'a0b1',
      timestamp: hoursAgo(2),
      userId: ada.id,
      projectId: old.id,
      metric: 'Page Views!',
      value: 3,
    });
    const { project } = await harness.must(ada, `query ($id: ID!) { project(id: $id) { metricEvents { nodes { ${event} } } } }`, {
      id: old.id,
    });
    expect(project.metricEvents.nodes).toEqual([
      {
        id: 'a0b1',
        metric: 'Page Views!',
        value: 3,
        timestamp: expect.any(String),
        dimensions: null,
        expiresAt: null,
        project: { id: old.id },
      },
    ]);
  });
});
