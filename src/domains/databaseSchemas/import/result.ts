/** What an import answers, and the one exception that the parsers throw inside of it. */
import type { ConversionWarning, SchemaBody } from '../model.ts';

/** Dialects whose DDL can be read. */
export type ImportDialect = 'postgres' | 'mysql' | 'sqlite';

/** Languages that a source is read in. */
export type SourceLanguage = ImportDialect | 'dbml' | 'prisma';

/** A source that was refused as a whole; `line` and `column` count from 1, columns in characters (code points). */
export interface ImportFailure {
  ok: false;
  message: string;
  line: number;
  column: number;
}

/** A schema body with what could not be carried over, or the place of the first error; never half of a schema. */
export type ImportResult = { ok: true; body: SchemaBody; warnings: ConversionWarning[] } | ImportFailure;

/** Longest accepted source in UTF-8 bytes: the product's limit for one schema body. */
export const maxSourceBytes = 4 * 1024 * 1024;

/** An error in the source at a UTF-16 offset. It never leaves this folder: imports answer with an `ImportFailure`. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Returns the failure of a source that has no place to point at. */
export function failureAtStart(message: string): ImportFailure {
  return { ok: false, message, line: 1, column: 1 };
}
