/** Import of SQL DDL, DBML and Prisma schemas: checks the request and decides in which thread the source is read. */
import { existsSync } from 'node:fs';
import type { SqlDialect } from '../model.ts';
import { readSource } from './readSource.ts';
import { failureAtStart, type ImportResult, maxSourceBytes, type SourceLanguage } from './result.ts';
import { type ImportTask, runInWorker } from './runInWorker.ts';

/**
 * Longest source (UTF-16 units) that is read in the calling thread. PostgreSQL's parser recurses: 16 KB of nested operators
 * overflow its stack and leave it unusable, so that in this thread it only gets what cannot nest that deep.
 */
const maxInThread: Record<SourceLanguage, number> = {
  postgres: 8 * 1024,
  mysql: 64 * 1024,
  sqlite: 64 * 1024,
  dbml: 8 * 1024,
  prisma: 8 * 1024,
};

const DEADLINE_MS = 8000;

/** Returns the built worker beside the bundle or one folder above (chunks); undefined when running from TypeScript sources (tests). */
function workerFile(): URL | undefined {
  if (import.meta.url.endsWith('.ts')) return undefined;
  const places = ['./importWorker.js', '../importWorker.js'].map((path) => new URL(path, import.meta.url));
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error('The build has no importWorker.js: src/domains/databaseSchemas/import/worker.ts must be one of its entries.');
  return found;
}

/**
 * Reads SQL DDL into a schema body. Returns the body with a warning for everything that was dropped or changed, or the first
 * error with line and column, in which case nothing of the source is taken. It does not throw for bad input; it rejects with
 * the signal's reason when aborted.
 */
export async function importSql({
  source,
  dialect,
  signal,
}: {
  source: string;
  dialect: SqlDialect;
  signal?: AbortSignal;
}): Promise<ImportResult> {
  if (dialect === 'mssql') {
    return failureAtStart('SQL Server (MSSQL) sources cannot be imported. Import PostgreSQL, MySQL or SQLite; export to SQL Server works.');
  }
  return readAnywhere({ source, dialect }, signal);
}

/** Reads a design in DBML or Prisma's schema language; answers, and rejects, as `importSql` does. */
export async function importDesign({
  source,
  language,
  signal,
}: {
  source: string;
  language: 'dbml' | 'prisma';
  signal?: AbortSignal;
}): Promise<ImportResult> {
  return readAnywhere({ source, dialect: language }, signal);
}

async function readAnywhere({ source, dialect }: ImportTask, signal: AbortSignal | undefined): Promise<ImportResult> {
  if (Buffer.byteLength(source) > maxSourceBytes) {
    return failureAtStart('The source has more than 4 MB. Leave out data (INSERT, COPY), or import it in parts.');
  }
  const file = source.length > maxInThread[dialect] ? workerFile() : undefined;
  return file ? runInWorker({ source, dialect }, { file, deadlineMs: DEADLINE_MS, signal }) : readSource(source, dialect);
}
