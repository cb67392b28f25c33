/** The plan of a SQL export: everything decided for one dialect, so that a writer only has to print it. */
import type { SchemaBody, SchemaField } from '../../model.ts';
import type { ColumnType } from '../../types.ts';
import { withJunctions } from '../junctions.ts';
import { Namespace } from '../names.ts';
import { orderByDependency, type SchemaStructure, type TableStructure } from '../structure.ts';
import type { WarningSink } from '../warnings.ts';
import type { Dialect } from './dialect.ts';
import { isPostgresEnum } from './postgres.ts';
import { planForeignKeys } from './planForeignKeys.ts';
import { planTable } from './planTable.ts';

/** One column as it is printed. `name` is the target's name, unquoted. */
export interface PlanColumn {
  readonly field: SchemaField;
  readonly name: string;
  readonly type: ColumnType;
  readonly sql: string;
  readonly notNull: boolean;
  readonly autoIncrement: boolean;
  /** Text after DEFAULT. */
  readonly defaultSql: string | undefined;
  /** Values that a CHECK must enforce. */
  readonly check: readonly string[] | undefined;
  /** Name of that CHECK, where it is given one: a name that is known can be dropped later. */
  readonly checkName?: string;
}

/** A primary or unique key, or an index; `columns` in the target's names. */
export interface PlanKey {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface PlanIndex extends PlanKey {
  /** The model's index type, such as `gin`. */
  readonly method: string;
  readonly fields: readonly SchemaField[];
}

export interface PlanForeignKey {
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly parent: string;
  readonly parentColumns: readonly string[];
  /** SQL text such as `ON DELETE CASCADE`, empty for the default actions. */
  readonly actions: string;
}

export interface PlanTable {
  readonly structure: TableStructure;
  readonly name: string;
  readonly columns: readonly PlanColumn[];
  readonly primaryKey: PlanKey | undefined;
  readonly uniques: readonly PlanKey[];
  readonly indexes: readonly PlanIndex[];
  /** Foreign keys to tables that are created before, or by this statement. */
  foreignKeys: PlanForeignKey[];
  /** Names of the keys that foreign keys refer to. */
  readonly referencedKeys: Set<string>;
  /** Foreign keys that could not be written, each as a sentence for a comment. */
  skipped: string[];
}

export interface SqlPlan {
  readonly enums: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly tables: readonly PlanTable[];
  /** Foreign keys to tables that are created later: added when all tables exist. */
  readonly deferred: readonly PlanForeignKey[];
}

/** What planning one table needs from the whole schema. */
export interface PlanContext {
  readonly dialect: Dialect;
  readonly structure: SchemaStructure;
  readonly warnings: WarningSink;
  readonly tableNames: ReadonlyMap<TableStructure, string>;
  /** Columns (by table) that a foreign key uses or refers to. */
  readonly referenced: ReadonlyMap<TableStructure, ReadonlySet<string>>;
  /** Names of tables, and of keys and indexes where the dialect keeps them in one set. */
  readonly relations: Namespace;
  /** Returns the printed name of the enum type of a column, where the dialect creates enum types. */
  readonly enumType: (type: ColumnType, table: string, column: string) => string | undefined;
}

/** Types that exist already in every PostgreSQL database; an enum of the same name would be hidden by them. */
const builtInTypes =
  'bool bytea char name int8 int2 int4 text oid json jsonb xml point lseg path box polygon line cidr float4 float8 circle money macaddr inet bpchar varchar date time timestamp timestamptz interval timetz bit varbit numeric uuid record any void'.split(
    ' ',
  );

/** Hands out enum type names: a declared enum once, an inline enum per column. */
function createEnumNames(context: { structure: SchemaStructure; dialect: Dialect; tableNames: Iterable<string>; warnings: WarningSink }) {
  const { structure, dialect, warnings } = context;
  const enums: { name: string; values: readonly string[] }[] = [];
  if (!dialect.createsEnums) return { enums, enumType: () => undefined };
  const names = new Namespace(dialect.names, [...context.tableNames, ...builtInTypes]);
  const add = (name: string, values: readonly string[]): string => {
    enums.push({ name, values });
    return dialect.quote(name);
  };
  const declared = new Map<string, string>();
  for (const { name, values } of structure.body.enums ?? []) {
    if (declared.has(name) || !isPostgresEnum(values)) continue;
    const own = names.has(name) ? `${name}_enum` : name;
    const given = names.allocateNamed(own, 'enum', warnings);
    if (own !== name)
      warnings.add(
        'NAME_CHANGED',
        'enum',
        `The enum "${name}" is written as "${given}": ${dialect.names.target} has a type of this name already.`,
      );
    declared.set(name, add(given, values));
  }
  const enumType = (type: ColumnType, table: string, column: string): string | undefined => {
    const element = type.kind === 'array' ? type.element : type;
    if (element?.kind !== 'enum') return undefined;
    const known = element.args ? undefined : declared.get(element.name);
    if (known !== undefined) return known;
    return isPostgresEnum(element.values) ? add(names.allocate(`${table}_${column}`), element.values ?? []) : undefined;
  };
  return { enums, enumType };
}

function findReferenced(structure: SchemaStructure): Map<TableStructure, Set<string>> {
  const referenced = new Map<TableStructure, Set<string>>(structure.tables.map((table) => [table, new Set()]));
  for (const { child, columns, parent, targetColumns } of structure.foreignKeys) {
    for (const { name } of columns) referenced.get(child)?.add(name);
    for (const { name } of targetColumns) referenced.get(parent)?.add(name);
  }
  return referenced;
}

/** Returns what a SQL export of the body prints, in the dialect's own terms. Everything that differs from the model is a warning. */
export function planSql(body: SchemaBody, dialect: Dialect, warnings: WarningSink): SqlPlan {
  const structure = withJunctions(body, warnings);
  for (const { relationship, reason } of structure.broken) {
    warnings.add(
      'RELATIONSHIP_DROPPED',
      'relationship',
      `The relationship from "${relationship.fromTable}" to "${relationship.toTable}" is left out: ${reason}.`,
    );
  }
  const ordered = orderByDependency(structure);
  const relations = new Namespace(dialect.names);
  const tableNames = new Map(structure.tables.map((table) => [table, relations.allocateNamed(table.table.name, 'table', warnings)]));
  const { enums, enumType } = createEnumNames({ structure, dialect, tableNames: tableNames.values(), warnings });
  const context: PlanContext = { dialect, structure, warnings, tableNames, referenced: findReferenced(structure), relations, enumType };
  const tables = ordered.map((table) => planTable(table, context));
  return { enums, tables, deferred: planForeignKeys(tables, context) };
}
