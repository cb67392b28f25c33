/** The pure rules of pages; how they page over real tables is in test/api/pages.test.ts. */
import { describe, expect, test } from '@jest/globals';
import type { Connection, QueryRequest, Row } from '../../src/data/connection.ts';
import { conditionExpression, keyExpression, Placeholders, updateExpression } from '../../src/data/expressions.ts';
import { countRows, isLive, positionAttributes, positionOf, readPage, scanBudget, type ListSource } from '../../src/data/page.ts';
import { tableIds, tables } from '../../src/data/tables.ts';

describe('isLive', () => {
  test.each([
    ['no expiry', {}, true],
    ['an expiry in the future', { ttl: 1_001 }, true],
    ['an expiry at this second', { ttl: 1_000 }, false],
    ['an expiry in the past', { ttl: 999 }, false],
    ['an expiry that is no number', { ttl: 'never' }, true],
  ])('%s', (_, row, live) => {
    expect(isLive(row, 1_000)).toBe(live);
  });
});

describe('positions', () => {
  test.each([
    ['a table', 'projects', undefined, ['id', 'userId']],
    ['an index that shares a key with its table', 'projects', 'UserIdIndex', ['userId', 'createdAt', 'id']],
    ['an index without a sort key', 'users', 'EmailIndex', ['email', 'id']],
    ['a table with one key', 'settings', undefined, ['userId']],
  ] as const)('of %s', (_, table, index, attributes) => {
    expect(positionAttributes(table, index)).toEqual(attributes);
  });

  test('have nothing but keys, for every index of the catalogue', () => {
    for (const table of tableIds) {
      for (const index of Object.keys(tables[table].indexes)) {
        const names = positionAttributes(table, index);
        const row = Object.fromEntries([...names, 'secret', 'name2'].map((name) => [name, `${name}!`]));
        expect(Object.keys(positionOf(row, table, index)).toSorted()).toEqual(names.toSorted());
      }
    }
  });
});

/** A connection whose partition is a list of rows; counts the queries. */
function fakeConnection(rows: readonly Row[], pageOf = Infinity): { connection: Connection; requests: QueryRequest[] } {
  const requests: QueryRequest[] = [];
  const query = (request: QueryRequest): Promise<{ items: Row[]; next: Row | null }> => {
    requests.push(request);
    const ordered = request.descending ? rows.toReversed() : rows;
    const start = request.start ? ordered.findIndex(({ id }) => id === request.start?.['id']) + 1 : 0;
    const items = ordered.slice(start, start + Math.min(pageOf, request.limit ?? Infinity));
    // Like DynamoDB: a page that its limit ended names its last row, also when nothing follows.
    const isCut = items.length === Math.min(pageOf, request.limit ?? Infinity);
    return Promise.resolve({ items, next: isCut ? (items.at(-1) ?? null) : null });
  };
  return { connection: { query } as unknown as Connection, requests };
}

const list: ListSource = { table: 'projects', index: 'UserIdIndex', partition: 'u', descending: false };
const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, i) => ({ id: `r${i}`, userId: 'u', createdAt: `t${i}`, even: i % 2 === 0 }));

describe('readPage', () => {
  test.each([
    [0, 3, [], false],
    [3, 3, ['r0', 'r1', 'r2'], false],
    [4, 3, ['r0', 'r1', 'r2'], true],
  ])('of %i rows, %i wanted', async (count, size, ids, hasMore) => {
    const { connection, requests } = fakeConnection(rowsOf(count));
    const page = await readPage(connection, list, { size, forward: true }, 0);
    expect(page.rows.map(({ id }) => id)).toEqual(ids);
    expect(page).toMatchObject({ hasMore, scanLimitReached: false });
    expect(requests).toHaveLength(1);
  });

  test('goes on over short and empty pages of DynamoDB', async () => {
    const { connection, requests } = fakeConnection(rowsOf(7), 2);
    const page = await readPage(connection, { ...list, filter: (row) => row['even'] === true }, { size: 3, forward: true }, 0);
    expect(page.rows.map(({ id }) => id)).toEqual(['r0', 'r2', 'r4']);
    expect(page.hasMore).toBe(true);
    expect(requests.length).toBeGreaterThan(2);
  });

  test('stops at the scan budget and says so', async () => {
    const { connection } = fakeConnection(rowsOf(scanBudget * 2));
    const none: ListSource = { ...list, filter: () => false, filterKey: 'none' };
    const page = await readPage(connection, none, { size: 3, forward: true }, 0);
    expect(page).toMatchObject({ rows: [], scannedCount: scanBudget, scanLimitReached: true, hasMore: true });
    expect(page.readTo).toEqual({ userId: 'u', createdAt: `t${scanBudget - 1}`, id: `r${scanBudget - 1}` });
  });

  test('does not claim a limit when the list ends within it', async () => {
    const { connection } = fakeConnection(rowsOf(scanBudget - 1));
    const none: ListSource = { ...list, filter: () => false, filterKey: 'none' };
    expect(await readPage(connection, none, { size: 3, forward: true }, 0)).toMatchObject({ scanLimitReached: false, hasMore: false });
  });
});

describe('countRows', () => {
  test.each([
    [5, 5, { value: 5, exact: true }],
    [6, 5, { value: 5, exact: false }],
    [0, 5, { value: 0, exact: true }],
  ])('of %i rows up to %i', async (count, limit, expected) => {
    expect(await countRows(fakeConnection(rowsOf(count)).connection, list, limit, 0)).toEqual(expected);
    expect(await countRows(fakeConnection(rowsOf(count), 2).connection, list, limit, 0)).toEqual(expected);
  });

  test('ends under the scan budget when a filter drops nearly all', async () => {
    const { connection, requests } = fakeConnection(rowsOf(scanBudget * 5));
    const { value, exact } = await countRows(connection, { ...list, filter: () => false }, 10, 0);
    expect({ value, exact }).toEqual({ value: 0, exact: false });
    expect(requests.length).toBeLessThanOrEqual((scanBudget + 10) / 11 + 1);
  });
});

describe('expressions', () => {
  const hostile = 'a = :v0 OR attribute_exists(#a0)';

  test('never hold a name or a value as text', () => {
    const p = new Placeholders();
    const texts = [
      conditionExpression(p, 'id', {
        exists: true,
        equals: { [hostile]: hostile, gone: undefined },
        notEquals: { x: 1 },
        absentOrBelow: { ttl: 5 },
      }),
      updateExpression(p, { set: { [hostile]: hostile }, remove: [`${hostile}2`], add: { [`${hostile}3`]: 1 } }),
      keyExpression(p, { attribute: 'userId', value: hostile }, { attribute: 'createdAt', range: { beginsWith: hostile } }),
    ].join(' ');
    expect(
      texts
        .replaceAll(/[#:][av]\d+/g, '')
        .split(/[\s(),]+/)
        .filter(Boolean),
    ).toEqual(expect.arrayContaining(['attribute_exists', 'AND', 'SET', 'REMOVE', 'ADD', 'begins_with']));
    expect(texts).not.toContain('OR attribute_exists(#a0)');
    expect(texts).not.toMatch(/ttl|userId|createdAt|gone/);
    expect(Object.values(p.names)).toContain(hostile);
  });

  test('reuse the placeholder of a name and leave empty maps out', () => {
    const p = new Placeholders();
    expect(p.maps()).toEqual({});
    expect([p.name('a'), p.name('b'), p.name('a')]).toEqual(['#a0', '#a1', '#a0']);
    expect([p.value(1), p.value(1)]).toEqual([':v0', ':v1']);
  });

  test.each([
    [{ equals: 5 }, '#a0 = :v0 AND #a1 = :v1'],
    [{ beginsWith: 'x' }, '#a0 = :v0 AND begins_with(#a1, :v1)'],
    [{ from: 1, to: 2 }, '#a0 = :v0 AND #a1 BETWEEN :v1 AND :v2'],
    [{ from: 1 }, '#a0 = :v0 AND #a1 >= :v1'],
    [{ to: 0 }, '#a0 = :v0 AND #a1 <= :v1'],
    [{}, '#a0 = :v0'],
  ])('a range %j', (range, text) => {
    expect(keyExpression(new Placeholders(), { attribute: 'p', value: 'v' }, { attribute: 's', range })).toBe(text);
  });
});
