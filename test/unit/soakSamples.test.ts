/** What a soak makes of its samples. */
import { describe, expect, test } from '@jest/globals';
import { chartOf, handlesOf, judge, slopeOf, tableOf, type Sample } from '../soak/samples.ts';

const mb = 1024 * 1024;

/** Samples 20 seconds apart; `heapOf` gives megabytes. */
function series(count: number, heapOf: (i: number) => number, handlesAt: (i: number) => number = () => 10): Sample[] {
  return Array.from({ length: count }, (_, i) => ({
    ...{ seconds: i * 20, requests: 100, external: mb, rss: 100 * mb, delayMs: { p50: 1, p99: 5 }, busy: 0.5 },
    heapUsed: heapOf(i) * mb,
    handles: { TCPSocketWrap: handlesAt(i), Timeout: 2 },
  }));
}

describe('slopeOf', () => {
  test.each<[string, [number, number][], number]>([
    [
      'a line',
      [
        [0, 1],
        [1, 3],
        [2, 5],
      ],
      2,
    ],
    [
      'nothing but level ground',
      [
        [0, 7],
        [5, 7],
        [9, 7],
      ],
      0,
    ],
    [
      'a single odd value',
      [
        [0, 0],
        [1, 1],
        [2, 90],
        [3, 3],
        [4, 4],
      ],
      1,
    ],
  ])('%s', (_, points, slope) => {
    expect(slopeOf(points)).toBe(slope);
  });
});

describe('judge', () => {
  test('a heap that goes up and down passes', () => {
    expect(judge(series(20, (i) => 30 + (i % 3))).problems).toEqual([]);
  });

  test('a heap that grows by 2 MB in ten minutes fails', () => {
    // 30 samples are ten minutes.
    const { heapSlope, problems } = judge(series(20, (i) => 30 + i / 15));
    expect(heapSlope / mb).toBeCloseTo(2);
    expect(problems).toEqual(['The heap grows by 2.00 MB in ten minutes; less than 1.00 is allowed.']);
  });

  test('handles that grow fail, a few more do not', () => {
    expect(
      judge(
        series(
          21,
          () => 30,
          (i) => 10 + i,
        ),
      ).problems,
    ).toEqual(['Open handles grew from 15 to 29.']);
    expect(
      judge(
        series(
          21,
          () => 30,
          (i) => 10 + Math.floor(i / 7),
        ),
      ).problems,
    ).toEqual([]);
  });

  test.each([0, 1, 5])('%d samples are too few', (count) => {
    expect(judge(series(count, () => 30)).problems[0]).toContain('at least 6 are needed');
  });
});

test('what is printed', () => {
  const samples = series(3, (i) => 30 + i);
  expect(tableOf(samples).split('\n')).toHaveLength(4);
  expect(tableOf(samples)).toContain('    0.3       100    31.00         1.00   100.00       12');
  expect(chartOf(samples)).toBe('heap 30.00 MB ▁▅█ 32.00 MB');
  expect(handlesOf(samples)).toBe('  TCPSocketWrap: 10 → 10\n  Timeout: 2 → 2');
});
