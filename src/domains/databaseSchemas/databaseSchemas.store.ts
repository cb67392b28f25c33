/**
 * The DynamoDB side of schemas. Beside the schemas themselves, the table keeps one item for each name of a project,
 * outside all indexes: it counts the versions, so that two writers can never make the same version of a name.
 */
import type { Context } from '../../context.ts';
import type { Row, Write } from '../../data/connection.ts';
import type { ListSource } from '../../data/page.ts';
import { readBody } from '../bodies.ts';
import type { RecordEdit } from '../revision.ts';
import { bodyAttributes, maxVersions, type DatabaseSchemaRecord } from './databaseSchema.ts';
import type { SchemaBody, SchemaTable } from './model.ts';

/** The versions of one name: the highest number ever given, and how many there are now. */
export interface NameVersions {
  latest: number;
  count: number;
  /** False for names of the earlier backend, which have no item yet. */
  stored: boolean;
}

function nameKey(projectId: string, name: string): Row {
  return { id: `name#${projectId}#${name}`, userId: '-' };
}

/** Returns the versions of a name in a project, or null when it has none. */
export async function findNameVersions(context: Context, projectId: string, name: string): Promise<NameVersions | null> {
  const item = await context.connection.get('schemas', nameKey(projectId, name), { consistent: true });
  if (item) return { latest: item['latest'] as number, count: item['versions'] as number, stored: true };
  const rows = await loadVersions(context, projectId, name);
  if (rows.length === 0) return null;
  return { latest: Math.max(...rows.map(({ version }) => version)), count: rows.length, stored: false };
}

/** Returns the write that takes the next version number of a name; it fails when another writer took it first. */
export function takeVersion(projectId: string, name: string, current: NameVersions | null): Write {
  const key = nameKey(projectId, name);
  if (!current?.stored) {
    const item = { ...key, latest: (current?.latest ?? 0) + 1, versions: (current?.count ?? 0) + 1 };
    return { kind: 'put', table: 'schemas', item, condition: { exists: false } };
  }
  return {
    kind: 'update',
    table: 'schemas',
    key,
    changes: { add: { latest: 1, versions: 1 } },
    condition: { equals: { latest: current.latest } },
  };
}

/** Returns the writes that give back one version of a name; with the last version the name is free again. */
export function giveBackVersion(projectId: string, name: string, current: NameVersions | null): Write[] {
  if (!current?.stored) return [];
  const key = nameKey(projectId, name);
  const condition = { equals: { latest: current.latest, versions: current.count } };
  if (current.count <= 1) return [{ kind: 'delete', table: 'schemas', key, condition }];
  return [{ kind: 'update', table: 'schemas', key, changes: { add: { versions: -1 } }, condition }];
}

/** Returns the writes that move a single version from one name to another, which must be free. */
export function renameVersions(projectId: string, names: { from: string; to: string }, current: NameVersions): Write[] {
  const item = { ...nameKey(projectId, names.to), latest: current.latest, versions: 1 };
  return [...giveBackVersion(projectId, names.from, current), { kind: 'put', table: 'schemas', item, condition: { exists: false } }];
}

/** Returns the write that creates a schema. */
export function putSchema(schema: DatabaseSchemaRecord): Write {
  return { kind: 'put', table: 'schemas', item: schema, condition: { exists: false } };
}

/** Returns the write that edits a schema, if nobody else has edited it since it was read. */
export function updateSchemaRow(schema: DatabaseSchemaRecord, edit: RecordEdit<DatabaseSchemaRecord>): Write {
  return {
    kind: 'update',
    table: 'schemas',
    key: { id: schema.id, userId: schema.userId },
    changes: edit.changes,
    condition: edit.condition,
  };
}

/** Returns the write that deletes a schema, if nobody has edited it since it was read. */
export function deleteSchemaRow(schema: DatabaseSchemaRecord): Write {
  return {
    kind: 'delete',
    table: 'schemas',
    key: { id: schema.id, userId: schema.userId },
    condition: { exists: true, equals: { revision: schema.revision } },
  };
}

/** Returns a schema's row whoever may see it, or null. */
export async function loadSchema(context: Context, id: string): Promise<DatabaseSchemaRecord | null> {
  const row = await context.loaders.byId('schemas').load({ id });
  // Items that count the versions of a name have no project.
  return row?.['projectId'] ? (row as DatabaseSchemaRecord) : null;
}

/** Returns the tables, relationships and enums of a schema; empty ones when it was deleted since its row was read. */
export async function loadSchemaBody(context: Context, schema: DatabaseSchemaRecord): Promise<SchemaBody> {
  const body: Partial<SchemaBody> = (await readBody(context, { table: 'schemas', owner: schema, attributes: bodyAttributes })) ?? {};
  return { tables: (body.tables ?? []).map(withLists), relationships: body.relationships ?? [], enums: body.enums ?? [] };
}

/** Rows of the earlier backend may lack lists that were optional there. */
function withLists(table: Omit<SchemaTable, 'fields' | 'indexes'> & Partial<SchemaTable>): SchemaTable {
  return { ...table, fields: table.fields ?? [], indexes: table.indexes ?? [] };
}

/** Returns all versions of a name, latest first. Their number is bounded, and no index sorts them. */
export async function loadVersions(context: Context, projectId: string, name: string): Promise<DatabaseSchemaRecord[]> {
  const { rows } = await context.loaders.pages.load({
    source: { table: 'schemas', index: 'ProjectIdNameIndex', partition: projectId, range: { equals: name }, descending: true },
    page: { size: maxVersions, forward: true },
  });
  return (rows as DatabaseSchemaRecord[]).toSorted((a, b) => b.version - a.version || (a.id < b.id ? 1 : -1));
}

/** The schemas of a project, by version. */
export function schemasOfProject(projectId: string, descending: boolean): ListSource {
  return { table: 'schemas', index: 'ProjectIdIndex', partition: projectId, descending };
}

/** The schemas of an owner, newest first. */
export function schemasOfOwner(ownerId: string): ListSource {
  return { table: 'schemas', index: 'UserIdIndex', partition: ownerId, descending: true };
}
