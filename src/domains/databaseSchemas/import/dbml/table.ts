/** Tables of DBML as the draft takes them. */
import type { Check, Column, Index, Table, TablePartial } from '@dbml/parse';
import type { Draft } from '../draft.ts';
import { warnOfCheck, warnOfColumnOption, warnOfTableOptions } from '../losses.ts';
import type { ColumnSpec, KeySpec, TableSpec } from '../specs.ts';

/** What reading one table needs beside it. */
export interface TableReading {
  readonly draft: Draft;
  readonly source: string;
  readonly partials: ReadonlyMap<string, TablePartial>;
}

interface Parts {
  readonly fields: readonly Column[];
  readonly indexes: readonly Index[];
  readonly checks: readonly Check[];
  readonly note: string | null;
}

/** A table's own parts, and those of the partials that it takes in; its own columns win, and the last partial over the first. */
function partsOf(table: Table, partials: TableReading['partials']): Parts {
  const fields = [...table.fields];
  const injected = table.partials.toSorted((a, b) => b.order - a.order).map(({ name, order }) => ({ order, partial: partials.get(name) }));
  for (const { order, partial } of injected) {
    const known = new Set(fields.map(({ name }) => name));
    fields.splice(order, 0, ...(partial?.fields ?? []).filter(({ name }) => !known.has(name)));
  }
  const all = injected.flatMap(({ partial }) => partial ?? []);
  return {
    fields,
    indexes: [...table.indexes, ...all.flatMap(({ indexes }) => indexes)],
    checks: [...table.checks, ...all.flatMap(({ checks }) => checks)],
    note: table.note?.value ?? all.find(({ note }) => note)?.note?.value ?? null,
  };
}

function defaultOf(column: Column, source: string): string | null {
  const { dbdefault, token } = column;
  if (!dbdefault) return null;
  const value = String(dbdefault.value);
  if (dbdefault.type === 'string') return `'${value.replaceAll("'", "''")}'`;
  if (dbdefault.type === 'boolean') return value === 'null' ? 'NULL' : value;
  if (dbdefault.type === 'expression') return value;
  // As it was written: the parser's number has lost digits beyond the sixteenth.
  return /\bdefault\s*:\s*([-+]?\d[\d.]*)/u.exec(source.slice(token.start.offset, token.end.offset))?.[1] ?? value;
}

function toColumn(column: Column, table: Table, { draft, source }: TableReading): ColumnSpec {
  const { name, type, token, note } = column;
  const place = { table: table.name, column: name, offset: token.start.offset };
  for (const check of column.checks) warnOfCheck(draft.warnings, { ...place, offset: check.token.start.offset }, check.expression);
  if (column.inline_deps.length > 0) warnOfColumnOption(draft.warnings, place, 'The dependency (dep)');
  if (Object.keys(column.metadata ?? {}).length > 0) warnOfColumnOption(draft.warnings, place, 'The metadata');
  return {
    name,
    type: type.type_name,
    notNull: column.not_null ?? false,
    defaultValue: defaultOf(column, source),
    autoIncrement: column.increment ?? false,
    description: note?.value ?? null,
    offset: place.offset,
  };
}

function toKey(index: Index, table: Table, { draft }: TableReading): KeySpec[] {
  const offset = index.token.start.offset;
  const expression = index.columns.find(({ type }) => type !== 'column');
  if (expression) {
    const message = `The index on the expression ${expression.value} of the table "${table.name}" was dropped; an index here has columns only.`;
    draft.warnings.add({ code: 'EXPRESSION_INDEX', construct: 'Index', message, offset });
    return [];
  }
  if (index.note) {
    const message = `The note of an index of the table "${table.name}" was dropped.`;
    draft.warnings.add({ code: 'INDEX_NOTE', construct: 'Note', message, offset: index.note.token.start.offset });
  }
  const type = index.pk ? 'primary' : index.unique ? 'unique' : (index.type ?? 'btree');
  return [{ kind: 'key', type, name: index.name ?? null, columns: index.columns.map(({ value }) => value), offset }];
}

/** Keys that the columns themselves name; several `pk` make one key. */
function keysOfColumns(fields: readonly Column[]): KeySpec[] {
  const key = (type: 'primary' | 'unique', columns: readonly Column[]): KeySpec[] => {
    const [first] = columns;
    return first ? [{ kind: 'key', type, name: null, columns: columns.map(({ name }) => name), offset: first.token.start.offset }] : [];
  };
  return [
    ...key(
      'primary',
      fields.filter(({ pk }) => pk),
    ),
    ...fields.filter(({ unique }) => unique).flatMap((field) => key('unique', [field])),
  ];
}

/** Returns a table of DBML for the draft, and warns of what a schema has no place for. */
export function toTable(table: Table, reading: TableReading): TableSpec {
  const { fields, indexes, checks, note } = partsOf(table, reading.partials);
  const offset = table.token.start.offset;
  const { warnings } = reading.draft;
  for (const check of checks) warnOfCheck(warnings, { table: table.name, offset: check.token.start.offset }, check.expression);
  const options = [...(table.headerColor ? ['headercolor'] : []), ...Object.keys(table.metadata ?? {})];
  warnOfTableOptions(warnings, { table: table.name, offset }, options);
  const keys = [...keysOfColumns(fields), ...indexes.flatMap((index) => toKey(index, table, reading))];
  return {
    table: { schema: table.schemaName, name: table.name, offset },
    ifNotExists: false,
    description: note,
    columns: fields.map((field) => toColumn(field, table, reading)),
    constraints: keys.toSorted((a, b) => Number(b.type === 'primary') - Number(a.type === 'primary')),
    copies: [],
  };
}
