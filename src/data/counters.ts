/**
 * Exact counters: numbers per project and per owner, changed in the transaction of the write that they count, so they
 * cannot drift. Each counter is spread over shards, because one item takes about 1,000 writes a second and concurrent
 * transactions on one item conflict; reading adds the shards up, whose size does not depend on what they count.
 */
import type { Connection, Row, Write } from './connection.ts';

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

const shards = 8;

function shardKey(ownerId: string, shard: number): string {
  return `${ownerId}#stats#${shard}`;
}

/** Returns the key of a shard of an owner's counters, which live beside the settings. */
function ownerShardKey(ownerId: string, shard: number): Row {
  return { userId: `stats#${ownerId}#${shard}` };
}

/** Returns the writes that apply a change: one shard of the project, one of the owner. */
export function countWrites(change: CountChange): Write[] {
  const entries = Object.entries(change.by).filter(([, by]) => by !== 0);
  if (entries.length === 0) return [];
  const shard = Math.floor(Math.random() * shards);
  const ofProject = entries.filter(([name]) => !ownerOnly.has(name));
  const writes: Write[] = [
    { kind: 'update', table: 'settings', key: ownerShardKey(change.ownerId, shard), changes: { add: Object.fromEntries(entries) } },
  ];
  if (change.projectId && ofProject.length > 0) {
    writes.push({
      kind: 'update',
      table: 'projects',
      key: { id: change.projectId, userId: shardKey(change.ownerId, shard) },
      changes: { add: Object.fromEntries(ofProject) },
    });
  }
  return writes;
}

function addUp(rows: readonly (Row | null)[]): Record<CounterName, number> {
  const sums: Record<CounterName, number> = {};
  for (const row of rows) {
    for (const [name, value] of Object.entries(row ?? {})) {
      if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value;
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
  return addUp(await connection.batchGet('settings', keys, { consistent: true }));
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
    return { kind: 'delete', table: 'projects', key: { id, userId }, condition: { equals: counts } };
  });
  return [...deletions, ...countWrites({ ownerId, by: negative })];
}
