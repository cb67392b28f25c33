/** GraphQL over HTTP: Apollo Server on Fastify. */
import { ApolloServer, HeaderMap, type ApolloServerPlugin, type HTTPGraphQLResponse } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError, Kind, type GraphQLFormattedError, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createContext, type Context, type RequestInfo, type Services } from '../context.ts';
import { formatError, formatRequestError } from '../graphql/formatError.ts';
import { unreadableBody } from './errors.ts';
import { createCostExtensions, createLedger, watchRefusals, type Ledger } from './explain.ts';
import { sendExplorerPage, wantsPage } from './explorer.ts';
import { factsOf, type RequestFacts } from './logging.ts';
import { requestSignal } from './requestSignal.ts';

/** Largest body of an operation, in bytes, unless it is one of `largeInputs`. */
const bodyLimit = 1024 * 1024;

/** Largest body at all: 4 MB of content, and what JSON makes of its quotes and line ends. */
export const transportBodyLimit = 5 * 1024 * 1024;

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

/** What the context carries besides the contract of `RequestInfo`, so that plugins can tell the log and the cost. */
type ObservedRequest = RequestInfo & { readonly facts: RequestFacts; readonly ledger: Ledger };

interface ErrorSource {
  readonly formatted: GraphQLFormattedError;
  readonly error: unknown;
}

/** True when every root field of an operation may come in a large body. */
function takesLargeInput(operation: OperationDefinitionNode): boolean {
  return operation.selectionSet.selections.every((selection) => selection.kind === Kind.FIELD && largeInputs.has(selection.name.value));
}

/** Fills in what the log line of the request says, and refuses bodies that are too large for their operation. */
function observeOperation(facts: RequestFacts, operation: OperationDefinitionNode): void {
  facts.operationType = operation.operation;
  if (operation.name) facts.operation = operation.name.value.slice(0, 100);
  if ((facts.bodyBytes ?? 0) > bodyLimit && !takesLargeInput(operation)) {
    throw new GraphQLError(`The request body is larger than ${bodyLimit} bytes. Only ${[...largeInputs].join(', ')} take more.`, {
      extensions: { code: 'BAD_REQUEST', http: { status: 413 } },
    });
  }
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
        const { id: requestId, log, facts } = contextValue.request as ObservedRequest;
        facts.reachedPipeline = true;
        return Promise.resolve({
          didResolveOperation({ operation }) {
            if (operation) observeOperation(facts, operation);
            return Promise.resolve();
          },
          willSendResponse({ response: { body } }) {
            if (body.kind === 'single' && body.singleResult.errors) {
              body.singleResult.errors = body.singleResult.errors.map((masked) => {
                const source = sources.get(masked);
                return source ? formatError(source.formatted, source.error, { requestId, log }) : masked;
              });
            }
            return Promise.resolve();
          },
        });
      },
    },
  };
}

function createApollo({ config, schema, log }: { config: Config; schema: GraphQLSchema; log: Logger }): ApolloServer<Context> {
  const errors = createErrorFormatting();
  return new ApolloServer<Context>({
    schema,
    nodeEnv: config.environment,
    logger: log,
    introspection: config.introspection,
    hideSchemaDetailsFromClientErrors: !config.introspection,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    // Documents and persisted queries are kept in memory, 30 MB each at most: Apollo's bounded default.
    cache: 'bounded',
    stopOnTerminationSignals: false,
    formatError: errors.remember,
    plugins: [
      errors.plugin,
      createCostExtensions(config, (request) => (request as ObservedRequest).ledger),
      // It wraps every resolver, for a fifth of the CPU time, to compute headers that nobody reads.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
    ],
  });
}

function toHeaderMap(headers: FastifyRequest['headers']): HeaderMap {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}

/** Adds the request id to errors that Apollo made without a context: what the transport refused, such as a missing query. */
function completeErrors(body: string, requestId: string): string {
  const { errors } = JSON.parse(body) as { errors?: GraphQLFormattedError[] };
  return `${JSON.stringify({ errors: errors?.map((error) => ({ ...error, extensions: { code: error.extensions?.['code'], requestId, retryable: false } })) })}\n`;
}

function send(reply: FastifyReply, facts: RequestFacts, { status, headers, body }: HTTPGraphQLResponse): FastifyReply {
  for (const [name, value] of headers) void reply.header(name, value);
  void reply.code(status ?? 200);
  if (body.kind === 'chunked') return reply.send(Readable.from(body.asyncIterator));
  return reply.send(facts.reachedPipeline ? body.string : completeErrors(body.string, reply.request.id));
}

/** The request's log is a child of the pino logger that the server was given; Fastify's type shows less of it. */
function pinoOf(request: FastifyRequest): Logger {
  return request.log as unknown as Logger;
}

async function contextOf(services: Services, request: FastifyRequest, reply: FastifyReply): Promise<Context> {
  const facts = factsOf(request);
  const ledger = createLedger(request.headers);
  const observed: ObservedRequest = {
    id: request.id,
    log: pinoOf(request),
    authorization: request.headers.authorization,
    ip: request.ip,
    userAgent: request.headers['user-agent'],
    signal: requestSignal(reply),
    facts,
    ledger,
    onCall: (call) => ledger.calls.push(call),
  };
  const context = await createContext({ services, request: observed });
  const viewer = 'viewer' in context.credentials ? context.credentials.viewer : null;
  if (viewer) facts.userId = viewer.id;
  ledger.viewer = viewer;
  return context;
}

/** Counts the bytes of JSON bodies, also of chunked ones, and parses them as Fastify does: `__proto__` and `constructor` are refused. */
function registerJsonBody(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    factsOf(request).bodyBytes = Buffer.byteLength(body);
    const text = body as string;
    void parse(request, text, (error, value) => done(error && text !== '' ? unreadableBody(text) : error, value));
  });
}

/** Registers `/graphql`: POST for all operations, GET for queries, and the explorer for browsers. */
export async function registerGraphql(
  server: FastifyInstance,
  { config, services, schema, log }: { config: Config; services: Services; schema: GraphQLSchema; log: Logger },
): Promise<void> {
  watchRefusals(schema);
  const apollo = createApollo({ config, schema, log });
  await apollo.start();
  server.addHook('onClose', () => apollo.stop());
  registerJsonBody(server);
  server.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      if (wantsPage(request)) return await sendExplorerPage(request, reply);
      const site = { requestId: request.id, log: pinoOf(request) };
      try {
        const context = await contextOf(services, request, reply);
        const search = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
        const { method, body, headers } = request;
        const httpGraphQLRequest = { method, body, search, headers: toHeaderMap(headers) };
        const answer = await apollo.executeHTTPGraphQLRequest({ httpGraphQLRequest, context: () => Promise.resolve(context) });
        return await send(reply, factsOf(request), answer);
      } catch (error) {
        const formatted = formatRequestError(error, site);
        return reply.code(formatted.extensions?.['retryable'] === true ? 503 : 500).send({ errors: [formatted] });
      }
    },
  });
}
