/** Migrations run in a real PostgreSQL (PGlite): from one version they must lead to what the export of the other creates, and back. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PGlite } from '@electric-sql/pglite';
import fc from '../../support/fastCheck.ts';
import { writeMigration } from '../../../src/domains/databaseSchemas/diff/index.ts';
import { exportSchema } from '../../../src/domains/databaseSchemas/export/index.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';
import { runsOr } from '../../support/randomRuns.ts';
import { types } from '../schemaExport/arbitrary.ts';
import { pairArbitrary } from './edits.ts';

let database: PGlite;
beforeAll(async () => {
  database = await PGlite.create();
});
afterAll(async () => {
  await database.close();
});

const sqlOf = (body: SchemaBody): string => exportSchema({ name: 'x', body, format: 'sql', dialect: 'postgres' }).text;
const clear = () => database.exec('DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; SET search_path TO public;');

/** Everything that the export writes, from the catalogue; only the order of columns is left out, which PostgreSQL cannot change. */
const catalogue = `
  SELECT 'column' AS kind, c.relname AS "table", a.attname AS name,
    concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid),
      col_description(c.oid, a.attnum)) AS text
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL SELECT 'table', relname, '', obj_description(oid, 'pg_class') FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
  UNION ALL SELECT 'constraint', t.relname, k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid
    WHERE k.connamespace = 'public'::regnamespace AND k.contype IN ('p', 'u', 'f', 'c')
  UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT 'enum', t.typname, '', string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
    WHERE t.typnamespace = 'public'::regnamespace GROUP BY t.typname
  ORDER BY 1, 2, 3`;

const readCatalogue = async (): Promise<unknown[]> => (await database.query(catalogue)).rows;

async function catalogueAfter(...scripts: string[]): Promise<unknown[]> {
  await clear();
  // Each script is one transaction here, as migration tools run it.
  for (const script of scripts) await database.exec(script);
  return readCatalogue();
}

describe('migrations for PostgreSQL', () => {
  test('convert a type to every other, as far as PostgreSQL can tell without rows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...types), async (from) => {
        const fieldsOf = (typeOf: (to: string) => string) =>
          types.map((to, index) => ({ name: `to ${index}`, type: typeOf(to), required: false }));
        const bodyOf = (typeOf: (to: string) => string): SchemaBody => ({
          tables: [{ id: 't', name: 't', fields: fieldsOf(typeOf), indexes: [] }],
          relationships: [],
        });
        const [base, head] = [bodyOf(() => from), bodyOf((to) => to)];
        // With a plain cast everywhere: "cannot cast type integer to uuid".
        await catalogueAfter(sqlOf(base), writeMigration({ base, head }, 'postgres').forwardSql);
      }),
      { numRuns: runsOr(5) },
    );
  }, 60_000);

  test.each([
    ['numeric(10,2)', 'integer', '12.50', 13],
    ['boolean', 'smallint', 'true', 1],
    ['integer', 'boolean', '2', true],
    ['integer', 'text', '7', '7'],
    ['text', 'uuid', "'550e8400-e29b-41d4-a716-446655440000'", '550e8400-e29b-41d4-a716-446655440000'],
    ['timestamp', 'time', "'2024-02-29 12:30:00'", '12:30:00'],
    ["ENUM('a','b')", "ENUM('b','c')", "'b'", 'b'],
    ['text', 'text[]', "'{a,b}'", ['a', 'b']],
  ])('keep the values of %s as %s', async (from, to, value, wanted) => {
    const bodyOf = (type: string): SchemaBody => ({
      tables: [{ id: 't', name: 't', fields: [{ name: 'c', type, required: false }], indexes: [] }],
      relationships: [],
    });
    const { forwardSql } = writeMigration({ base: bodyOf(from), head: bodyOf(to) }, 'postgres');
    await catalogueAfter(sqlOf(bodyOf(from)), `INSERT INTO t VALUES (${value});`, forwardSql);
    expect((await database.query('SELECT c FROM t')).rows).toEqual([{ c: wanted }]);
  });

  test('number on behind the rows that are there', async () => {
    const bodyOf = (autoIncrement: boolean): SchemaBody => ({
      tables: [{ id: 't', name: 'a"b', fields: [{ name: "i'd", type: 'integer', required: true, autoIncrement }], indexes: [] }],
      relationships: [],
    });
    const { forwardSql } = writeMigration({ base: bodyOf(false), head: bodyOf(true) }, 'postgres');
    await catalogueAfter(sqlOf(bodyOf(false)), `INSERT INTO "a""b" VALUES (41);`, forwardSql, `INSERT INTO "a""b" DEFAULT VALUES;`);
    // Without setval: 41, 1.
    expect((await database.query(`SELECT "i'd" AS id FROM "a""b" ORDER BY 1`)).rows).toEqual([{ id: 41 }, { id: 42 }]);
  });

  test('lead from one version to the other and back', async () => {
    await fc.assert(
      fc.asyncProperty(pairArbitrary, async ({ base, head }) => {
        const { forwardSql, backwardSql } = writeMigration({ base, head }, 'postgres');
        const [wantedBase, wantedHead] = [await catalogueAfter(sqlOf(base)), await catalogueAfter(sqlOf(head))];
        expect(await catalogueAfter(sqlOf(base), forwardSql)).toEqual(wantedHead);
        await database.exec(backwardSql);
        expect(await readCatalogue()).toEqual(wantedBase);
      }),
      { numRuns: runsOr(20) },
    );
  }, 600_000);
});
