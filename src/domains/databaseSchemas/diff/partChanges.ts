/** Changes of a table's columns and indexes. */
import type { SchemaField, SchemaIndex, SchemaTable } from '../model.ts';
import type { ColumnType } from '../types.ts';
import type { ChangeKind, ChangeSeverity, SchemaChange } from './change.ts';
import { pairBy } from './pairing.ts';
import { severityOfTypeChange } from './typeChange.ts';

/** The same table in both versions, and how to read the types of each. */
export interface TablePair {
  readonly base: SchemaTable;
  readonly head: SchemaTable;
  readonly typeBefore: (text: string) => ColumnType;
  readonly typeAfter: (text: string) => ColumnType;
}

const textOf = (value: string | null | undefined): string | null => value?.trim() || null;

function fieldText(field: SchemaField): string {
  const defaultText = textOf(field.defaultValue);
  return [
    field.type.trim(),
    field.required ? 'required' : '',
    field.unique ? 'unique' : '',
    field.autoIncrement ? 'auto-increment' : '',
    defaultText === null ? '' : `default ${defaultText}`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Tells whether an INSERT that does not name the column fails. */
function needsValue(field: SchemaField, type: ColumnType): boolean {
  return field.required && textOf(field.defaultValue) === null && field.autoIncrement !== true && type.serial !== true;
}

const whether = (value: boolean | undefined, yes: string, no: string): string => (value === true ? yes : no);

function changesOfField(before: SchemaField, after: SchemaField, { path, pair }: { path: string; pair: TablePair }): SchemaChange[] {
  const found: SchemaChange[] = [];
  const compare = (kind: ChangeKind, texts: readonly [string | null, string | null], severity: () => ChangeSeverity): void => {
    if (texts[0] !== texts[1]) found.push({ kind, path, before: texts[0], after: texts[1], severity: severity() });
  };
  compare('field-type-changed', [before.type.trim(), after.type.trim()], () =>
    severityOfTypeChange(pair.typeBefore(before.type), pair.typeAfter(after.type)),
  );
  const nullability = [before, after].map(({ required }) => whether(required, 'required', 'optional')) as [string, string];
  compare('field-nullability-changed', nullability, () => (after.required ? 'breaking' : 'risky'));
  compare('field-default-changed', [textOf(before.defaultValue), textOf(after.defaultValue)], () =>
    needsValue(after, pair.typeAfter(after.type)) ? 'breaking' : 'risky',
  );
  const uniqueness = [before, after].map(({ unique }) => whether(unique, 'unique', 'not unique')) as [string, string];
  compare('field-uniqueness-changed', uniqueness, () => (after.unique === true ? 'breaking' : 'risky'));
  const numbering = [before, after].map(({ autoIncrement }) => whether(autoIncrement, 'auto-increment', 'not numbered')) as [
    string,
    string,
  ];
  compare('field-auto-increment-changed', numbering, () => (needsValue(after, pair.typeAfter(after.type)) ? 'breaking' : 'risky'));
  compare('field-description-changed', [textOf(before.description), textOf(after.description)], () => 'safe');
  return found;
}

function changesOfFields(pair: TablePair): SchemaChange[] {
  const path = `tables.${pair.head.name}.fields`;
  const { kept, removed, added } = pairBy(pair.base.fields, pair.head.fields, [({ name }) => name]);
  const found = removed.map((field): SchemaChange => ({
    kind: 'field-removed',
    path: `tables.${pair.base.name}.fields.${field.name}`,
    before: fieldText(field),
    after: null,
    severity: 'breaking',
  }));
  for (const field of added) {
    const severity = needsValue(field, pair.typeAfter(field.type)) ? 'breaking' : 'safe';
    found.push({ kind: 'field-added', path: `${path}.${field.name}`, before: null, after: fieldText(field), severity });
  }
  for (const [before, after] of kept) found.push(...changesOfField(before, after, { path: `${path}.${after.name}`, pair }));
  const stayed = new Set(kept.map(([before]) => before));
  const before = pair.base.fields.flatMap((field) => (stayed.has(field) ? [field.name] : [])).join(', ');
  const after = kept.map(([, field]) => field.name).join(', ');
  // Statements that name no columns (SELECT *, INSERT without a list) see another order.
  if (before !== after) found.push({ kind: 'field-order-changed', path, before, after, severity: 'risky' });
  return found;
}

const isPrimary = ({ type }: SchemaIndex): boolean => type.toLowerCase() === 'primary';
const isConstraint = (index: SchemaIndex): boolean => isPrimary(index) || index.type.toLowerCase() === 'unique';
const indexText = ({ name, type, fields }: SchemaIndex): string => `${name} ${type} (${fields.join(', ')})`.trim();
/** What an index does, its name aside. */
const indexMeaning = ({ type, fields }: SchemaIndex): string => JSON.stringify([type.toLowerCase(), fields]);

/** A key refuses rows unless each row has NULL, or a number of its own, in one of its columns. */
function severityOfKey(index: SchemaIndex, addedFields: ReadonlyMap<string, SchemaField>): ChangeSeverity {
  if (!isConstraint(index)) return 'safe';
  const fields = index.fields.map((name) => addedFields.get(name)).filter((field) => field !== undefined);
  const isNumbered = fields.some(({ autoIncrement }) => autoIncrement === true);
  const isEmpty = !isPrimary(index) && fields.some((field) => !field.required && textOf(field.defaultValue) === null);
  return isNumbered || isEmpty ? 'safe' : 'breaking';
}

function changesOfIndexes({ base, head }: TablePair): SchemaChange[] {
  const byName = (index: SchemaIndex): string | undefined => (isPrimary(index) ? undefined : index.name || undefined);
  const primary = (index: SchemaIndex): string | undefined => (isPrimary(index) ? '' : undefined);
  const { kept, removed, added } = pairBy(base.indexes, head.indexes, [primary, byName, indexMeaning]);
  const known = new Set(base.fields.map(({ name }) => name));
  const addedFields = new Map(head.fields.filter(({ name }) => !known.has(name)).map((field) => [field.name, field]));
  const pathOf = (table: SchemaTable, index: SchemaIndex): string => `tables.${table.name}.indexes.${index.name}`;
  return [
    ...removed.map((index): SchemaChange => {
      const severity = isConstraint(index) ? 'risky' : 'safe';
      return { kind: 'index-removed', path: pathOf(base, index), before: indexText(index), after: null, severity };
    }),
    ...added.map((index): SchemaChange => {
      const severity = severityOfKey(index, addedFields);
      return { kind: 'index-added', path: pathOf(head, index), before: null, after: indexText(index), severity };
    }),
    ...kept.flatMap(([before, after]): SchemaChange[] => {
      const texts = { before: indexText(before), after: indexText(after) };
      if (texts.before === texts.after) return [];
      const isRename = indexMeaning(before) === indexMeaning(after);
      const changed = isConstraint(before) && !isConstraint(after) ? 'risky' : severityOfKey(after, addedFields);
      return [{ kind: 'index-changed', path: pathOf(head, after), ...texts, severity: isRename ? 'safe' : changed }];
    }),
  ];
}

/** Returns what changed within a table that both versions have: its name, description, columns, indexes. */
export function changesOfTable(pair: TablePair): SchemaChange[] {
  const { base, head } = pair;
  const path = `tables.${head.name}`;
  const found: SchemaChange[] = [];
  if (base.name !== head.name) found.push({ kind: 'table-renamed', path, before: base.name, after: head.name, severity: 'risky' });
  const [before, after] = [textOf(base.description), textOf(head.description)];
  if (before !== after) found.push({ kind: 'table-description-changed', path, before, after, severity: 'safe' });
  return [...found, ...changesOfFields(pair), ...changesOfIndexes(pair)];
}
