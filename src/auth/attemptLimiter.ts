/**
 * Limits failed attempts to sign in, before any password is hashed. Token buckets in the memory of one process: what
 * several instances let through together is still small against the space of passwords.
 */
import { RequestError } from '../errors.ts';

/** One attempt: what it is counted under. */
export interface Attempt {
  /** Whose password is tried: a canonical e-mail address or a user id. */
  readonly account: string;
  readonly ip: string;
}

/** Counts failures. */
export interface AttemptLimiter {
  /**
   * Takes an attempt from the budgets of its account, its address, and both together; returns the function that gives it
   * back when the password was right. Throws RATE_LIMITED, and takes nothing, when one of them is used up.
   */
  take(attempt: Attempt): () => void;
}

interface Budget {
  readonly burst: number;
  /** How long until one more attempt is allowed again, in milliseconds. */
  readonly refillMs: number;
}

/** The pair is the strict one: nobody can lock somebody else out from another address with twenty wrong guesses. */
const budgets = {
  pair: { burst: 20, refillMs: 15_000 },
  account: { burst: 100, refillMs: 5_000 },
  ip: { burst: 300, refillMs: 1_000 },
} as const satisfies Record<string, Budget>;

/** Buckets kept in memory; the ones that were used longest ago go first. */
const maxBuckets = 50_000;

interface Bucket {
  level: number;
  at: number;
}

/** Creates a limiter with full budgets. `clock` returns milliseconds. */
export function createAttemptLimiter(clock: () => number = () => performance.now()): AttemptLimiter {
  const buckets = new Map<string, Bucket>();

  /** Returns a bucket with what has flowed back since it was used last, as the most recently used one. */
  function bucketOf(key: string, { burst, refillMs }: Budget): Bucket {
    const now = clock();
    const known = buckets.get(key);
    const level = known ? Math.min(burst, known.level + (now - known.at) / refillMs) : burst;
    const bucket = { level, at: now };
    buckets.delete(key);
    buckets.set(key, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > maxBuckets && oldest !== undefined) buckets.delete(oldest);
    return bucket;
  }

  return {
    take({ account, ip }) {
      const used: [key: string, budget: Budget][] = [
        [JSON.stringify([account, ip]), budgets.pair],
        [`account ${account}`, budgets.account],
        [`ip ${ip}`, budgets.ip],
      ];
      const found = used.map(([key, budget]) => ({ bucket: bucketOf(key, budget), budget }));
      const empty = found.filter(({ bucket }) => bucket.level < 1);
      if (empty.length > 0) throw tooManyAttempts(Math.max(...empty.map(({ bucket, budget }) => (1 - bucket.level) * budget.refillMs)));
      for (const { bucket } of found) bucket.level -= 1;
      return () => {
        for (const [key, budget] of used) {
          const bucket = bucketOf(key, budget);
          bucket.level = Math.min(budget.burst, bucket.level + 1);
        }
      };
    },
  };
}

function tooManyAttempts(waitMs: number): RequestError {
  const seconds = Math.ceil(waitMs / 1000);
  const wait = seconds === 1 ? 'a second' : `${seconds} seconds`;
  return new RequestError('RATE_LIMITED', `Too many failed attempts to sign in. Try again in ${wait}.`, { retryable: true });
}
