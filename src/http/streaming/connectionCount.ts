/** How many connections there are, of each client and together. */

/** Counts what is open at the moment. */
export interface ConnectionCount {
  /** Counts one more of a client and returns what ends it (once, however often it is called), or null when there are too many. */
  open(client: string): (() => void) | null;
  /** Returns how many are open, of all clients. */
  size(): number;
}

/** Creates an empty count. */
export function createConnectionCount({ perClient, total }: { perClient: number; total: number }): ConnectionCount {
  const counts = new Map<string, number>();
  let all = 0;
  return {
    size: () => all,
    open(client) {
      const count = counts.get(client) ?? 0;
      if (count >= perClient || all >= total) return null;
      counts.set(client, count + 1);
      all += 1;
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        all -= 1;
        const left = (counts.get(client) ?? 1) - 1;
        if (left > 0) counts.set(client, left);
        else counts.delete(client);
      };
    },
  };
}
