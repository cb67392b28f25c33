/** The DynamoDB side of deployment logs: blocks of entries in the deployment's partition, see deploymentLog.ts. */
import type { Context } from '../../context.ts';
import type { Connection, Row, Write } from '../../data/connection.ts';
import { scanBudget } from '../../data/page.ts';
import type { DeploymentRecord } from './deployment.ts';
import { chooseLane, isLaneItem, isReached, laneEnd, laneKey, moveLaneEnd, placeOf, type Progress } from './logLanes.ts';
import { blocksOf, matches, readEntry, type LogEntry, type LogFilter } from './deploymentLog.ts';

/** A place in a log: the block's sort key and the number of the entry in it. */
export interface LogPosition {
  block: string;
  entry: number;
}

/** An entry and its place. */
export interface PlacedEntry {
  entry: LogEntry;
  position: LogPosition;
}

/** A part of a log. */
export interface LogPage {
  entries: PlacedEntry[];
  hasMore: boolean;
  /** Entries looked at. */
  scannedCount: number;
  scanLimitReached: boolean;
  /** The last entry that was looked at; null when there was none. */
  readTo: LogPosition | null;
}

function prefixOf({ userId }: DeploymentRecord): string {
  return `${userId}#log#`;
}

/**
 * Returns the writes that append entries, which must be in the order of time. They fail when another writer appends at
 * the same moment; `attempts` says how often this one has tried before.
 */
export async function appendWrites(
  context: Context,
  { deployment, entries, attempts }: { deployment: DeploymentRecord; entries: readonly LogEntry[]; attempts: number },
): Promise<Write[]> {
  if (entries.length === 0) return [];
  const lane = chooseLane(deployment.userId, attempts);
  const key = laneKey(deployment, lane);
  const reason = 'how many parts the log of the deployment has';
  const end = laneEnd(lane, await context.connection.get('deployments', key, { consistent: true, reason }));
  // A new id sorts by time: among blocks that begin in the same millisecond, the earlier call comes first.
  const call = context.newId('dep').slice('dep_'.length);
  const blocks = blocksOf(entries).map((block, i): Write => {
    const userId = `${prefixOf(deployment)}${block.time}#${call}#${String(i).padStart(2, '0')}`;
    const item = { id: deployment.id, userId, logs: block.entries, lane, number: end.number + i + 1 };
    return { kind: 'put', table: 'deployments', item, condition: { exists: false } };
  });
  return [...blocks, moveLaneEnd(key, end, blocks.length)];
}

/**
 * Reads a part of a log, oldest first: what the earlier backend kept on the row, then the blocks. Both are found by one
 * query, because the row's own sort key comes directly before those of the blocks. With `upTo`, as it was then.
 */
export async function readLog(
  context: Context,
  deployment: DeploymentRecord,
  { size, after, filter, upTo }: { size: number; after: LogPosition | null; filter: LogFilter; upTo?: Progress },
): Promise<LogPage> {
  const entries: PlacedEntry[] = [];
  let scannedCount = 0;
  let readTo: LogPosition | null = null;
  // '~' sorts after '#': the range ends behind the last block.
  const range = { from: after?.block ?? deployment.userId, to: `${deployment.userId}#log~` };
  let start: Row | undefined;
  for (let limit = 8; ; limit = Math.min(2 * limit, 64)) {
    const answer = await context.connection.query({
      table: 'deployments',
      partition: deployment.id,
      range,
      limit,
      start,
      consistent: true,
      reason: 'the log of one deployment, oldest first',
    });
    const items = upTo ? answer.items.filter((item) => isReached(upTo, placeOf(item))) : answer.items;
    for (const placed of items.flatMap((item) => entriesOf(item, deployment))) {
      if (after && !isAfter(placed.position, after)) continue;
      if (scannedCount === scanBudget) return { entries, hasMore: true, scannedCount, scanLimitReached: true, readTo };
      if (matches(placed.entry, filter)) {
        if (entries.length === size) return { entries, hasMore: true, scannedCount, scanLimitReached: false, readTo };
        entries.push(placed);
      }
      scannedCount += 1;
      readTo = placed.position;
    }
    if (!answer.next) return { entries, hasMore: false, scannedCount, scanLimitReached: false, readTo };
    start = answer.next;
  }
}

/** Returns the entries of a block, or of the row. */
export function entriesOf(item: Row, deployment: DeploymentRecord): PlacedEntry[] {
  const block = item['userId'] as string;
  if (isLaneItem(item) || (block !== deployment.userId && !block.startsWith(prefixOf(deployment)))) return [];
  const logs: unknown[] = Array.isArray(item['logs']) ? item['logs'] : [];
  return logs.map((stored, entry) => ({ entry: readEntry(stored, deployment.createdAt), position: { block, entry } }));
}

function isAfter(position: LogPosition, other: LogPosition): boolean {
  return position.block > other.block || (position.block === other.block && position.entry > other.entry);
}

/** Removes the blocks of a deployment and then its row. Safe to repeat: what was interrupted goes on where it stopped. */
export async function removeDeployment(connection: Connection, deployment: DeploymentRecord): Promise<void> {
  for (;;) {
    const { items } = await connection.query({
      table: 'deployments',
      partition: deployment.id,
      range: { beginsWith: prefixOf(deployment) },
      limit: 100,
      consistent: true,
    });
    if (items.length === 0) break;
    await connection.writeAll(items.map((item) => ({ table: 'deployments', delete: { id: item['id'], userId: item['userId'] } })));
  }
  await connection.writeAll([{ table: 'deployments', delete: { id: deployment.id, userId: deployment.userId } }]);
}
