/** Constraints of PostgreSQL: keys, foreign keys, and what is dropped of them. */
import type { Constraint } from 'libpg-query';
import type { ReferentialAction } from '../../model.ts';
import { warnOfCheck, warnOfDeferrable } from '../losses.ts';
import type { ConstraintSpec, ForeignKeySpec } from '../specs.ts';
import type { Warnings } from '../warnings.ts';
import { qualified, strings } from './nodes.ts';
import { elementTokens, sqlOf, type StatementText } from './text.ts';

export interface ConstraintContext {
  text: StatementText;
  warnings: Warnings;
  table: string;
  /** Set where the constraint stands beside a column, which is then its only column. */
  column?: string;
}

/** FKCONSTR_ACTION_* of parsenodes.h; `a` is NO ACTION, which is what the model says by saying nothing. */
const actions: Record<string, ReferentialAction> = { r: 'restrict', c: 'cascade', n: 'set-null', d: 'set-default' };

function warnOfOption(context: ConstraintContext, { option, code, offset }: { option: string; code: string; offset: number }): void {
  const message = `${option} of a constraint of the table "${context.table}" was dropped.`;
  context.warnings.add({ code, construct: option, message, offset });
}

function toForeignKey(context: ConstraintContext, node: Constraint, offset: number): ForeignKeySpec {
  const code = 'FOREIGN_KEY_OPTION';
  if (node.fk_matchtype === 'f') warnOfOption(context, { option: 'MATCH FULL', code, offset });
  if (node.fk_del_set_cols) warnOfOption(context, { option: 'The column list of ON DELETE SET', code, offset });
  if (node.skip_validation) warnOfOption(context, { option: 'NOT VALID', code, offset });
  const onDelete = actions[node.fk_del_action ?? ''];
  const onUpdate = actions[node.fk_upd_action ?? ''];
  return {
    kind: 'foreign',
    name: node.conname ?? null,
    columns: context.column === undefined ? strings(node.fk_attrs) : [context.column],
    table: qualified(context.text, node.pktable),
    toColumns: strings(node.pk_attrs),
    ...(onDelete ? { onDelete } : {}),
    ...(onUpdate ? { onUpdate } : {}),
    offset,
  };
}

function toKey(context: ConstraintContext, node: Constraint, offset: number): ConstraintSpec {
  const code = 'INDEX_OPTION';
  if (node.including) warnOfOption(context, { option: 'INCLUDE', code, offset });
  if (node.nulls_not_distinct) warnOfOption(context, { option: 'NULLS NOT DISTINCT', code, offset });
  if (node.without_overlaps) warnOfOption(context, { option: 'WITHOUT OVERLAPS', code, offset });
  if (node.options) warnOfOption(context, { option: 'WITH (…)', code, offset });
  if (node.indexspace !== undefined) warnOfOption(context, { option: 'TABLESPACE', code, offset });
  const type = node.contype === 'CONSTR_PRIMARY' ? 'primary' : 'unique';
  const columns = context.column === undefined ? strings(node.keys) : [context.column];
  return { kind: 'key', type, name: node.conname ?? null, columns, offset };
}

/** The condition of a CHECK with its brackets. */
function checkText({ text }: ConstraintContext, offset: number): string {
  const tokens = elementTokens(text, offset);
  const check = tokens.findIndex((token) => /^check$/i.test(text.source.slice(token.start, token.end)));
  const first = tokens[check + 2];
  return first ? `(${sqlOf(text, elementTokens(text, first.start))})` : '';
}

/** Returns the key or foreign key that a constraint is, or null after a warning for what the model does not say. */
export function toConstraint(context: ConstraintContext, node: Constraint): ConstraintSpec | null {
  const { warnings, table, column } = context;
  const offset = context.text.offsetOf(node.location);
  const place = { table, offset, ...(column === undefined ? {} : { column }) };
  if (node.deferrable) warnOfDeferrable(warnings, table, offset);
  switch (node.contype) {
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
      return toKey(context, node, offset);
    case 'CONSTR_FOREIGN':
      return toForeignKey(context, node, offset);
    case 'CONSTR_CHECK':
      warnOfCheck(warnings, place, checkText(context, offset));
      return null;
    case 'CONSTR_EXCLUSION': {
      const message = `An exclusion constraint (EXCLUDE) of the table "${table}" was dropped.`;
      warnings.add({ code: 'EXCLUSION_CONSTRAINT', construct: 'EXCLUDE constraint', message, offset });
      return null;
    }
    case 'CONSTR_ATTR_DEFERRABLE':
      warnOfDeferrable(warnings, table, offset);
      return null;
    default:
      return null;
  }
}
