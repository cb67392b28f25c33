/** The values that a schema lets clients send, found by walking its arguments: for tests that try each of them. */
import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  OperationTypeNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
} from 'graphql';

/** One value of an argument, such as `['input', 'tables', 0, 'name']`. */
export interface InputPath {
  readonly path: readonly (string | number)[];
  /** Name of its scalar or enum. */
  readonly type: string;
}

/** Input types that contain themselves are followed this often. */
const maxDepth = 6;

function walk(type: GraphQLInputType, path: readonly (string | number)[]): InputPath[] {
  const bare = getNullableType(type);
  if (path.length > maxDepth) return [];
  if (isListType(bare)) return walk(bare.ofType, [...path, 0]);
  if (isInputObjectType(bare)) return Object.values(bare.getFields()).flatMap((field) => walk(field.type, [...path, field.name]));
  return [{ path, type: getNamedType(bare).name }];
}

/** Returns the paths of all values that a field takes. */
export function inputPaths(field: GraphQLField<unknown, unknown>): InputPath[] {
  return field.args.flatMap((argument) => walk(argument.type, [argument.name]));
}

/** Returns the value for a path, or undefined to leave it out where that is allowed. */
export type Chooser = (path: InputPath) => unknown;

function isRequired({ type, defaultValue }: GraphQLArgument | GraphQLInputField): boolean {
  return isNonNullType(type) && defaultValue === undefined;
}

function build(type: GraphQLInputType, path: readonly (string | number)[], choose: Chooser): unknown {
  const bare = getNullableType(type);
  if (isListType(bare)) {
    const entry = build(bare.ofType, [...path, 0], choose);
    return entry === undefined ? [] : [entry];
  }
  if (!isInputObjectType(bare)) {
    const chosen = choose({ path, type: getNamedType(bare).name });
    return chosen ?? (isEnumType(bare) ? bare.getValues()[0]?.name : undefined);
  }
  const fields = Object.values(bare.getFields()).flatMap((field) => {
    const at = [...path, field.name];
    if (!isRequired(field) && !leadsTo(at, choose)) return [];
    return [[field.name, build(field.type, at, choose)] as const];
  });
  return Object.fromEntries(fields);
}

/** The path that a chooser is about, if any: what leads there is filled in although it could be left out. */
const targets = new WeakMap<Chooser, readonly (string | number)[]>();

function leadsTo(path: readonly (string | number)[], choose: Chooser): boolean {
  const target = targets.get(choose);
  return target !== undefined && path.every((step, i) => target[i] === step);
}

/** Returns variables for a field: what is required, and what leads to `target`, whose value is `value`. */
export function variablesFor(
  field: GraphQLField<unknown, unknown>,
  { usual, target, value }: { usual: Chooser; target?: readonly (string | number)[]; value?: unknown },
): Record<string, unknown> {
  const isTarget = (path: readonly (string | number)[]): boolean => target?.join() === path.join();
  const choose: Chooser = (at) => (isTarget(at.path) ? value : usual(at));
  if (target) targets.set(choose, target);
  const given = field.args.filter((argument) => isRequired(argument) || target?.[0] === argument.name);
  return Object.fromEntries(given.map((argument) => [argument.name, build(argument.type, [argument.name], choose)]));
}

/** Returns a document that calls a root field, as `result`, with those of its arguments that `variables` has, as variables of their names. */
export function operationDocument(
  field: GraphQLField<unknown, unknown>,
  { operation, variables, selection }: { operation: OperationTypeNode; variables: Record<string, unknown>; selection: string },
): string {
  const given = field.args.filter(({ name }) => name in variables);
  const definitions = given.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const args = given.map(({ name }) => `${name}: $${name}`).join(', ');
  return `${operation}${definitions && ` (${definitions})`} { result: ${field.name}${args && `(${args})`} ${selection} }`;
}

/** Returns a document that calls a mutation with all its arguments as variables of their names; `dryRun` adds that argument. */
export function mutationDocument(field: GraphQLField<unknown, unknown>, variables: Record<string, unknown>): string {
  return operationDocument(field, {
    operation: OperationTypeNode.MUTATION,
    variables,
    selection: '{ userErrors { code message field } }',
  });
}
