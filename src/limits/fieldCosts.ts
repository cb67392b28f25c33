/** What fields cost. A point is about one object of the answer; what makes the server or the database work harder costs more. */
import { getNullableType, isCompositeType, isListType, getNamedType, type GraphQLField, type GraphQLNamedType } from 'graphql';
import { pageSizes } from './limits.ts';

/** Fields that cost more than the object or value that they return. Keys are `Type.field`; a test proves that each exists. */
export const fieldCosts: Readonly<Record<string, number>> = {
  // Bodies: up to 4 MB in chunks of their own.
  'DatabaseSchema.tables': 5,
  'DatabaseSchema.relationships': 5,
  'DatabaseSchema.enums': 5,
  'Architecture.nodes': 5,
  'Architecture.edges': 5,
  'Architecture.metadata': 5,
  'DocumentationPage.content': 5,
  // Computed from a body.
  'DatabaseSchema.export': 20,
  'DatabaseSchema.problems': 20,
  // Two bodies, compared.
  'Query.schemaDiff': 50,
  'Architecture.export': 20,
  'Architecture.problems': 20,
  'Mutation.architectureLayout': 20,
  // Many rows for a few values.
  'Project.metrics': 25,
  'Project.trends': 25,
  'Project.dora': 25,
  'Project.documentationSearch': 25,
  'User.usage': 25,
  // Passwords are hashed, which is slow by design (RFC 9106).
  'Mutation.signUp': 100,
  'Mutation.signIn': 100,
  'Mutation.passwordChange': 200,
  // Calls of another provider.
  'Mutation.integrationTest': 100,
  'Mutation.integrationSync': 100,
  'Ai.models': 20,
  // Two bodies are read and copied, and the work that follows takes a core for a while.
  'Mutation.codeGenerationStart': 100,
  'CodeGeneration.files': 5,
  'CodeGeneration.archive': 5,
  // Calls of a model: money, and minutes of a place among the operations in flight. A design may take two.
  'Mutation.aiChat': 1_000,
  'Mutation.aiExplainCode': 1_000,
  'Mutation.aiGenerateSchema': 2_000,
  'Subscription.aiChatStream': 1_000,
};

/** A mutation reads, checks and writes several items in a transaction. */
const mutationCost = 10;

/** Counted rows for one point: keys only are read. */
const countedRows = 1_000;

/** What a field is, as far as it decides about its cost. */
export interface PricedField {
  readonly type: GraphQLNamedType;
  readonly field: GraphQLField<unknown, unknown>;
  /** Values of the arguments, variables and defaults filled in. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Cost of what is selected below, for one object. */
  readonly childComplexity: number;
}

function ownCost({ type, field, args }: PricedField): number {
  const special = fieldCosts[`${type.name}.${field.name}`];
  if (special !== undefined) return special;
  if (type.name === 'Mutation') return mutationCost;
  if (field.name === 'countUpTo' && typeof args['limit'] === 'number') return Math.max(1, args['limit'] / countedRows);
  const isWrapping = type.name.endsWith('Connection') && (field.name === 'edges' || field.name === 'pageInfo');
  return isCompositeType(getNamedType(field.type)) && !isWrapping ? 1 : 0;
}

/** Returns how many objects a field may return: as many as its page has, or as it was given entries, else one. */
function sizeOf({ field, args }: PricedField): number {
  const named = [args['first'], args['last']].find((value) => typeof value === 'number');
  if (named !== undefined) return Math.max(1, named);
  if (getNamedType(field.type).name.endsWith('Connection')) return pageSizes.usual;
  const lists = field.args.filter(({ type }) => isListType(getNullableType(type))).map(({ name }) => args[name]);
  return Math.max(1, ...lists.filter(Array.isArray).map((list) => list.length));
}

/** Returns the points of a field with all that is selected below it. */
export function costOfField(priced: PricedField): number {
  const [own, size] = [ownCost(priced), sizeOf(priced)];
  // The objects of a connection are counted by its `nodes` and `edges`, those of a plain list by the list itself.
  return isListType(getNullableType(priced.field.type)) ? size * (own + priced.childComplexity) : own + size * priced.childComplexity;
}
