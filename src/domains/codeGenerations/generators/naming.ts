/** Names of generated code: for types, properties and files, legal in every language that is written and unique in their scope. */
import { codeScope, identifier, pascalCase } from '../../databaseSchemas/export/codeNames.ts';
import { Namespace, type NameRules } from '../../databaseSchemas/export/names.ts';
import { slugOf } from './writing.ts';

/** Names that JavaScript's objects have already, and the query parameters of lists. */
const reservedProperties =
  'constructor prototype hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf limit cursor input empty then'.split(
    ' ',
  );

/** Returns a scope for the properties of one table. */
export const propertyScope = (): Namespace => codeScope(reservedProperties);

/** Returns the property of a column: its own name where that is a plain identifier. */
export const propertyName = (name: string, scope: Namespace): string => scope.allocate(identifier(name, 'field'));

/** Globals and imports that a type must not hide, and the names that GraphQL has already. */
const reservedTypes = new Set(
  'ApiError Array Boolean Buffer Date Error Function Infinity Int Float ID JSON Json Map Math NaN Number Object Promise Query Mutation Subscription Record RegExp Row Set String Symbol Table Uint8Array BigInt Bytes DateTime Decimal Time UUID'.split(
    ' ',
  ),
);

/** What is added to the name of a table's type. */
export const derivedTypes = ['', 'Create', 'Update', 'Key'] as const;

/**
 * Returns a function that names the types of tables. Its names stay the same when they are put into PascalCase again, so that
 * other writers, which name types by themselves, come to the same ones.
 */
export function createTypeNames(): (tableName: string) => string {
  const taken = new Set(reservedTypes);
  return (tableName) => {
    const wanted = pascalCase(pascalCase(tableName, 'Table').slice(0, 80), 'Table');
    let name = wanted;
    for (let count = 2; derivedTypes.some((suffix) => taken.has(name + suffix)); count += 1)
      name = pascalCase(`${wanted}${count}`, 'Table');
    for (const suffix of derivedTypes) taken.add(name + suffix);
    return name;
  };
}

/** Paths of routes and names of files are told apart without regard to case; Windows keeps some for devices. */
const slugRules: NameRules = {
  limit: { length: 48, unit: 'characters' },
  fold: (name) => name.replaceAll('_', '-'),
  clean: (name) => name,
  target: 'files',
};
const reservedSlugs = 'index wire aux con nul prn health ready openapi openapi-json graphql docs'.split(' ');
const devices = ['com', 'lpt'].flatMap((device) => Array.from({ length: 10 }, (_, index) => `${device}${index}`));

/** Returns a function that names the file and the path of a table, such as `order-items`. */
export function createSlugs(): (tableName: string) => string {
  const scope = new Namespace(slugRules, [...reservedSlugs, ...devices]);
  return (tableName) => scope.allocate(slugOf(tableName.replace(/([a-z0-9])([A-Z])/gu, '$1-$2'), 'table')).replaceAll('_', '-');
}
