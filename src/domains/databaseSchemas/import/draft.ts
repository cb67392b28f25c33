/** The schema while a script is read: tables in the order of the source, found by the dialect's rules for names. */
import type { SchemaEnum } from '../model.ts';
import { schemaLimits } from '../validationChecks.ts';
import { type ImportDialect, SourceError } from './result.ts';
import type { ColumnPlace, ColumnSpec, ConstraintSpec, ForeignKeySpec, KeySpec, QualifiedName, TableSpec } from './specs.ts';
import type { Warnings } from './warnings.ts';

export interface DraftTable {
  name: string;
  schema: string | null;
  offset: number;
  description: string | null;
  columns: ColumnSpec[];
  keys: KeySpec[];
  foreignKeys: ForeignKeySpec[];
}

export interface Draft {
  readonly dialect: ImportDialect;
  readonly warnings: Warnings;
  /** By `tableKey`. */
  readonly tables: Map<string, DraftTable>;
  readonly enums: Map<string, SchemaEnum>;
  /** Keys of tables that were left out on purpose (partitions, temporary tables): what follows about them is silent. */
  readonly ignored: Set<string>;
}

/** Returns a draft without tables. */
export function createDraft(dialect: ImportDialect, warnings: Warnings): Draft {
  return { dialect, warnings, tables: new Map(), enums: new Map(), ignored: new Set() };
}

/** PostgreSQL's parser has folded names already; MySQL on Linux tells tables apart by case; SQLite never does. */
export function tableKey(draft: Draft, name: string): string {
  return draft.dialect === 'sqlite' ? name.toLowerCase() : name;
}

/** True for two spellings of one column: only PostgreSQL tells columns apart by case. */
export function sameName(draft: Draft, a: string, b: string): boolean {
  return a === b || (draft.dialect !== 'postgres' && a.toLowerCase() === b.toLowerCase());
}

/** Returns the table of that name, or undefined. A MySQL name in another case is accepted, as servers on Windows and macOS do. */
export function findTable(draft: Draft, name: string): DraftTable | undefined {
  const table = draft.tables.get(tableKey(draft, name));
  if (table || draft.dialect !== 'mysql') return table;
  const lower = name.toLowerCase();
  for (const candidate of draft.tables.values()) if (candidate.name.toLowerCase() === lower) return candidate;
  return undefined;
}

/** Returns the column of that name, or undefined. */
export function findColumn(draft: Draft, table: DraftTable, name: string): ColumnSpec | undefined {
  return table.columns.find((column) => sameName(draft, column.name, name));
}

/** Returns the table that a statement changes, or undefined after a warning; silent for tables that were left out. */
export function requireTable(draft: Draft, { name, offset }: QualifiedName): DraftTable | undefined {
  const table = findTable(draft, name);
  if (!table && !draft.ignored.has(tableKey(draft, name))) {
    const message = (count: number) =>
      `The source does not create the table "${name}"; what it says about it (${count === 1 ? 'one statement' : `${count} statements`}) was dropped.`;
    draft.warnings.count({ code: 'UNKNOWN_TABLE', construct: 'Table', group: name, message, offset });
  }
  return table;
}

/** Returns the column that a statement changes, or undefined after a warning. */
export function requireColumn(draft: Draft, table: DraftTable, { name, offset }: { name: string; offset: number }): ColumnSpec | undefined {
  const column = findColumn(draft, table, name);
  if (!column) {
    const message = `The table "${table.name}" has no column "${name}"; the change of it was dropped.`;
    draft.warnings.add({ code: 'UNKNOWN_COLUMN', construct: 'Column', message, offset });
  }
  return column;
}

/** A body over the limits is refused by every write; here the place is known, and no table grows so large that look-ups in it are slow. */
function refuseOver(most: number, { count, what, offset }: { count: number; what: string; offset: number }): void {
  if (count >= most) throw new SourceError(`${what}, more than the ${most} that one schema may hold. Import it in parts.`, offset);
}

/** Adds a column. Throws a SourceError where the table has one of that name. */
export function addColumn(draft: Draft, table: DraftTable, { column, place }: { column: ColumnSpec; place: ColumnPlace }): void {
  if (findColumn(draft, table, column.name)) {
    throw new SourceError(`The table "${table.name}" has two columns named "${column.name}".`, column.offset);
  }
  const what = `The table "${table.name}" has ${table.columns.length + 1} columns`;
  refuseOver(schemaLimits.fieldsPerTable, { count: table.columns.length, what, offset: column.offset });
  table.columns.splice(placeIndex(draft, table, place), 0, column);
}

function placeIndex(draft: Draft, table: DraftTable, place: ColumnPlace): number {
  if (place === 'first') return 0;
  const index = place ? table.columns.findIndex(({ name }) => sameName(draft, name, place.after)) : -1;
  return index < 0 ? table.columns.length : index + 1;
}

/** Adds a key or foreign key. Throws a SourceError for a second primary key; an index of a known name is dropped with a warning. */
export function addConstraint(draft: Draft, table: DraftTable, constraint: ConstraintSpec): void {
  if (constraint.kind === 'foreign') {
    table.foreignKeys.push(constraint);
    return;
  }
  if (constraint.type === 'primary' && table.keys.some(({ type }) => type === 'primary')) {
    throw new SourceError(`The table "${table.name}" has two primary keys.`, constraint.offset);
  }
  if (constraint.name !== null && table.keys.some(({ name }) => name === constraint.name)) {
    const message = `The table "${table.name}" already has an index named "${constraint.name}"; this one was dropped.`;
    draft.warnings.add({ code: 'DUPLICATE_INDEX', construct: 'Index', message, offset: constraint.offset });
    return;
  }
  const what = `The table "${table.name}" has ${table.keys.length + 1} indexes`;
  refuseOver(schemaLimits.indexesPerTable, { count: table.keys.length, what, offset: constraint.offset });
  table.keys.push(constraint);
}

/** Names the schema that a table loses: the model has one name space. `public`, `main` and MySQL's database say nothing. */
function warnOfQualifier({ warnings, dialect }: Draft, { schema, offset }: QualifiedName): void {
  if (schema === null || (dialect === 'postgres' && schema === 'public') || (dialect === 'sqlite' && schema === 'main')) return;
  const construct = dialect === 'mysql' ? 'Database qualifier' : 'Schema qualifier';
  const message = (count: number) =>
    `The qualifier "${schema}." of ${count === 1 ? 'one table' : `${count} tables`} was dropped; tables keep their bare names.`;
  warnings.count({ code: 'SCHEMA_QUALIFIER', construct, group: schema, message, offset });
}

function refuseTwice({ schema, name, offset }: QualifiedName, known: DraftTable): never {
  if (schema === known.schema) throw new SourceError(`The table "${name}" is created twice.`, offset);
  const full = (qualifier: string | null) => (qualifier === null ? `"${name}"` : `"${qualifier}.${name}"`);
  const message = `The tables ${full(known.schema)} and ${full(schema)} have the same name without their schema, and a schema here has one name space: rename one, or import them apart.`;
  throw new SourceError(message, offset);
}

/** Adds a table with its columns and keys. Throws a SourceError where a table or column of that name is there. */
export function createTable(draft: Draft, spec: TableSpec): void {
  const known = draft.tables.get(tableKey(draft, spec.table.name));
  if (known && spec.ifNotExists && known.schema === spec.table.schema) {
    const message = `The table "${known.name}" is created twice; the second, IF NOT EXISTS, was dropped.`;
    draft.warnings.add({ code: 'DUPLICATE_TABLE', construct: 'Table', message, offset: spec.table.offset });
    return;
  }
  if (known) refuseTwice(spec.table, known);
  const what = `The source creates ${draft.tables.size + 1} tables`;
  refuseOver(schemaLimits.tables, { count: draft.tables.size, what, offset: spec.table.offset });
  warnOfQualifier(draft, spec.table);
  const { name, schema, offset } = spec.table;
  const table: DraftTable = { name, schema, offset, description: spec.description, columns: [], keys: [], foreignKeys: [] };
  for (const copy of spec.copies) copyColumns(draft, table, copy);
  for (const column of spec.columns) addOrMerge(draft, table, column);
  for (const constraint of spec.constraints) addConstraint(draft, table, constraint);
  draft.tables.set(tableKey(draft, name), table);
  draft.ignored.delete(tableKey(draft, name));
}

function copyColumns(draft: Draft, table: DraftTable, { table: from, keys, defaults }: TableSpec['copies'][number]): void {
  const origin = requireTable(draft, from);
  if (!origin) return;
  for (const column of origin.columns) {
    if (findColumn(draft, table, column.name)) continue;
    table.columns.push({ ...column, ...(defaults ? {} : { defaultValue: null, autoIncrement: false }) });
  }
  if (keys) table.keys.push(...origin.keys.map((key) => ({ ...key, name: null, columns: [...key.columns] })));
}

/** A column that repeats an inherited one replaces it; any other repetition is an error. */
function addOrMerge(draft: Draft, table: DraftTable, column: ColumnSpec): void {
  const index = table.columns.findIndex((known) => known.name === column.name && known.offset < table.offset);
  if (index >= 0) table.columns[index] = column;
  else addColumn(draft, table, { column, place: null });
}

/** Removes a table, as DROP TABLE does; foreign keys to it become unknown targets. Returns whether it was there. */
export function dropTable(draft: Draft, name: string): boolean {
  const table = findTable(draft, name);
  return table !== undefined && draft.tables.delete(tableKey(draft, table.name));
}
