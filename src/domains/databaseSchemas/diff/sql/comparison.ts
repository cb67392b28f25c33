/** Two plans of SQL exports side by side: which tables, columns and keys stay as they are, and which must go or come. */
import type { Dialect } from '../../export/sql/dialect.ts';
import type { PlanColumn, PlanForeignKey, PlanIndex, PlanKey, PlanTable, SqlPlan } from '../../export/sql/plan.ts';
import { checkClause, foreignKeyClause, primaryKeyClause, uniqueClause } from '../../export/sql/write.ts';
import { writeIndex } from '../../export/sql/indexes.ts';
import { sameColumns } from '../../export/structure.ts';
import { pairTables } from '../changes.ts';
import { pairBy, type Pairing } from '../pairing.ts';

/** A key, index or check of a table, as a clause or statement. */
export interface Part {
  readonly kind: 'check' | 'primary' | 'unique' | 'index';
  readonly name: string;
  readonly sql: string;
  readonly columns: readonly string[];
}

/** A table that both plans have. */
export interface TablePair {
  readonly base: PlanTable;
  readonly head: PlanTable;
  readonly columns: Pairing<PlanColumn>;
  /** Names of columns that are the same in both, type included. */
  readonly stable: ReadonlySet<string>;
  readonly removedParts: readonly Part[];
  readonly addedParts: readonly Part[];
  readonly keptParts: readonly Part[];
}

/** All that a migration has to print. */
export interface Comparison {
  readonly dialect: Dialect;
  readonly base: SqlPlan;
  readonly head: SqlPlan;
  readonly pairs: readonly TablePair[];
  /** In the order in which the plans create them. */
  readonly removedTables: readonly PlanTable[];
  readonly addedTables: readonly PlanTable[];
  /** Foreign keys of surviving tables, and cyclic ones, that go before tables and keys do. */
  readonly removedForeignKeys: readonly PlanForeignKey[];
  /** Foreign keys that no CREATE TABLE holds. */
  readonly addedForeignKeys: readonly PlanForeignKey[];
}

const isPart = (part: Part): boolean => part.sql !== '';

/** Returns the keys, indexes and checks of a table, printed as if the table had another name. */
function partsOf(table: PlanTable, name: string, dialect: Dialect): Part[] {
  const key = (kind: Part['kind'], { name: own, columns }: PlanKey, sql: string): Part => ({ kind, name: own, sql, columns });
  const named = { ...table, name };
  return [
    ...table.columns.flatMap((column): Part[] => {
      const sql = checkClause(column, dialect);
      return sql === undefined ? [] : [{ kind: 'check', name: column.checkName ?? '', sql, columns: [column.name] }];
    }),
    ...(table.primaryKey ? [key('primary', table.primaryKey, primaryKeyClause(table.primaryKey, dialect))] : []),
    ...table.uniques.map((unique) => key('unique', unique, uniqueClause(unique, dialect))),
    ...table.indexes.map((index: PlanIndex) => key('index', index, writeIndex(index, named, dialect).text)),
  ].filter(isPart);
}

function pairTable([base, head]: readonly [PlanTable, PlanTable], dialect: Dialect, sameType: SameType): TablePair {
  const columns = pairBy(base.columns, head.columns, [({ field }) => field.name]);
  const stable = new Set(
    columns.kept.filter(([before, after]) => before.name === after.name && sameType(before, after)).map(([, { name }]) => name),
  );
  const parts = pairBy(partsOf(base, head.name, dialect), partsOf(head, head.name, dialect), [
    // The same text means the same only where the columns are the same.
    ({ kind, name, sql, columns: names }) => (names.every((column) => stable.has(column)) ? `${kind} ${name} ${sql}` : undefined),
  ]);
  return {
    base,
    head,
    columns,
    stable,
    removedParts: parts.removed,
    addedParts: parts.added,
    keptParts: parts.kept.map(([, part]) => part),
  };
}

/** Tells whether a column has the same type in both plans. */
export type SameType = (before: PlanColumn, after: PlanColumn) => boolean;

interface ForeignKeyContext {
  readonly dialect: Dialect;
  readonly byBase: ReadonlyMap<string, TablePair>;
  readonly byHead: ReadonlyMap<string, TablePair>;
  /** Tells whether foreign keys of a table must be made anew although they stay the same. */
  readonly disturbs: (pair: TablePair) => boolean;
}

const everyForeignKey = (plan: SqlPlan): PlanForeignKey[] => [...plan.tables.flatMap(({ foreignKeys }) => foreignKeys), ...plan.deferred];

/** Tells whether nothing that a foreign key of the head rests upon changes: columns on both sides, and the key that it refers to. */
function restsOnStable(foreignKey: PlanForeignKey, { byHead, disturbs }: ForeignKeyContext): boolean {
  const [child, parent] = [byHead.get(foreignKey.table), byHead.get(foreignKey.parent)];
  if (!child || !parent || disturbs(child) || disturbs(parent)) return false;
  const isKey = ({ kind, columns }: Part): boolean =>
    (kind === 'primary' || kind === 'unique') && sameColumns(columns, foreignKey.parentColumns);
  return (
    foreignKey.columns.every((name) => child.stable.has(name)) &&
    foreignKey.parentColumns.every((name) => parent.stable.has(name)) &&
    parent.keptParts.some(isKey)
  );
}

function pairForeignKeys(base: SqlPlan, head: SqlPlan, context: ForeignKeyContext): Pairing<PlanForeignKey> {
  const { byBase, dialect } = context;
  const [before, after] = [everyForeignKey(base), everyForeignKey(head)];
  const rename = (table: string): string => byBase.get(table)?.head.name ?? `dropped ${table}`;
  const ofBase = new Set(before);
  return pairBy(before, after, [
    (foreignKey) => {
      const { table, parent } = foreignKey;
      const named = ofBase.has(foreignKey) ? { ...foreignKey, table: rename(table), parent: rename(parent) } : foreignKey;
      return restsOnStable(named, context) ? `${named.table}\n${foreignKeyClause(named, dialect)}` : undefined;
    },
  ]);
}

/** Tables that the dialect can create: only PostgreSQL takes one without columns. */
function withoutEmptyTables(plan: SqlPlan, { id }: Dialect): SqlPlan {
  return id === 'postgres' ? plan : { ...plan, tables: plan.tables.filter(({ columns }) => columns.length > 0) };
}

/** Returns both plans, compared. `disturbs` names tables whose foreign keys must be dropped while the table changes. */
export function comparePlans(
  plans: { base: SqlPlan; head: SqlPlan; dialect: Dialect },
  rules: { sameType: SameType; disturbs: (pair: TablePair) => boolean },
): Comparison {
  const { dialect } = plans;
  const [base, head] = [withoutEmptyTables(plans.base, dialect), withoutEmptyTables(plans.head, dialect)];
  const tables = pairTables(base.tables, head.tables, ({ structure }) => structure.table);
  const pairs = tables.kept.map((pair) => pairTable(pair, dialect, rules.sameType));
  const byBase = new Map(pairs.map((pair) => [pair.base.name, pair]));
  const byHead = new Map(pairs.map((pair) => [pair.head.name, pair]));
  const foreignKeys = pairForeignKeys(base, head, { dialect, byBase, byHead, disturbs: rules.disturbs });
  const [cyclic, deferred] = [new Set(base.deferred), new Set(head.deferred)];
  return {
    dialect,
    base,
    head,
    pairs,
    removedTables: tables.removed,
    addedTables: tables.added,
    removedForeignKeys: foreignKeys.removed.filter((foreignKey) => byBase.has(foreignKey.table) || cyclic.has(foreignKey)),
    addedForeignKeys: foreignKeys.added.filter((foreignKey) => byHead.has(foreignKey.table) || deferred.has(foreignKey)),
  };
}
