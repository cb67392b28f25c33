/** JSON Schema (draft 2020-12): one definition for each table, and a root that holds lists of rows by table. */
import type { SchemaBody, SchemaField } from '../model.ts';
import type { ColumnType } from '../types.ts';
import { readDefault } from './defaults.ts';
import { resolveStructure, type SchemaStructure, type TableStructure } from './structure.ts';
import type { WarningSink } from './warnings.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type Definition = Readonly<Record<string, Json>>;

/** `#/$defs/…`: the pointer's own escapes first, then those of a URI. */
const reference = (name: string): string => `#/$defs/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`;

function integerDefinition(type: ColumnType): Definition {
  const bits = type.bits ?? 32;
  // JSON numbers are exact up to 53 bits; larger bounds would be rounded.
  if (bits > 53) return { type: 'integer', ...(type.unsigned === true && { minimum: 0 }) };
  const [minimum, maximum] = type.unsigned === true ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  return { type: 'integer', minimum, maximum };
}

function decimalDefinition(type: ColumnType): Definition {
  const { precision, scale = 0 } = type;
  const bound = precision === undefined || precision - scale > 15 || precision < scale ? undefined : 10 ** (precision - scale);
  return { type: 'number', ...(bound !== undefined && { exclusiveMinimum: -bound, exclusiveMaximum: bound }) };
}

const text = (rest: Definition = {}): Definition => ({ type: 'string', ...rest });

function typeDefinition(type: ColumnType): Definition {
  switch (type.kind) {
    case 'integer':
      return integerDefinition(type);
    case 'year':
      return { type: 'integer', minimum: 1901, maximum: 2155 };
    case 'decimal':
      return decimalDefinition(type);
    case 'money':
    case 'float':
      return { type: 'number' };
    case 'boolean':
      return { type: 'boolean' };
    case 'char':
    case 'varchar':
      return text(type.length === undefined ? {} : { maxLength: type.length });
    case 'binary':
      return text({ contentEncoding: 'base64' });
    case 'date':
    case 'time':
      return text({ format: type.kind });
    case 'timestamp':
      return text({ format: 'date-time' });
    case 'interval':
      return text({ format: 'duration' });
    case 'uuid':
      return text({ format: 'uuid' });
    case 'enum':
      return text(type.values?.length ? { enum: [...type.values] } : {});
    case 'array':
      return { type: 'array', items: type.element ? typeDefinition(type.element) : {} };
    case 'json':
    case 'geometry':
    case 'unknown':
      return {};
    default:
      return text();
  }
}

/** Adds null to what a definition allows. */
function orNull(definition: Definition): Definition {
  const { type, enum: values } = definition;
  if (typeof type !== 'string') return definition;
  return { ...definition, type: [type, 'null'], ...(Array.isArray(values) && { enum: [...(values as Json[]), null] }) };
}

/** The default as a JSON value; undefined for clocks and expressions, which are no value. */
function defaultValue(field: SchemaField, type: ColumnType): Json | undefined {
  const meaning = readDefault(field.defaultValue?.trim() || 'now()', type);
  if (meaning.kind === 'array' && meaning.items.length === 0) return [];
  if (meaning.kind !== 'literal' || meaning.literal.kind === 'digits') return undefined;
  const { literal } = meaning;
  if (literal.kind === 'null') return null;
  if (literal.kind === 'number') return Number(literal.value);
  return type.kind === 'json' && literal.kind === 'string' ? (JSON.parse(literal.value) as Json) : literal.value;
}

function fieldDefinition(field: SchemaField, table: TableStructure, structure: SchemaStructure): Definition {
  const type = structure.typeOf(field);
  const required = field.required || table.primaryKey.includes(field.name);
  const definition = required ? typeDefinition(type) : orNull(typeDefinition(type));
  const value = defaultValue(field, type);
  const description = field.description?.trim();
  const numbered = field.autoIncrement === true || type.serial === true;
  return {
    ...definition,
    ...(description && { description }),
    ...(value !== undefined && !(required && value === null) && { default: value }),
    ...(numbered && { readOnly: true }),
  };
}

function tableDefinition(table: TableStructure, structure: SchemaStructure): Definition {
  const fields = [...table.fields.values()];
  const isRequired = (field: SchemaField): boolean =>
    (field.required || table.primaryKey.includes(field.name)) &&
    (field.defaultValue ?? '').trim() === '' &&
    field.autoIncrement !== true &&
    structure.typeOf(field).serial !== true;
  const description = table.table.description?.trim();
  return {
    title: table.table.name,
    ...(description && { description }),
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldDefinition(field, table, structure)])),
    required: fields.filter(isRequired).map(({ name }) => name),
    additionalProperties: false,
  };
}

/** Returns a JSON Schema document. Relationships have no place in it; each is reported once as a whole. */
export function writeJsonSchema(name: string, body: SchemaBody, warnings: WarningSink): string {
  const structure = resolveStructure(body);
  if (body.relationships.length > 0)
    warnings.add('RELATIONSHIP_DROPPED', 'relationship', 'JSON Schema cannot express relationships, keys and indexes; they are left out.');
  const lists = structure.tables.map(({ table }) => [table.name, { type: 'array', items: { $ref: reference(table.name) } }] as const);
  const definitions = structure.tables.map((table) => [table.table.name, tableDefinition(table, structure)] as const);
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: name,
    type: 'object',
    properties: Object.fromEntries(lists),
    additionalProperties: false,
    $defs: Object.fromEntries(definitions),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
