/** Schemas from and to other languages, for viewers who may read or write them. The parsers are large and load when first used. */
import { requireProjectAccess, requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { maxBodyBytes } from '../../data/body.ts';
import { ExpectedError, invalid } from '../../errors.ts';
import type { MutationArgs } from '../mutation.ts';
import { addImportedSchema, type NewSchemaInput } from './databaseSchemaChanges.service.ts';
import type { SchemaResult } from './databaseSchemas.service.ts';
import { loadSchemaBody } from './databaseSchemas.store.ts';
import type { DatabaseSchemaRecord } from './databaseSchema.ts';
import { exportSchema } from './export/index.ts';
import type { ImportResult } from './import/index.ts';
import type { ConversionWarning, SqlDialect } from './model.ts';
import { findProblems } from './problems.ts';

/** Input of schemaImport, as the SDL's SchemaImportInput. */
export type ImportInput = NewSchemaInput & { format: 'sql' | 'dbml' | 'prisma' | 'json'; dialect?: SqlDialect | null; source: string };

/** Reads a schema from source text and adds it to a project: the next version of its name, or the first. */
export async function importSchema(
  context: Context,
  args: MutationArgs & { input: ImportInput },
): Promise<SchemaResult & { warnings: ConversionWarning[] }> {
  const { input } = args;
  requireViewer(context, 'account.read');
  await requireProjectAccess(context, input.projectId, 'schema.write');
  if (Buffer.byteLength(input.source) > maxBodyBytes) {
    throw invalid(
      ['input', 'source'],
      `The source has more than ${maxBodyBytes / 1024 / 1024} MB. Leave out data (INSERT, COPY), or split it.`,
      'TOO_LARGE',
    );
  }
  const outcome = await readSourceOf(input, context.request.signal);
  if (!outcome.ok) {
    const { message, line, column } = outcome;
    throw new ExpectedError([{ __typename: 'ValidationError', message, code: 'SYNTAX_ERROR', field: ['input', 'source'], line, column }]);
  }
  const { schema } = await addImportedSchema(context, { args, body: outcome.body });
  return { schema, warnings: outcome.warnings };
}

async function readSourceOf({ source, format, dialect }: ImportInput, signal: AbortSignal): Promise<ImportResult> {
  const { importDesign, importJson, importSql } = await import('./import/index.ts');
  if (format === 'json') return importJson(source);
  if (format === 'sql') return importSql({ source, dialect: dialect ?? 'postgres', signal });
  return importDesign({ source, language: format, signal });
}

/** Arguments of DatabaseSchema.export. */
export interface ExportArgs {
  format: 'sql' | 'dbml' | 'mermaid' | 'json-schema' | 'typescript' | 'prisma' | 'graphql';
  dialect?: SqlDialect | null;
}

/** Returns a schema, whose access was decided when it was read, as text of another language. */
export async function exportSchemaAs(context: Context, schema: DatabaseSchemaRecord, { format, dialect }: ExportArgs) {
  return exportSchema({ name: schema.name, body: await loadSchemaBody(context, schema), format, dialect: dialect ?? 'postgres' });
}

/** Returns what a reviewer would point out about a schema. */
export async function problemsOf(context: Context, schema: DatabaseSchemaRecord) {
  return findProblems(await loadSchemaBody(context, schema));
}
