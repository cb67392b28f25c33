/** Copies what a project designs (schemas, architectures, documentation; not what happened to it) into another project. */
import type { Connection, Row } from '../../data/connection.ts';
import { readPartition, rowsOfProject, walkPartition } from '../../data/page.ts';
import { newId } from '../../data/ids.ts';
import type { ProjectRecord } from './project.ts';

/** Kinds of children that are copied, with the prefix of their ids. */
const copied = { schemas: 'sch', architectures: 'arc', documentation: 'doc' } as const;

type CopiedTable = keyof typeof copied;

/** How many objects of each kind were copied. */
export type CopyCounts = Record<CopiedTable, number>;

/** Where copies go, and whom they are made by. */
export interface CopyTarget {
  project: ProjectRecord;
  actorId: string;
  now: string;
}

/** Copies all children of `source` row by row, bodies included. Nobody sees them before the target project is visible. */
export async function copyContents(connection: Connection, source: ProjectRecord, target: CopyTarget): Promise<CopyCounts> {
  const counts: CopyCounts = { schemas: 0, architectures: 0, documentation: 0 };
  for (const table of Object.keys(copied) as CopiedTable[]) counts[table] = await copyTable(connection, table, source, target);
  return counts;
}

async function copyTable(connection: Connection, table: CopiedTable, source: ProjectRecord, target: CopyTarget): Promise<number> {
  let count = 0;
  for await (const rows of walkPartition(connection, rowsOfProject(table, source.id, 25))) {
    for (const row of rows) await copyObject(connection, table, row, target);
    if (table === 'schemas') await copyNames(connection, rows, source, target);
    count += rows.length;
  }
  return count;
}

/** Copies an object's row and the items of its body, which differ from the row only in the end of their sort key. */
async function copyObject(connection: Connection, table: CopiedTable, row: Row, { project, actorId, now }: CopyTarget): Promise<void> {
  const id = newId(copied[table]);
  const ownerId = String(row['userId']);
  const fresh = {
    ...row,
    id,
    userId: project.userId,
    projectId: project.id,
    createdById: actorId,
    createdAt: now,
    updatedAt: now,
    revision: 1,
    edits: [],
  };
  const range = { beginsWith: `${ownerId}#body#${row['bodyId'] as string}#` };
  const body =
    row['bodyId'] === undefined ? [] : await readPartition(connection, { table, partition: String(row['id']), range, consistent: true });
  const chunks = body.map((chunk): Row => ({ ...chunk, id, userId: `${project.userId}${String(chunk['userId']).slice(ownerId.length)}` }));
  await connection.writeAll([...chunks, fresh].map((put) => ({ table, put })));
}

/** Copies the items that count the versions of schema names. */
async function copyNames(connection: Connection, schemas: readonly Row[], source: ProjectRecord, { project }: CopyTarget): Promise<void> {
  const names = [...new Set(schemas.map((schema) => String(schema['name'])))];
  const keyOf = (projectId: string, name: string): Row => ({ id: `name#${projectId}#${name}`, userId: '-' });
  const items =
    names.length === 0
      ? []
      : await connection.batchGet(
          'schemas',
          names.map((name) => keyOf(source.id, name)),
          { consistent: true },
        );
  // Names of the earlier backend have no such item; theirs is made with their next version.
  const copies = items.flatMap((item, i) =>
    item ? [{ table: 'schemas' as const, put: { ...item, ...keyOf(project.id, names[i] ?? '') } }] : [],
  );
  await connection.writeAll(copies);
}
