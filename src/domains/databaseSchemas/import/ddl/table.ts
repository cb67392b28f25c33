/** CREATE TABLE of MySQL and SQLite. */
import { createTable, type Draft, tableKey } from '../draft.ts';
import { warnOfCheck, warnOfQueryTable, warnOfTemporary } from '../losses.ts';
import type { ConstraintSpec, TableSpec } from '../specs.ts';
import type { TokenReader } from '../tokenReader.ts';
import { type ColumnDefinition, expectColumn } from './column.ts';
import { expectForeignKey, expectKey, expectQualifiedName, type TableContext } from './keys.ts';
import { takeTableOptions } from './tableOptions.ts';

/** A part of a table: constraints (null where one was dropped after a warning), or undefined where a column stands. */
type TablePart = ConstraintSpec | null | undefined;

function takeMysqlIndex(context: TableContext, offset: number): TablePart {
  const { reader } = context;
  const special = reader.isWords('FULLTEXT') || reader.isWords('SPATIAL') ? reader.word().toLowerCase() : null;
  if (special !== null) {
    reader.next();
    reader.takeOneOf('KEY', 'INDEX');
    return expectKey(context, { type: special, constraintName: null, offset });
  }
  if (reader.takeOneOf('KEY', 'INDEX') === undefined) return undefined;
  return expectKey(context, { type: 'btree', constraintName: null, offset });
}

function takeCheck(context: TableContext, offset: number): boolean {
  const { reader, warnings, table } = context;
  if (!reader.takeWords('CHECK')) return false;
  warnOfCheck(warnings, { table, offset }, reader.sql(reader.expectBrackets()));
  if (reader.dialect === 'mysql' && !reader.takeWords('NOT', 'ENFORCED')) reader.takeWords('ENFORCED');
  if (reader.dialect === 'sqlite' && reader.takeWords('ON', 'CONFLICT')) reader.expectName('a conflict resolution');
  return true;
}

/** Takes a table-level key, index, foreign key or check, with an optional `CONSTRAINT name` before it. */
export function takeTableConstraint(context: TableContext): TablePart {
  const { reader } = context;
  const { offset } = reader;
  const isNamed = reader.takeWords('CONSTRAINT');
  const direct = ['PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK'].includes(reader.word());
  const name = isNamed && !direct ? reader.expectName('the name of the constraint') : null;
  if (reader.takeWords('PRIMARY', 'KEY')) return expectKey(context, { type: 'primary', constraintName: name, offset });
  if (reader.takeWords('FOREIGN', 'KEY')) return expectForeignKey(context, { name, offset });
  if (takeCheck(context, offset)) return null;
  if (reader.takeWords('UNIQUE')) {
    if (reader.dialect === 'mysql') reader.takeOneOf('KEY', 'INDEX');
    return expectKey(context, { type: 'unique', constraintName: name, offset });
  }
  if (isNamed) reader.fail('PRIMARY KEY, UNIQUE, FOREIGN KEY or CHECK');
  return reader.dialect === 'mysql' ? takeMysqlIndex(context, offset) : undefined;
}

/** SQLite lets the comma between table constraints be absent, and no column follow one. */
function takeSeparator(reader: TokenReader, afterConstraint: boolean): boolean {
  if (reader.takeSymbol(',')) return true;
  return reader.dialect === 'sqlite' && afterConstraint && !reader.isSymbol(')');
}

/** Takes the bracketed columns and constraints of a table. */
function expectTableBody(context: TableContext, spec: TableSpec): void {
  const { reader } = context;
  reader.expectSymbol('(');
  let afterConstraint = false;
  do {
    const part = takeTableConstraint(context);
    if (part === undefined && afterConstraint && reader.dialect === 'sqlite')
      reader.fail('a table constraint, since columns come first in SQLite');
    afterConstraint = part !== undefined;
    const definition: ColumnDefinition | null = part === undefined ? expectColumn(context) : null;
    if (definition) {
      spec.columns.push(definition.column);
      spec.constraints.push(...definition.constraints);
    } else if (part) spec.constraints.push(part);
  } while (takeSeparator(reader, afterConstraint));
  if (!reader.isSymbol(')')) reader.fail('"," or ")"');
  reader.next();
}

function expectHead(reader: TokenReader): { spec: TableSpec; temporary: boolean } {
  reader.expectWords('CREATE');
  if (reader.dialect === 'mysql') reader.takeWords('OR', 'REPLACE');
  const temporary = reader.takeOneOf('TEMPORARY', 'TEMP') !== undefined;
  reader.expectWords('TABLE');
  const ifNotExists = reader.takeWords('IF', 'NOT', 'EXISTS');
  const table = expectQualifiedName(reader, 'the name of the table');
  return { spec: { table, ifNotExists, description: null, columns: [], constraints: [], copies: [] }, temporary };
}

/** MySQL's `CREATE TABLE t LIKE s`: columns and indexes of another table, without its foreign keys. */
function takeLike(reader: TokenReader, spec: TableSpec): boolean {
  if (reader.dialect !== 'mysql') return false;
  const isBracketed = reader.isSymbol('(') && reader.word(1) === 'LIKE';
  if (isBracketed) reader.next();
  if (!reader.takeWords('LIKE')) return false;
  spec.copies.push({ table: expectQualifiedName(reader, 'the name of a table'), keys: true, defaults: true });
  if (isBracketed) reader.expectSymbol(')');
  return true;
}

function takesQuery(reader: TokenReader): boolean {
  reader.takeOneOf('IGNORE', 'REPLACE');
  return ['AS', 'SELECT', 'WITH', 'VALUES', 'TABLE'].includes(reader.word());
}

/** Reads a CREATE TABLE statement into the draft. Throws a SourceError where the database would refuse it. */
export function readCreateTable(draft: Draft, reader: TokenReader): void {
  const { spec, temporary } = expectHead(reader);
  const { name: table, offset } = spec.table;
  const { warnings } = draft;
  const context: TableContext = { reader, warnings, table };
  const leaveOut = () => void draft.ignored.add(tableKey(draft, table));
  if (!takeLike(reader, spec)) {
    if (reader.isSymbol('(') && reader.word(1) !== 'SELECT') expectTableBody(context, spec);
    else if (!takesQuery(reader) && !reader.isSymbol('(')) reader.fail('"("');
    spec.description = takeTableOptions(context);
    if (takesQuery(reader) || (reader.isSymbol('(') && spec.columns.length === 0)) {
      warnOfQueryTable(warnings, { table, offset });
      leaveOut();
      return;
    }
  }
  if (!reader.atEnd) reader.fail('a table option or the end of the statement');
  if (temporary) {
    warnOfTemporary(warnings, { table, offset });
    leaveOut();
    return;
  }
  createTable(draft, spec);
}
