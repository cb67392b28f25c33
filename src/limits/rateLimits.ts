/**
 * How much each caller may ask for: points in a minute, for a signed-in user over all credentials, and for an address that
 * sends requests without. An operation costs what `cost.ts` says.
 */
import { RequestError } from '../errors.ts';
import { clientNetwork } from './clientNetwork.ts';
import type { PointCounter, RateLimitStore } from './rateLimitStore.ts';

/** Points in a minute; 0 means no limit. */
export interface RateLimitSettings {
  readonly user: number;
  readonly anonymous: number;
}

/** Who pays. */
export interface Caller {
  /** Null without valid credentials: then the address pays. */
  readonly userId: string | null;
  readonly ip: string;
}

/** Which budget a caller has. */
export type RateLimitPolicy = keyof RateLimitSettings;

/** What a caller has left. */
export interface RateLimitStatus {
  readonly policy: RateLimitPolicy;
  /** Points in a window. */
  readonly limit: number;
  /** Points of this operation. */
  readonly cost: number;
  readonly remaining: number;
  /** When all points are there again, in epoch milliseconds. */
  readonly resetAt: number;
  /** Of a refusal: whole seconds until it makes sense to try again. Absent where nothing was refused, or trying again never helps. */
  readonly retryAfterSeconds?: number;
}

/** The caller's points do not suffice. `status` says what is left, and when there is more. */
export class RateLimitExceeded extends RequestError {
  constructor(
    readonly status: RateLimitStatus,
    message: string,
  ) {
    super('RATE_LIMITED', message, { retryable: status.retryAfterSeconds !== undefined });
  }
}

/** Takes points from the budgets of callers. */
export interface RateLimits {
  /**
   * Takes the cost of an operation that is about to run. Resolves to what is left, or to null without a limit; rejects with
   * RateLimitExceeded when that is too little. What does not fit is taken all the same: whoever goes on asking waits for the
   * next window.
   */
  charge(caller: Caller, cost: number): Promise<RateLimitStatus | null>;
  /** Throws RateLimitExceeded for a caller who was refused in this window: before anything is done for the request. */
  refuseExhausted(caller: Caller): void;
}

/** Length of a window. */
export const windowSeconds = 60;

/** Refused callers that are remembered; the ones refused longest ago go first. */
const maxRefused = 10_000;

/** Returns the limits. Counting happens in the store; who was refused is remembered here, too, so that refusing again is cheap. */
export function createRateLimits({ store, settings }: { store: RateLimitStore; settings: RateLimitSettings }): RateLimits {
  const refusedUntil = new Map<string, number>();
  const counterOf = (policy: RateLimitPolicy): PointCounter =>
    store.counter({ name: policy, points: settings[policy], seconds: windowSeconds });
  const counters = { user: counterOf('user'), anonymous: counterOf('anonymous') };

  function remember(key: string, until: number): void {
    refusedUntil.delete(key);
    refusedUntil.set(key, until);
    const [oldest] = refusedUntil.keys();
    if (refusedUntil.size > maxRefused && oldest !== undefined) refusedUntil.delete(oldest);
  }

  return {
    async charge(caller, cost) {
      const policy = policyOf(caller);
      const limit = settings[policy];
      if (limit === 0) return null;
      const key = keyOf(caller);
      if (cost > limit) {
        const { points, resetMs } = await counters[policy].used(key);
        throw neverFits({ policy, limit, cost, remaining: Math.max(0, limit - points), resetAt: Date.now() + resetMs });
      }
      const { points, resetMs } = await counters[policy].take(key, cost);
      const status = { policy, limit, cost, remaining: Math.max(0, limit - points), resetAt: Date.now() + resetMs };
      if (points <= limit) return status;
      remember(`${policy} ${key}`, status.resetAt);
      throw exceeded(status);
    },
    refuseExhausted(caller) {
      const policy = policyOf(caller);
      const until = refusedUntil.get(`${policy} ${keyOf(caller)}`);
      if (until === undefined) return;
      if (until > Date.now()) throw exceeded({ policy, limit: settings[policy], cost: 0, remaining: 0, resetAt: until });
      refusedUntil.delete(`${policy} ${keyOf(caller)}`);
    },
  };
}

function policyOf({ userId }: Caller): RateLimitPolicy {
  return userId === null ? 'anonymous' : 'user';
}

function keyOf({ userId, ip }: Caller): string {
  return userId ?? clientNetwork(ip);
}

/** Intl.NumberFormat would do, but takes 7 MB of memory when it is first used. */
function inPoints(count: number): string {
  return `${String(count).replace(/\B(?=(\d{3})+$)/g, ',')} ${count === 1 ? 'point' : 'points'}`;
}

/** Returns a time to wait in words. */
export function inWords(seconds: number): string {
  return seconds === 1 ? 'a second' : `${seconds} seconds`;
}

/** Returns how long until a time, in whole seconds, at least one. */
export function secondsUntil(time: number): number {
  return Math.max(1, Math.ceil((time - Date.now()) / 1000));
}

function exceeded(status: RateLimitStatus): RateLimitExceeded {
  const seconds = secondsUntil(status.resetAt);
  const limit = inPoints(status.limit);
  const whose =
    status.policy === 'user'
      ? `Your ${limit} a minute are used up.`
      : `The ${limit} a minute for requests without sign-in from this address are used up.`;
  return new RateLimitExceeded({ ...status, retryAfterSeconds: seconds }, `${whose} Try again in ${inWords(seconds)}.`);
}

function neverFits(status: RateLimitStatus): RateLimitExceeded {
  const advice = status.policy === 'user' ? 'Split it.' : 'Sign in, or split it.';
  const whose = status.policy === 'user' ? 'a user has' : 'requests without sign-in have';
  const message = `The operation costs ${inPoints(status.cost)}, more than the ${inPoints(status.limit)} a minute that ${whose}. ${advice}`;
  return new RateLimitExceeded(status, message);
}

/**
 * Returns the header fields that tell a client its limit, its remaining points and the seconds until all are there again
 * (draft-ietf-httpapi-ratelimit-headers-11; its units are requests unless `qu` says otherwise), and with a refusal when to
 * try again (RFC 9110, 10.2.3).
 */
export function rateLimitHeaders({ policy, limit, remaining, resetAt, retryAfterSeconds }: RateLimitStatus): Record<string, string> {
  return {
    'ratelimit-policy': `"${policy}";q=${limit};qu="points";w=${windowSeconds}`,
    ratelimit: `"${policy}";r=${remaining};t=${secondsUntil(resetAt)}`,
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
  };
}

/** Returns `extensions.rateLimit` of an answer; `resetAt` is ISO 8601. */
export function rateLimitExtension({ limit, cost, remaining, resetAt }: RateLimitStatus): Record<string, string | number> {
  return { limit, cost, remaining, resetAt: new Date(resetAt).toISOString() };
}
