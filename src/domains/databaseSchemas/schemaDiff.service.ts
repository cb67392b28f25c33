/** The difference of two schemas, for viewers who may read both. */
import type { Context } from '../../context.ts';
import { RequestError } from '../../errors.ts';
import type { DatabaseSchemaRecord } from './databaseSchema.ts';
import { findSchema } from './databaseSchemas.service.ts';
import { loadSchemaBody } from './databaseSchemas.store.ts';
import { findChanges, writeMigration, type Migration, type SchemaChange } from './diff/index.ts';
import type { SqlDialect } from './model.ts';

/** Arguments of schemaDiff. */
export interface SchemaDiffArgs {
  baseId: string;
  headId: string;
  dialect: SqlDialect;
}

/** Two schemas and what lies between them; the SQL is written when a field first asks for it. */
export interface SchemaDiffModel {
  base: DatabaseSchemaRecord;
  head: DatabaseSchemaRecord;
  changes: SchemaChange[];
  migration: () => Migration;
}

/** Returns what leads from one schema to the other, or null when the viewer may not read both. Throws for a dialect without migrations. */
export async function diffSchemas(context: Context, { baseId, headId, dialect }: SchemaDiffArgs): Promise<SchemaDiffModel | null> {
  if (dialect === 'mssql') {
    throw new RequestError('BAD_USER_INPUT', 'schemaDiff writes no SQL for MSSQL. Ask for POSTGRES, MYSQL or SQLITE.');
  }
  const [base, head] = await Promise.all([findSchema(context, baseId), findSchema(context, headId)]);
  if (!base || !head) return null;
  const [baseBody, headBody] = await Promise.all([loadSchemaBody(context, base), loadSchemaBody(context, head)]);
  let written: Migration | undefined;
  return {
    base,
    head,
    changes: findChanges(baseBody, headBody),
    migration: () => (written ??= writeMigration({ base: baseBody, head: headBody }, dialect)),
  };
}
