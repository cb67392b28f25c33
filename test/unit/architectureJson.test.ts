import { describe, expect, test } from '@jest/globals';
import { jsonProblem, sameJson } from '../../src/domains/json.ts';
import { withIds } from '../../src/domains/missingIds.ts';

describe('sameJson', () => {
  test.each<[unknown, unknown, boolean]>([
    [{ a: 1, b: { c: [1], d: null } }, { b: { d: null, c: [1] }, a: 1 }, true],
    [Object.assign(Object.create(null), { a: 1 }), { a: 1 }, true],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [undefined, null, true],
    [[1, 2], [2, 1], false],
    [{ a: 1 }, { a: 1, b: null }, false],
    ['1', 1, false],
  ])('of %j and %j', (a, b, expected) => {
    expect(sameJson(a, b)).toBe(expected);
  });
});

describe('jsonProblem', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
  test.each<[unknown, RegExp | null]>([
    [{ a: [1, 'x', null, { b: true }] }, null],
    [nested(32), null],
    [nested(33), /more than 32 deep/],
    [JSON.parse('{"a":[{"__proto__":1}]}'), /__proto__/],
    [{ constructor: 1 }, /constructor/],
    [{ '': 1 }, /empty/],
    [{ 'a\0': 1 }, /NUL/],
    [['\udc00'], /surrogate/],
    [{ a: Infinity }, /finite/],
  ])('of %j', (value, expected) => {
    const problem = jsonProblem(value);
    if (expected) expect(problem).toMatch(expected);
    else expect(problem).toBeNull();
  });
});

test('withIds keeps ids, numbers equal names, and never gives one twice', () => {
  const items = [
    { id: '', name: 'A b' },
    { id: 'x_a_b_2', name: 'taken' },
    { id: '', name: 'a B' },
    { id: '', name: 'a-b' },
  ];
  expect(withIds(items, 'x', ({ name }) => name).map(({ id }) => id)).toEqual(['x_a_b', 'x_a_b_2', 'x_a_b_3', 'x_a_b_4']);
});
