/** A small cache in memory whose entries are forgotten after a while, so that what another instance changed is seen in time. */

/** Limits of a cache. */
export interface ExpiringCacheOptions {
  /** How long an entry is served after its value was asked for, in milliseconds. */
  readonly lifetimeMs: number;
  /** Entries that are kept; the oldest go first. */
  readonly maxEntries: number;
}

/** Values by key, for a limited time. */
export interface ExpiringCache<V> {
  /** Returns the value of a key, or what `load` gives. The lifetime counts from before the load; failures are not kept. */
  through(key: string, load: () => Promise<V>): Promise<V>;
  /** Forgets a key: its next reader loads again. */
  forget(key: string): void;
  /** How many entries are held. */
  size(): number;
}

/** Creates an empty cache. */
export function createExpiringCache<V>({ lifetimeMs, maxEntries }: ExpiringCacheOptions): ExpiringCache<V> {
  const entries = new Map<string, { readonly value: V; readonly until: number }>();
  return {
    async through(key, load) {
      const startedAt = performance.now();
      const known = entries.get(key);
      if (known && known.until > startedAt) return known.value;
      const value = await load();
      entries.delete(key);
      entries.set(key, { value, until: startedAt + lifetimeMs });
      // From the oldest on: what is over is let go, so that memory follows the use of a lifetime and not of all time.
      for (const [oldest, { until }] of entries) {
        if (until > startedAt && entries.size <= maxEntries) break;
        entries.delete(oldest);
      }
      return value;
    },
    forget: (key) => {
      entries.delete(key);
    },
    size: () => entries.size,
  };
}
