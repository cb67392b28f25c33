/** SQLite 3: identifiers, types (chosen for the right affinity), literals. */
import type { ColumnType } from '../../types.ts';
import type { Literal } from '../expression.ts';
import { decimalText, sizeText, verbatimType, type Dialect, type PrintedType } from './dialect.ts';
import { jsonArrayText } from './mysql.ts';

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

const plain: Partial<Record<ColumnType['kind'], string>> = {
  integer: 'INTEGER',
  year: 'INTEGER',
  money: 'NUMERIC(19,4)',
  float: 'REAL',
  boolean: 'BOOLEAN',
  text: 'TEXT',
  binary: 'BLOB',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'DATETIME',
  uuid: 'TEXT',
  json: 'TEXT',
  xml: 'TEXT',
  inet: 'TEXT',
  bit: 'TEXT',
};

function columnType(type: ColumnType): PrintedType {
  const known = plain[type.kind];
  if (known !== undefined) return { sql: known };
  switch (type.kind) {
    case 'decimal':
      return { sql: `NUMERIC${decimalText(type, { precision: 1000, scale: 1000 })}` };
    case 'char':
      return { sql: `CHAR(${type.length ?? 1})` };
    case 'varchar':
      return { sql: type.length === undefined ? 'TEXT' : `VARCHAR${sizeText(type.length)}` };
    case 'enum':
      return type.values?.length ? { sql: 'TEXT', check: [...new Set(type.values)] } : { sql: 'TEXT' };
    case 'unknown': {
      const sql = verbatimType(type, quote);
      const warning = `SQLite does not know the type "${type.text}"; values keep their own type`;
      // A word like CHECK is no type name; in quotes every word is.
      return sql === null ? { sql: 'TEXT', warning } : { sql: sql.replace(/^[a-z0-9_]+/u, quote), warning };
    }
    case 'array':
      return { sql: 'TEXT', warning: 'SQLite has no arrays; keep a JSON array in this TEXT column' };
    default:
      return { sql: 'TEXT', warning: `SQLite has no type ${type.text}; TEXT is written instead` };
  }
}

function literal(value: Literal): string | null {
  switch (value.kind) {
    case 'null':
      return 'NULL';
    // TRUE and FALSE are words of SQLite 3.23; numbers work everywhere.
    case 'boolean':
      return value.value ? '1' : '0';
    case 'number':
      return value.value;
    case 'string':
      return text(value.value);
    case 'digits':
      return value.radix === 16 ? `X'${value.value}'` : text(value.value);
  }
}

/** A random version 4 UUID of built-in functions. */
const randomUuid =
  "(lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))";

/** The identifiers, types and literals of SQLite. */
export const sqlite: Dialect = {
  id: 'sqlite',
  names: {
    fold: (name) => name.replace(/[A-Z]/gu, (letter) => letter.toLowerCase()),
    clean: (name) => name.replaceAll('\0', '').replace(/^sqlite_/iu, '_$&'),
    target: 'SQLite',
  },
  scopes: { key: 'table', index: 'schema', foreignKey: 'table' },
  reservedColumns: [],
  maxKeyColumns: 2000,
  createsEnums: false,
  quote,
  text,
  columnType,
  notKeyable: () => null,
  canReference: () => true,
  literal,
  array: (items) => text(jsonArrayText(items)),
  clock: (kind) => ({ now: 'CURRENT_TIMESTAMP', today: 'CURRENT_DATE', clock: 'CURRENT_TIME', uuid: randomUuid })[kind],
  concat: (left, right) => `(${left} || ${right})`,
  wrapExpression: (sql) => `(${sql})`,
};
