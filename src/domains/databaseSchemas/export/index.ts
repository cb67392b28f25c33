/** Exports of a schema body: SQL in four dialects, and the formats that other tools read. Pure functions of the body. */
import { fileStem } from '../../fileName.ts';
import type { ConversionWarning, SchemaBody, SqlDialect } from '../model.ts';
import { writeDbml } from './dbml.ts';
import { writeGraphql } from './graphql.ts';
import { writeJsonSchema } from './jsonSchema.ts';
import { writeMermaid } from './mermaid.ts';
import { writePrisma } from './prisma.ts';
import { writeSql } from './sql/write.ts';
import { writeTypeScript } from './typescript.ts';
import { createWarnings, type WarningSink } from './warnings.ts';

export type ExportFormat = 'sql' | 'dbml' | 'mermaid' | 'json-schema' | 'typescript' | 'prisma' | 'graphql';

export interface ExportRequest {
  /** Name of the schema: the stem of the file name, and a title inside some formats. */
  readonly name: string;
  readonly body: SchemaBody;
  readonly format: ExportFormat;
  /** Dialect of SQL; also decides the provider of a Prisma schema. The other formats take no notice of it. */
  readonly dialect: SqlDialect;
}

export interface ExportResult {
  readonly text: string;
  /** Safe on every file system, such as `web-shop.postgres.sql`. */
  readonly fileName: string;
  /** What could not be carried over or was changed, in the order of the body. */
  readonly warnings: ConversionWarning[];
}

interface Writer {
  readonly extension: (dialect: SqlDialect) => string;
  readonly write: (request: ExportRequest, warnings: WarningSink) => string;
}

const writers: Readonly<Record<ExportFormat, Writer>> = {
  sql: { extension: (dialect) => `${dialect}.sql`, write: ({ body, dialect }, warnings) => writeSql(body, dialect, warnings) },
  dbml: { extension: () => 'dbml', write: ({ body }, warnings) => writeDbml(body, warnings) },
  'json-schema': { extension: () => 'schema.json', write: ({ name, body }, warnings) => writeJsonSchema(name, body, warnings) },
  typescript: { extension: () => 'ts', write: ({ body }, warnings) => writeTypeScript(body, warnings) },
  prisma: { extension: () => 'prisma', write: ({ body, dialect }, warnings) => writePrisma(body, dialect, warnings) },
  graphql: { extension: () => 'graphql', write: ({ body }, warnings) => writeGraphql(body, warnings) },
  mermaid: { extension: () => 'mmd', write: ({ body }, warnings) => writeMermaid(body, warnings) },
};

/**
 * Returns the schema as text of the given format, with a file name and a warning for each thing that the format cannot say.
 * Any body of the right shape is accepted, valid or not; the same request always gives the same text.
 */
export function exportSchema(request: ExportRequest): ExportResult {
  const warnings = createWarnings();
  const { extension, write } = writers[request.format];
  const text = write(request, warnings);
  return { text, fileName: `${fileStem(request.name, 'schema')}.${extension(request.dialect)}`, warnings: warnings.list };
}
