/** Plans foreign keys: which the dialect accepts, with which actions, and which must wait until all tables exist. */
import type { ReferentialAction } from '../../model.ts';
import { Namespace } from '../names.ts';
import { sameColumns, type ForeignKey, type TableStructure } from '../structure.ts';
import { createCascadeGuard, type CascadeGuard } from './cascades.ts';
import type { PlanColumn, PlanContext, PlanForeignKey, PlanKey, PlanTable } from './plan.ts';

interface ForeignKeyContext extends PlanContext {
  readonly plans: ReadonlyMap<TableStructure, PlanTable>;
  readonly names: (table: PlanTable) => Namespace;
  readonly cascades: CascadeGuard;
}

interface ColumnPair {
  readonly child: PlanColumn;
  readonly parent: PlanColumn;
}

function describe(foreignKey: ForeignKey): string {
  const side = (table: TableStructure, columns: readonly { name: string }[]): string =>
    `${table.table.name} (${columns.map(({ name }) => name).join(', ')})`;
  return `${side(foreignKey.child, foreignKey.columns)} → ${side(foreignKey.parent, foreignKey.targetColumns)}`;
}

/** Column pairs in the order of the parent's key, which MySQL insists on. */
function pairColumns(foreignKey: ForeignKey, child: PlanTable, parent: PlanTable): { pairs: ColumnPair[]; key: PlanKey | undefined } {
  const find = (table: PlanTable, name: string | undefined): PlanColumn | undefined =>
    table.columns.find(({ field }) => field.name === name);
  const pairs = foreignKey.columns.flatMap((column, index): ColumnPair[] => {
    const [from, to] = [find(child, column.name), find(parent, foreignKey.targetColumns[index]?.name)];
    return from && to ? [{ child: from, parent: to }] : [];
  });
  const targets = pairs.map((pair) => pair.parent.name);
  const keys = [parent.primaryKey, ...parent.uniques].filter((key) => key !== undefined);
  const key = keys.find(({ columns }) => sameColumns(columns, targets));
  const ordered = key?.columns.map((name) => pairs.find((pair) => pair.parent.name === name)).filter((pair) => pair !== undefined);
  return { pairs: ordered ?? pairs, key };
}

/** Returns why the dialect would refuse the foreign key, or null. */
function whyRefused(pairs: readonly ColumnPair[], key: PlanKey | undefined, context: ForeignKeyContext): string | null {
  const { dialect } = context;
  if (!key) return 'the fields that it refers to are neither a primary nor a unique key';
  if (pairs.length > dialect.maxKeyColumns) return `${dialect.names.target} allows ${dialect.maxKeyColumns} columns`;
  const different = pairs.find(({ child, parent }) => !dialect.canReference(child, parent));
  if (different) return `the types differ (${different.child.sql} and ${different.parent.sql})`;
  const unkeyable = pairs.map(({ child }) => dialect.notKeyable(child.type)).find((reason) => reason !== null);
  return unkeyable ?? null;
}

const actionSql: Readonly<Record<ReferentialAction, string>> = {
  'no-action': 'NO ACTION',
  restrict: 'RESTRICT',
  cascade: 'CASCADE',
  'set-null': 'SET NULL',
  'set-default': 'SET DEFAULT',
};

/** Returns why the dialect does not know the action on these columns, or null. */
function whyNoAction(action: ReferentialAction, pairs: readonly ColumnPair[], context: ForeignKeyContext): string | null {
  const { id, names } = context.dialect;
  if (id === 'mssql' && action === 'restrict') return 'SQL Server has no RESTRICT';
  if (id === 'mysql' && action === 'set-default') return 'InnoDB has no SET DEFAULT';
  const strict = id === 'mysql' || id === 'mssql';
  const required = pairs.find(({ child }) => child.notNull);
  return strict && action === 'set-null' && required
    ? `${names.target} cannot set "${required.child.field.name}" to NULL, it is required`
    : null;
}

/** `ON DELETE … ON UPDATE …`, as far as the dialect takes it; empty for the default. */
function planActions(foreignKey: ForeignKey, pairs: readonly ColumnPair[], context: ForeignKeyContext): string {
  const { onDelete, onUpdate } = foreignKey.relationship;
  const parts: string[] = [];
  const wanted = [
    ['ON DELETE', onDelete],
    ['ON UPDATE', onUpdate],
  ] as const;
  const actions = wanted.map(([event, action]) => {
    if (action == null || action === 'no-action') return null;
    const reason = whyNoAction(action, pairs, context);
    if (reason === null) return { event, action };
    context.warnings.add(
      'ACTION_CHANGED',
      'foreign key',
      `${event} ${actionSql[action]} of ${describe(foreignKey)} is written as NO ACTION: ${reason}.`,
    );
    return null;
  });
  const acting = actions.filter((action) => action !== null);
  if (acting.length > 0 && context.dialect.id === 'mssql' && !context.cascades.add(foreignKey.parent, foreignKey.child)) {
    context.warnings.add(
      'ACTION_CHANGED',
      'foreign key',
      `The actions of ${describe(foreignKey)} are written as NO ACTION: SQL Server allows no cycles and no second path of cascades.`,
    );
    return '';
  }
  for (const { event, action } of acting) parts.push(`${event} ${actionSql[action]}`);
  return parts.join(' ');
}

function planForeignKey(foreignKey: ForeignKey, context: ForeignKeyContext): { child: PlanTable; planned: PlanForeignKey | null } | null {
  const [child, parent] = [context.plans.get(foreignKey.child), context.plans.get(foreignKey.parent)];
  if (!child || !parent) return null;
  const { pairs, key } = pairColumns(foreignKey, child, parent);
  const reason = whyRefused(pairs, key, context);
  if (reason !== null) {
    context.warnings.add(
      'FOREIGN_KEY_DROPPED',
      'foreign key',
      `The foreign key ${describe(foreignKey)} is left out: ${reason}. Change the fields, then export again.`,
    );
    child.skipped.push(`Foreign key ${describe(foreignKey)} is left out: ${reason}.`);
    return { child, planned: null };
  }
  if (key) parent.referencedKeys.add(key.name);
  const columns = pairs.map((pair) => pair.child.name);
  const name = context.names(child).allocate(foreignKey.relationship.name ?? `${child.name}_${columns.join('_')}_fkey`);
  const parentColumns = pairs.map((pair) => pair.parent.name);
  return {
    child,
    planned: { table: child.name, name, columns, parent: parent.name, parentColumns, actions: planActions(foreignKey, pairs, context) },
  };
}

/** Names of foreign keys: one set for the schema, or one a table beside the names of its keys. */
function nameScopes({ dialect, relations }: PlanContext): (table: PlanTable) => Namespace {
  const whole = dialect.id === 'mssql' ? relations : new Namespace(dialect.names);
  const own = new Map<PlanTable, Namespace>();
  return (table) => {
    if (dialect.scopes.foreignKey === 'schema') return whole;
    const keys = [table.primaryKey, ...table.uniques].filter((key) => key !== undefined);
    const space =
      own.get(table) ??
      new Namespace(dialect.names, [...keys.map(({ name }) => name), ...table.columns.flatMap(({ checkName }) => checkName ?? [])]);
    own.set(table, space);
    return space;
  };
}

/** Puts each foreign key into its table's plan, and returns those that must be added after the last CREATE TABLE. */
export function planForeignKeys(tables: readonly PlanTable[], context: PlanContext): PlanForeignKey[] {
  const plans = new Map(tables.map((table) => [table.structure, table]));
  const position = new Map(tables.map((table, index) => [table.name, index]));
  const full: ForeignKeyContext = { ...context, plans, names: nameScopes(context), cascades: createCascadeGuard() };
  const deferred: PlanForeignKey[] = [];
  for (const foreignKey of context.structure.foreignKeys) {
    const found = planForeignKey(foreignKey, full);
    if (!found?.planned) continue;
    const later = (position.get(found.planned.parent) ?? 0) > (position.get(found.planned.table) ?? 0);
    // SQLite cannot add a constraint to a table, but takes references to tables that do not exist yet.
    if (later && context.dialect.id !== 'sqlite') deferred.push(found.planned);
    else found.child.foreignKeys.push(found.planned);
  }
  return deferred;
}
