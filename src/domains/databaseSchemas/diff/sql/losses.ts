/** What a migration may fail on, or cannot do, in words for whoever runs it. */
import type { PlanColumn } from '../../export/sql/plan.ts';
import type { WarningSink } from '../../export/warnings.ts';
import type { Comparison, TablePair } from './comparison.ts';

function warnOfColumns({ head, columns }: TablePair, script: string, warnings: WarningSink): void {
  const where = (column: PlanColumn): string => `"${head.structure.table.name}.${column.field.name}"`;
  for (const column of columns.removed) {
    warnings.add('DATA_LOST', 'column', `${script} drops the column ${where(column)} with its values. Copy what you still need first.`);
  }
  for (const column of columns.added) {
    if (!column.notNull || column.defaultSql !== undefined || column.autoIncrement) continue;
    const message = `${script} adds the required column ${where(column)} without a default, which fails on a table with rows. Give it a default, or add it as optional, fill it, then require it.`;
    warnings.add('NEEDS_VALUES', 'column', message);
  }
  for (const [before, after] of columns.kept) {
    if (!before.notNull && after.notNull)
      warnings.add(
        'NEEDS_VALUES',
        'column',
        `${script} requires ${where(after)}, which fails where a row has NULL. Fill these rows first.`,
      );
    if (before.sql !== after.sql)
      warnings.add(
        'VALUES_CONVERTED',
        'column',
        `${script} converts ${where(after)} from ${before.sql} to ${after.sql}. Check that every value can be converted; others are cut, changed or refused.`,
      );
  }
}

/** Tells whether new columns stand behind the old ones, and these in their old order. */
function keepsOrder({ base, head, columns }: TablePair): boolean {
  const partners = new Map(columns.kept.map(([before, after]) => [before, after]));
  const reached = [...base.columns.flatMap((column) => partners.get(column) ?? []), ...columns.added];
  return reached.every((column, index) => column === head.columns[index]);
}

/** Adds a warning for everything that the script drops, may fail on, or leaves as it was. `script` names it, such as `forwardSql`. */
export function warnOfLosses(comparison: Comparison, script: string, warnings: WarningSink): void {
  for (const { structure } of comparison.removedTables) {
    const message = `${script} drops the table "${structure.table.name}" with its rows. Copy what you still need first.`;
    warnings.add('DATA_LOST', 'table', message);
  }
  for (const pair of comparison.pairs) {
    warnOfColumns(pair, script, warnings);
    if (comparison.dialect.id !== 'postgres' || keepsOrder(pair)) continue;
    const message = `${script} leaves the columns of "${pair.head.structure.table.name}" in their old order, new ones last: PostgreSQL cannot move columns.`;
    warnings.add('COLUMN_ORDER', 'column', message);
  }
}
