/** Where rate limits are counted: in the memory of this process, unless instances share a Redis (`rateLimitStoreRedis.ts`). */
import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js';

/** How much each key may use: so many points in a window, which begins with the first of them. */
export interface Budget {
  /** Tells the keys of one budget from those of another. */
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/** What a key has used in its window. */
export interface Usage {
  /** Points, also those that were too many. */
  readonly points: number;
  /** Until the window ends and everything is there again; 0 where no window has begun. */
  readonly resetMs: number;
}

/** Counts the points of one budget by key. Never rejects, and answers soon whatever happens to the store. */
export interface PointCounter {
  /** Takes points, also where they are not there, and returns the usage with them. */
  take(key: string, points: number): Promise<Usage>;
  used(key: string): Promise<Usage>;
}

/** Counters that live as long as the process, or longer. */
export interface RateLimitStore {
  counter(budget: Budget): PointCounter;
  close(): void;
}

/** Keys that one counter keeps; the ones that were used longest ago go first. */
const maxKeys = 50_000;

/** Returns a usage for what a limiter answered. Memory shows a window that has just ended until its timer has run. */
export function usageOf(result: RateLimiterRes | null): Usage {
  return result && result.msBeforeNext > 0 ? { points: result.consumedPoints, resetMs: result.msBeforeNext } : { points: 0, resetMs: 0 };
}

/** Returns a counter on a limiter; it rejects when the limiter does. `penalty`, unlike `consume`, does not treat too much as an error. */
export function counterOn(limiter: RateLimiterAbstract): PointCounter {
  return {
    take: async (key, points) => usageOf(await limiter.penalty(key, points)),
    used: async (key) => usageOf(await limiter.get(key)),
  };
}

/** Returns a counter in memory. The limiter keeps each key until its window ends; what bounds their number is here. */
export function createMemoryCounter({ name, points, seconds }: Budget): PointCounter {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });
  const counter = counterOn(limiter);
  const keys = new Set<string>();
  return {
    used: (key) => counter.used(key),
    take(key, amount) {
      keys.delete(key);
      keys.add(key);
      const [oldest] = keys;
      if (keys.size > maxKeys && oldest !== undefined) {
        keys.delete(oldest);
        void limiter.delete(oldest);
      }
      return counter.take(key, amount);
    },
  };
}

/** Returns a store in the memory of this process: other instances count for themselves. */
export function createMemoryStore(): RateLimitStore {
  return { counter: createMemoryCounter, close: () => undefined };
}
