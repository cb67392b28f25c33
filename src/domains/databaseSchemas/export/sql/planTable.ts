/** Plans one table: names, column types and defaults, keys and indexes. */
import type { SchemaField, SchemaIndex } from '../../model.ts';
import type { ColumnType } from '../../types.ts';
import { Namespace } from '../names.ts';
import type { TableStructure } from '../structure.ts';
import { printDefault } from './defaultSql.ts';
import type { PlanColumn, PlanContext, PlanIndex, PlanKey, PlanTable } from './plan.ts';

/** Everything that is known about the table while it is planned. */
interface TableContext extends PlanContext {
  readonly table: TableStructure;
  readonly tableName: string;
  /** Target names of the columns by field name. */
  readonly columnNames: ReadonlyMap<string, string>;
  /** Names of keys and indexes of this table alone. */
  readonly ownNames: Namespace;
}

const where = (context: TableContext, field: string): string => `${context.table.table.name}.${field}`;

/** Returns why the columns cannot form a key or index, or null. */
function whyNotKey(columns: readonly string[], context: TableContext): string | null {
  if (columns.length > context.dialect.maxKeyColumns)
    return `${context.dialect.names.target} allows ${context.dialect.maxKeyColumns} columns`;
  for (const name of columns) {
    const field = context.table.fields.get(name);
    const reason = field ? context.dialect.notKeyable(context.structure.typeOf(field)) : `there is no field "${name}"`;
    if (reason !== null) return reason;
  }
  return null;
}

function keyName(wanted: { own: string | undefined; automatic: string; kind: 'key' | 'index' }, context: TableContext): string {
  const { dialect, relations, ownNames, tableName, warnings } = context;
  const names = dialect.scopes[wanted.kind] === 'schema' ? relations : ownNames;
  // A key makes an index of its name, which no index of the same table may have.
  const allocate = (text: string): string => {
    const given = names.allocate(text);
    ownNames.reserve(given);
    return given;
  };
  if (wanted.own === undefined || wanted.own === '' || wanted.own.toUpperCase() === 'PRIMARY') return allocate(wanted.automatic);
  const own = names.has(wanted.own) ? `${tableName}_${wanted.own}` : wanted.own;
  const name = allocate(own);
  if (name !== wanted.own) {
    warnings.add(
      'NAME_CHANGED',
      wanted.kind,
      `The ${wanted.kind} "${wanted.own}" of the table "${context.table.table.name}" is written as "${name}": ${dialect.names.target} does not allow this name, or has it already.`,
    );
  }
  return name;
}

interface WantedKey {
  readonly name: string | undefined;
  readonly columns: readonly string[];
  readonly suffix: string;
  readonly kind: 'key' | 'index';
  /** What it is, for messages. */
  readonly construct: string;
}

function planKey(wanted: WantedKey, context: TableContext): PlanKey | undefined {
  const reason = whyNotKey(wanted.columns, context);
  if (reason !== null) {
    context.warnings.add(
      'KEY_DROPPED',
      wanted.construct,
      `The ${wanted.construct} of "${context.table.table.name}" on ${wanted.columns.join(', ')} is left out: ${reason}.`,
    );
    return undefined;
  }
  const columns = wanted.columns.map((name) => context.columnNames.get(name) ?? name);
  const middle = wanted.suffix === 'pkey' ? '' : `_${columns.join('_')}`;
  return {
    name: keyName({ own: wanted.name, automatic: `${context.tableName}${middle}_${wanted.suffix}`, kind: wanted.kind }, context),
    columns,
  };
}

function planIndex(index: SchemaIndex, context: TableContext): PlanIndex | undefined {
  const fields = index.fields.map((name) => context.table.fields.get(name)).filter((field) => field !== undefined);
  const special = ['gin', 'gist', 'brin', 'fulltext', 'spatial'].includes(index.type);
  if (special) {
    const key: PlanKey = {
      name: keyName({ own: index.name, automatic: `${context.tableName}_${index.fields.join('_')}_idx`, kind: 'index' }, context),
      columns: index.fields.map((name) => context.columnNames.get(name) ?? name),
    };
    return { ...key, method: index.type, fields };
  }
  const key = planKey({ name: index.name, columns: index.fields, suffix: 'idx', kind: 'index', construct: 'index' }, context);
  return key && { ...key, method: index.type, fields };
}

/** Returns why the database cannot number this column by itself, or null where it can. */
function whyNotNumbered(field: SchemaField, type: ColumnType, context: TableContext): string | null {
  const { dialect, table } = context;
  if (type.kind !== 'integer') return `${type.text} is no integer type`;
  const numbered = table.table.fields.filter((other) => other.autoIncrement === true || context.structure.typeOf(other).serial === true);
  const only = dialect.id === 'postgres' || numbered[0] === field;
  if (!only) return `${dialect.names.target} allows one such column in a table`;
  const isPrimary = table.primaryKey.length === 1 && table.primaryKey[0] === field.name;
  if (dialect.id === 'sqlite' && !isPrimary) return 'SQLite numbers only a primary key of one INTEGER column';
  const leads =
    table.primaryKey[0] === field.name ||
    [...table.uniques.map(({ columns }) => columns), ...table.indexes.map(({ fields }) => fields)].some(([first]) => first === field.name);
  return dialect.id === 'mysql' && !leads ? 'MySQL numbers only a column that leads a key or index' : null;
}

function isNumbered(field: SchemaField, type: ColumnType, context: TableContext): boolean {
  if (field.autoIncrement !== true && type.serial !== true) return false;
  const reason = whyNotNumbered(field, type, context);
  if (reason !== null)
    context.warnings.add(
      'AUTO_INCREMENT_DROPPED',
      'auto-increment',
      `${where(context, field.name)} is not numbered by the database: ${reason}.`,
    );
  return reason === null;
}

function planColumn(field: SchemaField, context: TableContext): PlanColumn {
  const { dialect, table, warnings, structure } = context;
  const type = structure.typeOf(field);
  const name = context.columnNames.get(field.name) ?? field.name;
  const autoIncrement = isNumbered(field, type, context);
  const inKey = table.primaryKey.includes(field.name) || table.uniques.some(({ columns }) => columns.includes(field.name));
  const keyed = inKey || context.referenced.get(table)?.has(field.name) === true;
  const printed = dialect.columnType(type, { keyed, autoIncrement, enumType: context.enumType(type, context.tableName, name) });
  const label = where(context, field.name);
  if (printed.warning !== undefined) warnings.add('TYPE_CHANGED', 'type', `${label}: ${printed.warning}.`);
  if (type.ignored !== undefined) warnings.add('TYPE_CHANGED', 'type', `${label}: "${type.ignored}" is no part of a type and is left out.`);
  const text = field.defaultValue?.trim() ?? '';
  const defaultSql =
    text === '' || autoIncrement ? undefined : printDefault({ text, type, sql: printed.sql, where: label, dialect }, warnings);
  const notNull = field.required || autoIncrement || table.primaryKey.includes(field.name);
  const contradicts = notNull && defaultSql === 'NULL';
  return {
    field,
    name,
    type,
    sql: printed.sql,
    notNull,
    autoIncrement,
    defaultSql: contradicts ? undefined : defaultSql,
    check: printed.check,
  };
}

/** Gives each CHECK the name that PostgreSQL and MySQL would be asked to drop it by; it is unique among the checks of the schema (MySQL) or the names of the table. */
function nameChecks(columns: readonly PlanColumn[], { dialect, relations, ownNames, tableName }: TableContext): PlanColumn[] {
  if (dialect.id !== 'postgres' && dialect.id !== 'mysql') return [...columns];
  const names = dialect.id === 'mysql' ? relations : ownNames;
  return columns.map((column) => (column.check ? { ...column, checkName: names.allocate(`${tableName}_${column.name}_check`) } : column));
}

/** Returns the plan of one table, its foreign keys still missing. */
export function planTable(table: TableStructure, context: PlanContext): PlanTable {
  const { dialect, warnings } = context;
  const tableName = context.tableNames.get(table) ?? table.table.name;
  const columnSpace = new Namespace(dialect.names, dialect.reservedColumns);
  const columnNames = new Map(
    [...table.fields.keys()].map((name) => [name, columnSpace.allocateNamed(name, `column of "${table.table.name}"`, warnings)]),
  );
  const own: TableContext = { ...context, table, tableName, columnNames, ownNames: new Namespace(dialect.names) };
  const columns = [...table.fields.values()].map((field) => planColumn(field, own));
  const { primaryKey: primary } = table;
  const primaryKey =
    primary.length === 0
      ? undefined
      : planKey({ name: table.primaryIndex?.name, columns: primary, suffix: 'pkey', kind: 'key', construct: 'primary key' }, own);
  const uniques = table.uniques.map(({ name, columns: fields }) =>
    planKey({ name, columns: fields, suffix: 'key', kind: 'key', construct: 'unique key' }, own),
  );
  const indexes = table.indexes.map((index) => planIndex(index, own));
  const isPlanned = <T>(value: T | undefined): value is T => value !== undefined;
  return {
    structure: table,
    name: tableName,
    columns: nameChecks(columns, own),
    primaryKey,
    uniques: uniques.filter(isPlanned),
    indexes: indexes.filter(isPlanned),
    foreignKeys: [],
    referencedKeys: new Set(),
    skipped: [],
  };
}
