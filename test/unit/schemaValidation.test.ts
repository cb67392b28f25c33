/** What stops a write of a schema body, and what the person who wrote it is told. */
import { describe, expect, test } from '@jest/globals';
import type { SchemaBody } from '../../src/domains/databaseSchemas/model.ts';
import { schemaLimits, validateSchemaBody } from '../../src/domains/databaseSchemas/validation.ts';
import { timesLonger } from '../support/effort.ts';

const good = (): SchemaBody => ({
  enums: [{ name: 'order status', values: ['draft', ''] }],
  tables: [
    {
      id: 't1',
      name: 'orders',
      description: 'two\nlines',
      fields: [
        { name: 'id', type: 'INT UNSIGNED', required: true, autoIncrement: true },
        { name: 'customer', type: '"Weird Type"', required: true, defaultValue: 'anything; at all' },
        { name: 'state', type: 'order status', required: true },
        { name: 'kind', type: "ENUM('a;b','it''s')", required: false, description: null, defaultValue: null },
      ],
      indexes: [{ name: 'pk', fields: ['id'], type: 'primary' }],
    },
    { id: 't2', name: 'Orders', fields: [{ name: '🚀 "x"', type: 'timestamp(3) with time zone[]', required: true }], indexes: [] },
  ],
  relationships: [{ id: 'r1', fromTable: 'orders', fromField: 'customer', toTable: 'orders', toField: 'id', type: 'one-to-many' }],
});

/** A good body with one value replaced; `path` leads to it. */
function broken(path: readonly (string | number)[], value: unknown): unknown {
  const body: unknown = good();
  let target = body as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) target = target[key] as Record<string | number, unknown>;
  target[path.at(-1)!] = value;
  return body;
}

const name = ['tables', 0, 'name'];
const field = ['tables', 0, 'fields', 0];
const relationship = ['relationships', 0];
const index = ['tables', 0, 'indexes', 0];

const cases: readonly (readonly [string, readonly (string | number)[], unknown, string, string])[] = [
  ['an empty table name', name, '', 'INVALID_NAME', 'The name of table 1 is empty. Give it a name.'],
  ['a blank table name', name, '  ', 'INVALID_NAME', 'The name of table 1 is empty. Give it a name.'],
  ['a missing table name', name, undefined, 'INVALID_NAME', 'The name of table 1 is missing. Give it a name.'],
  [
    'a name of 129 characters',
    name,
    'x'.repeat(129),
    'INVALID_NAME',
    `The name of table 1 is longer than 128 characters ("${'x'.repeat(60)}…"). Shorten it.`,
  ],
  [
    'NUL in a name',
    name,
    'a\0b',
    'INVALID_NAME',
    'The name of table 1 ("a\\u0000b") holds a control character or half a character. Remove it.',
  ],
  [
    'a line break in a name',
    [...field, 'name'],
    'a\nb',
    'INVALID_NAME',
    'The name of field 1 of table "orders" ("a\\u000ab") holds a control character or half a character. Remove it.',
  ],
  [
    'a lone surrogate in a name',
    name,
    'a\ud800',
    'INVALID_NAME',
    'The name of table 1 ("a\ufffd") holds a control character or half a character. Remove it.',
  ],
  [
    'two tables of one name',
    ['tables', 1, 'name'],
    'orders',
    'DUPLICATE_NAME',
    'The schema has two tables named "orders". Rename or remove one.',
  ],
  [
    'two fields of one name',
    ['tables', 0, 'fields', 1, 'name'],
    'id',
    'DUPLICATE_NAME',
    'Table "orders" has two fields named "id". Rename or remove one.',
  ],
  ['two tables of one id', ['tables', 1, 'id'], 't1', 'DUPLICATE_ID', 'Two tables have the id "t1". Give table "Orders" an id of its own.'],
  ['a missing table id', ['tables', 0, 'id'], undefined, 'INVALID_NAME', 'The id of table "orders" is missing. Give it a name.'],
  [
    'no type',
    [...field, 'type'],
    ' ',
    'INVALID_TYPE',
    'Field "id" of table "orders" has no type. Give it a SQL type, such as "varchar(100)".',
  ],
  [
    'a type that ends the statement',
    [...field, 'type'],
    'int; DROP TABLE x',
    'INVALID_TYPE',
    'The type "int; DROP TABLE x" of field "id" of table "orders" is no SQL type. Write a name with arguments, such as "numeric(10,2)" or "ENUM(\'a\',\'b\')".',
  ],
  ['a type with a comment', [...field, 'type'], 'int -- x', 'INVALID_TYPE', 'The type "int -- x"'],
  ['a type with an open parenthesis', [...field, 'type'], 'numeric(10', 'INVALID_TYPE', 'The type "numeric(10"'],
  ['a type with an open quote', [...field, 'type'], "ENUM('a)", 'INVALID_TYPE', 'The type "ENUM(\'a)"'],
  ['a type that closes the column list', [...field, 'type'], 'int)', 'INVALID_TYPE', 'The type "int)"'],
  ['a type that adds a column', [...field, 'type'], 'int, x int', 'INVALID_TYPE', 'The type "int, x int"'],
  [
    'an inline enum without values',
    [...field, 'type'],
    'ENUM()',
    'EMPTY_ENUM',
    'The type "ENUM()" of field "id" of table "orders" has no values. Add at least one.',
  ],
  [
    'NUL in a default',
    [...field, 'defaultValue'],
    '\0',
    'INVALID_TEXT',
    'The default of field "id" of table "orders" holds a control character or half a character. Remove it.',
  ],
  ['a number as default', [...field, 'defaultValue'], 5, 'INVALID_SHAPE', 'The default of field "id" of table "orders" must be text.'],
  [
    'a lone surrogate in a description',
    [...field, 'description'],
    '\udc00',
    'INVALID_TEXT',
    'The description of field "id" of table "orders" holds a control character or half a character. Remove it.',
  ],
  [
    'an index without fields',
    [...index, 'fields'],
    [],
    'EMPTY_INDEX',
    'Index "pk" of table "orders" has no fields. Name at least one, or remove the index.',
  ],
  [
    'an index on a missing field',
    [...index, 'fields'],
    ['nope'],
    'UNKNOWN_REFERENCE',
    'Index "pk" of table "orders" names the field "nope", which the table does not have. Add the field or correct the index.',
  ],
  ['an index without a name', [...index, 'name'], '', 'INVALID_NAME', 'The name of index 1 of table "orders" is empty. Give it a name.'],
  [
    'a relationship from a missing table',
    [...relationship, 'fromTable'],
    'nope',
    'UNKNOWN_REFERENCE',
    'Relationship "r1" names the table "nope", which is not in the schema. Add the table or remove the relationship.',
  ],
  [
    'a relationship to a missing field',
    [...relationship, 'toField'],
    'nope',
    'UNKNOWN_REFERENCE',
    'Relationship "r1" names the field "nope", which table "orders" does not have. Add the field or correct the relationship.',
  ],
  [
    'a composite key with a missing field',
    [...relationship, 'toFields'],
    ['id', 'nope'],
    'UNKNOWN_REFERENCE',
    'Relationship "r1" names the field "nope", which table "orders" does not have.',
  ],
  [
    'an enum without values',
    ['enums', 0, 'values'],
    [],
    'EMPTY_ENUM',
    'Enum "order status" has no values. Add at least one, or remove the enum.',
  ],
  ['an enum value twice', ['enums', 0, 'values'], ['a', 'a'], 'DUPLICATE_NAME', 'Enum "order status" has the value "a" twice. Remove one.'],
  ['tables that are no list', ['tables'], {}, 'INVALID_SHAPE', '"tables" must be a list.'],
  ['a field that is no object', ['tables', 0, 'fields', 0], 'id', 'INVALID_SHAPE', 'Entry 1 of "tables.0.fields" must be an object.'],
];

describe('validateSchemaBody', () => {
  test('finds nothing in a good body, hostile but legal names included', () => {
    expect(validateSchemaBody(good())).toEqual([]);
    expect(validateSchemaBody({ tables: [], relationships: [] })).toEqual([]);
  });

  test.each(cases)('refuses %s', (_label, path, value, code, message) => {
    const issues = validateSchemaBody(broken(path, value));
    const issue = issues.find((found) => found.code === code);
    expect(issue?.message.startsWith(message)).toBe(true);
    expect(
      issue?.path.join('.').startsWith(
        path
          .map(String)
          .join('.')
          .replace(/\.(?:toFields|fromFields)$/u, ''),
      ),
    ).toBe(true);
  });

  test('counts the fields on both sides of a relationship', () => {
    const issues = validateSchemaBody(broken([...relationship, 'fromFields'], ['customer', 'state']));
    expect(issues).toEqual([
      {
        path: ['relationships', '0'],
        code: 'FIELD_COUNT_MISMATCH',
        message: 'Relationship "r1" names 2 fields on one side and 1 on the other. Name as many on both.',
      },
    ]);
  });

  test.each([null, 'text', 5, []])('refuses %j as a body', (body) => {
    expect(validateSchemaBody(body)).toEqual([
      { path: [], code: 'INVALID_SHAPE', message: 'A schema body is an object with the lists "tables" and "relationships".' },
    ]);
  });

  test('refuses more than the limits', () => {
    const field1 = { name: 'a', type: 'int', required: true };
    const tables = Array.from({ length: schemaLimits.tables + 1 }, (_, position) => ({
      id: `${position}`,
      name: `t${position}`,
      fields: [field1],
      indexes: [],
    }));
    expect(validateSchemaBody({ tables, relationships: [] })).toEqual([
      { path: ['tables'], code: 'LIMIT_EXCEEDED', message: 'The schema has 1001 entries; at most 1000 are allowed. Split the schema.' },
    ]);
    const relationships = Array.from({ length: schemaLimits.relationships + 1 }, (_, position) => ({
      id: `${position}`,
      fromTable: 't0',
      fromField: 'a',
      toTable: 't1',
      toField: 'a',
      type: 'one-to-one',
    }));
    expect(validateSchemaBody({ tables: tables.slice(0, 2), relationships }).map(({ code }) => code)).toEqual(['LIMIT_EXCEEDED']);
    const fields = Array.from({ length: schemaLimits.fieldsPerTable + 1 }, (_, position) => ({ ...field1, name: `f${position}` }));
    expect(validateSchemaBody({ tables: [{ ...tables[0], fields }], relationships: [] }).map(({ code }) => code)).toEqual([
      'LIMIT_EXCEEDED',
    ]);
  });

  test('stops after 100 issues', () => {
    const fields = Array.from({ length: 500 }, () => ({ name: '', type: '', required: true }));
    expect(validateSchemaBody({ tables: [{ id: 'a', name: 'a', fields, indexes: [] }], relationships: [] })).toHaveLength(
      schemaLimits.issues,
    );
  });

  test('reads a body of 4 MB in a few times what its JSON takes', () => {
    const fields = Array.from({ length: 50 }, (_, position) => ({
      name: `field_${position}`,
      type: 'varchar(100)',
      required: true,
      description: 'x'.repeat(20),
    }));
    const tables = Array.from({ length: 800 }, (_, position) => ({
      id: `${position}`,
      name: `table_${position}`,
      fields,
      indexes: [{ name: 'i', fields: ['field_1', 'field_2'], type: 'btree' }],
    }));
    const body = { tables, relationships: [] };
    expect(JSON.stringify(body).length).toBeGreaterThan(3_500_000);
    expect(validateSchemaBody(body)).toEqual([]);
    // Some 4 times; a check that compares all pairs of names takes thousands.
    expect(
      timesLonger(
        () => validateSchemaBody(body),
        () => JSON.parse(JSON.stringify(body)),
        3,
      ),
    ).toBeLessThan(40);
  });

  test('a hostile type of 20,000 characters costs about what a harmless one does', () => {
    const check = (type: string) => validateSchemaBody(broken([...field, 'type'], type));
    for (const type of ["'".repeat(20_000), '('.repeat(20_000), `ENUM(${"'a',".repeat(4000)}`, 'a '.repeat(10_000), '"'.repeat(19_999)]) {
      expect(check(type)).not.toEqual([]);
      expect(
        timesLonger(
          () => check(type),
          () => check('a'.repeat(20_000)),
        ),
      ).toBeLessThan(100);
    }
  });
});
