/** From SQL text to a schema body, within the calling thread. */
import { createDraft, type Draft } from './draft.ts';
import { positionOf } from './positions.ts';
import { resolveDraft } from './resolve.ts';
import { failureAtStart, type ImportResult, SourceError, type SourceLanguage } from './result.ts';
import { type ManyToManyLink, withManyToMany } from './manyToMany.ts';
import { splitStatements } from './statements.ts';
import { readStatement } from './ddl/statement.ts';
import { createWarnings } from './warnings.ts';

/** Reads the source into the draft, and returns what has no place in a draft. */
async function readInto(draft: Draft, source: string, language: SourceLanguage): Promise<ManyToManyLink[]> {
  if (language === 'dbml') return (await import('./dbml/read.ts')).readDbml(draft, source);
  if (language === 'prisma') return (await import('./prisma/read.ts')).readPrisma(draft, source);
  await readStatements(draft, source);
  return [];
}

async function readStatements(draft: Draft, source: string): Promise<void> {
  if (draft.dialect === 'postgres') {
    // PostgreSQL's parser is megabytes of WebAssembly: loaded by the first import that needs it.
    const { readPostgres } = await import('./postgres/read.ts');
    return readPostgres(draft, source);
  }
  for (const statement of splitStatements(source, draft.dialect)) readStatement(draft, source, statement);
}

/** What makes a table in each language. */
const tableWords: Readonly<Partial<Record<SourceLanguage, string>>> = { dbml: 'Table', prisma: 'model' };

function refuseEmpty(draft: Draft, language: SourceLanguage): void {
  if (draft.tables.size > 0) return;
  const left = draft.ignored.size > 0 ? ' that can be kept' : '';
  throw new SourceError(`The source creates no table${left}: an import needs at least one ${tableWords[language] ?? 'CREATE TABLE'}.`, 0);
}

/**
 * Reads a script of `CREATE TABLE` and its like, or a design in DBML or Prisma's language. Returns the body with warnings, or the first error with its place.
 * It blocks the thread for as long as it parses (about 0.5 s a megabyte); `importSql` decides where it runs.
 */
export async function readSource(source: string, language: SourceLanguage): Promise<ImportResult> {
  // Names of DBML and Prisma are told apart by case, as PostgreSQL's.
  const draft = createDraft(language === 'dbml' || language === 'prisma' ? 'postgres' : language, createWarnings());
  try {
    const nul = source.indexOf('\0');
    if (nul >= 0) throw new SourceError('The source holds a NUL character, which no schema may.', nul);
    const links = await readInto(draft, source, language);
    refuseEmpty(draft, language);
    const body = withManyToMany(resolveDraft(draft), links);
    return { ok: true, body, warnings: draft.warnings.list(source) };
  } catch (error) {
    // The parsers of designs recurse.
    if (error instanceof RangeError) return failureAtStart('The source nests too deeply to be read. Write it with fewer nested brackets.');
    if (!(error instanceof SourceError)) throw error;
    return { ok: false, message: error.message, ...positionOf(source, error.offset) };
  }
}
