/**
 * How the values of a column travel: as JSON that loses nothing. 64-bit integers and decimals are text, dates ISO 8601,
 * bytes base64. One description per column, from which validators, OpenAPI and GraphQL are written.
 */
import type { PlanColumn } from '../../databaseSchemas/export/sql/plan.ts';
import type { ColumnType } from '../../databaseSchemas/types.ts';
import { expression } from './writing.ts';

/** Kinds of values as the generated data layer knows them; `opaque` is text that the database cannot compare. */
export const wireKinds = [
  'integer',
  'bigint',
  'decimal',
  'float',
  'boolean',
  'text',
  'opaque',
  'date',
  'time',
  'timestamp',
  'uuid',
  'json',
  'binary',
  'array',
] as const;

/** One of them. */
export type WireKind = (typeof wireKinds)[number];

/** Plain JSON Schema (2020-12), which OpenAPI 3.1 takes as it is. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The values of one column: their kind, the zod expression that checks them, and the same as JSON Schema. */
export interface Wire {
  readonly kind: WireKind;
  readonly zod: string;
  readonly schema: JsonSchema;
  readonly element?: Wire;
}

function integerWire(type: ColumnType): Wire {
  const bits = type.bits ?? 32;
  const unsigned = type.unsigned === true;
  const [low, high] = unsigned ? [0n, 2n ** BigInt(bits) - 1n] : [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n];
  if (bits + (unsigned ? 1 : 0) > 53)
    return { kind: 'bigint', zod: `bigint('${low}', '${high}')`, schema: { type: 'string', pattern: '^-?[0-9]{1,20}$' } };
  const [minimum, maximum] = [Number(low), Number(high)];
  return {
    kind: 'integer',
    zod: bits === 32 && !unsigned ? 'z.int32()' : `integer(${minimum}, ${maximum})`,
    schema: { type: 'integer', minimum, maximum },
  };
}

/** The printed type knows the limits that the database has, also where the author wrote none. */
function decimalWire(sql: string): Wire {
  const [, precision, scale] = /^(?:numeric|decimal)\s*\((\d+)(?:\s*,\s*(\d+))?\)/iu.exec(sql) ?? [];
  const limits = precision === undefined ? '' : `${precision}, ${scale ?? 0}`;
  return { kind: 'decimal', zod: `decimal(${limits})`, schema: { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]+)?$' } };
}

function textWire(sql: string): Wire {
  const printed = /^n?(?:var)?char\s*\((\d+)\)/iu.exec(sql)?.[1] ?? (/^n?char$/iu.test(sql) ? '1' : undefined);
  const schema = { type: 'string', ...(printed !== undefined && { maxLength: Number(printed) }) };
  return { kind: 'text', zod: `text(${printed ?? ''})`, schema };
}

function enumWire(type: ColumnType, sql: string): Wire {
  const values = [...new Set(type.values)];
  if (values.length === 0) return textWire(sql);
  return { kind: 'text', zod: `z.enum(${expression(values)})`, schema: { type: 'string', enum: values } };
}

const time = (zone: boolean): Wire => ({
  kind: 'time',
  zod: `time(${zone ? 'true' : ''})`,
  schema: { type: 'string', pattern: `^[0-2][0-9]:[0-5][0-9]` },
});

function arrayWire(type: ColumnType, sql: string): Wire {
  const element = type.element ? wireOfType(type.element, sql.replace(/\[\]$/u, '')) : { kind: 'json' as const, zod: 'json()', schema: {} };
  return { kind: 'array', zod: `z.array(${element.zod})`, schema: { type: 'array', items: element.schema }, element };
}

function wireOfType(type: ColumnType, sql: string): Wire {
  switch (type.kind) {
    case 'integer':
      return integerWire(type);
    case 'year':
      return { kind: 'integer', zod: 'integer(1901, 2155)', schema: { type: 'integer', minimum: 1901, maximum: 2155 } };
    case 'decimal':
    case 'money':
      return decimalWire(sql);
    case 'float':
      return { kind: 'float', zod: 'z.number()', schema: { type: 'number' } };
    case 'boolean':
      return { kind: 'boolean', zod: 'z.boolean()', schema: { type: 'boolean' } };
    case 'date':
      return { kind: 'date', zod: 'z.iso.date()', schema: { type: 'string', format: 'date' } };
    case 'time':
      return time(type.zone === true);
    case 'timestamp':
      return { kind: 'timestamp', zod: 'timestamp()', schema: { type: 'string', format: 'date-time' } };
    case 'uuid':
      return { kind: 'uuid', zod: 'uuid()', schema: { type: 'string', format: 'uuid' } };
    case 'json':
      return { kind: 'json', zod: 'json()', schema: {} };
    case 'binary':
      return { kind: 'binary', zod: `binary(${type.length ?? ''})`, schema: { type: 'string', contentEncoding: 'base64' } };
    case 'enum':
      return enumWire(type, sql);
    case 'array':
      return arrayWire(type, sql);
    case 'xml':
    case 'geometry':
    case 'tsvector':
    case 'unknown':
      return { kind: 'opaque', zod: 'text()', schema: { type: 'string' } };
    default:
      return textWire(sql);
  }
}

/** Returns how the values of a planned column travel. */
export const wireOf = ({ type, sql }: PlanColumn): Wire => wireOfType(type, sql);

/** Returns the schema with null allowed. */
export function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema;
  if (typeof type !== 'string') return schema;
  return { ...schema, type: [type, 'null'], ...(Array.isArray(values) && { enum: [...(values as unknown[]), null] }) };
}
