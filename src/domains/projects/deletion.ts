/**
 * Removal of a project with everything in it. The project's status `deleting` hides it at once; this job removes the
 * rest, piece by piece, and the project's own row last. So a job that was stopped half-way is found again through
 * StatusIndex and simply runs anew: every step can be repeated.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Connection, Row, Write } from '../../data/connection.ts';
import { rowsOfProject, walkPartition } from '../../data/page.ts';
import { moveOutCounts } from '../../data/counters.ts';
import { DatabaseBusy } from '../../data/errors.ts';
import { projectRowsIndex, tableIds, tables, type TableId } from '../../data/tables.ts';
import { tryTransact } from '../../data/tryTransact.ts';
import { removeRollUps } from '../analytics/rollUps.store.ts';
import { expiryKey } from '../codeGenerations/expiry.ts';
import type { ProjectRecord } from './project.ts';

/** How the job paces itself. */
export interface DeletionSettings {
  /**
   * Milliseconds between the two passes. The second one removes what writes that had begun before the deletion left
   * behind, and what the eventually consistent index did not show yet; longer than any request may take.
   */
  settleMs: number;
}

/** Tables whose rows belong to a project and are listed by one of their indexes. */
const childTables = tableIds.filter((table) => projectRowsIndex(table) !== undefined);

/** Removes all that belongs to a project under deletion, then the project. */
export async function removeProject(
  connection: Connection,
  project: ProjectRecord,
  { settleMs, log, signal }: DeletionSettings & { log: Logger; signal: AbortSignal },
): Promise<void> {
  const started = Date.now();
  let removed = await removeContents(connection, project);
  await sleep(settleMs, undefined, { signal });
  removed += await removeContents(connection, project);
  await removeRoot(connection, project);
  log.info({ projectId: project.id, removed, milliseconds: Date.now() - started }, 'project deleted');
}

async function removeContents(connection: Connection, project: ProjectRecord): Promise<number> {
  let removed = 0;
  for (const table of childTables) removed += await removeChildren(connection, table, project.id);
  removed += await removeRollUps(connection, project.id);
  return removed + (await removeTeam(connection, project.id));
}

async function removeChildren(connection: Connection, table: TableId, projectId: string): Promise<number> {
  let removed = 0;
  for await (const rows of walkPartition(connection, rowsOfProject(table, projectId, 100))) {
    for (const row of rows) removed += await removePartition(connection, table, row['id'] as string);
    // Versions of one name share an item, and DynamoDB refuses to delete an item twice in one call.
    const companions = new Map(rows.flatMap((row) => companionsOf(table, row)).map((item) => [JSON.stringify(item), item]));
    await connection.writeAll([...companions.values()]);
  }
  return removed;
}

/** Removes members and invitations, and the items that find an invitation by its id, which lie in partitions of their own. */
async function removeTeam(connection: Connection, projectId: string): Promise<number> {
  for await (const rows of walkPartition(connection, { table: 'teams', partition: projectId, consistent: true })) {
    const ids = rows.flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
    await connection.writeAll(ids.map((id) => ({ table: 'teams', delete: { projectId: id, userId: '-' } })));
  }
  return removePartition(connection, 'teams', projectId);
}

/** Items that belong to a row but lie in another partition. */
function companionsOf(table: TableId, row: Row): { table: TableId; delete: Row }[] {
  if (table === 'codeGenerations') return [{ table, delete: expiryKey(String(row['id'])) }];
  if (table !== 'schemas') return [];
  return [{ table, delete: { id: `name#${String(row['projectId'])}#${String(row['name'])}`, userId: '-' } }];
}

/** Removes a whole partition: an object with its body, logs and whatever else lies beside it. The object's own row goes last, so that a rerun finds the rest. */
async function removePartition(connection: Connection, table: TableId, partition: string): Promise<number> {
  const names = Object.values(tables[table].key);
  const keys: Row[] = [];
  for await (const items of walkPartition(connection, { table, partition, consistent: true })) {
    keys.push(...items.map((item) => Object.fromEntries(names.map((name) => [name, item[name]]))));
  }
  await connection.writeAll(keys.toReversed().map((key) => ({ table, delete: key })));
  return keys.length;
}

const maxAttempts = 5;

/** Removes the project's own items. Something else that removes it, or counts in it, at the same time makes it look again. */
async function removeRoot(connection: Connection, project: ProjectRecord): Promise<void> {
  for (let attempt = 1; !(await removeOwnItems(connection, project)); attempt += 1) {
    if (attempt === maxAttempts) throw new DatabaseBusy('the counters of a project under deletion kept changing');
  }
}

/** Takes the project's counters out of its owner's and removes counters and row in one transaction; false when they had changed since they were read. */
async function removeOwnItems(connection: Connection, project: ProjectRecord): Promise<boolean> {
  const { items } = await connection.query({ table: 'projects', partition: project.id, consistent: true });
  const own = items.find(({ userId }) => userId === project.userId);
  if (!own) return true;
  const isCounter = (item: Row): boolean => String(item['userId']).startsWith(`${project.userId}#stats#`);
  const others = items.filter((item) => item !== own && !isCounter(item));
  await connection.writeAll(others.map(({ id, userId }) => ({ table: 'projects', delete: { id, userId } })));
  const removal: Write = {
    kind: 'delete',
    table: 'projects',
    key: { id: project.id, userId: project.userId },
    condition: { equals: { status: own['status'] } },
  };
  return tryTransact(connection, [...moveOutCounts(project.userId, items.filter(isCounter)), removal]);
}
