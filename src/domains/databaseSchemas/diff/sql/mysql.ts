/** Migrations for MySQL: one ALTER TABLE for all that changes in a table, foreign keys dropped before and added behind. */
import { mysql } from '../../export/sql/mysql.ts';
import type { PlanColumn, PlanForeignKey, PlanTable, SqlPlan } from '../../export/sql/plan.ts';
import { addForeignKey, columnClause, mysqlComment, writeTable } from '../../export/sql/write.ts';
import { comparePlans, type Comparison, type Part, type TablePair } from './comparison.ts';
import { createTemporaryNames, renameSteps } from './renames.ts';

const { quote } = mysql;
const { fold } = mysql.names;

function dropClause({ kind, name }: Part): string {
  if (kind === 'primary') return 'DROP PRIMARY KEY';
  return `DROP ${kind === 'check' ? 'CHECK' : 'INDEX'} ${quote(name)}`;
}

const clauseOf = (column: PlanColumn): string => columnClause({ ...column, check: undefined }, mysql);

/** Column clauses; a column is placed anew where the order of those that stay is another, or a new one stands between them. */
function columnClauses({ base, head, columns }: TablePair): string[] {
  const before = new Map(columns.kept.map(([old, column]) => [column, old]));
  const stayed = new Set(columns.kept.map(([old]) => old));
  const orderBefore = base.columns.filter((column) => stayed.has(column));
  const moves = columns.kept.some(([old], index) => orderBefore[index] !== old);
  const lastKept = head.columns.findLastIndex((column) => before.has(column));
  const clauses = columns.removed.map(({ name }) => `DROP COLUMN ${quote(name)}`);
  for (const [index, column] of head.columns.entries()) {
    const old = before.get(column);
    const previous = head.columns[index - 1];
    const place = previous ? ` AFTER ${quote(previous.name)}` : ' FIRST';
    if (!old) clauses.push(`ADD COLUMN ${clauseOf(column)}${index < lastKept ? place : ''}`);
    else if (moves) clauses.push(`CHANGE COLUMN ${quote(old.name)} ${clauseOf(column)}${place}`);
    else if (clauseOf(old) !== clauseOf(column)) clauses.push(`CHANGE COLUMN ${quote(old.name)} ${clauseOf(column)}`);
  }
  return clauses;
}

function changeTable(pair: TablePair): string[] {
  const textOf = ({ structure }: PlanTable): string => structure.table.description?.trim() ?? '';
  const [before, after] = [textOf(pair.base), textOf(pair.head)];
  const clauses = [
    ...pair.removedParts.map(dropClause),
    ...columnClauses(pair),
    ...pair.addedParts.map(({ sql }) => `ADD ${sql}`),
    ...(before === after ? [] : [mysqlComment(after, 2048, mysql)]),
  ];
  return clauses.length > 0 ? [`ALTER TABLE ${quote(pair.head.name)}\n  ${clauses.join(',\n  ')};`] : [];
}

const leads = (columns: readonly string[], foreignKey: PlanForeignKey): boolean =>
  foreignKey.columns.every((name, index) => columns[index] === name);

/** MySQL makes an index of the foreign key's name where none begins with its columns; it stays when the foreign key goes. */
function hasOwnIndex(foreignKey: PlanForeignKey, table: PlanTable | undefined): boolean {
  if (!table) return false;
  const keys = [table.primaryKey, ...table.uniques, ...table.indexes].filter((key) => key !== undefined);
  return !keys.some(({ columns }) => leads(columns, foreignKey));
}

function dropForeignKey(foreignKey: PlanForeignKey, tables: ReadonlyMap<string, PlanTable>): string[] {
  const alter = `ALTER TABLE ${quote(foreignKey.table)} DROP`;
  const drop = `${alter} FOREIGN KEY ${quote(foreignKey.name)};`;
  if (!hasOwnIndex(foreignKey, tables.get(foreignKey.table))) return [drop];
  return [drop, `${alter} INDEX ${quote(foreignKey.name)};`];
}

/** MySQL refuses to drop an index that a foreign key uses, and to change the type of its columns. */
const disturbs = (pair: TablePair): boolean => pair.removedParts.some(({ kind }) => kind !== 'check');

/** Returns the statements of a migration. MySQL commits each by itself. */
export function migrateMysql(base: SqlPlan, head: SqlPlan): { statements: string[]; comparison: Comparison } {
  const comparison = comparePlans(
    { base, head, dialect: mysql },
    { sameType: (before, after) => before.sql === after.sql && before.notNull === after.notNull, disturbs },
  );
  const { pairs, removedTables, addedTables } = comparison;
  const temporary = createTemporaryNames([...base.tables, ...head.tables].map(({ name }) => name));
  const renames = renameSteps(
    pairs.map((pair) => [pair.base.name, pair.head.name] as const),
    { fold, temporary },
  );
  const tables = new Map(base.tables.map((table) => [table.name, table]));
  const statements = [
    ...comparison.removedForeignKeys.flatMap((foreignKey) => dropForeignKey(foreignKey, tables)),
    ...removedTables.toReversed().map(({ name }) => `DROP TABLE ${quote(name)};`),
    ...renames.map(([from, to]) => `RENAME TABLE ${quote(from)} TO ${quote(to)};`),
    ...pairs.flatMap(changeTable),
    ...addedTables.map((table) => writeTable(table, mysql)),
    ...comparison.addedForeignKeys.map((foreignKey) => addForeignKey(foreignKey, mysql)),
  ];
  return { statements, comparison };
}
