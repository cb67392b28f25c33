/** Rules about names. */
import type { SchemaStructure, TableStructure } from '../export/structure.ts';
import { mysqlReserved, postgresReserved } from './reservedWords.ts';
import { fieldPath, indexPath, tablePath, type Finding, type Rule } from './rule.ts';

interface Named {
  readonly path: string;
  readonly name: string;
  readonly what: 'table' | 'field' | 'index';
}

const tableNames = (structure: SchemaStructure): Named[] =>
  structure.tables.map((table) => ({ path: tablePath(table), name: table.table.name, what: 'table' }));
const fieldNames = (table: TableStructure): Named[] =>
  table.table.fields.map((field) => ({ path: fieldPath(table, field), name: field.name, what: 'field' }));
const indexNames = (table: TableStructure): Named[] =>
  table.table.indexes.map((index) => ({ path: indexPath(table, index), name: index.name, what: 'index' }));
const allFields = (structure: SchemaStructure): Named[] => structure.tables.flatMap(fieldNames);

const when = (list: readonly Named[], message: (named: Named) => string | null): Finding[] =>
  list.flatMap((named) => {
    const text = message(named);
    return text === null ? [] : [{ path: named.path, message: text }];
  });

const styles = [
  { name: 'snake_case', pattern: /^[a-z0-9]+(?:_[a-z0-9]+)+$/u },
  { name: 'camelCase', pattern: /^[a-z][a-z0-9]*(?:[A-Z][A-Za-z0-9]*)+$/u },
  { name: 'PascalCase', pattern: /^(?:[A-Z][a-z0-9]+)+[A-Z]?$/u },
  { name: 'SCREAMING_CASE', pattern: /^[A-Z0-9]{2,}(?:_[A-Z0-9]+)*$/u },
] as const;

const styleOf = ({ name }: Named): string | undefined => styles.find(({ pattern }) => pattern.test(name))?.name;

/** Returns the most frequent value; of two equally frequent ones the first. */
function majority(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce<[string, number] | undefined>((best, entry) => (best && best[1] >= entry[1] ? best : entry), undefined)?.[0];
}

/** Reports the names that differ in a trait from most of their kind; names without the trait do not count. */
function minority(
  list: readonly Named[],
  trait: (named: Named) => string | undefined,
  message: (named: Named, own: string, usual: string) => string,
): Finding[] {
  const usual = majority(list.map(trait).filter((value) => value !== undefined));
  return when(list, (named) => {
    const own = trait(named);
    return own === undefined || usual === undefined || own === usual ? null : message(named, own, usual);
  });
}

const styleMessage = ({ name, what }: Named, own: string, usual: string): string =>
  `The ${what} "${name}" is written in ${own}, most ${what}s in ${usual}. Use one style.`;

const uncountable = new Set(
  'data metadata information news series species equipment media staff status inventory history audit settings feedback content'.split(' '),
);
const irregular = new Set('people children men women feet teeth mice indices criteria'.split(' '));

/** Guesses from the last word whether an English table name is plural; undefined where it has no number. */
function grammaticalNumber({ name }: Named): string | undefined {
  const last = /[\p{Lu}]?[\p{Ll}]+$|\p{Lu}+$/u.exec(name)?.[0].toLowerCase() ?? '';
  if (last === '' || uncountable.has(last)) return undefined;
  return irregular.has(last) || (last.endsWith('s') && !/(?:ss|us|is)$/u.test(last)) ? 'plural' : 'singular';
}

/** Reports names that are equal but for their case, from the second one on. */
function caseTwins(list: readonly Named[]): Finding[] {
  const seen = new Map<string, string>();
  return when(list, ({ name, what }) => {
    const first = seen.get(name.toLowerCase());
    if (first === undefined) seen.set(name.toLowerCase(), name);
    return first === undefined || first === name
      ? null
      : `The ${what}s "${first}" and "${name}" differ in case only; MySQL, SQLite and SQL Server take them for the same. Rename one.`;
  });
}

function reservedIn(name: string): string | null {
  const lower = name.toLowerCase();
  const targets = [postgresReserved.has(lower) && 'PostgreSQL', mysqlReserved.has(lower) && 'MySQL'].filter((target) => target !== false);
  return targets.length > 0 ? targets.join(' and ') : null;
}

const encoder = new TextEncoder();

export const nameRules: readonly Rule[] = [
  {
    name: 'reserved-word',
    severity: 'info',
    description: 'Tables and fields are not named with reserved words of SQL.',
    find: (structure) =>
      when([...tableNames(structure), ...allFields(structure)], ({ name, what }) => {
        const targets = reservedIn(name);
        return targets === null
          ? null
          : `"${name}" is a reserved word of ${targets}; the ${what} must be quoted in every query. Choose another name.`;
      }),
  },
  {
    name: 'mixed-naming-styles',
    severity: 'info',
    description: 'All tables, and all fields, follow one naming style.',
    find: (structure) => [
      ...minority(tableNames(structure), styleOf, styleMessage),
      ...minority(allFields(structure), styleOf, styleMessage),
    ],
  },
  {
    name: 'mixed-plural-and-singular',
    severity: 'info',
    description: 'Table names are all plural or all singular.',
    find: (structure) =>
      minority(
        tableNames(structure),
        grammaticalNumber,
        ({ name }, own, usual) => `The table name "${name}" looks ${own}, most are ${usual}. Use one of both.`,
      ),
  },
  {
    name: 'case-only-difference',
    severity: 'warning',
    description: 'Names differ in more than their case.',
    find: (structure) => [...caseTwins(tableNames(structure)), ...structure.tables.flatMap((table) => caseTwins(fieldNames(table)))],
  },
  {
    name: 'long-identifier',
    severity: 'warning',
    description: 'Names have at most 63 bytes.',
    find: (structure) =>
      when([...tableNames(structure), ...allFields(structure), ...structure.tables.flatMap(indexNames)], ({ name, what }) =>
        encoder.encode(name).length <= 63 ? null : `The ${what} name "${name}" has more than 63 bytes; PostgreSQL cuts it. Shorten it.`,
      ),
  },
  {
    name: 'special-characters-in-name',
    severity: 'info',
    description: 'Names of tables and fields consist of letters, digits and underscores.',
    find: (structure) =>
      when([...tableNames(structure), ...allFields(structure)], ({ name, what }) =>
        /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)
          ? null
          : `The ${what} name "${name}" must be quoted in every query. Use letters, digits and underscores.`,
      ),
  },
];
