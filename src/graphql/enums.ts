/**
 * Enum values: SCREAMING_SNAKE_CASE for clients, lower case with hyphens in rows (`ROLLED_BACK` ↔ `rolled-back`).
 * One rule for all enums; a stored value that no enum value stands for reads as UNKNOWN, and UNKNOWN is never taken as input.
 */
import { GraphQLError, isEnumType, Kind, isIntrospectionType, type DocumentNode, type GraphQLEnumType, type GraphQLSchema } from 'graphql';

/** The value that stands for every stored value that this version of the API does not know. */
const unknownName = 'UNKNOWN';

/** Returns how an enum value is stored: `ROLLED_BACK` → `rolled-back`. */
export function storedEnumValue(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Returns resolvers that give every enum of the SDL its stored values inside the server. */
export function enumResolvers(typeDefs: readonly DocumentNode[]): Record<string, Record<string, string>> {
  const enums = typeDefs.flatMap(({ definitions }) => definitions).filter((definition) => definition.kind === Kind.ENUM_TYPE_DEFINITION);
  return Object.fromEntries(
    enums.map(({ name, values = [] }) => [
      name.value,
      Object.fromEntries(values.map((value) => [value.name.value, storedEnumValue(value.name.value)])),
    ]),
  );
}

/** Makes the enums of a schema tolerant of unknown stored values, and intolerant of UNKNOWN from clients. Changes the schema. */
export function readUnknownValues(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isEnumType(type) && !isIntrospectionType(type) && type.getValue(unknownName)) tolerate(type);
  }
  return schema;
}

function tolerate(type: GraphQLEnumType): void {
  const parseValue: (...args: Parameters<typeof type.parseValue>) => unknown = type.parseValue.bind(type);
  const parseLiteral: (...args: Parameters<typeof type.parseLiteral>) => unknown = type.parseLiteral.bind(type);
  const names = new Map(type.getValues().map(({ name, value }) => [value as unknown, name]));
  const known = type.getValues().flatMap(({ name }) => (name === unknownName ? [] : [name]));
  const refuse = (name: unknown): void => {
    if (name === unknownName) throw new GraphQLError(`${unknownName} is only ever returned. Send one of ${known.join(', ')}.`);
  };
  type.serialize = (value) => names.get(value) ?? unknownName;
  type.parseValue = (value, ...rest) => {
    refuse(value);
    return parseValue(value, ...rest);
  };
  type.parseLiteral = (node, ...rest) => {
    refuse('value' in node ? node.value : undefined);
    return parseLiteral(node, ...rest);
  };
}
