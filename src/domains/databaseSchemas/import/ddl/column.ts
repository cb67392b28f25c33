/** Column definitions of MySQL and SQLite. */
import { warnOfCheck, warnOfCollation, warnOfColumnOption, warnOfGenerated } from '../losses.ts';
import type { Token } from '../lexer.ts';
import type { ColumnSpec, ConstraintSpec } from '../specs.ts';
import type { TokenReader } from '../tokenReader.ts';
import { expectColumnType } from './columnType.ts';
import { expectReferences, type TableContext, takeConflictClause } from './keys.ts';
import { isReserved } from './reserved.ts';

export interface ColumnDefinition {
  column: ColumnSpec;
  constraints: ConstraintSpec[];
}

interface ColumnContext extends TableContext, ColumnDefinition {
  /** Name of a CONSTRAINT clause that the next constraint takes. */
  constraintName: string | null;
}

/** Reserved words that are values all the same. */
const valueWords = new Set('NULL TRUE FALSE CURRENT_TIMESTAMP CURRENT_DATE CURRENT_TIME CURRENT_USER LOCALTIME LOCALTIMESTAMP'.split(' '));

/** Takes the value after DEFAULT and returns its SQL text, or null for NULL. Throws a SourceError where no value stands. */
export function expectDefault(reader: TokenReader): string | null {
  const tokens: Token[] = [];
  if (reader.isSymbol('(')) return reader.sql(reader.expectBrackets());
  if (reader.isSymbol('-') || reader.isSymbol('+')) tokens.push(reader.next());
  const token = reader.peek();
  const word = reader.word();
  const isValue =
    token.kind === 'word' ? valueWords.has(word) || !isReserved(reader.dialect, word) : token.kind !== 'symbol' && token.kind !== 'end';
  if (!isValue) reader.fail('a default value');
  tokens.push(reader.next());
  if (token.kind === 'word' && reader.isSymbol('(')) tokens.push(...reader.expectBrackets());
  // b'0', _utf8mb4'x', DATE '2020-01-01'
  else if (token.kind === 'word' && reader.peek().kind === 'string' && !valueWords.has(word)) tokens.push(reader.next());
  return word === 'NULL' ? null : reader.sql(tokens);
}

/** The offset and names that a warning about a column needs. */
function placeOf({ table, column }: ColumnContext, offset: number) {
  return { table, column: column.name, offset };
}

function addKey(context: ColumnContext, type: 'primary' | 'unique', offset: number): void {
  const { column, constraints, constraintName: name } = context;
  constraints.push({ kind: 'key', type, name, columns: [column.name], offset });
}

function takePrimaryKey(context: ColumnContext): boolean {
  const { reader, column } = context;
  const { offset } = reader;
  if (!reader.takeWords('PRIMARY', 'KEY') && !(reader.dialect === 'mysql' && reader.takeWords('KEY'))) return false;
  addKey(context, 'primary', offset);
  reader.takeOneOf('ASC', 'DESC');
  takeConflictClause(context);
  if (reader.dialect === 'sqlite' && reader.takeWords('AUTOINCREMENT')) column.autoIncrement = true;
  return true;
}

function takeUnique(context: ColumnContext): boolean {
  const { reader } = context;
  const { offset } = reader;
  if (!reader.takeWords('UNIQUE')) return false;
  if (reader.dialect === 'mysql') reader.takeWords('KEY');
  addKey(context, 'unique', offset);
  takeConflictClause(context);
  return true;
}

function takeNullability(context: ColumnContext): boolean {
  const { reader, column } = context;
  if (reader.takeWords('NOT', 'NULL')) column.notNull = true;
  else if (!reader.takeWords('NULL')) return false;
  takeConflictClause(context);
  return true;
}

function takeCheck(context: ColumnContext): boolean {
  const { reader, warnings } = context;
  const { offset } = reader;
  if (!reader.takeWords('CHECK')) return false;
  warnOfCheck(warnings, placeOf(context, offset), reader.sql(reader.expectBrackets()));
  if (reader.dialect === 'mysql' && !reader.takeWords('NOT', 'ENFORCED')) reader.takeWords('ENFORCED');
  takeConflictClause(context);
  return true;
}

function takeGenerated(context: ColumnContext): boolean {
  const { reader, warnings } = context;
  const { offset } = reader;
  if (!reader.takeWords('GENERATED', 'ALWAYS', 'AS') && !reader.takeWords('AS')) return false;
  reader.expectBrackets();
  reader.takeOneOf('VIRTUAL', 'STORED', 'PERSISTENT');
  warnOfGenerated(warnings, placeOf(context, offset));
  return true;
}

function takeReferences(context: ColumnContext): boolean {
  const { reader, warnings, column, constraints, table, constraintName: name } = context;
  const { offset } = reader;
  if (!reader.isWords('REFERENCES')) return false;
  constraints.push(expectReferences(context, { name, columns: [column.name], offset }));
  if (reader.dialect === 'mysql') {
    const message = `REFERENCES beside the column "${table}.${column.name}" was kept as a foreign key, which MySQL itself makes of it only from version 9.0 on.`;
    warnings.add({ code: 'INLINE_REFERENCES', construct: 'REFERENCES', message, offset });
  }
  return true;
}

function takeCollation(context: ColumnContext): boolean {
  const { reader, warnings } = context;
  const { offset } = reader;
  const place = placeOf(context, offset);
  if (reader.takeWords('COLLATE')) warnOfCollation(warnings, place, `The collation ${reader.expectName('a collation')}`);
  else if (reader.dialect !== 'mysql') return false;
  else if (reader.takeWords('CHARACTER', 'SET') || reader.takeWords('CHARSET')) {
    const name = reader.isWords('BINARY') ? reader.text(reader.next()) : reader.expectName('a character set');
    warnOfCollation(warnings, place, `The character set ${name}`);
  } else {
    const word = reader.takeOneOf('ASCII', 'UNICODE', 'BINARY', 'BYTE');
    if (word === undefined) return false;
    warnOfCollation(warnings, place, `The character set ${word}`);
  }
  return true;
}

/** MySQL's `ON UPDATE CURRENT_TIMESTAMP`. */
function takeOnUpdate(context: ColumnContext): boolean {
  const { reader, warnings, table, column } = context;
  const { offset } = reader;
  if (!reader.takeWords('ON', 'UPDATE')) return false;
  if (reader.takeOneOf('CURRENT_TIMESTAMP', 'NOW', 'LOCALTIME', 'LOCALTIMESTAMP') === undefined) reader.fail('CURRENT_TIMESTAMP');
  if (reader.isSymbol('(')) reader.expectBrackets();
  const message = `ON UPDATE CURRENT_TIMESTAMP of "${table}.${column.name}" was dropped; the application or a trigger has to set it.`;
  warnings.add({ code: 'ON_UPDATE_TIMESTAMP', construct: 'ON UPDATE CURRENT_TIMESTAMP', message, offset });
  return true;
}

/** MySQL's options that say how a column is stored or shown. */
function takeStorageOption(context: ColumnContext): boolean {
  const { reader, warnings } = context;
  const place = placeOf(context, reader.offset);
  if (reader.takeWords('VISIBLE')) return true;
  const flag = reader.takeOneOf('INVISIBLE', 'COMPRESSED');
  if (flag !== undefined) {
    warnOfColumnOption(warnings, place, flag);
    return true;
  }
  const option = reader.takeOneOf('COLUMN_FORMAT', 'STORAGE', 'SRID', 'ENGINE_ATTRIBUTE', 'SECONDARY_ENGINE_ATTRIBUTE', 'REF_SYSTEM_ID');
  if (option === undefined) return false;
  reader.takeSymbol('=');
  if (reader.atEnd || reader.isSymbol(',') || reader.isSymbol(')')) reader.fail(`a value of ${option}`);
  reader.next();
  warnOfColumnOption(warnings, place, option);
  return true;
}

function takeMysqlAttribute(context: ColumnContext): boolean {
  const { reader, column } = context;
  if (reader.takeOneOf('AUTO_INCREMENT') !== undefined) column.autoIncrement = true;
  else if (reader.takeWords('COMMENT')) column.description = reader.expectString('a comment in quotes') || null;
  else if (reader.takeWords('SERIAL', 'DEFAULT', 'VALUE')) applySerial(context, reader.offset);
  else return takeOnUpdate(context) || takeStorageOption(context);
  return true;
}

/** MySQL's SERIAL stands for BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE (manual 13.1.1). */
function applySerial(context: ColumnContext, offset: number): void {
  context.column.notNull = true;
  context.column.autoIncrement = true;
  addKey(context, 'unique', offset);
}

function takeDefault({ reader, column }: ColumnContext): boolean {
  if (!reader.takeWords('DEFAULT')) return false;
  column.defaultValue = expectDefault(reader);
  return true;
}

function takeAttribute(context: ColumnContext): boolean {
  const { reader } = context;
  context.constraintName = null;
  if (reader.takeWords('CONSTRAINT')) {
    // MySQL lets the name of a CHECK be absent.
    context.constraintName = reader.isWords('CHECK') ? null : reader.expectName('the name of the constraint');
  }
  return (
    takeNullability(context) ||
    takeDefault(context) ||
    takePrimaryKey(context) ||
    takeUnique(context) ||
    takeReferences(context) ||
    takeCheck(context) ||
    takeGenerated(context) ||
    takeCollation(context) ||
    (reader.dialect === 'mysql' && takeMysqlAttribute(context))
  );
}

function emptyColumn(name: string, offset: number): ColumnSpec {
  return { name, type: '', notNull: false, defaultValue: null, autoIncrement: false, description: null, offset };
}

/** A SQLite column without a type has the affinity BLOB (sqlite.org/datatype3.html, 3.1); the model wants a type. */
function settleType(context: ColumnContext): void {
  const { column, warnings, table } = context;
  if (column.type !== '') return;
  column.type = 'BLOB';
  const message = `The column "${table}.${column.name}" has no type; it became BLOB, whose affinity SQLite gives it.`;
  warnings.add({ code: 'UNTYPED_COLUMN', construct: 'Column without type', message, offset: column.offset });
}

/** Takes a column definition: name, type, attributes. Stops at what is no attribute; the caller decides whether that may stand there. */
export function expectColumn(context: TableContext): ColumnDefinition {
  const { reader } = context;
  const { offset } = reader;
  const column = emptyColumn(reader.expectName('a column name'), offset);
  const full: ColumnContext = { ...context, column, constraints: [], constraintName: null };
  column.type = expectColumnType(reader);
  if (reader.dialect === 'mysql' && /^serial$/i.test(column.type)) applySerial(full, offset);
  while (takeAttribute(full)) continue;
  if (full.constraintName !== null) reader.fail('a constraint after its name');
  settleType(full);
  return { column, constraints: full.constraints };
}
