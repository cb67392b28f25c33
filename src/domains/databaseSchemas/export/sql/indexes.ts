/** Prints one index, its access method translated or replaced by the usual one. */
import type { SchemaField } from '../../model.ts';
import type { ColumnType } from '../../types.ts';
import type { Dialect } from './dialect.ts';
import { needsPrefix } from './mysql.ts';
import type { PlanIndex, PlanTable } from './plan.ts';

interface PrintedIndex {
  readonly text: string;
  /** What differs from the model; completes "The index x: ". */
  readonly warning?: string;
}

const isText = ({ kind }: ColumnType): boolean => kind === 'char' || kind === 'varchar' || kind === 'text';

/** Types with a GIN operator class of their own. */
const isGin = (type: ColumnType): boolean =>
  type.kind === 'array' || type.kind === 'tsvector' || (type.kind === 'json' && type.binary === true);
const rangeTypes = /^(?:int4|int8|num|ts|tstz|date)(?:multi)?range$/u;
const isGist = (type: ColumnType): boolean => type.kind === 'geometry' || type.kind === 'tsvector' || rangeTypes.test(type.name);
const isBrin = ({ kind }: ColumnType): boolean =>
  ['integer', 'decimal', 'float', 'char', 'varchar', 'text', 'date', 'time', 'timestamp', 'interval', 'uuid', 'binary'].includes(kind);
const isHash = (type: ColumnType): boolean =>
  isBrin(type) || type.kind === 'boolean' || type.kind === 'enum' || (type.kind === 'json' && type.binary === true);

function postgresIndex(index: PlanIndex, types: readonly ColumnType[], dialect: Dialect): PrintedIndex {
  const columns = index.columns.map(dialect.quote).join(', ');
  const print = (method: string, what = columns): string => `USING ${method} (${what})`;
  const plain = { text: `(${columns})` };
  const fitting: Readonly<Record<string, () => boolean>> = {
    gin: () => types.every(isGin),
    gist: () => types.every(isGist),
    spatial: () => types.every(isGist),
    brin: () => types.every(isBrin),
    hash: () => types.length === 1 && types.every(isHash),
  };
  if (index.method === 'fulltext' && types.every(isText)) {
    const document = index.columns.map((name) => `coalesce(${dialect.quote(name)}, '')`).join(` || ' ' || `);
    return { text: print('gin', `to_tsvector('simple'::regconfig, ${document})`) };
  }
  const fits = fitting[index.method];
  if (fits?.() === true) return { text: print(index.method === 'spatial' ? 'gist' : index.method) };
  const known = index.method === 'btree' || index.method === 'index' || index.method === '';
  const refused = types.map((type) => dialect.notKeyable(type)).find((reason) => reason !== null);
  if (refused !== undefined) return { text: '', warning: `it is left out: ${refused}` };
  return known ? plain : { ...plain, warning: `these fields take no ${index.method} index; a btree index is written instead` };
}

function mysqlIndex(index: PlanIndex, types: readonly ColumnType[], table: PlanTable, dialect: Dialect): PrintedIndex {
  const named = (columns: string, keyword: string): string => `${keyword} ${dialect.quote(index.name)} (${columns})`;
  const all = index.columns.map(dialect.quote).join(', ');
  if (index.method === 'fulltext' && types.every(isText)) return { text: named(all, 'FULLTEXT INDEX') };
  const spatial = index.method === 'spatial' && types.length === 1 && types[0]?.kind === 'geometry' && index.fields[0]?.required === true;
  if (spatial) return { text: named(all, 'SPATIAL INDEX') };
  const columns = index.columns.map((name) => {
    const column = table.columns.find((other) => other.name === name);
    return dialect.quote(name) + (needsPrefix(column?.sql ?? '') ? '(191)' : '');
  });
  const usual = ['btree', 'hash', 'index', ''].includes(index.method);
  const refused = types.map((type) => dialect.notKeyable(type)).find((reason) => reason !== null);
  if (refused !== undefined) return { text: '', warning: `it is left out: ${refused}` };
  return {
    text: named(columns.join(', '), 'INDEX'),
    ...(!usual && { warning: `MySQL has no ${index.method} index on these fields; an ordinary one is written` }),
  };
}

/**
 * Returns the index as a statement without `;`, or as a clause of CREATE TABLE for MySQL. The text is empty, with a warning,
 * where the dialect can index the fields in no way.
 */
export function writeIndex(index: PlanIndex, table: PlanTable, dialect: Dialect): PrintedIndex {
  const types = index.fields
    .map((field: SchemaField) => table.columns.find((column) => column.field === field)?.type)
    .filter((type) => type !== undefined);
  if (dialect.id === 'mysql') return mysqlIndex(index, types, table, dialect);
  const head = `CREATE INDEX ${dialect.quote(index.name)} ON ${dialect.quote(table.name)}`;
  if (dialect.id === 'postgres') {
    const { text, warning } = postgresIndex(index, types, dialect);
    return { text: text === '' ? '' : `${head} ${text}`, ...(warning !== undefined && { warning }) };
  }
  const usual = ['btree', 'hash', 'index', ''].includes(index.method);
  const columns = index.columns.map(dialect.quote).join(', ');
  const long =
    dialect.id === 'mssql' &&
    table.columns.some(({ name, sql }) => index.columns.includes(name) && (sql.includes('(MAX)') || sql === 'XML' || /^GEO/u.test(sql)));
  if (long) return { text: '', warning: 'it is left out: SQL Server cannot index columns of this size' };
  return {
    text: `${head} (${columns})`,
    ...(!usual && { warning: `${dialect.names.target} has no ${index.method} index on these fields; an ordinary one is written` }),
  };
}
