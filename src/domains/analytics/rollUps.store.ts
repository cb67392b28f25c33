/**
 * The DynamoDB side of roll-ups. They lie in the analytics table under `rollup#<project>#<metric>#<hour|day>`, sorted by
 * the time that they stand for, and have none of the attributes by which the table's indexes list events. They name no
 * owner, so a project takes them along when it changes hands.
 */
import type { Connection, QueryRequest, Row, Write } from '../../data/connection.ts';
import { isLive, readPartition, walkPartition } from '../../data/page.ts';
import { ttlAttribute } from '../../data/tables.ts';
import type { MetricEventRecord } from './metricEvent.ts';
import {
  additionsOf,
  attributesFor,
  changesOf,
  dayMs,
  expiryOfRow,
  hourMs,
  pointsOf,
  type Addition,
  type Point,
  type Resolution,
  type Retention,
} from './rollUp.ts';

const table = 'analytics';
const batchSize = 100;

/**
 * One row takes all events of its time, until a transaction meets another one there: then it goes to one of so many rows
 * beside. So a quiet metric costs one row an hour to read, and a busy one is not held up by one item.
 */
const spillRows = 7;

/** Where and when roll-ups are written. */
export interface RollUpOptions {
  retention: Retention;
  nowSeconds: number;
}

/** What has to be written for some events. */
export interface RollUpPlan {
  /** Updates without conditions. */
  writes: Write[];
  /** Puts the names of metrics that had no event yet today, before the transaction: a name without events does no harm. */
  putNames: () => Promise<void>;
}

function partitionOf({ projectId, metric, resolution }: Pick<Addition, 'projectId' | 'metric' | 'resolution'>): string {
  return `rollup#${projectId}#${metric}#${resolution}`;
}

/** Partition with one item for each metric of a project, sorted by name. No metric's own partition ends like this. */
function namesPartition(projectId: string): string {
  return `rollup#${projectId}#metrics`;
}

function keyOf(addition: Addition): Row {
  return { id: partitionOf(addition), timestamp: new Date(addition.start).toISOString() };
}

/** Returns what events add to the roll-ups: at most two writes an event, one for each hour and day of each metric. */
export async function planRollUps(
  connection: Connection,
  events: readonly MetricEventRecord[],
  { retention, nowSeconds }: RollUpOptions,
): Promise<RollUpPlan> {
  const additions = additionsOf(events).filter((addition) => expiryOfRow(addition, retention) > nowSeconds);
  const rows = await readRows(connection, additions.map(keyOf));
  const writes = additions.map((addition, i): Write => {
    const key = keyOf(addition);
    const spill = Array.from({ length: spillRows }, (_, n) => ({ ...key, timestamp: `${String(key['timestamp'])}#${n + 1}` }));
    return { kind: 'update', table, key, changes: changesOf(addition, rows[i] ?? null, retention), spill };
  });
  // A name stays longer than any row of its metric, so that a deletion finds all of them.
  const ttl = nowSeconds + (retention.day + 2) * (dayMs / 1000);
  const unnamed = additions.filter(({ resolution }, i) => resolution === 'day' && !rows[i]);
  const names = new Map(
    unnamed.map(({ projectId, metric }) => [partitionOf({ projectId, metric, resolution: 'day' }), { projectId, metric }]),
  );
  const puts = [...names.values()].map(({ projectId, metric }) => {
    return { table, put: { id: namesPartition(projectId), timestamp: metric, [ttlAttribute]: ttl } } as const;
  });
  return { writes, putNames: () => connection.writeAll(puts) };
}

/** What is read may be a moment old: see `changesOf`. */
async function readRows(connection: Connection, keys: readonly Row[]): Promise<(Row | null)[]> {
  const batches = Array.from({ length: Math.ceil(keys.length / batchSize) }, (_, i) => keys.slice(i * batchSize, (i + 1) * batchSize));
  return (await Promise.all(batches.map((batch) => connection.batchGet(table, batch)))).flat();
}

/** Which roll-ups to read: those of the time from `from` to before `to`, in milliseconds since 1970. */
export interface RollUpRange {
  projectId: string;
  metric: string;
  resolution: Resolution;
  from: number;
  to: number;
  parts: readonly ('sum' | 'extremes')[];
}

/** Hours of one Query: about 600 KB, so that one page of DynamoDB has them all. Longer times are read side by side. */
const spanMs = { hour: 100 * dayMs, day: 10_000 * dayMs } as const;

/** Returns what the events of a time add up to, slot by slot; a row of the first hour or day may begin before `from`. */
export async function readPoints(
  connection: Connection,
  { projectId, metric, resolution, from, to, parts }: RollUpRange,
): Promise<Point[]> {
  const length = resolution === 'hour' ? hourMs : dayMs;
  const iso = (time: number): string => new Date(Math.floor(time / length) * length).toISOString();
  const spans: QueryRequest[] = [];
  for (let start = Math.floor(from / length) * length; start < to; start += spanMs[resolution]) {
    const end = Math.min(to, start + spanMs[resolution]) - 1;
    // '~' sorts after the digits that name the rows beside the first one.
    const range = { from: iso(start), to: `${iso(end)}#~` };
    const attributes = attributesFor(resolution, parts);
    spans.push({ table, partition: partitionOf({ projectId, metric, resolution }), range, attributes, reason: 'roll-ups' });
  }
  const rows = (await Promise.all(spans.map((span) => readPartition(connection, span)))).flat();
  return rows.flatMap((row) => pointsOf(row, resolution));
}

/** Returns the names of a project's metrics in alphabetical order, `limit` at most: those with an event in the last five years. */
export async function listMetricNames(
  connection: Connection,
  { projectId, limit, nowSeconds }: { projectId: string; limit: number; nowSeconds: number },
): Promise<string[]> {
  const { items } = await connection.query({ table, partition: namesPartition(projectId), limit, reason: 'names of metrics' });
  return items.filter((item) => isLive(item, nowSeconds)).map((item) => String(item['timestamp']));
}

/** Removes all roll-ups of a project. The names go last, so that a rerun finds the rest. Returns how many items went. */
export async function removeRollUps(connection: Connection, projectId: string): Promise<number> {
  let removed = 0;
  for await (const names of walkPartition(connection, { table, partition: namesPartition(projectId), consistent: true, limit: 100 })) {
    for (const { timestamp: metric } of names) {
      for (const resolution of ['hour', 'day'] as const) {
        removed += await removeItems(connection, partitionOf({ projectId, metric: String(metric), resolution }));
      }
    }
  }
  return removed + (await removeItems(connection, namesPartition(projectId)));
}

async function removeItems(connection: Connection, partition: string): Promise<number> {
  let removed = 0;
  for await (const items of walkPartition(connection, { table, partition, consistent: true, attributes: ['id', 'timestamp'] })) {
    await connection.writeAll(items.map(({ id, timestamp }) => ({ table, delete: { id, timestamp } })));
    removed += items.length;
  }
  return removed;
}
