/** The DynamoDB side of projects. */
import type { Connection, Row, Write } from '../../data/connection.ts';
import { createLoaders } from '../../data/loaders.ts';
import type { ListSource } from '../../data/page.ts';
import type { RecordEdit } from '../revision.ts';
import { isVisibleStatus, type ProjectRecord } from './project.ts';

/** Returns the write that creates a project. */
export function putProject(project: ProjectRecord): Write {
  return { kind: 'put', table: 'projects', item: project, condition: { exists: false } };
}

/** Returns the write that edits a project, if nobody else has edited it since it was read. */
export function updateProject(project: ProjectRecord, edit: RecordEdit<ProjectRecord>): Write {
  return {
    kind: 'update',
    table: 'projects',
    key: { id: project.id, userId: project.userId },
    changes: edit.changes,
    condition: edit.condition,
  };
}

/** Returns a project that is there for its users, or null; for background work, which has no viewer. */
export async function readVisibleProject(connection: Connection, id: string): Promise<ProjectRecord | null> {
  const loaders = createLoaders(connection, { nowSeconds: () => Math.floor(Date.now() / 1000) });
  const project = (await loaders.byId('projects').load({ id })) as ProjectRecord | null;
  return project && isVisibleStatus(project.status) ? project : null;
}

/** Returns the write that fails when the project is gone, under deletion, or somebody else's since it was read. */
export function projectStays({ id, userId }: ProjectRecord): Write {
  return { kind: 'check', table: 'projects', key: { id, userId }, condition: { exists: true, notEquals: { status: 'deleting' } } };
}

/** Returns the write that notes which rows of a project carry its owner, if `before` still stands there. */
export function markUniform({ id, userId }: ProjectRecord, before: ProjectRecord['uniform'], uniform: ProjectRecord['uniform']): Write {
  const changes = uniform === undefined ? { remove: ['uniform'] } : { set: { uniform } };
  return { kind: 'update', table: 'projects', key: { id, userId }, changes, condition: { exists: true, equals: { uniform: before } } };
}

/** Returns the projects of an owner, by time of creation. Hidden projects do not count. */
export function projectsOfOwner(
  ownerId: string,
  { descending, filter, filterKey }: { descending: boolean } & Pick<ListSource, 'filter' | 'filterKey'>,
): ListSource {
  const counts = (row: Row): boolean => isVisibleStatus(row['status']) && (!filter || filter(row));
  return { table: 'projects', index: 'UserIdIndex', partition: ownerId, descending, filter: filter ? counts : isThere, filterKey };
}

function isThere(row: Row): boolean {
  return isVisibleStatus(row['status']);
}

/** All projects with a status, of all owners: for operators and for background work. */
export function projectsByStatus(status: string) {
  return { table: 'projects', index: 'StatusIndex', partition: status } as const;
}
