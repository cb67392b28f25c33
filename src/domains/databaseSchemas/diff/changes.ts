/** The differences between two schema bodies, in a fixed order: tables, relationships, enums. */
import type { SchemaBody, SchemaEnum, SchemaRelationship, SchemaTable } from '../model.ts';
import { createTypeParser } from '../types.ts';
import type { ChangeSeverity, SchemaChange } from './change.ts';
import { pairBy, type Pairing } from './pairing.ts';
import { changesOfTable } from './partChanges.ts';

/** Pairs tables by name, and what is left by id: the ids of a schema stay when its tables get other names. */
export function pairTables<T>(base: readonly T[], head: readonly T[], tableOf: (part: T) => SchemaTable): Pairing<T> {
  return pairBy(base, head, [(part) => tableOf(part).name, (part) => tableOf(part).id || undefined]);
}

/** Of tables with the same name the first counts, as everywhere. */
function tablesOf({ tables }: SchemaBody): SchemaTable[] {
  const byName = new Map<string, SchemaTable>();
  for (const table of tables) if (!byName.has(table.name)) byName.set(table.name, table);
  return [...byName.values()];
}

const tableText = ({ fields }: SchemaTable): string => `${fields.length} ${fields.length === 1 ? 'field' : 'fields'}`;

const fromNames = ({ fromField, fromFields }: SchemaRelationship): readonly string[] => (fromFields?.length ? fromFields : [fromField]);
const toNames = ({ toField, toFields }: SchemaRelationship): readonly string[] => (toFields?.length ? toFields : [toField]);
const isManyToMany = ({ type }: SchemaRelationship): boolean => type === 'many-to-many';

function relationshipText(relationship: SchemaRelationship): string {
  const side = (table: string, fields: readonly string[]): string => `${table} (${fields.join(', ')})`;
  const { fromTable, toTable, type, name, onDelete, onUpdate } = relationship;
  const ends = `${side(fromTable, fromNames(relationship))} → ${side(toTable, toNames(relationship))}`;
  const extras = [type, name && `named ${name}`, onDelete && `on delete ${onDelete}`, onUpdate && `on update ${onUpdate}`];
  return [ends, ...extras.filter(Boolean)].join(', ');
}

function severityOfChangedRelationship(before: SchemaRelationship, after: SchemaRelationship, sameEnds: boolean): ChangeSeverity {
  const sameShape = sameEnds && isManyToMany(before) === isManyToMany(after);
  return sameShape ? 'risky' : 'breaking';
}

function changesOfRelationships(base: SchemaBody, head: SchemaBody, tables: Pairing<SchemaTable>): SchemaChange[] {
  const renamed = new Map(tables.kept.map(([before, after]) => [before.name, after.name]));
  const newTables = new Set(tables.added.map(({ name }) => name));
  const inBase = new Set(base.relationships);
  // Tables of the base are named as the head names them, so that a renamed table is not a changed relationship.
  const nameOf = (table: string, relationship: SchemaRelationship): string =>
    (inBase.has(relationship) ? renamed.get(table) : undefined) ?? table;
  const ends = (relationship: SchemaRelationship): string => {
    const { fromTable, toTable } = relationship;
    return JSON.stringify([nameOf(fromTable, relationship), fromNames(relationship), nameOf(toTable, relationship), toNames(relationship)]);
  };
  const text = (relationship: SchemaRelationship): string => {
    const { fromTable, toTable } = relationship;
    return relationshipText({ ...relationship, fromTable: nameOf(fromTable, relationship), toTable: nameOf(toTable, relationship) });
  };
  const { kept, removed, added } = pairBy(base.relationships, head.relationships, [ends, ({ id }) => id || undefined]);
  const pathOf = ({ id }: SchemaRelationship): string => `relationships.${id}`;
  return [
    ...removed.map((one): SchemaChange => {
      const severity = isManyToMany(one) ? 'breaking' : 'risky';
      return { kind: 'relationship-removed', path: pathOf(one), before: relationshipText(one), after: null, severity };
    }),
    ...added.map((one): SchemaChange => {
      const severity = isManyToMany(one) || newTables.has(one.fromTable) ? 'safe' : 'breaking';
      return { kind: 'relationship-added', path: pathOf(one), before: null, after: relationshipText(one), severity };
    }),
    ...kept.flatMap(([before, after]): SchemaChange[] => {
      const texts = { before: text(before), after: text(after) };
      if (texts.before === texts.after) return [];
      const severity = severityOfChangedRelationship(before, after, ends(before) === ends(after));
      return [{ kind: 'relationship-changed', path: pathOf(after), ...texts, severity }];
    }),
  ];
}

const valuesText = (values: readonly string[]): string => values.join(', ');

function changesOfEnum(before: SchemaEnum, after: SchemaEnum): SchemaChange[] {
  const path = `enums.${after.name}`;
  const [valuesBefore, valuesAfter] = [new Set(before.values), new Set(after.values)];
  const removed = before.values.filter((value) => !valuesAfter.has(value));
  const added = after.values.filter((value) => !valuesBefore.has(value));
  const [orderBefore, orderAfter] = [
    before.values.filter((value) => valuesAfter.has(value)),
    after.values.filter((value) => valuesBefore.has(value)),
  ].map(valuesText) as [string, string];
  const found: SchemaChange[] = [
    ...removed.map((value): SchemaChange => ({ kind: 'enum-value-removed', path, before: value, after: null, severity: 'breaking' })),
    ...added.map((value): SchemaChange => ({ kind: 'enum-value-added', path, before: null, after: value, severity: 'safe' })),
  ];
  if (orderBefore !== orderAfter)
    found.push({ kind: 'enum-order-changed', path, before: orderBefore, after: orderAfter, severity: 'risky' });
  return found;
}

function changesOfEnums(base: SchemaBody, head: SchemaBody): SchemaChange[] {
  const { kept, removed, added } = pairBy(base.enums ?? [], head.enums ?? [], [({ name }) => name]);
  const path = ({ name }: SchemaEnum): string => `enums.${name}`;
  return [
    ...removed.map((one): SchemaChange => {
      return { kind: 'enum-removed', path: path(one), before: valuesText(one.values), after: null, severity: 'risky' };
    }),
    ...added.map((one): SchemaChange => {
      return { kind: 'enum-added', path: path(one), before: null, after: valuesText(one.values), severity: 'safe' };
    }),
    ...kept.flatMap(([before, after]) => changesOfEnum(before, after)),
  ];
}

/**
 * Returns everything that differs between two bodies: removed, added and changed tables (those in the order of the head),
 * then relationships, then enums. A table counts as renamed where its id stayed and its name did not; fields have no ids, so a
 * renamed field is one removed and one added. Linear in the size of both; the same bodies always give the same list.
 */
export function findChanges(base: SchemaBody, head: SchemaBody): SchemaChange[] {
  const tables = pairTables(tablesOf(base), tablesOf(head), (table) => table);
  const [typeBefore, typeAfter] = [createTypeParser(base.enums), createTypeParser(head.enums)];
  return [
    ...tables.removed.map((table): SchemaChange => {
      return { kind: 'table-removed', path: `tables.${table.name}`, before: tableText(table), after: null, severity: 'breaking' };
    }),
    ...tables.added.map((table): SchemaChange => {
      return { kind: 'table-added', path: `tables.${table.name}`, before: null, after: tableText(table), severity: 'safe' };
    }),
    ...tables.kept.flatMap(([before, after]) => changesOfTable({ base: before, head: after, typeBefore, typeAfter })),
    ...changesOfRelationships(base, head, tables),
    ...changesOfEnums(base, head),
  ];
}
