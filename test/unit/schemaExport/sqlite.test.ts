/** SQLite exports run in SQLite (sql.js), and its catalogue must say what the model says. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import initSqlJs, { type Database, type SqlJsStatic } from 'sql.js';
import { exportSchema } from '../../../src/domains/databaseSchemas/export/index.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';
import { bodyArbitrary } from './arbitrary.ts';
import { plainBodyArbitrary, sampleShop } from './bodies.ts';
import { expectedCatalogue, sorted, type Catalogue } from './catalogue.ts';

let sqlite: SqlJsStatic;
beforeAll(async () => {
  sqlite = await initSqlJs();
});

const sqlOf = (body: SchemaBody): string => exportSchema({ name: 'x', body, format: 'sql', dialect: 'sqlite' }).text;

function withDatabase<T>(sql: string, read: (database: Database) => T): T {
  const database = new sqlite.Database();
  try {
    database.exec(`PRAGMA foreign_keys = ON; ${sql}`);
    return read(database);
  } finally {
    database.close();
  }
}

function rows(database: Database, sql: string, parameters: string[] = []): Record<string, string | number | null>[] {
  const statement = database.prepare(sql, parameters);
  const found: Record<string, string | number | null>[] = [];
  while (statement.step()) found.push(statement.getAsObject() as Record<string, string | number | null>);
  statement.free();
  return found;
}

function readCatalogue(database: Database): Catalogue {
  const catalogue: Catalogue = { tables: {}, primaryKeys: {}, foreignKeys: [] };
  for (const { name } of rows(database, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`)) {
    const table = String(name);
    const columns = rows(database, 'SELECT name, "notnull" AS required, pk FROM pragma_table_info(?)', [table]);
    catalogue.tables[`t:${table}`] = columns.map((column) => ({ name: String(column['name']), required: column['required'] === 1 }));
    const key = columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a['pk']) - Number(b['pk']));
    if (key.length > 0) catalogue.primaryKeys[`t:${table}`] = key.map((column) => String(column['name']));
    const parts = rows(
      database,
      'SELECT id, "table" AS parent, "from" AS child, "to" AS target FROM pragma_foreign_key_list(?) ORDER BY id, seq',
      [table],
    );
    for (const id of new Set(parts.map((part) => part['id']))) {
      const own = parts.filter((part) => part['id'] === id);
      const texts = (key: string): string[] => own.map((part) => String(part[key]));
      catalogue.foreignKeys.push({ table, columns: texts('child'), parent: texts('parent')[0]!, parentColumns: texts('target') });
    }
  }
  return sorted(catalogue);
}

describe('export as SQLite', () => {
  test('runs for any body, and every table takes rows as far as its foreign keys go', () => {
    fc.assert(
      fc.property(bodyArbitrary, (body) => {
        withDatabase(sqlOf(body), (database) => {
          const tables = rows(database, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`);
          expect(tables.length).toBeGreaterThanOrEqual(body.tables.length);
          // Defaults and CHECKs are resolved by the first INSERT only; a DELETE finds foreign keys that match no key.
          for (const { name } of tables) {
            database.exec(`EXPLAIN INSERT INTO "${String(name).replaceAll('"', '""')}" DEFAULT VALUES`);
            database.exec(`DELETE FROM "${String(name).replaceAll('"', '""')}"`);
          }
        });
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test('gives the tables, columns, required columns, primary and foreign keys of the model', () => {
    fc.assert(
      fc.property(plainBodyArbitrary, (body) => {
        expect(withDatabase(sqlOf(body), readCatalogue)).toEqual(expectedCatalogue(body));
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  test('keeps what users rely on: numbering, enum values, clocks, actions', () => {
    withDatabase(sqlOf(sampleShop), (database) => {
      database.exec(`INSERT INTO customers (email) VALUES ('a@b.c'); INSERT INTO orders (customer_id) VALUES (1);`);
      expect(rows(database, 'SELECT id, status, total, paid, placed_at <= CURRENT_TIMESTAMP AS placed FROM orders')).toEqual([
        { id: 1, status: 'draft', total: 0, paid: 0, placed: 1 },
      ]);
      expect(() => database.exec(`UPDATE orders SET status = 'lost'`)).toThrow('CHECK constraint failed');
      database.exec(`UPDATE orders SET status = 'can''t ship'; DELETE FROM customers;`);
      expect(rows(database, 'SELECT count(*) AS count FROM orders')).toEqual([{ count: 0 }]);
    });
  });
});
