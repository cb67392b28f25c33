/** Column definitions of PostgreSQL. */
import type { ColumnDef, Constraint, Node } from 'libpg-query';
import type { SchemaEnum } from '../../model.ts';
import { warnOfCollation, warnOfColumnOption, warnOfGenerated } from '../losses.ts';
import type { ColumnSpec, ConstraintSpec } from '../specs.ts';
import { type ConstraintContext, toConstraint } from './constraint.ts';
import { strings } from './nodes.ts';
import { elementTokens, expressionOf, type StatementText, tokensBefore, typeTextOf } from './text.ts';

export interface ColumnContext extends ConstraintContext {
  enums: ReadonlyMap<string, SchemaEnum>;
}

export interface ColumnDefinition {
  column: ColumnSpec;
  constraints: ConstraintSpec[];
}

const serialTypes = new Set(['serial', 'serial2', 'serial4', 'serial8', 'smallserial', 'bigserial']);

/** True for a default that draws from a sequence, which is how dumps write SERIAL. */
export function drawsFromSequence(expression: Node | undefined): boolean {
  return expression !== undefined && 'FuncCall' in expression && strings(expression.FuncCall.funcname).at(-1) === 'nextval';
}

/** True for `DEFAULT NULL`, with or without a cast: no default. */
export function isNull(expression: Node | undefined): boolean {
  if (!expression) return true;
  if ('TypeCast' in expression) return isNull(expression.TypeCast.arg);
  return 'A_Const' in expression && expression.A_Const.isnull === true;
}

function constraintsOf(node: ColumnDef): Constraint[] {
  return (node.constraints ?? []).flatMap((constraint) => ('Constraint' in constraint ? constraint.Constraint : []));
}

/** Where the parts of a column after its type begin. */
function boundaries({ offsetOf }: StatementText, node: ColumnDef): number[] {
  const collation = node.collClause ? [offsetOf(node.collClause.location)] : [];
  return [...collation, ...constraintsOf(node).map(({ location }) => offsetOf(location))];
}

/** Returns the type text of a column or of `ALTER COLUMN … TYPE`. */
export function columnType({ text, enums }: ColumnContext, node: ColumnDef): string {
  const words = [
    'USING',
    ...(node.storage_name === undefined ? [] : ['STORAGE']),
    ...(node.compression === undefined ? [] : ['COMPRESSION']),
  ];
  const tokens = elementTokens(text, text.offsetOf(node.typeName?.location));
  return typeTextOf(text, tokensBefore(text, tokens, { offsets: boundaries(text, node), words }), enums);
}

function defaultText(context: ColumnContext, { node, constraint }: { node: ColumnDef; constraint: Constraint }): string {
  const { text } = context;
  const tokens = elementTokens(text, text.offsetOf(constraint.location));
  const own = tokensBefore(text, tokens, { offsets: boundaries(text, node), words: [] });
  const start = own.findIndex((token) => /^default$/i.test(text.source.slice(token.start, token.end)));
  return expressionOf(text, own.slice(start + 1));
}

function applyDefault(
  context: ColumnContext,
  { node, constraint, column }: { node: ColumnDef; constraint: Constraint; column: ColumnSpec },
): void {
  if (drawsFromSequence(constraint.raw_expr)) column.autoIncrement = true;
  else if (!isNull(constraint.raw_expr)) column.defaultValue = defaultText(context, { node, constraint });
}

function warnOfOptions({ text, warnings, table }: ColumnContext, node: ColumnDef, column: ColumnSpec): void {
  const place = { table, column: column.name, offset: column.offset };
  if (node.collClause) {
    const offset = text.offsetOf(node.collClause.location);
    warnOfCollation(warnings, { ...place, offset }, `The collation "${strings(node.collClause.collname).join('.')}"`);
  }
  if (node.storage_name !== undefined) warnOfColumnOption(warnings, place, 'STORAGE');
  if (node.compression !== undefined) warnOfColumnOption(warnings, place, 'COMPRESSION');
}

/** Returns a column with its own keys and foreign keys, after warnings for what the model does not say. */
export function toColumn(context: ColumnContext, node: ColumnDef): ColumnDefinition {
  const { text, warnings, table } = context;
  const name = node.colname ?? '';
  const offset = text.offsetOf(node.location);
  const names = strings(node.typeName?.names);
  const isSerial = names.length === 1 && serialTypes.has(names[0] ?? '');
  const type = columnType(context, node);
  const column: ColumnSpec = { name, type, notNull: isSerial, defaultValue: null, autoIncrement: isSerial, description: null, offset };
  const constraints: ConstraintSpec[] = [];
  for (const constraint of constraintsOf(node)) {
    if (constraint.contype === 'CONSTR_NOTNULL') column.notNull = true;
    else if (constraint.contype === 'CONSTR_DEFAULT') applyDefault(context, { node, constraint, column });
    else if (constraint.contype === 'CONSTR_IDENTITY') column.notNull = column.autoIncrement = true;
    else if (constraint.contype === 'CONSTR_GENERATED') {
      warnOfGenerated(warnings, { table, column: name, offset: text.offsetOf(constraint.location) });
    } else {
      const spec = toConstraint({ text, warnings, table, column: name }, constraint);
      if (spec) constraints.push(spec);
    }
  }
  warnOfOptions(context, node, column);
  return { column, constraints };
}
