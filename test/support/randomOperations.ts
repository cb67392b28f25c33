/** Random operations over a schema: valid ones with arguments and variables of all types, edge values among them, and broken ones. */
import fc, { type Arbitrary } from './fastCheck.ts';
import {
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isUnionType,
  Lexer,
  Source,
  parseValue,
  TokenKind,
  valueFromAST,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { Choices } from './randomChoices.ts';

/** A request. */
export interface RandomOperation {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** What operations are made of. */
export interface OperationSource {
  readonly schema: GraphQLSchema;
  /** Ids of objects that exist. */
  readonly ids: readonly string[];
  /** Root fields that are left alone. */
  readonly without: ReadonlySet<string>;
}

/** A value that GraphQL writes as a bare name. */
class EnumName {
  constructor(readonly name: string) {}
}

/** Makes one operation. Holds what its parts share: variables and fragments. */
class Writer {
  readonly variables: Record<string, unknown> = {};
  private readonly definitions: string[] = [];
  private readonly fragments: string[] = [];
  private aliases = 0;

  constructor(
    private readonly choices: Choices,
    private readonly source: OperationSource,
  ) {}

  operation(): RandomOperation {
    const { schema, without } = this.source;
    const isMutation = this.choices.chance(30) && schema.getMutationType() != null;
    const root = isMutation ? schema.getMutationType() : schema.getQueryType();
    const fields = Object.values((root as GraphQLObjectType).getFields()).filter(({ name }) => !without.has(name));
    const chosen = this.choices.several(fields, isMutation ? 2 : 3);
    const selection = this.wrapped((root as GraphQLObjectType).name, chosen.map((field) => this.field(field, 1)).join(' '));
    const variables = this.definitions.length > 0 ? `(${this.definitions.join(', ')})` : '';
    return {
      query: [`${isMutation ? 'mutation' : 'query'} Random${variables} { ${selection} }`, ...this.fragments].join('\n'),
      variables: this.variables,
    };
  }

  private field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const given = field.args.filter((argument) => isRequired(argument) || this.choices.chance(30));
    const args = given.length > 0 ? `(${given.map((argument) => `${argument.name}: ${this.argument(argument)}`).join(', ')})` : '';
    const type = getNamedType(field.type);
    const below = isCompositeType(type) ? ` { ${this.selection(type, depth + 1)} }` : '';
    this.aliases += 1;
    const alias = this.choices.chance(5) ? `r${this.aliases}: ` : '';
    const directive = this.choices.chance(5)
      ? ` @${this.choices.chance(50) ? 'include' : 'skip'}(if: ${this.variable('Boolean!', this.choices.chance(50))})`
      : '';
    return `${alias}${field.name}${args}${directive}${below}`;
  }

  private selection(type: GraphQLNamedType, depth: number): string {
    const parts = ['__typename'];
    if (isInterfaceType(type) || isUnionType(type)) {
      // One: fields of one name may have different types in others, and could not be merged.
      const possible = this.choices.one(this.source.schema.getPossibleTypes(type));
      parts.push(`... on ${possible.name} { ${this.selection(possible, depth)} }`);
      return parts.join(' ');
    }
    const fields = Object.values((type as GraphQLObjectType).getFields());
    const leaves = fields.filter(({ type: inner }) => isLeafType(getNamedType(inner)));
    const others = fields.filter(({ type: inner }) => !isLeafType(getNamedType(inner)));
    parts.push(...this.choices.several(leaves, 6).map((field) => this.field(field, depth)));
    if (depth < 6) parts.push(...this.choices.several(others, depth < 3 ? 3 : 1).map((field) => this.field(field, depth)));
    return this.wrapped(type.name, parts.join(' '));
  }

  /** Returns a selection as it is, or by way of a fragment. */
  private wrapped(type: string, selection: string): string {
    if (this.choices.chance(85)) return selection;
    if (this.choices.chance(50)) return `... on ${type} { ${selection} }`;
    const name = `F${this.fragments.length}`;
    this.fragments.push(`fragment ${name} on ${type} { ${selection} }`);
    return `...${name}`;
  }

  private argument({ type, name }: GraphQLArgument): string {
    // Most pages are of a size that is allowed, or nothing would ever be read.
    const value = (name === 'first' || name === 'last') && this.choices.chance(80) ? 1 + this.choices.upTo(19) : this.value(type, 0);
    const text = literal(value);
    // A literal that does not fit makes a document invalid, a variable only its request.
    const fits = valueFromAST(parseValue(text), type) !== undefined;
    return fits && this.choices.chance(50) ? text : this.variable(String(type), plain(value));
  }

  private variable(type: string, value: unknown): string {
    const name = `v${this.definitions.length}`;
    this.definitions.push(`$${name}: ${type}`);
    this.variables[name] = value;
    return `$${name}`;
  }

  private value(type: GraphQLInputType, depth: number): unknown {
    if (isNonNullType(type)) return this.value(type.ofType, depth);
    if (isListType(type)) {
      const length = depth > 4 ? 0 : this.choices.upTo(3);
      return Array.from({ length }, () => this.value(type.ofType, depth + 1));
    }
    if (isEnumType(type)) return new EnumName(this.choices.one(type.getValues().filter(({ name }) => name !== 'UNKNOWN')).name);
    if (!isInputObjectType(type)) return this.choices.scalar(type.name, this.source.ids);
    const given = Object.values(type.getFields()).filter((field) => isRequired(field) || (depth < 4 && this.choices.chance(40)));
    return Object.fromEntries(given.map((field) => [field.name, this.value(field.type, depth + 1)]));
  }
}

function isRequired({ type, defaultValue }: GraphQLArgument | GraphQLInputField): boolean {
  return isNonNullType(type) && defaultValue === undefined;
}

/** Returns a value as JSON has it. */
function plain(value: unknown): unknown {
  if (value instanceof EnumName) return value.name;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, plain(entry)]));
}

/** Returns a value as a literal of GraphQL. Keys that are no names are left out. */
function literal(value: unknown): string {
  if (value instanceof EnumName) return value.name;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'string') return JSON.stringify(value.toWellFormed());
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([name]) => /^[A-Za-z_]\w*$/.test(name));
  return `{ ${members.map(([name, entry]) => `${name}: ${literal(entry)}`).join(', ')} }`;
}

/** Returns operations that are valid against the schema, though their values may not be. */
export function validOperation(source: OperationSource): Arbitrary<RandomOperation> {
  return fc.gen().map((gen) => new Writer(new Choices(gen), source).operation());
}

const strangeTokens = [
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ':',
  '$',
  '!',
  '@',
  '|',
  '&',
  '=',
  '...',
  '"',
  '"""',
  '0',
  '-1.5e9',
  'null',
  'on',
  'true',
  '__proto__',
  '#',
  '\\u0000',
  '\u0000',
  '\ud83d',
];

function tokensOf(text: string): string[] {
  const lexer = new Lexer(new Source(text));
  const tokens: string[] = [];
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) tokens.push(text.slice(token.start, token.end));
  return tokens;
}

function breakTokens(choices: Choices, tokens: string[]): void {
  const at = choices.upTo(tokens.length - 1);
  const other = choices.upTo(tokens.length - 1);
  const strange = choices.one(strangeTokens);
  const ways = [
    () => tokens.splice(at, 1),
    () => tokens.splice(at, 0, strange),
    () => tokens.splice(at, 1, strange),
    () => tokens.splice(at, 1, tokens[other]!),
    () => tokens.splice(at, 0, ...tokens.slice(at, at + 30)),
    () => tokens.splice(at, Math.min(10, tokens.length - 1)),
  ];
  choices.one(ways)();
}

/** Returns operations that were valid before some of their tokens and variables were taken out, doubled, or replaced. */
export function brokenOperation(source: OperationSource): Arbitrary<RandomOperation> {
  return fc.gen().map((gen) => {
    const choices = new Choices(gen);
    const { query, variables } = new Writer(choices, source).operation();
    const tokens = tokensOf(query);
    for (let times = 1 + choices.upTo(2); times > 0 && tokens.length > 0; times -= 1) breakTokens(choices, tokens);
    const names = Object.keys(variables);
    const changed = names.length > 0 ? { [choices.one(names)]: choices.json() } : {};
    return { query: tokens.join(' '), variables: { ...variables, ...changed } };
  });
}
