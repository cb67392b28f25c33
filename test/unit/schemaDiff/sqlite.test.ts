/** Migrations run in SQLite (sql.js): from one version they must lead to what the export of the other creates, and back. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import initSqlJs, { type Database, type SqlJsStatic } from 'sql.js';
import { writeMigration } from '../../../src/domains/databaseSchemas/diff/index.ts';
import { exportSchema } from '../../../src/domains/databaseSchemas/export/index.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';
import { runsOr } from '../../support/randomRuns.ts';
import { sampleShop } from '../schemaExport/bodies.ts';
import { pairArbitrary } from './edits.ts';

let sqlite: SqlJsStatic;
beforeAll(async () => {
  sqlite = await initSqlJs();
});

const sqlOf = (body: SchemaBody): string => exportSchema({ name: 'x', body, format: 'sql', dialect: 'sqlite' }).text;

function rows(database: Database, sql: string): unknown[][] {
  const statement = database.prepare(sql);
  const found: unknown[][] = [];
  while (statement.step()) found.push(statement.get());
  statement.free();
  return found;
}

/** Columns in order, constraints, indexes, and whether rows are numbered: all but the text of the statements. */
function readCatalogue(database: Database): unknown[][] {
  const tables = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`;
  return [
    `SELECT 'column', t.name, c.* FROM (${tables}) t JOIN pragma_table_info(t.name) c ORDER BY 2, 3`,
    `SELECT 'numbering', name, instr(sql, 'AUTOINCREMENT') > 0, instr(sql, 'CHECK (') > 0 FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 2`,
    // The order in which SQLite lists foreign keys and indexes is that of their creation.
    `SELECT 'reference', t.name, f.seq, f."table", f."from", f."to", f.on_update, f.on_delete FROM (${tables}) t JOIN pragma_foreign_key_list(t.name) f ORDER BY 2, 4, 5, 6, 7, 8`,
    `SELECT 'index', t.name, i."unique", i.origin, CASE i.origin WHEN 'c' THEN i.name END, (SELECT group_concat(x.name, ' | ') FROM pragma_index_info(i.name) x)
       FROM (${tables}) t JOIN pragma_index_list(t.name) i ORDER BY 2, 3, 4, 5, 6`,
  ].flatMap((sql) => rows(database, sql));
}

function withDatabase<T>(scripts: readonly string[], read: (database: Database) => T): T {
  const database = new sqlite.Database();
  try {
    database.exec('PRAGMA foreign_keys = ON;');
    for (const script of scripts) database.exec(script);
    return read(database);
  } finally {
    database.close();
  }
}

describe('migrations for SQLite', () => {
  test('lead from one version to the other and back', () => {
    fc.assert(
      fc.property(pairArbitrary, ({ base, head }) => {
        const { forwardSql, backwardSql } = writeMigration({ base, head }, 'sqlite');
        const wanted = [base, head].map((body) => withDatabase([sqlOf(body)], readCatalogue));
        const reached = withDatabase([sqlOf(base), forwardSql], (database) => {
          const afterForward = readCatalogue(database);
          database.exec(backwardSql);
          return [readCatalogue(database), afterForward];
        });
        expect(reached).toEqual(wanted);
      }),
      { numRuns: runsOr(60) },
    );
  }, 600_000);

  test('keep the rows, and what refers to them, through a rebuild', () => {
    const [orders, customers] = sampleShop.tables as [SchemaBody['tables'][0], SchemaBody['tables'][0]];
    const email = { ...customers.fields[1]!, type: 'varchar(200)', required: false };
    const head: SchemaBody = {
      ...sampleShop,
      tables: [orders, { ...customers, name: 'clients', fields: [customers.fields[0]!, customers.fields[2]!, email] }],
      relationships: sampleShop.relationships.map((one) => ({
        ...one,
        fromTable: one.fromTable === 'customers' ? 'clients' : one.fromTable,
        toTable: one.toTable === 'customers' ? 'clients' : one.toTable,
      })),
    };
    const { forwardSql } = writeMigration({ base: sampleShop, head }, 'sqlite');
    const data = `INSERT INTO customers (email) VALUES ('a@b.c'); INSERT INTO orders (customer_id) VALUES (1);`;
    const kept = withDatabase([sqlOf(sampleShop), data, forwardSql], (database) => ({
      clients: rows(database, 'SELECT id, last_order_id, email FROM clients'),
      orders: rows(database, 'SELECT id, customer_id, status FROM orders'),
      enforced: rows(database, 'PRAGMA foreign_keys'),
    }));
    // With foreign keys on while the old table is dropped, its orders are deleted: orders [].
    expect(kept).toEqual({ clients: [[1, null, 'a@b.c']], orders: [[1, 1, 'draft']], enforced: [[1]] });
  });
});
