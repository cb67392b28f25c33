/** Scripts word by word, where no database is at hand (MySQL) or where two scripts that work differ in what they cost. */
import { describe, expect, test } from '@jest/globals';
import { writeMigration, type MigrationDialect } from '../../../src/domains/databaseSchemas/diff/index.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';

const base: SchemaBody = {
  enums: [{ name: 'state', values: ['open', 'paid'] }],
  tables: [
    {
      id: 't1',
      name: 'customers',
      fields: [
        { name: 'id', type: 'integer', required: true, autoIncrement: true },
        { name: 'email', type: 'varchar(80)', required: false },
      ],
      indexes: [{ name: 'customers_pkey', fields: ['id'], type: 'primary' }],
    },
    {
      id: 't2',
      name: 'orders',
      fields: [
        { name: 'id', type: 'integer', required: true },
        { name: 'customer_id', type: 'integer', required: true },
        { name: 'state', type: 'state', required: true, defaultValue: "'open'" },
      ],
      indexes: [{ name: 'orders_pkey', fields: ['id'], type: 'primary' }],
    },
  ],
  relationships: [{ id: 'r', fromTable: 'orders', fromField: 'customer_id', toTable: 'customers', toField: 'id', type: 'one-to-many' }],
};

/** The base with another version of one table. */
function withTable(id: string, change: (table: SchemaBody['tables'][number]) => SchemaBody['tables'][number]): SchemaBody {
  return { ...base, tables: base.tables.map((table) => (table.id === id ? change(table) : table)) };
}

const forward = (head: SchemaBody, dialect: MigrationDialect): string[] =>
  writeMigration({ base, head }, dialect).forwardSql.trim().split('\n');

const withValue: SchemaBody = { ...base, enums: [{ name: 'state', values: ['open', 'sent', 'paid'] }] };
const longerEmail = withTable('t1', (table) => ({
  ...table,
  fields: [table.fields[0]!, { name: 'email', type: 'varchar(160)', required: true, unique: true }],
}));
const phone = withTable('t1', (table) => ({ ...table, fields: [...table.fields, { name: 'phone', type: 'text', required: false }] }));
const bigIds = {
  ...base,
  tables: base.tables.map((table) => ({
    ...table,
    fields: table.fields.map((field) => (field.type === 'integer' ? { ...field, type: 'bigint' } : field)),
  })),
};

describe('PostgreSQL', () => {
  test('a value is added to its type in place', () => {
    expect(forward(withValue, 'postgres')).toEqual([`ALTER TYPE "state" ADD VALUE 'sent' AFTER 'open';`]);
  });

  test('a value that a default uses at once, or one that goes, needs a new type', () => {
    const { backwardSql } = writeMigration({ base, head: withValue }, 'postgres');
    expect(backwardSql.trim().split('\n')).toEqual([
      'ALTER TYPE "state" RENAME TO "migrating_1";',
      `CREATE TYPE "state" AS ENUM ('open', 'paid');`,
      'ALTER TABLE "orders" ALTER COLUMN "state" DROP DEFAULT;',
      'ALTER TABLE "orders" ALTER COLUMN "state" TYPE "state" USING "state"::text::"state";',
      `ALTER TABLE "orders" ALTER COLUMN "state" SET DEFAULT 'open';`,
      'DROP TYPE "migrating_1";',
    ]);
    const usedAtOnce = {
      ...withValue,
      tables: withTable('t2', (table) => ({
        ...table,
        fields: table.fields.map((field) => (field.name === 'state' ? { ...field, defaultValue: "'sent'" } : field)),
      })).tables,
    };
    expect(forward(usedAtOnce, 'postgres')[0]).toBe('ALTER TYPE "state" RENAME TO "migrating_1";');
  });

  test('a foreign key steps aside while the types of both sides change', () => {
    expect(forward(bigIds, 'postgres')).toEqual([
      'ALTER TABLE "orders" DROP CONSTRAINT "orders_customer_id_fkey";',
      'ALTER TABLE "customers" DROP CONSTRAINT "customers_pkey";',
      'ALTER TABLE "orders" DROP CONSTRAINT "orders_pkey";',
      'ALTER TABLE "customers" ALTER COLUMN "id" TYPE bigint USING "id"::bigint;',
      'ALTER TABLE "orders" ALTER COLUMN "id" TYPE bigint USING "id"::bigint;',
      'ALTER TABLE "orders" ALTER COLUMN "customer_id" TYPE bigint USING "customer_id"::bigint;',
      'ALTER TABLE "customers" ADD CONSTRAINT "customers_pkey" PRIMARY KEY ("id");',
      'ALTER TABLE "orders" ADD CONSTRAINT "orders_pkey" PRIMARY KEY ("id");',
      'ALTER TABLE "orders" ADD CONSTRAINT "orders_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id");',
    ]);
  });
});

test('PostgreSQL: a foreign key steps aside while the key that it refers to has another name', () => {
  const head = withTable('t1', (table) => ({ ...table, indexes: [{ name: 'customers_key', fields: ['id'], type: 'primary' }] }));
  // Without it: "cannot drop constraint customers_pkey because other objects depend on it".
  expect(forward(head, 'postgres')).toEqual([
    'ALTER TABLE "orders" DROP CONSTRAINT "orders_customer_id_fkey";',
    'ALTER TABLE "customers" DROP CONSTRAINT "customers_pkey";',
    'ALTER TABLE "customers" ADD CONSTRAINT "customers_key" PRIMARY KEY ("id");',
    'ALTER TABLE "orders" ADD CONSTRAINT "orders_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id");',
  ]);
});

describe('MySQL', () => {
  test('all that changes in a table is one statement', () => {
    expect(forward(longerEmail, 'mysql')).toEqual([
      'ALTER TABLE `customers`',
      '  CHANGE COLUMN `email` `email` VARCHAR(160) NOT NULL,',
      '  ADD CONSTRAINT `customers_email_key` UNIQUE (`email`);',
    ]);
  });

  test('a foreign key goes with the index that MySQL made for it, and comes back', () => {
    expect(forward(bigIds, 'mysql')).toEqual([
      'ALTER TABLE `orders` DROP FOREIGN KEY `orders_customer_id_fkey`;',
      'ALTER TABLE `orders` DROP INDEX `orders_customer_id_fkey`;',
      'ALTER TABLE `customers`',
      '  DROP PRIMARY KEY,',
      '  CHANGE COLUMN `id` `id` BIGINT NOT NULL AUTO_INCREMENT,',
      '  ADD PRIMARY KEY (`id`);',
      'ALTER TABLE `orders`',
      '  DROP PRIMARY KEY,',
      '  CHANGE COLUMN `id` `id` BIGINT NOT NULL,',
      '  CHANGE COLUMN `customer_id` `customer_id` BIGINT NOT NULL,',
      '  ADD PRIMARY KEY (`id`);',
      'ALTER TABLE `orders` ADD CONSTRAINT `orders_customer_id_fkey` FOREIGN KEY (`customer_id`) REFERENCES `customers` (`id`);',
    ]);
  });

  test('columns keep the order of the head', () => {
    const head = withTable('t1', (table) => ({
      ...table,
      fields: [{ name: 'code', type: 'char(4)', required: false }, ...table.fields.toReversed()],
    }));
    expect(forward(head, 'mysql')).toEqual([
      'ALTER TABLE `customers`',
      '  ADD COLUMN `code` CHAR(4) FIRST,',
      '  CHANGE COLUMN `email` `email` VARCHAR(80) AFTER `code`,',
      '  CHANGE COLUMN `id` `id` INT NOT NULL AUTO_INCREMENT AFTER `email`;',
    ]);
  });
});

describe('SQLite', () => {
  test('a column at the end is added in place', () => {
    expect(forward(phone, 'sqlite')).toEqual(['ALTER TABLE "customers" ADD COLUMN "phone" TEXT;']);
  });

  test('anything else rebuilds the table', () => {
    expect(forward(withValue, 'sqlite')).toEqual([
      'PRAGMA foreign_keys = OFF;',
      'BEGIN;',
      'CREATE TABLE "migrating_1" (',
      '  "id" INTEGER NOT NULL,',
      '  "customer_id" INTEGER NOT NULL,',
      `  "state" TEXT NOT NULL DEFAULT 'open' CHECK ("state" IN ('open', 'sent', 'paid')),`,
      '  CONSTRAINT "orders_pkey" PRIMARY KEY ("id"),',
      '  CONSTRAINT "orders_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id")',
      ');',
      'INSERT INTO "migrating_1" ("id", "customer_id", "state") SELECT "id", "customer_id", "state" FROM "orders";',
      'DROP TABLE "orders";',
      'ALTER TABLE "migrating_1" RENAME TO "orders";',
      '-- Lists rows whose reference leads nowhere: there should be none.',
      'PRAGMA foreign_key_check;',
      'COMMIT;',
      'PRAGMA foreign_keys = ON;',
    ]);
  });
});

describe('warnings', () => {
  const cases: [string, SchemaBody, string[]][] = [
    [
      'what is dropped',
      phone,
      ['DATA_LOST backwardSql drops the column "customers.phone" with its values. Copy what you still need first.'],
    ],
    [
      'what may fail',
      longerEmail,
      [
        'NEEDS_VALUES forwardSql requires "customers.email", which fails where a row has NULL. Fill these rows first.',
        'VALUES_CONVERTED forwardSql converts "customers.email" from varchar(80) to varchar(160). Check that every value can be converted; others are cut, changed or refused.',
        'VALUES_CONVERTED backwardSql converts "customers.email" from varchar(160) to varchar(80). Check that every value can be converted; others are cut, changed or refused.',
      ],
    ],
    [
      'columns that stay where they are',
      withTable('t1', (table) => ({ ...table, fields: table.fields.toReversed() })),
      ['forwardSql', 'backwardSql'].map(
        (script) =>
          `COLUMN_ORDER ${script} leaves the columns of "customers" in their old order, new ones last: PostgreSQL cannot move columns.`,
      ),
    ],
    [
      'what only one of both says',
      withTable('t1', (table) => ({
        ...table,
        fields: [table.fields[0]!, { name: 'email', type: 'varchar(80)', required: false, defaultValue: '1;2' }],
      })),
      ['DEFAULT_DROPPED'],
    ],
  ];
  test.each(cases)('%s', (_, head, wanted) => {
    const lines = writeMigration({ base, head }, 'postgres').warnings.map(({ code, message }) => `${code} ${message}`);
    expect(lines).toHaveLength(wanted.length);
    for (const [index, line] of lines.entries()) expect(line).toContain(wanted[index]);
  });
});
