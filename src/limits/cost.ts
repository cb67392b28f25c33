/** What an operation costs, in points, from the values that its variables really have. */
import { getVariableValues, GraphQLError, Kind, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { getComplexity, type ComplexityEstimatorArgs } from 'graphql-query-complexity';
import { badInput, tooComplex } from './errors.ts';
import { costOfField } from './fieldCosts.ts';
import { operationLimits } from './limits.ts';

/** One operation of a valid document, with the values of its variables. */
export interface PricedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
}

function estimate(field: ComplexityEstimatorArgs): number {
  for (const [name, value] of Object.entries(field.args)) {
    if (!Array.isArray(value) || value.length <= operationLimits.listEntries) continue;
    const most = operationLimits.listEntries;
    throw badInput(
      `"${name}" of ${field.field.name} has ${value.length} entries; at most ${most} are allowed. Send them in parts.`,
      field.node,
    );
  }
  return costOfField(field);
}

/** Returns a document without its other operations, which do not run. */
function withOnly(operation: OperationDefinitionNode, document: DocumentNode): DocumentNode {
  const isOther = (node: DocumentNode['definitions'][number]): boolean => node.kind === Kind.OPERATION_DEFINITION && node !== operation;
  return document.definitions.some(isOther)
    ? { ...document, definitions: document.definitions.filter((node) => !isOther(node)) }
    : document;
}

/** Returns the points, or undefined for variables that do not fit: execution refuses them, with all that is wrong. */
function pointsOf({ schema, document, operation, variables = {} }: PricedOperation): number | undefined {
  const { selections } = operationLimits;
  try {
    return getComplexity({
      schema,
      query: withOnly(operation, document),
      variables,
      estimators: [estimate],
      maxQueryNodes: 2 * selections,
    });
  } catch (error) {
    if (!(error instanceof GraphQLError) || error.extensions['code'] !== undefined) throw error;
    if (error.message.includes('maximum allowed number of nodes')) throw tooComplex(`${error.message} Split the operation.`, operation);
    if (getVariableValues(schema, operation.variableDefinitions ?? [], variables).errors) return undefined;
    // One field has impossible arguments. Execution would run the others, and nobody would know their cost.
    throw badInput(error.message, operation);
  }
}

/**
 * Returns the points of an operation: at least 1. Throws QUERY_TOO_COMPLEX when they are over the limit, BAD_USER_INPUT for
 * impossible arguments, such as a list with too many entries.
 */
export function costOf(priced: PricedOperation): number {
  const cost = Math.max(1, Math.ceil(pointsOf(priced) ?? 0));
  if (cost <= operationLimits.cost) return cost;
  throw tooComplex(
    `The operation costs ${cost} points; at most ${operationLimits.cost} are allowed. Ask for shorter pages (first, last) or fewer lists inside of lists.`,
    priced.operation,
  );
}
