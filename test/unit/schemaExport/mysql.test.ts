/** MySQL exports are read by a MySQL grammar (no server is at hand), and their rules are checked one by one. */
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import { exportSchema, type ExportResult } from '../../../src/domains/databaseSchemas/export/index.ts';
import type { SchemaBody, SchemaField, SqlDialect } from '../../../src/domains/databaseSchemas/model.ts';
import { bodyArbitrary } from './arbitrary.ts';
import { sampleShop } from './bodies.ts';

interface SqlParser {
  astify: (sql: string) => { type: string }[] | { type: string };
}
const require = createRequire(import.meta.url);
const { Parser: MysqlParser } = require('node-sql-parser/build/mysql.js') as { Parser: new () => SqlParser };

const exportAs = (body: SchemaBody, dialect: SqlDialect): ExportResult => exportSchema({ name: 'x', body, format: 'sql', dialect });

const table = (...fields: (Partial<SchemaField> & { name: string; type: string })[]): SchemaBody => ({
  tables: [
    {
      id: 't',
      name: 't',
      fields: fields.map((field) => ({ required: true, ...field })),
      indexes: [{ name: 'p', fields: [fields[0]!.name], type: 'primary' }],
    },
  ],
  relationships: [],
});

/** The line of a column in the export of a table with this column behind an id. */
function columnLine(type: string, rest: Partial<SchemaField>, dialect: SqlDialect): string {
  const { text } = exportAs(table({ name: 'id', type: 'int' }, { name: 'c', type, ...rest }), dialect);
  return text.split('\n')[2]!.trim().replace(/,$/u, '').replace(/^\S+ /u, '');
}

describe('export as MySQL', () => {
  test('is read by a MySQL grammar for any body, one statement for each table and nothing else', () => {
    fc.assert(
      fc.property(bodyArbitrary, (body) => {
        const { text } = exportAs(body, 'mysql');
        // The grammar lacks three things that MySQL 8.0 knows: expressions as defaults, SET DEFAULT apart, empty comments.
        const simple = text.replace(
          /DEFAULT \((?:UUID\(\)|CURRENT_\w+|'(?:[^'\\]|''|\\.)*'|[a-z0-9_' +]+|CONCAT\([^)]*\)|(?:x|b)'\w*')\)/gu,
          'DEFAULT NULL',
        );
        const parsed = new MysqlParser().astify(simple);
        const statements = Array.isArray(parsed) ? parsed : [parsed];
        expect(new Set(statements.map(({ type }) => type)).size).toBeLessThanOrEqual(2);
        expect(statements.filter(({ type }) => type === 'create').length).toBeGreaterThanOrEqual(body.tables.length);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test('prints the shop with keys, enum, comments and a reference added at the end', () => {
    const { text, warnings } = exportAs(sampleShop, 'mysql');
    expect(warnings).toEqual([]);
    expect(text).toBe(`CREATE TABLE \`customers\` (
  \`id\` INT NOT NULL AUTO_INCREMENT,
  \`email\` VARCHAR(160) NOT NULL,
  \`last_order_id\` INT,
  PRIMARY KEY (\`id\`),
  CONSTRAINT \`customers_email_key\` UNIQUE (\`email\`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE \`orders\` (
  \`id\` INT NOT NULL AUTO_INCREMENT,
  \`customer_id\` INT NOT NULL,
  \`status\` ENUM('draft', 'paid', 'can''t ship') NOT NULL DEFAULT 'draft' COMMENT 'Where it stands; see \\\\docs',
  \`total\` DECIMAL(10,2) NOT NULL DEFAULT 0,
  \`paid\` BOOLEAN NOT NULL DEFAULT FALSE,
  \`placed_at\` TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (\`id\`),
  INDEX \`orders_customer_idx\` (\`customer_id\`, \`placed_at\`),
  CONSTRAINT \`orders_customer_id_fkey\` FOREIGN KEY (\`customer_id\`) REFERENCES \`customers\` (\`id\`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT 'The customer''s orders';

ALTER TABLE \`customers\` ADD CONSTRAINT \`customers_last_order\` FOREIGN KEY (\`last_order_id\`) REFERENCES \`orders\` (\`id\`) ON DELETE SET NULL;
`);
  });
});

describe('export as SQL Server', () => {
  test('prints the shop; a second cascade into a circle becomes NO ACTION with a warning', () => {
    const { text, warnings } = exportAs(sampleShop, 'mssql');
    expect(warnings.map(({ code }) => code)).toEqual(['ACTION_CHANGED']);
    expect(text).toContain('[id] INT IDENTITY(1,1) NOT NULL');
    expect(text).toContain("[status] NVARCHAR(50) NOT NULL DEFAULT N'draft' CHECK ([status] IN (N'draft', N'paid', N'can''t ship'))");
    expect(text).toContain('[placed_at] DATETIMEOFFSET NOT NULL DEFAULT SYSDATETIMEOFFSET()');
    expect(text).toContain('REFERENCES [customers] ([id]) ON DELETE CASCADE');
    expect(text).toContain('FOREIGN KEY ([last_order_id]) REFERENCES [orders] ([id]);');
    expect(text).toContain("@value = N'The customer''s orders'");
  });

  test('keeps several NULLs apart in a unique column that is optional', () => {
    const { text } = exportAs(
      table({ name: 'id', type: 'int' }, { name: 'a]b', type: 'varchar(10)', required: false, unique: true }),
      'mssql',
    );
    expect(text).toContain('CREATE UNIQUE INDEX [t_a]]b_key] ON [t] ([a]]b]) WHERE [a]]b] IS NOT NULL;');
  });
});

const types: readonly (readonly [string, Record<SqlDialect, string>])[] = [
  ['INT UNSIGNED', { postgres: 'bigint', mysql: 'INT UNSIGNED', sqlite: 'INTEGER', mssql: 'BIGINT' }],
  ['TINYINT(1)', { postgres: 'boolean', mysql: 'BOOLEAN', sqlite: 'BOOLEAN', mssql: 'BIT' }],
  ['NVARCHAR(160)', { postgres: 'varchar(160)', mysql: 'VARCHAR(160)', sqlite: 'VARCHAR(160)', mssql: 'NVARCHAR(160)' }],
  ['character varying(15)', { postgres: 'varchar(15)', mysql: 'VARCHAR(15)', sqlite: 'VARCHAR(15)', mssql: 'NVARCHAR(15)' }],
  [
    'timestamp(3) with time zone',
    { postgres: 'timestamp(3) with time zone', mysql: 'TIMESTAMP(3)', sqlite: 'DATETIME', mssql: 'DATETIMEOFFSET(3)' },
  ],
  ['uuid', { postgres: 'uuid', mysql: 'CHAR(36)', sqlite: 'TEXT', mssql: 'UNIQUEIDENTIFIER' }],
  ['jsonb', { postgres: 'jsonb', mysql: 'JSON', sqlite: 'TEXT', mssql: 'NVARCHAR(MAX)' }],
  ['text[]', { postgres: 'text[]', mysql: 'JSON', sqlite: 'TEXT', mssql: 'NVARCHAR(MAX)' }],
  ['bytea', { postgres: 'bytea', mysql: 'LONGBLOB', sqlite: 'BLOB', mssql: 'VARBINARY(MAX)' }],
  ['double precision', { postgres: 'double precision', mysql: 'DOUBLE', sqlite: 'REAL', mssql: 'FLOAT' }],
  ['NUMERIC(10,2)', { postgres: 'numeric(10,2)', mysql: 'DECIMAL(10,2)', sqlite: 'NUMERIC(10,2)', mssql: 'DECIMAL(10,2)' }],
  ['MONEY', { postgres: 'numeric(19,4)', mysql: 'DECIMAL(19,4)', sqlite: 'NUMERIC(19,4)', mssql: 'MONEY' }],
  ['BIT', { postgres: 'boolean', mysql: 'BOOLEAN', sqlite: 'BOOLEAN', mssql: 'BIT' }],
  ['longtext', { postgres: 'text', mysql: 'LONGTEXT', sqlite: 'TEXT', mssql: 'NVARCHAR(MAX)' }],
  ['varchar', { postgres: 'varchar', mysql: 'VARCHAR(255)', sqlite: 'TEXT', mssql: 'NVARCHAR(255)' }],
  ['macaddr', { postgres: 'macaddr', mysql: 'VARCHAR(64)', sqlite: 'TEXT', mssql: 'NVARCHAR(255)' }],
  ['DATETIME2(7)', { postgres: 'timestamp(6)', mysql: 'DATETIME(6)', sqlite: 'DATETIME', mssql: 'DATETIME2(7)' }],
];
const allDialects: readonly SqlDialect[] = ['postgres', 'mysql', 'sqlite', 'mssql'];

test.each(types.flatMap(([type, expected]) => allDialects.map((dialect) => [type, dialect, expected[dialect]] as const)))(
  '%s is written for %s as %s',
  (type, dialect, expected) => {
    expect(columnLine(type, {}, dialect)).toBe(`${expected} NOT NULL`);
  },
);

const defaults: readonly (readonly [string, string, Record<SqlDialect, string>])[] = [
  ['boolean', '1', { postgres: 'true', mysql: 'TRUE', sqlite: '1', mssql: '1' }],
  [
    'timestamptz',
    'getdate()',
    { postgres: 'now()', mysql: 'CURRENT_TIMESTAMP', sqlite: 'CURRENT_TIMESTAMP', mssql: 'SYSDATETIMEOFFSET()' },
  ],
  ['uuid', 'uuid_generate_v4()', { postgres: 'gen_random_uuid()', mysql: '(UUID())', sqlite: '(lower(', mssql: 'NEWID()' }],
  [
    'varchar(20)',
    "'x\\y''z'::character varying",
    { postgres: "E'x\\\\y''z'", mysql: "'x\\\\y''z'", sqlite: "'x\\y''z'", mssql: "N'x\\y''z'" },
  ],
  ['text', 'draft', { postgres: "'draft'", mysql: "('draft')", sqlite: "'draft'", mssql: "N'draft'" }],
  ['int', '((5))', { postgres: '5', mysql: '5', sqlite: '5', mssql: '5' }],
  ['jsonb', "'{}'::jsonb", { postgres: "'{}'", mysql: "('{}')", sqlite: "'{}'", mssql: "N'{}'" }],
  ['text[]', "'{}'::text[]", { postgres: "'{}'", mysql: "('[]')", sqlite: "'[]'", mssql: "N'[]'" }],
];

test.each(defaults.flatMap(([type, value, expected]) => allDialects.map((dialect) => [type, value, dialect, expected[dialect]] as const)))(
  'the default of a %s, %s, is written for %s as %s',
  (type, defaultValue, dialect, expected) => {
    const line = columnLine(type, { defaultValue, required: false }, dialect);
    expect(line.slice(line.indexOf('DEFAULT ') + 8, line.indexOf('DEFAULT ') + 8 + expected.length)).toBe(expected);
  },
);

test.each([
  "x'; DROP TABLE t; --",
  '1); DROP TABLE t; --',
  "'a",
  '1 -- x',
  '1 /* x',
  '$$x$$',
  '`x`',
  'a b',
  '(select 1)',
  'select(1)',
  "'x'::text; SELECT 1",
])('the default %s never reaches a statement', (defaultValue) => {
  for (const dialect of allDialects) {
    const { text, warnings } = exportAs(table({ name: 'id', type: 'int' }, { name: 'c', type: 'varchar(90)', defaultValue }), dialect);
    expect(text).not.toContain('DEFAULT N');
    expect(text.replace('DEFAULT CHARSET', '')).not.toContain('DEFAULT ');
    expect(warnings.map(({ code }) => code)).toEqual(['DEFAULT_DROPPED']);
  }
});

describe('what SQL cannot say', () => {
  const two = (type: string, rest: Partial<SchemaBody['relationships'][number]>): SchemaBody => ({
    tables: [
      {
        id: 'a',
        name: 'posts',
        fields: [
          { name: 'id', type, required: true },
          { name: 'n', type: 'int', required: true },
        ],
        indexes: [{ name: 'p', fields: ['id'], type: 'primary' }],
      },
      {
        id: 'b',
        name: 'tags',
        fields: [
          { name: 'id', type: 'int', required: true },
          { name: 'n', type: 'int', required: true },
        ],
        indexes: [{ name: 'q', fields: ['id'], type: 'primary' }],
      },
    ],
    relationships: [{ id: 'r', fromTable: 'posts', fromField: 'id', toTable: 'tags', toField: 'id', type: 'one-to-many', ...rest }],
  });

  test('a many-to-many relationship gets a table of its own, and a warning', () => {
    const { text, warnings } = exportAs(two('int', { type: 'many-to-many' }), 'postgres');
    expect(warnings).toEqual([
      {
        code: 'JUNCTION_ADDED',
        construct: 'relationship',
        message: 'The many-to-many relationship between "posts" and "tags" needs a table of its own: "posts_tags" is added.',
      },
    ]);
    expect(text).toContain('CONSTRAINT "posts_tags_pkey" PRIMARY KEY ("posts_id", "tags_id")');
    expect(text).toContain('FOREIGN KEY ("tags_id") REFERENCES "tags" ("id") ON DELETE CASCADE');
  });

  test('a reference to a field that is no key is left out, with a comment and a warning', () => {
    for (const dialect of allDialects) {
      const { text, warnings } = exportAs(two('int', { fromField: 'n', toField: 'n' }), dialect);
      expect(text).toContain(
        '-- Foreign key posts (n) → tags (n) is left out: the fields that it refers to are neither a primary nor a unique key.',
      );
      expect(text).not.toContain('REFERENCES');
      expect(warnings.map(({ code }) => code)).toEqual(['FOREIGN_KEY_DROPPED']);
    }
  });

  test('a reference between types that do not compare is left out, where the dialect compares', () => {
    const body = two('uuid', {});
    expect(exportAs(body, 'postgres').warnings.map(({ code }) => code)).toEqual(['FOREIGN_KEY_DROPPED']);
    expect(exportAs(body, 'sqlite').warnings).toEqual([]);
    const zoned = two('time with time zone', {});
    zoned.tables[1]!.fields[0]!.type = 'time';
    expect(exportAs(zoned, 'postgres').warnings.map(({ code }) => code)).toEqual(['FOREIGN_KEY_DROPPED']);
    const wider = two('bigint', {});
    expect(exportAs(wider, 'postgres').warnings).toEqual([]);
    expect(exportAs(wider, 'mysql').warnings.map(({ code }) => code)).toEqual(['FOREIGN_KEY_DROPPED']);
  });

  test('long names are cut and kept apart, with a warning', () => {
    const long = 'x'.repeat(70);
    const { text, warnings } = exportAs(table({ name: `${long}a`, type: 'int' }, { name: `${long}b`, type: 'int' }), 'postgres');
    expect(text).toContain(`"${'x'.repeat(63)}" integer`);
    expect(text).toContain(`"${'x'.repeat(61)}_2" integer`);
    expect(warnings.map(({ code }) => code)).toEqual(['NAME_TOO_LONG', 'NAME_TOO_LONG']);
  });
});
