/** Modules of one table each: zod validators with their types, and, for servers, the description that the data layer reads. */
import type { AppColumn, Application, AppTable } from './application.ts';
import type { GeneratedFile } from './input.ts';
import { wireSource } from './runtime/wire.ts';
import { docComment, expression, textFile } from './writing.ts';

type Shape = 'row' | 'create' | 'update' | 'key';

const isKey = (column: AppColumn, table: AppTable): boolean => table.key.includes(column.property);

function memberText(column: AppColumn, shape: Shape): string {
  const nullable = column.nullable ? '.nullable()' : '';
  const optional = shape === 'update' || (shape === 'create' && (column.nullable || column.fallback !== undefined)) ? '.optional()' : '';
  return `${column.wire.zod}${nullable}${optional}`;
}

function objectText(columns: readonly AppColumn[], shape: Shape): string {
  const lines = columns.map((column) => {
    const comment = shape === 'row' ? docComment(column.planned.field.description, '  ') : '';
    return `${comment}  ${column.property}: ${memberText(column, shape)},\n`;
  });
  const make = shape === 'row' || shape === 'key' ? 'z.object' : 'z.strictObject';
  return lines.length > 0 ? `${make}({\n${lines.join('')}})` : `${make}({})`;
}

/** A validator and the type of what it lets through, under one name. */
const declaration = (about: string, name: string, text: string): string =>
  `${docComment(about)}export const ${name} = ${text};\nexport type ${name} = z.infer<typeof ${name}>;\n`;

function validators(table: AppTable): string {
  const { typeName, columns } = table;
  const name = table.planned.structure.table.name;
  const key = table.key.flatMap((property) => columns.filter((column) => column.property === property));
  const rest = columns.filter((column) => !isKey(column, table));
  const about = table.planned.structure.table.description?.trim();
  return [
    declaration(about ? `${about}\n\nA row of ${name}.` : `A row of ${name}.`, typeName, objectText(columns, 'row')),
    declaration(`A new row of ${name}: what the database fills in may be left out.`, `${typeName}Create`, objectText(columns, 'create')),
    declaration(`Changes to a row of ${name}: what is left out stays.`, `${typeName}Update`, objectText(rest, 'update')),
    declaration(`What finds one row of ${name}.`, `${typeName}Key`, objectText(key, 'key')),
  ].join('\n');
}

/** Type of a column as the right side of a cast, without the lengths that a cast would silently cut values to. */
function castType({ planned, wire }: AppColumn): string {
  const { sql, type } = planned;
  if (/^varchar\b/iu.test(sql) && wire.kind !== 'array') return 'text';
  if (/^char\b/iu.test(sql) && wire.kind !== 'array') return 'bpchar';
  if (type.kind === 'bit') return 'varbit';
  return sql.toLowerCase().startsWith('set(') ? 'text' : sql;
}

function columnText(column: AppColumn): string {
  const { property, planned, wire, nullable, fallback } = column;
  const members = {
    property,
    column: planned.name,
    kind: wire.kind,
    ...(wire.element && { element: wire.element.kind }),
    type: castType(column),
    nullable,
    ...(fallback && { default: fallback }),
  };
  return `    ${expression(members)},\n`;
}

/** Returns the name of the constant that describes a table. */
export const tableConstant = ({ typeName }: AppTable): string => `${typeName.charAt(0).toLowerCase()}${typeName.slice(1)}Table`;

function description(table: AppTable, application: Application): string {
  const references = application.references
    .filter(({ child }) => child === table)
    .map(({ properties, parent, targets, onDelete }) => ({ properties, table: parent.planned.name, targets, onDelete }));
  const lines = references.map((reference) => `    ${expression(reference)},\n`).join('');
  return (
    `/** The table as the data layer reads it. */\nexport const ${tableConstant(table)}: Table = {\n` +
    `  name: ${expression(table.planned.name)},\n  columns: [\n${table.columns.map(columnText).join('')}  ],\n` +
    `  key: ${expression(table.key)},\n  uniques: ${expression(table.uniques)},\n` +
    `  references: [${lines === '' ? '' : `\n${lines}  `}],\n};\n`
  );
}

/** Names that the validators of a table import from `wire.ts`. */
function helpersOf({ columns }: AppTable): string[] {
  const names = columns.flatMap(({ wire }) => /^(?:z\.array\()*([a-z]+)\(/u.exec(wire.zod)?.[1] ?? []);
  return [...new Set(names)].toSorted();
}

function modelFile(table: AppTable, application: Application, withTables: boolean): GeneratedFile {
  const used = helpersOf(table);
  const imports = [
    `import { z } from 'zod';`,
    ...(withTables ? [`import type { Table } from '../data/store.js';`] : []),
    ...(used.length > 0 ? [`import { ${used.join(', ')} } from './wire.js';`] : []),
  ];
  const blocks = [imports.join('\n') + '\n', validators(table), ...(withTables ? [description(table, application)] : [])];
  return textFile(`${table.slug}.ts`, blocks.join('\n'));
}

function indexFile({ tables }: Application, withTables: boolean): GeneratedFile {
  const lines = tables.map(({ slug }) => `export * from './${slug}.js';\n`).join('');
  if (!withTables) return textFile('index.ts', lines);
  const imports = tables.map((table) => `import { ${tableConstant(table)} } from './${table.slug}.js';\n`).join('');
  const list = tables.map((table) => `  ${tableConstant(table)},\n`).join('');
  return textFile(
    'index.ts',
    `/** All models. */\nimport type { Table } from '../data/store.js';\n${imports}\n${lines}\n/** Every table, parents before children. */\nexport const tables: Table[] = [\n${list}];\n`,
  );
}

/** Returns the modules of all tables, `wire.ts` and `index.ts`; `withTables` adds the descriptions for the data layer. */
export function modelFiles(application: Application, withTables: boolean): GeneratedFile[] {
  return [
    ...application.tables.map((table) => modelFile(table, application, withTables)),
    textFile('wire.ts', wireSource),
    indexFile(application, withTables),
  ];
}
