/** The DynamoDB side of code generations: rows, and the removal of a generation with the chunks of its bodies. */
import type { Context } from '../../context.ts';
import type { Connection, Row, Write } from '../../data/connection.ts';
import { isLive, type ListSource } from '../../data/page.ts';
import type { RecordEdit } from '../revision.ts';
import { isGeneration, type CodeGenerationRecord } from './codeGeneration.ts';

/** Returns the primary key of a generation's row. */
export function keyOf({ id, userId }: Pick<CodeGenerationRecord, 'id' | 'userId'>): Row {
  return { id, userId };
}

/** Returns the write that creates a generation. */
export function putGeneration(generation: CodeGenerationRecord): Write {
  return { kind: 'put', table: 'codeGenerations', item: generation, condition: { exists: false } };
}

/**
 * Returns the write that edits a generation, if neither a person nor a worker has changed what the edit goes by: workers
 * count no revision up, but give the row another status or another body.
 */
export function updateGenerationRow(generation: CodeGenerationRecord, edit: RecordEdit<CodeGenerationRecord>): Write {
  const { status, bodyId, leaseOwner } = generation;
  const condition = { ...edit.condition, equals: { ...edit.condition.equals, status, bodyId, leaseOwner } };
  return { kind: 'update', table: 'codeGenerations', key: keyOf(generation), changes: edit.changes, condition };
}

/** Returns a generation's row whoever may see it, one under deletion included, or null; also null for one that has expired. */
export async function loadGenerationRow(context: Context, id: string): Promise<CodeGenerationRecord | null> {
  const row = await context.loaders.byId('codeGenerations').load({ id });
  // A chunk of a body has no project; it comes first only when its object is gone.
  return typeof row?.['projectId'] === 'string' && isLive(row, context.nowSeconds()) ? (row as CodeGenerationRecord) : null;
}

/** The code generations of a project, newest first. */
export function generationsOfProject(projectId: string): ListSource {
  return { table: 'codeGenerations', index: 'ProjectIdIndex', partition: projectId, descending: true, filter: isGeneration };
}

/** The code generations of an owner, newest first. */
export function generationsOfOwner(ownerId: string): ListSource {
  return { table: 'codeGenerations', index: 'UserIdIndex', partition: ownerId, descending: true, filter: isGeneration };
}

/** Removes the chunks of a generation and then its row. Safe to repeat: what was interrupted goes on where it stopped. */
export async function removeGeneration(connection: Connection, generation: Pick<CodeGenerationRecord, 'id' | 'userId'>): Promise<void> {
  const { id, userId } = generation;
  for (;;) {
    const request = {
      table: 'codeGenerations',
      partition: id,
      range: { beginsWith: `${userId}#` },
      attributes: ['id', 'userId'],
      consistent: true,
    } as const;
    const { items } = await connection.query(request);
    if (items.length === 0) break;
    await connection.writeAll(items.map((item) => ({ table: 'codeGenerations', delete: { id: item['id'], userId: item['userId'] } })));
  }
  await connection.writeAll([{ table: 'codeGenerations', delete: keyOf(generation) }]);
}
