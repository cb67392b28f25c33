/** Pages of lists against a model in memory: random rows, sizes, directions, filters, and rows that go while a client pages. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import { createContext } from '../../src/context.ts';
import { connect, type DatabaseCall, type Row } from '../../src/data/connection.ts';
import { scanBudget, type ListSource } from '../../src/data/page.ts';
import { connectionOver, listConnection, type Connection, type PageArgs } from '../../src/domains/list.ts';
import { createHarness, type Harness } from '../support/harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

async function freshContext(onCall?: (call: DatabaseCall) => void) {
  const { services } = harness;
  const request = { id: 'pages', log: services.log, ip: '203.0.113.7', signal: AbortSignal.timeout(30_000), onCall };
  return createContext({ services, request });
}

interface Shown {
  ids: string[];
  start: string | null;
  end: string | null;
  hasNext: boolean;
  hasPrevious: boolean;
  scanLimitReached: boolean;
  cursors: string[];
}

async function show(connection: Connection<Row>): Promise<Shown> {
  const { nodes } = connection;
  const [edges, pageInfo] = [connection.edges(), connection.pageInfo()];
  return {
    ids: nodes.map((node) => String(node['id'])),
    start: pageInfo.startCursor(),
    end: pageInfo.endCursor(),
    hasNext: await pageInfo.hasNextPage(),
    hasPrevious: await pageInfo.hasPreviousPage(),
    scanLimitReached: pageInfo.scanLimitReached,
    cursors: edges.map((edge) => edge.cursor()),
  };
}

/** Reads a page in a request of its own. */
async function readList(source: ListSource, args: PageArgs): Promise<Shown> {
  return show(await listConnection<Row>(await freshContext(), 'test.rows', source, args));
}

interface Seed {
  /** Few values, so that many rows have the same sort key. */
  second: number;
  kept: boolean;
  expired: boolean;
}

const seed = fc.record<Seed>({ second: fc.integer({ min: 0, max: 4 }), kept: fc.boolean(), expired: fc.boolean() });
const kinds = ['plain', 'internal filter', 'filter of the client', 'visibility', 'range'] as const;
type Kind = (typeof kinds)[number];

const timeOf = (second: number): string => `2026-01-01T00:00:0${second}.000Z`;

function sourceOf(kind: Kind, partition: string, descending: boolean): ListSource {
  const source = { table: 'activity', index: 'UserIdIndex', partition, descending } as const;
  const filter = (row: Row): boolean => row['kept'] === true;
  switch (kind) {
    case 'plain':
      return source;
    case 'internal filter':
      return { ...source, filter };
    case 'filter of the client':
      return { ...source, filter, filterKey: 'kept' };
    case 'visibility':
      return { ...source, visible: (rows) => Promise.resolve(rows.map(filter)) };
    case 'range':
      return { ...source, range: { from: timeOf(1), to: timeOf(3) } };
  }
}

const belongs = (kind: Kind, { second, kept, expired }: Seed): boolean => {
  if (expired) return false;
  if (kind === 'range') return second >= 1 && second <= 3;
  return kind === 'plain' || kept;
};

/** Puts rows into a partition of its own; returns the ids that the list has, in DynamoDB's order of rows with equal sort keys. */
async function seedRows(kind: Kind, seeds: readonly Seed[], descending: boolean): Promise<{ source: ListSource; ids: string[] }> {
  const partition = `pages-${crypto.randomUUID()}`;
  const rows = seeds.map((one, i) => ({
    id: `${partition}-${i}`,
    createdAt: timeOf(one.second),
    userId: partition,
    ...one,
    ttl: one.expired ? 1_000 : 4_000_000_000,
  }));
  await connect(harness.database, { signal: AbortSignal.timeout(20_000) }).writeAll(rows.map((put) => ({ table: 'activity', put })));
  const { items } = await connect(harness.database, { signal: AbortSignal.timeout(20_000) }).query({
    table: 'activity',
    index: 'UserIdIndex',
    partition,
    descending,
  });
  expect(items.map(({ id }) => id).toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
  const times = items.map(({ createdAt }) => String(createdAt));
  expect(times).toEqual(descending ? times.toSorted().toReversed() : times.toSorted());
  const ids = items.filter((row) => belongs(kind, row as unknown as Seed)).map(({ id }) => String(id));
  return { source: sourceOf(kind, partition, descending), ids };
}

async function removeRow(id: string, second: number): Promise<void> {
  await harness.deleteRow('activity', { id, createdAt: timeOf(second) });
}

describe.each(kinds)('a list with %s', (kind) => {
  const walk = fc.record({
    seeds: fc.array(seed, { maxLength: 12 }),
    size: fc.integer({ min: 1, max: 5 }),
    descending: fc.boolean(),
    forward: fc.boolean(),
  });

  test('gives every row once, in order, with exact ends, in both directions', async () => {
    await fc.assert(
      fc.asyncProperty(walk, async ({ seeds, size, descending, forward }) => {
        const { source, ids } = await seedRows(kind, seeds, descending);
        let cursor: string | null = null;
        for (let read = 0; ;) {
          const page: Shown = await readList(source, forward ? { first: size, after: cursor } : { last: size, before: cursor });
          const [from, to] = forward
            ? [read, Math.min(ids.length, read + size)]
            : [Math.max(0, ids.length - read - size), ids.length - read];
          expect(page.ids).toEqual(ids.slice(from, to));
          expect([page.hasPrevious, page.hasNext]).toEqual([from > 0, to < ids.length]);
          expect([page.start, page.end]).toEqual([page.cursors[0] ?? null, page.cursors.at(-1) ?? null]);
          read += page.ids.length;
          if (!(forward ? page.hasNext : page.hasPrevious)) break;
          cursor = forward ? page.end : page.start;
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('rows that go while a client pages', () => {
  const walk = fc.record({
    seeds: fc.array(seed, { minLength: 1, maxLength: 12 }),
    size: fc.integer({ min: 1, max: 4 }),
    forward: fc.boolean(),
    kind: fc.constantFrom(...kinds),
    /** Which of the rows go after each page; the row of the cursor itself goes with it where `own` is true. */
    removals: fc.array(fc.record({ places: fc.array(fc.nat({ max: 11 }), { maxLength: 4 }), own: fc.boolean() }), { maxLength: 6 }),
  });

  test('the others come once each, and the ends stay exact', async () => {
    await fc.assert(
      fc.asyncProperty(walk, async ({ seeds, size, forward, kind, removals }) => {
        const { source, ids } = await seedRows(kind, seeds, true);
        const gone = new Set<string>();
        const seen: string[] = [];
        let cursor: string | null = null;
        let edge = forward ? -1 : ids.length;
        for (let step = 0; ; step += 1) {
          const page: Shown = await readList(source, forward ? { first: size, after: cursor } : { last: size, before: cursor });
          const open = ids.filter((id, place) => !gone.has(id) && (forward ? place > edge : place < edge));
          expect(page.ids).toEqual(forward ? open.slice(0, size) : open.slice(-size));
          const behind = ids.some((id, place) => !gone.has(id) && (forward ? place <= edge : place >= edge)) && cursor !== null;
          expect([page.hasNext, page.hasPrevious]).toEqual(forward ? [open.length > size, behind] : [behind, open.length > size]);
          seen.push(...page.ids);
          if (page.ids.length === 0 || open.length <= size) break;
          cursor = forward ? page.end : page.start;
          const last = String(forward ? page.ids.at(-1) : page.ids[0]);
          edge = ids.indexOf(last);
          const { places = [], own = false } = removals[step] ?? {};
          for (const id of new Set([...places.flatMap((place) => ids[place] ?? []), ...(own ? [last] : [])])) {
            gone.add(id);
            await removeRow(id, seeds[Number(id.split('-').at(-1))]!.second);
          }
        }
        expect(new Set(seen).size).toBe(seen.length);
        expect(ids.filter((id) => !gone.has(id) && !seen.includes(id))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('lists of records that are at hand', () => {
  test('page as the model says, also when records go between two pages', async () => {
    const context = await freshContext();
    const walk = fc.record({
      count: fc.nat({ max: 12 }),
      size: fc.integer({ min: 1, max: 4 }),
      forward: fc.boolean(),
      dropsOwn: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(walk, async ({ count, size, forward, dropsOwn }) => {
        let records = Array.from({ length: count }, (_, i) => ({ id: `r${i}` }));
        const all = records.map(({ id }) => id);
        const seen: string[] = [];
        let cursor: string | null = null;
        for (;;) {
          const args: PageArgs = forward ? { first: size, after: cursor } : { last: size, before: cursor };
          const page = await show(
            connectionOver<Row & { id: string }>(context, { name: 'test.records', records, args, keyOf: ({ id }) => id }),
          );
          const open = records.filter(({ id }) => !seen.includes(id)).map(({ id }) => id);
          expect(page.ids).toEqual(forward ? open.slice(0, size) : open.slice(-size));
          expect(forward ? page.hasNext : page.hasPrevious).toBe(open.length > size);
          seen.push(...page.ids);
          if (open.length <= size) break;
          cursor = forward ? page.end : page.start;
          const own = forward ? page.ids.at(-1) : page.ids[0];
          if (dropsOwn) records = records.filter(({ id }) => id !== own);
        }
        expect(seen.toSorted()).toEqual(all.toSorted());
      }),
      { numRuns: 100 },
    );
  });

  test('refuse impossible counts like all others', async () => {
    const list = connectionOver(await freshContext(), { name: 'test.records', records: [1, 2, 3], args: {}, keyOf: String });
    await expect(list.countUpTo({ limit: 0 })).rejects.toThrow('1 to 10000');
    expect(await list.countUpTo({ limit: 2 })).toEqual({ value: 2, precision: 'at-least' });
    expect(await list.countUpTo({ limit: 3 })).toEqual({ value: 3, precision: 'exact' });
  });
});

test('rows beyond the 1 MB of a DynamoDB page are neither lost nor doubled', async () => {
  const partition = `large-${crypto.randomUUID()}`;
  const rows = Array.from({ length: 12 }, (_, i) => ({
    id: `${partition}-${i}`,
    createdAt: `2026-01-01T00:00:${String(i).padStart(2, '0')}.000Z`,
    userId: partition,
    text: 'x'.repeat(300_000),
  }));
  for (const row of rows) await harness.putRow('activity', row);
  const source: ListSource = { table: 'activity', index: 'UserIdIndex', partition, descending: false };
  const calls: DatabaseCall[] = [];
  const context = await freshContext((call) => calls.push(call));
  const list = await listConnection<Row>(context, 'test.rows', source, { first: 10 });
  const first = await show(list);
  expect(first.ids).toEqual(rows.slice(0, 10).map(({ id }) => id));
  expect(first.hasNext).toBe(true);
  // 1 MB holds three such rows, so the page took several queries.
  expect(calls.filter(({ operation }) => operation === 'Query').length).toBeGreaterThanOrEqual(3);
  const second = await readList(source, { first: 10, after: first.end });
  expect(second).toMatchObject({ ids: rows.slice(10).map(({ id }) => id), hasNext: false, hasPrevious: true });
  expect(await list.countUpTo({ limit: 100 })).toEqual({ value: 12, precision: 'exact' });
  expect(await list.countUpTo({ limit: 11 })).toEqual({ value: 11, precision: 'at-least' });
  expect(await list.countUpTo({ limit: 12 })).toEqual({ value: 12, precision: 'exact' });
});

test('a filter that matches little pages through under the scan budget and loses nothing', async () => {
  const partition = `sparse-${crypto.randomUUID()}`;
  const total = 2 * scanBudget + 300;
  const rows = Array.from({ length: total }, (_, i) => ({
    id: `${partition}-${i}`,
    createdAt: new Date(1_760_000_000_000 + i).toISOString(),
    userId: partition,
    kept: i % 600 === 599,
  }));
  await connect(harness.database, { signal: AbortSignal.timeout(30_000) }).writeAll(rows.map((put) => ({ table: 'activity', put })));
  const source: ListSource = {
    ...sourceOf('filter of the client', partition, false),
  };
  const seen: string[] = [];
  let limited = 0;
  let cursor: string | null = null;
  for (;;) {
    const page: Shown = await readList(source, { first: 2, after: cursor });
    seen.push(...page.ids);
    if (page.scanLimitReached) limited += 1;
    if (!page.hasNext) break;
    cursor = page.end;
  }
  expect(seen).toEqual(rows.filter(({ kept }) => kept).map(({ id }) => id));
  expect(limited).toBeGreaterThan(0);
});
