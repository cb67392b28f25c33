import { describe, expect, test } from '@jest/globals';
import { createAttemptLimiter, type Attempt, type AttemptLimiter } from '../../../src/auth/attemptLimiter.ts';
import { RequestError } from '../../../src/errors.ts';

const ada: Attempt = { account: 'ada@example.com', ip: '192.0.2.1' };
const clock = { now: 0 };

function limiterWith(failures: number, attempt: (i: number) => Attempt): AttemptLimiter {
  clock.now = 0;
  const limiter = createAttemptLimiter(() => clock.now);
  for (let i = 0; i < failures; i += 1) limiter.fail(attempt(i));
  return limiter;
}

function refusal(limiter: AttemptLimiter, attempt: Attempt): RequestError | null {
  try {
    limiter.check(attempt);
    return null;
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
}

describe('budgets', () => {
  test.each<[string, number, (i: number) => Attempt, Attempt]>([
    ['20 for one account from one address', 20, () => ada, ada],
    ['100 for one account from anywhere', 100, (i) => ({ ...ada, ip: `10.0.0.${i}` }), ada],
    ['300 from one address', 300, (i) => ({ ...ada, account: `user${i}@example.com` }), ada],
  ])('%s', (_, failures, attempt, next) => {
    expect(refusal(limiterWith(failures - 1, attempt), next)).toBeNull();
    const error = refusal(limiterWith(failures, attempt), next);
    expect(error).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      message: expect.stringMatching(/^Too many failed attempts to sign in\. Try again in (\d+ seconds|a second)\.$/),
    });
  });

  test('others are not concerned', () => {
    const limiter = limiterWith(20, () => ada);
    expect(refusal(limiter, { ...ada, ip: '192.0.2.2' })).toBeNull();
    expect(refusal(limiter, { ...ada, account: 'bob@example.com' })).toBeNull();
  });

  test('checks cost nothing', () => {
    const limiter = limiterWith(0, () => ada);
    for (let i = 0; i < 1_000; i += 1) expect(refusal(limiter, ada)).toBeNull();
  });

  test('flow back with time, up to the full budget', () => {
    const limiter = limiterWith(20, () => ada);
    expect(refusal(limiter, ada)?.message).toContain('15 seconds');
    clock.now = 14_999;
    expect(refusal(limiter, ada)?.message).toContain('a second');
    clock.now = 15_000;
    expect(refusal(limiter, ada)).toBeNull();
    limiter.fail(ada);
    expect(refusal(limiter, ada)).not.toBeNull();
    clock.now = 1e9;
    for (let i = 0; i < 20; i += 1) limiter.fail(ada);
    expect(refusal(limiter, ada)).not.toBeNull();
  });

  test('an account and an address with a separator in them do not mix', () => {
    const limiter = limiterWith(20, () => ({ account: 'a","b', ip: 'c' }));
    expect(refusal(limiter, { account: 'a', ip: 'b","c' })).toBeNull();
  });

  test('memory is bounded: the oldest are forgotten', () => {
    const limiter = limiterWith(20, () => ada);
    for (let i = 0; i < 50_000; i += 1) limiter.fail({ account: `user${i}`, ip: `ip${i}` });
    expect(refusal(limiter, ada)).toBeNull();
  });
});
