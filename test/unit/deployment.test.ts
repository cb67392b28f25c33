import { describe, expect, test } from '@jest/globals';
import { allowedTransitions, statuses, timesOf, timingOf, titleOf, transitionProblem } from '../../src/domains/deployments/deployment.ts';

describe('transitions', () => {
  // Rows: from; columns, in the order of `statuses`: to. Written out by hand, so that a change of the table has to be meant.
  const legal: Record<string, string> = {
    //             P D S F C R
    pending: /*  */ '. x x x x .',
    deploying: /**/ '. . x x x .',
    success: /*  */ '. . . . . x',
    failed: /*   */ '. . . . . .',
    cancelled: /**/ '. . . . . .',
    'rolled-back': '. . . . . .',
  };
  const pairs = statuses.flatMap((from) => statuses.map((to, i) => ({ from, to, may: (legal[from] ?? '').split(' ')[i] === 'x' })));

  test('the table has every pair', () => {
    expect(pairs).toHaveLength(36);
    expect(pairs.filter(({ may }) => may)).toHaveLength(8);
  });

  test.each(pairs)('$from → $to: $may', ({ from, to, may }) => {
    expect(transitionProblem(from, to) === null).toBe(may);
    expect(allowedTransitions(from).includes(to)).toBe(may);
  });

  test.each([
    [
      'deploying',
      'pending',
      'The deployment is DEPLOYING and can not become PENDING. From there it can become SUCCESS, FAILED, CANCELLED.',
    ],
    ['success', 'failed', 'The deployment is SUCCESS and can not become FAILED. From there it can become ROLLED_BACK.'],
    ['rolled-back', 'success', 'The deployment is ROLLED_BACK and can not become SUCCESS. That is final.'],
  ])('%s → %s names what is allowed', (from, to, message) => {
    expect(transitionProblem(from, to)).toBe(message);
  });

  test.each(['paused', '', 'constructor', '__proto__', 'deleting'])('a status that is not known, %j, leads nowhere', (status) => {
    expect(allowedTransitions(status)).toEqual([]);
    expect(transitionProblem(status, 'success')).toContain('That is final.');
  });
});

describe('times', () => {
  const now = '2026-03-01T12:00:00.000Z';

  test.each([
    ['pending', {}],
    ['deploying', { startedAt: now }],
    ['success', { finishedAt: now }],
    ['failed', { finishedAt: now }],
    ['cancelled', { finishedAt: now }],
    ['rolled-back', {}],
  ] as const)('taking the status %s sets %j', (status, times) => {
    expect(timesOf(status, now)).toEqual(times);
  });

  const createdAt = '2026-03-01T10:00:00.000Z';
  const startedAt = '2026-03-01T10:00:02.500Z';
  const finishedAt = '2026-03-01T10:01:02.750Z';
  test.each([
    [{ createdAt }, { startedAt: null, finishedAt: null, queuedSeconds: null, durationSeconds: null }],
    [
      { createdAt, startedAt },
      { startedAt, finishedAt: null, queuedSeconds: 2.5, durationSeconds: null },
    ],
    [
      { createdAt, startedAt, finishedAt },
      { startedAt, finishedAt, queuedSeconds: 2.5, durationSeconds: 60.25 },
    ],
    [
      { createdAt, finishedAt },
      { startedAt: null, finishedAt, queuedSeconds: null, durationSeconds: 62.75 },
    ],
  ])('timing of %j', (deployment, timing) => {
    expect(timingOf(deployment)).toEqual({ queuedAt: createdAt, ...timing });
  });

  test('clocks that run backwards and times that are none give no nonsense', () => {
    expect(timingOf({ createdAt: finishedAt, finishedAt: createdAt }).durationSeconds).toBe(0);
    expect(timingOf({ createdAt: 'yesterday', finishedAt }).durationSeconds).toBeNull();
  });
});

test.each([
  [{ version: '1.4.0', environment: 'production' }, '1.4.0 (production)'],
  [{ environment: 'staging' }, 'staging'],
])('title of %j', (deployment, title) => {
  expect(titleOf(deployment)).toBe(title);
});
