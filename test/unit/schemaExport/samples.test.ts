/** From SQL to SQL: every sample is imported, exported to each dialect, and runs there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PGlite } from '@electric-sql/pglite';
import initSqlJs, { type SqlJsStatic } from 'sql.js';
import { exportSchema } from '../../../src/domains/databaseSchemas/export/index.ts';
import { importSql } from '../../../src/domains/databaseSchemas/import/index.ts';
import type { SchemaBody, SqlDialect } from '../../../src/domains/databaseSchemas/model.ts';
import { findProblems } from '../../../src/domains/databaseSchemas/problems.ts';
import { validateSchemaBody } from '../../../src/domains/databaseSchemas/validation.ts';

const require = createRequire(import.meta.url);
const { Parser } = require('node-sql-parser/build/mysql.js') as { Parser: new () => { astify: (sql: string) => unknown } };

const folders = ['test/unit/schemaImport/samples', '../shared/samples'].filter((folder) => existsSync(folder));
const samples = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => ({ file, path: `${folder}/${file}`, dialect: file.split('.').at(-2) as SqlDialect })),
);

let postgres: PGlite;
let sqlite: SqlJsStatic;
beforeAll(async () => {
  [postgres, sqlite] = await Promise.all([PGlite.create(), initSqlJs()]);
});
afterAll(async () => {
  await postgres.close();
});

async function importSample(path: string, dialect: SqlDialect): Promise<SchemaBody> {
  const result = await importSql({ source: readFileSync(path, 'utf8'), dialect });
  if (!result.ok) throw new Error(`${path}:${result.line}: ${result.message}`);
  return result.body;
}

test('there are samples of three dialects', () => {
  expect(new Set(samples.map(({ dialect }) => dialect))).toEqual(new Set(['postgres', 'mysql', 'sqlite']));
});

describe.each(samples)('$file', ({ path, dialect }) => {
  let body: SchemaBody;
  beforeAll(async () => {
    body = await importSample(path, dialect);
  });
  const exported = (to: SqlDialect) => exportSchema({ name: 'sample', body, format: 'sql', dialect: to });

  test('is a valid body whose foreign keys are sound', () => {
    expect(validateSchemaBody(body)).toEqual([]);
    const unsound = ['broken-relationship', 'foreign-key-target-not-unique', 'foreign-key-type-mismatch'];
    expect(findProblems(body).filter(({ rule }) => unsound.includes(rule))).toEqual([]);
  });

  test('runs in PostgreSQL with all its tables and foreign keys', async () => {
    await postgres.exec('DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; SET search_path TO public;');
    const { text, warnings } = exported('postgres');
    // Types of the author's own making are named in warnings; the author creates them first.
    const own = warnings.flatMap(({ message }) => /PostgreSQL has no type "(\w+)" of its own/u.exec(message)?.[1] ?? []);
    for (const name of new Set(own)) await postgres.exec(`CREATE DOMAIN ${name} AS text`);
    await postgres.exec(text);
    const counts = await postgres.query(
      `SELECT (SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public') AS tables, (SELECT count(*)::int FROM pg_constraint WHERE contype = 'f') AS "foreignKeys"`,
    );
    expect(counts.rows).toEqual([{ tables: body.tables.length, foreignKeys: body.relationships.length }]);
  });

  test('runs in SQLite with all its tables and foreign keys', () => {
    const database = new sqlite.Database();
    database.exec(exported('sqlite').text);
    const [tables] = database.exec(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`);
    const [keys] = database.exec(
      `SELECT count(DISTINCT m.name || f.id) FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
    );
    database.close();
    expect([tables!.values[0], keys!.values[0]]).toEqual([[body.tables.length], [body.relationships.length]]);
  });

  test('is read by a MySQL grammar, and drops nothing of a MySQL source', () => {
    const { text, warnings } = exported('mysql');
    const simple = text.replace(/DEFAULT \((?:[^()']|'(?:[^'\\]|''|\\.)*'|\([^()]*\))*\)/gu, 'DEFAULT NULL');
    expect(() => new Parser().astify(simple)).not.toThrow();
    const lost = ['KEY_DROPPED', 'FOREIGN_KEY_DROPPED', 'DEFAULT_DROPPED', 'TABLE_DROPPED', 'INDEX_CHANGED', 'NAME_CHANGED'];
    if (dialect === 'mysql') expect(warnings.filter(({ code }) => lost.includes(code))).toEqual([]);
  });
});
