/** Which literals suit a column of a type. A default that the database would refuse must not reach the statement. */
import type { ColumnType } from '../types.ts';
import type { Literal } from './expression.ts';

const trueTexts = new Set(['t', 'true', 'y', 'yes', 'on', '1']);
const falseTexts = new Set(['f', 'false', 'n', 'no', 'off', '0']);
const numeric = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,2})?$/iu;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iu;
const clockText = /^(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?$/u;
const interval = /^(?:\d{1,6} (?:second|minute|hour|day|week|month|year)s?|\d{1,4}:[0-5]\d(?::[0-5]\d)?)$/iu;
const network = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$|^(?:[0-9a-f]{2}(?::(?!$)|$)){6}$/iu;

/** The value as text, where it has one. */
function textOf(literal: Literal): string | undefined {
  switch (literal.kind) {
    case 'null':
      return undefined;
    case 'boolean':
      return String(literal.value);
    default:
      return literal.value;
  }
}

const asString = (value: string): Literal => ({ kind: 'string', value });

function fitInteger(literal: Literal, type: ColumnType): Literal | null {
  if (literal.kind === 'boolean') return { kind: 'number', value: literal.value ? '1' : '0' };
  const text = textOf(literal)?.trim() ?? '';
  if (literal.kind === 'digits' || !/^-?\d{1,30}(?:\.0*)?$/u.test(text)) return null;
  const value = BigInt(text.replace(/\..*$/u, ''));
  const bits = BigInt(type.bits ?? 32);
  const [low, high] = type.unsigned === true ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  return value >= low && value <= high ? { kind: 'number', value: value.toString() } : null;
}

function fitDecimal(literal: Literal, type: ColumnType): Literal | null {
  if (literal.kind === 'boolean') return { kind: 'number', value: literal.value ? '1' : '0' };
  const text = textOf(literal)?.trim() ?? '';
  if (literal.kind === 'digits' || !numeric.test(text)) return null;
  const whole = Math.abs(Number(text));
  const digits = type.precision === undefined ? 15 : type.precision - (type.scale ?? 0);
  if (!Number.isFinite(whole) || whole >= 10 ** Math.min(digits, 30)) return null;
  return { kind: 'number', value: text };
}

function fitBoolean(literal: Literal): Literal | null {
  if (literal.kind === 'boolean') return literal;
  const text = textOf(literal)?.trim().toLowerCase() ?? '';
  if (trueTexts.has(text)) return { kind: 'boolean', value: true };
  return falseTexts.has(text) ? { kind: 'boolean', value: false } : null;
}

function fitText(literal: Literal, type: ColumnType): Literal | null {
  const text = textOf(literal);
  if (text === undefined || literal.kind === 'digits') return null;
  return type.length !== undefined && Array.from(text).length > type.length ? null : asString(text);
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/u.exec(text) ?? [];
  if (year === undefined || Number(year) < 1000) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day);
}

function fitTime(literal: Literal, type: ColumnType): Literal | null {
  if (literal.kind !== 'string') return null;
  const text = literal.value.trim();
  const [date = '', rest = ''] = text.split(/[ T](.*)/su);
  const time = rest.replace(/ ?(?:Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)$/u, '');
  if (type.kind === 'time') return clockText.test(text) ? asString(text) : null;
  if (!isDate(date) || (rest !== '' && !clockText.test(time))) return null;
  if (type.kind === 'date') return asString(date);
  const zone = type.zone === true ? rest.slice(time.length).trim() : '';
  return asString(rest === '' ? date : `${date} ${time}${zone}`);
}

function fitJson(literal: Literal): Literal | null {
  const text = textOf(literal);
  if (text === undefined || literal.kind === 'digits') return null;
  try {
    JSON.parse(text);
    // PostgreSQL's jsonb cannot hold U+0000, nor lone surrogates.
    return /\\u(?:0000|d[89a-f])/iu.test(text) ? null : asString(text);
  } catch {
    return null;
  }
}

function fitBytes(literal: Literal, type: ColumnType): Literal | null {
  const hex = literal.kind === 'string' ? /^\\x((?:[0-9a-f]{2})*)$/iu.exec(literal.value)?.[1] : undefined;
  const value: Literal | null =
    hex !== undefined
      ? { kind: 'digits', value: hex.toLowerCase(), radix: 16 }
      : literal.kind === 'digits' && literal.radix === 16 && literal.value.length % 2 === 0
        ? literal
        : literal.kind === 'string' && /^[\x20-\x5b\x5d-\x7e]*$/u.test(literal.value)
          ? literal
          : null;
  const size = value?.kind === 'digits' ? value.value.length / 2 : value?.kind === 'string' ? value.value.length : 0;
  return value && size <= (type.length ?? size) ? value : null;
}

function fitBits(literal: Literal, type: ColumnType): Literal | null {
  const text = textOf(literal) ?? '';
  if (!/^[01]+$/u.test(text) || (literal.kind === 'digits' && literal.radix !== 2)) return null;
  const length = type.length ?? text.length;
  return text.length <= length ? { kind: 'digits', value: text.padStart(length, '0'), radix: 2 } : null;
}

const onlyIf = (test: (text: string) => boolean) => (literal: Literal) => {
  const text = literal.kind === 'string' ? literal.value.trim() : '';
  return literal.kind === 'string' && test(text) ? asString(text) : null;
};

/**
 * Returns the literal as it suits a column of the type (`'5'` becomes 5 on an integer, `0` false on a boolean),
 * or null where the column cannot hold it. NULL suits every column; arrays are judged by their own rules.
 */
export function fitLiteral(literal: Literal, type: ColumnType): Literal | null {
  if (literal.kind === 'null') return literal;
  switch (type.kind) {
    case 'integer':
      return fitInteger(literal, type);
    case 'decimal':
    case 'money':
    case 'float':
      return fitDecimal(literal, type);
    case 'year':
      return /^(?:19[1-9]\d|20\d\d|190[1-9])$/u.test(textOf(literal) ?? '') ? { kind: 'number', value: textOf(literal) ?? '' } : null;
    case 'boolean':
      return fitBoolean(literal);
    case 'char':
    case 'varchar':
    case 'text':
      return fitText(literal, type);
    case 'unknown':
      return literal;
    case 'enum':
      return type.values?.includes(textOf(literal) ?? '') === true ? asString(textOf(literal) ?? '') : null;
    case 'set':
      return onlyIf((text) => text === '' || text.split(',').every((value) => type.values?.includes(value)))(literal);
    case 'date':
    case 'time':
    case 'timestamp':
      return fitTime(literal, type);
    case 'json':
      return fitJson(literal);
    case 'binary':
      return fitBytes(literal, type);
    case 'bit':
      return fitBits(literal, type);
    case 'uuid':
      return onlyIf((text) => uuid.test(text))(literal);
    case 'interval':
      return onlyIf((text) => interval.test(text))(literal);
    case 'inet':
      return onlyIf((text) => network.test(text) && text.includes(':') === type.name.startsWith('macaddr'))(literal);
    case 'xml':
      return onlyIf((text) => !/[<&]/u.test(text))(literal);
    case 'tsvector':
      return onlyIf((text) => /^[a-z0-9 ]*$/iu.test(text))(literal);
    case 'geometry':
    case 'array':
      return null;
  }
}
