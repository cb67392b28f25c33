/** Source of `wire.ts` in generated code: the checks that validators are made of. */
export const wireSource = String.raw`/** Checks for values as they travel in JSON: 64-bit integers and decimals as text, dates as ISO 8601, bytes as base64. */
import { z } from 'zod';

/** Text of at most maxLength characters; no database holds U+0000 in text. */
export function text(maxLength?: number) {
  const any = z.string().refine((value) => !value.includes('\0'), { error: 'must not contain U+0000' });
  if (maxLength === undefined) return any;
  return any.refine((value) => Array.from(value).length <= maxLength, { error: 'must have at most ' + String(maxLength) + ' characters' });
}

/** A whole number between the bounds. */
export const integer = (minimum: number, maximum: number) => z.int().min(minimum).max(maximum);

/** A whole number as text of digits, which JSON numbers could not hold exactly. */
export function bigint(minimum: string, maximum: string) {
  const [low, high] = [BigInt(minimum), BigInt(maximum)];
  return z
    .string()
    .regex(/^-?[0-9]{1,20}$/, { error: 'must be a whole number as text', abort: true })
    .refine((value) => BigInt(value) >= low && BigInt(value) <= high, { error: 'must be between ' + minimum + ' and ' + maximum });
}

/** A decimal as text, with so many digits at most, scale of them after the point. */
export function decimal(precision?: number, scale = 0) {
  const any = z.string().regex(/^-?[0-9]+(\.[0-9]+)?$/, { error: 'must be a decimal as text, such as "12.50"', abort: true });
  if (precision === undefined) return any;
  return any.refine(
    (value) => {
      const [whole = '', fraction = ''] = value.replace('-', '').split('.');
      return whole.replace(/^0+/, '').length <= precision - scale && fraction.replace(/0+$/, '').length <= scale;
    },
    { error: 'must have at most ' + String(precision - scale) + ' digits before and ' + String(scale) + ' after the point' },
  );
}

/** A time of day, such as 12:30 or 12:30:15.5; with a zone where the column has one. */
export function time(zone = false) {
  const clock = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?';
  return z.string().regex(new RegExp('^' + clock + (zone ? '(Z|[+-][0-9]{2}(:?[0-9]{2})?)?' : '') + '$'), { error: 'must be a time, such as 12:30:00' });
}

/** A point in time with its zone, such as 2024-05-01T12:30:00Z. Columns without a zone hold UTC. */
export const timestamp = () => z.iso.datetime({ offset: true });

/** A UUID of any version, in lower case. */
export const uuid = () => z.guid().toLowerCase();

/** Any JSON value but null. */
export const json = () => z.json().refine((value) => value !== null, { error: 'must not be null' });

/** Bytes as base64, at most maxBytes of them. */
export function binary(maxBytes?: number) {
  if (maxBytes === undefined) return z.base64();
  const isShort = (value: string): boolean => Buffer.byteLength(value, 'base64') <= maxBytes;
  return z.base64().refine(isShort, { error: 'must have at most ' + String(maxBytes) + ' bytes' });
}
`;
