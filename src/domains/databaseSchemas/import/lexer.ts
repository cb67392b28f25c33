/**
 * The lexical rules of the three dialects: where a comment, string, name, number or word ends.
 * Sources: PostgreSQL manual 4.1 (lexical structure), MySQL 8.4 manual 11 (language structure), sqlite.org/lang.html and its tokenize.c.
 */
import { type ImportDialect, SourceError } from './result.ts';

/** `name` is a quoted identifier; `symbol` is one character of anything else; `end` stands after the last token. */
export type TokenKind = 'word' | 'name' | 'string' | 'number' | 'symbol' | 'end';

export interface Token {
  kind: TokenKind;
  /** UTF-16 offsets in the source; `end` is exclusive. */
  start: number;
  end: number;
}

const wordPattern = /[\p{L}\p{N}\p{M}_$\u{80}-\u{10ffff}]+/uy;
const wordStart = /[\p{L}_\u{80}-\u{10ffff}]/uy;
const numberPattern = /0x[0-9a-f]+|(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/iy;
const spacePattern = /[\s\uFEFF]+/y;
const dollarTag = /\$(?:[\p{L}_\u{80}-\u{10ffff}][\p{L}\p{N}_\u{80}-\u{10ffff}]*)?\$/uy;
const conditionalComment = /\/\*M?!(\d*)/y;

/** Version numbers from here on mark MySQL comments that no server reads, such as MariaDB's "enable the sandbox mode". */
const NEVER_READ = 999_999;

/** Returns where a sticky pattern that matches at `at` ends, or -1. */
function matchEnd(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : -1;
}

/** Returns the offset after the closing quote of what opens at `open`; a doubled quote, and with `escapes` a backslash, do not close. */
function closeQuote(source: string, open: number, { quote, escapes, what }: { quote: string; escapes: boolean; what: string }): number {
  for (let at = open + 1; ;) {
    const close = source.indexOf(quote, at);
    if (close < 0) throw new SourceError(`Unterminated ${what}: the ${quote} that opens it here is never closed.`, open);
    if (escapes && isEscaped(source, at, close)) at = close + 1;
    else if (source[close + 1] === quote) at = close + 2;
    else return close + 1;
  }
}

/** True when an odd number of backslashes stands before `index`, not looking before `from`. */
function isEscaped(source: string, from: number, index: number): boolean {
  let backslashes = 0;
  while (index - backslashes > from && source[index - backslashes - 1] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

/** PostgreSQL's block comments nest, the others' do not; SQLite closes an open one at the end of the source. */
function closeComment(source: string, open: number, dialect: ImportDialect): number {
  let close = -1;
  let inner = -1;
  let depth = 1;
  for (let at = open + 2; ;) {
    // Both marks are kept until passed: searching again for each level would be quadratic in a hostile source.
    if (close < at) close = source.indexOf('*/', at);
    if (close < 0) break;
    if (inner < at) inner = dialect === 'postgres' ? indexOrEnd(source, '/*', at) : source.length;
    depth += inner < close ? 1 : -1;
    at = Math.min(inner, close) + 2;
    if (depth === 0) return at;
  }
  if (dialect === 'sqlite') return source.length;
  throw new SourceError('Unterminated comment: the /* that opens it here is never closed.', open);
}

function indexOrEnd(source: string, text: string, at: number): number {
  const index = source.indexOf(text, at);
  return index < 0 ? source.length : index;
}

function endOfLine(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end < 0 ? source.length : end + 1;
}

/** MySQL reads `--` as a comment only before white space; `5--3` is arithmetic there. */
function opensLineComment(source: string, at: number, dialect: ImportDialect): boolean {
  if (source[at] === '#') return dialect === 'mysql';
  if (!source.startsWith('--', at)) return false;
  return dialect !== 'mysql' || at + 2 >= source.length || /[\s\p{Cc}]/u.test(source.charAt(at + 2));
}

/** Returns the end of MySQL's executable comment mark: the content between its marks is SQL; -1 where there is none. */
function conditionalMark(source: string, at: number): number {
  if (source.startsWith('*/', at)) return at + 2;
  conditionalComment.lastIndex = at;
  const match = conditionalComment.exec(source);
  return match && Number(match[1]) < NEVER_READ ? conditionalComment.lastIndex : -1;
}

/** Returns the offset of the first character at or after `at` that is neither white space nor comment. */
export function skipTrivia(source: string, at: number, dialect: ImportDialect): number {
  for (;;) {
    const space = matchEnd(spacePattern, source, at);
    if (space > at) at = space;
    const mark = dialect === 'mysql' ? conditionalMark(source, at) : -1;
    if (mark >= 0) at = mark;
    else if (opensLineComment(source, at, dialect)) at = endOfLine(source, at);
    else if (source.startsWith('/*', at)) at = closeComment(source, at, dialect);
    else return at;
  }
}

/** Returns the kind and end of a quoted token, or null where none starts. */
function quoted(source: string, start: number, dialect: ImportDialect): Token | null {
  const token = (kind: TokenKind, end: number): Token => ({ kind, start, end });
  const close = (quote: string, what: string, escapes = false) => closeQuote(source, start, { quote, escapes, what });
  switch (source[start]) {
    case "'":
      return token('string', close("'", 'string', dialect === 'mysql'));
    case '"':
      // MySQL reads double quotes as a string, or as a name under ANSI_QUOTES; the parser takes it for what fits.
      return dialect === 'mysql' ? token('string', close('"', 'string', true)) : token('name', close('"', 'quoted name'));
    case '`':
      return dialect === 'postgres' ? null : token('name', close('`', 'quoted name'));
    case '[': {
      if (dialect !== 'sqlite') return null;
      const end = source.indexOf(']', start);
      if (end < 0) throw new SourceError('Unterminated quoted name: the [ that opens it here is never closed.', start);
      return token('name', end + 1);
    }
    default:
      return null;
  }
}

/** PostgreSQL's `$tag$ … $tag$`; null where none starts. */
function dollarQuoted(source: string, start: number): Token | null {
  const tagEnd = matchEnd(dollarTag, source, start);
  if (tagEnd < 0) return null;
  const tag = source.slice(start, tagEnd);
  const close = source.indexOf(tag, tagEnd);
  if (close < 0) throw new SourceError(`Unterminated string: the ${tag} that opens it here is never closed.`, start);
  return { kind: 'string', start, end: close + tag.length };
}

/** PostgreSQL's `E'…'`, where a backslash escapes the quote. */
function escapeString(source: string, start: number, wordEnd: number, dialect: ImportDialect): Token | null {
  if (dialect !== 'postgres' || wordEnd !== start + 1 || source[wordEnd] !== "'" || !/[eE]/.test(source.charAt(start))) return null;
  return { kind: 'string', start, end: closeQuote(source, wordEnd, { quote: "'", escapes: true, what: 'string' }) };
}

/** Names may begin with a digit in MySQL (`2fa`), and `$` is part of a word but begins none outside of MySQL. */
function wordOrNumber(source: string, start: number, dialect: ImportDialect): Token | null {
  const numberEnd = matchEnd(numberPattern, source, start);
  if (numberEnd > 0) {
    const wordEnd = dialect === 'mysql' ? matchEnd(wordPattern, source, start) : -1;
    return wordEnd > numberEnd ? { kind: 'word', start, end: wordEnd } : { kind: 'number', start, end: numberEnd };
  }
  if (matchEnd(wordStart, source, start) < 0 && !(dialect === 'mysql' && source[start] === '$')) return null;
  const end = matchEnd(wordPattern, source, start);
  return escapeString(source, start, end, dialect) ?? { kind: 'word', start, end };
}

/**
 * Returns the first token at or after `at`; at the end of the source one of kind `end`.
 * Throws a SourceError for a string, quoted name or comment that never closes.
 */
export function nextToken(source: string, at: number, dialect: ImportDialect): Token {
  const start = skipTrivia(source, at, dialect);
  if (start >= source.length) return { kind: 'end', start: source.length, end: source.length };
  return (
    quoted(source, start, dialect) ??
    (dialect === 'postgres' ? dollarQuoted(source, start) : null) ??
    wordOrNumber(source, start, dialect) ?? { kind: 'symbol', start, end: start + 1 }
  );
}

/** Returns the tokens of `source` from `start` up to `end`, followed by one of kind `end` at `end`. */
export function tokenize(source: string, { start, end }: { start: number; end: number }, dialect: ImportDialect): Token[] {
  const tokens: Token[] = [];
  for (let token = nextToken(source, start, dialect); token.kind !== 'end' && token.start < end;) {
    tokens.push(token);
    token = nextToken(source, token.end, dialect);
  }
  tokens.push({ kind: 'end', start: end, end });
  return tokens;
}
