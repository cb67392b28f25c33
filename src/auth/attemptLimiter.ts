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
  /** Throws RATE_LIMITED when the budget of the account, of the address, or of both together is used up. */
  check(attempt: Attempt): void;
  /** Takes a failure from the budgets. Right passwords cost nothing, however many come at once. */
  fail(attempt: Attempt): void;
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
    check(attempt) {
      const empty = budgetsOf(attempt)
        .map(([key, budget]) => ({ level: bucketOf(key, budget).level, budget }))
        .filter(({ level }) => level < 1);
      if (empty.length > 0) throw tooManyAttempts(Math.max(...empty.map(({ level, budget }) => (1 - level) * budget.refillMs)));
    },
    fail(attempt) {
      for (const [key, budget] of budgetsOf(attempt)) bucketOf(key, budget).level -= 1;
    },
  };
}

function budgetsOf({ account, ip }: Attempt): [key: string, budget: Budget][] {
  return [
    [JSON.stringify([account, ip]), budgets.pair],
    [`account ${account}`, budgets.account],
    [`ip ${ip}`, budgets.ip],
  ];
}

function tooManyAttempts(waitMs: number): RequestError {
  const seconds = Math.ceil(waitMs / 1000);
  const wait = seconds === 1 ? 'a second' : `${seconds} seconds`;
  return new RequestError('RATE_LIMITED', `Too many failed attempts to sign in. Try again in ${wait}.`, { retryable: true });
}
