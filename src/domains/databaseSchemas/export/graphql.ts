/** GraphQL SDL: a type for each table, fields for its relationships in both directions, and look-ups in Query. */
import type { SchemaBody, SchemaField } from '../model.ts';
import type { ColumnType } from '../types.ts';
import { codeScope, identifier, pascalCase } from './codeNames.ts';
import type { Namespace } from './names.ts';
import { resolveStructure, type SchemaStructure, type TableStructure } from './structure.ts';
import type { WarningSink } from './warnings.ts';

/** Scalars that GraphQL lacks; declared where they are used. */
const scalars = ['BigInt', 'Bytes', 'Date', 'DateTime', 'Decimal', 'JSON', 'Time', 'UUID'] as const;

interface Context {
  readonly structure: SchemaStructure;
  readonly types: ReadonlyMap<TableStructure, string>;
  readonly enums: ReadonlyMap<string, string>;
  readonly fields: ReadonlyMap<TableStructure, { readonly scope: Namespace; readonly lines: string[] }>;
  readonly warnings: WarningSink;
}

/** JSON's strings are GraphQL's. */
const description = (text: string | null | undefined, indent: string): string =>
  text?.trim() ? `${indent}${JSON.stringify(text.trim())}\n` : '';

function scalarOf(type: ColumnType, context: Context): string {
  switch (type.kind) {
    case 'integer':
      return (type.bits ?? 32) + (type.unsigned === true ? 1 : 0) > 32 ? 'BigInt' : 'Int';
    case 'year':
      return 'Int';
    case 'decimal':
    case 'money':
      return 'Decimal';
    case 'float':
      return 'Float';
    case 'boolean':
      return 'Boolean';
    case 'date':
      return 'Date';
    case 'time':
      return 'Time';
    case 'timestamp':
      return 'DateTime';
    case 'uuid':
      return 'UUID';
    case 'json':
    case 'geometry':
    case 'unknown':
      return 'JSON';
    case 'binary':
      return 'Bytes';
    case 'enum':
      return (type.args ? undefined : context.enums.get(type.name)) ?? 'String';
    case 'array':
      return `[${type.element ? scalarOf(type.element, context) : 'JSON'}]`;
    default:
      return 'String';
  }
}

function typeText(field: SchemaField, table: TableStructure, context: Context): string {
  const isId = table.primaryKey.length === 1 && table.primaryKey[0] === field.name;
  const foreign = context.structure.foreignKeys.some(({ child, columns }) => child === table && columns.includes(field));
  const scalar = isId || foreign ? 'ID' : scalarOf(context.structure.typeOf(field), context);
  return field.required || isId || table.primaryKey.includes(field.name) ? `${scalar}!` : scalar;
}

function addFields(table: TableStructure, context: Context): void {
  const target = context.fields.get(table);
  for (const field of table.fields.values()) {
    const name = target?.scope.allocate(identifier(field.name, 'field')) ?? '';
    if (name !== field.name)
      context.warnings.add(
        'NAME_CHANGED',
        'field',
        `The field "${field.name}" of "${table.table.name}" is called "${name}": GraphQL names have Latin letters, digits and underscores.`,
      );
    target?.lines.push(`${description(field.description, '  ')}  ${name}: ${typeText(field, table, context)}`);
  }
}

/** `customer_id` refers to a `customer`. */
const withoutId = (name: string): string | undefined => /^(.+?)_?(?:id|Id|ID|uuid)$/u.exec(name)?.[1];

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

function addRelationships(context: Context): void {
  const add = (table: TableStructure, wanted: string, type: string): void => {
    const target = context.fields.get(table);
    target?.lines.push(`  ${target.scope.allocate(identifier(wanted, 'related'))}: ${type}`);
  };
  const typeOf = (table: TableStructure): string => context.types.get(table) ?? '';
  for (const { child, columns, parent, oneToOne } of context.structure.foreignKeys) {
    const required = columns.every((column) => column.required);
    const [first] = columns;
    add(
      child,
      (columns.length === 1 && first ? withoutId(first.name) : undefined) ?? lowerFirst(typeOf(parent)),
      `${typeOf(parent)}${required ? '!' : ''}`,
    );
    add(parent, lowerFirst(typeOf(child)), oneToOne ? typeOf(child) : `[${typeOf(child)}!]!`);
  }
  for (const { left, right } of context.structure.manyToMany) {
    add(left, lowerFirst(typeOf(right)), `[${typeOf(right)}!]!`);
    if (left !== right) add(right, lowerFirst(typeOf(left)), `[${typeOf(left)}!]!`);
  }
}

function writeEnum(name: string, values: readonly string[], warnings: WarningSink): string {
  const scope = codeScope(['true', 'false', 'null']);
  const lines = values.map((value) => {
    const allowed = scope.allocate(identifier(value, 'value'));
    if (allowed !== value)
      warnings.add(
        'ENUM_CHANGED',
        'enum',
        `The value "${value}" of the enum ${name} is called ${allowed}: GraphQL names have Latin letters, digits and underscores.`,
      );
    return allowed === value ? `  ${allowed}` : `${description(`Stored as ${JSON.stringify(value)}.`, '  ')}  ${allowed}`;
  });
  return `enum ${name} {\n${lines.join('\n')}\n}`;
}

function writeQuery(context: Context): string {
  const scope = codeScope();
  const lines = context.structure.tables.flatMap((table) => {
    const type = context.types.get(table) ?? '';
    const list = scope.allocate(lowerFirst(type));
    const one = table.primaryKey.length === 1 ? [`  ${scope.allocate(`${lowerFirst(type)}ById`)}(id: ID!): ${type}`] : [];
    return [`  ${list}(first: Int = 25, after: String): [${type}!]!`, ...one];
  });
  return `type Query {\n${lines.length > 0 ? lines.join('\n') : '  "The schema has no tables yet."\n  empty: Boolean'}\n}`;
}

/** Returns a complete schema in SDL, with a Query type and the scalars that it uses. */
export function writeGraphql(body: SchemaBody, warnings: WarningSink): string {
  const structure = resolveStructure(body);
  const scope = codeScope([...scalars, 'Int', 'Float', 'String', 'Boolean', 'ID', 'Query', 'Mutation', 'Subscription']);
  const types = new Map(structure.tables.map((table) => [table, scope.allocate(pascalCase(table.table.name, 'Table'))]));
  const declared = (body.enums ?? []).filter(({ values }) => values.length > 0);
  const enums = new Map(declared.map(({ name }) => [name, scope.allocate(pascalCase(name, 'Enum'))]));
  const fields = new Map(structure.tables.map((table) => [table, { scope: codeScope(), lines: [] as string[] }]));
  const context: Context = { structure, types, enums, fields, warnings };
  for (const table of structure.tables) addFields(table, context);
  addRelationships(context);
  const empty = '  "The table has no fields yet."\n  empty: Boolean';
  const tables = structure.tables.map((table) => {
    const lines = fields.get(table)?.lines ?? [];
    return `${description(table.table.description, '')}type ${types.get(table) ?? ''} {\n${lines.length > 0 ? lines.join('\n') : empty}\n}`;
  });
  const used = scalars.filter((scalar) => tables.some((text) => new RegExp(`^  \\w+: \\[*${scalar}\\b`, 'mu').test(text)));
  const blocks = [
    used.map((scalar) => `scalar ${scalar}`).join('\n'),
    ...declared.map(({ name, values }) => writeEnum(enums.get(name) ?? '', [...new Set(values)], warnings)),
    ...tables,
    writeQuery(context),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}
