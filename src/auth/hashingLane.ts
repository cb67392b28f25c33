/** Limits how many password hashes run and wait at the same time. */

/** The hashing queue is full. Nothing was done; the same request may succeed after `retryAfterSeconds`. */
export class HashingBusy extends Error {
  override readonly name = 'HashingBusy';
  readonly retryable = true;
  readonly retryAfterSeconds = 1;
  constructor() {
    super('Too many people are signing in at this moment. Try again in a second.');
  }
}

/** Runs work when its turn comes; rejects with `HashingBusy` at once where the queue is full, or with the signal's reason. */
export interface Lane {
  <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** How many run and wait at the moment. */
  load(): LaneLoad;
}

/** What a lane is at. */
export interface LaneLoad {
  readonly running: number;
  readonly waiting: number;
}

/** Returns a lane that runs at most `concurrency` pieces of work at a time, first come first served, and lets `queueLimit` wait. */
export function createLane({ concurrency, queueLimit }: { concurrency: number; queueLimit: number }): Lane {
  const waiting = new Set<() => void>();
  let running = 0;
  /** Waits for a slot, which the one that finished hands over without giving it back. */
  const turn = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(enter);
        reject(signal?.reason as Error);
      };
      const enter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      waiting.add(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });

  const inLane = async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    signal?.throwIfAborted();
    if (running < concurrency) running += 1;
    else if (waiting.size >= queueLimit) throw new HashingBusy();
    else await turn(signal);
    try {
      return await work();
    } finally {
      const [next] = waiting;
      if (next) {
        waiting.delete(next);
        next();
      } else running -= 1;
    }
  };
  return Object.assign(inLane, { load: () => ({ running, waiting: waiting.size }) });
}
