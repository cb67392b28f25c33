/** A lease in Redis: one instance at a time does something for all. For what may be done twice for a moment, and only should not be. */
import type { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';

/** Who wants which lease. */
export interface LeaseOptions {
  readonly redis: Redis;
  readonly key: string;
  /** Tells holders apart. */
  readonly holder: string;
  /** The lease of a holder that died ends after this time; 6,000 ms unless given. It is renewed, and asked for by others, three times in it. */
  readonly milliseconds?: number | undefined;
}

/** Only the holder renews and gives back: a lease that has ended meanwhile may be another one's. */
const renewal = 'return redis.call("get", KEYS[1]) == ARGV[1] and redis.call("pexpire", KEYS[1], ARGV[2]) or 0';
const giveBack = 'return redis.call("get", KEYS[1]) == ARGV[1] and redis.call("del", KEYS[1]) or 0';

/** Returns false also when Redis does not answer: then nobody can know. */
async function holds(answer: Promise<unknown>): Promise<boolean> {
  try {
    const value = await answer;
    return value === 'OK' || value === 1;
  } catch {
    return false;
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
}

/**
 * Does some work whenever and as long as this instance holds the lease, until `signal` is aborted. The signal of the work is
 * aborted when the lease is lost or in doubt. Rejects with an error of the work.
 */
export async function withLease(options: LeaseOptions, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { redis, key, holder, milliseconds = 6_000 } = options;
  const interval = milliseconds / 3;

  /** Returns when the lease is lost, or not needed any more. */
  async function renew(held: AbortController): Promise<void> {
    const isOver = (): boolean => held.signal.aborted;
    while (!isOver()) {
      await pause(interval, held.signal);
      if (!isOver() && !(await holds(redis.eval(renewal, 1, key, holder, milliseconds)))) return;
    }
  }

  async function workWhileHeld(): Promise<void> {
    const held = new AbortController();
    const end = (): void => held.abort();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      await Promise.all([renew(held).finally(end), work(held.signal).finally(end)]);
    } finally {
      signal.removeEventListener('abort', end);
      await holds(redis.eval(giveBack, 1, key, holder));
    }
  }

  for (const isOver = (): boolean => signal.aborted; !isOver();) {
    if (await holds(redis.set(key, holder, 'PX', milliseconds, 'NX'))) await workWhileHeld();
    if (!isOver()) await pause(interval, signal);
  }
}
