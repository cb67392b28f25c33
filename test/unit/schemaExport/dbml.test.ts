/** DBML exports are read by the parser of dbdiagram.io. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from '../../support/fastCheck.ts';
import { exportSchema } from '../../../src/domains/databaseSchemas/export/index.ts';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';
import { bodyArbitrary } from './arbitrary.ts';
import { sampleShop } from './bodies.ts';

interface Parsed {
  tables: { name: string; note: string | null; fields: { name: string; type: string; required: boolean; note: string | null }[] }[];
  enums: { name: string; values: string[] }[];
  error?: string;
}

function parseAll(texts: string[]): Parsed[] {
  const output = execFileSync(process.execPath, ['test/unit/schemaExport/dbmlParser.mjs'], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  return JSON.parse(output) as Parsed[];
}

const exportDbml = (body: SchemaBody) => exportSchema({ name: 'x', body, format: 'dbml', dialect: 'postgres' });

describe('export as DBML', () => {
  test('is read back with the tables, fields, required fields and enums of any body', () => {
    const bodies = fc.sample(bodyArbitrary, 150);
    const texts = bodies.map((body) => exportDbml(body).text);
    const parsed = parseAll([...texts, 'Table broken {']);
    // The parser must be able to refuse.
    expect(parsed.pop()?.error).toBeDefined();
    for (const [index, { error, tables, enums }] of parsed.entries()) {
      if (error !== undefined) throw new Error(`${error}\n${texts[index]!}`);
      const body = bodies[index]!;
      expect(tables.map(({ name, fields }) => [name, fields.map((field) => [field.name, field.required])])).toEqual(
        body.tables.map(({ name, fields }) => [name, fields.map((field) => [field.name, field.required])]),
      );
      const named = (body.enums ?? []).map(({ name, values }) => ({ name, values: values.filter((value) => value !== '') }));
      expect(enums).toEqual(named.filter(({ values }) => values.length > 0));
    }
  }, 60_000);

  test('keeps separators of lines and paragraphs in names, which are no line ends in DBML', () => {
    const name = 'a\u2028b\u2029c';
    const body: SchemaBody = {
      tables: [{ id: 't', name, fields: [{ name, type: 'text', required: false }], indexes: [] }],
      relationships: [],
    };
    const [parsed] = parseAll([exportDbml(body).text]);
    expect(parsed?.tables.map((table) => [table.name, table.fields[0]?.name])).toEqual([[name, name]]);
  }, 60_000);

  test('keeps keys, defaults, notes, actions', () => {
    const { text, warnings, fileName } = exportDbml(sampleShop);
    expect(warnings).toEqual([]);
    expect(fileName).toBe('x.dbml');
    expect(text).toBe(`Enum order_status {
  draft
  paid
  "can't ship"
}

Table orders {
  id serial [pk, increment, not null]
  customer_id integer [not null]
  status order_status [not null, default: 'draft', note: 'Where it stands; see \\\\docs']
  total NUMERIC(10,2) [not null, default: 0]
  paid TINYINT(1) [not null, default: false]
  placed_at "timestamp with time zone" [not null, default: \`now()\`]

  indexes {
    (customer_id, placed_at) [type: btree, name: 'orders_customer_idx']
  }

  Note: 'The customer\\'s orders'
}

Table customers {
  id INT [pk, increment, not null]
  email varchar(160) [not null, unique]
  last_order_id integer
}

Ref: orders.customer_id > customers.id [delete: cascade]
Ref customers_last_order: customers.last_order_id > orders.id [delete: set null]
`);
  });
});
