import { PGlite } from '@electric-sql/pglite';
import { describe, expect, test } from '@jest/globals';
import { importSql } from '../../../src/domains/databaseSchemas/import/index.ts';
import { fields, indexes, links, sample, succeed, tableOf } from './support.ts';

const read = async (source: string) => succeed(await importSql({ source, dialect: 'postgres' }));

describe('a hand-written shop', () => {
  test('columns keep type, nullability, uniqueness, numbering and default', async () => {
    const { body } = await read(sample('shop.postgres.sql'));
    expect(fields(tableOf(body, 'orders'))).toEqual([
      'id | bigint | required | unique | auto',
      'customer_id | integer | required',
      "status | order_status | required | = 'new'::order_status",
      'moods | Mood[]',
      'total | numeric(10,2) | = (1 + 2) * 3',
      'placed_at | timestamp(3) with time zone | = now()',
      'note | text',
      'parent_id | bigint',
    ]);
    expect(fields(tableOf(body, 'customers'))).toEqual([
      'id | serial | required | unique | auto',
      "Full Name | character varying(160) | required | unique | = 'x, y)'::character varying",
      'email | text | required | unique',
      "tags | text[] | required | = '{}'",
      'country | char(2)',
      'vat | varchar(20)',
    ]);
    expect(fields(tableOf(body, 'customer_profiles'))).toEqual([
      'customer_id | int | required | unique',
      "biography | text | required | = 'hello, ' || 'you'",
      "avatar | varchar(200) | required | = 'none'",
    ]);
  });

  test('keys become indexes with the names that PostgreSQL gives them', async () => {
    const { body } = await read(sample('shop.postgres.sql'));
    expect(indexes(tableOf(body, 'customers'))).toEqual([
      'customers_email_key unique (email)',
      'customers_name unique (Full Name)',
      'customers_pkey primary (id)',
      'customers_vat unique (country,vat)',
    ]);
    expect(indexes(tableOf(body, 'products'))).toEqual([
      'products_data gin (data)',
      'products_größe_idx btree (größe)',
      'products_pkey primary (vendor,sku)',
    ]);
    expect(indexes(tableOf(body, 'orders'))).toEqual(['orders_hash hash (customer_id)', 'orders_pkey primary (id)']);
  });

  test('foreign keys of all places become relationships', async () => {
    const { body } = await read(sample('shop.postgres.sql'));
    expect(links(body)).toEqual([
      'customer_profiles(customer_id) > customers(id) one-to-one set-default/-',
      'order_lines(order_id) > orders(id) one-to-many -/-',
      'order_lines(vendor,sku) > products(vendor,sku) one-to-many restrict/-',
      'orders(customer_id) > customers(id) one-to-many cascade/-',
      'orders(parent_id) > orders(id) one-to-many set-null/cascade',
    ]);
    const byName = body.relationships.filter(({ name }) => name != null).map(({ id, name }) => [id, name]);
    expect(byName).toEqual([
      ['rel_orders_parent_id', 'orders_parent'],
      ['rel_orders_customer_id', 'orders_customer'],
    ]);
  });

  test('enums, comments and ids', async () => {
    const { body, warnings } = await read(sample('shop.postgres.sql'));
    expect(body.enums).toEqual([
      { name: 'order_status', values: ['new', 'paid', 'shipped', "it's late"] },
      { name: 'Mood', values: ['good'] },
    ]);
    expect(tableOf(body, 'customers').description).toBe('People who buy');
    expect(tableOf(body, 'customers').fields.find(({ name }) => name === 'email')?.description).toBe("It's where we write to");
    expect(body.tables.map(({ id }) => id)).toEqual([
      'tbl_orders',
      'tbl_customers',
      'tbl_products',
      'tbl_order_lines',
      'tbl_customer_profiles',
    ]);
    expect(warnings).toEqual([]);
  });

  test('columns, keys and foreign keys are those that PostgreSQL itself makes of the script', async () => {
    const script = sample('shop.postgres.sql');
    const database = await PGlite.create();
    await database.exec(script);
    const { body } = await read(script);
    const columns = await database.query<{ line: string }>(
      `SELECT table_name || '.' || column_name || ' ' || is_nullable AS line FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1`,
    );
    const ours = body.tables.flatMap((table) =>
      table.fields.map((field) => `${table.name}.${field.name} ${field.required ? 'NO' : 'YES'}`),
    );
    expect(ours.sort()).toEqual(columns.rows.map(({ line }) => line).sort());
    const keys = await database.query<{ line: string }>(
      `SELECT t.relname || ' ' || i.relname || ' ' || CASE WHEN x.indisprimary THEN 'primary' WHEN x.indisunique THEN 'unique' ELSE m.amname END
         || ' (' || array_to_string(ARRAY(SELECT a.attname FROM unnest(x.indkey) WITH ORDINALITY k (n, o) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.n ORDER BY o), ',') || ')' AS line
       FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid JOIN pg_am m ON m.oid = i.relam
       JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public'`,
    );
    // PostgreSQL keeps an index's name when its table is renamed; ours is made of the last name.
    const inDatabase = keys.rows.map(({ line }) => line.replace(' profiles_pkey ', ' customer_profiles_pkey ')).sort();
    expect(body.tables.flatMap((table) => indexes(table).map((line) => `${table.name} ${line}`)).sort()).toEqual(inDatabase);
    const foreign = await database.query<{ count: number }>(`SELECT count(*)::int AS count FROM pg_constraint WHERE contype = 'f'`);
    expect(body.relationships).toHaveLength(foreign.rows[0]!.count);
    await database.close();
  }, 60_000);
});

describe('a dump of pg_dump', () => {
  test('structure comes over, partitions and what functions and data say do not', async () => {
    const { body } = await read(sample('clinic-dump.postgres.sql'));
    expect(body.tables.map(({ name }) => name)).toEqual(['patients', 'visits', 'emergencies']);
    expect(fields(tableOf(body, 'patients'))).toEqual([
      'id | integer | required | unique | auto',
      'name | text | required',
      'rating | score',
      'initials | text',
    ]);
    expect(fields(tableOf(body, 'emergencies')).at(-1)).toBe('cause | text');
    expect(links(body)).toEqual(['visits(patient_id) > patients(id) one-to-many -/-']);
    expect(indexes(tableOf(body, 'visits'))).toEqual(['visits_day btree (on_day)', 'visits_room btree (room)']);
  });

  test('everything dropped is named with its place', async () => {
    const source = sample('clinic-dump.postgres.sql');
    const { warnings } = await read(source);
    const lines = source.split('\n');
    const at = Object.fromEntries(
      warnings.map(({ code, construct, line, column }) => [`${code}: ${construct}`, lines[line! - 1]!.slice(column! - 1)]),
    );
    const begins: Record<string, string> = {
      'CLIENT_COMMAND: \\restrict': '\\restrict',
      'CLIENT_COMMAND: \\unrestrict': '\\unrestrict',
      'SESSION_STATEMENT: Session statement': 'SET statement_timeout',
      'DATA: Data': 'SELECT pg_catalog',
      'OTHER_STATEMENT: CREATE EXTENSION': 'CREATE EXTENSION',
      'DOMAIN: Domain': 'CREATE DOMAIN',
      'FUNCTION: Function or procedure': 'CREATE FUNCTION',
      'COLLATION: Collation': 'COLLATE',
      'GENERATED_COLUMN: Generated column': 'GENERATED',
      'CHECK_CONSTRAINT: CHECK constraint': 'CONSTRAINT patients_name',
      'OWNER: OWNER TO': 'ALTER DOMAIN',
      'SEQUENCE: Sequence': 'CREATE SEQUENCE',
      'SCHEMA_QUALIFIER: Schema qualifier': 'clinic.visits (',
      'PARTITION: Partitioning': 'clinic.visits (',
      'PARTITION: PARTITION OF': 'ATTACH PARTITION',
      'INHERITANCE: INHERITS': 'public.patients)',
      'DATA: COPY': 'COPY',
      'EXPRESSION_INDEX: Expression index': 'CREATE UNIQUE INDEX patients_lower',
      'PARTIAL_INDEX: Partial index': 'CREATE UNIQUE INDEX visits_room',
      'INDEX_OPTION: Index option': 'CREATE INDEX visits_day',
      'DEFERRABLE: DEFERRABLE': 'CONSTRAINT visits_patient',
      'UNKNOWN_FOREIGN_KEY_TARGET: FOREIGN KEY': 'CONSTRAINT visits_room',
      'EXCLUSION_CONSTRAINT: EXCLUDE constraint': 'CONSTRAINT no_overlap',
      'TRIGGER: Trigger': 'CREATE TRIGGER',
      'VIEW: View': 'CREATE VIEW',
      'ALTER_TABLE_ACTION: ALTER TABLE action': 'ENABLE ROW',
      'ACCESS_CONTROL: Access control': 'CREATE POLICY',
      'COMMENT_ON_OBJECT: COMMENT ON': 'COMMENT ON VIEW',
      'DATA: INSERT': 'INSERT',
      'DO_BLOCK: DO': 'DO $$',
    };
    expect(Object.keys(at).sort()).toEqual(Object.keys(begins).sort());
    for (const [key, start] of Object.entries(begins)) expect(at[key]?.slice(0, start.length)).toBe(start);
    expect(warnings.find(({ construct }) => construct === 'COPY')?.message).toContain('2 rows');
  });
});

test.each([
  ['two tables of one name', 'CREATE TABLE t (a int);\nCREATE TABLE t (b int)', 2, 14, /"t" is created twice/],
  ['one name in two schemas', 'CREATE TABLE a.t (a int);\nCREATE TABLE b.t (b int)', 2, 14, /"a\.t" and "b\.t"/],
  ['two columns of one name', 'CREATE TABLE t (a int, a text)', 1, 24, /two columns named "a"/],
  ['two primary keys', 'CREATE TABLE t (a int PRIMARY KEY, b int PRIMARY KEY)', 1, 42, /two primary keys/],
])('%s is refused', async (_, source, line, column, message) => {
  expect(await importSql({ source, dialect: 'postgres' })).toEqual({ ok: false, message: expect.stringMatching(message), line, column });
});

test.each([
  ['IF NOT EXISTS of a known table', 'CREATE TABLE t (a int); CREATE TABLE IF NOT EXISTS t (b int)', 'DUPLICATE_TABLE'],
  ['a key of an unknown column', 'CREATE TABLE t (a int, UNIQUE (b))', 'UNKNOWN_COLUMN'],
  ['a foreign key to an unknown column', 'CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t (c))', 'UNKNOWN_FOREIGN_KEY_TARGET'],
  [
    'a foreign key to a table without primary key',
    'CREATE TABLE t (a int); CREATE TABLE u (b int REFERENCES t)',
    'UNKNOWN_FOREIGN_KEY_TARGET',
  ],
  [
    'a foreign key of too few columns',
    'CREATE TABLE t (a int, b int, PRIMARY KEY (a, b)); CREATE TABLE u (b int REFERENCES t)',
    'UNKNOWN_FOREIGN_KEY_TARGET',
  ],
  [
    'a foreign key said twice',
    'CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t, FOREIGN KEY (b) REFERENCES t (a))',
    'DUPLICATE_FOREIGN_KEY',
  ],
  ['a change of an unknown table', 'CREATE TABLE t (a int); ALTER TABLE u ADD b int', 'UNKNOWN_TABLE'],
  ['a change of an unknown column', 'CREATE TABLE t (a int); ALTER TABLE t ALTER b SET NOT NULL', 'UNKNOWN_COLUMN'],
  ['a temporary table', 'CREATE TABLE t (a int); CREATE TEMP TABLE u (b int); COMMENT ON TABLE u IS $$x$$', 'TEMPORARY_TABLE'],
  ['MATCH FULL', 'CREATE TABLE t (a int PRIMARY KEY REFERENCES t MATCH FULL)', 'FOREIGN_KEY_OPTION'],
  ['table options', 'CREATE UNLOGGED TABLE t (a int) WITH (fillfactor = 70) TABLESPACE fast', 'TABLE_OPTION'],
])('%s leaves one warning', async (_, source, code) => {
  expect((await read(source)).warnings.map((warning) => warning.code)).toEqual([code]);
});

test('ids stay unique where names meet', async () => {
  const { body } = await read(
    'CREATE TABLE "a b" (x int primary key); CREATE TABLE a_b (x int REFERENCES "a b", FOREIGN KEY (x) REFERENCES a_b (x))',
  );
  expect(body.tables.map(({ id }) => id)).toEqual(['tbl_a_b', 'tbl_a_b_2']);
  expect(body.relationships.map(({ id }) => id)).toEqual(['rel_a_b_x', 'rel_a_b_x_2']);
});
