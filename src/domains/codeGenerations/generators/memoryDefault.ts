/** Defaults of columns as values, for servers that run without a database. */
import type { DefaultMeaning } from '../../databaseSchemas/export/defaults.ts';
import type { Literal } from '../../databaseSchemas/export/expression.ts';
import type { Wire } from './wire.ts';

/** A default: a value, what a clock or generator gives, or an expression that only the database can compute. */
export type MemoryDefault =
  { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'identity' | 'now' | 'today' | 'clock' | 'uuid' | 'database' };

/** The literal as JSON of the wire; undefined where it has none. */
function valueOf(literal: Literal, wire: Wire): unknown {
  switch (literal.kind) {
    case 'null':
      return null;
    case 'boolean':
      return literal.value;
    case 'number':
      return wire.kind === 'integer' || wire.kind === 'float' ? Number(literal.value) : literal.value;
    case 'digits':
      return wire.kind === 'binary' && literal.radix === 16 ? Buffer.from(literal.value, 'hex').toString('base64') : literal.value;
    case 'string':
      return stringValue(literal.value, wire);
  }
}

function stringValue(text: string, { kind }: Wire): unknown {
  if (kind === 'json') return JSON.parse(text) as unknown;
  if (kind === 'binary') return Buffer.from(text, 'utf8').toString('base64');
  if (kind !== 'timestamp') return text;
  const [date = '', time = '00:00:00'] = text.split(/[ T]/u);
  const [, clock = '00:00', seconds = ':00', zone = ''] = /^(\d\d:\d\d)(:\d\d(?:\.\d+)?)?(.*)$/u.exec(time) ?? [];
  const instant = new Date(`${date}T${clock}${seconds}${zone === '' ? 'Z' : zone.replace(/^([+-]\d\d)$/u, '$1:00')}`);
  return Number.isNaN(instant.getTime()) ? undefined : instant.toISOString();
}

/** Returns what a default means without a database. */
export function memoryDefault(meaning: DefaultMeaning, wire: Wire): MemoryDefault {
  switch (meaning.kind) {
    case 'literal': {
      const value = valueOf(meaning.literal, wire);
      return value === undefined ? { kind: 'database' } : { kind: 'value', value };
    }
    case 'array': {
      const { element } = wire;
      const items = meaning.items.map((item) => (element ? valueOf(item, element) : undefined));
      return items.includes(undefined) ? { kind: 'database' } : { kind: 'value', value: items };
    }
    case 'now':
    case 'today':
    case 'clock':
    case 'uuid':
      return { kind: meaning.kind };
    case 'sequence':
      return { kind: 'identity' };
    default:
      return { kind: 'database' };
  }
}
