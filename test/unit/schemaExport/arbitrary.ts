/** Random schema bodies with hostile names, for property tests of the exports. Every body passes `validateSchemaBody`. */
import fc from '../../support/fastCheck.ts';
import type {
  ReferentialAction,
  SchemaBody,
  SchemaEnum,
  SchemaField,
  SchemaIndex,
  SchemaRelationship,
  SchemaTable,
} from '../../../src/domains/databaseSchemas/model.ts';

const awkward = [
  'select',
  'order',
  'user',
  'group',
  'table',
  'a"b',
  "it's",
  'x`y',
  'sq]uare',
  '[br]',
  'two words',
  ' lead',
  'Ünïcode',
  '名前',
  '🚀 launch',
  'a;b',
  '--c',
  '/*d*/',
  'back\\slash',
  'ctid',
  'xmin',
  'PRIMARY',
  'sqlite_x',
  'text',
  'date',
  '_',
  '1st',
  'per%cent',
  '{curly}',
  '$dollar',
  'a.b',
  'A',
  'a',
  'É',
  'é',
  'n'.repeat(70),
  `${'n'.repeat(70)}2`,
  '语'.repeat(30),
  `${'语'.repeat(30)}2`,
  'a_id_seq',
  'toString',
  '__proto__',
  'constructor',
  "');drop table t;--",
  'erDiagram',
  'end',
  '#tag',
  '<b>',
  '"',
  "'",
  'style',
  'class',
];

/** Names that SQL, Mermaid, DBML and generated code all find hard, and plain ones. */
export const nameArbitrary = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...awkward) },
  { weight: 2, arbitrary: fc.stringMatching(/^[a-z][a-z_]{0,6}$/) },
  {
    weight: 1,
    arbitrary: fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text) && text.trim() !== ''),
  },
);

export const types = [
  'INT',
  'integer',
  'INT UNSIGNED',
  'bigint',
  'BIGINT UNSIGNED',
  'smallint',
  'TINYINT(1)',
  'TINYINT',
  'serial',
  'NUMERIC(10,2)',
  'numeric',
  'DECIMAL(5)',
  'money',
  'real',
  'double precision',
  'FLOAT',
  'boolean',
  'BIT',
  'bit(3)',
  'bit varying(5)',
  'char(3)',
  'char',
  'NVARCHAR(160)',
  'character varying(15)',
  'varchar',
  'text',
  'longtext',
  'bytea',
  'BLOB',
  'binary(4)',
  'date',
  'time',
  'time with time zone',
  'timestamp(3)',
  'timestamp with time zone',
  'DATETIME',
  'year',
  'interval',
  'uuid',
  'UNIQUEIDENTIFIER',
  'json',
  'jsonb',
  'xml',
  'inet',
  'macaddr',
  'tsvector',
  'point',
  "ENUM('a','it''s','')",
  "SET('a','b')",
  'text[]',
  'integer[]',
  'uuid[]',
];

const defaults = [
  '0',
  '1',
  '-5',
  '3.14',
  "'draft'",
  'draft',
  "'it''s'",
  'true',
  'FALSE',
  'NULL',
  'now()',
  'CURRENT_TIMESTAMP',
  'current_timestamp(3) ON UPDATE CURRENT_TIMESTAMP',
  'getdate()',
  "datetime('now')",
  'uuid_generate_v4()',
  'gen_random_uuid()',
  "'{}'::jsonb",
  '{}',
  '[]',
  "'{}'",
  "'{a,b}'",
  'ARRAY[]::text[]',
  "'a'::character varying(20)",
  "b'101'",
  "E'\\\\x41'",
  '((0))',
  "N'x'",
  "nextval('a_seq'::regclass)",
  "'2024-02-30'",
  "'2024-02-29'",
  "'12:30'",
  "x'; DROP TABLE t; --",
  "'); DROP TABLE t; --",
  '1; DROP TABLE t',
  "'unclosed",
  '1 /* c',
  '1 --',
  '(1',
  '1)',
  'a b',
  '',
  "'\\'",
  "'\\'' || 'x'",
  '1 + 2',
  "'a' || 'b'",
  '99999999999999999999',
  '$$x$$',
  '"quoted"',
  '`tick`',
  'lower(a)',
  "'🚀'",
  "'550e8400-e29b-41d4-a716-446655440000'",
  'select(1)',
  '+',
  '::text',
  "'x'::",
  'ARRAY[',
  '1,2',
  "interval '1 day'",
  '(((((',
  "'10.0.0.1'",
];

const actions: ReferentialAction[] = ['no-action', 'restrict', 'cascade', 'set-null', 'set-default'];
const description = fc.option(
  fc.constantFrom('plain', "it's", 'two\nlines; -- x', '*/ end', 'back\\slash', '"""', '${x}', '`tick`', "'); DROP TABLE t; --"),
  { nil: null },
);

const fieldArbitrary = (enums: readonly SchemaEnum[]): fc.Arbitrary<SchemaField> =>
  fc.record(
    {
      name: nameArbitrary,
      type: fc.constantFrom(...types, ...enums.map(({ name }) => name)),
      required: fc.boolean(),
      unique: fc.boolean(),
      defaultValue: fc.option(
        fc.constantFrom(...defaults, ...enums.flatMap(({ values }) => values.map((value) => `'${value.replaceAll("'", "''")}'`))),
        { nil: null },
      ),
      description,
      autoIncrement: fc.boolean(),
    },
    { requiredKeys: ['name', 'type', 'required'] },
  );

const indexTypes = ['unique', 'btree', 'hash', 'gin', 'gist', 'brin', 'fulltext', 'spatial'];

const uniqueBy = <T>(arbitrary: fc.Arbitrary<T>, selector: (value: T) => string, bounds: { min: number; max: number }): fc.Arbitrary<T[]> =>
  fc.uniqueArray(arbitrary, { selector, minLength: bounds.min, maxLength: bounds.max });

function tableArbitrary(enums: readonly SchemaEnum[]): fc.Arbitrary<SchemaTable> {
  return uniqueBy(fieldArbitrary(enums), ({ name }) => name, { min: 1, max: 6 }).chain((fields) => {
    const some = fc.shuffledSubarray(
      fields.map(({ name }) => name),
      { minLength: 1, maxLength: Math.min(3, fields.length) },
    );
    const index: fc.Arbitrary<SchemaIndex> = fc.record({ name: nameArbitrary, fields: some, type: fc.constantFrom(...indexTypes) });
    const primary: fc.Arbitrary<SchemaIndex> = fc.record({ name: nameArbitrary, fields: some, type: fc.constant('primary') });
    return fc.record({
      id: fc.uuid(),
      name: nameArbitrary,
      description,
      fields: fc.constant(fields),
      indexes: fc
        .tuple(fc.option(primary, { nil: undefined, freq: 5 }), fc.array(index, { maxLength: 3 }))
        .map(([key, others]) => (key ? [key, ...others] : others)),
    });
  });
}

function relationshipArbitrary(tables: readonly SchemaTable[]): fc.Arbitrary<SchemaRelationship> {
  const table = fc.constantFrom(...tables);
  return fc
    .tuple(
      table,
      table,
      fc.uuid(),
      fc.constantFrom('one-to-many', 'one-to-one', 'many-to-one', 'many-to-many'),
      fc.option(fc.constantFrom(...actions)),
      fc.option(fc.constantFrom(...actions)),
      fc.nat(),
      fc.boolean(),
    )
    .map(([from, to, id, type, onDelete, onUpdate, pick, whole]) => {
      const key = to.indexes.find((index) => index.type === 'primary')?.fields ?? [to.fields[pick % to.fields.length]!.name];
      const size = whole ? Math.min(key.length, from.fields.length) : 1;
      const start = pick % from.fields.length;
      const fromFields = Array.from({ length: size }, (_, index) => from.fields[(start + index) % from.fields.length]!.name);
      const toFields = key.slice(0, size);
      return {
        id,
        fromTable: from.name,
        fromField: fromFields[0]!,
        toTable: to.name,
        toField: toFields[0]!,
        type,
        onDelete,
        onUpdate,
        ...(size > 1 && { fromFields, toFields }),
      };
    });
}

const enumArbitrary: fc.Arbitrary<SchemaEnum> = fc.record({
  name: nameArbitrary,
  values: fc.uniqueArray(fc.constantFrom('draft', 'Draft', "it's", '🚀', '', 'a,b', '1', 'x'.repeat(80), 'back\\slash', 'é', 'true'), {
    minLength: 1,
    maxLength: 4,
  }),
});

/** A whole body: up to 6 tables, 6 relationships, 3 enums. */
export const bodyArbitrary: fc.Arbitrary<SchemaBody> = uniqueBy(enumArbitrary, ({ name }) => name, { min: 0, max: 3 }).chain((enums) =>
  uniqueBy(tableArbitrary(enums), ({ name }) => name, { min: 1, max: 6 }).chain((tables) =>
    fc.array(relationshipArbitrary(tables), { maxLength: 6 }).map((relationships) => ({ tables, relationships, enums })),
  ),
);
