/** The parser's tree has no types or expressions as text; they are cut out of the source, token by token. */
import { type Token, tokenize } from '../lexer.ts';
import type { Statement } from '../statements.ts';
import { joinTokens, joinTypeTokens, tokenValue } from '../tokenText.ts';
import type { Parsed } from './parse.ts';

/** One statement as a tree and as tokens. */
export interface StatementText extends Parsed {
  source: string;
  tokens: readonly Token[];
}

/** Returns the statement with its tokens. */
export function withTokens(source: string, statement: Statement, parsed: Parsed): StatementText {
  return { ...parsed, source, tokens: tokenize(source, statement, 'postgres') };
}

/** Returns the index of the first token at or after a source offset. */
function indexAt({ tokens }: StatementText, offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.start ?? Infinity) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function textOf({ source }: StatementText, token: Token): string {
  return source.slice(token.start, token.end);
}

function depthChange(text: string): number {
  if (text === '(' || text === '[') return 1;
  return text === ')' || text === ']' ? -1 : 0;
}

/** Returns the tokens from an offset to the comma or bracket that ends the element there. */
export function elementTokens(text: StatementText, offset: number): Token[] {
  const found: Token[] = [];
  let depth = 0;
  for (let index = indexAt(text, offset); index < text.tokens.length; index += 1) {
    const token = text.tokens[index];
    if (!token || token.kind === 'end') break;
    const piece = token.kind === 'symbol' ? textOf(text, token) : '';
    if (depth === 0 && piece === ',') break;
    depth += depthChange(piece);
    if (depth < 0) break;
    found.push(token);
  }
  return found;
}

/** Returns the tokens of an element before the first of these offsets or words outside of brackets (its first token apart). */
export function tokensBefore(
  text: StatementText,
  tokens: readonly Token[],
  { offsets, words }: { offsets: readonly number[]; words: readonly string[] },
): Token[] {
  let depth = 0;
  const end = tokens.findIndex((token, index) => {
    const piece = textOf(text, token);
    if (index > 0 && depth === 0 && (offsets.includes(token.start) || (token.kind === 'word' && words.includes(piece.toUpperCase()))))
      return true;
    depth += token.kind === 'symbol' ? depthChange(piece) : 0;
    return false;
  });
  return end < 0 ? [...tokens] : tokens.slice(0, end);
}

/** Returns the SQL text of tokens without comments. */
export function sqlOf({ source }: StatementText, tokens: readonly Token[]): string {
  return joinTokens(source, tokens);
}

/** Returns an expression as SQL text; types that it casts to lose their schema, as the types of columns do. */
export function expressionOf(text: StatementText, tokens: readonly Token[]): string {
  const is = (index: number, symbol: string) => {
    const token = tokens[index];
    return token !== undefined && textOf(text, token) === symbol;
  };
  let sql = '';
  let from = 0;
  for (let index = 2; index < tokens.length; index += 1) {
    if (!is(index - 2, ':') || !is(index - 1, ':') || !is(index + 1, '.')) continue;
    sql += joinTokens(text.source, tokens.slice(from, index));
    from = index + 2;
  }
  return sql + joinTokens(text.source, tokens.slice(from));
}

/** A name without quotes, folded to lower case where it had none, as PostgreSQL does. */
function foldedName({ source }: StatementText, token: Token): string {
  const value = tokenValue(source, token, 'postgres');
  return token.kind === 'word' ? value.toLowerCase() : value;
}

/**
 * Returns type text as written, without a schema qualifier (types of the model have one name space, as tables have);
 * for an enum its bare name, so that it is found by that name.
 */
export function typeTextOf(text: StatementText, tokens: readonly Token[], enums: ReadonlyMap<string, unknown>): string {
  const isDot = tokens[1] && textOf(text, tokens[1]) === '.';
  const bare = isDot ? tokens.slice(2) : tokens;
  const name = bare[0] ? foldedName(text, bare[0]) : '';
  return enums.has(name) ? name + joinTypeTokens(text.source, bare.slice(1)) : joinTypeTokens(text.source, bare);
}

/** Returns the comma-separated actions of an ALTER TABLE: the tokens of each, in order. */
export function actionTokens(text: StatementText, nameOffset: number): Token[][] {
  const start = indexAt(text, nameOffset);
  let first = start + 1;
  const isAt = (symbol: string) => {
    const token = text.tokens[first];
    return token !== undefined && textOf(text, token) === symbol;
  };
  while (isAt('.')) first += 2;
  if (isAt('*')) first += 1;
  const actions: Token[][] = [];
  for (let index = first; index < text.tokens.length; index += 1) {
    const token = text.tokens[index];
    if (!token || token.kind === 'end') break;
    const action = elementTokens(text, token.start);
    actions.push(action);
    index += action.length;
  }
  return actions;
}
