/** Statements of MySQL and SQLite: which of them are read, and how. */
import { changeTable } from '../changes.ts';
import { addConstraint, type Draft, dropTable, requireTable } from '../draft.ts';
import { toIndexKey } from '../indexParts.ts';
import { warnOfClientCommand, warnOfDrops, warnOfRows, warnOfStatement } from '../otherStatements.ts';
import { SourceError } from '../result.ts';
import { objectOf, type Statement } from '../statements.ts';
import { TokenReader } from '../tokenReader.ts';
import { readAlterTable } from './alterTable.ts';
import { expectIndexParts, expectQualifiedName, takeIndexOptions } from './keys.ts';
import { readCreateTable } from './table.ts';

/** Reads CREATE INDEX into the draft. */
function readCreateIndex(draft: Draft, reader: TokenReader): void {
  reader.expectWords('CREATE');
  if (reader.dialect === 'mysql') {
    reader.takeWords('OR', 'REPLACE');
    reader.takeOneOf('ONLINE', 'OFFLINE');
  }
  const prefix = reader.takeOneOf('UNIQUE', ...(reader.dialect === 'mysql' ? ['FULLTEXT', 'SPATIAL'] : []));
  reader.expectWords('INDEX');
  const ifNotExists = reader.takeWords('IF', 'NOT', 'EXISTS');
  const { name, offset } = expectQualifiedName(reader, 'the name of the index');
  const before = takeIndexOptions(reader);
  reader.expectWords('ON');
  const table = expectQualifiedName(reader, 'the name of a table');
  if (reader.dialect === 'mysql') before.method ??= takeIndexOptions(reader).method;
  const parts = expectIndexParts(reader);
  const after = reader.dialect === 'mysql' ? takeIndexOptions(reader) : { method: null, dropped: [] };
  const partial = reader.dialect === 'sqlite' && reader.takeWords('WHERE');
  if (partial && reader.atEnd) reader.fail('a condition');
  while (partial && !reader.atEnd) reader.next();
  if (!reader.atEnd) reader.fail('the end of the statement');
  const known = requireTable(draft, table);
  if (!known || (ifNotExists && known.keys.some((key) => key.name === name))) return;
  const plain = (before.method ?? after.method) === 'hash' ? 'hash' : 'btree';
  const key = toIndexKey(draft.warnings, {
    table: known.name,
    name,
    type: prefix?.toLowerCase() ?? plain,
    parts,
    partial,
    dropped: [...before.dropped, ...after.dropped],
    offset,
  });
  if (key) addConstraint(draft, known, key);
}

function readDropTable(draft: Draft, reader: TokenReader): void {
  const { offset } = reader;
  reader.expectWords('DROP');
  reader.takeOneOf('TEMPORARY');
  reader.expectWords('TABLE');
  reader.takeWords('IF', 'EXISTS');
  let missing = 0;
  do {
    if (!dropTable(draft, expectQualifiedName(reader, 'the name of a table').name)) missing += 1;
  } while (reader.takeSymbol(','));
  reader.takeOneOf('RESTRICT', 'CASCADE');
  if (!reader.atEnd) reader.fail('the end of the statement');
  if (missing > 0) warnOfDrops(draft.warnings, { offset, count: missing });
}

/** MySQL names the table of an index, SQLite finds it by the index's name. */
function readDropIndex(draft: Draft, reader: TokenReader): void {
  const { offset } = reader;
  reader.expectWords('DROP', 'INDEX');
  reader.takeWords('IF', 'EXISTS');
  const { name } = expectQualifiedName(reader, 'the name of the index');
  const tables = reader.takeWords('ON')
    ? [requireTable(draft, expectQualifiedName(reader, 'the name of a table'))]
    : [...draft.tables.values()];
  for (const table of tables) if (table) changeTable(draft, table, { kind: 'dropConstraint', name, offset });
}

/** MySQL's `RENAME TABLE a TO b, c TO d`. */
function readRenameTable(draft: Draft, reader: TokenReader): void {
  reader.expectWords('RENAME');
  if (reader.takeOneOf('TABLE', 'TABLES') === undefined) reader.fail('TABLE');
  do {
    const from = expectQualifiedName(reader, 'the name of a table');
    reader.expectWords('TO');
    const to = expectQualifiedName(reader, 'the new name');
    const table = requireTable(draft, from);
    if (table) changeTable(draft, table, { kind: 'renameTable', name: to.name, offset: to.offset });
  } while (reader.takeSymbol(','));
}

/** Finds the table after INTO; the rest of an INSERT is data and is not read. */
function countInsert(draft: Draft, reader: TokenReader, statement: Statement): void {
  while (!reader.atEnd && reader.word() !== 'INTO' && (reader.peek().kind === 'word' || reader.peek().kind === 'symbol')) {
    if (reader.isSymbol('(')) break;
    reader.next();
  }
  reader.takeWords('INTO');
  const table = reader.isName ? expectQualifiedName(reader, 'the name of a table').name : '';
  warnOfRows(draft.warnings, { table, offset: statement.start, statements: 'INSERT', rows: 1 });
}

/** How far into an INSERT its table name stands; the values behind it are not turned into tokens. */
const INSERT_HEAD = 400;

function readSql(draft: Draft, source: string, statement: Statement): void {
  const { words } = statement;
  const { dialect } = draft;
  const reader = (end = statement.end) => new TokenReader(source, { start: statement.start, end }, dialect);
  const object = objectOf(words);
  const isVirtual = words[0] === 'CREATE' && words[1] === 'VIRTUAL';
  if (words[0] === 'CREATE' && object === 'TABLE' && !isVirtual) {
    readCreateTable(draft, reader());
    return;
  }
  if (words[0] === 'CREATE' && object === 'INDEX') {
    readCreateIndex(draft, reader());
    return;
  }
  if (words[0] === 'ALTER' && object === 'TABLE') {
    readAlterTable(draft, reader());
    return;
  }
  if (words[0] === 'DROP' && object === 'TABLE') {
    readDropTable(draft, reader());
    return;
  }
  if (words[0] === 'DROP' && object === 'INDEX') {
    readDropIndex(draft, reader());
    return;
  }
  if (words[0] === 'RENAME' && dialect === 'mysql' && words[1]?.startsWith('TABLE')) {
    readRenameTable(draft, reader());
    return;
  }
  if (words[0] === 'INSERT' || (words[0] === 'REPLACE' && words[1] === 'INTO')) {
    countInsert(draft, reader(Math.min(statement.end, statement.start + INSERT_HEAD)), statement);
    return;
  }
  if (!warnOfStatement(draft.warnings, statement)) refuse(source, statement, dialect);
}

function refuse(source: string, { start }: Statement, dialect: Draft['dialect']): never {
  const word = /^\S{1,40}/.exec(source.slice(start, start + 40))?.[0] ?? '';
  throw new SourceError(`Syntax error: no statement of ${dialect === 'mysql' ? 'MySQL' : 'SQLite'} starts with ${word}.`, start);
}

/** Reads one statement into the draft. Throws a SourceError where a statement that defines structure cannot be read. */
export function readStatement(draft: Draft, source: string, statement: Statement): void {
  if (statement.kind === 'client') warnOfClientCommand(draft.warnings, statement);
  else readSql(draft, source, statement);
}
