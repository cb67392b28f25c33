/** What a generation is made from: the schema and the architecture that were named, or those that a project has by itself. */
import type { Context } from '../../context.ts';
import { walkPartition } from '../../data/page.ts';
import { invalid, refused } from '../../errors.ts';
import type { ArchitectureRecord } from '../architectures/architecture.ts';
import { loadArchitecture, loadArchitectureBody } from '../architectures/architectures.store.ts';
import type { DatabaseSchemaRecord } from '../databaseSchemas/databaseSchema.ts';
import { loadSchema, loadSchemaBody } from '../databaseSchemas/databaseSchemas.store.ts';
import type { SqlDialect } from '../databaseSchemas/model.ts';
import type { ProjectRecord } from '../projects/project.ts';
import type { CodeGenerationRecord } from './codeGeneration.ts';
import type { ArchitectureInput, SchemaInput } from './generators/index.ts';

/** Ids that a client named: absent means the usual one, null means none. */
export interface NamedSources {
  schemaId?: string | null;
  architectureId?: string | null;
}

/** What a generation is made from, and what its row says about that. */
export interface Sources {
  schema: SchemaInput | null;
  architecture: ArchitectureInput | null;
  pins: Pick<CodeGenerationRecord, 'schemaId' | 'schemaVersion' | 'schemaRevision' | 'architectureId' | 'architectureRevision'>;
}

/** Reads what a generation is made from. Throws NOT_FOUND for what is not in the project, VALIDATION where it is not clear which schema is meant. */
export async function readSources(context: Context, project: ProjectRecord, named: NamedSources): Promise<Sources> {
  const [schema, architecture] = await Promise.all([
    chooseSchema(context, project, named.schemaId),
    chooseArchitecture(context, project, named.architectureId),
  ]);
  const [schemaBody, architectureBody] = await Promise.all([
    schema && loadSchemaBody(context, schema),
    architecture && loadArchitectureBody(context, architecture),
  ]);
  return {
    schema: schema && schemaBody && { name: schema.name, version: schema.version, ...schemaBody },
    architecture: architecture &&
      architectureBody && { name: architecture.name, nodes: architectureBody.nodes, edges: architectureBody.edges },
    pins: {
      ...(schema && { schemaId: schema.id, schemaVersion: schema.version, schemaRevision: schema.revision ?? 1 }),
      ...(architecture && { architectureId: architecture.id, architectureRevision: architecture.revision ?? 1 }),
    },
  };
}

function missing(kind: string, id: string, field: string): Error {
  return refused('NOT_FOUND', `The project has no ${kind} with the id "${id}".`, ['input', field]);
}

async function chooseSchema(context: Context, project: ProjectRecord, id: string | null | undefined): Promise<DatabaseSchemaRecord | null> {
  if (id === null) return null;
  if (id === undefined) return onlySchema(context, project);
  const schema = await loadSchema(context, id);
  if (schema?.projectId !== project.id) throw missing('schema', id, 'schemaId');
  return schema;
}

type NamedVersion = { id: string; name: string; version: number };

/** Returns the newest version of a project's schemas if they all have one name, null if there are none. */
async function onlySchema(context: Context, project: ProjectRecord): Promise<DatabaseSchemaRecord | null> {
  const request = { table: 'schemas', index: 'ProjectIdIndex', partition: project.id, attributes: ['id', 'name', 'version'] } as const;
  const reason = 'whether all schemas of the project have one name';
  let newest: NamedVersion | null = null;
  // A name has a hundred versions at most, and the second name ends the search.
  for await (const rows of walkPartition(context.connection, { ...request, descending: true, reason })) {
    for (const row of rows as NamedVersion[]) {
      if (newest !== null && row.name !== newest.name) throw severalNames(newest.name, row.name);
      if (newest === null || row.version > newest.version) newest = row;
    }
  }
  return newest && loadSchema(context, newest.id);
}

function severalNames(one: string, other: string): Error {
  const message = `The project has schemas of several names, such as "${one}" and "${other}". Send the schemaId of the one to generate from.`;
  return invalid(['input', 'schemaId'], message);
}

async function chooseArchitecture(
  context: Context,
  project: ProjectRecord,
  id: string | null | undefined,
): Promise<ArchitectureRecord | null> {
  if (id === null) return null;
  if (id === undefined) return onlyArchitecture(context, project);
  const architecture = await loadArchitecture(context, id);
  if (architecture?.projectId !== project.id) throw missing('architecture', id, 'architectureId');
  return architecture;
}

async function onlyArchitecture(context: Context, project: ProjectRecord): Promise<ArchitectureRecord | null> {
  const request = { table: 'architectures', index: 'ProjectIdIndex', partition: project.id, attributes: ['id'], limit: 2 } as const;
  const { items } = await context.connection.query({ ...request, reason: 'whether the project has exactly one architecture' });
  return items.length === 1 ? loadArchitecture(context, String(items[0]?.['id'])) : null;
}

/** Words in the free text of a project's `database`, and the dialects that they mean. */
const dialectWords: readonly (readonly [RegExp, SqlDialect])[] = [
  [/postgres|cockroach|supabase|neon/i, 'postgres'],
  [/mysql|maria|planetscale/i, 'mysql'],
  [/sqlite|turso|libsql/i, 'sqlite'],
  [/mssql|sql ?server|azure sql/i, 'mssql'],
];

/** Returns the SQL dialect that a project's `database` names, else `postgres`. */
export function dialectOf({ database }: Pick<ProjectRecord, 'database'>): SqlDialect {
  return dialectWords.find(([words]) => words.test(database ?? ''))?.[1] ?? 'postgres';
}
