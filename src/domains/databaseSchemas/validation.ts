/** Hard rules of a schema body: what must stop a write. Everything softer is a problem that the linter reports. */
import { isSafeTypeText } from './typeText.ts';
import {
  checkName,
  checkText,
  checkUnique,
  controls,
  halves,
  isRecord,
  Issues,
  limit,
  records,
  schemaLimits,
  show,
  type NameCheck,
  type Unknown,
  type Path,
  type ValidationIssue,
} from './validationChecks.ts';

export { schemaLimits, type ValidationCode, type ValidationIssue } from './validationChecks.ts';

interface EnumNames {
  readonly enums: ReadonlySet<string>;
}

function checkType(field: Unknown, place: { path: Path; label: string }, context: EnumNames & { issues: Issues }): void {
  const { type } = field;
  const path = [...place.path, 'type'];
  if (typeof type !== 'string' || type.trim() === '') {
    context.issues.add(path, 'INVALID_TYPE', `Field ${place.label} has no type. Give it a SQL type, such as "varchar(100)".`);
  } else if (controls.test(type) || halves.test(type) || (!context.enums.has(type) && !isSafeTypeText(type))) {
    context.issues.add(
      path,
      'INVALID_TYPE',
      `The type ${show(type)} of field ${place.label} is no SQL type. Write a name with arguments, such as "numeric(10,2)" or "ENUM('a','b')".`,
    );
  } else if (/^\s*(?:enum|set)\s*\(\s*\)\s*$/iu.test(type)) {
    context.issues.add(path, 'EMPTY_ENUM', `The type ${show(type)} of field ${place.label} has no values. Add at least one.`);
  }
}

interface TablePlace {
  readonly path: Path;
  /** Name of the table for messages. */
  readonly table: string;
  readonly issues: Issues;
  readonly enums: ReadonlySet<string>;
}

/** Checks the fields of a table and returns their names. */
function checkFields(table: Unknown, place: TablePlace): Set<string> {
  const { issues } = place;
  const path = [...place.path, 'fields'];
  const fields = records(table['fields'], path, issues);
  limit(fields, schemaLimits.fieldsPerTable, { path, what: `Table ${place.table}`, issues });
  const names = new Set<string>();
  for (const [index, field] of fields.entries()) {
    if (issues.full) break;
    const own = [...path, index];
    const name = checkName(field['name'], {
      path: [...own, 'name'],
      what: `The name of field ${index + 1} of table ${place.table}`,
      issues,
    });
    const label = name === undefined ? `${index + 1} of table ${place.table}` : `${show(name)} of table ${place.table}`;
    if (name !== undefined) {
      checkUnique(names, name, () =>
        issues.add([...own, 'name'], 'DUPLICATE_NAME', `Table ${place.table} has two fields named ${show(name)}. Rename or remove one.`),
      );
    }
    checkType(field, { path: own, label }, place);
    checkText(field['defaultValue'], { path: [...own, 'defaultValue'], what: `The default of field ${label}`, issues });
    checkText(field['description'], { path: [...own, 'description'], what: `The description of field ${label}`, issues });
  }
  return names;
}

function checkIndexes(table: Unknown, fields: ReadonlySet<string>, place: TablePlace): void {
  const { issues } = place;
  const path = [...place.path, 'indexes'];
  const indexes = records(table['indexes'], path, issues);
  limit(indexes, schemaLimits.indexesPerTable, { path, what: `The index list of table ${place.table}`, issues });
  for (const [position, index] of indexes.entries()) {
    if (issues.full) break;
    const own = [...path, position];
    const name = checkName(index['name'], {
      path: [...own, 'name'],
      what: `The name of index ${position + 1} of table ${place.table}`,
      issues,
    });
    checkText(index['type'], { path: [...own, 'type'], what: `The type of index ${position + 1} of table ${place.table}`, issues });
    const columns: readonly unknown[] = Array.isArray(index['fields']) ? index['fields'] : [];
    const label = `${show(name)} of table ${place.table}`;
    if (columns.length === 0)
      issues.add([...own, 'fields'], 'EMPTY_INDEX', `Index ${label} has no fields. Name at least one, or remove the index.`);
    limit(columns, schemaLimits.fieldsPerIndex, { path: [...own, 'fields'], what: `Index ${label}`, issues });
    for (const [at, column] of columns.slice(0, schemaLimits.fieldsPerIndex).entries()) {
      if (typeof column === 'string' && fields.has(column)) continue;
      issues.add(
        [...own, 'fields', at],
        'UNKNOWN_REFERENCE',
        `Index ${label} names the field ${show(column)}, which the table does not have. Add the field or correct the index.`,
      );
    }
  }
}

/** Checks all tables and returns the names of their fields by table name. */
function checkTables(body: Unknown, enums: ReadonlySet<string>, issues: Issues): Map<string, Set<string>> {
  const tables = records(body['tables'], ['tables'], issues);
  limit(tables, schemaLimits.tables, { path: ['tables'], what: 'The schema', issues });
  const fieldsOf = new Map<string, Set<string>>();
  const [names, ids] = [new Set<string>(), new Set<string>()];
  for (const [index, table] of tables.entries()) {
    if (issues.full) break;
    const path = ['tables', index];
    const name = checkName(table['name'], { path: [...path, 'name'], what: `The name of table ${index + 1}`, issues });
    const id = checkName(table['id'], {
      path: [...path, 'id'],
      what: `The id of table ${name === undefined ? index + 1 : show(name)}`,
      issues,
    });
    const label = name === undefined ? `${index + 1}` : show(name);
    if (name !== undefined)
      checkUnique(names, name, () =>
        issues.add([...path, 'name'], 'DUPLICATE_NAME', `The schema has two tables named ${label}. Rename or remove one.`),
      );
    if (id !== undefined)
      checkUnique(ids, id, () =>
        issues.add([...path, 'id'], 'DUPLICATE_ID', `Two tables have the id ${show(id)}. Give table ${label} an id of its own.`),
      );
    checkText(table['description'], { path: [...path, 'description'], what: `The description of table ${label}`, issues });
    const place: TablePlace = { path, table: label, issues, enums };
    const fields = checkFields(table, place);
    checkIndexes(table, fields, place);
    if (name !== undefined && !fieldsOf.has(name)) fieldsOf.set(name, fields);
  }
  return fieldsOf;
}

interface SideCheck {
  readonly side: 'from' | 'to';
  readonly path: Path;
  readonly label: string;
  readonly fieldsOf: ReadonlyMap<string, ReadonlySet<string>>;
  readonly issues: Issues;
}

/** Checks one end of a relationship and returns how many fields it names. */
function checkSide(relationship: Unknown, { side, path, label, fieldsOf, issues }: SideCheck): number {
  const table = relationship[`${side}Table`];
  const several = relationship[`${side}Fields`];
  const single = relationship[`${side}Field`];
  const list: readonly unknown[] = Array.isArray(several) && several.length > 0 ? several : [single];
  const fields = typeof table === 'string' ? fieldsOf.get(table) : undefined;
  if (!fields) {
    issues.add(
      [...path, `${side}Table`],
      'UNKNOWN_REFERENCE',
      `Relationship ${label} names the table ${show(table)}, which is not in the schema. Add the table or remove the relationship.`,
    );
    return list.length;
  }
  limit(list, schemaLimits.fieldsPerIndex, { path: [...path, `${side}Fields`], what: `Relationship ${label}`, issues });
  for (const [index, name] of [single, ...list.slice(0, schemaLimits.fieldsPerIndex)].entries()) {
    if (typeof name === 'string' && fields.has(name)) continue;
    const at = index === 0 ? `${side}Field` : `${side}Fields`;
    if (index > 0 && name === single) continue;
    issues.add(
      [...path, at],
      'UNKNOWN_REFERENCE',
      `Relationship ${label} names the field ${show(name)}, which table ${show(table)} does not have. Add the field or correct the relationship.`,
    );
  }
  return list.length;
}

function checkRelationships(body: Unknown, fieldsOf: ReadonlyMap<string, ReadonlySet<string>>, issues: Issues): void {
  const relationships = records(body['relationships'], ['relationships'], issues);
  limit(relationships, schemaLimits.relationships, { path: ['relationships'], what: 'The relationship list', issues });
  const ids = new Set<string>();
  for (const [index, relationship] of relationships.entries()) {
    if (issues.full) break;
    const path = ['relationships', index];
    const id = checkName(relationship['id'], { path: [...path, 'id'], what: `The id of relationship ${index + 1}`, issues });
    if (id !== undefined)
      checkUnique(ids, id, () =>
        issues.add([...path, 'id'], 'DUPLICATE_ID', `Two relationships have the id ${show(id)}. Give each an id of its own.`),
      );
    const label = id === undefined ? `${index + 1}` : show(id);
    const name = relationship['name'];
    if (name !== undefined && name !== null)
      checkName(name, { path: [...path, 'name'], what: `The name of relationship ${label}`, issues });
    checkText(relationship['type'], { path: [...path, 'type'], what: `The type of relationship ${label}`, issues });
    const from = checkSide(relationship, { side: 'from', path, label, fieldsOf, issues });
    const to = checkSide(relationship, { side: 'to', path, label, fieldsOf, issues });
    if (from !== to)
      issues.add(
        path,
        'FIELD_COUNT_MISMATCH',
        `Relationship ${label} names ${from} fields on one side and ${to} on the other. Name as many on both.`,
      );
  }
}

/** Checks the enums and returns their names. */
function checkEnums(body: Unknown, issues: Issues): Set<string> {
  const enums = records(body['enums'], ['enums'], issues);
  limit(enums, schemaLimits.enums, { path: ['enums'], what: 'The enum list', issues });
  const names = new Set<string>();
  for (const [index, declared] of enums.entries()) {
    if (issues.full) break;
    const path = ['enums', index];
    const name = checkName(declared['name'], { path: [...path, 'name'], what: `The name of enum ${index + 1}`, issues });
    const label = name === undefined ? `${index + 1}` : show(name);
    if (name !== undefined)
      checkUnique(names, name, () =>
        issues.add([...path, 'name'], 'DUPLICATE_NAME', `The schema has two enums named ${label}. Rename or remove one.`),
      );
    const values: readonly unknown[] = Array.isArray(declared['values']) ? declared['values'] : [];
    if (values.length === 0)
      issues.add([...path, 'values'], 'EMPTY_ENUM', `Enum ${label} has no values. Add at least one, or remove the enum.`);
    limit(values, schemaLimits.valuesPerEnum, { path: [...path, 'values'], what: `Enum ${label}`, issues });
    checkEnumValues(values, { path: [...path, 'values'], what: label, issues });
  }
  return names;
}

function checkEnumValues(values: readonly unknown[], { path, what, issues }: NameCheck): void {
  const seen = new Set<string>();
  for (const [index, value] of values.entries()) {
    if (issues.full) break;
    if (typeof value !== 'string') issues.add([...path, index], 'INVALID_SHAPE', `Value ${index + 1} of enum ${what} must be text.`);
    else {
      checkUnique(seen, value, () =>
        issues.add([...path, index], 'DUPLICATE_NAME', `Enum ${what} has the value ${show(value)} twice. Remove one.`),
      );
      if (controls.test(value) || halves.test(value))
        issues.add(
          [...path, index],
          'INVALID_TEXT',
          `Value ${show(value)} of enum ${what} holds a control character or half a character. Remove it.`,
        );
    }
  }
}

/**
 * Returns everything that must stop a write of the body: at most 100 issues, in the order of the body; none for a good body.
 * It takes any value, since bodies also come from models and files. Time and memory are linear in the size of the body.
 */
export function validateSchemaBody(body: unknown): ValidationIssue[] {
  const issues = new Issues();
  if (!isRecord(body)) {
    issues.add([], 'INVALID_SHAPE', 'A schema body is an object with the lists "tables" and "relationships".');
    return issues.found;
  }
  const enums = checkEnums(body, issues);
  const fieldsOf = checkTables(body, enums, issues);
  checkRelationships(body, fieldsOf, issues);
  return issues.found;
}
