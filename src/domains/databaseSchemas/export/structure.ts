/**
 * The structure behind a schema body: which columns are keys, which relationships are foreign keys and from where to where,
 * which join two tables many-to-many. Exports and the linter read it, so that they agree.
 */
import type { SchemaBody, SchemaField, SchemaIndex, SchemaRelationship, SchemaTable } from '../model.ts';
import { createTypeParser, type ColumnType } from '../types.ts';

/** One table with its keys resolved. Columns are named by field name; names that the table lacks are left out of every key. */
export interface TableStructure {
  readonly table: SchemaTable;
  readonly fields: ReadonlyMap<string, SchemaField>;
  /** Columns of the primary key in order; empty where there is none. */
  readonly primaryKey: readonly string[];
  readonly primaryIndex: SchemaIndex | undefined;
  /** Unique column sets besides the primary key: unique indexes, and fields marked unique. */
  readonly uniques: readonly UniqueKey[];
  /** Indexes that are neither primary nor unique. */
  readonly indexes: readonly SchemaIndex[];
}

export interface UniqueKey {
  /** Name of the index; undefined for a field that is marked unique. */
  readonly name: string | undefined;
  readonly columns: readonly string[];
}

/** One foreign key: `columns` of `child` refer to `targetColumns` of `parent`. */
export interface ForeignKey {
  readonly relationship: SchemaRelationship;
  readonly child: TableStructure;
  readonly columns: readonly SchemaField[];
  readonly parent: TableStructure;
  readonly targetColumns: readonly SchemaField[];
  /** True where the columns that it refers to are the primary key or a unique key of the parent. */
  readonly targetIsKey: boolean;
  /** True where each parent row has at most one child row: the foreign key is itself a key of the child. */
  readonly oneToOne: boolean;
}

/** A many-to-many relationship, which needs a table between the two. */
export interface ManyToMany {
  readonly relationship: SchemaRelationship;
  readonly left: TableStructure;
  readonly leftColumn: SchemaField;
  readonly right: TableStructure;
  readonly rightColumn: SchemaField;
}

/** A relationship that names a table or column which is not there. */
export interface BrokenRelationship {
  readonly relationship: SchemaRelationship;
  readonly reason: string;
}

export interface SchemaStructure {
  readonly body: SchemaBody;
  readonly tables: readonly TableStructure[];
  readonly byName: ReadonlyMap<string, TableStructure>;
  readonly foreignKeys: readonly ForeignKey[];
  readonly manyToMany: readonly ManyToMany[];
  readonly broken: readonly BrokenRelationship[];
  /** Neutral type of a field, enums resolved. */
  readonly typeOf: (field: SchemaField) => ColumnType;
}

const keyOf = (columns: readonly string[]): string => JSON.stringify([...columns].sort());

/** Tells whether both hold the same columns, in any order. */
export const sameColumns = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && keyOf(a) === keyOf(b);

function resolveTable(table: SchemaTable): TableStructure {
  const fields = new Map(table.fields.map((field) => [field.name, field]));
  const usable = table.indexes
    .map((index) => ({ ...index, fields: [...new Set(index.fields)].filter((name) => fields.has(name)), type: index.type.toLowerCase() }))
    .filter(({ fields: columns }) => columns.length > 0);
  const primaryIndex = usable.find(({ type }) => type === 'primary');
  const uniques: UniqueKey[] = [];
  const seen = new Set([keyOf(primaryIndex?.fields ?? [])]);
  const addUnique = (name: string | undefined, columns: readonly string[]): void => {
    if (seen.has(keyOf(columns))) return;
    seen.add(keyOf(columns));
    uniques.push({ name, columns });
  };
  for (const index of usable) {
    if (index !== primaryIndex && (index.type === 'unique' || index.type === 'primary')) addUnique(index.name, index.fields);
  }
  for (const field of table.fields) if (field.unique === true) addUnique(undefined, [field.name]);
  const indexes = usable.filter(({ type }) => type !== 'unique' && type !== 'primary');
  return { table, fields, primaryKey: primaryIndex?.fields ?? [], primaryIndex, uniques, indexes };
}

/** Tells whether the columns are the primary key or a unique key of the table. */
export function isKey(structure: TableStructure, columns: readonly string[]): boolean {
  return sameColumns(structure.primaryKey, columns) || structure.uniques.some((unique) => sameColumns(unique.columns, columns));
}

interface Ends {
  readonly from: TableStructure;
  readonly fromColumns: readonly SchemaField[];
  readonly to: TableStructure;
  readonly toColumns: readonly SchemaField[];
}

function findColumns(structure: TableStructure, names: readonly string[]): readonly SchemaField[] | string {
  const columns = names.map((name) => structure.fields.get(name));
  const missing = columns.indexOf(undefined);
  if (missing >= 0) return `the table "${structure.table.name}" has no field "${names[missing] ?? ''}"`;
  return columns.filter((field) => field !== undefined);
}

/** Returns both ends of a relationship, or why they cannot be found. */
function findEnds(relationship: SchemaRelationship, byName: ReadonlyMap<string, TableStructure>): Ends | string {
  const from = byName.get(relationship.fromTable);
  const to = byName.get(relationship.toTable);
  if (!from) return `there is no table "${relationship.fromTable}"`;
  if (!to) return `there is no table "${relationship.toTable}"`;
  const fromNames = relationship.fromFields?.length ? relationship.fromFields : [relationship.fromField];
  const toNames = relationship.toFields?.length ? relationship.toFields : [relationship.toField];
  if (fromNames.length !== toNames.length) return 'its two sides name a different number of fields';
  if (new Set(fromNames).size !== fromNames.length || new Set(toNames).size !== toNames.length) return 'it names a field twice';
  const fromColumns = findColumns(from, fromNames);
  const toColumns = findColumns(to, toNames);
  if (typeof fromColumns === 'string') return fromColumns;
  return typeof toColumns === 'string' ? toColumns : { from, fromColumns, to, toColumns };
}

const names = (fields: readonly SchemaField[]): string[] => fields.map(({ name }) => name);

/**
 * The foreign key of a relationship. The `from` side holds it, except where only the opposite is a foreign key at all:
 * people also draw `users.id` → `posts.user_id` for "one user has many posts".
 */
function toForeignKey(relationship: SchemaRelationship, ends: Ends): ForeignKey {
  const forward = isKey(ends.to, names(ends.toColumns));
  const flipped = !forward && isKey(ends.from, names(ends.fromColumns));
  const [child, columns] = flipped ? [ends.to, ends.toColumns] : [ends.from, ends.fromColumns];
  const [parent, targetColumns] = flipped ? [ends.from, ends.fromColumns] : [ends.to, ends.toColumns];
  return {
    relationship,
    child,
    columns,
    parent,
    targetColumns,
    targetIsKey: forward || flipped,
    oneToOne: isKey(child, names(columns)),
  };
}

function classify(relationship: SchemaRelationship, structure: Map<string, TableStructure>): ForeignKey | ManyToMany | BrokenRelationship {
  const ends = findEnds(relationship, structure);
  if (typeof ends === 'string') return { relationship, reason: ends };
  const [leftColumn] = ends.fromColumns;
  const [rightColumn] = ends.toColumns;
  if (relationship.type === 'many-to-many' && leftColumn && rightColumn) {
    return { relationship, left: ends.from, leftColumn, right: ends.to, rightColumn };
  }
  return toForeignKey(relationship, ends);
}

/** Returns the structure of a schema body. Of two tables or relationships that are the same, the first counts; it never throws on a body of the right shape. */
export function resolveStructure(body: SchemaBody): SchemaStructure {
  const byName = new Map<string, TableStructure>();
  for (const table of body.tables) if (!byName.has(table.name)) byName.set(table.name, resolveTable(table));
  const parseType = createTypeParser(body.enums);
  const foreignKeys: ForeignKey[] = [];
  const manyToMany: ManyToMany[] = [];
  const broken: BrokenRelationship[] = [];
  const seen = new Set<string>();
  for (const relationship of body.relationships) {
    const found = classify(relationship, byName);
    if ('reason' in found) broken.push(found);
    else if ('left' in found) manyToMany.push(found);
    else {
      const identity = JSON.stringify([found.child.table.name, names(found.columns), found.parent.table.name, names(found.targetColumns)]);
      if (!seen.has(identity)) foreignKeys.push(found);
      seen.add(identity);
    }
  }
  return { body, tables: [...byName.values()], byName, foreignKeys, manyToMany, broken, typeOf: (field) => parseType(field.type) };
}

/**
 * Returns the tables so that each comes after those that it refers to. Tables of a cycle keep their order in the body;
 * what is not decided by references keeps it too. Linear in tables and foreign keys.
 */
export function orderByDependency(structure: SchemaStructure): TableStructure[] {
  const parents = new Map<TableStructure, TableStructure[]>();
  for (const { child, parent, targetIsKey } of structure.foreignKeys) {
    if (targetIsKey && child !== parent) parents.set(child, [...(parents.get(child) ?? []), parent]);
  }
  const ordered: TableStructure[] = [];
  const state = new Set<TableStructure>();
  for (const root of structure.tables) {
    const stack: { table: TableStructure; next: number }[] = state.has(root) ? [] : [{ table: root, next: 0 }];
    state.add(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const parent = parents.get(top.table)?.[top.next];
      top.next += 1;
      if (!parent) ordered.push((stack.pop() ?? top).table);
      else if (!state.has(parent)) {
        state.add(parent);
        stack.push({ table: parent, next: 0 });
      }
    }
  }
  return ordered;
}
