import { describe, expect, test } from '@jest/globals';
import { importJson } from '../../../src/domains/databaseSchemas/import/index.ts';
import { offsetOfPath } from '../../../src/domains/databaseSchemas/import/jsonPositions.ts';
import { fields, indexes, links, succeed, tableOf } from './support.ts';

const model = {
  tables: [
    {
      id: 't1',
      name: 'users',
      description: 'People',
      fields: [
        { name: 'id', type: 'uuid', required: true, unique: true, defaultValue: 'gen_random_uuid()' },
        { name: 'role', type: 'role', required: false, description: 'What they may do' },
      ],
      indexes: [{ name: 'users_pkey', fields: ['id'], type: 'primary' }],
    },
    { id: 't2', name: 'groups', fields: [{ name: 'id', type: 'serial', required: true, autoIncrement: true }], indexes: [] },
  ],
  relationships: [
    { id: 'r1', fromTable: 'users', fromField: 'id', toTable: 'groups', toField: 'id', type: 'many-to-many', onDelete: 'cascade' },
  ],
  enums: [{ name: 'role', values: ['admin', 'reader'] }],
};

describe("the model's own JSON", () => {
  test('comes back as it was', () => {
    expect(importJson(JSON.stringify(model))).toEqual({ ok: true, body: model, warnings: [] });
    expect(importJson(`\uFEFF${JSON.stringify(model, null, 2)}`)).toEqual({ ok: true, body: model, warnings: [] });
  });

  test('gets ids where it has none, and unknown attributes are named', () => {
    const source = {
      tables: [
        {
          name: 'a',
          colour: 'red',
          fields: [
            { name: 'x', type: 'int', size: 1 },
            { name: 'y', type: 'int', size: 2 },
          ],
        },
        { name: 'A', fields: [{ name: 'z', type: 'int' }] },
      ],
    };
    const { body, warnings } = succeed(importJson(JSON.stringify(source)));
    expect(body.tables.map(({ id }) => id)).toEqual(['tbl_a', 'tbl_a_2']);
    expect(warnings.map(({ code, construct, message }) => [code, construct, message])).toEqual([
      ['UNKNOWN_ATTRIBUTE', 'table.colour', 'The attribute "colour" of 1 table was dropped; a schema does not hold it.'],
      ['UNKNOWN_ATTRIBUTE', 'field.size', 'The attribute "size" of 2 fields was dropped; a schema does not hold it.'],
    ]);
  });

  test.each([
    ['an unknown table', { ...model, relationships: [{ ...model.relationships[0], toTable: 'nope' }] }, /"nope"/, '"nope"'],
    ['no type', { tables: [{ name: 'a', fields: [{ name: 'x' }] }] }, /no type/, '{"name":"x"'],
    ['a type that is no text', { tables: [{ name: 'a', fields: [{ name: 'x', type: 7 }] }] }, /no type/, '7'],
    [
      'a table twice',
      { tables: [model.tables[0], { ...model.tables[1], name: 'users' }] },
      /two tables named "users"/,
      '"users","fields":[{"name":"id","type":"serial"',
    ],
  ])('%s is refused at its place', (_, source, message, at) => {
    const text = JSON.stringify(source);
    expect(importJson(text)).toEqual({ ok: false, message: expect.stringMatching(message), line: 1, column: text.indexOf(at) + 1 });
  });
});

describe('the answer of an AI assistant', () => {
  const field = (name: string, type: string, more: object = {}) => ({
    name,
    type,
    primary: false,
    required: false,
    unique: false,
    foreign: null,
    default: null,
    description: null,
    ...more,
  });
  const schemas = [
    {
      name: 'posts',
      description: 'What people write',
      fields: [
        field('id', 'uuid', { primary: true, required: true, unique: true, default: 'gen_random_uuid()' }),
        field('author_id', 'uuid', { required: true, foreign: 'users.id', description: 'Who wrote it' }),
        field('thread', 'uuid', { foreign: 'threads.id' }),
        field('likes', 'int', { default: 0, widget: 'counter' }),
      ],
      indexes: [
        { name: 'posts_author', columns: ['author_id'] },
        { name: 'lost', columns: ['nope'] },
      ],
    },
    { name: 'users', fields: [field('id', 'uuid', { primary: true }), field('email', 'varchar', { unique: true })] },
    { name: 'profiles', fields: [field('user_id', 'uuid', { primary: true, foreign: 'users' })] },
  ];

  test.each([
    ['bare', { schemas }],
    ['within completeDataStructure', { version: '1.0', completeDataStructure: { projectName: 'x', schemas } }],
  ])('%s', (_, source) => {
    const { body, warnings } = succeed(importJson(JSON.stringify(source)));
    expect(fields(tableOf(body, 'posts'))).toEqual([
      'id | uuid | required | unique | = gen_random_uuid()',
      'author_id | uuid | required',
      'thread | uuid',
      'likes | int | = 0',
    ]);
    expect(indexes(tableOf(body, 'posts'))).toEqual(['posts_author btree (author_id)', 'posts_pkey primary (id)']);
    expect(indexes(tableOf(body, 'users'))).toEqual(['users_email_key unique (email)', 'users_pkey primary (id)']);
    expect(links(body)).toEqual(['posts(author_id) > users(id) one-to-many -/-', 'profiles(user_id) > users(id) one-to-one -/-']);
    expect(tableOf(body, 'posts').description).toBe('What people write');
    expect(warnings.map(({ code, construct }) => `${code} ${construct}`)).toEqual([
      'UNKNOWN_ATTRIBUTE field.widget',
      'UNKNOWN_COLUMN Index',
      'UNKNOWN_FOREIGN_KEY_TARGET FOREIGN KEY',
    ]);
    expect(warnings.every(({ line }) => line === undefined)).toBe(true);
  });

  test('what is no schema is named', () => {
    const { warnings } = succeed(importJson(JSON.stringify({ schemas: schemas.slice(1), endpoints: [1], analysis: {} })));
    expect(warnings.map(({ construct }) => construct)).toEqual(['answer.endpoints', 'answer.analysis']);
  });

  test.each([
    ['a schema twice', { schemas: [schemas[1], schemas[1]] }, /"users" is created twice/],
    ['no name', { schemas: [{ fields: schemas[1]!.fields }] }, /no "name"/],
    ['no fields', { schemas: [{ name: 'x' }] }, /no "fields"/],
    ['no type', { schemas: [{ name: 'x', fields: [{ name: 'a' }] }] }, /no type/],
  ])('%s is refused', (_, source, message) => {
    expect(importJson(JSON.stringify(source))).toMatchObject({ ok: false, message: expect.stringMatching(message) });
  });
});

test.each([
  ['nothing', '', 1, 1],
  ['no JSON', 'CREATE TABLE', 1, 1],
  ['a comma too many', '{"tables": [\n  {"name": "a",}\n]}', 2, 16],
  ['an open string', '{"tables": [\n "a]}', 2, 2],
  ['a wrong word', '{"tables": nul}', 1, 12],
  ['an early end', '{"tables": [', 1, 13],
  ['text after the end', '{"tables": []} x', 1, 16],
  ['no list of tables', '{"tables": {}}', 1, 1],
  ['an empty list', '{"tables": []}', 1, 1],
  ['null', 'null', 1, 1],
])('%s is refused with its place', (_, source, line, column) => {
  expect(importJson(source)).toMatchObject({ ok: false, line, column });
});

test('deep JSON and __proto__ do no harm', () => {
  expect(importJson(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toMatchObject({ ok: false });
  expect(importJson('['.repeat(100_000))).toMatchObject({ ok: false, message: expect.stringContaining('nested') });
  const polluting =
    '{"__proto__": {"polluted": true}, "tables": [{"name": "a", "__proto__": {"id": "x"}, "fields": [{"name": "x", "type": "int"}]}]}';
  expect(succeed(importJson(polluting)).body.tables[0]!.id).toBe('tbl_a');
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('offsetOfPath finds a value, or the deepest part of the path that is there', () => {
  const source = '{"a": [1, {"b": 2}], "c": 3}';
  expect(offsetOfPath(source, ['a', 1, 'b'])).toBe(source.indexOf('2'));
  expect(offsetOfPath(source, ['a', 1, 'x'])).toBe(source.indexOf('{"b"'));
  expect(offsetOfPath(source, ['c'])).toBe(source.indexOf('3'));
});
