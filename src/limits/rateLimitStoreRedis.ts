/**
 * Counts rate limits in Redis, so that all instances share them. They protect, nothing depends on them: while Redis does
 * not answer, each instance counts in its own memory, and no request waits for longer than `answerWithinMs`.
 */
import type { Redis } from 'ioredis';
import { once } from 'node:events';
import type { Logger } from 'pino';
import { redisOptions } from '../redisOptions.ts';
import { counterOn, createMemoryCounter, type PointCounter, type RateLimitStore } from './rateLimitStore.ts';

/** What a store in Redis needs. */
export interface RedisStoreOptions {
  /** `redis://` or `rediss://`; may hold a password. */
  readonly url: string;
  /** Begins all keys, so that installations can share a Redis. */
  readonly prefix: string;
  readonly log: Logger;
  /** Redis is given up on after this time, until it answers again; 500 ms unless given. */
  readonly answerWithinMs?: number;
}

/** Tells when Redis stops and when it begins to answer, once each. */
interface Watch {
  readonly works: () => void;
  readonly fails: (error: unknown) => void;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

function watch(log: Logger, redis: string): Watch {
  let answers: boolean | null = null;
  return {
    works() {
      if (answers !== true) log.info({ redis }, 'Redis answers: rate limits are shared by all instances that use it');
      answers = true;
    },
    fails(error) {
      if (answers !== false)
        log.warn({ redis, reason: reasonOf(error) }, 'Redis does not answer: until it does, this instance counts rate limits by itself');
      answers = false;
    },
  };
}

/** Returns a counter that uses `memory` where `shared` rejects. */
function withFallback(shared: PointCounter, memory: PointCounter, { works, fails }: Watch): PointCounter {
  async function attempt<T>(first: () => Promise<T>, second: () => Promise<T>): Promise<T> {
    try {
      const result = await first();
      works();
      return result;
    } catch (error) {
      fails(error);
      return second();
    }
  }
  return {
    take: (key, points) =>
      attempt(
        () => shared.take(key, points),
        () => memory.take(key, points),
      ),
    used: (key) =>
      attempt(
        () => shared.used(key),
        () => memory.used(key),
      ),
  };
}

/** Waits until the first attempt to connect has come to an end, good or bad. */
async function firstAttempt(redis: Redis): Promise<void> {
  const end = new AbortController();
  await Promise.race(['ready', 'error', 'close'].map((event) => once(redis, event, { signal: end.signal }).catch(() => undefined)));
  end.abort();
}

/**
 * Connects to Redis and returns the store. A Redis that cannot be reached does not stop the start, only warns: an API that
 * does not come up, or not scale out, because its rate limits cannot be shared for a while would be the greater harm.
 */
export async function openRedisStore({ url, prefix, log, answerWithinMs = 500 }: RedisStoreOptions): Promise<RateLimitStore> {
  // The bundle has CommonJS packages as a default export only.
  const [{ default: ioredis }, { default: RateLimiterRedis }] = await Promise.all([
    import('ioredis'),
    import('rate-limiter-flexible/lib/RateLimiterRedis.js'),
  ]);
  const redis = new ioredis.Redis(url, { ...redisOptions(answerWithinMs), connectTimeout: 1_000 });
  const { works, fails } = watch(log, new URL(url).host);
  redis.on('ready', works);
  redis.on('error', fails);
  await firstAttempt(redis);
  return {
    counter(budget) {
      const options = { keyPrefix: `${prefix}rate-${budget.name}`, points: budget.points, duration: budget.seconds };
      const limiter = new RateLimiterRedis({ storeClient: redis, rejectIfRedisNotReady: true, ...options });
      return withFallback(counterOn(limiter), createMemoryCounter(budget), { works, fails });
    },
    close: () => redis.disconnect(),
  };
}
