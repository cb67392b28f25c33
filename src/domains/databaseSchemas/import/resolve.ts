/** From the finished draft to the schema body: keys become indexes, foreign keys relationships between defined tables. */
import type { SchemaBody, SchemaField, SchemaIndex, SchemaRelationship, SchemaTable } from '../model.ts';
import { type Draft, type DraftTable, findColumn, findTable, tableKey } from './draft.ts';
import { createUniqueNames, defaultKeyName, relationshipId, tableId } from './names.ts';
import type { ForeignKeySpec, KeySpec } from './specs.ts';

/** Returns the declared spelling of column names, or the first name that the table does not have. */
function declaredNames(draft: Draft, table: DraftTable, names: readonly string[]): { names: string[] } | { unknown: string } {
  const declared: string[] = [];
  for (const name of names) {
    const column = findColumn(draft, table, name);
    if (!column) return { unknown: name };
    declared.push(column.name);
  }
  return { names: declared };
}

/** Keeps the keys whose columns exist, in the declared spelling; warns of the others. */
function validKeys(draft: Draft, table: DraftTable): KeySpec[] {
  return table.keys.flatMap((key) => {
    const declared = declaredNames(draft, table, key.columns);
    if ('names' in declared) return [{ ...key, columns: declared.names }];
    const what = key.type === 'primary' ? 'primary key' : `index${key.name === null ? '' : ` "${key.name}"`}`;
    const message = `The ${what} of the table "${table.name}" names the column "${declared.unknown}", which the table does not have; it was dropped.`;
    draft.warnings.add({ code: 'UNKNOWN_COLUMN', construct: 'Index', message, offset: key.offset });
    return [];
  });
}

function toIndexes(table: DraftTable, keys: readonly KeySpec[]): SchemaIndex[] {
  const unique = createUniqueNames();
  for (const key of keys) if (key.name !== null) unique(key.name);
  return keys.map((key) => ({ name: key.name ?? unique(defaultKeyName(table.name, key)), fields: key.columns, type: key.type }));
}

function toFields(table: DraftTable, keys: readonly KeySpec[]): SchemaField[] {
  const primary = new Set(keys.filter(({ type }) => type === 'primary').flatMap(({ columns }) => columns));
  const single = keys.filter(({ type, columns }) => (type === 'primary' || type === 'unique') && columns.length === 1);
  const unique = new Set(single.flatMap(({ columns }) => columns));
  return table.columns.map((column) => ({
    name: column.name,
    type: column.type,
    required: column.notNull || primary.has(column.name),
    ...(unique.has(column.name) ? { unique: true } : {}),
    ...(column.defaultValue === null ? {} : { defaultValue: column.defaultValue }),
    ...(column.description === null ? {} : { description: column.description }),
    ...(column.autoIncrement ? { autoIncrement: true } : {}),
  }));
}

/** Drops a foreign key with the reason. */
function warnOfTarget(draft: Draft, { table, key, why }: { table: DraftTable; key: ForeignKeySpec; why: string }): null {
  const message = `The foreign key (${key.columns.join(', ')}) of the table "${table.name}" was dropped: ${why}.`;
  draft.warnings.add({ code: 'UNKNOWN_FOREIGN_KEY_TARGET', construct: 'FOREIGN KEY', message, offset: key.offset });
  return null;
}

interface Link {
  target: DraftTable;
  from: [string, ...string[]];
  to: [string, ...string[]];
}

/** Returns the two ends of a foreign key in declared spelling, or null after a warning. */
function linkOf(draft: Draft, { table, key, keysOf }: { table: DraftTable; key: ForeignKeySpec; keysOf: KeysOf }): Link | null {
  const fail = (why: string) => warnOfTarget(draft, { table, key, why });
  const target = findTable(draft, key.table.name);
  if (!target) return fail(`the source does not create the table "${key.table.name}"`);
  const primary = keysOf(target).find(({ type }) => type === 'primary')?.columns;
  const named = key.toColumns.length > 0 ? key.toColumns : primary;
  if (!named) return fail(`it names no columns of "${target.name}", which has no primary key`);
  const from = declaredNames(draft, table, key.columns);
  if ('unknown' in from) return fail(`the table has no column "${from.unknown}"`);
  const to = declaredNames(draft, target, named);
  if ('unknown' in to) return fail(`the table "${target.name}" has no column "${to.unknown}"`);
  if (from.names.length !== to.names.length) {
    return fail(`it has ${from.names.length} columns and refers to ${to.names.length} of "${target.name}"`);
  }
  return { target, from: from.names as Link['from'], to: to.names as Link['to'] };
}

type KeysOf = (table: DraftTable) => KeySpec[];

/** A foreign key meets at most one row per target where some key lies within its columns. */
function isOneToOne(keys: readonly KeySpec[], columns: readonly string[]): boolean {
  const within = new Set(columns);
  return keys.some((key) => (key.type === 'primary' || key.type === 'unique') && key.columns.every((column) => within.has(column)));
}

function toRelationship(
  table: DraftTable,
  { key, link, keys }: { key: ForeignKeySpec; link: Link; keys: readonly KeySpec[] },
): SchemaRelationship {
  const composite = link.from.length > 1;
  return {
    id: relationshipId(table.name, link.from),
    fromTable: table.name,
    fromField: link.from[0],
    toTable: link.target.name,
    toField: link.to[0],
    type: isOneToOne(keys, link.from) ? 'one-to-one' : 'one-to-many',
    ...(key.name === null ? {} : { name: key.name }),
    ...(composite ? { fromFields: link.from, toFields: link.to } : {}),
    ...(key.onDelete ? { onDelete: key.onDelete } : {}),
    ...(key.onUpdate ? { onUpdate: key.onUpdate } : {}),
  };
}

/** The database keeps a repeated foreign key; a design says it once. */
function repeats(
  draft: Draft,
  { table, key, link, seen }: { table: DraftTable; key: ForeignKeySpec; link: Link; seen: Set<string> },
): boolean {
  const identity = JSON.stringify([table.name, link.from, link.target.name, link.to]);
  if (!seen.has(identity)) return !seen.add(identity);
  const message = `The foreign key (${link.from.join(', ')}) of the table "${table.name}" to "${link.target.name}" is there twice; the second was dropped.`;
  draft.warnings.add({ code: 'DUPLICATE_FOREIGN_KEY', construct: 'FOREIGN KEY', message, offset: key.offset });
  return true;
}

function toRelationships(draft: Draft, keysOf: KeysOf): SchemaRelationship[] {
  const uniqueId = createUniqueNames();
  const seen = new Set<string>();
  const relationships: SchemaRelationship[] = [];
  for (const table of draft.tables.values()) {
    for (const key of table.foreignKeys) {
      // A table left out on purpose, such as a partition, was reported once already.
      if (draft.ignored.has(tableKey(draft, key.table.name))) continue;
      const link = linkOf(draft, { table, key, keysOf });
      if (!link || repeats(draft, { table, key, link, seen })) continue;
      const relationship = toRelationship(table, { key, link, keys: keysOf(table) });
      relationships.push({ ...relationship, id: uniqueId(relationship.id) });
    }
  }
  return relationships;
}

/** Returns the schema body of a finished draft, and adds warnings for keys and foreign keys that lead nowhere. */
export function resolveDraft(draft: Draft): SchemaBody {
  const keys = new Map([...draft.tables.values()].map((table) => [table, validKeys(draft, table)]));
  const keysOf: KeysOf = (table) => keys.get(table) ?? [];
  const uniqueId = createUniqueNames();
  const tables = [...draft.tables.values()].map((table): SchemaTable => ({
    id: uniqueId(tableId(table.name)),
    name: table.name,
    ...(table.description === null ? {} : { description: table.description }),
    fields: toFields(table, keysOf(table)),
    indexes: toIndexes(table, keysOf(table)),
  }));
  const relationships = toRelationships(draft, keysOf);
  return { tables, relationships, ...(draft.enums.size > 0 ? { enums: [...draft.enums.values()] } : {}) };
}
