import { describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import { comparePlaces } from '../../src/domains/documentation/documentationPage.ts';
import { orderBefore, orderBehind, orderBetween, ordersBefore } from '../../src/domains/documentation/ordering.ts';

const order = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('orders', () => {
  test('between two others lie strictly between, or there is no room', () => {
    fc.assert(
      fc.property(order, order, random, (a, b, r) => {
        const [before, after] = a < b ? [a, b] : [b, a];
        const between = orderBetween(before, after, () => r);
        if (between === null) expect(after - before).toBeLessThan(1e-7);
        else expect(before < between && between < after).toBe(true);
      }),
    );
    expect(orderBetween(1, 1)).toBeNull();
    expect(orderBetween(1, 1 + 1e-8)).toBeNull();
  });

  test('one place takes at least ten pages before it has no room', () => {
    let after = 1;
    let pages = 0;
    for (let next = orderBetween(0, after, () => 0); next !== null; next = orderBetween(0, after, () => 0)) {
      after = next;
      pages += 1;
    }
    expect(pages).toBeGreaterThan(10);
  });

  test('behind and before leave the others where they are', () => {
    fc.assert(
      fc.property(order, fc.nat(), random, (last, now, r) => {
        expect(orderBehind(last, now, () => r)).toBeGreaterThan(last);
        expect(orderBefore(last, () => r)).toBeLessThan(last);
      }),
    );
  });

  test('behind the same page ascend with time within a minute', () => {
    const orders = [0, 1, 2, 500, 59_999].map((now, i) => orderBehind(7.3, now, () => (i % 2 ? 0 : 0.999)));
    expect(orders).toEqual([...orders].sort((a, b) => a - b));
    expect(orders[0]).toBeGreaterThanOrEqual(8);
    expect(orders.at(-1)).toBeLessThan(9);
  });

  test('renumbered pages ascend, and end at least 1 before the first', () => {
    fc.assert(
      fc.property(order, fc.integer({ min: 1, max: 300 }), (first, count) => {
        const orders = ordersBefore(first, count);
        expect(orders).toHaveLength(count);
        expect(orders.every((one, i) => i === 0 || one > (orders[i - 1] as number))).toBe(true);
        expect(orders.at(-1)).toBeLessThanOrEqual(first - 1);
      }),
    );
  });
});

test('places are compared by order, then time for those without, then id', () => {
  const place = (id: string, at: number | undefined, createdAt = 'x') => ({ id, createdAt, ...(at !== undefined && { order: at }) });
  const sorted = [
    place('b', 1),
    place('c', 1),
    place('a', 2),
    place('z', undefined, '2020'),
    place('d', undefined, '2021'),
    place('e', undefined, '2021'),
  ];
  expect([...sorted].reverse().sort(comparePlaces)).toEqual(sorted);
  expect(comparePlaces(place('a', 1), place('a', 1))).toBe(0);
});
