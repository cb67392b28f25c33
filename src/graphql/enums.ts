/**
 * Enum values: SCREAMING_SNAKE_CASE for clients, lower case with hyphens in rows (`ROLLED_BACK` ↔ `rolled-back`).
 * One rule for all enums; a stored value that no enum value stands for reads as UNKNOWN, and UNKNOWN is never taken as input.
 */
import { GraphQLEnumType, GraphQLError } from 'graphql';

/** The value that stands for every stored value that this version of the API does not know. */
const unknownName = 'UNKNOWN';

/** Returns how an enum value is stored: `ROLLED_BACK` → `rolled-back`. */
export function storedEnumValue(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Returns the enum with stored values inside and tolerant reading. */
export function withStoredValues(type: GraphQLEnumType): GraphQLEnumType {
  const config = type.toConfig();
  const values = Object.fromEntries(Object.entries(config.values).map(([name, value]) => [name, { ...value, value: storedEnumValue(name) }]));
  return new StoredEnum({ ...config, values });
}

class StoredEnum extends GraphQLEnumType {
  override serialize(value: unknown): string | undefined {
    const name = typeof value === 'string' ? storedNameOf(value) : '';
    if (this.getValue(name)) return name;
    return this.getValue(unknownName) ? unknownName : super.serialize(value) ?? undefined;
  }

  override parseValue(value: unknown, ...rest: [hideSuggestions?: boolean | null]): unknown {
    if (value === unknownName) throw this.unknownAsInput();
    return super.parseValue(value, ...rest);
  }

  override parseLiteral(...args: Parameters<GraphQLEnumType['parseLiteral']>): unknown {
    if ('value' in args[0] && args[0].value === unknownName) throw this.unknownAsInput();
    return super.parseLiteral(...args);
  }

  private unknownAsInput(): GraphQLError {
    const names = this.getValues().map(({ name }) => name).filter((name) => name !== unknownName);
    return new GraphQLError(`${unknownName} is only ever returned. Send one of ${names.join(', ')}.`);
  }
}

function storedNameOf(value: string): string {
  return value.toUpperCase().replaceAll('-', '_');
}
