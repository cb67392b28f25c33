/** Buckets of time: hours, days and weeks of a time zone, and what the roll-ups in them come to. */
import { addTotals, dayMs, hourMs, noTotals, quarterMs, type Point, type Totals } from './rollUp.ts';
import type { OffsetSegment } from './timeZone.ts';

export type Interval = 'hour' | 'day' | 'week';
export type Aggregate = 'sum' | 'avg' | 'min' | 'max' | 'count';
export type Fill = 'zero' | 'null' | 'previous' | 'none';

/** A bucket as clients see it. */
export interface Bucket {
  start: string;
  end: string;
  value: number | null;
  count: number;
}

/** Length of a bucket where no clock is changed. */
export const usualMs: Readonly<Record<Interval, number>> = { hour: hourMs, day: dayMs, week: 7 * dayMs };

/** Returns a time around a range in which all its buckets begin and end, whatever the clocks do. Begins at a quarter of an hour. */
export function around(interval: Interval, from: number, to: number): [number, number] {
  const margin = usualMs[interval] + 2 * (interval === 'hour' ? hourMs : dayMs);
  return [Math.floor((from - margin) / quarterMs) * quarterMs, to + margin];
}

/**
 * Returns where the buckets begin that a range touches, and where the last one ends. Weeks begin on Monday (ISO 8601).
 * A day begins when its date does, so it has 23 or 25 hours where clocks are changed; an hour that comes twice is two.
 */
export function boundariesOf(interval: Interval, segments: readonly OffsetSegment[], [from, to]: readonly [number, number]): number[] {
  const all = allBoundaries(interval, segments, around(interval, from, to)[1]);
  const first = all.findLastIndex((start) => start <= from);
  const last = all.findIndex((start) => start >= to && start > from);
  return all.slice(first, last + 1);
}

function allBoundaries(interval: Interval, segments: readonly OffsetSegment[], end: number): number[] {
  const unit = interval === 'hour' ? hourMs : dayMs;
  const boundaries: number[] = [];
  let current = segments[0] ? numberOf(interval, segments[0].start + segments[0].offset) : 0;
  segments.forEach(({ start, offset }, i) => {
    const until = segments[i + 1]?.start ?? end;
    const aligned = Math.ceil((start + offset) / unit) * unit - offset;
    const times = aligned === start || i === 0 ? [] : [start];
    for (let time = aligned; time < until; time += unit) times.push(time);
    for (const time of times) {
      const number = numberOf(interval, time + offset);
      // Clocks that are put back bring no new day; they bring a new hour, unless they are put back into the middle of one.
      const isNew = interval === 'hour' ? number !== current || (time + offset) % unit === 0 : number > current;
      if (isNew) boundaries.push(time);
      current = interval === 'hour' ? number : Math.max(current, number);
    }
  });
  return boundaries;
}

/** Returns the number of the hour, day or week (from Monday on) of a local time. 1 January 1970 was a Thursday. */
function numberOf(interval: Interval, local: number): number {
  if (interval === 'hour') return Math.floor(local / hourMs);
  const day = Math.floor(local / dayMs);
  return interval === 'day' ? day : Math.floor((day + 3) / 7);
}

/** Returns the totals between each boundary and the next. Points outside are left out. */
export function totalsBetween(boundaries: readonly number[], points: readonly Point[]): Totals[] {
  const totals = boundaries.slice(1).map(noTotals);
  for (const point of points) {
    const bucket = totals[lastAtOrBefore(boundaries, point.start)];
    if (bucket) addTotals(bucket, point);
  }
  return totals;
}

/** Returns the index of the last boundary that is not after a time, or -1. */
function lastAtOrBefore(boundaries: readonly number[], time: number): number {
  let [low, high] = [-1, boundaries.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((boundaries[middle] ?? Infinity) <= time) low = middle;
    else high = middle;
  }
  return low;
}

/** Returns what totals come to; of no event, 0 for SUM and COUNT and null for the others. */
export function valueOf({ count, sum, min, max }: Totals, aggregate: Aggregate): number | null {
  if (aggregate === 'count') return count;
  if (aggregate === 'sum') return sum;
  if (count === 0) return null;
  return { avg: sum / count, min, max }[aggregate];
}

/** Returns the buckets between the boundaries, those without events filled as asked. */
export function bucketsOf(
  boundaries: readonly number[],
  totals: readonly Totals[],
  { aggregate, fill }: { aggregate: Aggregate; fill: Fill },
): Bucket[] {
  const iso = (time: number | undefined): string => new Date(time ?? 0).toISOString();
  let previous: number | null = null;
  const buckets = totals.map((total, i): Bucket => {
    const filled: Record<Fill, number | null> = { zero: 0, null: null, none: null, previous };
    const value = total.count > 0 ? valueOf(total, aggregate) : filled[fill];
    previous = value;
    return { start: iso(boundaries[i]), end: iso(boundaries[i + 1]), value, count: total.count };
  });
  return fill === 'none' ? buckets.filter(({ count }) => count > 0) : buckets;
}
