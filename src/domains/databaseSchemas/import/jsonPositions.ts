/** Where something stands in JSON text; JSON.parse gives positions in some of its messages only. */
import { SourceError } from './result.ts';

export type JsonPath = readonly (string | number)[];

/** Deeper JSON than any schema has; the reader below recurses. */
const MAX_DEPTH = 64;

const literal = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const text = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y; // eslint-disable-line no-control-regex -- JSON forbids them
const space = /[ \t\n\r]*/y;

interface Reader {
  source: string;
  at: number;
  wanted: JsonPath | null;
  /** Offset of the wanted path, as deep as it was found. */
  found: number;
  matched: number;
}

function take(reader: Reader, pattern: RegExp): string | null {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.source);
  if (!match) return null;
  reader.at = pattern.lastIndex;
  return match[0];
}

function expect(reader: Reader, sign: string): void {
  take(reader, space);
  if (reader.source[reader.at] !== sign) fail(reader, `"${sign}"`);
  reader.at += 1;
}

function takeSign(reader: Reader, sign: string): boolean {
  take(reader, space);
  if (reader.source[reader.at] !== sign) return false;
  reader.at += 1;
  return true;
}

function fail(reader: Reader, expected: string): never {
  const { source, at } = reader;
  const found = at >= source.length ? 'the source ends' : `found ${source.slice(at, at + 20).split('\n')[0] ?? ''}`;
  throw new SourceError(`The JSON is not valid: expected ${expected}, but ${found}.`, at);
}

/** Notes the place where one more step of the wanted path is matched. */
function note(reader: Reader, { key, depth }: { key: string | number; depth: number }): void {
  if (reader.wanted === null || reader.matched !== depth || depth >= reader.wanted.length) return;
  if (String(reader.wanted[depth]) !== String(key)) return;
  take(reader, space);
  reader.matched += 1;
  reader.found = reader.at;
}

function readMember(reader: Reader, depth: number): void {
  take(reader, space);
  const key = take(reader, text);
  if (key === null) fail(reader, 'a name in double quotes');
  expect(reader, ':');
  note(reader, { key: JSON.parse(key) as string, depth });
  readValue(reader, depth + 1);
}

function readList(reader: Reader, { close, readOne }: { close: string; readOne: (index: number) => void }): void {
  if (takeSign(reader, close)) return;
  let index = 0;
  do {
    readOne(index);
    index += 1;
  } while (takeSign(reader, ','));
  take(reader, space);
  if (reader.source[reader.at] !== close) fail(reader, `"," or "${close}"`);
  reader.at += 1;
}

function readValue(reader: Reader, depth: number): void {
  if (depth > MAX_DEPTH) throw new SourceError(`The JSON is nested more than ${MAX_DEPTH} deep.`, reader.at);
  if (takeSign(reader, '{')) readList(reader, { close: '}', readOne: () => readMember(reader, depth) });
  else if (takeSign(reader, '[')) {
    readList(reader, {
      close: ']',
      readOne: (index) => {
        note(reader, { key: index, depth });
        readValue(reader, depth + 1);
      },
    });
  } else if (take(reader, text) === null && take(reader, literal) === null) fail(reader, 'a value');
}

/** Returns the UTF-16 offset of a path's value in JSON text, or of the deepest part of the path that is there. Throws a SourceError for bad JSON. */
export function offsetOfPath(source: string, path: JsonPath): number {
  const reader: Reader = { source, at: 0, wanted: path, found: 0, matched: 0 };
  readValue(reader, 0);
  take(reader, space);
  if (reader.at < source.length) fail(reader, 'the end of the source');
  return reader.found;
}
