/** PostgreSQL exports run in a real PostgreSQL (PGlite), and its catalogue must say what the model says. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PGlite } from '@electric-sql/pglite';
import fc from '../../support/fastCheck.ts';
import { exportSchema } from '../../../src/domains/databaseSchemas/export/index.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';
import { bodyArbitrary } from './arbitrary.ts';
import { plainBodyArbitrary, sampleShop } from './bodies.ts';
import { expectedCatalogue, sorted, type Catalogue } from './catalogue.ts';
import { runsOr } from '../../support/randomRuns.ts';

let database: PGlite;
beforeAll(async () => {
  database = await PGlite.create();
});
afterAll(async () => {
  await database.close();
});

const sqlOf = (body: SchemaBody): string => exportSchema({ name: 'x', body, format: 'sql', dialect: 'postgres' }).text;

/** Runs the statements in an empty schema that is thrown away afterwards. */
async function inFreshSchema<T>(sql: string, read: () => Promise<T>): Promise<T> {
  await database.exec('DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; SET search_path TO public;');
  await database.exec(sql);
  return read();
}

async function readCatalogue(): Promise<Catalogue> {
  const columns = await database.query<{ table: string; column: string; required: boolean }>(
    `SELECT c.relname AS table, a.attname AS column, a.attnotnull AS required FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 ORDER BY c.relname, a.attnum`,
  );
  const keys = await database.query<{
    table: string;
    kind: string;
    columns: string[];
    parent: string | null;
    parent_columns: string[] | null;
  }>(
    `SELECT t.relname AS table, k.contype AS kind,
       (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u(num, n) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num) AS columns,
       p.relname AS parent,
       (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u(num, n) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num) AS parent_columns
     FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid LEFT JOIN pg_class p ON p.oid = k.confrelid
     WHERE k.connamespace = 'public'::regnamespace AND k.contype IN ('p', 'f')`,
  );
  const catalogue: Catalogue = { tables: {}, primaryKeys: {}, foreignKeys: [] };
  for (const { table, column, required } of columns.rows) (catalogue.tables[`t:${table}`] ??= []).push({ name: column, required });
  for (const key of keys.rows) {
    if (key.kind === 'p') catalogue.primaryKeys[`t:${key.table}`] = key.columns;
    else
      catalogue.foreignKeys.push({
        table: key.table,
        columns: key.columns,
        parent: key.parent ?? '',
        parentColumns: key.parent_columns ?? [],
      });
  }
  return catalogue;
}

describe('export as PostgreSQL', () => {
  test('runs for any body, whatever its names, types, defaults and keys are', async () => {
    await fc.assert(
      fc.asyncProperty(bodyArbitrary, async (body) => {
        const tables = await inFreshSchema(sqlOf(body), async () => Object.keys((await readCatalogue()).tables).length);
        expect(tables).toBeGreaterThanOrEqual(body.tables.length);
      }),
      { numRuns: runsOr(40) },
    );
  }, 120_000);

  test('gives the tables, columns, required columns, primary and foreign keys of the model', async () => {
    await fc.assert(
      fc.asyncProperty(plainBodyArbitrary, async (body) => {
        expect(sorted(await inFreshSchema(sqlOf(body), readCatalogue))).toEqual(expectedCatalogue(body));
      }),
      { numRuns: runsOr(25) },
    );
  }, 120_000);

  test('keeps what users rely on: numbering, enums, clocks, descriptions, actions, cycles', async () => {
    const result = exportSchema({ name: 'shop', body: sampleShop, format: 'sql', dialect: 'postgres' });
    expect(result.warnings).toEqual([]);
    const facts = await inFreshSchema(result.text, async () => {
      await database.exec(`INSERT INTO customers (email) VALUES ('a@b.c'); INSERT INTO orders (customer_id, total) VALUES (1, 12.5);`);
      const rows = await database.query(`SELECT id, status::text, total, paid, placed_at <= now() AS placed FROM orders`);
      const comment = await database.query(
        `SELECT obj_description('orders'::regclass) AS "table", col_description('orders'::regclass, 3) AS "column"`,
      );
      await database.exec(`DELETE FROM customers`);
      const left = await database.query(`SELECT count(*)::int AS count FROM orders`);
      return { rows: rows.rows, comment: comment.rows, left: left.rows };
    });
    expect(facts).toEqual({
      rows: [{ id: 1, status: 'draft', total: '12.50', paid: false, placed: true }],
      comment: [{ table: "The customer's orders", column: 'Where it stands; see \\docs' }],
      left: [{ count: 0 }],
    });
  });
});
