import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { clientNetwork } from '../../src/limits/clientNetwork.ts';
import {
  createRateLimits,
  rateLimitExtension,
  RateLimitExceeded,
  rateLimitHeaders,
  type Caller,
  type RateLimits,
  type RateLimitSettings,
  type RateLimitStatus,
} from '../../src/limits/rateLimits.ts';
import { createMemoryStore, type RateLimitStore } from '../../src/limits/rateLimitStore.ts';

const ada: Caller = { userId: 'usr_ada', ip: '192.0.2.1' };
const nobody: Caller = { userId: null, ip: '192.0.2.1' };

beforeEach(() => void jest.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void jest.useRealTimers());

function limits(settings: RateLimitSettings = { user: 100, anonymous: 10 }, store: RateLimitStore = createMemoryStore()): RateLimits {
  return createRateLimits({ store, settings });
}

async function refusal(work: () => Promise<unknown>): Promise<RateLimitExceeded | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof RateLimitExceeded) return error;
    throw error;
  }
}

describe('charge', () => {
  test('takes the cost and tells what is left, until when', async () => {
    const rateLimits = limits();
    await rateLimits.charge(ada, 30);
    jest.advanceTimersByTime(20_000);
    expect(await rateLimits.charge(ada, 50)).toEqual({ policy: 'user', limit: 100, cost: 50, remaining: 20, resetAt: 1_060_000 });
  });

  test.each<[string, number, boolean]>([
    ['exactly what is left', 60, true],
    ['a point more', 61, false],
  ])('%s', async (_, cost, fits) => {
    const rateLimits = limits();
    await rateLimits.charge(ada, 40);
    // Without the comparison: the operation that does not fit runs.
    expect((await refusal(() => rateLimits.charge(ada, cost))) === null).toBe(fits);
  });

  test('a refusal says how long to wait, and is retryable', async () => {
    const rateLimits = limits();
    await rateLimits.charge(nobody, 6);
    jest.advanceTimersByTime(18_500);
    expect(await refusal(() => rateLimits.charge(nobody, 6))).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      message: 'The 10 points a minute for requests without sign-in from this address are used up. Try again in 42 seconds.',
      status: { policy: 'anonymous', limit: 10, cost: 6, remaining: 0, resetAt: 1_060_000, retryAfterSeconds: 42 },
    });
  });

  test('after the window everything is there again', async () => {
    const rateLimits = limits();
    await rateLimits.charge(nobody, 10);
    expect(await refusal(() => rateLimits.charge(nobody, 1))).not.toBeNull();
    jest.advanceTimersByTime(60_000);
    expect(await rateLimits.charge(nobody, 10)).toMatchObject({ remaining: 0 });
  });

  test('an operation that can never fit takes nothing and is not worth trying again', async () => {
    const rateLimits = limits();
    await rateLimits.charge(nobody, 3);
    expect(await refusal(() => rateLimits.charge(nobody, 11))).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: false,
      status: { policy: 'anonymous', limit: 10, cost: 11, remaining: 7, resetAt: 1_060_000 },
      message: 'The operation costs 11 points, more than the 10 points a minute that requests without sign-in have. Sign in, or split it.',
    });
    expect(await rateLimits.charge(nobody, 1)).toMatchObject({ remaining: 6 });
  });

  test('0 means no limit', async () => {
    const rateLimits = limits({ user: 0, anonymous: 10 });
    for (let i = 0; i < 100; i += 1) expect(await rateLimits.charge(ada, 1_000_000)).toBeNull();
  });

  test.each<[string, Caller, Caller, boolean]>([
    ['a user from two addresses', ada, { ...ada, ip: '198.51.100.9' }, true],
    ['two users of one address', ada, { ...ada, userId: 'usr_bob' }, false],
    ['a user and the address they come from', ada, nobody, false],
    ['two addresses', nobody, { ...nobody, ip: '192.0.2.2' }, false],
    ['two addresses of an IPv6 network', { userId: null, ip: '2001:db8::1' }, { userId: null, ip: '2001:db8::ffff:2' }, true],
    ['two IPv6 networks', { userId: null, ip: '2001:db8::1' }, { userId: null, ip: '2001:db8:0:1::1' }, false],
    ['a user whose id is an address', { userId: '192.0.2.1', ip: '::1' }, nobody, false],
  ])('%s', async (_, first, second, shared) => {
    const rateLimits = limits({ user: 10, anonymous: 10 });
    await rateLimits.charge(first, 10);
    expect((await refusal(() => rateLimits.charge(second, 1))) !== null).toBe(shared);
  });
});

describe('refuseExhausted', () => {
  test('refuses who was refused, until the window ends', async () => {
    const rateLimits = limits();
    const refuse = () => Promise.resolve().then(() => rateLimits.refuseExhausted(nobody));
    await rateLimits.charge(nobody, 10);
    expect(await refusal(refuse)).toBeNull();
    await refusal(() => rateLimits.charge(nobody, 1));
    expect(await refusal(refuse)).toMatchObject({ code: 'RATE_LIMITED', status: { remaining: 0, retryAfterSeconds: 60 } });
    expect(await refusal(() => Promise.resolve().then(() => rateLimits.refuseExhausted(ada)))).toBeNull();
    jest.advanceTimersByTime(60_000);
    expect(await refusal(refuse)).toBeNull();
  });

  test('does not ask the store', async () => {
    let asked = 0;
    const memory = createMemoryStore();
    const counting: RateLimitStore = {
      ...memory,
      counter: (budget) => {
        const counter = memory.counter(budget);
        return {
          take: (key, points) => ((asked += 1), counter.take(key, points)),
          used: (key) => ((asked += 1), counter.used(key)),
        };
      },
    };
    const rateLimits = limits({ user: 1, anonymous: 1 }, counting);
    await rateLimits.charge(nobody, 1);
    await refusal(() => rateLimits.charge(nobody, 1));
    expect(asked).toBe(2);
    expect(() => rateLimits.refuseExhausted(nobody)).toThrow(RateLimitExceeded);
    expect(asked).toBe(2);
  });
});

test('memory is bounded: of more than 50,000 keys in a window, the oldest is forgotten', async () => {
  const counter = createMemoryStore().counter({ name: 'test', points: 10, seconds: 60 });
  await counter.take('first', 10);
  for (let i = 0; i < 49_999; i += 1) await counter.take(`key${i}`, 1);
  expect((await counter.used('first')).points).toBe(10);
  await counter.take('one more', 1);
  // Without the bound: 10, and a map that grows for as long as new addresses come.
  expect((await counter.used('first')).points).toBe(0);
  expect((await counter.used('key0')).points).toBe(1);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['unknown', 'unknown'],
])('%s counts as %s', (address, expected) => {
  expect(clientNetwork(address)).toBe(expected);
});

describe('what clients see', () => {
  const status: RateLimitStatus = { policy: 'user', limit: 60_000, cost: 300, remaining: 59_700, resetAt: 1_041_200 };

  test('headers of draft-ietf-httpapi-ratelimit-headers-11', () => {
    expect(rateLimitHeaders(status)).toEqual({
      'ratelimit-policy': '"user";q=60000;qu="points";w=60',
      ratelimit: '"user";r=59700;t=42',
    });
    expect(rateLimitHeaders({ ...status, retryAfterSeconds: 42 })).toMatchObject({ 'retry-after': '42' });
  });

  test('extensions', () => {
    expect(rateLimitExtension(status)).toEqual({ limit: 60_000, cost: 300, remaining: 59_700, resetAt: '1970-01-01T00:17:21.200Z' });
  });
});
