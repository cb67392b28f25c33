/** Prints a column default for one dialect; the text of the author never reaches the statement. */
import { parseColumnType, type ColumnType } from '../../types.ts';
import { readDefault, type DefaultMeaning } from '../defaults.ts';
import type { Expression } from '../expression.ts';
import type { WarningSink } from '../warnings.ts';
import type { Dialect } from './dialect.ts';
import { knownFunctions } from './functions.ts';

/** One default to print; `where` is `table.column` for messages, `sql` the printed type of the column. */
export interface DefaultRequest {
  readonly text: string;
  readonly type: ColumnType;
  readonly sql: string;
  readonly where: string;
  readonly dialect: Dialect;
}

/** Prints an expression that has no translation: the same calls and operators, literals escaped anew. Null where it cannot stand in a default. */
function printExpression(expression: Expression, request: DefaultRequest): string | null {
  const { dialect } = request;
  const print = (part: Expression): string | null => printExpression(part, request);
  switch (expression.kind) {
    case 'null':
      return 'NULL';
    case 'boolean':
      return dialect.literal(expression, { kind: 'boolean', name: '', text: '' }, '');
    case 'number':
      return expression.value;
    case 'string':
      return dialect.text(expression.value);
    case 'unary': {
      const operand = print(expression.operand);
      return operand === null ? null : `(- ${operand})`;
    }
    case 'binary': {
      const [left, right] = [print(expression.left), print(expression.right)];
      if (left === null || right === null) return null;
      if (expression.operator === '||') return dialect.concat(left, right);
      return expression.operator === 'AT TIME ZONE' && dialect.id !== 'postgres' && dialect.id !== 'mssql'
        ? left
        : `(${left} ${expression.operator} ${right})`;
    }
    case 'call': {
      const args = expression.args.map(print);
      const known = knownFunctions[dialect.id];
      if (known.keywords.has(expression.name)) return args.length === 0 ? expression.name : null;
      // A function that the dialect lacks would stop the whole script.
      return known.functions.has(expression.name) && !args.includes(null) ? `${expression.name}(${args.join(', ')})` : null;
    }
    case 'cast': {
      const operand = print(expression.operand);
      const target = parseColumnType(expression.type);
      const keeps = dialect.id === 'postgres' && operand !== null && target.kind !== 'unknown';
      return keeps
        ? `CAST(${operand} AS ${dialect.columnType(target, { keyed: false, autoIncrement: false, enumType: undefined }).sql})`
        : operand;
    }
    default:
      return null;
  }
}

function warnDropped(request: DefaultRequest, reason: string, warnings: WarningSink): void {
  warnings.add(
    'DEFAULT_DROPPED',
    'default',
    `The default of ${request.where} (${shorten(request.text)}) is left out: ${reason}. Write it as an expression that the database knows.`,
  );
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

function printMeaning(meaning: DefaultMeaning, request: DefaultRequest, warnings: WarningSink): string | null | undefined {
  const { dialect, type, sql, where, text } = request;
  switch (meaning.kind) {
    case 'literal':
      if (meaning.guessed)
        warnings.add(
          'DEFAULT_QUOTED',
          'default',
          `The default of ${where} (${shorten(text)}) is taken for text and written in quotes. Write '…' around it to say so.`,
        );
      return dialect.literal(meaning.literal, type, sql);
    case 'array':
      return dialect.array(meaning.items, type, sql);
    case 'sequence': {
      warnDropped(
        request,
        'it counts with a sequence, which is not part of the schema; mark the column as auto-increment instead',
        warnings,
      );
      return;
    }
    case 'rejected': {
      warnDropped(request, meaning.reason, warnings);
      return;
    }
    case 'expression': {
      const printed = printExpression(meaning.expression, request);
      if (printed === null) return null;
      warnings.add(
        'DEFAULT_NOT_TRANSLATED',
        'default',
        `The default of ${where} (${shorten(text)}) is written as it is; check that ${dialect.names.target} knows it.`,
      );
      return dialect.wrapExpression(printed);
    }
    default: {
      const clock = dialect.clock(meaning.kind, type, sql);
      if (!meaning.onUpdate) return clock;
      if (dialect.id === 'mysql' && /^(?:DATETIME|TIMESTAMP)/u.test(sql)) return `${clock} ON UPDATE ${clock}`;
      warnings.add(
        'ON_UPDATE_DROPPED',
        'default',
        `${dialect.names.target} has no ON UPDATE for columns; the one of ${where} is left out. Set it in a trigger or in the application.`,
      );
      return clock;
    }
  }
}

/** Returns the text after DEFAULT, or undefined with a warning where the default cannot be written safely. */
export function printDefault(request: DefaultRequest, warnings: WarningSink): string | undefined {
  const printed = printMeaning(readDefault(request.text, request.type), request, warnings);
  if (printed !== null) return printed;
  warnDropped(request, `${request.dialect.names.target} has no such default for ${request.sql}`, warnings);
  return undefined;
}
