import { describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import { exportSchema } from '../../../src/domains/databaseSchemas/export/index.ts';
import { importDesign } from '../../../src/domains/databaseSchemas/import/index.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';
import { runsOr } from '../../support/randomRuns.ts';
import { bodyArbitrary } from '../schemaExport/arbitrary.ts';
import { sampleShop } from '../schemaExport/bodies.ts';
import { fields, indexes, links, succeed, tableOf } from './support.ts';

const read = async (source: string) => importDesign({ source, language: 'dbml' });
const bodyOf = async (source: string): Promise<SchemaBody> => succeed(await read(source)).body;
const write = (body: SchemaBody): string => exportSchema({ name: 'x', body, format: 'dbml', dialect: 'postgres' }).text;

const clinic = `Project clinic {
  database_type: 'PostgreSQL'
}
Enum visit_state {
  planned [note: 'not yet']
  done
}
TablePartial stamped {
  created_at timestamp [not null, default: \`now()\`]
}
Table patients as P [headercolor: #3498db] {
  id serial [pk, increment]
  name varchar(80) [not null, note: 'As on the card']
  born date [check: \`born > '1900-01-01'\`]
  mentor_id int [ref: > P.id]
  ~stamped
  Note: 'People'
}
Table visits {
  id int [pk]
  patient_id int [not null]
  state visit_state [default: 'planned']
  price "numeric(10,2)" [default: 12345678901234567890]
  card_id int [unique, ref: - cards.id]
  indexes {
    (patient_id, state) [name: 'visits_patient', type: btree]
    (id, price) [unique]
    \`lower(state)\`
  }
}
Table cards {
  id int [pk]
}
Table tags {
  id int [pk]
}
Ref by_patient: visits.patient_id > patients.id [delete: cascade, update: set null]
Ref: visits.id <> tags.id
Note sticky { 'Remember' }
`;

/** An enum of nothing but the empty value is none in DBML, and its name then no type. */
const hasNamedValues = ({ enums = [] }: SchemaBody): boolean => enums.every(({ values }) => values.some((value) => value !== ''));

describe('DBML', () => {
  test('becomes tables, keys, enums and relationships', async () => {
    const body = await bodyOf(clinic);
    expect(fields(tableOf(body, 'patients'))).toEqual([
      'id | serial | required | unique | auto',
      'name | varchar(80) | required',
      'born | date',
      'mentor_id | int',
      'created_at | timestamp | required | = now()',
    ]);
    expect(tableOf(body, 'patients').description).toBe('People');
    expect(tableOf(body, 'visits').fields[3]).toMatchObject({ type: 'numeric(10,2)', defaultValue: '12345678901234567890' });
    expect(tableOf(body, 'visits').indexes).toEqual([
      { name: 'visits_pkey', fields: ['id'], type: 'primary' },
      { name: 'visits_card_id_key', fields: ['card_id'], type: 'unique' },
      { name: 'visits_patient', fields: ['patient_id', 'state'], type: 'btree' },
      { name: 'visits_id_price_key', fields: ['id', 'price'], type: 'unique' },
    ]);
    expect(body.enums).toEqual([{ name: 'visit_state', values: ['planned', 'done'] }]);
    expect(links(body)).toEqual([
      'patients(mentor_id) > patients(id) one-to-many -/-',
      'visits(card_id) > cards(id) one-to-one -/-',
      'visits(id) > tags(id) many-to-many -/-',
      'visits(patient_id) > patients(id) one-to-many cascade/set-null',
    ]);
  });

  test('names what is dropped, with its place', async () => {
    const { warnings } = succeed(await read(clinic));
    expect(warnings.map(({ code, line, column }) => `${code} ${line}:${column}`)).toEqual([
      'NOT_PART_OF_SCHEMA 1:1',
      'ENUM_VALUE_NOTE 5:12',
      'TABLE_OPTION 11:1',
      'CHECK_CONSTRAINT 14:14',
      'EXPRESSION_INDEX 28:5',
      'NOT_PART_OF_SCHEMA 39:1',
    ]);
  });

  test.each([
    ['Table a {\n  id int [pk\n}', 3, 1],
    ['Table a {\n id int\n}\nRef: a.id > b.id', 4, 13],
    ['Table a {\n id int\n}\nTable a {\n id int\n}', 4, 7],
    ['', 1, 1],
    ['CREATE TABLE a (id int);', 1, 1],
    [`Table a {\n id int [default: \`${'('.repeat(20_000)}\n}`, 2, 19],
  ])('refuses %j at its place', async (source, line, column) => {
    expect(await read(source)).toMatchObject({ ok: false, line, column, message: expect.stringMatching(/\.$/u) });
  });

  test('what was exported comes back', async () => {
    const shop = await bodyOf(write(sampleShop));
    expect(links(shop)).toEqual(links(sampleShop));
    expect(shop.enums).toEqual(sampleShop.enums);
    // A unique field comes back as a unique index with a name.
    const named = "\n\n  indexes {\n    (email) [unique, name: 'customers_email_key']\n  }";
    expect(write(shop).replace(named, '')).toBe(write(sampleShop).replace(', unique]', ']'));
  });

  test('any body comes back with its tables, fields, keys and relationships, and stays so', async () => {
    await fc.assert(
      fc.asyncProperty(bodyArbitrary.filter(hasNamedValues), async (body) => {
        const once = succeed(await read(write(body)));
        // Random tables may name two indexes alike.
        expect(once.warnings.filter(({ code }) => code !== 'DUPLICATE_INDEX')).toEqual([]);
        const facts = ({ tables }: SchemaBody) =>
          tables.map((table) => ({
            name: table.name,
            fields: table.fields.map(({ name, autoIncrement }) => [name, autoIncrement ?? false]),
            primary: table.indexes.find(({ type }) => type === 'primary')?.fields ?? [],
          }));
        const serial = (type: string): boolean => type === 'serial';
        const wanted = {
          ...body,
          tables: body.tables.map((table) => ({
            ...table,
            fields: table.fields.map((field) => ({ ...field, autoIncrement: field.autoIncrement === true || serial(field.type) })),
          })),
        };
        expect(facts(once.body)).toEqual(facts(wanted));
        // What the language cannot say is gone after two ways (a default that was an empty enum value with the second).
        const twice = succeed(await read(write(once.body)));
        const again = succeed(await read(write(twice.body)));
        // Keys and references are written in another order.
        const ordered = (one: SchemaBody) => ({
          ...one,
          tables: one.tables.map((table) => ({ ...table, indexes: indexes(table) })),
          relationships: links(one),
        });
        expect(ordered(again.body)).toEqual(ordered(twice.body));
      }),
      { numRuns: runsOr(60) },
    );
  }, 60_000);
});
