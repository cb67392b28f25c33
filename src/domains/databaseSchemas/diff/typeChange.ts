/** What a change of a column's type does to the values that are there. */
import type { ColumnType } from '../types.ts';
import type { ChangeSeverity } from './change.ts';

/** Decimal digits that hold every integer of so many bits. */
const digitsOf: Readonly<Record<number, number>> = { 8: 3, 16: 5, 24: 8, 32: 10, 64: 20 };

/** Microseconds: what PostgreSQL keeps, and the most that any other database here does. */
const defaultSecondDigits = 6;

const atLeast = (after: number | undefined, before: number | undefined): boolean => (after ?? Infinity) >= (before ?? Infinity);
const fits = (condition: boolean): ChangeSeverity => (condition ? 'safe' : 'breaking');

/** What a type means, however it is written: `INT` and `integer` are the same. */
function meaning(type: ColumnType): string {
  const { kind, name, text, ignored, element, ...traits } = type;
  const own = kind === 'unknown' || kind === 'geometry' || kind === 'inet' ? name.toLowerCase() : '';
  const rest = Object.entries({ ...traits, bits: traits.bits ?? (kind === 'integer' ? 32 : undefined) });
  const sorted = rest.filter(([, value]) => value !== undefined && value !== false).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([kind, own, sorted, ignored ?? '', element ? meaning(element) : '', kind === 'unknown' ? text : '']);
}

function integerChange(before: ColumnType, after: ColumnType): ChangeSeverity {
  const [from, to] = [before.bits ?? 32, after.bits ?? 32];
  if (before.unsigned === after.unsigned) return fits(to >= from);
  return fits(before.unsigned === true && to > from);
}

function decimalChange(before: ColumnType, after: ColumnType): ChangeSeverity {
  if (after.precision === undefined) return 'safe';
  if (before.precision === undefined) return 'breaking';
  const [scaleBefore, scaleAfter] = [before.scale ?? 0, after.scale ?? 0];
  return fits(scaleAfter >= scaleBefore && after.precision - scaleAfter >= before.precision - scaleBefore);
}

function listChange(before: ColumnType, after: ColumnType): ChangeSeverity {
  const values = new Set(after.values);
  return fits((before.values ?? []).every((value) => values.has(value)));
}

function clockChange(before: ColumnType, after: ColumnType): ChangeSeverity {
  if ((after.precision ?? defaultSecondDigits) < (before.precision ?? defaultSecondDigits)) return 'breaking';
  return (before.zone ?? false) === (after.zone ?? false) ? 'safe' : 'risky';
}

function sameKindChange(before: ColumnType, after: ColumnType): ChangeSeverity {
  switch (after.kind) {
    case 'integer':
      return integerChange(before, after);
    case 'decimal':
      return decimalChange(before, after);
    case 'float':
      return fits((after.bits ?? 64) >= (before.bits ?? 64));
    case 'char':
      return fits((after.length ?? 1) >= (before.length ?? 1));
    case 'varchar':
    case 'binary':
    case 'bit':
      return fits(atLeast(after.length, before.length));
    case 'enum':
    case 'set':
      return listChange(before, after);
    case 'time':
    case 'timestamp':
      return clockChange(before, after);
    case 'array':
      return before.element && after.element ? severityOfTypeChange(before.element, after.element) : 'breaking';
    case 'text':
    case 'json':
      return 'risky';
    default:
      return 'breaking';
  }
}

/** Changes between kinds that keep every value. */
function otherKindChange(before: ColumnType, after: ColumnType): ChangeSeverity {
  if (before.kind === 'integer' && after.kind === 'decimal') {
    const room = (after.precision ?? Infinity) - (after.scale ?? 0);
    return room >= (digitsOf[before.bits ?? 32] ?? 20) ? 'risky' : 'breaking';
  }
  if (before.kind === 'varchar' && after.kind === 'text') return 'safe';
  if (before.kind === 'char' && after.kind === 'varchar') return (after.length ?? Infinity) >= (before.length ?? 1) ? 'risky' : 'breaking';
  if (before.kind === 'date' && after.kind === 'timestamp') return 'risky';
  // Every value has a text form, but numbers no longer sort and add as numbers.
  return after.kind === 'text' && before.kind !== 'binary' ? 'risky' : 'breaking';
}

/**
 * Returns how serious a change of type is: `safe` where every value stays as it is, `risky` where every value fits but is
 * treated differently, `breaking` where values may be cut, refused or impossible to convert.
 */
export function severityOfTypeChange(before: ColumnType, after: ColumnType): ChangeSeverity {
  if (meaning(before) === meaning(after)) return 'safe';
  return before.kind === after.kind ? sameKindChange(before, after) : otherKindChange(before, after);
}
