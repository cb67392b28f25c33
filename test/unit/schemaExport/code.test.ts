/** Exports for programs: TypeScript that compiles, a GraphQL schema that is valid, a JSON Schema that accepts and refuses rows. */
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import { buildSchema, validateSchema } from 'graphql';
import ts from 'typescript';
import { exportSchema, type ExportFormat } from '../../../src/domains/databaseSchemas/export/index.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';
import { bodyArbitrary } from './arbitrary.ts';
import { sampleShop } from './bodies.ts';

const require = createRequire(import.meta.url);

const textOf = (body: SchemaBody, format: ExportFormat): string =>
  exportSchema({ name: 'Web shop', body, format, dialect: 'postgres' }).text;

/** Returns the compiler's complaints about a module, with the standard library at hand. */
function compile(files: Record<string, string>): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    types: [],
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const readFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) => (name in files ? ts.createSourceFile(name, files[name]!, version) : readFile(name, version));
  const program = ts.createProgram(Object.keys(files), options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('export as TypeScript', () => {
  test('compiles for any body', () => {
    const bodies = fc.sample(bodyArbitrary, 80);
    const files = Object.fromEntries(bodies.map((body, index) => [`m${index}.ts`, textOf(body, 'typescript')]));
    expect(compile({ ...files, 'broken.ts': 'export interface A { a: Missing }' })).toEqual(["Cannot find name 'Missing'."]);
  }, 60_000);

  test('prints rows, inserts, enums', () => {
    expect(textOf(sampleShop, 'typescript')).toBe(`export type OrderStatus = 'draft' | 'paid' | 'can\\'t ship';

/** The customer's orders */
export interface Orders {
  id: number;
  customer_id: number;
  /** Where it stands; see \\docs */
  status: OrderStatus;
  total: string;
  paid: boolean;
  placed_at: Date;
}

/** A new row of the table orders: what the database fills in may be left out. */
export interface NewOrders {
  id?: number;
  customer_id: number;
  status?: OrderStatus;
  total?: string;
  paid?: boolean;
  placed_at?: Date;
}

/** A row of the table customers. */
export interface Customers {
  id: number;
  email: string;
  last_order_id: number | null;
}

/** A new row of the table customers: what the database fills in may be left out. */
export interface NewCustomers {
  id?: number;
  email: string;
  last_order_id?: number | null;
}

/** Row types by the names of the tables. */
export interface Tables {
  orders: Orders;
  customers: Customers;
}
`);
  });
});

describe('export as GraphQL', () => {
  test('is a valid schema for any body', () => {
    fc.assert(
      fc.property(bodyArbitrary, (body) => {
        expect(validateSchema(buildSchema(textOf(body, 'graphql')))).toEqual([]);
      }),
      { numRuns: 80 },
    );
  }, 60_000);

  test('links both sides of a relationship', () => {
    expect(textOf(sampleShop, 'graphql')).toBe(
      `scalar DateTime

scalar Decimal

enum OrderStatus {
  draft
  paid
  "Stored as \\"can't ship\\"."
  can_t_ship
}

"The customer's orders"
type Orders {
  id: ID!
  customer_id: ID!
  "Where it stands; see \\\\docs"
  status: OrderStatus!
  total: Decimal!
  paid: Boolean!
  placed_at: DateTime!
  customer: Customers!
  customers: [Customers!]!
}

type Customers {
  id: ID!
  email: String!
  last_order_id: ID
  orders: [Orders!]!
  last_order: Orders
}

type Query {
  orders(first: Int = 25, after: String): [Orders!]!
  ordersById(id: ID!): Orders
  customers(first: Int = 25, after: String): [Customers!]!
  customersById(id: ID!): Customers
}
`.replace('scalar DateTime\n\n', 'scalar DateTime\n'),
    );
  });
});

interface Validator {
  (value: unknown): boolean;
}
interface AjvConstructor {
  new (options: object): { compile: (schema: unknown) => Validator };
}
// Fastify brings it along.
const fastifyRequire = createRequire(require.resolve('@fastify/ajv-compiler', { paths: [require.resolve('fastify')] }));
const Ajv = (fastifyRequire('ajv/dist/2020') as { default: AjvConstructor }).default;
const validator = (body: SchemaBody): Validator =>
  new Ajv({ strict: true, allowUnionTypes: true, validateFormats: false }).compile(JSON.parse(textOf(body, 'json-schema')));

describe('export as JSON Schema', () => {
  test('is a valid draft 2020-12 schema for any body, with a list for each table', () => {
    fc.assert(
      fc.property(bodyArbitrary, (body) => {
        // Ajv leaves out a property of this name by design.
        fc.pre(body.tables.every(({ name }) => name !== '__proto__'));
        const accepts = validator(body);
        const lists = Object.fromEntries(body.tables.map(({ name }) => [name, []]));
        expect(accepts(lists)).toBe(true);
        expect(accepts({ ...lists, 'no such table': [] })).toBe(false);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  test('accepts a good row and refuses each kind of bad one', () => {
    const accepts = validator(sampleShop);
    const order = { customer_id: 1, status: 'paid', total: 12.5, paid: true, placed_at: '2026-01-01T00:00:00Z' };
    expect(accepts({ orders: [order], customers: [{ email: 'a@b.c', last_order_id: null }] })).toBe(true);
    const bad = [
      { ...order, status: 'lost' },
      { ...order, customer_id: null },
      { ...order, customer_id: 2 ** 40 },
      { ...order, extra: 1 },
      { ...order, paid: 'yes' },
      { ...order, total: 1e8 },
      { status: 'paid' },
    ];
    expect(bad.map((row) => accepts({ orders: [row] }))).toEqual(bad.map(() => false));
  });
});

describe('export as Prisma schema', () => {
  test('writes models with both sides of each relation, in the words of the provider', () => {
    const { text, warnings, fileName } = exportSchema({ name: 'Web shop', body: sampleShop, format: 'prisma', dialect: 'postgres' });
    expect(warnings).toEqual([]);
    expect(fileName).toBe('Web-shop.prisma');
    expect(text).toBe(`generator client {
  provider = "prisma-client-js"
}

datasource db {
  provider = "postgresql"
  // Prisma 6 and earlier also want: url = env("DATABASE_URL")
}

enum OrderStatus {
  draft
  paid
  can_t_ship @map("can't ship")
  @@map("order_status")
}

model Customers {
  id Int @id(map: "customers_pkey") @default(autoincrement())
  email String @unique(map: "customers_email_key") @db.VarChar(160)
  last_order_id Int?
  orders Orders[] @relation("Orders_customer")
  last_order Orders? @relation("Customers_last_order", fields: [last_order_id], references: [id], onDelete: SetNull, onUpdate: NoAction, map: "customers_last_order")
  @@map("customers")
}

/// The customer's orders
model Orders {
  id Int @id(map: "orders_pkey") @default(autoincrement())
  customer_id Int
  /// Where it stands; see \\docs
  status OrderStatus @default(draft)
  total Decimal @default(0) @db.Decimal(10, 2)
  paid Boolean @default(false)
  placed_at DateTime @default(now()) @db.Timestamptz
  customer Customers @relation("Orders_customer", fields: [customer_id], references: [id], onDelete: Cascade, onUpdate: NoAction, map: "orders_customer_id_fkey")
  customers Customers[] @relation("Customers_last_order")
  @@index([customer_id, placed_at], map: "orders_customer_idx")
  @@map("orders")
}
`);
  });

  test('writes fields that are unique in each model, whatever the names are', () => {
    fc.assert(
      fc.property(
        bodyArbitrary,
        fc.constantFrom('postgres' as const, 'mysql' as const, 'sqlite' as const, 'mssql' as const),
        (body, dialect) => {
          const { text } = exportSchema({ name: 'x', body, format: 'prisma', dialect });
          const models = text.split('\n\n').filter((block) => /^(?:\/\/\/ .*\n)*model /u.test(block));
          expect(models.length).toBeGreaterThanOrEqual(body.tables.length);
          for (const model of models) {
            const lines = model.split('\n').filter((line) => /^ {2}[^/@]/u.test(line));
            const names = lines.map((line) => /^ {2}([A-Za-z][A-Za-z0-9_]*) \S/u.exec(line)?.[1] ?? line);
            expect(names.filter((name) => name.startsWith(' '))).toEqual([]);
            expect(new Set(names).size).toBe(names.length);
          }
        },
      ),
      { numRuns: 80 },
    );
  }, 60_000);
});
