/** ALTER TABLE and RENAME of PostgreSQL. */
import type { AlterTableCmd, AlterTableStmt, Constraint, RenameStmt } from 'libpg-query';
import { changeTable } from '../changes.ts';
import { type Draft, type DraftTable, requireTable } from '../draft.ts';
import type { Token } from '../lexer.ts';
import type { TableChange } from '../specs.ts';
import { plural } from '../warnings.ts';
import { type ColumnContext, columnType, drawsFromSequence, isNull, toColumn } from './column.ts';
import { toConstraint } from './constraint.ts';
import { leaveOutPartition } from './createTable.ts';
import { dotted, qualified } from './nodes.ts';
import { actionTokens, expressionOf, sqlOf, type StatementText } from './text.ts';

interface Action {
  context: ColumnContext;
  command: AlterTableCmd;
  tokens: readonly Token[];
  offset: number;
}

function addedConstraint({ context, offset }: Action, node: Constraint): TableChange[] {
  if (node.indexname !== undefined) {
    const type = node.contype === 'CONSTR_PRIMARY' ? 'primary' : 'unique';
    return [{ kind: 'promoteIndex', index: node.indexname, name: node.conname ?? null, type, offset }];
  }
  const constraint = toConstraint(context, node);
  return constraint ? [{ kind: 'addConstraint', constraint, offset }] : [];
}

function newDefault({ context, command, tokens, offset }: Action): TableChange[] {
  const column = command.name ?? '';
  if (drawsFromSequence(command.def)) return [{ kind: 'setAutoIncrement', column, value: true, offset }];
  if (isNull(command.def)) return [{ kind: 'setDefault', column, value: null, offset }];
  const { source } = context.text;
  const start = tokens.findIndex((token, index) => index > 0 && /^default$/i.test(source.slice(token.start, token.end)));
  return [{ kind: 'setDefault', column, value: expressionOf(context.text, tokens.slice(start + 1)), offset }];
}

/** Changes of the definition a command makes; undefined for one that touches no structure of the model. */
function toChanges(action: Action): TableChange[] | undefined {
  const { context, command, offset } = action;
  const column = command.name ?? '';
  const { def } = command;
  switch (command.subtype) {
    case 'AT_AddColumn':
      if (!def || !('ColumnDef' in def)) return undefined;
      return [{ kind: 'addColumn', ...toColumn(context, def.ColumnDef), place: null, ifNotExists: command.missing_ok ?? false, offset }];
    case 'AT_DropColumn':
      return [{ kind: 'dropColumn', name: column, offset }];
    case 'AT_ColumnDefault':
      return newDefault(action);
    case 'AT_SetNotNull':
    case 'AT_DropNotNull':
      return [{ kind: 'setRequired', column, required: command.subtype === 'AT_SetNotNull', offset }];
    case 'AT_AlterColumnType':
      if (!def || !('ColumnDef' in def)) return undefined;
      return [{ kind: 'setType', column, type: columnType(context, def.ColumnDef), offset }];
    case 'AT_AddIdentity':
    case 'AT_DropIdentity':
      return [{ kind: 'setAutoIncrement', column, value: command.subtype === 'AT_AddIdentity', offset }];
    case 'AT_AddConstraint':
      return def && 'Constraint' in def ? addedConstraint(action, def.Constraint) : undefined;
    case 'AT_DropConstraint':
      return [{ kind: 'dropConstraint', name: column, offset }];
    default:
      return undefined;
  }
}

/** Warns that the owner of an object was dropped; dumps name it after every object. */
export function warnOfOwner(draft: Draft, offset: number): void {
  const message = (count: number) => `${plural(count, 'OWNER TO clause')} left out.`;
  draft.warnings.count({ code: 'OWNER', construct: 'OWNER TO', message, offset });
}

function warnOfAction(draft: Draft, { context, command, tokens, offset }: Action): void {
  const { def } = command;
  if (command.subtype === 'AT_ChangeOwner') warnOfOwner(draft, offset);
  else if (command.subtype === 'AT_AttachPartition' && def && 'PartitionCmd' in def) {
    leaveOutPartition(draft, { name: def.PartitionCmd.name?.relname ?? '', parent: context.table, offset });
  } else {
    const message = `ALTER TABLE "${context.table}": ${sqlOf(context.text, tokens.slice(0, 12))} was dropped.`;
    draft.warnings.add({ code: 'ALTER_TABLE_ACTION', construct: 'ALTER TABLE action', message, offset });
  }
}

/** Reads ALTER TABLE into the draft; what the model does not say becomes a warning. */
export function readAlterTable(draft: Draft, text: StatementText, node: AlterTableStmt): void {
  const name = qualified(text, node.relation);
  const table = requireTable(draft, name);
  if (!table) return;
  const actions = actionTokens(text, name.offset);
  const context: ColumnContext = { text, warnings: draft.warnings, table: table.name, enums: draft.enums };
  for (const [index, command] of (node.cmds ?? []).entries()) {
    if (!('AlterTableCmd' in command)) continue;
    const tokens = actions[index] ?? [];
    const action: Action = { context, command: command.AlterTableCmd, tokens, offset: tokens[0]?.start ?? name.offset };
    const changes = toChanges(action);
    if (changes) for (const change of changes) changeTable(draft, table, change);
    else warnOfAction(draft, action);
  }
}

function renameType(draft: Draft, from: string, to: string): void {
  const known = draft.enums.get(from);
  if (!known) return;
  draft.enums.delete(from);
  draft.enums.set(to, { ...known, name: to });
  for (const table of draft.tables.values()) {
    for (const column of table.columns)
      if (column.type === from || column.type.startsWith(`${from}[`)) column.type = to + column.type.slice(from.length);
  }
}

function renameOn(draft: Draft, table: DraftTable | undefined, change: TableChange): void {
  if (table) changeTable(draft, table, change);
}

/** Reads a RENAME into the draft. Returns false for objects that the model does not hold. */
export function readRename(draft: Draft, text: StatementText, node: RenameStmt): boolean {
  const relation = qualified(text, node.relation);
  const { offset } = relation;
  const to = node.newname ?? '';
  const from = node.subname ?? '';
  switch (node.renameType) {
    case 'OBJECT_TABLE':
      renameOn(draft, requireTable(draft, relation), { kind: 'renameTable', name: to, offset });
      return true;
    case 'OBJECT_COLUMN':
      if (node.relationType !== 'OBJECT_TABLE') return false;
      renameOn(draft, requireTable(draft, relation), { kind: 'renameColumn', from, to, offset });
      return true;
    case 'OBJECT_TABCONSTRAINT':
      renameOn(draft, requireTable(draft, relation), { kind: 'renameConstraint', from, to, offset });
      return true;
    case 'OBJECT_INDEX':
      for (const table of draft.tables.values()) changeTable(draft, table, { kind: 'renameConstraint', from: relation.name, to, offset });
      return true;
    case 'OBJECT_TYPE':
      renameType(draft, dotted(node.object).at(-1) ?? '', to);
      return true;
    default:
      return false;
  }
}
