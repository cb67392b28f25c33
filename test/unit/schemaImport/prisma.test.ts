import { describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import { exportSchema } from '../../../src/domains/databaseSchemas/export/index.ts';
import { importDesign } from '../../../src/domains/databaseSchemas/import/index.ts';
import type { SchemaBody, SqlDialect } from '../../../src/domains/databaseSchemas/model.ts';
import { runsOr } from '../../support/randomRuns.ts';
import { plainBodyArbitrary, sampleShop } from '../schemaExport/bodies.ts';
import { fields, links, succeed, tableOf } from './support.ts';

const read = async (source: string) => importDesign({ source, language: 'prisma' });
const bodyOf = async (source: string): Promise<SchemaBody> => succeed(await read(source)).body;
const write = (body: SchemaBody, dialect: SqlDialect = 'postgres'): string =>
  exportSchema({ name: 'x', body, format: 'prisma', dialect }).text;

const blog = `generator client {
  provider = "prisma-client-js"
}
datasource db {
  provider = "postgresql"
}
/// Who writes
model User {
  id Int @id @default(autoincrement())
  email String @unique(map: "users_mail") @db.VarChar(160)
  /// May do
  role Role @default(USER)
  big BigInt @default(9007199254740993)
  tags String[] @default([])
  key String @default(uuid()) @db.Uuid
  short String @default(cuid())
  shape Unsupported("circle")?
  posts Post[]
  labels Label[]
  @@map("users")
}
enum Role {
  USER @map("user")
  ADMIN
  @@map("role")
}
model Post {
  blogId Int
  number Int @db.SmallInt
  authorId Int?
  author User? @relation(fields: [authorId], references: [id])
  editorId Int @map("editor")
  title String @default("it's")
  changed DateTime @updatedAt @db.Timestamptz(6)
  price Decimal @db.Decimal(10, 2)
  @@id([blogId, number])
  @@index([title(sort: Desc), authorId], map: "by_title")
  @@index([changed], type: Brin)
  @@ignore
}
model Label {
  id Int @id
  users User[]
}
view Totals {
  id Int
}
`;

describe('Prisma', () => {
  test('becomes tables, keys, enums and relationships', async () => {
    const body = await bodyOf(blog);
    expect(fields(tableOf(body, 'users'))).toMatchInlineSnapshot(`
      [
        "id | integer | required | unique | auto",
        "email | varchar(160) | required | unique",
        "role | role | required | = 'user'",
        "big | bigint | required | = 9007199254740993",
        "tags | text[] | = '{}'",
        "key | uuid | required | = gen_random_uuid()",
        "short | text | required",
        "shape | circle",
      ]
    `);
    expect(tableOf(body, 'users').fields.map(({ defaultValue }) => defaultValue ?? null)).toEqual([
      null,
      null,
      "'user'",
      '9007199254740993',
      "'{}'",
      'gen_random_uuid()',
      null,
      null,
    ]);
    expect(tableOf(body, 'users').description).toBe('Who writes');
    expect(tableOf(body, 'users').fields[2]?.description).toBe('May do');
    expect(fields(tableOf(body, 'Post')).map((line) => line.split(' | ').slice(0, 2).join(' '))).toEqual([
      'blogId integer',
      'number smallint',
      'authorId integer',
      'editor integer',
      'title text',
      'changed timestamp(6) with time zone',
      'price numeric(10,2)',
    ]);
    expect(tableOf(body, 'Post').indexes).toEqual([
      { name: 'Post_pkey', fields: ['blogId', 'number'], type: 'primary' },
      { name: 'by_title', fields: ['title', 'authorId'], type: 'btree' },
      { name: 'Post_changed_idx', fields: ['changed'], type: 'brin' },
    ]);
    expect(tableOf(body, 'users').indexes[1]).toEqual({ name: 'users_mail', fields: ['email'], type: 'unique' });
    expect(body.enums).toEqual([{ name: 'role', values: ['user', 'ADMIN'] }]);
    expect(links(body)).toEqual(['Post(authorId) > users(id) one-to-many set-null/cascade', 'users(id) > Label(id) many-to-many -/-']);
  });

  test('names what is dropped, with its place', async () => {
    const { warnings } = succeed(await read(blog));
    expect(warnings.map(({ code, construct, line }) => `${code} ${construct} ${line}`)).toEqual([
      'CLIENT_DEFAULT Default 15',
      'PRISMA_ONLY Default 16',
      'PRISMA_ONLY @updatedAt 34',
      'PRISMA_ONLY Order 37',
      'PRISMA_ONLY @@ignore 39',
      'PRISMA_ONLY view 45',
    ]);
  });

  test.each([
    ['model A {\n  id Int @\n}', 2, 11],
    ['model A {\n  id Int @id\n  b Bee\n}', 3, 3],
    ['model A {\n  id Int\n}\nmodel A {\n  id Int\n}', 4, 1],
    ['datasource db {\n  provider = "mongodb"\n}', 2, 3],
    ['', 1, 1],
    ['enum A {\n  B\n}', 1, 1],
    [`model A {\n  id Int @default(${'['.repeat(3_000)})\n}`, 1, 1],
  ])('refuses %j at its place', async (source, line, column) => {
    expect(await read(source)).toMatchObject({ ok: false, line, column, message: expect.stringMatching(/\.$/u) });
  });

  test.each(['postgres', 'mysql', 'sqlite', 'mssql'] as const)('what was exported for %s comes back', async (dialect) => {
    const text = write(sampleShop, dialect);
    const shop = await bodyOf(text);
    expect(shop.tables.map((table) => [table.name, table.fields.map(({ name, required }) => [name, required])])).toEqual(
      sampleShop.tables.toReversed().map((table) => [table.name, table.fields.map(({ name, required }) => [name, required])]),
    );
    expect(shop.relationships).toHaveLength(2);
    // Of tables that refer to each other, the first is written last.
    const lines = (prisma: string): string[] => prisma.split('\n').sort();
    expect(lines(write(shop, dialect))).toEqual(lines(text));
  });

  test('any body comes back with its tables, fields, keys and relationships', async () => {
    await fc.assert(
      fc.asyncProperty(plainBodyArbitrary, async (body) => {
        const { warnings, text } = exportSchema({ name: 'x', body, format: 'prisma', dialect: 'postgres' });
        const back = await bodyOf(text);
        const facts = ({ tables }: SchemaBody) =>
          tables
            .map((table) => {
              const primary = table.indexes.find(({ type }) => type === 'primary')?.fields ?? [];
              return [table.name, table.fields.map(({ name, required }) => [name, required || primary.includes(name)]), primary];
            })
            .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
        expect(facts(back)).toEqual(facts(body));
        if (warnings.length > 0) return;
        const ends = (one: SchemaBody) => links(one).map((link) => link.replace(/ one-to-.*/u, ''));
        expect(ends(back)).toEqual([...new Set(ends(body))]);
      }),
      { numRuns: runsOr(60) },
    );
  }, 60_000);
});
