/** `/metrics`: the numbers of this process in Prometheus' format, for who may read them; and what is counted of HTTP. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { defaultFieldResolver, getNamedType, isObjectType, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { Config } from '../config.ts';
import type { Context } from '../context.ts';
import type { Payload } from '../domains/payload.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { errorBody } from './errors.ts';
import { factsOf } from './logging.ts';

type Rules = Pick<Config, 'environment' | 'metrics'>;

/** Why somebody may not read the metrics. */
interface Refusal {
  readonly status: 401 | 403 | 404;
  readonly message: string;
}

/** Equal lengths, and no difference in time that tells how much of a token was right. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function refusalByToken(authorization: string | undefined, token: string): Refusal | null {
  const given = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1];
  if (given !== undefined && isSame(given.trim(), token)) return null;
  return { status: 401, message: 'Send "Authorization: Bearer <METRICS_TOKEN>" to read the metrics.' };
}

/** Returns why a reader may not see the metrics on the port of the API, or null for one who may. */
function refusalOf({ environment, metrics = {} }: Rules, authorization: string | undefined): Refusal | null {
  const { token, port } = metrics;
  if (port !== undefined) return { status: 404, message: 'The metrics are served on a port of their own (METRICS_PORT).' };
  if (token !== undefined) return refusalByToken(authorization, token);
  if (environment !== 'production') return null;
  return {
    status: 403,
    message: 'The metrics are not served: set METRICS_TOKEN, or METRICS_PORT for a port that only monitoring reaches.',
  };
}

/** Registers `GET /metrics` on the port of the API. */
export function registerMetrics(server: FastifyInstance, { config, metrics }: { config: Rules; metrics: Metrics }): void {
  server.get('/metrics', { logLevel: 'warn' }, async (request, reply) => {
    const refusal = refusalOf(config, request.headers.authorization);
    if (!refusal) return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
    const { status, message } = refusal;
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    return reply.code(status).send(errorBody(status, message, request.id));
  });
}

/** Serves the metrics on a port of their own, on the address that the API listens on. Returns the listening server; rejects where the port is taken. */
export async function listenForMetrics(
  { http, metrics: { token, port } = {} }: Pick<Config, 'http' | 'metrics'>,
  metrics: Metrics,
): Promise<Server> {
  const answer = async ({ url, method, headers }: IncomingMessage): Promise<{ status: number; text: string; type: string }> => {
    const refused = (status: number, message: string) => ({ status, text: `${message}\n`, type: 'text/plain; charset=utf-8' });
    if (url?.split('?', 1)[0] !== '/metrics') return refused(404, 'There is only /metrics here.');
    if (method !== 'GET') return refused(405, '/metrics takes GET only.');
    const refusal = token === undefined ? null : refusalByToken(headers.authorization, token);
    if (refusal) return refused(refusal.status, refusal.message);
    return { status: 200, text: await metrics.registry.metrics(), type: metrics.registry.contentType };
  };
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (request, response) => {
    const failed = { status: 500, text: 'The metrics cannot be read.\n', type: 'text/plain; charset=utf-8' };
    void answer(request)
      .catch(() => failed)
      .then(({ status, text, type }) => response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text));
  });
  server.listen(port, http.host);
  await once(server, 'listening');
  return server;
}

/** The page of the explorer is no operation. */
function isOperation(request: FastifyRequest): boolean {
  const { codes, operationType, reachedPipeline } = factsOf(request);
  return request.routeOptions.url === '/graphql' && (codes !== undefined || operationType !== undefined || reachedPipeline === true);
}

/** Counts every answered request, and every operation that came over HTTP. */
export function observeRequests(server: FastifyInstance, metrics: Metrics): void {
  server.addHook('onResponse', (request, reply, done) => {
    metrics.httpRequest({ method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode });
    if (isOperation(request)) {
      const { operation: name, operationType: type, codes = [] } = factsOf(request);
      metrics.operation({ name, type, transport: 'http', codes, milliseconds: reply.elapsedTime });
    }
    done();
  });
}

function counted(field: string, resolve: GraphQLFieldResolver<unknown, Context>): GraphQLFieldResolver<unknown, Context> {
  return async (source, args, context, info) => {
    const value: unknown = await resolve(source, args, context, info);
    const { userErrors = [] } = (value ?? {}) as Partial<Payload<object>>;
    for (const { code } of userErrors) context.services.metrics.userError({ field, code });
    return value;
  };
}

/**
 * Makes the root fields that answer with `userErrors` count them, over every transport and whatever of them the client
 * selected. Labels are bounded: names of fields of the schema, and codes of `UserErrorCode`. Changes the schema.
 */
export function countUserErrors(schema: GraphQLSchema): void {
  for (const root of [schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const [name, field] of Object.entries(root?.getFields() ?? {})) {
      const type = getNamedType(field.type);
      if (!isObjectType(type) || !('userErrors' in type.getFields())) continue;
      field.resolve = counted(name, (field.resolve ?? defaultFieldResolver) as GraphQLFieldResolver<unknown, Context>);
    }
  }
}
