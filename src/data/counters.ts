/**
 * Exact counters: numbers per project and per owner, changed in the transaction of the write that they count, so they
 * cannot drift. Each counter is spread over shards, because one item takes about 1,000 writes a second and concurrent
 * transactions on one item conflict; reading adds the shards up, whose size does not depend on what they count.
 */
import type { Connection, Row, Write } from './connection.ts';
import type { Condition } from './expressions.ts';
import type { TableId } from './tables.ts';

/** What is counted; deployments also by status, such as `deployments:failed`. */
export type CounterName = string;

/** A change of counters. `ownerId` is the owner of the project. */
export interface CountChange {
  ownerId: string;
  /** Absent for what belongs to a user only. */
  projectId?: string | undefined;
  by: Readonly<Record<CounterName, number>>;
}

/** Counters that are kept per owner only: a project does not count itself. */
const ownerOnly = new Set<CounterName>(['projects']);

/**
 * True for rows that counters know: those that say who made them. Rows of the earlier backend do not, and are in no
 * counter until `npm run admin -- recount` or a change of owner writes it on them and counts them in the same
 * transaction. What is not counted must not be counted down when it goes. (Members: see `isCountedMember`.)
 */
export function isCounted(row: { readonly createdById?: unknown }): boolean {
  return row.createdById !== undefined;
}

/** Returns what counters count of an object of a project: itself, and a deployment also by its status. */
export function countsOfRow(table: TableId, row: Row): Record<CounterName, number> {
  return { [table]: 1, ...(table === 'deployments' && { [`${table}:${String(row['status'])}`]: 1 }) };
}

const shards = 8;

/** Attribute of a shard that counts its changes, so that a transaction can demand that there were none. */
const changesAttribute = 'changes';

/** Attribute of the shards of a project's former owner: who owns it now. Nothing is counted there any more. */
const movedAttribute = 'movedTo';

function shardKey(ownerId: string, shard: number): string {
  return `${ownerId}#stats#${shard}`;
}

/** Returns the key of a shard of an owner's counters, which live beside the settings. */
function ownerShardKey(ownerId: string, shard: number): Row {
  return { userId: `stats#${ownerId}#${shard}` };
}

/**
 * Returns the writes that apply changes: one shard of each owner, one of each project, however many changes name them,
 * because a transaction may write an item only once. They fail when a project was given to another owner since the
 * changes were planned; so whatever is counted always lands with the owner of that moment.
 */
export function countWrites(changes: readonly CountChange[]): Write[] {
  const shard = Math.floor(Math.random() * shards);
  const owners = new Map<string, Record<CounterName, number>>();
  const projects = new Map<string, { ownerId: string; by: Record<CounterName, number> }>();
  for (const { ownerId, projectId, by } of changes) {
    addTo(owners, ownerId, by);
    if (projectId === undefined) continue;
    const project = projects.get(projectId) ?? { ownerId, by: {} };
    projects.set(projectId, {
      ownerId,
      by: sumOf(project.by, Object.fromEntries(Object.entries(by).filter(([name]) => !ownerOnly.has(name)))),
    });
  }
  const ofOwners = [...owners]
    .filter(([, by]) => Object.keys(by).length > 0)
    .map(([ownerId, by]): Write => ({
      kind: 'update',
      table: 'settings',
      key: ownerShardKey(ownerId, shard),
      changes: { add: { ...by, [changesAttribute]: 1 } },
    }));
  const ofProjects = [...projects]
    .filter(([, { by }]) => Object.keys(by).length > 0)
    .map(([id, { ownerId, by }]): Write => ({
      kind: 'update',
      table: 'projects',
      key: { id, userId: shardKey(ownerId, shard) },
      changes: { add: { ...by, [changesAttribute]: 1 } },
      condition: { equals: { [movedAttribute]: undefined } },
    }));
  return [...ofOwners, ...ofProjects];
}

function addTo(totals: Map<string, Record<CounterName, number>>, key: string, by: Readonly<Record<CounterName, number>>): void {
  totals.set(key, sumOf(totals.get(key) ?? {}, by));
}

function sumOf(a: Readonly<Record<CounterName, number>>, b: Readonly<Record<CounterName, number>>): Record<CounterName, number> {
  const sum: Record<CounterName, number> = { ...a };
  for (const [name, by] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + by;
  return Object.fromEntries(Object.entries(sum).filter(([, total]) => total !== 0));
}

function addUp(rows: readonly (Row | null)[]): Record<CounterName, number> {
  const sums: Record<CounterName, number> = {};
  for (const row of rows) {
    for (const [name, value] of Object.entries(row ?? {})) {
      if (typeof value === 'number' && name !== changesAttribute) sums[name] = (sums[name] ?? 0) + value;
    }
  }
  return sums;
}

/** Returns the counters of a project; absent names count 0. One Query of at most eight small items. */
export async function readProjectCounts(connection: Connection, projectId: string, ownerId: string): Promise<Record<CounterName, number>> {
  const { items } = await connection.query({
    table: 'projects',
    partition: projectId,
    range: { beginsWith: `${ownerId}#stats#` },
    consistent: true,
  });
  return addUp(items);
}

/** Returns the counters over all projects of an owner; absent names count 0. One BatchGetItem of eight small items. */
export async function readOwnerCounts(connection: Connection, ownerId: string): Promise<Record<CounterName, number>> {
  const keys = Array.from({ length: shards }, (_, shard) => ownerShardKey(ownerId, shard));
  return addUp(await connection.batchGet('settings', keys, { consistent: true, reason: 'the counters of one user' }));
}

/**
 * Returns the writes that remove a project's counters (`shardItems`, as stored) and subtract them from its owner's.
 * The shards must not have changed since they were read, or the transaction fails.
 */
export function moveOutCounts(ownerId: string, shardItems: readonly Row[]): Write[] {
  if (shardItems.length === 0) return [];
  const sums = addUp(shardItems);
  const negative = Object.fromEntries(
    Object.entries(sums)
      .filter(([, sum]) => sum !== 0)
      .map(([name, sum]) => [name, -sum]),
  );
  const deletions = shardItems.map((item): Write => {
    const { id, userId, ...counts } = item;
    return {
      kind: 'delete',
      table: 'projects',
      key: { id, userId },
      condition: { equals: { ...counts, [changesAttribute]: item[changesAttribute] } },
    };
  });
  return [...deletions, ...countWrites([{ ownerId, by: negative }])];
}

/** A project on its way from one owner to another. */
export interface OwnerChange {
  projectId: string;
  from: string;
  to: string;
  /** All items of the project's partition, as stored. */
  items: readonly Row[];
  /** False for a project of the earlier backend, which its owner's counters do not know; the new owner's will. */
  wasCounted: boolean;
  /** What else the change adds to the counters. */
  more: Readonly<Record<CounterName, number>>;
}

/**
 * Returns the writes that move a project's counters to its new owner, the owners' totals included. The old shards stay
 * for a while, closed: a write that was planned for the old owner fails there and is planned anew. The shards must not
 * have changed since they were read, or the transaction fails.
 */
export function moveCounts({ projectId, from, to, items, wasCounted, more }: OwnerChange): Write[] {
  const stored = new Map(items.map((item) => [item['userId'], item]));
  const keys = (ownerId: string): Row[] =>
    Array.from({ length: shards }, (_, shard) => ({ id: projectId, userId: shardKey(ownerId, shard) }));
  const unchanged = (item: Row | undefined): Condition =>
    item
      ? { exists: true, equals: { [changesAttribute]: item[changesAttribute], [movedAttribute]: item[movedAttribute] } }
      : { exists: false };
  const closed = keys(from).map((key): Write => {
    return { kind: 'put', table: 'projects', item: { ...key, [movedAttribute]: to }, condition: unchanged(stored.get(key['userId'])) };
  });
  const counted = Object.entries(addUp(keys(from).map(({ userId }) => stored.get(userId) ?? null))).filter(([, sum]) => sum !== 0);
  const sums = sumOf(Object.fromEntries(counted), more);
  // Shards of an earlier time when this was the owner are closed; the first one is opened with all counts, the others are as if new.
  const opened = keys(to).flatMap((key, shard): Write[] => {
    const item = stored.get(key['userId']);
    if (shard === 0) return [{ kind: 'put', table: 'projects', item: { ...key, ...sums }, condition: unchanged(item) }];
    return item ? [{ kind: 'delete', table: 'projects', key, condition: unchanged(item) }] : [];
  });
  const negative = Object.fromEntries(counted.map(([name, sum]) => [name, -sum]));
  const totals = countWrites([
    { ownerId: from, by: { ...negative, projects: wasCounted ? -1 : 0 } },
    { ownerId: to, by: { ...sums, projects: 1 } },
  ]);
  return [...closed, ...opened, ...totals];
}

/** Returns the writes that remove the closed shards of former owners, each to be done on its own: one that was opened again since fails. */
export function removeClosedShards(items: readonly Row[]): Write[] {
  return items
    .filter((item) => item[movedAttribute] !== undefined)
    .map(({ id, userId, [movedAttribute]: movedTo }) => ({
      kind: 'delete',
      table: 'projects',
      key: { id, userId },
      condition: { equals: { [movedAttribute]: movedTo } },
    }));
}

/** Returns whether an item of a project's partition is a shard of counters. */
export function isCounterShard(item: Row): boolean {
  return String(item['userId']).includes('#stats#');
}

/** The shards of one project's or one owner's counters at one moment; `items` has null for shards that do not exist. */
export interface CounterSnapshot {
  readonly table: 'projects' | 'settings';
  readonly keys: readonly Row[];
  readonly items: readonly (Row | null)[];
  readonly counts: Record<CounterName, number>;
}

/** Reads the counters of a project so that a correction can demand that nothing was counted since. */
export async function snapshotProjectCounts(connection: Connection, projectId: string, ownerId: string): Promise<CounterSnapshot> {
  const keys = Array.from({ length: shards }, (_, shard): Row => ({ id: projectId, userId: shardKey(ownerId, shard) }));
  return snapshotOf(connection, 'projects', keys);
}

/** Reads the counters of an owner so that a correction can demand that nothing was counted since. */
export async function snapshotOwnerCounts(connection: Connection, ownerId: string): Promise<CounterSnapshot> {
  const keys = Array.from({ length: shards }, (_, shard) => ownerShardKey(ownerId, shard));
  return snapshotOf(connection, 'settings', keys);
}

async function snapshotOf(connection: Connection, table: CounterSnapshot['table'], keys: readonly Row[]): Promise<CounterSnapshot> {
  const items = await connection.batchGet(table, keys, { consistent: true });
  return { table, keys, items, counts: addUp(items) };
}

/**
 * Returns the writes that correct counters by adding `by`; with an empty `by` they only check. They fail when anything
 * was counted since the snapshot, or when the project has another owner since.
 */
export function correctCounts({ table, keys, items }: CounterSnapshot, by: Readonly<Record<CounterName, number>>): Write[] {
  const isChange = Object.keys(by).length > 0;
  return keys.map((key, shard): Write => {
    const item = items[shard];
    const condition: Condition = item
      ? { exists: true, equals: { [changesAttribute]: item[changesAttribute], [movedAttribute]: undefined } }
      : { exists: false };
    if (shard > 0 || !isChange) return { kind: 'check', table, key, condition };
    return { kind: 'update', table, key, changes: { add: { ...by, [changesAttribute]: 1 } }, condition };
  });
}
