/** Load: users who ask for the same page again and again, one request at a time each. */
import type { PageCall } from './pages.ts';
import type { PageClient } from './pageClient.ts';
import { percentile } from './statistics.ts';

/** What a load is made of. */
export interface LoadOptions {
  /** As many as ask at the same time. */
  readonly clients: readonly PageClient[];
  readonly milliseconds: number;
  /** Returns the next request. */
  readonly next: () => PageCall;
  /** Throws for an answer that is not right; absent where each answer is another one. */
  readonly check?: ((text: string) => void) | undefined;
}

/** What became of it. Times in milliseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
}

/** Asks for at least the given time, and at least once each. Rejects when an answer is a failure or not what it must be. */
export async function runLoad({ clients, milliseconds, next, check }: LoadOptions): Promise<LoadResult> {
  const started = performance.now();
  const latencies: number[] = [];
  await Promise.all(
    clients.map(async (client) => {
      do {
        const begun = performance.now();
        const text = await client.perform(next());
        latencies.push(performance.now() - begun);
        check?.(text);
      } while (performance.now() - started < milliseconds);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    p50: percentile(latencies, 0.5),
    p95: percentile(latencies, 0.95),
  };
}
