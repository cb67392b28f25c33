/** MySQL 8 (utf8mb4, InnoDB): identifiers, types, literals. */
import type { ColumnType } from '../../types.ts';
import type { Literal } from '../expression.ts';
import {
  clamp,
  decimalText,
  sizeText,
  usableEnumValues,
  type ColumnUse,
  type Dialect,
  type PrintedType,
  type ReferenceSide,
} from './dialect.ts';

const quote = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
const text = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '')}'`;

/** MySQL's collations take letters that differ in case or accents for the same. */
const fold = (name: string): string => name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

const integerNames: Readonly<Record<number, string>> = { 8: 'TINYINT', 16: 'SMALLINT', 24: 'MEDIUMINT', 32: 'INT', 64: 'BIGINT' };

/** 768 characters of utf8mb4 fill InnoDB's 3072-byte keys; a row holds 65,535 bytes. */
const maxVarchar = 16_383;
const keyedLength = 255;

const isTextColumn = (sql: string): boolean => /^(?:TINY|MEDIUM|LONG)?(?:TEXT|BLOB)$/u.test(sql);

function characterType(type: ColumnType, use: ColumnUse): PrintedType {
  const { length } = type;
  if (type.kind === 'char' && (length ?? 1) <= 255) return { sql: `CHAR${sizeText(Math.max(length ?? 1, 1))}` };
  if (length === undefined || length === 0) return { sql: `VARCHAR(${keyedLength})` };
  if (length > 768 && use.keyed) return { sql: 'VARCHAR(768)', warning: 'MySQL keys hold at most 768 characters; VARCHAR(768) is written' };
  return length <= maxVarchar ? { sql: `VARCHAR(${length})` } : { sql: 'LONGTEXT' };
}

function longType(type: ColumnType, use: ColumnUse): PrintedType {
  if (use.keyed) {
    const sql = type.kind === 'binary' ? `VARBINARY(${keyedLength})` : `VARCHAR(${keyedLength})`;
    return { sql, warning: `MySQL cannot use ${type.text} in a key; ${sql} is written instead` };
  }
  const own = type.name.toUpperCase();
  if (isTextColumn(own)) return { sql: own };
  return { sql: type.kind === 'binary' ? 'LONGBLOB' : 'TEXT' };
}

function binaryType(type: ColumnType, use: ColumnUse): PrintedType {
  const { length } = type;
  if (length === undefined || length === 0 || length > 65_000 || (use.keyed && length > 3072)) return longType(type, use);
  return { sql: type.binary === true && length <= 255 ? `BINARY(${length})` : `VARBINARY(${length})` };
}

function timestampType(type: ColumnType): PrintedType {
  const precision = sizeText(clamp(type.precision, 0, 6));
  const own = type.zone === true || /^timestamp(?:\s*\(\d\))?$/iu.test(type.text);
  return { sql: (own ? 'TIMESTAMP' : 'DATETIME') + precision };
}

/** ENUM and SET compare by collation and drop trailing spaces; SET values hold no comma. */
function listType(type: ColumnType, keyword: 'ENUM' | 'SET'): PrintedType {
  const values = type.values ?? [];
  const plain = keyword === 'ENUM' || (values.length <= 64 && !values.some((value) => value.includes(',')));
  if (plain && usableEnumValues(values, (value) => fold(value.trimEnd()))) return { sql: `${keyword}(${values.map(text).join(', ')})` };
  const warning = `MySQL cannot tell the values of this ${keyword} apart; VARCHAR(255) is written instead`;
  return keyword === 'ENUM' && values.length > 0
    ? { sql: 'VARCHAR(255)', check: [...new Set(values)], warning }
    : { sql: 'VARCHAR(255)', warning };
}

const foreign = (sql: string, type: ColumnType): PrintedType => ({
  sql,
  warning: `MySQL has no type ${type.text}; ${sql} is written instead`,
});

function columnType(type: ColumnType, use: ColumnUse): PrintedType {
  switch (type.kind) {
    case 'integer':
      return { sql: (integerNames[type.bits ?? 32] ?? 'INT') + (type.unsigned === true ? ' UNSIGNED' : '') };
    case 'decimal':
      return {
        sql: `DECIMAL${decimalText(type, { precision: 65, scale: 30 }) || '(38,10)'}`,
        ...(type.precision === undefined && { warning: 'MySQL needs a precision; DECIMAL(38,10) is written' }),
      };
    case 'money':
      return { sql: 'DECIMAL(19,4)' };
    case 'float':
      return { sql: type.bits === 32 ? 'FLOAT' : 'DOUBLE' };
    case 'boolean':
      return { sql: 'BOOLEAN' };
    case 'char':
    case 'varchar':
      return characterType(type, use);
    case 'text':
      return longType(type, use);
    case 'binary':
      return binaryType(type, use);
    case 'date':
    case 'year':
      return { sql: type.kind.toUpperCase() };
    case 'time':
      return {
        sql: `TIME${sizeText(clamp(type.precision, 0, 6))}`,
        ...(type.zone === true && { warning: 'MySQL times have no time zone' }),
      };
    case 'timestamp':
      return timestampType(type);
    case 'uuid':
      return { sql: 'CHAR(36)' };
    case 'json':
      return { sql: 'JSON' };
    case 'bit':
      return (type.length ?? 1) <= 64 ? { sql: `BIT(${Math.max(type.length ?? 1, 1)})` } : foreign('VARBINARY(255)', type);
    case 'geometry':
      return { sql: type.name === 'geography' ? 'GEOMETRY' : type.name.toUpperCase() };
    case 'enum':
      return listType(type, 'ENUM');
    case 'set':
      return listType(type, 'SET');
    case 'inet':
    case 'interval':
      return foreign('VARCHAR(64)', type);
    case 'xml':
    case 'tsvector':
      return foreign(use.keyed ? `VARCHAR(${keyedLength})` : 'LONGTEXT', type);
    case 'array':
      return foreign('JSON', type);
    case 'unknown':
      return unknownType(type, use);
  }
}

/** MySQL has no types of its own making: an unknown name would stop the script. */
function unknownType(type: ColumnType, use: ColumnUse): PrintedType {
  const sql = use.keyed ? `VARCHAR(${keyedLength})` : 'TEXT';
  return { sql, warning: `MySQL does not know the type "${type.text}"; ${sql} is written instead` };
}

/** InnoDB wants the same type, and for integers the same size and sign; lengths of strings may differ. */
function canReference(child: ReferenceSide, parent: ReferenceSide): boolean {
  const base = ({ sql }: ReferenceSide): string =>
    /^(?:VAR)?CHAR\(/u.test(sql) ? 'CHAR' : /^(?:VAR)?BINARY\(/u.test(sql) ? 'BINARY' : sql.replace('BOOLEAN', 'TINYINT');
  return base(child) === base(parent);
}

function literal(value: Literal, type: ColumnType, sql: string): string | null {
  if (value.kind === 'null') return 'NULL';
  if (value.kind === 'boolean') return value.value ? 'TRUE' : 'FALSE';
  if (/^TIMESTAMP/u.test(sql) && value.kind === 'string' && !/^(?:19[7-9]\d|20[0-2]\d|203[0-7])-/u.test(value.value)) return null;
  if (type.kind === 'timestamp' && value.kind === 'string' && /[+-]\d\d:?\d*$|Z$/u.test(value.value.slice(10))) return null;
  const printed =
    value.kind === 'number'
      ? value.value
      : value.kind === 'string'
        ? text(value.value)
        : `${value.radix === 2 ? 'b' : 'x'}'${value.value}'`;
  // Only expressions in parentheses may be the default of these types (MySQL 8.0.13).
  return isTextColumn(sql) || sql === 'JSON' || type.kind === 'geometry' ? `(${printed})` : printed;
}

const jsonItem = (item: Literal): unknown => (item.kind === 'null' ? null : item.kind === 'number' ? Number(item.value) : item.value);

/** Arrays become JSON here. */
export const jsonArrayText = (items: readonly Literal[]): string => JSON.stringify(items.map(jsonItem));

function clock(kind: 'now' | 'today' | 'clock' | 'uuid', sql: string): string {
  // The fractional digits of the default must be those of the column.
  if (kind === 'now' && /^(?:TIMESTAMP|DATETIME)/u.test(sql)) return `CURRENT_TIMESTAMP${/\(\d\)/u.exec(sql)?.[0] ?? ''}`;
  return { now: '(CURRENT_TIMESTAMP)', today: '(CURRENT_DATE)', clock: '(CURRENT_TIME)', uuid: '(UUID())' }[kind];
}

/** The identifiers, types and literals of MySQL. */
export const mysql: Dialect = {
  id: 'mysql',
  names: {
    limit: { length: 64, unit: 'characters' },
    fold,
    // Identifiers end without spaces and hold no characters beyond U+FFFF.
    clean: (name) =>
      name
        .replaceAll('\0', '')
        .replace(/[\u{10000}-\u{10ffff}]/gu, '_')
        .replace(/\s+$/u, ''),
    target: 'MySQL',
  },
  scopes: { key: 'table', index: 'table', foreignKey: 'schema' },
  reservedColumns: [],
  maxKeyColumns: 16,
  createsEnums: false,
  quote,
  text,
  columnType,
  notKeyable: (type) => (['json', 'geometry', 'array'].includes(type.kind) ? `MySQL cannot index ${type.text}` : null),
  canReference,
  literal,
  array: (items) => `(${text(jsonArrayText(items))})`,
  clock: (kind, _type, sql) => clock(kind, sql),
  concat: (left, right) => `CONCAT(${left}, ${right})`,
  wrapExpression: (sql) => `(${sql})`,
};

/** Tells whether MySQL wants a prefix length for a column of this printed type in an index. */
export const needsPrefix = isTextColumn;
