import { describe, expect, test } from '@jest/globals';
import { findChanges, writeMigration } from '../../../src/domains/databaseSchemas/diff/index.ts';
import type { SchemaBody, SchemaField, SchemaIndex, SchemaTable } from '../../../src/domains/databaseSchemas/model.ts';
import { timesLonger } from '../../support/effort.ts';

const field = (name: string, rest: Partial<SchemaField> = {}): SchemaField => ({ name, type: 'integer', required: false, ...rest });
const table = (name: string, fields: SchemaField[], indexes: SchemaIndex[] = [], rest: Partial<SchemaTable> = {}): SchemaTable => {
  return { id: `tbl_${name}`, name, fields, indexes, ...rest };
};
const bodyOf = (tables: SchemaTable[], rest: Partial<SchemaBody> = {}): SchemaBody => ({ tables, relationships: [], ...rest });
const primary: SchemaIndex = { name: 'pk', fields: ['id'], type: 'primary' };
const id = field('id', { required: true });
const users = table('users', [id], [primary]);
const orders = table('orders', [id, field('user_id')], [primary]);
const link = { id: 'r', fromTable: 'orders', fromField: 'user_id', toTable: 'users', toField: 'id', type: 'one-to-many' };
const linked = bodyOf([users, orders], { relationships: [link] });

/** One line for each change: kind, path, before → after, severity. */
function linesOf(base: SchemaBody, head: SchemaBody): string[] {
  return findChanges(base, head).map(({ kind, path, before, after, severity }) => `${kind} ${path}: ${before} → ${after} (${severity})`);
}

const oneField = (before: Partial<SchemaField>, after: Partial<SchemaField>): [SchemaBody, SchemaBody] => [
  bodyOf([table('t', [field('a', before)])]),
  bodyOf([table('t', [field('a', after)])]),
];
const oneIndex = (before: SchemaIndex[], after: SchemaIndex[], added: SchemaField[] = []): [SchemaBody, SchemaBody] => [
  bodyOf([table('t', [id], before)]),
  bodyOf([table('t', [id, ...added], after)]),
];
const oneEnum = (before: string[], after: string[]): [SchemaBody, SchemaBody] => [
  bodyOf([], { enums: [{ name: 'e', values: before }] }),
  bodyOf([], { enums: [{ name: 'e', values: after }] }),
];

const cases: [string, [SchemaBody, SchemaBody], string[]][] = [
  ['nothing', [linked, structuredClone(linked)], []],
  ['a new table', [bodyOf([]), bodyOf([users])], ['table-added tables.users: null → 1 field (safe)']],
  ['a table gone', [bodyOf([orders]), bodyOf([])], ['table-removed tables.orders: 2 fields → null (breaking)']],
  [
    'a table with another name and the same id, relationships following',
    [linked, bodyOf([{ ...users, name: 'people' }, orders], { relationships: [{ ...link, toTable: 'people' }] })],
    ['table-renamed tables.people: users → people (risky)'],
  ],
  [
    'a table with another name and another id',
    [bodyOf([users]), bodyOf([table('people', [id], [primary])])],
    ['table-removed tables.users: 1 field → null (breaking)', 'table-added tables.people: null → 1 field (safe)'],
  ],
  [
    'a name wins over an id',
    [
      bodyOf([users]),
      bodyOf([
        { ...users, id: 'new' },
        { ...orders, id: users.id },
      ]),
    ],
    ['table-added tables.orders: null → 2 fields (safe)'],
  ],
  [
    'a table described',
    [bodyOf([users]), bodyOf([{ ...users, description: 'People' }])],
    ['table-description-changed tables.users: null → People (safe)'],
  ],
  [
    'an optional field',
    [bodyOf([users]), bodyOf([table('users', [id, field('a')], [primary])])],
    ['field-added tables.users.fields.a: null → integer (safe)'],
  ],
  [
    'a required field without a default',
    [bodyOf([users]), bodyOf([table('users', [id, field('a', { required: true })], [primary])])],
    ['field-added tables.users.fields.a: null → integer required (breaking)'],
  ],
  [
    'a required field with a default',
    [bodyOf([users]), bodyOf([table('users', [id, field('a', { required: true, defaultValue: '0' })], [primary])])],
    ['field-added tables.users.fields.a: null → integer required default 0 (safe)'],
  ],
  [
    'a field gone',
    [bodyOf([orders]), bodyOf([table('orders', [id], [primary])])],
    ['field-removed tables.orders.fields.user_id: integer → null (breaking)'],
  ],
  ['a wider type', oneField({}, { type: 'bigint' }), ['field-type-changed tables.t.fields.a: integer → bigint (safe)']],
  ['another word for the same type', oneField({}, { type: 'INT' }), ['field-type-changed tables.t.fields.a: integer → INT (safe)']],
  ['a narrower type', oneField({}, { type: 'smallint' }), ['field-type-changed tables.t.fields.a: integer → smallint (breaking)']],
  ['required', oneField({}, { required: true }), ['field-nullability-changed tables.t.fields.a: optional → required (breaking)']],
  ['optional', oneField({ required: true }, {}), ['field-nullability-changed tables.t.fields.a: required → optional (risky)']],
  ['a default', oneField({}, { defaultValue: '1' }), ['field-default-changed tables.t.fields.a: null → 1 (risky)']],
  [
    'a default gone from a required field',
    oneField({ required: true, defaultValue: '1' }, { required: true }),
    ['field-default-changed tables.t.fields.a: 1 → null (breaking)'],
  ],
  ['unique', oneField({}, { unique: true }), ['field-uniqueness-changed tables.t.fields.a: not unique → unique (breaking)']],
  ['not unique', oneField({ unique: true }, {}), ['field-uniqueness-changed tables.t.fields.a: unique → not unique (risky)']],
  [
    'numbered',
    oneField({}, { autoIncrement: true }),
    ['field-auto-increment-changed tables.t.fields.a: not numbered → auto-increment (risky)'],
  ],
  ['a field described', oneField({}, { description: 'x' }), ['field-description-changed tables.t.fields.a: null → x (safe)']],
  [
    'fields in another order',
    [bodyOf([orders]), bodyOf([table('orders', orders.fields.toReversed(), [primary])])],
    ['field-order-changed tables.orders.fields: id, user_id → user_id, id (risky)'],
  ],
  [
    'an index',
    oneIndex([], [{ name: 'i', fields: ['id'], type: 'btree' }]),
    ['index-added tables.t.indexes.i: null → i btree (id) (safe)'],
  ],
  [
    'a unique key on rows that are there',
    oneIndex([], [{ name: 'i', fields: ['id'], type: 'unique' }]),
    ['index-added tables.t.indexes.i: null → i unique (id) (breaking)'],
  ],
  [
    'a unique key on a field that is still empty',
    oneIndex([], [{ name: 'i', fields: ['a'], type: 'unique' }], [field('a')]),
    ['field-added tables.t.fields.a: null → integer (safe)', 'index-added tables.t.indexes.i: null → i unique (a) (safe)'],
  ],
  [
    'a primary key on a field that is still empty',
    oneIndex([], [{ name: 'i', fields: ['a'], type: 'primary' }], [field('a')]),
    ['field-added tables.t.fields.a: null → integer (safe)', 'index-added tables.t.indexes.i: null → i primary (a) (breaking)'],
  ],
  ['a key gone', oneIndex([primary], []), ['index-removed tables.t.indexes.pk: pk primary (id) → null (risky)']],
  [
    'an index with another name',
    oneIndex([{ name: 'i', fields: ['id'], type: 'unique' }], [{ name: 'j', fields: ['id'], type: 'unique' }]),
    ['index-changed tables.t.indexes.j: i unique (id) → j unique (id) (safe)'],
  ],
  [
    'an index that becomes a key',
    oneIndex([{ name: 'i', fields: ['id'], type: 'btree' }], [{ name: 'i', fields: ['id'], type: 'unique' }]),
    ['index-changed tables.t.indexes.i: i btree (id) → i unique (id) (breaking)'],
  ],
  [
    'a relationship',
    [bodyOf([users, orders]), linked],
    ['relationship-added relationships.r: null → orders (user_id) → users (id), one-to-many (breaking)'],
  ],
  [
    'a relationship of a new table',
    [bodyOf([users]), linked],
    [
      'table-added tables.orders: null → 2 fields (safe)',
      'relationship-added relationships.r: null → orders (user_id) → users (id), one-to-many (safe)',
    ],
  ],
  [
    'a relationship gone',
    [linked, bodyOf([users, orders])],
    ['relationship-removed relationships.r: orders (user_id) → users (id), one-to-many → null (risky)'],
  ],
  [
    'another action',
    [linked, { ...linked, relationships: [{ ...link, onDelete: 'cascade' }] }],
    [
      'relationship-changed relationships.r: orders (user_id) → users (id), one-to-many → orders (user_id) → users (id), one-to-many, on delete cascade (risky)',
    ],
  ],
  [
    'other fields under the same id',
    [linked, { ...linked, relationships: [{ ...link, fromField: 'id' }] }],
    ['relationship-changed relationships.r: orders (user_id) → users (id), one-to-many → orders (id) → users (id), one-to-many (breaking)'],
  ],
  ['an enum', [bodyOf([]), oneEnum([], ['a', 'b'])[1]], ['enum-added enums.e: null → a, b (safe)']],
  ['an enum gone', [oneEnum(['a'], [])[0], bodyOf([])], ['enum-removed enums.e: a → null (risky)']],
  ['a value', oneEnum(['a'], ['a', 'b']), ['enum-value-added enums.e: null → b (safe)']],
  ['a value gone', oneEnum(['a', 'b'], ['b']), ['enum-value-removed enums.e: a → null (breaking)']],
  ['values in another order', oneEnum(['a', 'b'], ['b', 'a']), ['enum-order-changed enums.e: a, b → b, a (risky)']],
];

test.each(cases)('%s', (_, [base, head], lines) => {
  expect(linesOf(base, head)).toEqual(lines);
});

describe('types', () => {
  const severities: [string, string, string][] = [
    ['varchar(20)', 'varchar(40)', 'safe'],
    ['varchar(40)', 'varchar(20)', 'breaking'],
    ['varchar(20)', 'text', 'safe'],
    ['text', 'varchar(20)', 'breaking'],
    ['numeric(10,2)', 'numeric(12,2)', 'safe'],
    ['numeric(10,2)', 'numeric(10,4)', 'breaking'],
    ['numeric(10,2)', 'numeric', 'safe'],
    ['INT UNSIGNED', 'bigint', 'safe'],
    ['int', 'INT UNSIGNED', 'breaking'],
    ['integer', 'numeric(10)', 'risky'],
    ['integer', 'numeric(5)', 'breaking'],
    ['real', 'double precision', 'safe'],
    ['double precision', 'real', 'breaking'],
    ['timestamp', 'timestamptz', 'risky'],
    ['timestamp(6)', 'timestamp(3)', 'breaking'],
    ['integer', 'text', 'risky'],
    ['text', 'uuid', 'breaking'],
    ["ENUM('a')", "ENUM('a','b')", 'safe'],
    ["ENUM('a','b')", "ENUM('a')", 'breaking'],
    ['integer[]', 'bigint[]', 'safe'],
    ['json', 'jsonb', 'risky'],
    ['inet', 'cidr', 'breaking'],
  ];
  test.each(severities)('%s → %s is %s', (before, after, severity) => {
    expect(findChanges(...oneField({ type: before }, { type: after })).map((change) => change.severity)).toEqual([severity]);
  });
});

test('equal schemas need no SQL', () => {
  for (const dialect of ['postgres', 'mysql', 'sqlite'] as const) {
    expect(writeMigration({ base: linked, head: structuredClone(linked) }, dialect)).toEqual({
      forwardSql: '',
      backwardSql: '',
      warnings: [],
    });
  }
});

describe('large schemas', () => {
  /** Tables in a chain of references, each with a change in the head. */
  function large(count: number, type: string): SchemaBody {
    const tables = Array.from({ length: count }, (_, number) => table(`table_${number}`, [id, field('next', { type })], [primary]));
    const relationships = tables.slice(1).map(({ name }, number) => ({
      ...link,
      id: name,
      fromTable: name,
      fromField: 'id',
      toTable: `table_${number}`,
    }));
    return { tables, relationships };
  }

  test.each(['postgres', 'mysql', 'sqlite'] as const)('1,000 tables in %s take ten times as long as 100', (dialect) => {
    const [few, many] = [100, 1000].map((count) => ({ base: large(count, 'integer'), head: large(count, 'bigint') }));
    const diff = (bodies: { base: SchemaBody; head: SchemaBody }) => [
      findChanges(bodies.base, bodies.head),
      writeMigration(bodies, dialect),
    ];
    expect(diff(many!)).toEqual(diff(structuredClone(many!)));
    // A comparison of every table with every other took 100 times as long.
    expect(
      timesLonger(
        () => diff(many!),
        () => diff(few!),
        3,
      ),
    ).toBeLessThan(40);
  });
});
