/** CREATE TABLE and CREATE INDEX of PostgreSQL. */
import type { CreateStmt, IndexElem, IndexStmt, Node } from 'libpg-query';
import { addConstraint, createTable, type Draft, requireTable, tableKey } from '../draft.ts';
import { type IndexPart, toIndexKey } from '../indexParts.ts';
import { warnOfPartitioning, warnOfTableOptions, warnOfTemporary } from '../losses.ts';
import type { CopySpec, TableSpec } from '../specs.ts';
import { plural } from '../warnings.ts';
import { type ColumnContext, toColumn } from './column.ts';
import { toConstraint } from './constraint.ts';
import { qualified } from './nodes.ts';
import type { StatementText } from './text.ts';

/** CREATE_TABLE_LIKE_* of PostgreSQL's parsenodes.h. */
const LIKE_DEFAULTS = 1 << 3;
const LIKE_INDEXES = 1 << 6;

/** Leaves a partition out: it has no structure of its own. */
export function leaveOutPartition(draft: Draft, { name, parent, offset }: { name: string; parent: string; offset: number }): void {
  const message = (count: number) => `${plural(count, 'partition')} of "${parent}" left out; the partitioned table stands for all of them.`;
  draft.warnings.count({ code: 'PARTITION', construct: 'PARTITION OF', group: parent, message, offset });
  draft.tables.delete(tableKey(draft, name));
  draft.ignored.add(tableKey(draft, name));
}

function toCopies(draft: Draft, text: StatementText, { inhRelations, tableElts }: CreateStmt): CopySpec[] {
  const parents = (inhRelations ?? []).flatMap((node) => ('RangeVar' in node ? qualified(text, node.RangeVar) : []));
  for (const { name, offset } of parents) {
    const message = `The inheritance from "${name}" was dropped; its columns were copied.`;
    draft.warnings.add({ code: 'INHERITANCE', construct: 'INHERITS', message, offset });
  }
  const likes = (tableElts ?? []).flatMap((node) => ('TableLikeClause' in node ? node.TableLikeClause : []));
  return [
    ...parents.map((table) => ({ table, keys: false, defaults: true })),
    ...likes.map(({ relation, options = 0 }) => {
      return { table: qualified(text, relation), keys: (options & LIKE_INDEXES) !== 0, defaults: (options & LIKE_DEFAULTS) !== 0 };
    }),
  ];
}

function warnOfOptions(draft: Draft, { node, table, offset }: { node: CreateStmt; table: string; offset: number }): void {
  const options = [
    ...(node.relation?.relpersistence === 'u' ? ['UNLOGGED'] : []),
    ...(node.options ? ['WITH (…)'] : []),
    ...(node.accessMethod === undefined ? [] : [`USING ${node.accessMethod}`]),
    ...(node.tablespacename === undefined ? [] : [`TABLESPACE ${node.tablespacename}`]),
  ];
  warnOfTableOptions(draft.warnings, { table, offset }, options);
  if (node.partspec) warnOfPartitioning(draft.warnings, { table, offset });
}

function fillParts(context: ColumnContext, spec: TableSpec, nodes: readonly Node[]): void {
  for (const node of nodes) {
    if ('ColumnDef' in node) {
      const { column, constraints } = toColumn(context, node.ColumnDef);
      spec.columns.push(column);
      spec.constraints.push(...constraints);
    } else if ('Constraint' in node) {
      const constraint = toConstraint(context, node.Constraint);
      if (constraint) spec.constraints.push(constraint);
    }
  }
}

/** Partitions, temporary and typed tables are named and left out. Returns whether that was one. */
function leaveOut(draft: Draft, text: StatementText, node: CreateStmt): boolean {
  const { name, offset } = qualified(text, node.relation);
  if (node.partbound) {
    const parent = node.inhRelations?.[0];
    leaveOutPartition(draft, { name, parent: parent && 'RangeVar' in parent ? (parent.RangeVar.relname ?? '') : '', offset });
  } else if (node.relation?.relpersistence === 't') warnOfTemporary(draft.warnings, { table: name, offset });
  else if (node.ofTypename) {
    const message = `The table "${name}" takes its columns from a composite type; it was left out.`;
    draft.warnings.add({ code: 'TYPED_TABLE', construct: 'CREATE TABLE OF', message, offset });
  } else return false;
  draft.ignored.add(tableKey(draft, name));
  return true;
}

/** Reads CREATE TABLE into the draft. Throws a SourceError where a table or column is there twice. */
export function readCreateTable(draft: Draft, text: StatementText, node: CreateStmt): void {
  if (leaveOut(draft, text, node)) return;
  const table = qualified(text, node.relation);
  const copies = toCopies(draft, text, node);
  const spec: TableSpec = { table, ifNotExists: node.if_not_exists ?? false, description: null, columns: [], constraints: [], copies };
  const context: ColumnContext = { text, warnings: draft.warnings, table: table.name, enums: draft.enums };
  fillParts(context, spec, node.tableElts ?? []);
  warnOfOptions(draft, { node, table: table.name, offset: table.offset });
  createTable(draft, spec);
}

function toPart({ name, collation, opclass, ordering, nulls_ordering: nulls }: IndexElem): IndexPart {
  const dropped = [
    ...(collation ? ['collation'] : []),
    ...(opclass ? ['operator class'] : []),
    ...(ordering === 'SORTBY_DESC' ? ['descending order'] : []),
    ...(nulls === 'SORTBY_NULLS_FIRST' || nulls === 'SORTBY_NULLS_LAST' ? ['order of nulls'] : []),
  ];
  return { column: name ?? null, dropped };
}

/** Reads CREATE INDEX into the draft. Other access methods than the model's keep their own name. */
export function readCreateIndex(draft: Draft, text: StatementText, node: IndexStmt): void {
  const target = qualified(text, node.relation);
  const table = requireTable(draft, target);
  const name = node.idxname ?? null;
  if (!table || (node.if_not_exists && table.keys.some((key) => key.name === name))) return;
  const key = toIndexKey(draft.warnings, {
    table: table.name,
    name,
    type: node.unique ? 'unique' : (node.accessMethod ?? 'btree'),
    parts: (node.indexParams ?? []).flatMap((part) => ('IndexElem' in part ? toPart(part.IndexElem) : [])),
    partial: node.whereClause !== undefined,
    dropped: [
      ...(node.indexIncludingParams ? ['INCLUDE columns'] : []),
      ...(node.nulls_not_distinct ? ['NULLS NOT DISTINCT'] : []),
      ...(node.options ? ['WITH (…)'] : []),
      ...(node.tableSpace === undefined ? [] : ['TABLESPACE']),
    ],
    offset: text.offsetOf(undefined),
  });
  if (key) addConstraint(draft, table, key);
}
