/** What a mutation has done to the tables, as values that can be compared between runs in different projects. */
import { connect, type Connection, type QueryRequest, type Row } from '../../src/data/connection.ts';
import { readOwnerCounts, readProjectCounts } from '../../src/data/counters.ts';
import { projectRowsIndex, tableIds, type TableId } from '../../src/data/tables.ts';
import type { World } from './mutationScenarios.ts';

function shapeOf({ revision, version, status, role, name, title }: Row): string {
  return JSON.stringify({ revision, version, status, role, name, title });
}

/** Returns the shapes of a project's rows in a table, each with how many items lie in its partition: bodies, logs, counters. */
async function childrenOf(connection: Connection, table: TableId, projectId: string): Promise<string[] | null> {
  const index = projectRowsIndex(table);
  if (!index) return null;
  const { items } = await connection.query({ table, index, partition: projectId } as QueryRequest);
  const shapes = items.map(async (row) => {
    if (table === 'teams') return shapeOf(row);
    const beside = await connection.query({ table, partition: String(row['id']), consistent: true });
    return `${shapeOf(row)} in ${beside.items.length} items`;
  });
  return (await Promise.all(shapes)).toSorted();
}

async function activityOf(connection: Connection, partition: string): Promise<string[]> {
  const { items } = await connection.query({ table: 'activity', index: 'UserIdIndex', partition });
  return items.map((row) => `${String(row['action'])} ${String(row['entityType'])}`).toSorted();
}

/**
 * Returns everything that a mutation may have changed in a world, without what differs between any two runs: ids, times,
 * and the random `order` of pages. `extra` are ids of users that it made.
 */
export async function effectsOn({ harness, owner, other, projectId }: World, extra: readonly string[]): Promise<object> {
  const connection = connect(harness.database, { signal: AbortSignal.timeout(20_000) });
  const owned = await connection.query({ table: 'projects', index: 'UserIdIndex', partition: owner.id });
  const account = await connection.get('users', { id: owner.id }, { consistent: true });
  return {
    activity: await Promise.all([owner.id, other.id, ...extra].map((id) => activityOf(connection, id))),
    children: await Promise.all(tableIds.map((table) => childrenOf(connection, table, projectId))),
    projects: owned.items.map(shapeOf).toSorted(),
    keys: ((account?.['apiKeyIds'] ?? []) as string[]).length,
    rollUps: (await harness.rows('analytics', `rollup#${projectId}#m#day`)).map(({ n0, s0 }) => [n0, s0]),
    team: (await harness.rows('teams', projectId)).length,
    settings: (await harness.rows('settings', owner.id)).map(shapeOf),
    projectCounts: await Promise.all([owner, other].map(({ id }) => readProjectCounts(connection, projectId, id))),
    ownerCounts: await Promise.all([owner, other].map(({ id }) => readOwnerCounts(connection, id))),
  };
}
