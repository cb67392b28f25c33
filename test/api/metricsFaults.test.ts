/** Batches and roll-ups when something goes wrong on the way: each event is counted once, or not at all. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Operation, Operations, Send } from '../../src/data/client.ts';
import { resumeBatches } from '../../src/domains/analytics/eventBatches.service.ts';
import { fakeEvent, fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let send: Send;

beforeAll(async () => {
  harness = await createHarness();
  ada = await harness.signUp();
  send = harness.database.send;
});
afterEach(() => {
  harness.database.send = send;
});
afterAll(() => harness.close());

const hourMs = 3_600_000;
const errors = 'userErrors { code message field }';
const track = `mutation ($inputs: [MetricTrackInput!]!, $key: String) { metricTrackBatch(inputs: $inputs, idempotencyKey: $key) { events { id } ${errors} } }`;
const now = Math.floor(Date.now() / hourMs) * hourMs;
const iso = (time: number): string => new Date(time).toISOString();

/** 100 events, each in an hour and a day of its own where `spread`: four transactions. */
const inputsOf = (projectId: string): Data[] =>
  Array.from({ length: 100 }, (_, i) => ({ projectId, metric: `m${i % 5}`, value: i - 30, timestamp: iso(now - i * 17 * hourMs) }));

type Transaction = Operations['TransactWriteItems']['input'];

/** Puts itself between the API and every transaction; `n` counts them from 1. */
function onTransaction(handle: (input: Transaction, n: number, forward: () => Promise<unknown>) => Promise<unknown>): void {
  let n = 0;
  harness.database.send = ((operation: Operation, input: never, options: { abortSignal: AbortSignal }) => {
    const forward = (): Promise<unknown> => send(operation, input, options);
    return operation === 'TransactWriteItems' ? handle(input, (n += 1), forward) : forward();
  }) as Send;
}

const gone = (): Promise<never> => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
const resume = (): Promise<void> => resumeBatches(harness.services, AbortSignal.timeout(20_000), { all: true });

interface State {
  events: number;
  count: number;
  sum: number;
  min: number | null;
  max: number | null;
}

/** What the lists and the roll-ups of a project have, over all metrics. */
async function stateOf(id: string, user = ada): Promise<State> {
  const one = (m: number, aggregate: string): string =>
    `${aggregate}${m}: metrics(metric: "m${m}", from: "${iso(now - 80 * 24 * hourMs)}", interval: HOUR, aggregate: ${aggregate}) { total }`;
  const aggregates = ['COUNT', 'SUM', 'MIN', 'MAX'];
  const fields = aggregates.flatMap((aggregate) => [0, 1, 2, 3, 4].map((m) => one(m, aggregate)));
  const document = `query ($id: ID!) { project(id: $id) { metricEvents(first: 1) { countUpTo { value } } ${fields.join(' ')} } }`;
  const { project } = await harness.must(user, document, { id });
  const totals = (aggregate: string): number[] => [0, 1, 2, 3, 4].map((m) => project[`${aggregate}${m}`].total).filter((v) => v !== null);
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
  const extreme = (values: number[], of: (...v: number[]) => number): number | null => (values.length === 0 ? null : of(...values));
  return {
    events: project.metricEvents.countUpTo.value,
    count: sum(totals('COUNT')),
    sum: sum(totals('SUM')),
    min: extreme(totals('MIN'), Math.min),
    max: extreme(totals('MAX'), Math.max),
  };
}

const nothing: State = { events: 0, count: 0, sum: 0, min: null, max: null };
const all: State = { events: 100, count: 100, sum: 1_950, min: -30, max: 69 };

describe('a batch that one transaction can not take', () => {
  test('is written in several, none with more than 100 writes, and leaves no journal', async () => {
    const { id } = await fakeProject(harness, ada);
    const sizes: number[] = [];
    const journals: string[] = [];
    onTransaction((input, _, forward) => {
      const items = input.TransactItems ?? [];
      sizes.push(items.length);
      journals.push(
        ...items.flatMap(({ Put: put }) => (String(put?.Item?.['id']).startsWith('unwritten#') ? [String(put?.Item?.['id'])] : [])),
      );
      return forward();
    });
    await harness.must(ada, track, { inputs: inputsOf(id), key: crypto.randomUUID() });
    expect(sizes).toHaveLength(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    expect(await stateOf(id)).toEqual(all);
    expect(journals).toHaveLength(3);
    for (const journal of journals) expect(await harness.rows('analytics', journal)).toEqual([]);
  });

  test.each([2, 3, 4])('is completed by the maintenance when the process died before transaction %i', async (died) => {
    const { id } = await fakeProject(harness, ada);
    onTransaction((_, n, forward) => (n < died ? forward() : gone()));
    const key = crypto.randomUUID();
    const first = await harness.must(ada, track, { inputs: inputsOf(id), key });
    await harness.settled();
    const before = await stateOf(id);
    expect(before.events).toBeLessThan(100);
    expect(before.count).toBe(before.events);
    harness.database.send = send;
    expect(await harness.must(ada, track, { inputs: inputsOf(id), key })).toEqual(first);
    await Promise.all([resume(), resume(), resume()]);
    expect(await stateOf(id)).toEqual(all);
    await resume();
    expect(await stateOf(id)).toEqual(all);
  });

  test.each([1, 2, 3, 4])('is written once when the acknowledgement of transaction %i is lost', async (lost) => {
    const { id } = await fakeProject(harness, ada);
    let isLost = false;
    onTransaction(async (input, n, forward) => {
      // As if DynamoDB remembered the token no longer: then only the conditions of the writes can tell.
      if (isLost) input.ClientRequestToken = crypto.randomUUID();
      const answer = await forward();
      if (n !== lost) return answer;
      isLost = true;
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    });
    await harness.must(ada, track, { inputs: inputsOf(id), key: crypto.randomUUID() });
    expect(isLost).toBe(true);
    expect(await stateOf(id)).toEqual(all);
  });

  test('is not there at all when the first transaction fails, and once after trying again', async () => {
    const { id } = await fakeProject(harness, ada);
    const variables = { inputs: inputsOf(id), key: crypto.randomUUID() };
    onTransaction(gone);
    const { data, errors: top } = await harness.run(ada, track, variables);
    expect([data, top[0]?.extensions?.['retryable']]).toEqual([null, true]);
    harness.database.send = send;
    await resume();
    expect(await stateOf(id)).toEqual(nothing);
    await harness.must(ada, track, variables);
    await harness.must(ada, track, variables);
    expect(await stateOf(id)).toEqual(all);
  });

  test('with one key at the same time is counted once', async () => {
    const { id } = await fakeProject(harness, ada);
    const variables = { inputs: inputsOf(id), key: crypto.randomUUID() };
    await Promise.all(Array.from({ length: 5 }, () => harness.must(ada, track, variables)));
    expect(await stateOf(id)).toEqual(all);
  });

  test('goes to the owner of the moment, and nowhere when its project is gone', async () => {
    const [kept, deleted] = await Promise.all([fakeProject(harness, ada), fakeProject(harness, ada)]);
    const bob = await harness.signUp({ username: 'Bob' });
    await harness.putRow('teams', { projectId: kept.id, userId: bob.id, role: 'admin', createdAt: iso(now) });
    onTransaction((_, n, forward) => (n === 1 ? forward() : gone()));
    await harness.must(ada, track, { inputs: inputsOf(kept.id) });
    await harness.settled();
    onTransaction((_, n, forward) => (n === 1 ? forward() : gone()));
    await harness.must(ada, track, { inputs: inputsOf(deleted.id) });
    await harness.settled();
    harness.database.send = send;
    const transfer = `mutation ($id: ID!, $to: ID!) { ownershipTransfer(projectId: $id, userId: $to) { ${errors} } }`;
    await harness.must(ada, transfer, { id: kept.id, to: bob.id });
    await harness.must(ada, `mutation ($id: ID!) { projectDelete(id: $id) { ${errors} } }`, { id: deleted.id });
    await harness.settled();
    await resume();
    expect(await stateOf(kept.id, bob)).toEqual(all);
    const document = '{ viewer { metricEvents(first: 100) { nodes { project { id } } } } }';
    expect((await harness.must(bob, document)).viewer.metricEvents.nodes).toHaveLength(100);
    expect(await harness.rows('analytics', `rollup#${String(deleted.id)}#m0#hour`)).toEqual([]);
  });

  test('of more than 350 KB is refused', async () => {
    const { id } = await fakeProject(harness, ada);
    const dimensions = Object.fromEntries(Array.from({ length: 19 }, (_, i) => [`dimension-${i}`, 'x'.repeat(200)]));
    const inputs = inputsOf(id).map((input) => ({ ...input, dimensions }));
    const { data } = await harness.run(ada, track, { inputs });
    expect(data.metricTrackBatch).toMatchObject({ events: null, userErrors: [{ code: 'TOO_LARGE', field: ['inputs'] }] });
    expect(await stateOf(id)).toEqual(nothing);
    await harness.must(ada, track, { inputs: inputs.slice(0, 75), key: crypto.randomUUID() });
    expect(await stateOf(id)).toMatchObject({ events: 75, count: 75 });
  });
});

describe('a row that others are writing at the same moment', () => {
  /** What DynamoDB says when another transaction is at some of the items. */
  function conflict(input: Transaction, isTaken: (key: Data) => boolean): Error {
    const reasons = (input.TransactItems ?? []).map((item) => ({
      Code: item.Update && isTaken(item.Update.Key) ? 'TransactionConflict' : 'None',
    }));
    return Object.assign(new Error('Transaction cancelled'), { name: 'TransactionCanceledException', CancellationReasons: reasons });
  }

  test('is left to them: the event goes to a row beside, and all of them are added up', async () => {
    const { id } = await fakeProject(harness, ada);
    // In the last hour that is read, so that the rows beside lie at the end of the range.
    const timestamp = iso(now);
    for (let value = 0; value < 12; value += 1) {
      onTransaction((input, n, forward) => {
        const taken = n === 1 && value > 0;
        return taken ? Promise.reject(conflict(input, (key) => String(key.id).startsWith('rollup#'))) : forward();
      });
      await fakeEvent(harness, ada, { projectId: id, metric: 'm0', value: value % 2 === 0 ? value : -value, timestamp });
    }
    const rows = await harness.rows('analytics', `rollup#${String(id)}#m0#hour`);
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.length).toBeLessThanOrEqual(8);
    expect(await stateOf(id)).toEqual({ events: 12, count: 12, sum: -6, min: -11, max: 10 });
  });

  test('is not written twice when the acknowledgement after a conflict is lost', async () => {
    const { id } = await fakeProject(harness, ada);
    onTransaction(async (input, n, forward) => {
      if (n === 1) throw conflict(input, (key) => String(key.id).startsWith('rollup#'));
      await forward();
      if (n === 2) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      return {};
    });
    await fakeEvent(harness, ada, { projectId: id, metric: 'm0', value: 4 });
    onTransaction(async (input, n, forward) => {
      // Applied, its acknowledgement lost, and the next attempt meets others at the row.
      if (n === 1) {
        await forward();
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      }
      if (n === 2) throw conflict(input, (key) => String(key.id).startsWith('rollup#'));
      return forward();
    });
    await fakeEvent(harness, ada, { projectId: id, metric: 'm0', value: 5 });
    expect(await stateOf(id)).toEqual({ events: 2, count: 2, sum: 9, min: 4, max: 5 });
  });
});
