/**
 * The one limit check of all transports: what comes in (`checkRequest`), is parsed and valid (`prepareOperation`, for
 * transports without Apollo Server), and is about to run (`checkOperation`).
 */
import {
  getOperationAST,
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { costOf, type PricedOperation } from './cost.ts';
import { checkDocument, type DocumentFacts } from './document.ts';
import { createDocumentCache } from './documentCache.ts';
import { refusal } from './errors.ts';
import { operationLimits } from './limits.ts';
import { checkSource } from './source.ts';
import { checkVariables } from './variables.ts';

/** What a client sends, whatever carries it. */
export interface OperationRequest {
  readonly query?: unknown;
  readonly variables?: unknown;
  readonly operationName?: unknown;
}

/** Throws QUERY_TOO_COMPLEX or BAD_USER_INPUT for what must not even be parsed. Anything that is no text is left to the transport. */
export function checkRequest({ query, variables }: OperationRequest): void {
  if (typeof query === 'string') checkSource(query);
  checkVariables(variables);
}

/** What is known of an operation that may run, as far as limits go. */
export interface CheckedOperation extends DocumentFacts {
  /** Points, from 1; see `fieldCosts.ts`. */
  readonly cost: number;
}

/** The whole schema is 16,000, and 160 points let even anonymous explorers read it again and again. */
const introspectionPerPoint = 100;

/** Returns the cost of a valid operation. Throws QUERY_TOO_COMPLEX or BAD_USER_INPUT for one that is over a limit. */
export function checkOperation(priced: PricedOperation): CheckedOperation {
  const facts = checkDocument(priced.document);
  return { ...facts, cost: costOf(priced) + Math.floor(facts.introspection / introspectionPerPoint) };
}

/** An operation that is valid against the schema. */
export interface PreparedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

/** Valid documents by their text. */
const documents = new WeakMap<GraphQLSchema, ReturnType<typeof createDocumentCache>>();

function cacheOf(schema: GraphQLSchema): ReturnType<typeof createDocumentCache> {
  const known = documents.get(schema);
  if (known) return known;
  const cache = createDocumentCache();
  documents.set(schema, cache);
  return cache;
}

/** Returns an error of the GraphQL library with the code that Apollo Server gives it, so that all transports show the same. */
function withCode(error: GraphQLError, code: string): GraphQLError {
  const { nodes, source, positions } = error;
  return new GraphQLError(error.message, {
    ...(nodes && { nodes }),
    ...(source && { source }),
    ...(positions && { positions }),
    extensions: { code },
  });
}

/** Returns the valid document of a text, or what is wrong with it. */
function readDocument(schema: GraphQLSchema, text: string): DocumentNode | readonly GraphQLError[] {
  const cache = cacheOf(schema);
  const known = cache.get(text);
  if (known) return known;
  let document: DocumentNode;
  try {
    document = parse(text, { maxLexicalTokens: operationLimits.tokens });
  } catch (error) {
    if (error instanceof GraphQLError) return [withCode(error, 'GRAPHQL_PARSE_FAILED')];
    throw error;
  }
  const mistakes = validate(schema, document, specifiedRules);
  if (mistakes.length > 0) return mistakes.map((mistake) => withCode(mistake, 'GRAPHQL_VALIDATION_FAILED'));
  cache.set(text, document);
  return document;
}

/**
 * Parses and validates what a client sent over a transport that Apollo Server does not serve. Returns the operation to run,
 * or the errors, with the codes that the same request gets over HTTP. Checks all limits that need no variables.
 */
export function prepareOperation(schema: GraphQLSchema, request: OperationRequest): PreparedOperation | readonly GraphQLError[] {
  try {
    checkRequest(request);
    const { query } = request;
    const operationName = typeof request.operationName === 'string' ? request.operationName : undefined;
    if (typeof query !== 'string' || query === '') return [refusal('BAD_REQUEST', 'The request has no query.')];
    const document = readDocument(schema, query);
    if (!('kind' in document)) return document;
    checkDocument(document);
    const operation = getOperationAST(document, operationName);
    if (operation) return { document, operation };
    const message = operationName
      ? `Unknown operation named "${operationName}".`
      : 'Must provide operation name if query contains multiple operations.';
    return [refusal('OPERATION_RESOLUTION_FAILURE', message)];
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}
