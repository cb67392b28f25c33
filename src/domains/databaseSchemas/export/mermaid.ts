/** Mermaid entity-relationship diagrams. Names that its grammar does not take are written as readable labels. */
import type { SchemaBody, SchemaField } from '../model.ts';
import { Namespace } from './names.ts';
import { resolveStructure, type ForeignKey, type SchemaStructure, type TableStructure } from './structure.ts';
import type { WarningSink } from './warnings.ts';

/** Words of the grammar, which no entity may be called without quotes. */
const keywords =
  'erdiagram one many zero only to optionally end style class classdef subgraph title direction u o acctitle accdescr constructor tostring valueof hasownproperty'.split(
    ' ',
  );

const rules = { fold: (name: string): string => name.toLowerCase(), clean: (name: string): string => name, target: 'Mermaid' };

/** Text inside double quotes: the grammar knows no escapes, `%%` opens a comment and `direction TB` a statement even there. */
function label(text: string): string {
  const line = text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  const plain = line.replaceAll('"', '”').replaceAll('%', '％').replaceAll('\\', '＼').replaceAll('#', '＃').replaceAll('~', '∼');
  return plain.replace(/direction(?=\s)/giu, 'direction:') || '-';
}

/** A word that the grammar takes without quotes, as near to the text as possible. */
function word(text: string): string {
  const safe = text
    .trim()
    .replace(/\s*,\s*/gu, ',')
    .replace(/[^A-Za-z0-9_(),[\]]+/gu, '_');
  return /^[A-Za-z_]/u.test(safe) ? safe : `_${safe}`;
}

const isSafe = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/u.test(name) && !/^(?:pk|fk|uk)$/iu.test(name);

/** Keys of a field in Mermaid's words: `PK, FK`. */
function keysOf(field: SchemaField, table: TableStructure, foreign: ReadonlySet<SchemaField>): string {
  const unique = table.uniques.some(({ columns }) => columns.length === 1 && columns[0] === field.name);
  const keys = [table.primaryKey.includes(field.name) && 'PK', foreign.has(field) && 'FK', unique && 'UK'];
  return keys.filter((key) => key !== false).join(', ');
}

function writeField(field: SchemaField, table: TableStructure, context: { foreign: ReadonlySet<SchemaField>; names: Namespace }): string {
  const name = context.names.allocate(
    isSafe(field.name)
      ? field.name
      : word(field.name)
          .replace(/[(),[\]]/gu, '_')
          .replace(/^(?:pk|fk|uk)$/iu, '$&_'),
  );
  // Enum values would make the box unreadable; the name of the type says enough.
  const type = word(field.type.length > 40 || field.type.includes("'") ? (/^[\p{L}_]+/u.exec(field.type)?.[0] ?? 'text') : field.type);
  const notes = [name === field.name ? '' : field.name, field.description ?? ''].filter((note) => note !== '').join(': ');
  const parts = [
    `    ${/^(?:pk|fk|uk)$/iu.test(type) ? `${type}_` : type}`,
    name,
    keysOf(field, table, context.foreign),
    notes === '' ? '' : `"${label(notes)}"`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** The crow's feet: `}o--||` many rows that need one, `|o--o|` at most one on both sides. */
function cardinality({ oneToOne, columns }: ForeignKey): string {
  const required = columns.every((column) => column.required);
  return `${oneToOne ? '|o' : '}o'}--${required ? '||' : 'o|'}`;
}

function writeTables(structure: SchemaStructure, ids: ReadonlyMap<TableStructure, string>): string[] {
  const foreign = new Set(structure.foreignKeys.flatMap(({ columns }) => columns));
  return structure.tables.map((table) => {
    const id = ids.get(table) ?? '';
    const head = id === table.table.name ? id : `${id}["${label(table.table.name)}"]`;
    const names = new Namespace(rules);
    const fields = [...table.fields.values()].map((field) => writeField(field, table, { foreign, names }));
    return fields.length === 0 ? `  ${head}` : `  ${head} {\n${fields.join('\n')}\n  }`;
  });
}

/** Returns the schema as a Mermaid `erDiagram`, tables in the order of the body. */
export function writeMermaid(body: SchemaBody, warnings: WarningSink): string {
  const structure = resolveStructure(body);
  const names = new Namespace(rules, keywords);
  const ids = new Map(
    structure.tables.map((table) => [
      table,
      names.allocate(isSafe(table.table.name) ? table.table.name : word(table.table.name).replace(/[(),[\]]/gu, '_')),
    ]),
  );
  for (const { relationship, reason } of structure.broken) {
    warnings.add(
      'RELATIONSHIP_DROPPED',
      'relationship',
      `The relationship from "${relationship.fromTable}" to "${relationship.toTable}" is left out: ${reason}.`,
    );
  }
  const references = structure.foreignKeys.map((foreignKey) => {
    const columns = foreignKey.columns.map(({ name }) => name).join(', ');
    return `  ${ids.get(foreignKey.child) ?? ''} ${cardinality(foreignKey)} ${ids.get(foreignKey.parent) ?? ''} : "${label(columns)}"`;
  });
  const pairs = structure.manyToMany.map(
    ({ relationship, left, right }) =>
      `  ${ids.get(left) ?? ''} }o--o{ ${ids.get(right) ?? ''} : "${label(relationship.name ?? 'many to many')}"`,
  );
  return `${['erDiagram', ...writeTables(structure, ids), ...references, ...pairs].join('\n')}\n`;
}
