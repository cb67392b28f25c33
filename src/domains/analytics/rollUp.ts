/**
 * Roll-ups: what the events of a metric in one hour or one UTC day add up to. An hour keeps its four quarters apart,
 * because the days of some time zones begin at :15, :30 or :45 of an hour of UTC. Everything that a write does to a row
 * commutes with what others do (ADD to numbers, ADD to and DELETE from sets of numbers), so no write has a condition
 * that others could break, however many come at once.
 */
import type { Row } from '../../data/connection.ts';
import type { Changes } from '../../data/expressions.ts';
import { ttlAttribute } from '../../data/tables.ts';
import type { MetricEventRecord } from './metricEvent.ts';

/** How fine the rows are. */
export type Resolution = 'hour' | 'day';

export const quarterMs = 900_000;
export const hourMs = 4 * quarterMs;
export const dayMs = 24 * hourMs;

/** Length of the time that a row stands for, and of each slot in it. */
const shape = {
  hour: { row: hourMs, slot: quarterMs, slots: [0, 1, 2, 3] },
  day: { row: dayMs, slot: dayMs, slots: [0] },
} as const;

/** How many days rows are kept after the time that they stand for. */
export type Retention = Readonly<Record<Resolution, number>>;

/**
 * Returns how long roll-ups stay: hours thirteen months, so that a month can be held against the same one of last year,
 * and never shorter than their events; days five years. A metric with an event each minute takes 2 MB a year.
 */
export function retentionOf(eventDays: number): Retention {
  return { hour: Math.max(400, eventDays), day: Math.max(1_830, eventDays) };
}

/** What the events of some time add up to; `min` and `max` are those of no event when `count` is 0. */
export interface Totals {
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** Totals of a slot, which begins at `start` (milliseconds since 1970). */
export type Point = Totals & { start: number };

/** Returns the totals of no event. */
export function noTotals(): Totals {
  return { count: 0, sum: 0, min: Infinity, max: -Infinity };
}

/** Adds totals to others. */
export function addTotals(to: Totals, { count, sum, min, max }: Totals): void {
  to.count += count;
  to.sum += sum;
  to.min = Math.min(to.min, min);
  to.max = Math.max(to.max, max);
}

/** What some events add to one row. */
export interface Addition {
  projectId: string;
  metric: string;
  resolution: Resolution;
  /** Begin of the row's time, in milliseconds since 1970. */
  start: number;
  slots: Map<number, Totals & { high: number; low: number }>;
}

/**
 * A sum is kept in two parts, multiples of a hundred million and the rest. One number would grow beyond what a double
 * counts exactly, and the client of DynamoDB refuses to read such a number.
 */
const highUnit = 1e8;

/** DynamoDB's numbers have 38 digits, and a sum that needs more fails: 20 decimals leave 18 digits before the point. */
const decimals = 20;

/** Returns what events add to which rows, each row once. */
export function additionsOf(events: readonly MetricEventRecord[]): Addition[] {
  const additions = new Map<string, Addition>();
  for (const { projectId, metric, timestamp, value } of events) {
    const time = Date.parse(timestamp);
    if (!Number.isFinite(time) || !Number.isFinite(value)) continue;
    for (const resolution of ['hour', 'day'] as const) {
      const { row, slot } = shape[resolution];
      const start = Math.floor(time / row) * row;
      const key = JSON.stringify([projectId, metric, resolution, start]);
      const addition: Addition = additions.get(key) ?? { projectId, metric, resolution, start, slots: new Map() };
      additions.set(key, addition);
      addToSlot(addition, Math.floor((time - start) / slot), value);
    }
  }
  return [...additions.values()];
}

function addToSlot({ slots }: Addition, slot: number, value: number): void {
  const totals = slots.get(slot) ?? { ...noTotals(), high: 0, low: 0 };
  slots.set(slot, totals);
  const low = value % highUnit;
  addTotals(totals, { count: 1, sum: value, min: value, max: value });
  totals.low += low;
  totals.high += (value - low) / highUnit;
}

/** Returns when a row goes, in epoch seconds. */
export function expiryOfRow({ resolution, start }: Pick<Addition, 'resolution' | 'start'>, retention: Retention): number {
  return (start + shape[resolution].row + retention[resolution] * dayMs) / 1000;
}

/** Returns the update of a row; `row` is what it was a moment ago, or null. */
export function changesOf(addition: Addition, row: Row | null, retention: Retention): Changes {
  const add: Record<string, number | Set<number>> = {};
  const drop: Record<string, Set<number>> = {};
  for (const [slot, { count, high, low, min, max }] of addition.slots) {
    add[`n${slot}`] = count;
    add[`s${slot}`] = Number(low.toFixed(decimals));
    if (high !== 0) add[`t${slot}`] = high;
    const extremes = widen([setOf(row, `a${slot}`), setOf(row, `b${slot}`)], [min, max]);
    extremes.add.forEach((values, i) => values.size > 0 && (add[`${'ab'.charAt(i)}${slot}`] = values));
    extremes.drop.forEach((values, i) => values.size > 0 && (drop[`${'ab'.charAt(i)}${slot}`] = values));
  }
  return { set: { [ttlAttribute]: expiryOfRow(addition, retention) }, add, drop };
}

type Pair = readonly [Set<number>, Set<number>];

/**
 * Smallest and largest value can not be kept by ADD to a number, and a condition on them would fail under many writers.
 * So they are the extremes of two sets of candidates: a value that is beyond what was read is added to the smaller set,
 * and candidates between the extremes are taken out of the other (DynamoDB changes one set one way in an update). What
 * was read may be old: then a candidate is added in vain, never one missed, and an extreme is never taken out, because
 * a set only loses what lies between two values that were seen.
 */
function widen([a, b]: Pair, values: readonly number[]): { add: Pair; drop: Pair } {
  const known = [...a, ...b];
  const fresh = new Set(values.filter((value) => value < Math.min(...known) || value > Math.max(...known)));
  const all = [...known, ...fresh];
  const [min, max] = [Math.min(...all), Math.max(...all)];
  const idle = (set: Set<number>): Set<number> => new Set([...set].filter((value) => value > min && value < max));
  const none = new Set<number>();
  if (fresh.size === 0) return { add: [none, none], drop: [idle(a), idle(b)] };
  return a.size <= b.size ? { add: [fresh, none], drop: [none, idle(b)] } : { add: [none, fresh], drop: [idle(a), none] };
}

function setOf(row: Row | null, name: string): Set<number> {
  const value: unknown = row?.[name];
  return value instanceof Set ? (value as Set<number>) : new Set();
}

/** Returns the attributes of rows that hold a part of the totals. */
export function attributesFor(resolution: Resolution, parts: readonly ('sum' | 'extremes')[]): string[] {
  const letters = ['n', ...(parts.includes('sum') ? ['s', 't'] : []), ...(parts.includes('extremes') ? ['a', 'b'] : [])];
  return ['timestamp', ...shape[resolution].slots.flatMap((slot) => letters.map((letter) => `${letter}${slot}`))];
}

/** Returns the slots of a row that have events. */
export function pointsOf(row: Row, resolution: Resolution): Point[] {
  const { slot: length, slots } = shape[resolution];
  // Rows beside the first one of the same time have `#` and a number after it.
  const start = Date.parse(String(row['timestamp']).split('#', 1)[0] ?? '');
  return slots.flatMap((slot) => {
    const count = Number(row[`n${slot}`] ?? 0);
    if (count === 0) return [];
    const extremes = [...setOf(row, `a${slot}`), ...setOf(row, `b${slot}`)];
    const sum = Number(row[`t${slot}`] ?? 0) * highUnit + Number(row[`s${slot}`] ?? 0);
    return [{ start: start + slot * length, count, sum, min: Math.min(...extremes), max: Math.max(...extremes) }];
  });
}
