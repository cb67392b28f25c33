import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createAttemptLimiter, type Attempt, type AttemptLimiter } from '../../../src/auth/attemptLimiter.ts';
import { RequestError } from '../../../src/errors.ts';
import { createMemoryStore, type RateLimitStore } from '../../../src/limits/rateLimitStore.ts';

const ada: Attempt = { account: 'ada@example.com', ip: '192.0.2.1' };

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

async function limiterWith(failures: number, attempt: (i: number) => Attempt): Promise<AttemptLimiter> {
  const limiter = createAttemptLimiter(createMemoryStore());
  for (let i = 0; i < failures; i += 1) await limiter.fail(attempt(i));
  return limiter;
}

async function refusal(limiter: AttemptLimiter, attempt: Attempt): Promise<RequestError | null> {
  try {
    await limiter.check(attempt);
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
    ['20 for one account from one IPv6 network', 20, (i) => ({ ...ada, ip: `2001:db8::${i}` }), { ...ada, ip: '2001:db8::ffff' }],
  ])('%s', async (_, failures, attempt, next) => {
    expect(await refusal(await limiterWith(failures - 1, attempt), next)).toBeNull();
    const error = await refusal(await limiterWith(failures, attempt), next);
    expect(error).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      message: expect.stringMatching(/^Too many failed attempts to sign in\. Try again in (\d+ seconds|a second)\.$/),
    });
  });

  test('others are not concerned', async () => {
    const limiter = await limiterWith(20, () => ada);
    expect(await refusal(limiter, { ...ada, ip: '192.0.2.2' })).toBeNull();
    expect(await refusal(limiter, { ...ada, account: 'bob@example.com' })).toBeNull();
  });

  test('checks cost nothing', async () => {
    const limiter = await limiterWith(0, () => ada);
    for (let i = 0; i < 400; i += 1) expect(await refusal(limiter, ada)).toBeNull();
  });

  test('are full again five minutes after the first failure, and not before', async () => {
    const limiter = await limiterWith(20, () => ada);
    expect((await refusal(limiter, ada))?.message).toContain('300 seconds');
    jest.advanceTimersByTime(299_001);
    expect((await refusal(limiter, ada))?.message).toContain('a second');
    jest.advanceTimersByTime(999);
    expect(await refusal(limiter, ada)).toBeNull();
    for (let i = 0; i < 20; i += 1) await limiter.fail(ada);
    expect(await refusal(limiter, ada)).not.toBeNull();
  });

  test('an account and an address with a separator in them do not mix', async () => {
    const limiter = await limiterWith(20, () => ({ account: 'a","b', ip: 'c' }));
    expect(await refusal(limiter, { account: 'a', ip: 'b","c' })).toBeNull();
  });
});

test('the store never sees an e-mail address', async () => {
  const seen: string[] = [];
  const memory = createMemoryStore();
  const store: RateLimitStore = {
    ...memory,
    counter: (budget) => {
      const counter = memory.counter(budget);
      return {
        take: (key, points) => (seen.push(key), counter.take(key, points)),
        used: (key) => (seen.push(key), counter.used(key)),
      };
    },
  };
  const limiter = createAttemptLimiter(store);
  await limiter.check(ada);
  await limiter.fail(ada);
  expect(seen).toHaveLength(6);
  // Without the digest: the address in a key, up to the "@".
  expect(seen.join('\n')).not.toMatch(/@|ada/);
});
