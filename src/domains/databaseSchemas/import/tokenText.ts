/** From tokens back to text: names without their quotes, SQL text without comments. */
import type { Token } from './lexer.ts';
import type { ImportDialect } from './result.ts';

const mysqlEscapes: Record<string, string> = { '0': '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\u001a' };

/** Returns the content of a MySQL string: `\n` and its like resolved, `\%` and `\_` kept as the manual says. */
function unescape(content: string): string {
  return content.replace(/\\([\s\S])/g, (whole, character: string) => {
    if (character === '%' || character === '_') return whole;
    return mysqlEscapes[character] ?? character;
  });
}

/** Returns a name or string without its quotes, a word or symbol as it stands. */
export function tokenValue(source: string, token: Token, dialect: ImportDialect): string {
  const text = source.slice(token.start, token.end);
  if (token.kind !== 'name' && token.kind !== 'string') return text;
  const quote = text.charAt(0);
  if (quote === '[') return text.slice(1, -1);
  const content = text.slice(1, -1);
  // Escapes and doubled quotes are read from left to right together: \\'' is a backslash and a quote.
  if (dialect === 'mysql' && token.kind === 'string') return unescape(content.replace(/\\[\s\S]|''|""/g, (pair) => undouble(pair, quote)));
  return content.replaceAll(quote + quote, quote);
}

function undouble(pair: string, quote: string): string {
  return pair === quote + quote ? `\\${quote}` : pair;
}

/** Returns the tokens' text with one space where white space or comments stood between them. */
export function joinTokens(source: string, tokens: readonly Token[]): string {
  let text = '';
  let end = tokens[0]?.start ?? 0;
  for (const token of tokens) {
    text += (token.start > end ? ' ' : '') + source.slice(token.start, token.end);
    end = token.end;
  }
  return text;
}

/** Returns type text: as joinTokens, without spaces around brackets and commas, so `NUMERIC (10, 2)` becomes `NUMERIC(10,2)`. */
export function joinTypeTokens(source: string, tokens: readonly Token[]): string {
  let text = '';
  let end = tokens[0]?.start ?? 0;
  for (const token of tokens) {
    const piece = source.slice(token.start, token.end);
    const tight = /^[(),.[\]]$/.test(piece) || /[(,.[]$/.test(text);
    text += (token.start > end && !tight ? ' ' : '') + piece;
    end = token.end;
  }
  return text;
}
