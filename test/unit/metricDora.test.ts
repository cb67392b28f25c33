/** The rules of the DORA measures and of trends. */
import { describe, expect, test } from '@jest/globals';
import { measure, type MeasuredDeployment } from '../../src/domains/analytics/dora.ts';
import { trendOf } from '../../src/domains/analytics/trends.service.ts';

const dayMs = 86_400_000;
const at = (minutes: number): string => new Date(Date.parse('2026-01-01T00:00:00Z') + minutes * 60_000).toISOString();
let made = 0;

/** A deployment that was created at a minute and ended at another. */
function deployment(status: string, created: number, finished: number | null, more: Partial<MeasuredDeployment> = {}): MeasuredDeployment {
  made += 1;
  const times = { createdAt: at(created), updatedAt: at(finished ?? created), ...(finished !== null && { finishedAt: at(finished) }) };
  return { id: `dep_${made}`, status, ...times, ...more };
}

const week = 7 * dayMs;

test('nothing was deployed', () => {
  expect(measure([], week)).toEqual({
    ...{ deploymentFrequency: 0, frequencyBand: 'never', leadTime: null, changeFailureRate: null, timeToRestore: null },
    ...{ succeeded: 0, failed: 0, rolledBack: 0, restored: 0, unrestored: 0 },
  });
});

test('only what finished counts', () => {
  const open = [
    deployment('pending', 0, null),
    deployment('deploying', 1, null),
    deployment('cancelled', 2, 3),
    deployment('paused', 2, 3),
  ];
  expect(measure(open, week)).toMatchObject({ deploymentFrequency: 0, changeFailureRate: null, unrestored: 0 });
});

test.each([
  [14, week, 'daily', 2],
  [7, week, 'daily', 1],
  [6, week, 'weekly', 6 / 7],
  [1, week, 'weekly', 1 / 7],
  [1, 8 * dayMs, 'monthly', 1 / 8],
  [1, 30 * dayMs, 'monthly', 1 / 30],
  [1, 31 * dayMs, 'rarely', 1 / 31],
])('%i successes in %i ms are %s', (count, rangeMs, band, perDay) => {
  const all = Array.from({ length: count }, (_, i) => deployment('success', i, i + 1));
  const { deploymentFrequency, frequencyBand } = measure(all, rangeMs);
  expect([frequencyBand, deploymentFrequency]).toEqual([band, expect.closeTo(perDay, 12)]);
});

describe('lead time', () => {
  test('is the median of creation to success, of an even number the middle of two', () => {
    const all = [deployment('success', 0, 10), deployment('success', 20, 22), deployment('success', 30, 90)];
    expect(measure(all, week).leadTime).toBe(600);
    expect(measure([...all, deployment('success', 100, 120)], week).leadTime).toBe(900);
  });

  test('leaves out failures, rollbacks, and rows that do not say when they succeeded', () => {
    const all = [deployment('failed', 0, 1), deployment('success', 2, 3, { rollbackOfId: 'x' }), deployment('success', 4, null)];
    expect(measure(all, week).leadTime).toBeNull();
    expect(measure([...all, deployment('rolled-back', 5, 7)], week).leadTime).toBe(120);
  });
});

test('change failure rate is what failed or was rolled back of what finished', () => {
  const all = [deployment('success', 0, 1), deployment('success', 2, 3), deployment('failed', 4, 5), deployment('rolled-back', 6, 7)];
  expect(measure([...all, deployment('cancelled', 8, 9)], week)).toMatchObject({
    ...{ changeFailureRate: 0.5, succeeded: 2, failed: 1, rolledBack: 1, deploymentFrequency: 3 / 7 },
  });
});

describe('time to restore', () => {
  test('is from the first failure to the next success, whatever order the rows have', () => {
    const all = [deployment('success', 100, 110), deployment('failed', 10, 20), deployment('failed', 30, 40), deployment('success', 0, 5)];
    expect(measure(all, week)).toMatchObject({ timeToRestore: 90 * 60, restored: 1, unrestored: 0 });
  });

  test('of a release that was rolled back begins with the rollback', () => {
    const bad = deployment('rolled-back', 0, 10, { rolledBackById: 'back' });
    const back = deployment('success', 60, 75, { id: 'back', rollbackOfId: bad.id });
    expect(measure([back, bad], week)).toMatchObject({ timeToRestore: 15 * 60, restored: 1 });
  });

  test('is not known while the outage goes on', () => {
    expect(measure([deployment('success', 0, 5), deployment('failed', 10, 20)], week)).toMatchObject({
      timeToRestore: null,
      restored: 0,
      unrestored: 1,
    });
  });

  test('is the median of several outages', () => {
    const outage = (start: number, minutes: number): MeasuredDeployment[] => [
      deployment('failed', start, start + 1),
      deployment('success', start + 2, start + 1 + minutes),
    ];
    expect(measure([...outage(0, 10), ...outage(100, 30), ...outage(200, 20)], week)).toMatchObject({
      timeToRestore: 20 * 60,
      restored: 3,
    });
  });
});

test.each([
  [3, 2, 0.5, 'up'],
  [1, 2, -0.5, 'down'],
  [2, 2, 0, 'flat'],
  [-1, -2, 0.5, 'up'],
  [2, 0, null, 'up'],
  [0, 0, null, 'flat'],
  [null, 2, null, null],
  [2, null, null, null],
])('from %p before to %p now', (current, previous, change, direction) => {
  expect(trendOf(current, previous)).toEqual({ current, previous, change, direction });
});
