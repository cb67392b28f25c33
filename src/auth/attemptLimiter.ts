/** Limits failed attempts to sign in, before any password is hashed. Counted where rate limits are: with Redis, over all instances. */
import { RequestError } from '../errors.ts';
import { clientNetwork } from '../limits/clientNetwork.ts';
import { inWords, secondsUntil } from '../limits/rateLimits.ts';
import type { Budget, PointCounter, RateLimitStore } from '../limits/rateLimitStore.ts';
import { sha256Hex } from './hashes.ts';

/** One attempt: what it is counted under. */
export interface Attempt {
  /** Whose password is tried: a canonical e-mail address or a user id. */
  readonly account: string;
  readonly ip: string;
}

/** Counts failures. */
export interface AttemptLimiter {
  /** Rejects with RATE_LIMITED when the budget of the account, of the address, or of both together is used up. */
  check(attempt: Attempt): Promise<void>;
  /** Takes a failure from the budgets. Right passwords cost nothing, however many come at once. */
  fail(attempt: Attempt): Promise<void>;
}

type BudgetName = 'pair' | 'account' | 'address';

/** The pair is the strict one: nobody can lock somebody else out from another address with twenty wrong guesses. */
const budgets: Readonly<Record<BudgetName, Omit<Budget, 'name'>>> = {
  pair: { points: 20, seconds: 300 },
  account: { points: 100, seconds: 500 },
  address: { points: 300, seconds: 300 },
};

/** Creates a limiter on a store. */
export function createAttemptLimiter(store: RateLimitStore): AttemptLimiter {
  const counterOf = (name: BudgetName): PointCounter => store.counter({ name: `sign-in-${name}`, ...budgets[name] });
  const counters = { pair: counterOf('pair'), account: counterOf('account'), address: counterOf('address') };
  return {
    async check(attempt) {
      const usages = await Promise.all(
        keysOf(attempt).map(async ([name, key]) => ({ most: budgets[name].points, ...(await counters[name].used(key)) })),
      );
      const waits = usages.filter(({ points, most }) => points >= most).map(({ resetMs }) => resetMs);
      if (waits.length > 0) throw tooManyAttempts(Math.max(...waits));
    },
    async fail(attempt) {
      await Promise.all(keysOf(attempt).map(([name, key]) => counters[name].take(key, 1)));
    },
  };
}

/** The store may be one that others can read, so that it sees digests of e-mail addresses. */
function keysOf({ account, ip }: Attempt): [BudgetName, string][] {
  const network = clientNetwork(ip);
  return [
    ['pair', sha256Hex(JSON.stringify([account, network]))],
    ['account', sha256Hex(account)],
    ['address', network],
  ];
}

function tooManyAttempts(waitMs: number): RequestError {
  const wait = inWords(secondsUntil(Date.now() + waitMs));
  return new RequestError('RATE_LIMITED', `Too many failed attempts to sign in. Try again in ${wait}.`, { retryable: true });
}
