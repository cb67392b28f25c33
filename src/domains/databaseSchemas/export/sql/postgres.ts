/** PostgreSQL (12 and later): identifiers, types, literals. */
import type { ColumnType } from '../../types.ts';
import type { Literal } from '../expression.ts';
import {
  clamp,
  decimalText,
  sizeText,
  usableEnumValues,
  verbatimType,
  type ColumnUse,
  type Dialect,
  type PrintedType,
  type ReferenceSide,
} from './dialect.ts';

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A backslash is plain only under standard_conforming_strings; E'' means the same under both settings. */
function text(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** Built-in types that need no translation. */
const native = new Set(
  'int4range int8range numrange tsrange tstzrange daterange int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange tsquery oid regclass regtype regproc pg_lsn jsonpath path box circle line lseg txid_snapshot'.split(
    ' ',
  ),
);
/** Of these, the ones without a btree operator class. */
const unordered = new Set('jsonpath path box circle line lseg point polygon txid_snapshot'.split(' '));

function integerType(type: ColumnType, use: ColumnUse): PrintedType {
  const needed = (type.bits ?? 32) + (type.unsigned === true ? 1 : 0);
  if (needed <= 16) return { sql: 'smallint' };
  if (needed <= 32) return { sql: 'integer' };
  if (needed <= 64 || use.autoIncrement) return { sql: 'bigint' };
  return { sql: 'numeric(20)', warning: 'PostgreSQL has no unsigned integers; numeric(20) holds all values' };
}

function enumType(type: ColumnType, use: ColumnUse): PrintedType {
  if (use.enumType !== undefined) return { sql: use.enumType };
  const values = [...new Set(type.values)];
  return values.length > 0 ? { sql: 'text', check: values } : { sql: 'text', warning: 'an enum without values becomes text' };
}

function unknownType(type: ColumnType): PrintedType {
  if (native.has(type.name) && type.args === undefined) return { sql: type.name };
  const sql = verbatimType(type, quote);
  if (sql === null) return { sql: 'text', warning: `"${type.text}" is no type that PostgreSQL could know; text is written instead` };
  return { sql, warning: `PostgreSQL has no type "${type.text}" of its own; create it or its extension first` };
}

function geometryType(type: ColumnType): PrintedType {
  if (type.name === 'point' || type.name === 'polygon') return { sql: type.name };
  const sql = type.name === 'geography' ? 'geography' : 'geometry';
  return { sql, warning: 'geometry types need the PostGIS extension (CREATE EXTENSION postgis)' };
}

function timeType(type: ColumnType): PrintedType {
  const zone = type.zone === true ? ' with time zone' : '';
  return { sql: `${type.kind}${sizeText(clamp(type.precision, 0, 6))}${zone}` };
}

function characterType(type: ColumnType): PrintedType {
  if (type.name === 'citext') return { sql: 'citext', warning: 'citext needs its extension (CREATE EXTENSION citext)' };
  const name = type.kind === 'char' ? 'char' : 'varchar';
  return { sql: name + sizeText(type.length === 0 ? undefined : clamp(type.length, 1, 10_485_760)) };
}

function columnType(type: ColumnType, use: ColumnUse): PrintedType {
  switch (type.kind) {
    case 'integer':
      return integerType(type, use);
    case 'decimal':
      return { sql: `numeric${decimalText(type, { precision: 1000, scale: 1000 })}` };
    case 'money':
      return { sql: 'numeric(19,4)' };
    case 'float':
      return { sql: type.bits === 32 ? 'real' : 'double precision' };
    case 'char':
    case 'varchar':
      return characterType(type);
    case 'set':
      return { sql: 'text', warning: 'PostgreSQL has no SET type; text is written instead' };
    case 'binary':
      return { sql: 'bytea' };
    case 'time':
    case 'timestamp':
      return timeType(type);
    case 'year':
      return { sql: 'smallint' };
    case 'json':
      return { sql: type.binary === true ? 'jsonb' : 'json' };
    case 'inet':
      return { sql: type.name };
    case 'bit':
      return { sql: (/var/u.test(type.name) ? 'bit varying' : 'bit') + sizeText(clamp(type.length, 1, 83_886_080)) };
    case 'geometry':
      return geometryType(type);
    case 'enum':
      return enumType(type, use);
    case 'array':
      return arrayType(type, use);
    case 'unknown':
      return unknownType(type);
    default:
      return { sql: type.kind };
  }
}

function arrayType(type: ColumnType, use: ColumnUse): PrintedType {
  const { check, ...element } = type.element
    ? columnType(type.element, { ...use, autoIncrement: false })
    : { sql: 'text', check: undefined };
  const warning = check ? { warning: 'the values of the enum are not checked inside the array' } : {};
  return { ...element, ...warning, sql: `${element.sql}[]` };
}

function notKeyable(type: ColumnType): string | null {
  if (type.kind === 'array' && type.element) return notKeyable(type.element);
  const json = type.kind === 'json' && type.binary !== true;
  if (json) return 'PostgreSQL cannot compare json (jsonb can be)';
  return type.kind === 'xml' || type.kind === 'geometry' || unordered.has(type.name)
    ? `PostgreSQL cannot order values of type ${type.name}`
    : null;
}

const families: readonly (readonly string[])[] = [
  ['integer', 'year'],
  ['char', 'varchar', 'text', 'set'],
  ['date', 'timestamp'],
];

const family = (type: ColumnType): string => families.find((kinds) => kinds.includes(type.kind))?.[0] ?? type.kind;

const numericRank: Readonly<Record<string, number>> = { integer: 1, year: 1, decimal: 2, money: 2, float: 3 };

/** PostgreSQL wants an equality operator between both types, or an implicit cast from the child's to the parent's. */
function canReference(child: ReferenceSide, parent: ReferenceSide): boolean {
  if (child.sql === parent.sql) return true;
  const isText = ({ sql }: ReferenceSide): boolean => /^(?:text|citext|varchar|char)\b(?!.*\[)/u.test(sql);
  if (isText(child) && isText(parent)) return true;
  const [from, to] = [rank(child), rank(parent)];
  if (from !== undefined && to !== undefined) return from <= to;
  const kinds = [child.type.kind, parent.type.kind];
  // A time gains a zone by itself, but never loses one.
  if (child.type.kind === 'time' && parent.type.kind === 'time') return child.type.zone !== true || parent.type.zone === true;
  if (kinds.includes('enum') || kinds.includes('array') || kinds.includes('unknown')) return false;
  return family(child.type) === family(parent.type) && child.type.kind !== 'inet' && child.type.kind !== 'json';
}

/** How far up the implicit casts a numeric column stands; an unsigned 64-bit integer is a numeric there. */
function rank({ type, sql }: ReferenceSide): number | undefined {
  return sql.startsWith('numeric') ? 2 : numericRank[type.kind];
}

function literal(value: Literal, type: ColumnType, sql: string): string | null {
  switch (value.kind) {
    case 'null':
      return 'NULL';
    case 'boolean':
      return String(value.value);
    case 'number':
      return type.kind === 'unknown' ? text(value.value) : value.value;
    case 'string':
      return text(value.value);
    case 'digits':
      if (value.radix === 2) return `B'${value.value}'`;
      return sql === 'bytea' ? `'\\x${value.value}'::bytea` : `X'${value.value}'`;
  }
}

/** The identifiers, types and literals of PostgreSQL. */
export const postgres: Dialect = {
  id: 'postgres',
  names: { limit: { length: 63, unit: 'bytes' }, fold: (name) => name, clean: (name) => name.replaceAll('\0', ''), target: 'PostgreSQL' },
  scopes: { key: 'schema', index: 'schema', foreignKey: 'table' },
  reservedColumns: ['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid'],
  maxKeyColumns: 32,
  createsEnums: true,
  quote,
  text,
  columnType,
  notKeyable,
  canReference,
  literal,
  array: (items, type, sql) => {
    const element = type.element ?? type;
    return items.length === 0 ? "'{}'" : `ARRAY[${items.map((item) => literal(item, element, '') ?? 'NULL').join(', ')}]::${sql}`;
  },
  clock: (kind, type) => {
    if (kind === 'now') return 'now()';
    if (kind === 'uuid') return 'gen_random_uuid()';
    if (kind === 'today') return 'CURRENT_DATE';
    return type.kind === 'time' && type.zone !== true ? 'LOCALTIME' : 'CURRENT_TIME';
  },
  concat: (left, right) => `(${left} || ${right})`,
  wrapExpression: (sql) => sql,
};

/** Tells whether PostgreSQL takes the values as an enum type: some, none twice, none over 63 bytes. */
export function isPostgresEnum(values: readonly string[] | undefined): boolean {
  const encoder = new TextEncoder();
  return usableEnumValues(values, (value) => value) && (values ?? []).every((value) => encoder.encode(value).length <= 63);
}
