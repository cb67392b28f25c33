/**
 * The application behind a schema: what every generator of code reads. It is made of the plan of the SQL export, so that code
 * and database agree on names, types, keys and foreign keys.
 */
import { readDefault } from '../../databaseSchemas/export/defaults.ts';
import { planSql, type PlanColumn, type PlanForeignKey, type PlanTable, type SqlPlan } from '../../databaseSchemas/export/sql/plan.ts';
import { dialects } from '../../databaseSchemas/export/sql/write.ts';
import { createWarnings } from '../../databaseSchemas/export/warnings.ts';
import type { ConversionWarning, ReferentialAction, SchemaBody, SqlDialect } from '../../databaseSchemas/model.ts';
import { memoryDefault, type MemoryDefault } from './memoryDefault.ts';
import type { SchemaInput } from './input.ts';
import { createSlugs, createTypeNames, propertyName, propertyScope } from './naming.ts';
import { wireOf, type Wire, type WireKind } from './wire.ts';

/** One column as code sees it. */
export interface AppColumn {
  /** Name in JSON, TypeScript and GraphQL. */
  readonly property: string;
  readonly planned: PlanColumn;
  readonly wire: Wire;
  /** True where rows may hold null. */
  readonly nullable: boolean;
  /** What the database fills in for a new row; undefined where the row must say it. */
  readonly fallback: MemoryDefault | undefined;
}

/** One foreign key between tables of the application; columns by property. */
export interface AppReference {
  readonly planned: PlanForeignKey;
  readonly child: AppTable;
  readonly properties: readonly string[];
  readonly parent: AppTable;
  readonly targets: readonly string[];
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
}

/** One table as code sees it. */
export interface AppTable {
  readonly planned: PlanTable;
  readonly typeName: string;
  /** Name of its files and first segment of its paths. */
  readonly slug: string;
  readonly columns: readonly AppColumn[];
  /** Properties that find one row; empty where no key does, and the table can only be listed. */
  readonly key: readonly string[];
  /** Sets of properties that no two rows share, besides the key. */
  readonly uniques: readonly (readonly string[])[];
}

export interface Application {
  readonly name: string;
  readonly version: number;
  readonly dialect: SqlDialect;
  readonly body: SchemaBody;
  readonly plan: SqlPlan;
  /** Tables with at least one column, in the order in which they are created. */
  readonly tables: readonly AppTable[];
  readonly references: readonly AppReference[];
  /** What the database cannot carry over. */
  readonly warnings: readonly ConversionWarning[];
}

function toColumn(planned: PlanColumn, property: string): AppColumn {
  const nullable = !planned.notNull;
  const wire = wireOf(planned);
  const fallback: MemoryDefault | undefined = planned.autoIncrement
    ? { kind: 'identity' }
    : planned.defaultSql === undefined
      ? undefined
      : memoryDefault(readDefault(planned.field.defaultValue ?? '', planned.type), wire);
  return { property, planned, wire, nullable, fallback };
}

/** Kinds that can stand in a path. */
const pathKinds: ReadonlySet<WireKind> = new Set([
  'integer',
  'bigint',
  'decimal',
  'float',
  'boolean',
  'text',
  'date',
  'time',
  'timestamp',
  'uuid',
]);

function toTable(planned: PlanTable, names: { typeName: string; slug: string }): AppTable {
  const scope = propertyScope();
  const columns = planned.columns.map((column) => toColumn(column, propertyName(column.field.name, scope)));
  const byColumn = new Map(columns.map((column) => [column.planned.name, column]));
  const keys = [planned.primaryKey, ...planned.uniques].flatMap((key) => (key ? [key.columns.map((name) => byColumn.get(name))] : []));
  const known = keys.map((key) => key.filter((column) => column !== undefined));
  const key = known.find((set) => set.length > 0 && set.every(({ nullable, wire }) => !nullable && pathKinds.has(wire.kind))) ?? [];
  const properties = (set: readonly AppColumn[]): string[] => set.map(({ property }) => property);
  return { ...names, planned, columns, key: properties(key), uniques: known.filter((set) => set !== key).map(properties) };
}

const actions: Readonly<Record<string, ReferentialAction>> = {
  RESTRICT: 'restrict',
  CASCADE: 'cascade',
  'SET NULL': 'set-null',
  'SET DEFAULT': 'set-default',
};

/** The action that the plan printed, which may be less than the author asked for. */
function actionOf({ actions: printed }: PlanForeignKey, event: 'DELETE' | 'UPDATE'): ReferentialAction {
  const found = new RegExp(`ON ${event} (RESTRICT|CASCADE|SET NULL|SET DEFAULT)`, 'u').exec(printed)?.[1];
  return actions[found ?? ''] ?? 'no-action';
}

function toReference(planned: PlanForeignKey, tables: ReadonlyMap<string, AppTable>): AppReference[] {
  const [child, parent] = [tables.get(planned.table), tables.get(planned.parent)];
  if (!child || !parent) return [];
  const propertiesOf = (table: AppTable, columns: readonly string[]): string[] =>
    columns.flatMap((name) => table.columns.find((column) => column.planned.name === name)?.property ?? []);
  const properties = propertiesOf(child, planned.columns);
  const targets = propertiesOf(parent, planned.parentColumns);
  return [{ planned, child, properties, parent, targets, onDelete: actionOf(planned, 'DELETE'), onUpdate: actionOf(planned, 'UPDATE') }];
}

/** Returns the application of a schema for a dialect. Bodies need not be valid: what cannot be carried over becomes a warning. */
export function createApplication(schema: SchemaInput, dialect: SqlDialect): Application {
  const { name, version, tables, relationships, enums } = schema;
  const body: SchemaBody = { tables: [...tables], relationships: [...relationships], enums: [...(enums ?? [])] };
  const warnings = createWarnings();
  const plan = planSql(body, dialects[dialect], warnings);
  const [typeNameOf, slugOfTable] = [createTypeNames(), createSlugs()];
  const planned = plan.tables.filter(({ columns }) => columns.length > 0);
  const appTables = planned.map((table) => {
    const original = table.structure.table.name;
    return toTable(table, { typeName: typeNameOf(original), slug: slugOfTable(original) });
  });
  const byName = new Map(appTables.map((table) => [table.planned.name, table]));
  const foreignKeys = [...plan.tables.flatMap((table) => table.foreignKeys), ...plan.deferred];
  const references = foreignKeys.flatMap((foreignKey) => toReference(foreignKey, byName));
  return { name, version, dialect, body, plan, tables: appTables, references, warnings: warnings.list };
}
