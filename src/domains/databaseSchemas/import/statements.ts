/**
 * Splits a script into statements as the database's own client does: psql with its backslash commands and COPY data,
 * mysql with DELIMITER, sqlite3 with its dot commands; bodies of triggers and routines stay in one piece.
 */
import { nextToken, skipTrivia, type Token } from './lexer.ts';
import type { ImportDialect } from './result.ts';

export interface Statement {
  /** `client` is a command of psql, mysql or sqlite3 that no server reads. */
  kind: 'sql' | 'client';
  /** UTF-16 offsets in the source, without the terminator. */
  start: number;
  end: number;
  /** The first words outside of quotes, upper case. */
  words: string[];
  /** Lines of data that follow PostgreSQL's `COPY … FROM stdin`. */
  dataLines: number;
}

interface Scan {
  source: string;
  dialect: ImportDialect;
  delimiter: string;
}

/** Enough for `CREATE ALGORITHM = x DEFINER = a@b SQL SECURITY DEFINER VIEW`. */
const WORDS_KEPT = 12;
const routines = new Set(['TRIGGER', 'FUNCTION', 'PROCEDURE', 'EVENT', 'PACKAGE']);
const objects = new Set([
  ...routines,
  ...`TABLE INDEX VIEW RULE SEQUENCE TYPE DOMAIN SCHEMA DATABASE VIRTUAL USER ROLE GROUP POLICY SERVER TABLESPACE LOGFILE UNDO RESOURCE
  INSTANCE LIBRARY`.split(/\s+/),
]);
/** What may stand between the verb and the kind of object. */
const modifiers = new Set(
  `OR REPLACE TEMP TEMPORARY GLOBAL LOCAL UNLOGGED FOREIGN UNIQUE FULLTEXT SPATIAL ONLINE OFFLINE IGNORE MATERIALIZED RECURSIVE ALGORITHM
  UNDEFINED MERGE TEMPTABLE SQL SECURITY DEFINER INVOKER AGGREGATE CONSTRAINT IF NOT EXISTS`.split(/\s+/),
);
const blockEndings = new Set(['IF', 'LOOP', 'WHILE', 'REPEAT']);

/** Returns what a CREATE, ALTER or DROP is about, such as `TABLE`; undefined where that is not among the known kinds. */
export function objectOf(words: readonly string[]): string | undefined {
  // `DEFINER = someone@somewhere` puts names between the verb and the object.
  const named = words.includes('DEFINER') && words.indexOf('DEFINER') < 6;
  const word = words.slice(1).find((candidate) => (named ? objects.has(candidate) : !modifiers.has(candidate)));
  return word !== undefined && objects.has(word) ? word : undefined;
}

function lineEnd(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end < 0 ? source.length : end;
}

/** Returns the client command that starts at `start`, or null. */
function clientCommand(scan: Scan, start: number): Statement | null {
  const { source, dialect } = scan;
  const statement = (end: number, word: string): Statement => ({ kind: 'client', start, end, words: [word], dataLines: 0 });
  if (dialect === 'postgres' && source[start] === '\\') {
    return statement(lineEnd(source, start), /^\\\S*/.exec(source.slice(start, start + 40))?.[0] ?? '\\');
  }
  if (dialect === 'sqlite' && source[start] === '.') {
    return statement(lineEnd(source, start), /^\.\w*/.exec(source.slice(start, start + 40))?.[0] ?? '.');
  }
  if (dialect !== 'mysql' || !/^delimiter\s/i.test(source.slice(start, start + 10))) return null;
  const end = lineEnd(source, start);
  const delimiter = source.slice(start + 10, end).trim();
  if (delimiter) scan.delimiter = delimiter;
  return statement(end, 'DELIMITER');
}

/** Follows BEGIN … END inside of a routine, where `;` does not end the statement. */
function createBlockDepth(): { read: (word: string) => void; depth: () => number } {
  let depth = 0;
  let previous = '';
  return {
    depth: () => depth,
    read: (word) => {
      const closesNamed = previous === 'END' && (blockEndings.has(word) || word === 'CASE');
      if (word === 'BEGIN' || (word === 'CASE' && !closesNamed)) depth += 1;
      else if (word === 'END') depth = Math.max(0, depth - 1);
      // `END IF` closes a block that was not counted when it opened.
      else if (closesNamed && word !== 'CASE' && depth >= 0) depth += 1;
      previous = word;
    },
  };
}

/** True while a `;` belongs to the statement: in a routine's block, or in the brackets of a PostgreSQL rule. */
function createNesting(
  words: readonly string[],
  dialect: ImportDialect,
): { read: (token: Token, text: string) => void; open: () => boolean } {
  const block = createBlockDepth();
  let brackets = 0;
  const isRoutine = () => words[0] === 'CREATE' && routines.has(objectOf(words) ?? '');
  const isRule = () => dialect === 'postgres' && words[0] === 'CREATE' && objectOf(words) === 'RULE';
  return {
    read: (token, text) => {
      if (token.kind === 'word' && isRoutine()) block.read(text.toUpperCase());
      else if (text === '(') brackets += 1;
      else if (text === ')') brackets -= 1;
    },
    open: () => block.depth() > 0 || (brackets > 0 && isRule()),
  };
}

/** Returns where the delimiter starts in a token, or -1. `END$$` is one word of MySQL, yet the client ends the statement in it. */
function delimiterAt({ source, delimiter }: Scan, token: Token): number {
  if (delimiter === ';') return token.kind === 'symbol' && source[token.start] === ';' ? token.start : -1;
  if (source.startsWith(delimiter, token.start)) return token.start;
  const inside = token.kind === 'word' ? source.slice(token.start, token.end).indexOf(delimiter) : -1;
  return inside < 0 ? -1 : token.start + inside;
}

/** Returns the statement that starts with `first`, and the offset after its terminator. */
function readStatement(scan: Scan, first: Token): { statement: Statement; next: number } {
  const { source, dialect } = scan;
  const words: string[] = [];
  const nesting = createNesting(words, dialect);
  const statement = (end: number): Statement => ({ kind: 'sql', start: first.start, end, words, dataLines: 0 });
  let end = first.start;
  for (let token = first; ; token = nextToken(source, end, dialect)) {
    if (token.kind === 'end') return { statement: statement(end), next: source.length };
    const delimiter = delimiterAt(scan, token);
    if (delimiter >= 0 && (scan.delimiter !== ';' || !nesting.open())) {
      const stop = delimiter > token.start ? delimiter : end;
      return { statement: statement(stop), next: delimiter + scan.delimiter.length };
    }
    const text = token.end - token.start < 40 ? source.slice(token.start, token.end) : '';
    if (token.kind === 'word' && words.length < WORDS_KEPT) words.push(text.toUpperCase());
    nesting.read(token, text);
    end = token.end;
  }
}

/** Returns where the data of `COPY … FROM stdin` ends (after its `\.` line) and how many lines it has. */
function copyData(source: string, after: number): { next: number; lines: number } {
  let at = Math.min(lineEnd(source, after) + 1, source.length);
  for (let lines = 0; at < source.length; lines += 1) {
    const end = lineEnd(source, at);
    const line = source.slice(at, Math.min(end, at + 4)).trimEnd();
    at = Math.min(end + 1, source.length);
    if (line === '\\.') return { next: at, lines };
    if (at >= source.length) return { next: at, lines: lines + 1 };
  }
  return { next: at, lines: 0 };
}

/** True for `COPY t FROM stdin`, which psql feeds from the lines after it. */
function readsData({ source, dialect }: Scan, { words, start, end }: Statement): boolean {
  return dialect === 'postgres' && words[0] === 'COPY' && /\bfrom\s+stdin\b/i.test(source.slice(start, end));
}

/**
 * Yields the statements of a script, without empty ones.
 * Throws a SourceError for a string, quoted name or comment that never closes.
 */
export function* splitStatements(source: string, dialect: ImportDialect): Generator<Statement> {
  const scan: Scan = { source, dialect, delimiter: ';' };
  for (let at = 0; at < source.length;) {
    const start = skipTrivia(source, at, dialect);
    const command = clientCommand(scan, start);
    if (command) {
      yield command;
      at = command.end;
      continue;
    }
    const { statement, next } = readStatement(scan, nextToken(source, start, dialect));
    at = next;
    if (readsData(scan, statement)) {
      const data = copyData(source, next);
      statement.dataLines = data.lines;
      at = data.next;
    }
    if (statement.end > statement.start) yield statement;
  }
}
