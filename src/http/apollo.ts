/** Apollo Server with the rules of this API: the error contract, the gate, the cost of answers. */
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError, Kind, type GraphQLFormattedError, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Context } from '../context.ts';
import { admit, type Candidate } from '../graphql/admission.ts';
import { formatError } from '../graphql/formatError.ts';
import { createDocumentStore } from '../limits/documentCache.ts';
import { operationLimits } from '../limits/limits.ts';
import { deadlineOf } from './deadline.ts';
import { createCostExtensions } from './explain.ts';
import { createRateLimitExtensions } from './rateLimits.ts';
import { noteErrors } from './logging.ts';
import { observed } from './requestContext.ts';

/** Mutations whose input is a whole body (a schema, a diagram, a page); each has its own limit of 4 MB. */
const largeInputs = new Set([
  'schemaImport',
  'schemaCreate',
  'schemaUpdate',
  'architectureCreate',
  'architectureUpdate',
  'documentationPageCreate',
  'documentationPageUpdate',
]);

/** True when every root field of an operation may come in a large body. */
function takesLargeInput(operation: OperationDefinitionNode): boolean {
  return operation.selectionSet.selections.every((selection) => selection.kind === Kind.FIELD && largeInputs.has(selection.name.value));
}

const tooLargeMessage = `The request body is larger than ${operationLimits.bodyBytes} bytes. Only ${[...largeInputs].join(', ')} take more.`;

/** What is in every large body that may be taken: the name of an operation, or the hash of a persisted one. */
const announcements = [...largeInputs, 'persistedQuery'];

/** Returns the error for a large body that announces no operation that takes one: reading it would be work for nothing. */
export function bodyProblem(body: string, bytes: number): Error | null {
  if (bytes <= operationLimits.bodyBytes || announcements.some((name) => body.includes(name))) return null;
  return Object.assign(new Error(tooLargeMessage), { statusCode: 413 });
}

/** Fills in what the log line of the request says, gives the operation its time, and refuses bodies that are too large for it. */
export function observeOperation(context: Context, candidate: Pick<Candidate, 'operation' | 'document'>, config: Config): void {
  const { facts, operation: signal } = observed(context);
  const { operation } = candidate;
  signal.allow(deadlineOf(candidate, config));
  facts.operationType = operation.operation;
  if (operation.name) facts.operation = operation.name.value.slice(0, 100);
  facts.operationTrace?.describe({ name: facts.operation, type: operation.operation });
  if ((facts.bodyBytes ?? 0) > operationLimits.bodyBytes && !takesLargeInput(operation))
    throw new GraphQLError(tooLargeMessage, { extensions: { code: 'BAD_REQUEST', http: { status: 413 } } });
}

/** Lets an operation run when the gate does. Not a validation rule: those are skipped for documents in Apollo's cache, and know no variables. */
function createGate(config: Config): ApolloServerPlugin<Context> {
  return {
    requestDidStart: ({ contextValue: context }) => {
      const { facts } = observed(context);
      facts.reachedPipeline = true;
      return Promise.resolve({
        async didResolveOperation({ operation, document, schema, request: { variables } }) {
          if (!operation) return;
          observeOperation(context, { document, operation }, config);
          const { cost } = await admit(context, { schema, document, operation, variables }, config);
          facts.cost = cost;
          facts.operationTrace?.describe({ cost });
        },
      });
    },
  };
}

interface ErrorSource {
  readonly formatted: GraphQLFormattedError;
  readonly error: unknown;
}

/**
 * Apollo's `formatError` does not know the request that an error belongs to, and an AsyncLocalStorage would tax every promise
 * (Node 20). So the hook only masks and remembers, and this plugin formats when the response, with its context, is complete.
 */
function createErrorFormatting(): {
  remember: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
  plugin: ApolloServerPlugin<Context>;
} {
  const sources = new WeakMap<object, ErrorSource>();
  return {
    remember(formatted, error) {
      const isUnexpected = formatted.extensions?.['code'] === 'INTERNAL_SERVER_ERROR';
      const masked = isUnexpected ? { message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR' } } : { ...formatted };
      sources.set(masked, { formatted, error });
      return masked;
    },
    plugin: {
      requestDidStart: ({ contextValue }) => {
        const { id: requestId, log } = contextValue.request;
        return Promise.resolve({
          willSendResponse({ response: { body } }) {
            if (body.kind === 'single' && body.singleResult.errors) {
              body.singleResult.errors = body.singleResult.errors.map((masked) => {
                const source = sources.get(masked);
                return source ? formatError(source.formatted, source.error, { requestId, log }) : masked;
              });
              noteErrors(observed(contextValue).facts, body.singleResult.errors);
            }
            return Promise.resolve();
          },
        });
      },
    },
  };
}

/** Creates the server; start it before the first request, and stop it after the last. */
export function createApollo({ config, schema, log }: { config: Config; schema: GraphQLSchema; log: Logger }): ApolloServer<Context> {
  const errors = createErrorFormatting();
  return new ApolloServer<Context>({
    schema,
    nodeEnv: config.environment,
    logger: log,
    // Whether one may ask for the schema depends on who asks: the gate decides.
    introspection: true,
    hideSchemaDetailsFromClientErrors: !config.introspection,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    // Persisted queries are kept in memory, 30 MB at most: Apollo's bounded default. Its bound for documents counts their JSON,
    // a fifth of what they take.
    cache: 'bounded',
    documentStore: createDocumentStore(),
    parseOptions: { maxLexicalTokens: operationLimits.tokens },
    stopOnTerminationSignals: false,
    formatError: errors.remember,
    plugins: [
      createGate(config),
      errors.plugin,
      createCostExtensions(config, (context) => observed(context).ledger),
      createRateLimitExtensions(),
      // It wraps every resolver, for a fifth of the CPU time, to compute headers that nobody reads.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
    ],
  });
}
