import { describe, expect, test } from '@jest/globals';
import initSqlJs, { type Database } from 'sql.js';
import { importSql } from '../../../src/domains/databaseSchemas/import/index.ts';
import { fields, indexes, links, sample, succeed, tableOf } from './support.ts';

const read = async (source: string) => succeed(await importSql({ source, dialect: 'sqlite' }));

async function run(script: string): Promise<Database> {
  const { Database: Sqlite } = await initSqlJs();
  const database = new Sqlite();
  database.run(script);
  return database;
}

const rows = (database: Database, sql: string): unknown[][] => database.exec(sql)[0]?.values ?? [];

describe('a library', () => {
  test('columns of every spelling', async () => {
    const { body } = await read(sample('library.sqlite.sql'));
    expect(fields(tableOf(body, 'authors'))).toEqual([
      'id | INTEGER | required | unique | auto',
      'name | TEXT | required',
      'birth_date | DATE | = CURRENT_DATE',
      "country | VARCHAR(2) | = 'DE'",
      'died | DATE',
    ]);
    expect(fields(tableOf(body, 'books'))).toEqual([
      'isbn | TEXT | required | unique',
      'title | NVARCHAR(160) | required | unique',
      'pages | UNSIGNED BIG INT | = -1',
      'price | DECIMAL(10,5) | = (1.5 + 2)',
      'author_id | INT',
      "added | TEXT | = (datetime('now'))",
      'extra | BLOB',
      'slug | TEXT',
    ]);
    expect(indexes(tableOf(body, 'books'))).toEqual([
      'books_pkey primary (isbn)',
      'books_title unique (author_id,title)',
      'books_title_key unique (title)',
    ]);
    expect(links(body)).toEqual([
      'book_covers(isbn) > books(isbn) one-to-one -/-',
      'books(author_id) > authors(id) one-to-many cascade/-',
      'loans(isbn) > books(isbn) one-to-many set-null/cascade',
      'loans(parent_isbn,parent_no) > loans(isbn,no) one-to-many -/-',
    ]);
  });

  test('columns and foreign keys are those that SQLite itself makes of the script', async () => {
    const script = sample('library.sqlite.sql');
    const database = await run(script);
    const { body } = await read(script);
    for (const table of body.tables) {
      // table_xinfo: cid, name, type, notnull, dflt_value, pk, hidden; it has generated columns, table_info has not.
      const columns = rows(database, `PRAGMA table_xinfo("${table.name}")`);
      const inDatabase = columns.map(([, name, type, , value]) => [name, String(type).toLowerCase().replaceAll(' ', ''), value]);
      const ours = table.fields.map(({ name, type, defaultValue }) => {
        const text = type.toLowerCase().replaceAll(' ', '');
        // SQLite shows a default without its brackets.
        return [
          name,
          name === 'extra' || name === 'slug' ? inDatabase.find(([other]) => other === name)?.[1] : text,
          defaultValue?.replace(/^\((.*)\)$/, '$1') ?? null,
        ];
      });
      expect(ours).toEqual(inDatabase);
      const keys = rows(database, `PRAGMA foreign_key_list("${table.name}")`);
      expect(body.relationships.filter(({ fromTable }) => fromTable === table.name)).toHaveLength(new Set(keys.map(([id]) => id)).size);
    }
    expect(rows(database, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").flat().sort()).toEqual(
      body.tables.map(({ name }) => name).sort(),
    );
    database.close();
  });

  test('everything dropped is named', async () => {
    const { warnings } = await read(sample('library.sqlite.sql'));
    expect(warnings.map(({ code, line }) => `${line} ${code}`)).toEqual([
      '2 SESSION_STATEMENT',
      '5 COLLATION',
      '7 CHECK_CONSTRAINT',
      '11 CONFLICT_CLAUSE',
      '14 DEFERRABLE',
      '16 UNTYPED_COLUMN',
      '17 GENERATED_COLUMN',
      '19 CHECK_CONSTRAINT',
      '20 TABLE_OPTION',
      '29 TABLE_OPTION',
      '30 INDEX_OPTION',
      '31 PARTIAL_INDEX',
      '32 EXPRESSION_INDEX',
      '33 TRIGGER',
      '37 VIEW',
      '38 DATA',
    ]);
  });
});

/** Each line is one script; both SQLite and the import must agree whether it is SQL. */
const scripts = `
CREATE TABLE t (a)
CREATE TABLE t (a INT, b INT,)
CREATE TABLE t (a INT b INT, c)
CREATE TABLE t (a INT, , b INT)
CREATE TABLE t (a INT
CREATE TABLE t (a INT))
CREATE TABLE t ()
CREATE TABLE (a INT)
CREATE TABEL t (a INT)
CREATE TABLE t (a INT) STRICT
CREATE TABLE t (a INT) STRICT, WITHOUT
CREATE TABLE t (a INT PRIMARY KEY) WITHOUT ROWID, STRICT
CREATE TABLE t (a INT) ENGINE=InnoDB
CREATE TABLE order (a INT)
CREATE TABLE "order" (a INT)
CREATE TABLE t (order INT)
CREATE TABLE t (key INT, desc TEXT)
CREATE TABLE t (desc INT PRIMARY KEY DESC)
CREATE TABLE t (a INT PRIMRY KEY)
CREATE TABLE t (a INT NOT NUL)
CREATE TABLE t (a INT DEFAULT)
CREATE TABLE t (a INT DEFAULT NOT NULL)
CREATE TABLE t (a INT DEFAULT + 5)
CREATE TABLE t (a INT DEFAULT "x")
CREATE TABLE t (a INT DEFAULT x'00')
CREATE TABLE t (a INT DEFAULT 1 + 2)
CREATE TABLE t (a INT DEFAULT (1 + 2))
CREATE TABLE t (a INT DEFAULT TRUE NOT NULL)
CREATE TABLE t (a INT CHECK a > 0)
CREATE TABLE t (a INT REFERENCES t)
CREATE TABLE t (a INT REFERENCES t ON DELETE)
CREATE TABLE t (a INT REFERENCES t (a) MATCH FULL NOT DEFERRABLE INITIALLY IMMEDIATE)
CREATE TABLE t (a INT CONSTRAINT x UNIQUE CONSTRAINT y NOT NULL)
CREATE TABLE t (a INT, CONSTRAINT x CHECK (a > 0) UNIQUE (a))
CREATE TABLE t (a INT, UNIQUE (a), b INT)
CREATE TABLE t (a INT, KEY (a))
CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES)
CREATE TABLE t (a INT, FOREIGN KEY a REFERENCES t)
CREATE TABLE t (a INT, UNIQUE (a COLLATE NOCASE DESC))
CREATE TABLE IF NOT EXISTS main.t (a INT)
CREATE TABLE t (a INT AUTOINCREMENT)
CREATE TABLE t (a INTEGER PRIMARY KEY ASC AUTOINCREMENT)
CREATE TABLE t (b INT, a INT AS (1) STORED)
CREATE TABLE t ([a b] INT, \`c\`\`d\` INT, "e""f" INT, 'g' INT)
CREATE TABLE t (a DOUBLE PRECISION (10, 2) NOT NULL)
CREATE TABLE t (a INT); CREATE INDEX i ON t (a
CREATE TABLE t (a INT); CREATE INDEX i ON t (a || 'x', a DESC) WHERE a > 1
CREATE TABLE t (a INT); CREATE INDEX ON t (a)
CREATE TABLE t (a INT); CREATE INDEX i t (a)
CREATE TABLE t (a INT); ALTER TABLE t ADD b INT
CREATE TABLE t (a INT); ALTER TABLE t ADD COLUMN
CREATE TABLE t (a INT); ALTER TABLE t ADD COLUMN b INT, ADD COLUMN c INT
CREATE TABLE t (a INT); ALTER TABLE t RENAME a TO b
CREATE TABLE t (a INT); ALTER TABLE t DROP COLUMN
CREATE TABLE t (a INT); ALTER TABLE t MODIFY a TEXT
CREATE TABLE t (a INT); CREATE TABLE T (b INT)
CREATE TABLE t (a INT, A TEXT)
CREATE TABLE t (a INT); SELEC 1
CREATE TABLE t (a INT); DROP TABLE IF EXISTS u
CREATE TABLE t (a INT); SELECT 'open
CREATE TABLE t (a INT) /* open
CREATE TABLE t (a INT) -- closed
`
  .trim()
  .split('\n');

test.each(scripts)('agrees with SQLite: %s', async (script) => {
  const accepted = await run(script).then(
    (database) => {
      database.close();
      return true;
    },
    () => false,
  );
  const result = await importSql({ source: script, dialect: 'sqlite' });
  expect({ accepted: result.ok, ...(result.ok ? {} : { line: result.line }) }).toEqual({ accepted, ...(accepted ? {} : { line: 1 }) });
});
