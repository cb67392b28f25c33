/** Every rule of the linter fires on a minimal bad example and is silent on the corrected one. */
import { describe, expect, test } from '@jest/globals';
import type { SchemaBody, SchemaField, SchemaIndex, SchemaRelationship, SchemaTable } from '../../src/domains/databaseSchemas/model.ts';
import { findProblems, problemRules } from '../../src/domains/databaseSchemas/problems.ts';
import { timesLonger } from '../support/effort.ts';

const field = (name: string, type = 'integer', rest: Partial<SchemaField> = {}): SchemaField => ({ name, type, required: true, ...rest });
const index = (name: string, fields: string[], type = 'btree'): SchemaIndex => ({ name, fields, type });
const primary = (...fields: string[]): SchemaIndex => index('pk', fields, 'primary');
const table = (name: string, fields: SchemaField[], indexes: SchemaIndex[] = []): SchemaTable => ({ id: name, name, fields, indexes });
const body = (tables: SchemaTable[], relationships: SchemaRelationship[] = [], rest: Partial<SchemaBody> = {}): SchemaBody => ({
  tables,
  relationships,
  ...rest,
});

/** `link('orders.customer_id', 'customers.id')` */
function link(from: string, to: string, rest: Partial<SchemaRelationship> = {}): SchemaRelationship {
  const [fromTable = '', fromField = ''] = from.split('.');
  const [toTable = '', toField = ''] = to.split('.');
  return { id: `${from}>${to}`, fromTable, fromField, toTable, toField, type: 'one-to-many', ...rest };
}

const customers = table('customers', [field('id')], [primary('id')]);
const orders = (
  customerId: SchemaField = field('customer_id'),
  indexes: SchemaIndex[] = [index('by_customer', ['customer_id'])],
): SchemaTable => table('orders', [field('id'), customerId], [primary('id'), ...indexes]);
const shop = (customerId?: SchemaField, indexes?: SchemaIndex[], rest: Partial<SchemaRelationship> = {}): SchemaBody =>
  body([customers, orders(customerId, indexes)], [link('orders.customer_id', 'customers.id', rest)]);
const one = (...fields: SchemaField[]): SchemaBody => body([table('things', fields, [primary(fields[0]!.name)])]);
const indexed = (...indexes: SchemaIndex[]): SchemaBody =>
  body([table('things', [field('id'), field('a'), field('b')], [primary('id'), ...indexes])]);

/** A circle of two tables; `optional` breaks it. */
const circle = (optional: boolean): SchemaBody =>
  body(
    [
      table('as', [field('id'), field('b_id')], [primary('id'), index('x', ['b_id'])]),
      table('bs', [field('id'), field('a_id', 'integer', { required: !optional })], [primary('id'), index('y', ['a_id'])]),
    ],
    [link('as.b_id', 'bs.id'), link('bs.a_id', 'as.id')],
  );

interface Case {
  bad: SchemaBody;
  good: SchemaBody;
  /** Paths of the findings on the bad body. */
  paths: string[];
}

const cases: Record<string, Case> = {
  'missing-primary-key': { bad: body([table('things', [field('id')])]), good: one(field('id')), paths: ['tables.things'] },
  'nullable-primary-key': {
    bad: one(field('id', 'integer', { required: false })),
    good: one(field('id')),
    paths: ['tables.things.fields.id'],
  },
  'foreign-key-type-mismatch': { bad: shop(field('customer_id', 'uuid')), good: shop(), paths: ['tables.orders.fields.customer_id'] },
  'foreign-key-size-differs': {
    bad: shop(field('customer_id', 'bigint')),
    good: shop(field('customer_id', 'INT(11)')),
    paths: ['tables.orders.fields.customer_id'],
  },
  'foreign-key-not-indexed': {
    bad: shop(undefined, []),
    good: shop(undefined, [index('i', ['customer_id', 'id'])]),
    paths: ['tables.orders.fields.customer_id'],
  },
  'foreign-key-target-not-unique': {
    bad: body(
      [table('customers', [field('id'), field('code')], [primary('id')]), orders()],
      [link('orders.customer_id', 'customers.code')],
    ),
    good: body(
      [table('customers', [field('id'), field('code', 'integer', { unique: true })], [primary('id')]), orders()],
      [link('orders.customer_id', 'customers.code')],
    ),
    paths: ['tables.orders.fields.customer_id'],
  },
  'set-null-on-required-field': {
    bad: shop(undefined, undefined, { onDelete: 'set-null' }),
    good: shop(field('customer_id', 'integer', { required: false }), undefined, { onDelete: 'set-null' }),
    paths: ['tables.orders.fields.customer_id'],
  },
  'circular-required-foreign-keys': { bad: circle(false), good: circle(true), paths: ['tables.as.fields.b_id', 'tables.bs.fields.a_id'] },
  'duplicate-index': {
    bad: indexed(index('i', ['a', 'b']), index('j', ['a', 'b'])),
    good: indexed(index('i', ['a', 'b']), index('j', ['b', 'a'])),
    paths: ['tables.things.indexes.j'],
  },
  'redundant-prefix-index': {
    bad: indexed(index('i', ['a']), index('j', ['a', 'b'])),
    good: indexed(index('i', ['b']), index('j', ['a', 'b'])),
    paths: ['tables.things.indexes.i'],
  },
  'duplicate-relationship': {
    bad: body(
      [customers, orders()],
      [link('orders.customer_id', 'customers.id'), link('orders.customer_id', 'customers.id', { id: 'again' })],
    ),
    good: shop(),
    paths: ['relationships.again'],
  },
  'nullable-unique': {
    bad: one(field('id'), field('email', 'text', { unique: true, required: false })),
    good: one(field('id'), field('email', 'text', { unique: true })),
    paths: ['tables.things.fields.email'],
  },
  'broken-relationship': {
    bad: body([orders()], [link('orders.customer_id', 'customers.id')]),
    good: shop(),
    paths: ['relationships.orders.customer_id>customers.id'],
  },
  'many-to-many-without-table': {
    bad: body([customers, orders()], [link('orders.id', 'customers.id', { type: 'many-to-many' })]),
    good: shop(),
    paths: ['relationships.orders.id>customers.id'],
  },
  'isolated-table': {
    bad: body([customers, orders(), table('logs', [field('id')], [primary('id')])], [link('orders.customer_id', 'customers.id')]),
    good: shop(),
    paths: ['tables.logs'],
  },
  'empty-table': { bad: body([table('things', [])]), good: one(field('id')), paths: ['tables.things'] },
  'wide-table': {
    bad: one(...Array.from({ length: 51 }, (_, position) => field(`f${position}`))),
    good: one(...Array.from({ length: 50 }, (_, position) => field(`f${position}`))),
    paths: ['tables.things'],
  },
  'float-for-money': {
    bad: one(field('unitPrice', 'double precision'), field('order_totals', 'real'), field('weight', 'real')),
    good: one(field('unitPrice', 'NUMERIC(10,2)'), field('discounted', 'real')),
    paths: ['tables.things.fields.order_totals', 'tables.things.fields.unitPrice'],
  },
  'varchar-without-length': {
    bad: one(field('id'), field('name', 'varchar')),
    good: one(field('id'), field('name', 'varchar(20)')),
    paths: ['tables.things.fields.name'],
  },
  'timestamp-without-time-zone': {
    bad: one(field('id'), field('at', 'DATETIME')),
    good: one(field('id'), field('at', 'timestamptz')),
    paths: ['tables.things.fields.at'],
  },
  'unknown-type': {
    bad: one(field('id'), field('state', 'order_state')),
    good: { ...one(field('id'), field('state', 'order_state')), enums: [{ name: 'order_state', values: ['a'] }] },
    paths: ['tables.things.fields.state'],
  },
  'unusable-default': {
    bad: one(field('id', 'integer', { defaultValue: '0; DROP TABLE things' }), field('n', 'integer', { defaultValue: "'x'" })),
    good: one(field('id'), field('n', 'integer', { defaultValue: '((0))' })),
    paths: ['tables.things.fields.id', 'tables.things.fields.n'],
  },
  'auto-increment-type': {
    bad: one(field('id', 'uuid', { autoIncrement: true })),
    good: one(field('id', 'bigint', { autoIncrement: true })),
    paths: ['tables.things.fields.id'],
  },
  'unused-enum': {
    bad: { ...one(field('id')), enums: [{ name: 'state', values: ['a'] }] },
    good: { ...one(field('id'), field('s', 'state[]')), enums: [{ name: 'state', values: ['a'] }] },
    paths: ['enums.state'],
  },
  'reserved-word': {
    bad: body([table('order', [field('id'), field('rank')], [primary('id')])]),
    good: one(field('id'), field('ranking')),
    paths: ['tables.order', 'tables.order.fields.rank'],
  },
  'mixed-naming-styles': {
    bad: one(field('first_name'), field('last_name'), field('birthDate'), field('id')),
    good: one(field('first_name'), field('last_name'), field('birth_date'), field('id')),
    paths: ['tables.things.fields.birthDate'],
  },
  'mixed-plural-and-singular': {
    bad: body([customers, orders(), table('order_status', [field('id')]), table('address', [field('id')])]),
    good: body([customers, orders(), table('addresses', [field('id')]), table('people', [field('id')]), table('metadata', [field('id')])]),
    paths: ['tables.address'],
  },
  'case-only-difference': {
    bad: body([table('users', [field('id'), field('ID')], [primary('id')]), table('Users', [field('id')], [primary('id')])]),
    good: body([table('users', [field('id'), field('id2')], [primary('id')])]),
    paths: ['tables.Users', 'tables.users.fields.ID'],
  },
  'long-identifier': {
    bad: one(field('é'.repeat(32))),
    good: one(field('e'.repeat(63))),
    paths: [`tables.things.fields.${'é'.repeat(32)}`],
  },
  'special-characters-in-name': {
    bad: one(field('first name')),
    good: one(field('first_näme')),
    paths: ['tables.things.fields.first name'],
  },
};

describe('every rule', () => {
  test('has a case here, a name of its own and a description', () => {
    expect(problemRules.map(({ name }) => name).sort()).toEqual(Object.keys(cases).sort());
    for (const rule of problemRules) expect(rule.description).toMatch(/^[A-Z].*\.$/u);
  });

  test.each(problemRules.map((rule) => [rule.name, rule] as const))('%s fires where it should, and only there', (name, rule) => {
    const { bad, good, paths } = cases[name]!;
    const found = findProblems(bad).filter((problem) => problem.rule === name);
    expect(found.map(({ path }) => path)).toEqual(paths);
    for (const problem of found) {
      expect(problem.severity).toBe(rule.severity);
      expect(problem.message).toMatch(/[.]$/u);
    }
    expect(findProblems(good).filter((problem) => problem.rule === name)).toEqual([]);
  });
});

describe('findProblems', () => {
  test('finds nothing in a clean schema', () => {
    expect(findProblems(shop())).toEqual([]);
  });

  test('puts errors first, then sorts by path', () => {
    const found = findProblems(body([table('zeta', [field('price', 'real')]), table('alpha', [])]));
    expect(found.map(({ severity, path, rule }) => `${severity} ${path} ${rule}`)).toEqual([
      'error tables.alpha empty-table',
      'warning tables.zeta missing-primary-key',
      'warning tables.zeta.fields.price float-for-money',
      'info tables.alpha isolated-table',
      'info tables.zeta isolated-table',
    ]);
  });

  test('reads "users.id has many posts.user_id" drawn the other way round as the same foreign key', () => {
    const drawn = body([customers, orders()], [link('customers.id', 'orders.customer_id')]);
    expect(findProblems(drawn)).toEqual([]);
  });

  test('a foreign key to its own table is a circle only where it is required', () => {
    const tree = (required: boolean): SchemaBody =>
      body(
        [table('nodes', [field('id'), field('parent_id', 'integer', { required })], [primary('id'), index('i', ['parent_id'])])],
        [link('nodes.parent_id', 'nodes.id')],
      );
    expect(findProblems(tree(true)).map(({ rule }) => rule)).toEqual(['circular-required-foreign-keys']);
    expect(findProblems(tree(false))).toEqual([]);
  });

  test('stays fast on the largest schema that may be stored', () => {
    const tables = Array.from({ length: 1000 }, (_, t) =>
      table(
        `table_${t}s`,
        Array.from({ length: 20 }, (_unused, f) => field(`field_${f}`)),
        [primary('field_0')],
      ),
    );
    const relationships = Array.from({ length: 5000 }, (_, r) =>
      link(`table_${r % 1000}s.field_${1 + (r % 19)}`, `table_${(r * 7) % 1000}s.field_0`, { id: `r${r}` }),
    );
    const largest = body(tables, relationships);
    const tenth = body(
      tables.slice(0, 100),
      relationships.slice(0, 500).map((entry) => ({ ...entry })),
    );
    expect(findProblems(largest).length).toBeGreaterThan(0);
    // Ten times as much takes some ten times as long, not a hundred times.
    expect(
      timesLonger(
        () => findProblems(largest),
        () => findProblems(tenth),
        3,
      ),
    ).toBeLessThan(50);
  });
});
