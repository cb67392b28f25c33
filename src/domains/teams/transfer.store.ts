/**
 * The DynamoDB side of giving a project to another owner. The owner's id is part of the key of the project's row and of
 * everything that it holds, so all of it moves: the project's own items in one transaction, the rest in a job (contents.ts).
 * Until that job is done, a marker beside the project's row, which StatusIndex lists, says so.
 */
import { randomUUID } from 'node:crypto';
import type { Connection, Row, Write } from '../../data/connection.ts';
import { readPartition } from '../../data/page.ts';
import { isCounted, isCounterShard, moveCounts } from '../../data/counters.ts';
import type { Condition } from '../../data/expressions.ts';
import type { ProjectRecord } from '../projects/project.ts';

/** A transfer whose contents are being moved. */
export type TransferMarker = {
  id: string;
  userId: string;
  status: string;
  /** When the job gave the last sign of life. */
  updatedAt: string;
  /** The new owner. */
  to: string;
  /** New for each transfer: a job ends when it finds another one. */
  token: string;
};

const markerStatus = 'transferring';

function markerKey(projectId: string): Row {
  return { id: projectId, userId: '~#transfer' };
}

/** Reads all items of a project's partition: its row, counters, pointers and markers. */
export function readProjectItems(connection: Connection, projectId: string): Promise<Row[]> {
  return readPartition(connection, { table: 'projects', partition: projectId, consistent: true });
}

/** A project before and after it changed hands. */
export interface Handover {
  before: ProjectRecord;
  after: ProjectRecord;
  /** All items of the project's partition, read consistently. */
  items: readonly Row[];
  /** How many members the project has in its counters more (or less) than before. */
  moreMembers: number;
}

/** Returns the writes that move a project's own items to the new owner; they fail when the project was changed since it was read. */
export function moveProject({ before, after, items, moreMembers }: Handover): Write[] {
  const { id, userId: from, status, revision } = before;
  const { userId: to } = after;
  return [
    {
      kind: 'delete',
      table: 'projects',
      key: { id, userId: from },
      condition: { exists: true, equals: { status, revision, updatedAt: before.updatedAt } },
    },
    { kind: 'put', table: 'projects', item: after, condition: { exists: false } },
    ...items
      .filter((item) => String(item['userId']).startsWith(`${from}#`) && !isCounterShard(item))
      .flatMap((item) => moveItem(item, { from, to })),
    ...moveCounts({ projectId: id, from, to, items, wasCounted: isCounted(before), more: { members: moreMembers } }),
  ];
}

function moveItem(item: Row, { from, to }: { from: string; to: string }): Write[] {
  const { id, userId } = item;
  return [
    { kind: 'delete', table: 'projects', key: { id, userId }, condition: unchanged(item) },
    { kind: 'put', table: 'projects', item: { ...item, userId: `${to}${String(userId).slice(from.length)}` } },
  ];
}

/** Returns the condition that an item is as it was read. It compares what is not nested; every edit changes something of that. */
export function unchanged(item: Row): Condition {
  const scalars = Object.entries(item).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value));
  return { exists: true, equals: { revision: item['revision'], ...Object.fromEntries(scalars) } };
}

/** Returns the write that notes a transfer, in place of one that is not done yet, and the note. */
export function putMarker({ after, items }: Pick<Handover, 'after' | 'items'>, now: string): { marker: TransferMarker; write: Write } {
  const key = markerKey(after.id);
  const earlier = items.find((item) => item['userId'] === key['userId']);
  const marker = { ...key, status: markerStatus, updatedAt: now, to: after.userId, token: randomUUID() } as TransferMarker;
  const condition: Condition = earlier ? { exists: true, equals: { token: earlier['token'] } } : { exists: false };
  return { marker, write: { kind: 'put', table: 'projects', item: marker, condition } };
}

/** Returns whether the rows of a project are on their way to a new owner. */
export async function isTransferring(connection: Connection, projectId: string): Promise<boolean> {
  return (await connection.get('projects', markerKey(projectId), { consistent: true })) !== null;
}

function same({ token }: TransferMarker): Condition {
  return { exists: true, equals: { token } };
}

/** Returns the write by which a job gives a sign of life; it fails when another transfer has come. */
export function touchMarker(marker: TransferMarker, now: string): Write {
  return { kind: 'update', table: 'projects', key: markerKey(marker.id), changes: { set: { updatedAt: now } }, condition: same(marker) };
}

/** Returns the write that ends a transfer; it fails when another one has come. */
export function removeMarker(marker: TransferMarker): Write {
  return { kind: 'delete', table: 'projects', key: markerKey(marker.id), condition: same(marker) };
}

/** Returns the write that fails unless the project is still the new owner's and there. */
export function checkOwned({ id, to }: TransferMarker): Write {
  return { kind: 'check', table: 'projects', key: { id, userId: to }, condition: { exists: true, notEquals: { status: 'deleting' } } };
}

/** Returns transfers that gave no sign of life since `latest` (ISO 8601), 100 at most. */
export async function findMarkers(connection: Connection, latest: string): Promise<TransferMarker[]> {
  const { items } = await connection.query({
    table: 'projects',
    index: 'StatusIndex',
    partition: markerStatus,
    range: { to: latest },
    limit: 100,
  });
  return items as TransferMarker[];
}
