/** The arithmetic of the benchmark. */

/** When something began and ended, in any unit. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/**
 * Returns the value below which `share` (0 to 1) of the values lie, by nearest rank: always one of the values.
 * Throws for an empty list, which nobody has measured.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('a percentile of no values was asked for');
  return value;
}

/** Returns the middle value, or the mean of the middle two. Throws for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new Error('a median of no values was asked for');
  return (low + high) / 2;
}

/** Returns the length of the longest chain of intervals in which each began when the one before had ended; 0 for none. */
export function depthOf(intervals: readonly Interval[]): number {
  const sorted = intervals.toSorted((a, b) => a.start - b.start);
  const depths: number[] = [];
  for (const [i, { start }] of sorted.entries()) {
    const before = sorted.slice(0, i).map(({ end }, j) => (end <= start ? (depths[j] ?? 0) : 0));
    depths.push(1 + Math.max(0, ...before));
  }
  return Math.max(0, ...depths);
}

/** Returns how many of each there are, most frequent first: `{ Query: 3, GetItem: 1 }`. */
export function tally(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

/** Returns where two JSON values differ first, such as `viewer.projects.nodes.3.name: "a" and "b"`, or null when they are equal. */
export function firstDifference(a: unknown, b: unknown, path = ''): string | null {
  if (Object.is(a, b)) return null;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return `${path || 'the answer'}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`;
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  for (const key of keys) {
    const [left, right] = [a, b].map((value) => (value as Record<string, unknown>)[key]);
    const difference = firstDifference(left, right, path === '' ? key : `${path}.${key}`);
    if (difference !== null) return difference;
  }
  return null;
}

/** Returns a source of numbers from 0 to 1 (1 excluded) that is the same for the same seed (mulberry32, Tommy Ettinger, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
