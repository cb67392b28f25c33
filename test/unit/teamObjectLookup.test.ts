import { describe, expect, test } from '@jest/globals';
import type { Connection, Row } from '../../src/data/connection.ts';
import { createLoaders } from '../../src/data/loaders.ts';

/** A partition in memory, which answers queries of one item; `before` runs ahead of each of them. */
function partition(items: Row[], before: (query: number) => void = () => undefined): { connection: Connection; queries: () => number } {
  let queries = 0;
  const query: Connection['query'] = ({ range, limit }) => {
    before(queries);
    queries += 1;
    const from = range && 'from' in range ? String(range.from) : '';
    const sorted = items.toSorted((a, b) => (String(a['userId']) < String(b['userId']) ? -1 : 1));
    return Promise.resolve({ items: sorted.filter(({ userId }) => String(userId) >= from).slice(0, limit), next: null, readUnits: 0.5 });
  };
  return { connection: { query } as Connection, queries: () => queries };
}

const row = (userId: string): Row => ({ id: 'dep_1', userId });
const find = (connection: Connection): Promise<Row | null> =>
  createLoaders(connection, { nowSeconds: () => 0 })
    .byId('deployments')
    .load({ id: 'dep_1' });

describe('an object is found by its id', () => {
  test.each([
    ['alone', [row('b')], 1],
    ['before its own items', [row('b'), row('b#log#1'), row('~#team')], 1],
    ['behind items of a former owner', [row('a#body#1'), row('a#log#1'), row('b'), row('b#log#1')], 2],
    ['behind items of two former owners', [row('a#log#1'), row('b'), row('0#log#1')], 3],
  ])('%s', async (_, items, queries) => {
    const store = partition(items);
    expect(await find(store.connection)).toEqual(row('b'));
    expect(store.queries()).toBe(queries);
  });

  test('or not, when only items are left', async () => {
    expect(await find(partition([row('a#log#1')]).connection)).toBeNull();
    const empty = partition([]);
    expect(await find(empty.connection)).toBeNull();
    expect(empty.queries()).toBe(1);
  });

  test('when it moves to a place that the search has passed', async () => {
    const items = [row('a#log#1'), row('b'), row('b#log#1')];
    const { connection } = partition(items, (query) => {
      if (query === 1) items.splice(1, 1, row('a'));
    });
    expect(await find(connection)).toEqual(row('a'));
  });
});
