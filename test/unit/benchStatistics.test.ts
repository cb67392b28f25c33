/** The arithmetic of the benchmark. */
import { describe, expect, test } from '@jest/globals';
import { findProcess, readProcFiles, readPsLine } from '../bench/processUsage.ts';
import { depthOf, firstDifference, median, percentile, seededRandom, tally } from '../bench/statistics.ts';
import { countsOf } from '../bench/measureCounts.ts';
import type { RecordedCall } from '../support/databaseProxy.ts';

describe('percentile and median', () => {
  test.each([
    [[5], 0.5, 5],
    [[5], 0.95, 5],
    [[4, 1, 3, 2], 0.5, 2],
    [[4, 1, 3, 2], 1, 4],
    [[4, 1, 3, 2], 0, 1],
    [Array.from({ length: 100 }, (_, i) => 100 - i), 0.95, 95],
    [[10, 9, 100], 0.5, 10],
  ])('percentile of %j at %d is %d', (values, share, expected) => {
    expect(percentile(values, share)).toBe(expected);
  });

  test.each([
    [[3], 3],
    [[9, 1, 100], 9],
    [[4, 1, 3, 2], 2.5],
  ])('median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('nothing has no percentile and no median', () => {
    expect(() => percentile([], 0.5)).toThrow('no values');
    expect(() => median([])).toThrow('no values');
  });

  test('the values stay in their order', () => {
    const values = [3, 1, 2];
    median(values);
    percentile(values, 0.5);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('depthOf', () => {
  const at = (start: number, end: number) => ({ start, end });
  test.each([
    ['nothing', [], 0],
    ['one call', [at(0, 1)], 1],
    ['calls at the same time', [at(0, 5), at(1, 6), at(4, 9)], 1],
    ['one after the other', [at(0, 1), at(1, 2), at(2, 3)], 3],
    ['a call and what waited for it', [at(0, 10), at(10, 20), at(11, 22), at(12, 19)], 2],
    ['the longest of two chains', [at(0, 10), at(0, 1), at(2, 3), at(4, 5), at(10, 11)], 4],
    ['overlap by a little', [at(0, 10), at(9.9, 20)], 1],
    ['in any order', [at(2, 3), at(0, 1), at(1, 2)], 3],
  ])('%s', (_, intervals, expected) => {
    expect(depthOf(intervals)).toBe(expected);
  });
});

test('countsOf adds up calls, and read and write units apart', () => {
  const call = (operation: string, units: number, start: number): RecordedCall => ({
    ...{ operation, units, start, end: start + 5 },
    ...{ table: 'bench-projects', index: null, status: 200, items: 1, bytes: 100 },
  });
  const counts = countsOf([call('Query', 0.5, 0), call('GetItem', 1, 1), call('TransactWriteItems', 8, 20), call('Query', 2, 2)]);
  expect(counts).toEqual({
    ...{ calls: 4, depth: 2, readUnits: 3.5, writeUnits: 8, bytes: 400 },
    operations: { Query: 2, GetItem: 1, TransactWriteItems: 1 },
    targets: { 'Query projects': 2, 'GetItem projects': 1, 'TransactWriteItems projects': 1 },
  });
  expect(countsOf([])).toEqual({ calls: 0, depth: 0, readUnits: 0, writeUnits: 0, bytes: 0, operations: {}, targets: {} });
});

test('tally counts names, the most frequent first', () => {
  expect(Object.entries(tally(['a', 'b', 'b']))).toEqual([
    ['b', 2],
    ['a', 1],
  ]);
});

describe('firstDifference', () => {
  test.each([
    ['equal values', { a: [1, { b: null }] }, { a: [1, { b: null }] }, null],
    ['members in another order', { a: 1, b: 2 }, { b: 2, a: 1 }, null],
    ['a value', { a: [1, { b: 'x' }] }, { a: [1, { b: 'y' }] }, 'a.1.b: "x" and "y"'],
    ['a member too few', { a: 1 }, {}, 'a: 1 and undefined'],
    ['a member too many', { a: [1] }, { a: [1, 2] }, 'a.1: undefined and 2'],
    ['null and an object', { a: null }, { a: {} }, 'a: null and {}'],
    ['different roots', 1, 2, 'the answer: 1 and 2'],
  ])('%s', (_, a, b, expected) => {
    expect(firstDifference(a, b)).toBe(expected);
  });
});

test('seededRandom repeats itself for the same seed only, and stays between 0 and 1', () => {
  const take = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 1_000 }, random);
  };
  expect(take(7)).toEqual(take(7));
  expect(take(7)).not.toEqual(take(8));
  const values = take(7);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThan(1);
  expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0.5, 1);
});

describe('usage of a process', () => {
  const stat = '4242 (node (x) y) S 1 4242 4242 0 -1 4194560 9000 0 0 0 1234 56 7 8 20 0 11 0 100 1000000 5000 18446744073709551615';

  test('from /proc, whatever the name of the program', () => {
    expect(readProcFiles(stat, 'Name:\tnode\nVmRSS:\t   2048 kB\nThreads:\t11\n')).toEqual({ cpuMs: 12_900, rssBytes: 2_097_152 });
  });

  test('not from something else', () => {
    expect(() => readProcFiles(stat, 'State: Z (zombie)\n')).toThrow('/proc');
  });

  test.each([
    [' 2048   0:00.52\n', 520],
    ['2048 2:03.45', 123_450],
    ['2048 01:02:03', 3_723_000],
    ['2048 1-00:00:01', 86_401_000],
  ])('from ps: %j', (line, cpuMs) => {
    expect(readPsLine(line)).toEqual({ cpuMs, rssBytes: 2_097_152 });
  });

  test('not from an empty line', () => {
    expect(() => readPsLine('')).toThrow('ps answered');
  });

  test('the database is found by its program and its port, not its supervisor', () => {
    const lines = [
      '  10 /bin/sh -c IFS= read /x/dynoxide serve --host 127.0.0.1 --port 4001',
      '  11 /x/dynoxide serve --host 127.0.0.1 --port 4000',
      '  12 /x/dynoxide serve --host 127.0.0.1 --port 4001',
    ].join('\n');
    expect(findProcess(lines, { program: 'dynoxide', port: '4001' })).toBe(12);
    expect(findProcess(lines, { program: 'dynoxide', port: '4002' })).toBeNull();
  });
});
