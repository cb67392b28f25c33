/** The model's own JSON: known attributes are taken, ids are made where they are absent, the rest is named in warnings. */
import type { ConversionWarning, SchemaBody, SchemaEnum, SchemaField, SchemaIndex, SchemaRelationship, SchemaTable } from '../model.ts';
import { createUniqueNames, relationshipId, tableId } from './names.ts';
import { plural } from './warnings.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

export interface JsonReading {
  body: SchemaBody;
  warnings: ConversionWarning[];
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the objects of a list; anything else in it stays, so that validation names it with its place. */
export function recordsOf(value: unknown): JsonRecord[] {
  return Array.isArray(value) ? value.map((entry: unknown) => (isRecord(entry) ? entry : {})) : [];
}

/** Counts attributes that the model does not have, by place and name. */
export function createDroppedAttributes(): {
  note: (place: string, record: JsonRecord, known: readonly string[]) => void;
  warnings: () => ConversionWarning[];
} {
  const counts = new Map<string, { place: string; name: string; count: number }>();
  return {
    note: (place, record, known) => {
      for (const name of Object.keys(record)) {
        if (known.includes(name)) continue;
        const entry = counts.get(`${place}\n${name}`) ?? { place, name, count: 0 };
        entry.count += 1;
        counts.set(`${place}\n${name}`, entry);
      }
    },
    warnings: () =>
      [...counts.values()].map(({ place, name, count }) => {
        const message = `The attribute "${name}" of ${plural(count, place)} was dropped; a schema does not hold it.`;
        return { code: 'UNKNOWN_ATTRIBUTE', construct: `${place}.${name}`, message };
      }),
  };
}

/** Attributes are passed on unchecked, so one that is called a text may be none. */
const textOr = (value: unknown): string => (typeof value === 'string' ? value : '');

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []);

/** Returns the attributes of a record that are texts (or null); what is of another type is left to validation. */
function textAttributes<K extends string>(record: JsonRecord, names: readonly K[]): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  for (const name of names) {
    const value = record[name];
    // Validation reports a wrong type at its path, so the value is passed on as it is.
    if (value !== undefined && value !== null) found[name] = value as string;
  }
  return found;
}

function toField(field: JsonRecord): SchemaField {
  return {
    name: field['name'] as string,
    type: field['type'] as string,
    required: field['required'] === true,
    ...(typeof field['unique'] === 'boolean' ? { unique: field['unique'] } : {}),
    ...textAttributes(field, ['defaultValue', 'description']),
    ...(typeof field['autoIncrement'] === 'boolean' ? { autoIncrement: field['autoIncrement'] } : {}),
  };
}

function toIndex(index: JsonRecord): SchemaIndex {
  const type = index['type'] ?? 'btree';
  return { name: index['name'] as string, fields: texts(index['fields']), type: type as string };
}

const known = {
  body: ['tables', 'relationships', 'enums'],
  table: ['id', 'name', 'description', 'fields', 'indexes'],
  field: ['name', 'type', 'required', 'unique', 'defaultValue', 'description', 'autoIncrement'],
  index: ['name', 'fields', 'type'],
  relationship: ['id', 'fromTable', 'fromField', 'toTable', 'toField', 'type', 'name', 'fromFields', 'toFields', 'onDelete', 'onUpdate'],
  enum: ['name', 'values'],
};

function toTable(table: JsonRecord, uniqueId: (name: string) => string, dropped: ReturnType<typeof createDroppedAttributes>): SchemaTable {
  dropped.note('table', table, known.table);
  const fields = recordsOf(table['fields']);
  const indexes = recordsOf(table['indexes']);
  for (const field of fields) dropped.note('field', field, known.field);
  for (const index of indexes) dropped.note('index', index, known.index);
  const name = table['name'] as string;
  const id = typeof table['id'] === 'string' ? table['id'] : uniqueId(tableId(textOr(name)));
  return { id, name, ...textAttributes(table, ['description']), fields: fields.map(toField), indexes: indexes.map(toIndex) };
}

const actions = new Set(['no-action', 'restrict', 'cascade', 'set-null', 'set-default']);

function toRelationship(record: JsonRecord, uniqueId: (name: string) => string): SchemaRelationship {
  const [fromTable, fromField, toTable, toField] = ['fromTable', 'fromField', 'toTable', 'toField'].map(
    (name) => record[name] as string,
  ) as [string, string, string, string];
  const id = typeof record['id'] === 'string' ? record['id'] : uniqueId(relationshipId(textOr(fromTable), [textOr(fromField)]));
  const type = typeof record['type'] === 'string' ? record['type'] : 'one-to-many';
  const action = (name: 'onDelete' | 'onUpdate') => (actions.has(record[name] as string) ? { [name]: record[name] } : {});
  const list = (name: 'fromFields' | 'toFields') => (Array.isArray(record[name]) ? { [name]: texts(record[name]) } : {});
  return {
    id,
    fromTable,
    fromField,
    toTable,
    toField,
    type,
    ...textAttributes(record, ['name']),
    ...list('fromFields'),
    ...list('toFields'),
    ...action('onDelete'),
    ...action('onUpdate'),
  };
}

/** A list of ids that the source gives, so that made ones differ from them. */
function idMaker(records: readonly JsonRecord[]): (name: string) => string {
  const unique = createUniqueNames();
  for (const { id } of records) if (typeof id === 'string') unique(id);
  return unique;
}

/** Returns the body of `{tables, relationships, enums?}`. Its values still need validation. */
export function readModel(source: JsonRecord): JsonReading {
  const dropped = createDroppedAttributes();
  dropped.note('schema', source, known.body);
  const tables = recordsOf(source['tables']);
  const relationships = recordsOf(source['relationships']);
  const enums = recordsOf(source['enums']);
  for (const relationship of relationships) dropped.note('relationship', relationship, known.relationship);
  for (const entry of enums) dropped.note('enum', entry, known.enum);
  const [newTableId, newRelationshipId] = [idMaker(tables), idMaker(relationships)];
  const toEnum = (entry: JsonRecord): SchemaEnum => ({ name: entry['name'] as string, values: texts(entry['values']) });
  const body: SchemaBody = {
    tables: tables.map((table) => toTable(table, newTableId, dropped)),
    relationships: relationships.map((relationship) => toRelationship(relationship, newRelationshipId)),
    ...(enums.length > 0 ? { enums: enums.map(toEnum) } : {}),
  };
  return { body, warnings: dropped.warnings() };
}
