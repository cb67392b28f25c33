/**
 * Finding out whether all rows of a project carry its owner, which the read plan has to know (`ProjectRecord.uniform`).
 * While it is looked at, the project says `checking`: an invitation that comes between takes that away, so that what was
 * found is not written down.
 */
import type { Connection, QueryRequest } from '../../data/connection.ts';
import { rowsOfProject, walkPartition } from '../../data/page.ts';
import { keyOf, ownerRowsIndex, projectRowsIndex, tableIds, type TableId } from '../../data/tables.ts';
import { tryTransact } from '../../data/tryTransact.ts';
import type { ProjectRecord } from '../../domains/projects/project.ts';
import { markUniform } from '../../domains/projects/projects.store.ts';
import { readTeam } from '../../domains/teams/teams.store.ts';
import { isTransferring } from '../../domains/teams/transfer.store.ts';

/** Tables whose rows can be read by project and by owner. */
const tablesOfOwners = tableIds.filter((table) => projectRowsIndex(table) === 'ProjectIdIndex' && ownerRowsIndex(table) !== undefined);

const pageSize = 1_000;

/** Looks at all rows of a project and notes which of them carry its owner. Returns what was noted; undefined where rows of others are among them. */
export async function checkUniformity(connection: Connection, project: ProjectRecord): Promise<ProjectRecord['uniform']> {
  if (!(await tryTransact(connection, [markUniform(project, project.uniform, 'checking')]))) return undefined;
  const found = await findUniformity(connection, project);
  // Refused when somebody was invited, or the project changed hands or is gone: what was found may be wrong by now.
  return (await tryTransact(connection, [markUniform(project, 'checking', found)])) ? found : undefined;
}

async function findUniformity(connection: Connection, project: ProjectRecord): Promise<ProjectRecord['uniform']> {
  if (await isTransferring(connection, project.id)) return undefined;
  for (const table of tablesOfOwners) {
    if (table !== 'activity' && !(await isUniform(connection, table, project))) return undefined;
  }
  const { members, invitations } = await readTeam(connection, project.id);
  const isShared = invitations.length > 0 || members.some(({ userId }) => userId !== project.userId);
  return !isShared && (await isUniform(connection, 'activity', project)) ? 'all' : 'children';
}

/** Returns whether all rows of a project are among those of its owner: they carry the owner, and the time that sorts them there. */
async function isUniform(connection: Connection, table: TableId, { id, userId }: ProjectRecord): Promise<boolean> {
  const time = keyOf(table, ownerRowsIndex(table)).sort ?? '';
  const request = { ...rowsOfProject(table, id, pageSize), attributes: ['userId', time] } as QueryRequest;
  for await (const rows of walkPartition(connection, request)) {
    if (!rows.every((row) => row['userId'] === userId && typeof row[time] === 'string')) return false;
  }
  return true;
}
