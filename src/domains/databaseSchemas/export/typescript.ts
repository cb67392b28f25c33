/** TypeScript types: a row and an insert type for each table, a union for each enum. */
import type { SchemaBody, SchemaField } from '../model.ts';
import type { ColumnType } from '../types.ts';
import { codeScope, pascalCase } from './codeNames.ts';
import { resolveStructure, type SchemaStructure, type TableStructure } from './structure.ts';
import type { WarningSink } from './warnings.ts';

interface Context {
  readonly structure: SchemaStructure;
  readonly enums: ReadonlyMap<string, string>;
  readonly warnings: WarningSink;
}

/** A doc comment; the text cannot end it. */
function docComment(text: string | null | undefined, indent: string): string {
  const lines = (text ?? '')
    .trim()
    .replaceAll('*/', '*\\/')
    .split(/\r\n|[\r\n\u2028\u2029]/u);
  if (lines.length === 1) return lines[0] === '' ? '' : `${indent}/** ${lines[0] ?? ''} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

const literal = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'").replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
const property = (name: string): string => (/^[A-Za-z_$][A-Za-z0-9_$]*$/u.test(name) ? name : literal(name));
const union = (values: readonly string[]): string => (values.length > 0 ? values.map(literal).join(' | ') : 'string');

/** Types as database drivers give them without loss: decimals as strings, 64-bit integers as bigint. */
function typeText(type: ColumnType, context: Context): string {
  switch (type.kind) {
    case 'integer':
      return (type.bits ?? 32) + (type.unsigned === true ? 1 : 0) > 53 ? 'bigint' : 'number';
    case 'float':
    case 'year':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'date':
    case 'timestamp':
      return 'Date';
    case 'binary':
      return 'Uint8Array';
    case 'json':
      return 'JsonValue';
    case 'enum':
      return (type.args ? undefined : context.enums.get(type.name)) ?? union(type.values ?? []);
    case 'array':
      return `(${type.element ? typeText(type.element, context) : 'unknown'})[]`.replace(/^\((\w+)\)/u, '$1');
    case 'geometry':
    case 'unknown':
      return 'unknown';
    default:
      return 'string';
  }
}

function writeProperty(field: SchemaField, table: TableStructure, context: Context & { insert: boolean }): string {
  const type = context.structure.typeOf(field);
  const required = field.required || table.primaryKey.includes(field.name);
  const numbered = field.autoIncrement === true || type.serial === true;
  const mayBeLeftOut = context.insert && (!required || numbered || (field.defaultValue ?? '').trim() !== '');
  const text = typeText(type, context);
  if (text === 'unknown')
    context.warnings.add(
      'TYPE_CHANGED',
      'type',
      `${table.table.name}.${field.name}: ${field.type} has no TypeScript type; unknown is written.`,
    );
  const nullable = required || text === 'unknown' ? '' : ' | null';
  return `${docComment(context.insert ? '' : field.description, '  ')}  ${property(field.name)}${mayBeLeftOut ? '?' : ''}: ${text}${nullable};`;
}

function writeTable(table: TableStructure, names: { row: string; insert: string }, context: Context): string {
  const fields = [...table.fields.values()];
  const body = (insert: boolean): string => fields.map((field) => `${writeProperty(field, table, { ...context, insert })}\n`).join('');
  const { name, description } = table.table;
  const about = description?.trim() ? description : `A row of the table ${name}.`;
  const insertAbout = `A new row of the table ${name}: what the database fills in may be left out.`;
  return `${docComment(about, '')}export interface ${names.row} {\n${body(false)}}\n\n${docComment(insertAbout, '')}export interface ${names.insert} {\n${body(true)}}`;
}

const reserved = [
  'JsonValue',
  'Tables',
  'Date',
  'Uint8Array',
  'String',
  'Number',
  'Boolean',
  'Object',
  'Array',
  'Function',
  'Symbol',
  'Record',
];

const jsonValue = `/** Any JSON value. */\nexport type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };`;

/** Returns a module of types only. Names of types are those of the tables in PascalCase; properties keep the names of the fields. */
export function writeTypeScript(body: SchemaBody, warnings: WarningSink): string {
  const structure = resolveStructure(body);
  const scope = codeScope(reserved);
  const names = new Map(
    structure.tables.map((table) => [table, { row: scope.allocate(pascalCase(table.table.name, 'Table')), insert: '' }]),
  );
  for (const name of names.values()) name.insert = scope.allocate(`New${name.row}`);
  const enums = new Map((body.enums ?? []).map(({ name }) => [name, scope.allocate(pascalCase(name, 'Enum'))]));
  const context: Context = { structure, enums, warnings };
  const unions = (body.enums ?? []).map(({ name, values }) => `export type ${enums.get(name) ?? ''} = ${union(values)};`);
  const tables = structure.tables.map((table) => writeTable(table, names.get(table) ?? { row: '', insert: '' }, context));
  const all = structure.tables.map((table) => `  ${property(table.table.name)}: ${names.get(table)?.row ?? ''};\n`).join('');
  const usesJson = tables.some((text) => text.includes('JsonValue'));
  const blocks = [
    ...(usesJson ? [jsonValue] : []),
    ...new Set(unions),
    ...tables,
    `/** Row types by the names of the tables. */\nexport interface Tables {\n${all}}`,
  ];
  return `${blocks.join('\n\n')}\n`;
}
