/** ALTER TABLE, COMMENT ON and RENAME applied to the draft. */
import { addColumn, addConstraint, type Draft, type DraftTable, requireColumn, sameName, tableKey } from './draft.ts';
import { SourceError } from './result.ts';
import type { ChangeOf, ColumnSpec, KeySpec, TableChange } from './specs.ts';

/** Replaces a column name in a list of columns. */
function renameIn(draft: Draft, columns: string[], { from, to }: { from: string; to: string }): string[] {
  return columns.map((column) => (sameName(draft, column, from) ? to : column));
}

/** True where a foreign key of any table names this table. */
function pointsTo(draft: Draft, table: DraftTable, name: string): boolean {
  return draft.dialect === 'postgres' ? name === table.name : name.toLowerCase() === table.name.toLowerCase();
}

function renameColumn(draft: Draft, table: DraftTable, names: { from: string; to: string; offset: number }): void {
  const column = requireColumn(draft, table, { name: names.from, offset: names.offset });
  if (!column) return;
  column.name = names.to;
  for (const key of table.keys) key.columns = renameIn(draft, key.columns, names);
  for (const key of table.foreignKeys) key.columns = renameIn(draft, key.columns, names);
  for (const other of draft.tables.values()) {
    for (const key of other.foreignKeys) if (pointsTo(draft, table, key.table.name)) key.toColumns = renameIn(draft, key.toColumns, names);
  }
}

function renameTable(draft: Draft, table: DraftTable, { name, offset }: { name: string; offset: number }): void {
  const known = draft.tables.get(tableKey(draft, name));
  if (known && known !== table)
    throw new SourceError(`The table "${name}" is there already, so "${table.name}" cannot take its name.`, offset);
  for (const other of draft.tables.values()) {
    for (const key of other.foreignKeys) if (pointsTo(draft, table, key.table.name)) key.table = { ...key.table, name };
  }
  // The order of the tables is that of the source, so the map is built again with the new key in the old place.
  const entries = [...draft.tables].map(([key, value]) => [value === table ? tableKey(draft, name) : key, value] as const);
  draft.tables.clear();
  for (const [key, value] of entries) draft.tables.set(key, value);
  table.name = name;
}

/** MySQL takes a dropped column out of its indexes, PostgreSQL drops the indexes with it. */
function dropColumn(draft: Draft, table: DraftTable, change: ChangeOf<'dropColumn'>): void {
  const column = requireColumn(draft, table, change);
  if (!column) return;
  const uses = (columns: readonly string[]) => columns.some((name) => sameName(draft, name, column.name));
  table.columns = table.columns.filter((other) => other !== column);
  table.foreignKeys = table.foreignKeys.filter(({ columns }) => !uses(columns));
  if (draft.dialect !== 'mysql') {
    table.keys = table.keys.filter(({ columns }) => !uses(columns));
    return;
  }
  for (const key of table.keys) key.columns = key.columns.filter((name) => !sameName(draft, name, column.name));
  table.keys = table.keys.filter(({ columns }) => columns.length > 0);
}

function replaceColumn(draft: Draft, table: DraftTable, change: ChangeOf<'replaceColumn'>): void {
  const known = requireColumn(draft, table, change);
  if (!known) return;
  const index = table.columns.indexOf(known);
  if (known.name !== change.column.name) {
    renameColumn(draft, table, { from: known.name, to: change.column.name, offset: change.offset });
  }
  table.columns.splice(index, 1);
  if (change.place) addColumn(draft, table, change);
  else table.columns.splice(index, 0, change.column);
  for (const constraint of change.constraints) addConstraint(draft, table, constraint);
}

function dropConstraint(draft: Draft, table: DraftTable, { name }: ChangeOf<'dropConstraint'>): void {
  const named = (given: string | null) => given !== null && sameName(draft, given, name);
  table.keys = table.keys.filter((key) => !named(key.name));
  table.foreignKeys = table.foreignKeys.filter((key) => !named(key.name));
}

function renameConstraint(draft: Draft, table: DraftTable, { from, to }: ChangeOf<'renameConstraint'>): void {
  for (const key of [...table.keys, ...table.foreignKeys]) if (key.name !== null && sameName(draft, key.name, from)) key.name = to;
}

function promoteIndex(draft: Draft, table: DraftTable, { index, name, type, offset }: ChangeOf<'promoteIndex'>): void {
  const known = table.keys.find((key) => key.name === index);
  if (known) {
    const key: KeySpec = { ...known, type, name: name ?? index };
    table.keys = table.keys.filter((other) => other !== known);
    addConstraint(draft, table, key);
    return;
  }
  const message = `The index "${index}" of the table "${table.name}" is not defined by the source; the ${type} key made of it was dropped.`;
  draft.warnings.add({ code: 'UNKNOWN_INDEX', construct: 'Index', message, offset });
}

type ColumnEdit = Extract<TableChange, { kind: 'setDefault' | 'setRequired' | 'setType' | 'setAutoIncrement' | 'describeColumn' }>;

function editColumn(draft: Draft, table: DraftTable, change: ColumnEdit): void {
  const column = requireColumn(draft, table, { name: change.column, offset: change.offset });
  if (column) Object.assign(column, editedAttributes(change));
}

function editedAttributes(change: ColumnEdit): Partial<ColumnSpec> {
  switch (change.kind) {
    case 'setDefault':
      return { defaultValue: change.value };
    case 'setRequired':
      return { notNull: change.required };
    case 'setType':
      return { type: change.type };
    case 'setAutoIncrement':
      return { autoIncrement: change.value, ...(change.value ? { defaultValue: null } : {}) };
    case 'describeColumn':
      return { description: change.description };
  }
}

function addColumnOf(draft: Draft, table: DraftTable, change: ChangeOf<'addColumn'>): void {
  const known = table.columns.some(({ name }) => sameName(draft, name, change.column.name));
  if (known && change.ifNotExists) return;
  addColumn(draft, table, change);
  for (const constraint of change.constraints) addConstraint(draft, table, constraint);
}

/**
 * Applies one change to a table of the draft. What it names and the source does not define becomes a warning.
 * Throws a SourceError where the result would have two tables, columns or primary keys of one name.
 */
export function changeTable(draft: Draft, table: DraftTable, change: TableChange): void {
  switch (change.kind) {
    case 'addColumn': {
      addColumnOf(draft, table, change);
      return;
    }
    case 'replaceColumn': {
      replaceColumn(draft, table, change);
      return;
    }
    case 'dropColumn': {
      dropColumn(draft, table, change);
      return;
    }
    case 'addConstraint': {
      addConstraint(draft, table, change.constraint);
      return;
    }
    case 'promoteIndex': {
      promoteIndex(draft, table, change);
      return;
    }
    case 'dropConstraint': {
      dropConstraint(draft, table, change);
      return;
    }
    case 'dropPrimaryKey':
      table.keys = table.keys.filter(({ type }) => type !== 'primary');
      return;
    case 'renameTable': {
      renameTable(draft, table, change);
      return;
    }
    case 'renameColumn': {
      renameColumn(draft, table, change);
      return;
    }
    case 'renameConstraint': {
      renameConstraint(draft, table, change);
      return;
    }
    case 'describe':
      table.description = change.description;
      return;
    default: {
      editColumn(draft, table, change);
      return;
    }
  }
}
