/** Rules about the fields of a table: types, defaults, number. */
import type { SchemaField } from '../model.ts';
import { readDefault } from '../export/defaults.ts';
import { postgres } from '../export/sql/postgres.ts';
import { inEachField, inEachTable, tablePath, type Rule } from './rule.ts';

const moneyWords = new Set(
  'price amount cost total subtotal balance salary wage fee tax discount revenue payment budget credit debit refund'.split(' '),
);

/** Tells whether one of the words of a name speaks of money: `unit_price`, `totalAmount`. */
function namesMoney({ name }: SchemaField): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/gu, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}]+/u);
  return words.some((word) => moneyWords.has(word) || moneyWords.has(word.replace(/s$/u, '')));
}

/** Above this many fields, groups of them usually belong into tables of their own. */
const wideTable = 50;

export const fieldRules: readonly Rule[] = [
  {
    name: 'empty-table',
    severity: 'error',
    description: 'Every table has fields.',
    find: inEachTable((table) =>
      table.fields.size > 0
        ? []
        : [{ path: tablePath(table), message: `Table "${table.table.name}" has no fields; most databases refuse it. Add one.` }],
    ),
  },
  {
    name: 'wide-table',
    severity: 'info',
    description: `Tables have at most ${wideTable} fields.`,
    find: inEachTable((table) =>
      table.fields.size <= wideTable
        ? []
        : [
            {
              path: tablePath(table),
              message: `Table "${table.table.name}" has ${table.fields.size} fields. Move groups that belong together into tables of their own.`,
            },
          ],
    ),
  },
  {
    name: 'float-for-money',
    severity: 'warning',
    description: 'Money is kept in decimals.',
    find: inEachField((field, _table, { typeOf }) =>
      typeOf(field).kind === 'float' && namesMoney(field)
        ? `"${field.name}" looks like money; ${field.type} rounds. Use a decimal such as NUMERIC(12,2).`
        : null,
    ),
  },
  {
    name: 'varchar-without-length',
    severity: 'info',
    description: 'VARCHAR has a length.',
    find: inEachField((field, _table, { typeOf }) => {
      const type = typeOf(field);
      return type.kind === 'varchar' && type.length === undefined
        ? `"${field.name}" is ${field.type} without a length, which MySQL refuses; exports write 255. Give it a length or use text.`
        : null;
    }),
  },
  {
    name: 'timestamp-without-time-zone',
    severity: 'info',
    description: 'Timestamps carry a time zone.',
    find: inEachField((field, _table, { typeOf }) => {
      const type = typeOf(field);
      return type.kind === 'timestamp' && type.zone !== true
        ? `"${field.name}" is ${field.type}, which does not say in which zone. Use timestamp with time zone, or keep UTC by agreement.`
        : null;
    }),
  },
  {
    name: 'unknown-type',
    severity: 'warning',
    description: 'Types are known to at least one database.',
    find: inEachField((field, _table, { typeOf }) => {
      const type = typeOf(field);
      const native =
        type.kind === 'unknown' &&
        postgres.columnType(type, { keyed: false, autoIncrement: false, enumType: undefined }).warning === undefined;
      return type.kind === 'unknown' && !native
        ? `"${field.name}" has the type ${field.type}, which is neither a known SQL type nor an enum of this schema. Correct it or declare the enum.`
        : null;
    }),
  },
  {
    name: 'unusable-default',
    severity: 'warning',
    description: 'Defaults are SQL expressions that the field can hold.',
    find: inEachField((field, _table, { typeOf }) => {
      const text = field.defaultValue?.trim() ?? '';
      const meaning = text === '' || field.autoIncrement === true ? null : readDefault(text, typeOf(field));
      return meaning?.kind === 'rejected'
        ? `The default of "${field.name}" cannot be used: ${meaning.reason}. Exports leave it out.`
        : null;
    }),
  },
  {
    name: 'auto-increment-type',
    severity: 'warning',
    description: 'Auto-increment fields are integers.',
    find: inEachField((field, _table, { typeOf }) =>
      field.autoIncrement === true && typeOf(field).kind !== 'integer'
        ? `"${field.name}" is auto-increment, but ${field.type} is no integer type. Use integer or bigint.`
        : null,
    ),
  },
  {
    name: 'unused-enum',
    severity: 'info',
    description: 'Every enum is the type of a field.',
    find: (structure) => {
      const used = new Set(
        structure.tables
          .flatMap(({ table }) => table.fields.map((field) => structure.typeOf(field)))
          .map((type) => (type.kind === 'array' ? type.element?.name : type.name)),
      );
      const unused = (structure.body.enums ?? []).filter(({ name }) => !used.has(name));
      return unused.map(({ name }) => ({
        path: `enums.${name}`,
        message: `No field has the type of the enum "${name}". Remove it, or give a field its type.`,
      }));
    },
  },
];
