/** From SQL text to a schema body, within the calling thread. */
import { createDraft, type Draft } from './draft.ts';
import { positionOf } from './positions.ts';
import { resolveDraft } from './resolve.ts';
import { type ImportDialect, type ImportResult, SourceError } from './result.ts';
import { splitStatements } from './statements.ts';
import { readStatement } from './ddl/statement.ts';
import { createWarnings } from './warnings.ts';

async function readStatements(draft: Draft, source: string): Promise<void> {
  if (draft.dialect === 'postgres') {
    // PostgreSQL's parser is megabytes of WebAssembly: loaded by the first import that needs it.
    const { readPostgres } = await import('./postgres/read.ts');
    return readPostgres(draft, source);
  }
  for (const statement of splitStatements(source, draft.dialect)) readStatement(draft, source, statement);
}

function refuseEmpty(draft: Draft): void {
  if (draft.tables.size > 0) return;
  const left = draft.ignored.size > 0 ? ' that can be kept' : '';
  throw new SourceError(`The source creates no table${left}: an import needs at least one CREATE TABLE.`, 0);
}

/**
 * Reads a script of `CREATE TABLE` and its like. Returns the body with warnings, or the first error with its place.
 * It blocks the thread for as long as it parses (about 0.5 s a megabyte); `importSql` decides where it runs.
 */
export async function readSource(source: string, dialect: ImportDialect): Promise<ImportResult> {
  const draft = createDraft(dialect, createWarnings());
  try {
    const nul = source.indexOf('\0');
    if (nul >= 0) throw new SourceError('The source holds a NUL character, which no SQL script may.', nul);
    await readStatements(draft, source);
    refuseEmpty(draft);
    const body = resolveDraft(draft);
    return { ok: true, body, warnings: draft.warnings.list(source) };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { ok: false, message: error.message, ...positionOf(source, error.offset) };
  }
}
