/** Hand-made bodies, and random ones that every dialect takes without a change. */
import fc from '../../support/fastCheck.ts';
import type { SchemaBody, SchemaField, SchemaTable } from '../../../src/domains/databaseSchemas/model.ts';

/** A small shop with everything that an export should keep; it gives no warning in PostgreSQL. */
export const sampleShop: SchemaBody = {
  enums: [{ name: 'order_status', values: ['draft', 'paid', "can't ship"] }],
  tables: [
    {
      id: 't1',
      name: 'orders',
      description: "The customer's orders",
      fields: [
        { name: 'id', type: 'serial', required: true, autoIncrement: true },
        { name: 'customer_id', type: 'integer', required: true },
        {
          name: 'status',
          type: 'order_status',
          required: true,
          defaultValue: "'draft'::order_status",
          description: 'Where it stands; see \\docs',
        },
        { name: 'total', type: 'NUMERIC(10,2)', required: true, defaultValue: '0' },
        { name: 'paid', type: 'TINYINT(1)', required: true, defaultValue: '0' },
        { name: 'placed_at', type: 'timestamp with time zone', required: true, defaultValue: 'now()' },
      ],
      indexes: [
        { name: 'orders_pkey', fields: ['id'], type: 'primary' },
        { name: 'orders_customer_idx', fields: ['customer_id', 'placed_at'], type: 'btree' },
      ],
    },
    {
      id: 't2',
      name: 'customers',
      fields: [
        { name: 'id', type: 'INT', required: true, autoIncrement: true },
        { name: 'email', type: 'varchar(160)', required: true, unique: true },
        { name: 'last_order_id', type: 'integer', required: false },
      ],
      indexes: [{ name: 'customers_pkey', fields: ['id'], type: 'primary' }],
    },
  ],
  relationships: [
    {
      id: 'r1',
      fromTable: 'orders',
      fromField: 'customer_id',
      toTable: 'customers',
      toField: 'id',
      type: 'one-to-many',
      onDelete: 'cascade',
    },
    {
      id: 'r2',
      fromTable: 'customers',
      fromField: 'last_order_id',
      toTable: 'orders',
      toField: 'id',
      type: 'one-to-many',
      onDelete: 'set-null',
      name: 'customers_last_order',
    },
  ],
};

const names = [
  'user',
  'order',
  'sel"ect',
  "it's",
  'two words',
  'Ünïcode',
  '名前',
  '🚀',
  'a;b--',
  '/*x*/',
  'back\\slash',
  'group',
  'x',
  'y_1',
  '[z]',
  '`w`',
  '%s',
  '__proto__',
  'toString',
];
const name = fc.constantFrom(...names);

const field: fc.Arbitrary<SchemaField> = fc.record({
  name,
  type: fc.constantFrom('integer', 'uuid', 'varchar(20)', 'text', 'timestamp', 'boolean'),
  required: fc.boolean(),
});

const table: fc.Arbitrary<SchemaTable> = fc
  .uniqueArray(field, { selector: (value) => value.name, minLength: 1, maxLength: 6 })
  .chain((fields) =>
    fc.record({
      id: fc.uuid(),
      name,
      fields: fc.constant(fields),
      indexes: fc
        .shuffledSubarray(
          fields.map((value) => value.name),
          { maxLength: Math.min(3, fields.length) },
        )
        .map((primary) => (primary.length > 0 ? [{ name: 'PRIMARY', fields: primary, type: 'primary' }] : [])),
    }),
  );

/** Adds to each child the columns that refer to the parent's whole primary key, with types that match. */
function refer(tables: SchemaTable[], pairs: readonly (readonly [number, number])[]): SchemaBody {
  const body: SchemaBody = { tables: tables.map((value) => ({ ...value, fields: [...value.fields] })), relationships: [] };
  for (const [index, [from, to]] of pairs.entries()) {
    const child = body.tables[from % tables.length]!;
    const parent = body.tables[to % tables.length]!;
    const key = parent.indexes[0]?.fields ?? [];
    if (key.length === 0) continue;
    const columns = key.map((keyName, position) => {
      const added: SchemaField = {
        name: `fk ${index}.${position}`,
        type: parent.fields.find((value) => value.name === keyName)!.type,
        required: position > 0,
      };
      child.fields.push(added);
      return added.name;
    });
    body.relationships.push({
      id: `r${index}`,
      fromTable: child.name,
      fromField: columns[0]!,
      toTable: parent.name,
      toField: key[0]!,
      type: 'one-to-many',
      ...(key.length > 1 && { fromFields: columns, toFields: [...key] }),
    });
  }
  return body;
}

/** Bodies whose foreign keys are all valid, cycles included, and whose names are hostile but legal everywhere. */
export const plainBodyArbitrary: fc.Arbitrary<SchemaBody> = fc
  .tuple(
    fc.uniqueArray(table, { selector: (value) => value.name, minLength: 1, maxLength: 5 }),
    fc.array(fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 20 })), { maxLength: 6 }),
  )
  .map(([tables, pairs]) => refer(tables, pairs));
