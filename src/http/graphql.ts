/** GraphQL over HTTP: the way of a request to Apollo Server and back. */
import { HeaderMap, type HTTPGraphQLResponse } from '@apollo/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Services } from '../context.ts';
import { formatRequestError } from '../graphql/formatError.ts';
import { refuseExhausted } from '../graphql/rateLimiting.ts';
import { tooComplex } from '../limits/errors.ts';
import { operationLimits } from '../limits/limits.ts';
import { checkRequest, type OperationRequest } from '../limits/operation.ts';
import { bodyProblem, createApollo } from './apollo.ts';
import { unreadableBody } from './errors.ts';
import { watchRefusals } from './explain.ts';
import { sendExplorerPage, wantsPage } from './explorer.ts';
import { factsOf, noteErrors } from './logging.ts';
import { countUserErrors } from './metrics.ts';
import { refusedExtensions, sendRateLimit } from './rateLimits.ts';
import { contextOf, pinoOf } from './requestContext.ts';
import { traceRootFields } from './traces.ts';
import { requestSignal, unlessAborted } from './requestSignal.ts';

/** Largest body at all: 4 MB of content, and what JSON makes of its quotes and line ends. */
export const transportBodyLimit = 5 * 1024 * 1024;

function toHeaderMap(headers: FastifyRequest['headers']): HeaderMap {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}

function searchOf({ url }: FastifyRequest): string {
  return url.includes('?') ? url.slice(url.indexOf('?')) : '';
}

/** Returns what is in a request before anything is checked. What is no operation at all is left to Apollo Server to refuse. */
function operationOf(request: FastifyRequest): OperationRequest {
  const { body } = request;
  if (request.method === 'POST') return typeof body === 'object' && body !== null ? body : {};
  const search = new URLSearchParams(searchOf(request));
  return { query: search.get('query'), variables: parsed(search.get('variables')) };
}

function parsed(json: string | null): unknown {
  try {
    return json === null ? undefined : (JSON.parse(json) as unknown);
  } catch {
    return undefined;
  }
}

/** Adds the request id to errors that Apollo made without a context: what the transport refused, such as a missing query. */
function completeErrors(body: string, requestId: string): string {
  const { errors } = JSON.parse(body) as { errors?: GraphQLFormattedError[] };
  return `${JSON.stringify({ errors: errors?.map((error) => ({ ...error, extensions: { code: error.extensions?.['code'], requestId, retryable: false } })) })}\n`;
}

/** Throws QUERY_TOO_COMPLEX for an answer that is too large. What a mutation did is done then. */
export function checkAnswer(text: string): void {
  const { answerBytes } = operationLimits;
  // A UTF-16 unit takes one to three bytes, so most answers need no counting.
  if (text.length * 3 <= answerBytes || Buffer.byteLength(text) <= answerBytes) return;
  throw tooComplex(
    `The answer is larger than ${answerBytes} bytes. Ask for shorter pages (first, last), or for fewer large fields at once.`,
  );
}

function send(reply: FastifyReply, { status, headers, body }: HTTPGraphQLResponse): FastifyReply {
  if (body.kind === 'complete') checkAnswer(body.string);
  for (const [name, value] of headers) void reply.header(name, value);
  void reply.code(status ?? 200);
  if (body.kind === 'chunked') return reply.send(Readable.from(body.asyncIterator));
  const { id } = reply.request;
  return reply.send(factsOf(reply.request).reachedPipeline ? body.string : completeErrors(body.string, id));
}

/** Answers a request that Apollo Server did not answer: refused before, cut off at its deadline, or failed. */
function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  const { request } = reply;
  const formatted = formatRequestError(error, { requestId: request.id, log: pinoOf(request) });
  noteErrors(factsOf(request), [formatted]);
  const http = error instanceof GraphQLError ? (error.extensions['http'] as { status?: number } | undefined) : undefined;
  const status = http?.status ?? (formatted.extensions?.['retryable'] === true ? 503 : 500);
  // GraphQL over HTTP, 6.3: the media type that the client asked for, where it knows the newer one.
  const knowsNew = request.headers.accept?.includes('application/graphql-response+json') === true;
  void reply.code(status).type(`application/${knowsNew ? 'graphql-response+json' : 'json'}; charset=utf-8`);
  const extensions = refusedExtensions(error);
  return reply.send(JSON.stringify({ errors: [formatted], ...(extensions && { extensions }) }));
}

/** Bodies are small enough as they are, and packed ones can be a thousand times as large once they are unpacked. */
function refusePackedBodies(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding === 'identity') {
      done();
      return;
    }
    const message = `The request body is encoded as "${encoding.slice(0, 100)}". Send it without a Content-Encoding.`;
    done(Object.assign(new Error(message), { statusCode: 415 }));
  });
}

/** Counts the bytes of JSON bodies, also of chunked ones, and parses them as Fastify does: `__proto__` and `constructor` are refused. */
function registerJsonBody(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string;
    const bytes = Buffer.byteLength(text);
    factsOf(request).bodyBytes = bytes;
    const problem = bodyProblem(text, bytes);
    if (problem) done(problem);
    else void parse(request, text, (error, value) => done(error && text !== '' ? unreadableBody(text) : error, value));
  });
}

/** Registers `/graphql`: POST for all operations, GET for queries, and the explorer for browsers. */
export async function registerGraphql(
  server: FastifyInstance,
  { config, services, schema, log }: { config: Config; services: Services; schema: GraphQLSchema; log: Logger },
): Promise<void> {
  watchRefusals(schema);
  countUserErrors(schema);
  if (services.tracing) traceRootFields(schema);
  const apollo = createApollo({ config, schema, log });
  await apollo.start();
  server.addHook('onClose', () => apollo.stop());
  refusePackedBodies(server);
  registerJsonBody(server);

  async function execute(request: FastifyRequest, reply: FastifyReply): Promise<HTTPGraphQLResponse> {
    checkRequest(operationOf(request));
    const signal = requestSignal(reply, config.http.operationTimeoutMs);
    const context = await contextOf(services, request, signal);
    const { method, body } = request;
    const httpGraphQLRequest = { method, body, search: searchOf(request), headers: toHeaderMap(request.headers) };
    try {
      refuseExhausted(context);
      const work = apollo.executeHTTPGraphQLRequest({ httpGraphQLRequest, context: () => Promise.resolve(context) });
      return await unlessAborted(context.request.signal, work);
    } finally {
      sendRateLimit(reply, context);
    }
  }

  server.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      if (wantsPage(request)) return await sendExplorerPage(request, reply);
      try {
        return await send(reply, await execute(request, reply));
      } catch (error) {
        return sendError(reply, error);
      }
    },
  });
}
