/**
 * Orders of pages: numbers with room between them, so that a move writes one page. All are drawn at random within their
 * gap: two writers who meet in the same gap get different numbers, without asking each other.
 */

/** A gap below this has no room for another page: doubles have 16 digits, and orders have up to 6 before the point. */
const minGap = 1e-7;

/** Source of random numbers from 0 to below 1. */
export type Random = () => number;

/** Returns an order between two others, or null when there is no room. */
export function orderBetween(before: number, after: number, random: Random = Math.random): number | null {
  const gap = after - before;
  const order = before + gap * (1 / 3 + random() / 3);
  return gap >= minGap && order > before && order < after ? order : null;
}

const minuteMs = 60_000;

/**
 * Returns an order behind the last one (null: there is none yet). Within a minute the numbers for one `last` ascend with
 * time, because the index that names the last page lags behind: pages made one after another keep their sequence though
 * each was placed behind the same page.
 */
export function orderBehind(last: number | null, nowMs: number, random: Random = Math.random): number {
  return Math.floor(last ?? 0) + 1 + ((nowMs % minuteMs) + random()) / (minuteMs + 1);
}

/** Returns an order before the first one. */
export function orderBefore(first: number, random: Random = Math.random): number {
  return Math.ceil(first) - 1 - random() / 2;
}

/** Returns `count` ascending orders that all lie before `first`, the last one by at least 1. */
export function ordersBefore(first: number, count: number): number[] {
  const start = Math.floor(first) - 1 - count;
  return Array.from({ length: count }, (_, i) => start + 1 + i);
}
