/**
 * Migrations for SQLite, which changes little of a table in place: a table whose columns or constraints change is built anew,
 * filled from the old one and put in its place, as https://www.sqlite.org/lang_altertable.html#otheralter says.
 */
import type { PlanColumn, PlanForeignKey, PlanTable, SqlPlan } from '../../export/sql/plan.ts';
import { sqlite } from '../../export/sql/sqlite.ts';
import { columnClause, tableClauses, writeIndexes, writeTable } from '../../export/sql/write.ts';
import { createWarnings } from '../../export/warnings.ts';
import { comparePlans, type Comparison, type TablePair } from './comparison.ts';
import { createTemporaryNames, renameSteps } from './renames.ts';

const { quote } = sqlite;
const { fold } = sqlite.names;

/** How a table gets from one version to the other. */
type Change = { readonly kind: 'none' | 'rebuild' } | { readonly kind: 'append'; readonly columns: readonly PlanColumn[] };

/** ADD COLUMN takes constants only, and NULL for no row that must not have it. */
function canAppend({ autoIncrement, notNull, defaultSql }: PlanColumn): boolean {
  if (autoIncrement || (notNull && (defaultSql === undefined || defaultSql === 'NULL'))) return false;
  return defaultSql === undefined || !/^(?:\(|CURRENT_)/u.test(defaultSql);
}

/** Foreign keys as they read once the tables have their new names. */
function renamedForeignKeys(table: PlanTable, newNames: ReadonlyMap<string, string>): PlanForeignKey[] {
  return table.foreignKeys.map((foreignKey) => ({ ...foreignKey, parent: newNames.get(foreignKey.parent) ?? foreignKey.parent }));
}

function changeOf({ base, head, columns }: TablePair, newNames: ReadonlyMap<string, string>): Change {
  const before = tableClauses({ ...base, foreignKeys: renamedForeignKeys(base, newNames) }, sqlite);
  const after = tableClauses(head, sqlite);
  const count = base.columns.length;
  const appended = head.columns.slice(count);
  const rest = [...after.slice(0, count), ...after.slice(head.columns.length)];
  if (JSON.stringify(before) !== JSON.stringify(rest) || columns.removed.length > 0) return { kind: 'rebuild' };
  if (appended.length === 0) return { kind: 'none' };
  return appended.every(canAppend) ? { kind: 'append', columns: appended } : { kind: 'rebuild' };
}

const rename = (from: string, to: string): string => `ALTER TABLE ${quote(from)} RENAME TO ${quote(to)};`;

function rebuild({ head, columns }: TablePair, temporary: string): string[] {
  const names = (side: 0 | 1): string => columns.kept.map((pair) => quote(pair[side].name)).join(', ');
  const copy = `INSERT INTO ${quote(temporary)} (${names(1)}) SELECT ${names(0)} FROM ${quote(head.name)};`;
  return [
    writeTable({ ...head, name: temporary }, sqlite),
    // Without a column in common no value is left; the rows go.
    ...(columns.kept.length > 0 ? [copy] : []),
    `DROP TABLE ${quote(head.name)};`,
    rename(temporary, head.name),
  ];
}

const indexesOf = (table: PlanTable): string[] => writeIndexes(table, sqlite, createWarnings());

/** Returns the statements of a migration; those that drop or rebuild tables are enclosed so that no reference acts meanwhile. */
export function migrateSqlite(base: SqlPlan, head: SqlPlan): { statements: string[]; comparison: Comparison } {
  const comparison = comparePlans(
    { base, head, dialect: sqlite },
    { sameType: (before, after) => before.sql === after.sql, disturbs: () => false },
  );
  const { pairs, removedTables, addedTables } = comparison;
  const newNames = new Map(pairs.map((pair) => [pair.base.name, pair.head.name]));
  const temporary = createTemporaryNames(
    [...base.tables, ...head.tables].flatMap(({ name, indexes }) => [name, ...indexes.map((index) => index.name)]),
  );
  const changes = pairs.map((pair) => ({ pair, change: changeOf(pair, newNames) }));
  const rebuilt = new Set(changes.filter(({ change }) => change.kind === 'rebuild').map(({ pair }) => pair));
  const renames = renameSteps([...newNames], { fold, temporary });
  const statements = [
    ...removedTables.toReversed().map(({ name }) => `DROP TABLE ${quote(name)};`),
    ...pairs.flatMap(({ removedParts }) =>
      removedParts.filter(({ kind }) => kind === 'index').map(({ name }) => `DROP INDEX ${quote(name)};`),
    ),
    ...renames.map(([from, to]) => rename(from, to)),
    ...[...rebuilt].flatMap((pair) => rebuild(pair, temporary())),
    ...changes.flatMap(({ pair, change }) =>
      change.kind === 'append'
        ? change.columns.map((column) => `ALTER TABLE ${quote(pair.head.name)} ADD COLUMN ${columnClause(column, sqlite)};`)
        : [],
    ),
    ...addedTables.map((table) => writeTable(table, sqlite)),
    ...pairs.flatMap((pair) => {
      // A rebuilt table has lost all of its indexes.
      if (rebuilt.has(pair)) return indexesOf(pair.head);
      return pair.addedParts.filter(({ kind }) => kind === 'index').map(({ sql }) => `${sql};`);
    }),
    ...addedTables.flatMap(indexesOf),
  ];
  const guarded = removedTables.length > 0 || rebuilt.size > 0;
  return { statements: guarded ? withoutForeignKeys(statements) : statements, comparison };
}

/** The pragma acts outside of a transaction only; without it, dropping a table deletes what refers to its rows. */
function withoutForeignKeys(statements: readonly string[]): string[] {
  return [
    'PRAGMA foreign_keys = OFF;',
    'BEGIN;',
    ...statements,
    '-- Lists rows whose reference leads nowhere: there should be none.',
    'PRAGMA foreign_key_check;',
    'COMMIT;',
    'PRAGMA foreign_keys = ON;',
  ];
}
