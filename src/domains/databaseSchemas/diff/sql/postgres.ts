/** Migrations for PostgreSQL: what is in the way goes first, then columns change, then keys and tables come. */
import { postgres } from '../../export/sql/postgres.ts';
import type { PlanColumn, PlanTable, SqlPlan } from '../../export/sql/plan.ts';
import {
  addForeignKey,
  columnClause,
  numbering,
  postgresComment,
  writeDescriptions,
  writeIndexes,
  writeTable,
} from '../../export/sql/write.ts';
import { createWarnings } from '../../export/warnings.ts';
import { comparePlans, type Comparison, type Part, type TablePair } from './comparison.ts';
import { castExpression } from './postgresCasts.ts';
import { changeEnums, elementType, type EnumChanges } from './postgresEnums.ts';
import { createTemporaryNames, renameSteps } from './renames.ts';

const { quote } = postgres;
const fold = (name: string): string => name;
const alter = (table: string, action: string): string => `ALTER TABLE ${quote(table)} ${action};`;

function dropPart(table: string, { kind, name }: Part): string {
  return kind === 'index' ? `DROP INDEX ${quote(name)};` : alter(table, `DROP CONSTRAINT ${quote(name)}`);
}

function addPart(table: string, { kind, sql }: Part): string {
  return kind === 'index' ? `${sql};` : alter(table, `ADD ${sql}`);
}

/** Keys before what may rest on them; a dropped primary key goes last. */
const ranks: Readonly<Record<Part['kind'], number>> = { check: 0, primary: 1, unique: 2, index: 3 };
const byRank = (a: Part, b: Part): number => ranks[a.kind] - ranks[b.kind];

interface ColumnChange {
  readonly table: string;
  readonly before: PlanColumn;
  readonly after: PlanColumn;
  readonly typeChanges: boolean;
}

/** Numbers start behind those that the rows have already. */
function numberOn(table: string, { name }: PlanColumn): string {
  const sequence = `pg_get_serial_sequence(${postgres.text(quote(table))}, ${postgres.text(name)})`;
  return `SELECT setval(${sequence}, coalesce(max(${quote(name)}), 0) + 1, false) FROM ${quote(table)};`;
}

function changeColumn({ table, before, after, typeChanges }: ColumnChange): string[] {
  const set = (action: string): string => alter(table, `ALTER COLUMN ${quote(after.name)} ${action}`);
  const defaultChanges = before.defaultSql !== after.defaultSql || typeChanges;
  const statements: string[] = [];
  if (before.autoIncrement && !after.autoIncrement) statements.push(set('DROP IDENTITY'));
  if (defaultChanges && before.defaultSql !== undefined) statements.push(set('DROP DEFAULT'));
  if (typeChanges) statements.push(set(`TYPE ${after.sql} USING ${castExpression(quote(after.name), before.sql, after.sql)}`));
  if (!before.notNull && after.notNull) statements.push(set('SET NOT NULL'));
  if (before.notNull && !after.notNull) statements.push(set('DROP NOT NULL'));
  if (!before.autoIncrement && after.autoIncrement) statements.push(set(`ADD ${numbering.postgres}`), numberOn(table, after));
  if (defaultChanges && after.defaultSql !== undefined) statements.push(set(`SET DEFAULT ${after.defaultSql}`));
  return statements;
}

function changeColumns({ head, columns }: TablePair, { remade, temporary }: { remade: EnumChanges['remade']; temporary: () => string }) {
  const { name } = head;
  const renames = columns.kept.map(([before, after]) => [before.name, after.name] as const);
  return [
    ...columns.removed.map((column) => alter(name, `DROP COLUMN ${quote(column.name)}`)),
    ...renameSteps(renames, { fold, temporary }).map(([from, to]) => alter(name, `RENAME COLUMN ${quote(from)} TO ${quote(to)}`)),
    ...columns.kept.flatMap(([before, after]) => {
      const typeChanges = before.sql !== after.sql || remade.has(elementType(after.sql));
      return changeColumn({ table: name, before, after, typeChanges });
    }),
    // The CHECK of a new column comes with the other keys.
    ...columns.added.map((column) => alter(name, `ADD COLUMN ${columnClause({ ...column, check: undefined }, postgres)}`)),
  ];
}

function describe(pair: TablePair): string[] {
  const { head, base, columns } = pair;
  const textOf = (text: string | null | undefined): string | null => text?.trim() || null;
  const statements: string[] = [];
  const [before, after] = [textOf(base.structure.table.description), textOf(head.structure.table.description)];
  if (before !== after) statements.push(postgresComment({ table: head.name, text: after }));
  const entries = [...columns.kept, ...columns.added.map((column) => [undefined, column] as const)];
  for (const [old, column] of entries) {
    const [oldText, text] = [textOf(old?.field.description), textOf(column.field.description)];
    if (oldText !== text) statements.push(postgresComment({ table: head.name, column: column.name, text }));
  }
  return statements;
}

/** A new table with its indexes and descriptions; its export has warned already. */
function create(table: PlanTable): string[] {
  return [writeTable(table, postgres), ...writeIndexes(table, postgres, createWarnings()), ...writeDescriptions(table, postgres)];
}

function namesOf(plan: SqlPlan): string[] {
  return [
    ...plan.enums.map(({ name }) => name),
    ...plan.tables.flatMap(({ name, columns }) => [name, ...columns.map((column) => column.name)]),
  ];
}

/** Returns the statements that turn a database made by one plan into that of the other, in an order that runs in one transaction. */
export function migratePostgres(base: SqlPlan, head: SqlPlan): { statements: string[]; comparison: Comparison } {
  const temporary = createTemporaryNames([...namesOf(base), ...namesOf(head)]);
  const enums = changeEnums(base, head, temporary);
  const comparison = comparePlans(
    { base, head, dialect: postgres },
    { sameType: (before, after) => before.sql === after.sql && !enums.remade.has(elementType(after.sql)), disturbs: () => false },
  );
  const { pairs, removedTables, addedTables } = comparison;
  const renames = renameSteps(
    pairs.map((pair) => [pair.base.name, pair.head.name] as const),
    { fold, temporary },
  );
  const statements = [
    ...comparison.removedForeignKeys.map(({ table, name }) => alter(table, `DROP CONSTRAINT ${quote(name)}`)),
    ...removedTables.toReversed().map(({ name }) => `DROP TABLE ${quote(name)};`),
    ...pairs.flatMap((pair) => pair.removedParts.toSorted((a, b) => byRank(b, a)).map((part) => dropPart(pair.base.name, part))),
    ...enums.first,
    ...renames.map(([from, to]) => alter(from, `RENAME TO ${quote(to)}`)),
    ...enums.before,
    ...pairs.flatMap((pair) => changeColumns(pair, { remade: enums.remade, temporary })),
    ...enums.after,
    ...pairs.flatMap((pair) => pair.addedParts.toSorted(byRank).map((part) => addPart(pair.head.name, part))),
    ...addedTables.flatMap(create),
    ...comparison.addedForeignKeys.map((foreignKey) => addForeignKey(foreignKey, postgres)),
    ...pairs.flatMap(describe),
  ];
  return { statements, comparison };
}
