/** PostgreSQL scripts: every statement but INSERT goes through PostgreSQL's own parser. */
import type { AlterEnumStmt, CommentStmt, CreateEnumStmt, CreateTableAsStmt, DropStmt, Node } from 'libpg-query';
import { changeTable } from '../changes.ts';
import { type Draft, dropTable, requireTable, tableKey } from '../draft.ts';
import { nextToken } from '../lexer.ts';
import { warnOfQueryTable, warnOfTemporary } from '../losses.ts';
import { warnOfClientCommand, warnOfDrops, warnOfRows, warnOfStatement } from '../otherStatements.ts';
import { SourceError } from '../result.ts';
import { splitStatements, type Statement } from '../statements.ts';
import { tokenValue } from '../tokenText.ts';
import { plural } from '../warnings.ts';
import { readAlterTable, readRename, warnOfOwner } from './alterTable.ts';
import { readCreateIndex, readCreateTable } from './createTable.ts';
import { dotted, qualified, strings } from './nodes.ts';
import { loadParser, type Parsed, parseStatement } from './parse.ts';
import { withTokens } from './text.ts';

interface Reading {
  draft: Draft;
  source: string;
  statement: Statement;
  parsed: Parsed;
}

function readEnum({ draft, statement }: Reading, node: CreateEnumStmt): void {
  const name = strings(node.typeName).at(-1) ?? '';
  if (draft.enums.has(name)) throw new SourceError(`The type "${name}" is created twice.`, statement.start);
  draft.enums.set(name, { name, values: strings(node.vals) });
}

function readAlterEnum({ draft }: Reading, node: AlterEnumStmt): void {
  const known = draft.enums.get(strings(node.typeName).at(-1) ?? '');
  const value = node.newVal;
  if (!known || value === undefined) return;
  if (node.oldVal !== undefined) known.values = known.values.map((old) => (old === node.oldVal ? value : old));
  else if (!known.values.includes(value)) {
    const neighbour = node.newValNeighbor === undefined ? -1 : known.values.indexOf(node.newValNeighbor);
    known.values.splice(neighbour < 0 ? known.values.length : neighbour + (node.newValIsAfter ? 1 : 0), 0, value);
  }
}

function readComment({ draft, statement }: Reading, node: CommentStmt): void {
  const names = dotted(node.object);
  const isColumn = node.objtype === 'OBJECT_COLUMN';
  const offset = statement.start;
  if (!isColumn && node.objtype !== 'OBJECT_TABLE') {
    const object = (node.objtype ?? '').replace('OBJECT_', '').toLowerCase();
    const message = (count: number) => `${plural(count, 'comment')} on objects other than tables and columns left out (${object}).`;
    draft.warnings.count({ code: 'COMMENT_ON_OBJECT', construct: 'COMMENT ON', group: object, message, offset });
    return;
  }
  const table = requireTable(draft, { schema: null, name: names.at(isColumn ? -2 : -1) ?? '', offset });
  const description = node.comment ?? null;
  if (!table) return;
  if (isColumn) changeTable(draft, table, { kind: 'describeColumn', column: names.at(-1) ?? '', description, offset });
  else changeTable(draft, table, { kind: 'describe', description, offset });
}

function readDrop({ draft, statement }: Reading, node: DropStmt): boolean {
  const names = (node.objects ?? []).map((object) => dotted(object).at(-1) ?? '');
  const offset = statement.start;
  switch (node.removeType) {
    case 'OBJECT_TABLE': {
      const missing = names.filter((name) => !dropTable(draft, name)).length;
      if (missing > 0) warnOfDrops(draft.warnings, { offset, count: missing });
      return true;
    }
    case 'OBJECT_INDEX':
      for (const table of draft.tables.values())
        for (const name of names) changeTable(draft, table, { kind: 'dropConstraint', name, offset });
      return true;
    case 'OBJECT_TYPE':
      // Enums of an earlier run of the script are not there; nothing is lost.
      return names.filter((name) => draft.enums.delete(name)).length > 0;
    default:
      return false;
  }
}

function readTableOfQuery({ draft, parsed }: Reading, node: CreateTableAsStmt): boolean {
  if (node.objtype !== 'OBJECT_TABLE') return false;
  const { name: table, offset } = qualified(parsed, node.into?.rel);
  const warn = node.into?.rel?.relpersistence === 't' ? warnOfTemporary : warnOfQueryTable;
  warn(draft.warnings, { table, offset });
  draft.ignored.add(tableKey(draft, table));
  return true;
}

/** Dumps set the owner of sequences and views by ALTER TABLE as well. */
function setsOwnerOnly(node: Node): boolean {
  if (!('AlterTableStmt' in node)) return 'AlterOwnerStmt' in node;
  const commands = node.AlterTableStmt.cmds ?? [];
  return commands.every((command) => 'AlterTableCmd' in command && command.AlterTableCmd.subtype === 'AT_ChangeOwner');
}

/** Applies a statement that defines or changes structure. Returns false for any other. */
function readStructure(reading: Reading, node: Node): boolean {
  const { draft, source, statement, parsed } = reading;
  const text = () => withTokens(source, statement, parsed);
  if (setsOwnerOnly(node)) warnOfOwner(draft, statement.start);
  else if ('CreateStmt' in node) readCreateTable(draft, text(), node.CreateStmt);
  else if ('AlterTableStmt' in node && node.AlterTableStmt.objtype === 'OBJECT_TABLE') readAlterTable(draft, text(), node.AlterTableStmt);
  else if ('IndexStmt' in node) readCreateIndex(draft, text(), node.IndexStmt);
  else if ('RenameStmt' in node) return readRename(draft, text(), node.RenameStmt);
  else if ('CreateEnumStmt' in node) readEnum(reading, node.CreateEnumStmt);
  else if ('AlterEnumStmt' in node) readAlterEnum(reading, node.AlterEnumStmt);
  else if ('CommentStmt' in node) readComment(reading, node.CommentStmt);
  else if ('DropStmt' in node) return readDrop(reading, node.DropStmt);
  else if ('CreateTableAsStmt' in node) return readTableOfQuery(reading, node.CreateTableAsStmt);
  else return false;
  return true;
}

function readOther({ draft, statement, parsed }: Reading): void {
  const { node } = parsed;
  if ('CopyStmt' in node && node.CopyStmt.is_from) {
    const table = node.CopyStmt.relation?.relname ?? '';
    warnOfRows(draft.warnings, { table, offset: statement.start, statements: 'COPY', rows: statement.dataLines });
    return;
  }
  if (warnOfStatement(draft.warnings, statement)) return;
  const construct = statement.words.slice(0, 2).join(' ');
  const message = (count: number) => `${plural(count, 'statement')} "${construct} …" left out.`;
  draft.warnings.count({ code: 'OTHER_STATEMENT', construct, message, offset: statement.start });
}

/** The table of an INSERT, from its first tokens: rows are not parsed, since a dump may hold megabytes of them. */
function insertTarget(source: string, { start, end }: Statement): string {
  let name = '';
  let previous = '';
  for (
    let token = nextToken(source, start, 'postgres');
    token.start < end && token.kind !== 'end';
    token = nextToken(source, token.end, 'postgres')
  ) {
    const text = source.slice(token.start, token.end);
    if (/^into$/i.test(previous) || previous === '.')
      name = token.kind === 'name' ? tokenValue(source, token, 'postgres') : text.toLowerCase();
    else if (name !== '' && text !== '.') return name;
    previous = text;
  }
  return name;
}

/**
 * Reads a PostgreSQL script into the draft, statement by statement.
 * Throws a SourceError at the first statement that PostgreSQL's parser refuses.
 */
export async function readPostgres(draft: Draft, source: string): Promise<void> {
  const parser = await loadParser();
  for (const statement of splitStatements(source, 'postgres')) {
    if (statement.kind === 'client') warnOfClientCommand(draft.warnings, statement);
    else if (statement.words[0] === 'INSERT') {
      warnOfRows(draft.warnings, { table: insertTarget(source, statement), offset: statement.start, statements: 'INSERT', rows: 1 });
    } else {
      const parsed = parseStatement(parser, source, statement);
      const reading = parsed && { draft, source, statement, parsed };
      if (reading && !readStructure(reading, reading.parsed.node)) readOther(reading);
    }
  }
}
