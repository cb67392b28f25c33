/** The difference of two schema bodies: what changed, and the SQL that leads from the one to the other. Pure functions of the bodies. */
import { planSql, type SqlPlan } from '../export/sql/plan.ts';
import { dialects } from '../export/sql/write.ts';
import { createWarnings } from '../export/warnings.ts';
import type { ConversionWarning, SchemaBody } from '../model.ts';
import type { Comparison } from './sql/comparison.ts';
import { warnOfLosses } from './sql/losses.ts';
import { migrateMysql } from './sql/mysql.ts';
import { migratePostgres } from './sql/postgres.ts';
import { migrateSqlite } from './sql/sqlite.ts';

export type { SchemaChange } from './change.ts';
export { findChanges } from './changes.ts';

/** Dialects that migrations are written in. SQL Server names defaults and checks by itself, so that no script can know what to drop. */
export type MigrationDialect = 'postgres' | 'mysql' | 'sqlite';

/** Both ways between two versions. */
export interface Migration {
  /** Statements that turn a database of the base into one of the head; ends with a line break, empty where nothing changes. */
  readonly forwardSql: string;
  /** Statements that lead back. */
  readonly backwardSql: string;
  /** What a script drops, may fail on or leaves; and what the dialect cannot express of one version, but not of the other. */
  readonly warnings: ConversionWarning[];
}

const writers: Readonly<Record<MigrationDialect, (base: SqlPlan, head: SqlPlan) => { statements: string[]; comparison: Comparison }>> = {
  postgres: migratePostgres,
  mysql: migrateMysql,
  sqlite: migrateSqlite,
};

/**
 * Returns the migrations between two bodies. Every piece of DDL is printed by the SQL export, and both ends are what the export
 * of the base and of the head create; bodies need not be valid. Time and memory are linear in the size of both.
 */
export function writeMigration(bodies: { base: SchemaBody; head: SchemaBody }, dialect: MigrationDialect): Migration {
  const [ofBase, ofHead, found] = [createWarnings(), createWarnings(), createWarnings()];
  const base = planSql(bodies.base, dialects[dialect], ofBase);
  const head = planSql(bodies.head, dialects[dialect], ofHead);
  const forward = writers[dialect](base, head);
  const backward = writers[dialect](head, base);
  warnOfLosses(forward.comparison, 'forwardSql', found);
  warnOfLosses(backward.comparison, 'backwardSql', found);
  const known = new Set(ofBase.list.map(({ message }) => message));
  const inHead = new Set(ofHead.list.map(({ message }) => message));
  const differing = [
    ...ofBase.list.filter(({ message }) => !inHead.has(message)),
    ...ofHead.list.filter(({ message }) => !known.has(message)),
  ];
  return { forwardSql: script(forward.statements), backwardSql: script(backward.statements), warnings: [...found.list, ...differing] };
}

function script(statements: readonly string[]): string {
  return statements.length === 0 ? '' : `${statements.join('\n')}\n`;
}
