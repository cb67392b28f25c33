/** DBML, the language of dbdiagram.io. https://dbml.dbdiagram.io/docs */
import type { SchemaBody, SchemaField, SchemaIndex } from '../model.ts';
import type { ColumnType } from '../types.ts';
import { readDefault } from './defaults.ts';
import { printDefault } from './sql/defaultSql.ts';
import { postgres } from './sql/postgres.ts';
import { resolveStructure, type ForeignKey, type SchemaStructure, type TableStructure } from './structure.ts';
import { createWarnings, type WarningSink } from './warnings.ts';

/** Names and texts know `\"`, `\'`, `\\` and `\n`; other control characters have no place in them. */
const escape = (text: string, quote: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll(/\r\n|[\r\n]/gu, '\\n')
    .replaceAll(/\p{Cc}/gu, ' ');

const quoted = (name: string): string => (/^[A-Za-z_][A-Za-z0-9_]*$/u.test(name) ? name : `"${escape(name, '"')}"`);
const text = (value: string): string => `'${escape(value, "'")}'`;

/** Types are free text in DBML; everything but a word with plain arguments needs quotes. */
function typeText(type: ColumnType): string {
  if (type.kind === 'enum' && !type.args) return quoted(type.name);
  return /^[A-Za-z_][A-Za-z0-9_]*(?:\(\s*\w+(?:\s*,\s*\w+)*\s*\))?(?:\[\])*$/u.test(type.text) ? type.text : `"${escape(type.text, '"')}"`;
}

function defaultText(field: SchemaField, context: Context, table: TableStructure): string | undefined {
  const source = field.defaultValue?.trim() ?? '';
  if (source === '') return undefined;
  const type = context.structure.typeOf(field);
  const meaning = readDefault(source, type);
  if (meaning.kind === 'literal' && meaning.literal.kind !== 'digits') {
    const { literal } = meaning;
    if (literal.kind === 'null') return 'null';
    return literal.kind === 'string' ? text(literal.value) : String(literal.value);
  }
  // DBML keeps expressions as they are; PostgreSQL's spelling is the usual one.
  const where = `${table.table.name}.${field.name}`;
  const own = createWarnings();
  const printed = printDefault(
    {
      text: source,
      type,
      sql: postgres.columnType(type, { keyed: false, autoIncrement: false, enumType: undefined }).sql,
      where,
      dialect: postgres,
    },
    own,
  );
  for (const { code, construct, message } of own.list)
    if (code !== 'DEFAULT_NOT_TRANSLATED') context.warnings.add(code, construct, message);
  if (printed === undefined) return undefined;
  if (!/[`\\\n]/u.test(printed)) return `\`${printed}\``;
  context.warnings.add(
    'DEFAULT_DROPPED',
    'default',
    `The default of ${where} is left out: DBML cannot hold it. Write it without backslashes and backticks.`,
  );
  return undefined;
}

interface Context {
  readonly structure: SchemaStructure;
  readonly warnings: WarningSink;
}

function writeField(field: SchemaField, table: TableStructure, context: Context): string {
  const type = context.structure.typeOf(field);
  const value = defaultText(field, context, table);
  const unique = table.uniques.some(({ name, columns }) => name === undefined && columns[0] === field.name);
  const settings = [
    table.primaryKey.length === 1 && table.primaryKey[0] === field.name && 'pk',
    (field.autoIncrement === true || type.serial === true) && 'increment',
    field.required && 'not null',
    unique && 'unique',
    value !== undefined && `default: ${value}`,
    field.description != null && field.description.trim() !== '' && `note: ${text(field.description.trim())}`,
  ].filter((setting) => setting !== false);
  return `  ${quoted(field.name)} ${typeText(type)}${settings.length > 0 ? ` [${settings.join(', ')}]` : ''}`;
}

function writeIndex(index: Pick<SchemaIndex, 'name' | 'fields' | 'type'>, context: Context): string {
  // DBML knows two access methods.
  const known = index.type === 'btree' || index.type === 'hash';
  if (!known && index.type !== 'unique')
    context.warnings.add(
      'INDEX_CHANGED',
      'index',
      `The index "${index.name}" is written without its type ${index.type}, which DBML does not know.`,
    );
  const settings = [
    index.type === 'unique' && 'unique',
    known && `type: ${index.type}`,
    index.name !== '' && `name: ${text(index.name)}`,
  ].filter((setting) => setting !== false);
  return `    (${index.fields.map(quoted).join(', ')})${settings.length > 0 ? ` [${settings.join(', ')}]` : ''}`;
}

function writeTable(table: TableStructure, context: Context): string {
  const { name, description } = table.table;
  const lines = [...table.fields.values()].map((field) => writeField(field, table, context));
  const indexes = table.indexes.map((index) => writeIndex(index, context));
  for (const unique of table.uniques)
    if (unique.name !== undefined) indexes.unshift(writeIndex({ name: unique.name, fields: [...unique.columns], type: 'unique' }, context));
  if (table.primaryKey.length > 1) indexes.unshift(`    (${table.primaryKey.map(quoted).join(', ')}) [pk]`);
  if (indexes.length > 0) lines.push('', '  indexes {', ...indexes, '  }');
  if (description != null && description.trim() !== '') lines.push('', `  Note: ${text(description.trim())}`);
  return `Table ${quoted(name)} {\n${lines.join('\n')}\n}`;
}

const columns = (table: TableStructure, fields: readonly SchemaField[]): string => {
  const names = fields.map(({ name }) => quoted(name));
  return `${quoted(table.table.name)}.${names.length === 1 ? (names[0] ?? '') : `(${names.join(', ')})`}`;
};

function writeReference({ relationship, child, columns: from, parent, targetColumns, oneToOne }: ForeignKey): string {
  const settings = [
    relationship.onDelete != null && `delete: ${relationship.onDelete.replace('-', ' ')}`,
    relationship.onUpdate != null && `update: ${relationship.onUpdate.replace('-', ' ')}`,
  ].filter((setting) => setting !== false);
  const name = relationship.name ? ` ${quoted(relationship.name)}` : '';
  return `Ref${name}: ${columns(child, from)} ${oneToOne ? '-' : '>'} ${columns(parent, targetColumns)}${settings.length > 0 ? ` [${settings.join(', ')}]` : ''}`;
}

function writeEnums(body: SchemaBody, warnings: WarningSink): string[] {
  return (body.enums ?? []).flatMap(({ name, values }) => {
    const named = values.filter((value) => value !== '');
    if (named.length < values.length)
      warnings.add('ENUM_CHANGED', 'enum', `The empty value of the enum "${name}" is left out; DBML has none.`);
    return named.length === 0 ? [] : [`Enum ${quoted(name)} {\n${named.map((value) => `  ${quoted(value)}`).join('\n')}\n}`];
  });
}

/** Returns the schema as DBML: enums, tables with indexes and notes, references. */
export function writeDbml(body: SchemaBody, warnings: WarningSink): string {
  const structure = resolveStructure(body);
  const context: Context = { structure, warnings };
  for (const { relationship, reason } of structure.broken) {
    warnings.add(
      'RELATIONSHIP_DROPPED',
      'relationship',
      `The relationship from "${relationship.fromTable}" to "${relationship.toTable}" is left out: ${reason}.`,
    );
  }
  const empty = structure.tables.filter(({ fields }) => fields.size === 0);
  for (const { table } of empty)
    warnings.add('TABLE_DROPPED', 'table', `The table "${table.name}" is left out: DBML has no tables without columns. Add a field.`);
  const tables = structure.tables.filter(({ fields }) => fields.size > 0).map((table) => writeTable(table, context));
  const isDistinct = createEndsFilter(warnings);
  const references = structure.foreignKeys
    .filter(({ child, columns: from, parent, targetColumns }) => isDistinct({ left: [child, from], right: [parent, targetColumns] }))
    .map(writeReference);
  const pairs = structure.manyToMany
    .filter(({ left, leftColumn, right, rightColumn }) => isDistinct({ left: [left, [leftColumn]], right: [right, [rightColumn]] }))
    .map(({ left, leftColumn, right, rightColumn }) => `Ref: ${columns(left, [leftColumn])} <> ${columns(right, [rightColumn])}`);
  const blocks = [...writeEnums(body, warnings), ...tables, [...references, ...pairs].join('\n')].filter((block) => block !== '');
  return blocks.length > 0 ? `${blocks.join('\n\n')}\n` : '';
}

interface Ends {
  readonly left: readonly [TableStructure, readonly SchemaField[]];
  readonly right: readonly [TableStructure, readonly SchemaField[]];
}

/** DBML refuses a second reference between the same two ends, whichever their direction and order of columns, and one from an end to itself. */
function createEndsFilter(warnings: WarningSink): (ends: Ends) => boolean {
  const seen = new Set<string>();
  const identify = ([table, fields]: Ends['left']): string => JSON.stringify([table.table.name, ...fields.map(({ name }) => name).sort()]);
  return ({ left, right }) => {
    const ends = [identify(left), identify(right)].sort();
    const identity = ends.join(' ');
    const distinct = ends[0] !== ends[1] && !seen.has(identity);
    if (!distinct) {
      const message = `The relationship between ${columns(...left)} and ${columns(...right)} is left out: DBML takes one between two different ends.`;
      warnings.add('RELATIONSHIP_DROPPED', 'relationship', message);
    }
    seen.add(identity);
    return distinct;
  };
}
