/** Finding and listing schemas, for those who may read them. */
import { findProjectAccess, readableRows, requireProjectAccess, requireViewer, type ProjectAccess } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import type { ListSource } from '../../data/page.ts';
import { notFound } from '../../errors.ts';
import { connectionOver, listConnection, type Connection, type PageArgs } from '../list.ts';
import { ownerOfRows, type ProjectRecord } from '../projects/project.ts';
import type { DatabaseSchemaRecord } from './databaseSchema.ts';
import { loadSchema, loadVersions, schemasOfOwner, schemasOfProject } from './databaseSchemas.store.ts';

/** An answer with one schema. */
export interface SchemaResult {
  schema: DatabaseSchemaRecord;
}

/** Returns a schema that the viewer may read, or null. */
export async function findSchema(context: Context, id: string): Promise<DatabaseSchemaRecord | null> {
  const schema = await loadSchema(context, id);
  return schema && (await findProjectAccess(context, schema.projectId, 'project.read')) ? schema : null;
}

/** Returns a schema and the viewer's access to its project. Throws NOT_FOUND, or FORBIDDEN when the role does not suffice. */
export async function requireSchema(context: Context, id: string): Promise<ProjectAccess & SchemaResult> {
  const schema = await loadSchema(context, id);
  if (!schema) throw notFound('schema', id);
  return { ...(await requireProjectAccess(context, schema.projectId, 'schema.write', { kind: 'schema', id })), schema };
}

/** Returns how many tables a schema has. Rows of the earlier backend do not say it; of those, lists have read no more than was selected. */
export async function countTables(context: Context, { id, userId, tableCount, tables }: DatabaseSchemaRecord): Promise<number> {
  if (tableCount !== undefined) return tableCount;
  const whole = tables ? { tables } : ((await context.loaders.byId('schemas').load({ id, sort: userId })) as DatabaseSchemaRecord | null);
  return whole?.tables?.length ?? 0;
}

/** Arguments of a list of a project's schemas. */
export interface ListSchemasArgs extends PageArgs {
  orderBy?: { direction?: 'asc' | 'desc' } | null;
}

/** Returns the list of a project's schemas, by version. */
export function schemaList(projectId: string, args: ListSchemasArgs): ListSource {
  return schemasOfProject(projectId, args.orderBy?.direction !== 'asc');
}

/** Lists the schemas of a project that the viewer may read; null for a project that they may not. */
export async function listProjectSchemas(
  context: Context,
  project: ProjectRecord,
  args: ListSchemasArgs,
): Promise<Connection<DatabaseSchemaRecord> | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  return listConnection(context, 'project.schemas', { ...schemaList(project.id, args), owner: ownerOfRows(project, 'children') }, args);
}

/** Lists the schemas of all projects that a user owns, for that user; null for everyone else. */
export async function listUserSchemas(
  context: Context,
  user: { id: string },
  args: PageArgs,
): Promise<Connection<DatabaseSchemaRecord> | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  return listConnection(context, 'user.schemas', { ...schemasOfOwner(user.id), visible: readableRows(context) }, args);
}

/** Lists all versions of a schema's name, latest first. */
export async function listVersions(
  context: Context,
  schema: DatabaseSchemaRecord,
  args: PageArgs,
): Promise<Connection<DatabaseSchemaRecord>> {
  const records = await loadVersions(context, schema.projectId, schema.name);
  return connectionOver(context, { name: `schema.versions:${schema.projectId}:${schema.name}`, records, args, keyOf: ({ id }) => id });
}

/** Returns a schema of a project by name, the latest version unless another is asked for; null when there is none. */
export async function findSchemaByName(
  context: Context,
  project: ProjectRecord,
  { name, version }: { name: string; version?: number | null },
): Promise<DatabaseSchemaRecord | null> {
  if (name === '' || !(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const versions = await loadVersions(context, project.id, name);
  return (version == null ? versions[0] : versions.find((one) => one.version === version)) ?? null;
}
