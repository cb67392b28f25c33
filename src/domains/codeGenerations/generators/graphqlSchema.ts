/**
 * The GraphQL schema of the generated server: the types of the GraphQL export, with pages, inputs, queries and mutations beside
 * them. The export is read as a syntax tree, so that its names are taken and not made a second time.
 */
import {
  Kind,
  parse,
  print,
  type DefinitionNode,
  type EnumTypeDefinitionNode,
  type FieldDefinitionNode,
  type ObjectTypeDefinitionNode,
  type TypeNode,
} from 'graphql';
import { codeScope } from '../../databaseSchemas/export/codeNames.ts';
import { exportSchema } from '../../databaseSchemas/export/index.ts';
import type { Namespace } from '../../databaseSchemas/export/names.ts';
import type { SchemaBody, SchemaEnum, SchemaIndex } from '../../databaseSchemas/model.ts';
import type { AppColumn, Application, AppReference, AppTable } from './application.ts';

/** A field of a type that leads to rows of another table. */
export interface GraphqlRelation {
  readonly field: string;
  readonly reference: AppReference;
  /** True on the side that the foreign key refers to. */
  readonly backwards: boolean;
  readonly many: boolean;
}

/** Names of a table's root fields; null where it has no such field. */
export interface RootFields {
  readonly list: string;
  readonly one: string | null;
  readonly create: string | null;
  readonly update: string | null;
  readonly remove: string | null;
}

export interface GraphqlSchema {
  readonly sdl: string;
  readonly relations: ReadonlyMap<AppTable, readonly GraphqlRelation[]>;
  readonly fields: ReadonlyMap<AppTable, RootFields>;
  readonly scalars: readonly string[];
  /** Stored values by the names of an enum's values, by the name of the enum. */
  readonly enums: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

function uniqueEnums({ body }: Application): SchemaEnum[] {
  const byName = new Map((body.enums ?? []).toReversed().map((declared) => [declared.name, declared]));
  return [...byName.values()].toReversed();
}

/** The schema once more, in the names of the code. */
function codeBody(application: Application): SchemaBody {
  const indexesOf = ({ planned, columns }: AppTable): SchemaIndex[] => {
    const properties = (names: readonly string[]): string[] =>
      names.flatMap((name) => columns.find((column) => column.planned.name === name)?.property ?? []);
    const primary = planned.primaryKey ? [{ name: 'key', fields: properties(planned.primaryKey.columns), type: 'primary' }] : [];
    return [...primary, ...planned.uniques.map((unique) => ({ name: unique.name, fields: properties(unique.columns), type: 'unique' }))];
  };
  return {
    enums: uniqueEnums(application),
    tables: application.tables.map((table) => ({
      id: table.typeName,
      name: table.typeName,
      description: table.planned.structure.table.description ?? null,
      fields: table.columns.map(({ property, planned, nullable }) => ({
        name: property,
        type: planned.field.type,
        required: !nullable,
        description: planned.field.description ?? null,
      })),
      indexes: indexesOf(table),
    })),
    relationships: application.references.map(({ child, properties, parent, targets }, index) => ({
      id: String(index),
      fromTable: child.typeName,
      fromField: properties[0] ?? '',
      toTable: parent.typeName,
      toField: targets[0] ?? '',
      type: 'one-to-many',
      fromFields: [...properties],
      toFields: [...targets],
    })),
  };
}

/** The relations of each table in the order in which the export writes their fields. */
function relationsInOrder({ references, tables }: Application): Map<AppTable, { reference: AppReference; backwards: boolean }[]> {
  const relations = new Map(tables.map((table) => [table, [] as { reference: AppReference; backwards: boolean }[]]));
  for (const reference of references) {
    relations.get(reference.child)?.push({ reference, backwards: false });
    relations.get(reference.parent)?.push({ reference, backwards: true });
  }
  return relations;
}

const isList = (type: TypeNode): boolean => (type.kind === Kind.NON_NULL_TYPE ? isList(type.type) : type.kind === Kind.LIST_TYPE);
const bare = (type: TypeNode): TypeNode => (type.kind === Kind.NON_NULL_TYPE ? type.type : type);
const typeText = (type: TypeNode, required: boolean): string => `${print(bare(type))}${required ? '!' : ''}`;

interface TypeParts {
  readonly node: ObjectTypeDefinitionNode;
  readonly columns: ReadonlyMap<AppColumn, FieldDefinitionNode>;
  readonly relations: readonly GraphqlRelation[];
}

/** The export calls every key an ID, which text and numbers can be, but not lists. */
function columnField(node: FieldDefinitionNode, { wire, nullable }: AppColumn): FieldDefinitionNode {
  const isId = print(bare(node.type)) === 'ID';
  if (!isId || !['array', 'json', 'binary', 'opaque'].includes(wire.kind)) return node;
  return { ...node, type: parseType(`JSON${nullable ? '' : '!'}`) };
}

function parseType(text: string): TypeNode {
  const [definition] = parse(`type T { f: ${text} }`).definitions;
  const field = definition?.kind === Kind.OBJECT_TYPE_DEFINITION ? definition.fields?.[0] : undefined;
  if (!field) throw new Error(`"${text}" is no type.`);
  return field.type;
}

const [firstArgument] = ((): NonNullable<FieldDefinitionNode['arguments']> => {
  const [definition] = parse('type T { f(first: Int! = 25): Int }').definitions;
  return (definition?.kind === Kind.OBJECT_TYPE_DEFINITION ? definition.fields?.[0]?.arguments : undefined) ?? [];
})();

function takeApart(node: ObjectTypeDefinitionNode, table: AppTable, relations: ReturnType<typeof relationsInOrder>): TypeParts {
  const nodes = node.fields ?? [];
  const own = new Map(table.columns.map((column, index) => [column, nodes[index]]));
  const columns = new Map([...own].flatMap(([column, field]) => (field ? [[column, columnField(field, column)] as const] : [])));
  const expected = relations.get(table) ?? [];
  const rest = nodes.slice(table.columns.length);
  if (rest.length !== expected.length) throw new Error(`The relations of ${table.typeName} are not those of the export.`);
  const found = expected.map((relation, index) => {
    const field = rest[index];
    return { ...relation, field: field?.name.value ?? '', many: field !== undefined && isList(field.type) };
  });
  const withFirst = rest.map((field) => (isList(field.type) && firstArgument ? { ...field, arguments: [firstArgument] } : field));
  // A row may be gone when a relation is followed, and a key may refer to what a filter hides.
  return { node: { ...node, fields: [...columns.values(), ...withFirst] }, columns, relations: found };
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

interface Names {
  readonly types: Namespace;
  readonly queries: Namespace;
  readonly mutations: Namespace;
}

interface TableText {
  readonly fields: RootFields;
  readonly definitions: readonly string[];
  readonly queries: readonly string[];
  readonly mutations: readonly string[];
}

const comparable = ({ wire }: AppColumn): boolean => !['json', 'array', 'opaque', 'binary'].includes(wire.kind);

/** An input type with a field for each of the columns; null where there are none. */
function inputText(name: string, lines: readonly string[]): string | null {
  return lines.length > 0 ? `input ${name} {\n${lines.join('\n')}\n}` : null;
}

function writeTable(table: AppTable, { columns }: TypeParts, names: Names): TableText {
  const { typeName, key } = table;
  const field = (column: AppColumn, required: boolean): string => {
    const type = columns.get(column)?.type;
    return type ? `  ${column.property}: ${typeText(type, required)}` : '';
  };
  const page = names.types.allocate(`${typeName}Page`);
  const filterName = names.types.allocate(`${typeName}Filter`);
  const filter = inputText(
    filterName,
    table.columns.filter(comparable).map((column) => field(column, false)),
  );
  const list = names.queries.allocate(lowerFirst(typeName));
  const args = `first: Int! = 25, after: String${filter === null ? '' : `, filter: ${filterName}`}`;
  const pageText = `type ${page} {\n  items: [${typeName}!]!\n  "Give it as \`after\` to get the next page; null on the last one."\n  nextCursor: String\n}`;
  const queries = [`  ${list}(${args}): ${page}!`];
  const base = { definitions: [pageText, filter].filter((text) => text !== null), queries };
  if (key.length === 0) return { ...base, fields: { list, one: null, create: null, update: null, remove: null }, mutations: [] };
  const keyArgs = key
    .flatMap((property) => table.columns.filter((column) => column.property === property))
    .map((column) => field(column, true).trim())
    .join(', ');
  const one = names.queries.allocate(`${lowerFirst(typeName)}ByKey`);
  queries.push(`  ${one}(${keyArgs}): ${typeName}`);
  return { ...base, ...writeMutations(table, { field, keyArgs, one, list }, names, base.definitions) };
}

interface Written {
  readonly field: (column: AppColumn, required: boolean) => string;
  readonly keyArgs: string;
  readonly one: string;
  readonly list: string;
}

function writeMutations(
  { typeName, columns, key }: AppTable,
  { field, keyArgs, one, list }: Written,
  names: Names,
  before: readonly string[],
): Pick<TableText, 'fields' | 'definitions' | 'mutations'> {
  const createName = names.types.allocate(`${typeName}CreateInput`);
  const updateName = names.types.allocate(`${typeName}UpdateInput`);
  const created = inputText(
    createName,
    columns.map((column) => field(column, !column.nullable && column.fallback === undefined)),
  );
  const updated = inputText(
    updateName,
    columns.filter(({ property }) => !key.includes(property)).map((column) => field(column, false)),
  );
  const create = names.mutations.allocate(`create${typeName}`);
  const update = updated === null ? null : names.mutations.allocate(`update${typeName}`);
  const remove = names.mutations.allocate(`delete${typeName}`);
  // An argument of a key may be called input, too.
  return {
    fields: { list, one, create, update, remove },
    definitions: [...before, ...[created, updated].filter((text) => text !== null)],
    mutations: [
      `  ${create}(input: ${createName}!): ${typeName}!`,
      ...(update === null ? [] : [`  ${update}(${keyArgs}, input: ${updateName}!): ${typeName}!`]),
      `  "Returns whether there was such a row."\n  ${remove}(${keyArgs}): Boolean!`,
    ],
  };
}

function enumValues(nodes: readonly EnumTypeDefinitionNode[], application: Application): GraphqlSchema['enums'] {
  const declared = uniqueEnums(application).filter(({ values }) => values.length > 0);
  const pairs = nodes.map((node, index) => {
    const values = [...new Set(declared[index]?.values)];
    return [node.name.value, Object.fromEntries((node.values ?? []).map(({ name }, place) => [name.value, values[place] ?? name.value]))];
  });
  return Object.fromEntries(pairs) as GraphqlSchema['enums'];
}

const isObject = (node: DefinitionNode): node is ObjectTypeDefinitionNode => node.kind === Kind.OBJECT_TYPE_DEFINITION;

/** Returns the schema in SDL, and what its resolvers must know. */
export function createGraphqlSchema(application: Application): GraphqlSchema {
  const { text } = exportSchema({ name: application.name, body: codeBody(application), format: 'graphql', dialect: application.dialect });
  const { definitions } = parse(text);
  const objects = new Map(definitions.filter(isObject).map((node) => [node.name.value, node]));
  const enumNodes = definitions.filter((node) => node.kind === Kind.ENUM_TYPE_DEFINITION);
  const scalars = new Set(definitions.flatMap((node) => (node.kind === Kind.SCALAR_TYPE_DEFINITION ? [node.name.value] : [])));
  const order = relationsInOrder(application);
  const names: Names = {
    types: codeScope([...objects.keys(), ...enumNodes.map(({ name }) => name.value)]),
    queries: codeScope(),
    mutations: codeScope(),
  };
  const parts = application.tables.map((table) => {
    const node = objects.get(table.typeName);
    if (!node) throw new Error(`The export has no type ${table.typeName}.`);
    return [table, takeApart(node, table, order)] as const;
  });
  const written = parts.map(([table, part]) => [table, writeTable(table, part, names)] as const);
  const types = parts.map(([, { node }]) => print(node));
  if (types.some((type) => /^ {2}\w+: JSON\b/mu.test(type))) scalars.add('JSON');
  const mutations = written.flatMap(([, table]) => table.mutations);
  const blocks = [
    [...scalars]
      .toSorted()
      .map((name) => `scalar ${name}`)
      .join('\n'),
    ...enumNodes.map((node) => print(node)),
    ...types,
    ...written.flatMap(([, table]) => table.definitions),
    `type Query {\n${written.flatMap(([, table]) => table.queries).join('\n')}\n}`,
    mutations.length > 0 ? `type Mutation {\n${mutations.join('\n')}\n}` : '',
  ];
  return {
    sdl: `${blocks.filter((block) => block !== '').join('\n\n')}\n`,
    relations: new Map(parts.map(([table, { relations }]) => [table, relations])),
    fields: new Map(written.map(([table, { fields }]) => [table, fields])),
    scalars: [...scalars].toSorted(),
    enums: enumValues(enumNodes, application),
  };
}
