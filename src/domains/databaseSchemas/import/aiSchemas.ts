/**
 * The shape that AI assistants answer with: `schemas: [{name, description, fields: [{name, type, primary, required, unique,
 * foreign: "users.id", default, description}], indexes: [{name, columns, unique?, type?}]}]`, read through the same draft as SQL.
 */
import { createDraft, createTable } from './draft.ts';
import { createDroppedAttributes, isRecord, type JsonReading, type JsonRecord, recordsOf } from './jsonModel.ts';
import { resolveDraft } from './resolve.ts';
import { SourceError } from './result.ts';
import type { ColumnSpec, ConstraintSpec, TableSpec } from './specs.ts';
import { createWarnings } from './warnings.ts';

const known = {
  schema: ['name', 'description', 'fields', 'indexes'],
  field: ['name', 'type', 'primary', 'required', 'unique', 'foreign', 'default', 'description', 'autoIncrement'],
  index: ['name', 'columns', 'unique', 'type'],
  list: ['schemas', 'projectName', 'description', 'database', 'success'],
};

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** Defaults are SQL expressions; a number or boolean of JSON is one as well, an object is not. */
function defaultOf(value: unknown): string | null {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : textOf(value);
}

function toColumn(field: JsonRecord): ColumnSpec {
  return {
    name: textOf(field['name']) ?? '',
    type: textOf(field['type']) ?? '',
    notNull: field['required'] === true,
    defaultValue: defaultOf(field['default']),
    autoIncrement: field['autoIncrement'] === true,
    description: textOf(field['description']),
    offset: 0,
  };
}

/** `users.id`, or an object `{table, field}` (some assistants write `column`). */
function targetOf(foreign: unknown): { table: string; column: string | null } | null {
  if (typeof foreign === 'string' && foreign !== '') {
    const dot = foreign.lastIndexOf('.');
    return dot < 0 ? { table: foreign, column: null } : { table: foreign.slice(0, dot), column: foreign.slice(dot + 1) };
  }
  const table = isRecord(foreign) ? textOf(foreign['table']) : null;
  return table !== null && isRecord(foreign) ? { table, column: textOf(foreign['field'] ?? foreign['column']) } : null;
}

function toConstraints(fields: readonly JsonRecord[]): ConstraintSpec[] {
  const nameOf = (field: JsonRecord) => textOf(field['name']) ?? '';
  const primary = fields.filter((field) => field['primary'] === true).map(nameOf);
  const constraints: ConstraintSpec[] =
    primary.length > 0 ? [{ kind: 'key', type: 'primary', name: null, columns: primary, offset: 0 }] : [];
  for (const field of fields) {
    const columns = [nameOf(field)];
    // Assistants mark a primary key as unique too, which says nothing more.
    if (field['unique'] === true && !(primary.length === 1 && field['primary'] === true)) {
      constraints.push({ kind: 'key', type: 'unique', name: null, columns, offset: 0 });
    }
    const target = targetOf(field['foreign']);
    if (!target) continue;
    const table = { schema: null, name: target.table, offset: 0 };
    constraints.push({ kind: 'foreign', name: null, columns, table, toColumns: target.column === null ? [] : [target.column], offset: 0 });
  }
  return constraints;
}

function toIndexKey(index: JsonRecord): ConstraintSpec {
  const columns = Array.isArray(index['columns']) ? index['columns'].filter((column) => typeof column === 'string') : [];
  const type = index['unique'] === true ? 'unique' : (textOf(index['type']) ?? 'btree').toLowerCase();
  return { kind: 'key', type, name: textOf(index['name']), columns, offset: 0 };
}

function toTable(schema: JsonRecord): TableSpec {
  const fields = recordsOf(schema['fields']);
  const name = textOf(schema['name']);
  if (name === null) throw new SourceError('A schema of the list has no "name".', 0);
  if (fields.length === 0) throw new SourceError(`The schema "${name}" has no "fields".`, 0);
  return {
    table: { schema: null, name, offset: 0 },
    ifNotExists: false,
    description: textOf(schema['description']),
    columns: fields.map(toColumn),
    constraints: [...toConstraints(fields), ...recordsOf(schema['indexes']).map(toIndexKey)],
    copies: [],
  };
}

/** Returns the body of an AI answer. Throws a SourceError for a table without name or fields, or of a name that is there twice. */
export function readAiSchemas(list: JsonRecord): JsonReading {
  const dropped = createDroppedAttributes();
  dropped.note('answer', list, known.list);
  const warnings = createWarnings();
  const draft = createDraft('postgres', warnings);
  for (const schema of recordsOf(list['schemas'])) {
    dropped.note('schema', schema, known.schema);
    for (const field of recordsOf(schema['fields'])) dropped.note('field', field, known.field);
    for (const index of recordsOf(schema['indexes'])) dropped.note('index', index, known.index);
    createTable(draft, toTable(schema));
  }
  const body = resolveDraft(draft);
  // The draft's offsets are those of SQL sources; an answer has none.
  const lost = warnings.list('').map(({ code, construct, message }) => ({ code, construct, message }));
  return { body, warnings: [...dropped.warnings(), ...lost] };
}
