/** What a column's default means, whichever dialect it was written in, and whether the column can hold it. */
import { parseColumnType, type ColumnType, type TypeKind } from '../types.ts';
import { parseDefaultExpression, type Expression, type Literal } from './expression.ts';
import { ExpressionError } from './expressionTokens.ts';
import { fitLiteral } from './literals.ts';

/** A default without a dialect. `rejected` says why nothing can be written; its reason completes "is left out, because …". */
export type DefaultMeaning =
  | { readonly kind: 'literal'; readonly literal: Literal; readonly guessed: boolean }
  | { readonly kind: 'now' | 'today' | 'clock' | 'uuid'; readonly onUpdate: boolean }
  | { readonly kind: 'array'; readonly items: readonly Literal[] }
  | { readonly kind: 'expression'; readonly expression: Expression }
  /** The next value of a sequence: the column numbers its rows. */
  | { readonly kind: 'sequence' }
  | { readonly kind: 'rejected'; readonly reason: string };

const functions: readonly (readonly ['now' | 'today' | 'clock' | 'uuid', string])[] = [
  [
    'now',
    'now current_timestamp getdate sysdatetime sysdatetimeoffset getutcdate sysutcdatetime localtimestamp transaction_timestamp statement_timestamp clock_timestamp utc_timestamp',
  ],
  ['today', 'current_date curdate today utc_date'],
  ['clock', 'current_time localtime curtime utc_time'],
  ['uuid', 'uuid_generate_v4 gen_random_uuid newid newsequentialid uuid uuidv4 extensions.uuid_generate_v4 public.uuid_generate_v4'],
];

const meanings = new Map(functions.flatMap(([meaning, names]) => names.split(' ').map((name) => [name, meaning] as const)));

const textKinds: readonly TypeKind[] = ['char', 'varchar', 'text', 'unknown'];
const numberKinds: readonly TypeKind[] = ['integer', 'decimal', 'money', 'float', 'year'];
const holders: Readonly<Record<'now' | 'today' | 'clock' | 'uuid', readonly TypeKind[]>> = {
  now: ['timestamp', 'date', 'time', ...textKinds],
  today: ['timestamp', 'date', ...textKinds],
  clock: ['time', ...textKinds],
  uuid: ['uuid', ...textKinds],
};

/** SQLite calls the current time `datetime('now')`. */
function sqliteClock(name: string, args: readonly Expression[]): 'now' | 'today' | 'clock' | undefined {
  const [first] = args;
  if (first?.kind !== 'string' || first.value !== 'now') return undefined;
  return ({ datetime: 'now', date: 'today', time: 'clock' } as const)[name as 'datetime'];
}

function callMeaning(expression: Expression, type: ColumnType): 'now' | 'today' | 'clock' | 'uuid' | undefined {
  if (expression.kind !== 'call') return undefined;
  const clock = sqliteClock(expression.name, expression.args);
  const found = clock ?? (expression.args.length <= 1 ? meanings.get(expression.name) : undefined);
  // CURRENT_TIMESTAMP on a DATE or TIME column is cut by the database; say what is left of it.
  if (found === 'now' && type.kind === 'date') return 'today';
  return found === 'now' && type.kind === 'time' ? 'clock' : found;
}

/** `'x'::text` and CAST of a literal or clock say nothing that the column's type does not say. */
function withoutCasts(expression: Expression): Expression {
  return expression.kind === 'cast' ? withoutCasts(expression.operand) : expression;
}

const isLiteral = (expression: Expression): expression is Literal =>
  ['null', 'boolean', 'number', 'string', 'digits'].includes(expression.kind);

function arrayMeaning(expression: Expression, element: ColumnType): DefaultMeaning {
  const text = expression.kind === 'string' ? /^\{([\p{L}\p{N}_,. -]*)\}$|^\[\]$/u.exec(expression.value.trim()) : null;
  const words = text?.[1] ? text[1].split(',').map((word): Literal => ({ kind: 'string', value: word.trim() })) : [];
  const items = expression.kind === 'array' ? expression.items.map(withoutCasts) : words;
  const fitted = items.map((item) => (isLiteral(item) && element.kind !== 'array' ? fitLiteral(item, element) : null));
  const known = fitted.filter((item) => item !== null);
  if ((!text && expression.kind !== 'array') || known.length < fitted.length)
    return { kind: 'rejected', reason: 'it is no array that the column can hold' };
  return { kind: 'array', items: known };
}

function nameMeaning(name: string, type: ColumnType): DefaultMeaning {
  if (type.kind === 'timestamp' && name.toLowerCase() === 'now') return { kind: 'now', onUpdate: false };
  const literal = ['char', 'varchar', 'text', 'enum', 'set', 'boolean'].includes(type.kind)
    ? fitLiteral({ kind: 'string', value: name }, type)
    : null;
  return literal ? { kind: 'literal', literal, guessed: true } : { kind: 'rejected', reason: 'a default cannot name a column' };
}

/** Tells whether a word without quotes stands anywhere in the expression. */
function namesColumn(expression: Expression): boolean {
  switch (expression.kind) {
    case 'name':
      return true;
    case 'call':
      return expression.args.some(namesColumn);
    case 'array':
      return expression.items.some(namesColumn);
    case 'cast':
    case 'unary':
      return namesColumn(expression.operand);
    case 'binary':
      return namesColumn(expression.left) || namesColumn(expression.right);
    default:
      return false;
  }
}

type Family = 'number' | 'text' | 'boolean' | 'unknown';

function familyOfType(type: string): Family {
  const { kind } = parseColumnType(type);
  if (kind === 'boolean') return 'boolean';
  if (textKinds.includes(kind) && kind !== 'unknown') return 'text';
  return numberKinds.includes(kind) ? 'number' : 'unknown';
}

/** What kind of value an expression gives, as far as that can be told; null where its operators do not suit its operands. */
function familyOf(expression: Expression): Family | null {
  switch (expression.kind) {
    case 'number':
      return 'number';
    case 'string':
      return 'text';
    case 'boolean':
      return 'boolean';
    case 'cast':
      return familyOf(expression.operand) && familyOfType(expression.type);
    case 'unary': {
      const operand = familyOf(expression.operand);
      return operand === 'number' || operand === 'unknown' ? operand : null;
    }
    case 'binary': {
      const [left, right] = [familyOf(expression.left), familyOf(expression.right)];
      if (left === null || right === null) return null;
      if (expression.operator === 'AT TIME ZONE') return left === 'unknown' ? 'unknown' : null;
      if (expression.operator === '||')
        return left === 'text' || right === 'text' || left === 'unknown' || right === 'unknown' ? 'text' : null;
      if (left === 'unknown' || right === 'unknown') return 'unknown';
      return left === 'number' && right === 'number' ? 'number' : null;
    }
    case 'array':
    case 'digits':
      return null;
    default:
      return 'unknown';
  }
}

const familyHolders: Readonly<Record<Family, readonly TypeKind[]>> = {
  number: [...numberKinds, ...textKinds],
  text: textKinds,
  boolean: ['boolean', ...textKinds],
  unknown: [],
};

function expressionMeaning(expression: Expression, type: ColumnType): DefaultMeaning {
  if (namesColumn(expression)) return { kind: 'rejected', reason: 'a default cannot name a column' };
  const family = familyOf(expression);
  if (family === null) return { kind: 'rejected', reason: 'its operators do not suit its operands' };
  const held = family === 'unknown' || familyHolders[family].includes(type.kind);
  return held ? { kind: 'expression', expression } : { kind: 'rejected', reason: `a column of type ${type.text} cannot hold it` };
}

function meaningOf(expression: Expression, type: ColumnType, onUpdate: boolean): DefaultMeaning {
  const bare = withoutCasts(expression);
  if (bare.kind === 'null') return { kind: 'literal', literal: bare, guessed: false };
  if (bare.kind === 'call' && bare.name === 'nextval') return { kind: 'sequence' };
  const call = callMeaning(bare, type);
  if (call) {
    if (holders[call].includes(type.kind)) return { kind: call, onUpdate };
    return { kind: 'rejected', reason: `a column of type ${type.text} cannot hold it` };
  }
  if (type.kind === 'array') return arrayMeaning(bare, type.element ?? type);
  if (isLiteral(bare)) {
    const literal = fitLiteral(bare, type);
    return literal
      ? { kind: 'literal', literal, guessed: false }
      : { kind: 'rejected', reason: `a column of type ${type.text} cannot hold it` };
  }
  if (bare.kind === 'name') return nameMeaning(bare.value, type);
  return expressionMeaning(expression, type);
}

/** Returns what the default text of a column of the given type means. It never throws. */
export function readDefault(text: string, type: ColumnType): DefaultMeaning {
  try {
    const { expression, onUpdate } = parseDefaultExpression(text);
    return meaningOf(expression, type, onUpdate);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    // `{}` and `[]` on a JSON column are what people mean, though no SQL.
    const json = type.kind === 'json' && /^\s*[[{]/u.test(text) ? fitLiteral({ kind: 'string', value: text }, type) : null;
    return json ? { kind: 'literal', literal: json, guessed: true } : { kind: 'rejected', reason: error.message };
  }
}
