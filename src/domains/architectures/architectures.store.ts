/** The DynamoDB side of architectures. */
import type { Context } from '../../context.ts';
import type { Write } from '../../data/connection.ts';
import type { ListSource } from '../../data/page.ts';
import { readBody } from '../bodies.ts';
import type { RecordEdit } from '../revision.ts';
import { bodyAttributes, type ArchitectureRecord } from './architecture.ts';
import { readBodyOf, type ArchitectureBody } from './model.ts';

/** Returns the write that creates an architecture. */
export function putArchitecture(architecture: ArchitectureRecord): Write {
  return { kind: 'put', table: 'architectures', item: architecture, condition: { exists: false } };
}

/** Returns the write that edits an architecture, if nobody else has edited it since it was read. */
export function updateArchitectureRow({ id, userId }: ArchitectureRecord, { changes, condition }: RecordEdit<ArchitectureRecord>): Write {
  return { kind: 'update', table: 'architectures', key: { id, userId }, changes, condition };
}

/** Returns the write that deletes an architecture, if nobody has edited it since it was read. */
export function deleteArchitectureRow({ id, userId, revision }: ArchitectureRecord): Write {
  return { kind: 'delete', table: 'architectures', key: { id, userId }, condition: { exists: true, equals: { revision } } };
}

/** Returns an architecture's row whoever may see it, or null. */
export async function loadArchitecture(context: Context, id: string): Promise<ArchitectureRecord | null> {
  const row = await context.loaders.byId('architectures').load({ id });
  // A chunk of a body has no project; it comes first only when its object is gone.
  return row?.['projectId'] ? (row as ArchitectureRecord) : null;
}

/** Returns the nodes, edges and metadata of an architecture; null when it was deleted since its row was read. */
export async function loadArchitectureBody(context: Context, architecture: ArchitectureRecord): Promise<ArchitectureBody | null> {
  const stored = await readBody(context, { table: 'architectures', owner: architecture, attributes: bodyAttributes });
  return stored && readBodyOf(stored);
}

/** The architectures of a project, by time of their last change. */
export function architecturesOfProject(projectId: string, descending: boolean): ListSource {
  return { table: 'architectures', index: 'ProjectIdIndex', partition: projectId, descending };
}

/** The architectures of an owner, newest first. */
export function architecturesOfOwner(ownerId: string): ListSource {
  return { table: 'architectures', index: 'UserIdIndex', partition: ownerId, descending: true };
}
