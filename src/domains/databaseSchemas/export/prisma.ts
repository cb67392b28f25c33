/** Prisma schemas: the SQL plan of the dialect, written as models. https://www.prisma.io/docs/orm/reference/prisma-schema-reference */
import type { SchemaBody, SqlDialect } from '../model.ts';
import { codeScope, identifier, pascalCase } from './codeNames.ts';
import { readDefault } from './defaults.ts';
import type { Namespace } from './names.ts';
import { prismaType, type PrismaType } from './prismaTypes.ts';
import { planSql, type PlanColumn, type PlanForeignKey, type PlanIndex, type PlanTable } from './sql/plan.ts';
import { dialects } from './sql/write.ts';
import type { WarningSink } from './warnings.ts';

const providers: Readonly<Record<SqlDialect, string>> = { postgres: 'postgresql', mysql: 'mysql', sqlite: 'sqlite', mssql: 'sqlserver' };

/** Prisma's own words, and what its clients cannot be called. */
const reservedModels =
  'String Boolean Int BigInt Float Decimal DateTime Json Bytes Unsupported Prisma PrismaClient Object Array Date Function Symbol Error Promise Record'.split(
    ' ',
  );

interface Model {
  readonly table: PlanTable;
  readonly name: string;
  readonly scope: Namespace;
  /** Prisma's names of the columns by the target's names. */
  readonly fields: ReadonlyMap<string, string>;
  readonly types: ReadonlyMap<string, PrismaType>;
  /** True where no key lets Prisma find a row; such a model is ignored by its client. */
  readonly ignored: boolean;
  readonly lines: string[];
}

interface Context {
  readonly dialect: SqlDialect;
  readonly enums: ReadonlyMap<string, string>;
  /** Prisma's names of an enum's values, by the name of the enum. */
  readonly enumMembers: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly warnings: WarningSink;
}

/** A string of Prisma: JSON's escapes. */
const text = (value: string): string => JSON.stringify(value);

const docComment = (value: string | null | undefined, indent: string): string =>
  value?.trim()
    ? value
        .trim()
        .split(/[\r\n\u2028\u2029]+/u)
        .map((line) => `${indent}/// ${line.replace(/\p{Cc}/gu, ' ')}\n`)
        .join('')
    : '';

function literalDefault(column: PlanColumn, type: PrismaType, value: string | boolean): string | undefined {
  switch (type.scalar) {
    case 'Int':
    case 'BigInt':
    case 'Float':
    case 'Decimal':
      return /^-?\d+(?:\.\d+)?$/u.test(String(value)) && !/^-?\d{19,}/u.test(String(value)) ? String(value) : undefined;
    case 'Boolean':
      return String(value);
    case 'String':
      return typeof value === 'string' && !/^(?:CHAR\(36\)|uuid)$/u.test(column.sql) ? text(value) : undefined;
    default:
      return undefined;
  }
}

/** The `@default(…)` of a column; expressions go through `dbgenerated`. */
function defaultAttribute(column: PlanColumn, type: PrismaType, { leads, ...context }: Context & { leads: boolean }): string {
  if (column.autoIncrement) return leads ? ' @default(autoincrement())' : '';
  if (column.defaultSql === undefined || column.defaultSql === 'NULL') return '';
  const meaning = readDefault(column.field.defaultValue ?? '', column.type);
  if (type.list && meaning.kind === 'array' && meaning.items.length === 0) return ' @default([])';
  if (meaning.kind === 'now' && type.scalar === 'DateTime') return ' @default(now())';
  if (meaning.kind === 'uuid' && type.scalar === 'String' && context.dialect !== 'postgres') return ' @default(uuid())';
  const members = context.enumMembers.get(type.scalar);
  if (members && meaning.kind === 'literal' && meaning.literal.kind === 'string')
    return ` @default(${members.get(meaning.literal.value) ?? ''})`;
  if (
    meaning.kind === 'literal' &&
    !type.list &&
    (meaning.literal.kind === 'string' || meaning.literal.kind === 'number' || meaning.literal.kind === 'boolean')
  ) {
    const literal = literalDefault(column, type, meaning.literal.value);
    if (literal !== undefined) return ` @default(${literal})`;
  }
  // SQLite's and MySQL's expressions stand in parentheses already.
  return ` @default(dbgenerated(${text(column.defaultSql)}))`;
}

/** Prisma counts bytes where databases count characters; longer names are left to it. */
const maxMapped: Readonly<Record<SqlDialect, number>> = { postgres: 63, mysql: 64, sqlite: 128, mssql: 128 };
const isMapped = (name: string, dialect: SqlDialect): boolean => new TextEncoder().encode(name).length <= maxMapped[dialect];

/** Name of a key in the database; SQLite's keys and MySQL's primary keys have none. */
function mapOf(name: string, primary: boolean, { dialect }: Context): string {
  return dialect !== 'sqlite' && isMapped(name, dialect) && !(dialect === 'mysql' && primary) ? `(map: ${text(name)})` : '';
}

function addField(column: PlanColumn, model: Model, context: Context): void {
  const name = model.fields.get(column.name) ?? '';
  const type = model.types.get(column.name);
  if (!type) return;
  const single = (key: { columns: readonly string[] } | undefined): boolean =>
    key?.columns.length === 1 && key.columns[0] === column.name && isScalar(type);
  const { primaryKey, uniques } = model.table;
  const unique = uniques.find(single);
  // MySQL numbers only a column that leads a key.
  const leads = context.dialect !== 'mysql' || [primaryKey, ...uniques].some((key) => key?.columns[0] === column.name);
  if (column.autoIncrement && !leads) {
    context.warnings.add(
      'AUTO_INCREMENT_DROPPED',
      'auto-increment',
      `${model.table.name}.${column.name} is not numbered: Prisma wants it to lead a key.`,
    );
  }
  const attributes = [
    single(primaryKey) && ` @id${mapOf(primaryKey?.name ?? '', true, context)}`,
    unique !== undefined && ` @unique${mapOf(unique.name, false, context)}`,
    defaultAttribute(column, type, { ...context, leads }),
    name !== column.name && ` @map(${text(column.name)})`,
    type.native !== undefined && ` @db.${type.native}`,
  ].filter((attribute) => attribute !== false);
  const optional = type.list ? '[]' : column.notNull ? '' : '?';
  model.lines.push(`${docComment(column.field.description, '  ')}  ${name} ${type.scalar}${optional}${attributes.join('')}`);
}

const actionNames: Readonly<Record<string, string>> = {
  'NO ACTION': 'NoAction',
  RESTRICT: 'Restrict',
  CASCADE: 'Cascade',
  'SET NULL': 'SetNull',
  'SET DEFAULT': 'SetDefault',
};

/** `onDelete: Cascade, onUpdate: NoAction`; always written, since Prisma's defaults are not SQL's. */
function actionsOf({ actions }: PlanForeignKey, columns: readonly PlanColumn[], dialect: SqlDialect): string {
  const required = columns.some(({ notNull }) => notNull);
  return (['DELETE', 'UPDATE'] as const)
    .map((event) => {
      const written = new RegExp(`ON ${event} (NO ACTION|RESTRICT|CASCADE|SET NULL|SET DEFAULT)`, 'u').exec(actions)?.[1] ?? 'NO ACTION';
      const action = (written === 'SET NULL' && required) || (dialect === 'mssql' && written === 'RESTRICT') ? 'NO ACTION' : written;
      return `on${event.charAt(0)}${event.slice(1).toLowerCase()}: ${actionNames[action] ?? 'NoAction'}`;
    })
    .join(', ');
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

function addRelation(foreignKey: PlanForeignKey, models: ReadonlyMap<string, Model>, context: Context): void {
  const [child, parent] = [models.get(foreignKey.table), models.get(foreignKey.parent)];
  const columns = foreignKey.columns
    .map((name) => child?.table.columns.find((column) => column.name === name))
    .filter((column) => column !== undefined);
  const unusable = foreignKey.columns.some((name, index) => {
    const [own, target] = [child?.types.get(name), parent?.types.get(foreignKey.parentColumns[index] ?? '')];
    return !isScalar(own) || !isScalar(target) || own?.scalar !== target?.scalar;
  });
  if (!child || !parent || unusable) {
    context.warnings.add(
      'FOREIGN_KEY_DROPPED',
      'foreign key',
      `The foreign key ${foreignKey.table} (${foreignKey.columns.join(', ')}) is left out: Prisma wants fields of the same type on both sides.`,
    );
    return;
  }
  const [first = ''] = foreignKey.columns;
  const wanted = foreignKey.columns.length === 1 ? /^(.+?)_?(?:id|Id|ID)$/u.exec(child.fields.get(first) ?? '')?.[1] : undefined;
  const name = child.scope.allocate(identifier(wanted ?? lowerFirst(parent.name), 'related'));
  const back = parent.scope.allocate(lowerFirst(child.name));
  const list = (model: Model, names: readonly string[]): string => names.map((column) => model.fields.get(column) ?? '').join(', ');
  const relation = text(`${child.name}_${name}`);
  const optional = columns.some(({ notNull }) => !notNull) ? '?' : '';
  const { table } = child;
  // Prisma sees a one-to-one relation only where the key has the fields in the same order.
  const unique = [table.primaryKey, ...table.uniques].some((key) => key?.columns.join('\0') === foreignKey.columns.join('\0'));
  const map = context.dialect !== 'sqlite' && isMapped(foreignKey.name, context.dialect) ? `, map: ${text(foreignKey.name)}` : '';
  child.lines.push(
    `  ${name} ${parent.name}${optional} @relation(${relation}, fields: [${list(child, foreignKey.columns)}], references: [${list(parent, foreignKey.parentColumns)}], ${actionsOf(foreignKey, columns, context.dialect)}${map})${parent.ignored && !child.ignored ? ' @ignore' : ''}`,
  );
  parent.lines.push(
    `  ${back} ${child.name}${unique ? '?' : '[]'} @relation(${relation})${child.ignored && !parent.ignored ? ' @ignore' : ''}`,
  );
}

function addKeys(model: Model, context: Context): void {
  const { primaryKey, uniques, indexes, name } = model.table;
  const list = (columns: readonly string[]): string => `[${columns.map((column) => model.fields.get(column) ?? '').join(', ')}]`;
  const known = (columns: readonly string[]): boolean => columns.every((column) => isScalar(model.types.get(column)));
  const map = (key: string): string =>
    isMapped(key, context.dialect) && !(context.dialect === 'mysql' && key === primaryKey?.name) ? `, map: ${text(key)}` : '';
  if (primaryKey && primaryKey.columns.length > 1 && known(primaryKey.columns))
    model.lines.push(`  @@id(${list(primaryKey.columns)}${context.dialect === 'sqlite' ? '' : map(primaryKey.name)})`);
  for (const unique of uniques)
    if (unique.columns.length > 1 && known(unique.columns)) model.lines.push(`  @@unique(${list(unique.columns)}${map(unique.name)})`);
  // Outside PostgreSQL the plan writes ordinary indexes, full text and places excepted.
  const usual = ({ method, columns }: PlanIndex): boolean =>
    method === 'btree' ||
    (context.dialect !== 'postgres' &&
      (!['fulltext', 'spatial'].includes(method) || columns.some((column) => model.types.get(column)?.scalar !== 'String')));
  for (const index of indexes) {
    const plain =
      known(index.columns) &&
      usual(index) &&
      !index.columns.some((column) =>
        /(?:Text|Blob|Json|Max|Xml)\b/u.test(`${model.types.get(column)?.scalar ?? ''} ${model.types.get(column)?.native ?? ''}`),
      );
    if (plain) model.lines.push(`  @@index(${list(index.columns)}${map(index.name)})`);
    else
      context.warnings.add(
        'INDEX_CHANGED',
        'index',
        `The index "${index.name}" of "${name}" is left out: Prisma writes only ordinary indexes on ordinary fields. Add it in a migration.`,
      );
  }
  if (model.name !== name) model.lines.push(`  @@map(${text(name)})`);
  if (model.ignored) model.lines.push('  @@ignore');
}

/** Tells whether Prisma takes the type in keys and indexes. */
const isScalar = (type: PrismaType | undefined): boolean =>
  type !== undefined && !type.list && type.scalar !== 'Bytes' && !type.scalar.startsWith('Unsupported');

/** Prisma finds rows by a key whose columns are required and of types that it knows. */
function hasKey(table: PlanTable, types: ReadonlyMap<string, PrismaType>): boolean {
  const isRequired = (name: string): boolean => table.columns.find((column) => column.name === name)?.notNull === true;
  const usable = (columns: readonly string[]): boolean => columns.every((name) => isRequired(name) && isScalar(types.get(name)));
  return [table.primaryKey, ...table.uniques].some((key) => key !== undefined && usable(key.columns));
}

function createModel(table: PlanTable, name: string, context: Context): Model {
  const scope = codeScope();
  const fields = new Map(table.columns.map((column) => [column.name, scope.allocate(identifier(column.name, 'field'))]));
  const types = new Map(table.columns.map((column) => [column.name, prismaType(column, context)]));
  return { table, name, scope, fields, types, ignored: !hasKey(table, types), lines: [] };
}

function enumMembers(values: readonly string[]): ReadonlyMap<string, string> {
  const scope = codeScope();
  return new Map(values.map((value) => [value, scope.allocate(identifier(value, 'value'))]));
}

function writeEnum(name: string, stored: string, members: ReadonlyMap<string, string>): string {
  const lines = [...members].map(([value, allowed]) => `  ${allowed}${allowed === value ? '' : ` @map(${text(value)})`}`);
  return `enum ${name} {\n${[...lines, ...(name === stored ? [] : [`  @@map(${text(stored)})`])].join('\n')}\n}`;
}

/** Returns a Prisma schema for the provider of the dialect: datasource, generator, enums and models with both sides of each relation. */
export function writePrisma(body: SchemaBody, dialect: SqlDialect, warnings: WarningSink): string {
  const plan = planSql(body, dialects[dialect], warnings);
  const scope = codeScope(reservedModels);
  const planned = plan.tables.filter(({ columns }) => columns.length > 0);
  const modelNames = planned.map(({ name }) => scope.allocate(pascalCase(name, 'Table')));
  const enumNames = plan.enums.map(({ name }) => scope.allocate(pascalCase(name, 'Enum')));
  const enums = new Map(plan.enums.map(({ name }, index) => [dialects[dialect].quote(name), enumNames[index] ?? '']));
  const members = plan.enums.map(({ values }) => enumMembers(values));
  const context: Context = {
    dialect,
    enums,
    enumMembers: new Map(enumNames.map((name, index) => [name, members[index] ?? new Map<string, string>()])),
    warnings,
  };
  const models = planned.map((table, index) => createModel(table, modelNames[index] ?? '', context));
  const byTable = new Map(models.map((model) => [model.table.name, model]));
  for (const model of models) for (const column of model.table.columns) addField(column, model, context);
  for (const foreignKey of [...planned.flatMap(({ foreignKeys }) => foreignKeys), ...plan.deferred])
    addRelation(foreignKey, byTable, context);
  for (const model of models) addKeys(model, context);
  const head = `generator client {\n  provider = "prisma-client-js"\n}\n\ndatasource db {\n  provider = "${providers[dialect]}"\n  // Prisma 6 and earlier also want: url = env("DATABASE_URL")\n}`;
  const blocks = [
    head,
    ...plan.enums.map(({ name }, index) => writeEnum(enumNames[index] ?? '', name, members[index] ?? new Map<string, string>())),
    ...models.map(
      (model) => `${docComment(model.table.structure.table.description, '')}model ${model.name} {\n${model.lines.join('\n')}\n}`,
    ),
  ];
  return `${blocks.join('\n\n')}\n`;
}
