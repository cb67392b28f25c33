/** SQL Server (2016 and later): identifiers, types, literals. */
import type { ColumnType } from '../../types.ts';
import type { Literal } from '../expression.ts';
import { clamp, decimalText, sizeText, type ColumnUse, type Dialect, type PrintedType } from './dialect.ts';
import { jsonArrayText } from './mysql.ts';

const quote = (name: string): string => `[${name.replaceAll(']', ']]')}]`;
const text = (value: string): string => `N'${value.replaceAll("'", "''")}'`;

/** A key holds 900 bytes in a clustered index: 450 characters of NVARCHAR. */
const keyedLength = 450;

function characterType(type: ColumnType, use: ColumnUse): PrintedType {
  const { length } = type;
  const name = type.kind === 'char' ? 'NCHAR' : 'NVARCHAR';
  if (type.kind === 'char' && (length ?? 1) <= 4000) return { sql: `${name}(${Math.max(length ?? 1, 1)})` };
  if (use.keyed && (length ?? 0) > keyedLength)
    return { sql: `NVARCHAR(${keyedLength})`, warning: `SQL Server keys hold at most ${keyedLength} characters` };
  if (length === undefined || length === 0) return { sql: 'NVARCHAR(255)' };
  return { sql: length <= 4000 ? `NVARCHAR(${length})` : 'NVARCHAR(MAX)' };
}

function longText(type: ColumnType, use: ColumnUse): PrintedType {
  if (!use.keyed) return { sql: 'NVARCHAR(MAX)' };
  return {
    sql: `NVARCHAR(${keyedLength})`,
    warning: `SQL Server cannot use ${type.text} in a key; NVARCHAR(${keyedLength}) is written instead`,
  };
}

function binaryType(type: ColumnType, use: ColumnUse): PrintedType {
  const { length } = type;
  if (length !== undefined && length > 0 && length <= (use.keyed ? 900 : 8000))
    return { sql: `${type.binary === true ? 'BINARY' : 'VARBINARY'}(${length})` };
  return { sql: use.keyed ? 'VARBINARY(900)' : 'VARBINARY(MAX)' };
}

function integerType(type: ColumnType, use: ColumnUse): PrintedType {
  const { bits = 32, unsigned = false } = type;
  if (bits === 8 && unsigned) return { sql: 'TINYINT' };
  const needed = bits + (unsigned ? 1 : 0);
  if (needed <= 16) return { sql: 'SMALLINT' };
  if (needed <= 32) return { sql: 'INT' };
  return { sql: needed <= 64 || use.autoIncrement ? 'BIGINT' : 'DECIMAL(20,0)' };
}

function enumType(type: ColumnType): PrintedType {
  const values = [...new Set(type.values)];
  const longest = Math.max(1, ...values.map((value) => value.length));
  const sql = longest <= keyedLength ? `NVARCHAR(${Math.max(longest, 50)})` : 'NVARCHAR(MAX)';
  return values.length > 0 ? { sql, check: values } : { sql };
}

function columnType(type: ColumnType, use: ColumnUse): PrintedType {
  switch (type.kind) {
    case 'integer':
      return integerType(type, use);
    case 'decimal':
      return { sql: `DECIMAL${decimalText(type, { precision: 38, scale: 38 }) || '(38,10)'}` };
    case 'money':
    case 'date':
      return { sql: type.kind.toUpperCase() };
    case 'float':
      return { sql: type.bits === 32 ? 'REAL' : 'FLOAT' };
    case 'boolean':
      return { sql: 'BIT' };
    case 'char':
    case 'varchar':
      return characterType(type, use);
    case 'text':
      return longText(type, use);
    case 'json':
      return { ...longText(type, use), sql: use.keyed ? `NVARCHAR(${keyedLength})` : 'NVARCHAR(MAX)' };
    case 'binary':
      return binaryType(type, use);
    case 'time':
      return { sql: `TIME${sizeText(clamp(type.precision, 0, 7))}` };
    case 'timestamp':
      return { sql: (type.zone === true ? 'DATETIMEOFFSET' : 'DATETIME2') + sizeText(clamp(type.precision, 0, 7)) };
    case 'year':
      return { sql: 'SMALLINT' };
    case 'uuid':
      return { sql: 'UNIQUEIDENTIFIER' };
    case 'xml':
      return { sql: 'XML' };
    case 'enum':
      return enumType(type);
    case 'geometry':
      return { sql: type.name === 'geography' ? 'GEOGRAPHY' : 'GEOMETRY' };
    case 'unknown':
      return unknownType(type, use);
    default: {
      const sql = type.kind === 'array' || type.kind === 'tsvector' ? longText(type, use).sql : 'NVARCHAR(255)';
      return { sql, warning: `SQL Server has no type ${type.text}; ${sql} is written instead` };
    }
  }
}

const native = new Set(['rowversion', 'sql_variant', 'hierarchyid']);

function unknownType(type: ColumnType, use: ColumnUse): PrintedType {
  if (native.has(type.name)) return { sql: type.name.toUpperCase() };
  const { sql } = longText(type, use);
  return { sql, warning: `SQL Server does not know the type "${type.text}"; ${sql} is written instead` };
}

function literal(value: Literal): string | null {
  switch (value.kind) {
    case 'null':
      return 'NULL';
    case 'boolean':
      return value.value ? '1' : '0';
    case 'number':
      return value.value;
    case 'string':
      return text(value.value);
    case 'digits':
      return value.radix === 16 ? `0x${value.value}` : text(value.value);
  }
}

function clock(kind: 'now' | 'today' | 'clock' | 'uuid', sql: string): string {
  if (kind === 'uuid') return 'NEWID()';
  if (kind === 'now') return sql.startsWith('DATETIMEOFFSET') ? 'SYSDATETIMEOFFSET()' : 'SYSUTCDATETIME()';
  return `CAST(SYSUTCDATETIME() AS ${kind === 'today' ? 'DATE' : 'TIME'})`;
}

/** The identifiers, types and literals of SQL Server. */
export const mssql: Dialect = {
  id: 'mssql',
  names: {
    limit: { length: 128, unit: 'characters' },
    fold: (name) => name.toLowerCase().trimEnd(),
    clean: (name) => name.replaceAll('\0', ''),
    target: 'SQL Server',
  },
  scopes: { key: 'schema', index: 'table', foreignKey: 'schema' },
  reservedColumns: [],
  maxKeyColumns: 32,
  createsEnums: false,
  quote,
  text,
  columnType,
  notKeyable: (type) => (type.kind === 'xml' || type.kind === 'geometry' ? `SQL Server cannot index ${type.text} so` : null),
  // SQL Server wants the same type, length and scale included.
  canReference: (child, parent) => child.sql === parent.sql,
  literal,
  array: (items) => text(jsonArrayText(items)),
  clock: (kind, _type, sql) => clock(kind, sql),
  concat: (left, right) => `(${left} + ${right})`,
  wrapExpression: (sql) => sql,
};
