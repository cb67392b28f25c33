/** PostgreSQL's own parser (libpg-query), one statement at a time, with its byte positions turned into source offsets. */
import type * as libpgQuery from 'libpg-query';
import { SourceError } from '../result.ts';
import type { Statement } from '../statements.ts';

type Parser = typeof libpgQuery;

export interface Parsed {
  node: libpgQuery.Node;
  /** Returns the UTF-16 offset in the source of a location of the tree (a byte offset in the statement); the statement's start without one. */
  offsetOf: (location: number | undefined) => number;
}

/** Loads the parser; the second call returns the first one's. */
export async function loadParser(): Promise<Parser> {
  const parser = await import('libpg-query');
  await parser.loadModule();
  return parser;
}

/** Returns for each UTF-8 byte of the text the UTF-16 index of its character. */
function byteToIndex(text: string): Uint32Array {
  const map = new Uint32Array(Buffer.byteLength(text) + 1);
  let byte = 0;
  for (let index = 0; index < text.length;) {
    const point = text.codePointAt(index) ?? 0;
    const bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    map.fill(index, byte, byte + bytes);
    byte += bytes;
    index += point > 0xffff ? 2 : 1;
  }
  map[byte] = text.length;
  return map;
}

// eslint-disable-next-line no-control-regex -- ASCII is all that the pattern is about
const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text);

/** The parser counts an error's place in characters (code points) from 0. */
function characterToIndex(text: string, character: number): number {
  let index = 0;
  for (let count = 0; count < character && index < text.length; count += 1) index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  return index;
}

/** What a wrong dialect looks like to PostgreSQL. */
function hintFor(message: string): string {
  if (message.includes('near "`"')) return ' Back-quoted names are MySQL: import with that dialect.';
  if (message.includes('near "["')) return ' Names in square brackets are SQLite or SQL Server: import with that dialect.';
  return /near "AUTO_INCREMENT"/i.test(message) ? ' AUTO_INCREMENT is MySQL: import with that dialect.' : '';
}

function toSourceError(parser: Parser, { error, text, start }: { error: unknown; text: string; start: number }): SourceError {
  if (error instanceof parser.SqlError) {
    const character = error.sqlDetails?.cursorPosition ?? 0;
    // "memory exhausted" is bison's word for more nesting than its stack takes.
    if (error.message.startsWith('memory exhausted')) return new SourceError('The statement is nested too deeply here.', start);
    const message = error.message.charAt(0).toUpperCase() + error.message.slice(1);
    return new SourceError(`${message}.${hintFor(message)}`, start + characterToIndex(text, character));
  }
  if (error instanceof RangeError) return new SourceError('The statement is nested too deeply.', start);
  throw error;
}

/** Parses one statement; null for one of comments only. Throws a SourceError where PostgreSQL reports a syntax error. */
export function parseStatement(parser: Parser, source: string, { start, end }: Statement): Parsed | null {
  const text = source.slice(start, end);
  const map = isAscii(text) ? null : byteToIndex(text);
  const offsetOf = (location: number | undefined) =>
    start + (map ? (map[Math.max(0, location ?? 0)] ?? text.length) : Math.max(0, location ?? 0));
  try {
    const node = parser.parseSync(text).stmts?.[0]?.stmt;
    return node ? { node, offsetOf } : null;
  } catch (error) {
    throw toSourceError(parser, { error, text, start });
  }
}
