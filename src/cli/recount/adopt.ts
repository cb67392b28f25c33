/**
 * Taking rows of the earlier backend into the counters. Such a row does not say who made it in `createdById` (a member's
 * row: whose project it is in `ownerId`), which is how services know that it was never counted. Here that is written on
 * it in the transaction that counts it; so at every moment exactly the rows that say so are counted.
 */
import type { Connection, Row, Write } from '../../data/connection.ts';
import { countsOfRow, countWrites, isCounted, type CountChange, type CounterName } from '../../data/counters.ts';
import { isLive, rowsOfProject, walkPartition } from '../../data/page.ts';
import type { TableId } from '../../data/tables.ts';
import { tryTransact } from '../../data/tryTransact.ts';
import { putExpiry } from '../../domains/codeGenerations/expiry.ts';
import { isVisibleStatus, type ProjectRecord } from '../../domains/projects/project.ts';
import { isCountedMember } from '../../domains/teams/member.ts';
import { readTeam } from '../../domains/teams/teams.store.ts';

/** Tables whose rows counters count; each is a counter of the same name. */
export const countedTables = ['schemas', 'architectures', 'codeGenerations', 'deployments', 'documentation', 'integrations'] as const;

/** Returns whether a row exists as far as users can tell: not expired, and not a deployment that is being deleted. */
export function isThere(row: Row): boolean {
  return isLive(row, Math.floor(Date.now() / 1000)) && row['status'] !== 'deleting';
}

/** Returns whether counters have a row. Expired ones too: who removes those counts them down. */
export function isInCounters(row: Row): boolean {
  return isCounted(row) && row['status'] !== 'deleting';
}

/** Calls `visit` with each page of a project's rows in a table. */
export async function eachPage(
  connection: Connection,
  { table, projectId }: { table: TableId; projectId: string },
  visit: (rows: Row[]) => Promise<void>,
): Promise<void> {
  for await (const rows of walkPartition(connection, rowsOfProject(table, projectId, 100))) await visit(rows);
}

/** Returns rows as they are now, read by their keys: an index may be behind. Those that are gone are left out. */
export async function readCurrent(connection: Connection, table: TableId, rows: readonly Row[]): Promise<Row[]> {
  const current: Row[] = [];
  for (let offset = 0; offset < rows.length; offset += 100) {
    const keys = rows.slice(offset, offset + 100).map(({ id, userId }) => ({ id, userId }));
    current.push(...(await connection.batchGet(table, keys, { consistent: true })).filter((row) => row !== null));
  }
  return current;
}

/** Takes everything of a project into the counters that is in none. Returns how many rows that were, the project's own included. */
export async function adoptProject(connection: Connection, project: ProjectRecord): Promise<number> {
  let adopted = await adoptProjectRow(connection, project);
  for (const table of countedTables) {
    await eachPage(connection, { table, projectId: project.id }, async (rows) => {
      const candidates = rows.filter((row) => !isCounted(row) && isThere(row));
      adopted += await adoptRows(connection, candidates, {
        reread: (some) => readCurrent(connection, table, some),
        isOpen: (row) => !isCounted(row) && isThere(row),
        write: (row) => [adoptionOf(table, row), ...(table === 'codeGenerations' ? putExpiry(row) : [])],
        counts: (row) => ({ ownerId: project.userId, projectId: project.id, by: countsOfRow(table, row) }),
      });
    });
  }
  return adopted + (await adoptMembers(connection, project));
}

function adoptProjectRow(connection: Connection, project: ProjectRecord): Promise<number> {
  const isOpen = (row: Row): boolean => !isCounted(row) && isVisibleStatus(row['status']);
  return adoptRows(connection, isOpen(project) ? [project] : [], {
    reread: (some) => readCurrent(connection, 'projects', some),
    isOpen,
    write: (row) => [adoptionOf('projects', row)],
    counts: () => ({ ownerId: project.userId, by: { projects: 1 } }),
  });
}

async function adoptMembers(connection: Connection, project: ProjectRecord): Promise<number> {
  const readOpen = async (): Promise<Row[]> => {
    const { members } = await readTeam(connection, project.id);
    return members.filter((member) => member.userId !== project.userId && !isCountedMember(member));
  };
  return adoptRows(connection, await readOpen(), {
    reread: async (some) => (await readOpen()).filter((row) => some.some(({ userId }) => userId === row['userId'])),
    isOpen: () => true,
    write: (row) => [
      {
        kind: 'update',
        table: 'teams',
        key: { projectId: row['projectId'], userId: row['userId'] },
        changes: { set: { ownerId: project.userId, revision: nextRevision(row) } },
        condition: { exists: true, equals: { ownerId: undefined, role: row['role'], revision: row['revision'] } },
      },
    ],
    counts: () => ({ ownerId: project.userId, projectId: project.id, by: { members: 1 } }),
  });
}

/** Writes of others that were planned while the row was not counted demand the old revision, so they are planned anew. */
function nextRevision(row: Row): number {
  return Number(row['revision'] ?? 0) + 1;
}

/** Returns the write that names the maker of a row: in rows of the earlier backend that is who `userId` names. */
function adoptionOf(table: TableId, row: Row): Write {
  return {
    kind: 'update',
    table,
    key: { id: row['id'], userId: row['userId'] },
    changes: { set: { createdById: row['userId'], revision: nextRevision(row) } },
    condition: { exists: true, equals: { createdById: undefined, revision: row['revision'], status: row['status'] } },
  };
}

interface Adoption {
  reread: (rows: readonly Row[]) => Promise<Row[]>;
  isOpen: (row: Row) => boolean;
  write: (row: Row) => Write[];
  counts: (row: Row) => CountChange;
}

/** A transaction takes 4 MB, a row of the earlier backend has its body in it: 400 KB at most. */
const atOnce = 8;

async function adoptRows(connection: Connection, candidates: readonly Row[], adoption: Adoption): Promise<number> {
  let adopted = 0;
  for (let offset = 0; offset < candidates.length; offset += atOnce) {
    const group = candidates.slice(offset, offset + atOnce);
    const rows = (await adoption.reread(group)).filter(adoption.isOpen);
    if (await adoptTogether(connection, rows, adoption)) adopted += rows.length;
    else for (const row of rows) adopted += await adoptAlone(connection, row, adoption);
  }
  return adopted;
}

const maxAttempts = 4;

/** Adopts one row that somebody else may be changing. What can not be adopted now is found by the next look at the project. */
async function adoptAlone(connection: Connection, row: Row, adoption: Adoption): Promise<number> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const [current] = (await adoption.reread([row])).filter(adoption.isOpen);
    if (!current) return 0;
    if (await adoptTogether(connection, [current], adoption)) return 1;
  }
  return 0;
}

/** Adopts rows in one transaction; false when a condition did not hold. */
async function adoptTogether(connection: Connection, rows: readonly Row[], { write, counts }: Adoption): Promise<boolean> {
  return rows.length === 0 || tryTransact(connection, [...rows.flatMap(write), ...countWrites(rows.map(counts))]);
}

/** Adds counters up. */
export function addCounts(total: Record<CounterName, number>, by: Readonly<Record<CounterName, number>>): void {
  for (const [name, number] of Object.entries(by)) total[name] = (total[name] ?? 0) + number;
}
