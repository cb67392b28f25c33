/** ALTER TABLE of MySQL and SQLite. */
import { changeTable } from '../changes.ts';
import { type Draft, requireTable } from '../draft.ts';
import { warnOfTableOptions } from '../losses.ts';
import type { ColumnPlace, TableChange } from '../specs.ts';
import type { TokenReader } from '../tokenReader.ts';
import { expectColumn, expectDefault } from './column.ts';
import { expectQualifiedName, type TableContext } from './keys.ts';
import { takeTableConstraint } from './table.ts';
import { takeMysqlOption, takePartitioning } from './tableOptions.ts';

/** Actions of MySQL that leave the structure as it is; what follows up to the next comma belongs to them. */
const sideActions = new Set(
  'ALGORITHM LOCK CONVERT DISABLE ENABLE DISCARD IMPORT FORCE ORDER WITH WITHOUT TRUNCATE COALESCE REORGANIZE EXCHANGE ANALYZE CHECK OPTIMIZE REBUILD REPAIR REMOVE UPGRADE'.split(
    ' ',
  ),
);

function takePlace(reader: TokenReader): ColumnPlace {
  if (reader.dialect !== 'mysql') return null;
  if (reader.takeWords('FIRST')) return 'first';
  return reader.takeWords('AFTER') ? { after: reader.expectName('a column name') } : null;
}

function addedColumn(context: TableContext, ifNotExists: boolean): TableChange {
  const { offset } = context.reader;
  return { kind: 'addColumn', offset, ...expectColumn(context), ifNotExists, place: takePlace(context.reader) };
}

/** MySQL's `ADD (a INT, b INT, KEY (a))`. */
function addedList(context: TableContext): TableChange[] {
  const { reader } = context;
  const changes: TableChange[] = [];
  reader.expectSymbol('(');
  do {
    const { offset } = reader;
    const constraint = takeTableConstraint(context);
    if (constraint === undefined) changes.push(addedColumn(context, false));
    else if (constraint) changes.push({ kind: 'addConstraint', constraint, offset });
  } while (reader.takeSymbol(','));
  reader.expectSymbol(')');
  return changes;
}

function readAdd(context: TableContext): TableChange[] {
  const { reader } = context;
  const { offset } = reader;
  if (reader.dialect === 'mysql' && reader.takeWords('PARTITION')) {
    reader.takeItem();
    return [];
  }
  const isColumn = reader.takeWords('COLUMN');
  const ifNotExists = reader.dialect === 'mysql' && reader.takeWords('IF', 'NOT', 'EXISTS');
  if (reader.dialect === 'mysql' && reader.isSymbol('(')) return addedList(context);
  const constraint = isColumn ? undefined : takeTableConstraint(context);
  if (constraint === undefined) return [addedColumn(context, ifNotExists)];
  return constraint ? [{ kind: 'addConstraint', constraint, offset }] : [];
}

function readDrop({ reader }: TableContext): TableChange[] {
  const { offset } = reader;
  if (reader.dialect === 'mysql') {
    if (reader.takeWords('PRIMARY', 'KEY')) return [{ kind: 'dropPrimaryKey', offset }];
    if (reader.takeWords('PARTITION')) {
      reader.takeItem();
      return [];
    }
    if (reader.takeWords('FOREIGN', 'KEY') || reader.takeOneOf('INDEX', 'KEY', 'CONSTRAINT', 'CHECK') !== undefined) {
      reader.takeWords('IF', 'EXISTS');
      return [{ kind: 'dropConstraint', name: reader.expectName('a name'), offset }];
    }
  }
  reader.takeWords('COLUMN');
  if (reader.dialect === 'mysql') reader.takeWords('IF', 'EXISTS');
  const name = reader.expectName('a column name');
  if (reader.dialect === 'mysql') reader.takeOneOf('RESTRICT', 'CASCADE');
  return [{ kind: 'dropColumn', name, offset }];
}

function readRename({ reader }: TableContext): TableChange[] {
  const { offset } = reader;
  if (reader.dialect === 'mysql' && reader.takeOneOf('INDEX', 'KEY') !== undefined) {
    const from = reader.expectName('an index name');
    reader.expectWords('TO');
    return [{ kind: 'renameConstraint', from, to: reader.expectName('an index name'), offset }];
  }
  const isColumn = reader.takeWords('COLUMN');
  const bareColumn = reader.dialect === 'sqlite' && !reader.isWords('TO');
  if (isColumn || bareColumn) {
    const from = reader.expectName('a column name');
    reader.expectWords('TO');
    return [{ kind: 'renameColumn', from, to: reader.expectName('a column name'), offset }];
  }
  if (reader.takeOneOf('TO', 'AS') === undefined) reader.takeSymbol('=');
  return [{ kind: 'renameTable', name: expectQualifiedName(reader, 'the new name').name, offset }];
}

function readAlterColumn({ reader }: TableContext): TableChange[] {
  const { offset } = reader;
  if (reader.takeOneOf('INDEX', 'CHECK', 'CONSTRAINT') !== undefined) {
    reader.takeItem();
    return [];
  }
  reader.takeWords('COLUMN');
  const column = reader.expectName('a column name');
  if (reader.takeWords('DROP', 'DEFAULT')) return [{ kind: 'setDefault', column, value: null, offset }];
  reader.expectWords('SET');
  if (reader.takeOneOf('VISIBLE', 'INVISIBLE') !== undefined) return [];
  reader.expectWords('DEFAULT');
  return [{ kind: 'setDefault', column, value: expectDefault(reader), offset }];
}

/** MODIFY defines a column anew, CHANGE renames it as well. */
function readReplacement(context: TableContext, renames: boolean): TableChange[] {
  const { reader } = context;
  const { offset } = reader;
  reader.takeWords('COLUMN');
  reader.takeWords('IF', 'EXISTS');
  const from = renames ? reader.expectName('a column name') : null;
  const { column, constraints } = expectColumn(context);
  return [{ kind: 'replaceColumn', name: from ?? column.name, column, constraints, place: takePlace(reader), offset }];
}

/** Options of one action need no commas between them; undefined where none stands. */
function takeOptions({ reader, warnings, table }: TableContext): TableChange[] | undefined {
  const { offset } = reader;
  const changes: TableChange[] = [];
  const dropped: string[] = [];
  for (;;) {
    const option = takeMysqlOption(reader, (text) => changes.push({ kind: 'describe', description: text || null, offset }));
    if (option === undefined) break;
    // The next number of a counter is data, not structure.
    if (option !== '' && !option.startsWith('AUTO_INCREMENT')) dropped.push(option);
  }
  warnOfTableOptions(warnings, { table, offset }, dropped);
  return reader.offset > offset ? changes : undefined;
}

function readMysqlAction(context: TableContext): TableChange[] | undefined {
  const { reader, warnings, table } = context;
  const { offset } = reader;
  if (reader.takeWords('MODIFY')) return readReplacement(context, false);
  if (reader.takeWords('CHANGE')) return readReplacement(context, true);
  if (reader.takeWords('ALTER')) return readAlterColumn(context);
  if (takePartitioning(context)) return [];
  const changes = takeOptions(context);
  if (changes) return changes;
  if (!sideActions.has(reader.word())) return undefined;
  warnOfTableOptions(warnings, { table, offset }, [reader.sql(reader.takeItem())]);
  return [];
}

function readAction(context: TableContext): TableChange[] {
  const { reader } = context;
  if (reader.takeWords('ADD')) return readAdd(context);
  if (reader.takeWords('DROP')) return readDrop(context);
  if (reader.takeWords('RENAME')) return readRename(context);
  const changes = reader.dialect === 'mysql' ? readMysqlAction(context) : undefined;
  return changes ?? reader.fail('ADD, DROP, RENAME or another action of ALTER TABLE');
}

/** Reads an ALTER TABLE statement into the draft. Throws a SourceError where the database would refuse it. */
export function readAlterTable(draft: Draft, reader: TokenReader): void {
  reader.expectWords('ALTER');
  reader.takeOneOf('ONLINE', 'IGNORE');
  reader.expectWords('TABLE');
  reader.takeWords('IF', 'EXISTS');
  const name = expectQualifiedName(reader, 'the name of the table');
  const context: TableContext = { reader, warnings: draft.warnings, table: name.name };
  const changes: TableChange[] = [];
  do {
    changes.push(...readAction(context));
  } while (reader.dialect === 'mysql' && reader.takeSymbol(','));
  if (!reader.atEnd) reader.fail('"," or the end of the statement');
  const table = requireTable(draft, name);
  if (table) for (const change of changes) changeTable(draft, table, change);
}
