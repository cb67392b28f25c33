/** The spans of HTTP requests, upgrades to WebSockets among them, and root fields. */
import type { FastifyInstance } from 'fastify';
import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { IncomingMessage } from 'node:http';
import type { Context } from '../context.ts';
import { toRequestError } from '../errors.ts';
import type { RequestTrace, Tracing } from '../telemetry/tracing.ts';
import { factsOf } from './logging.ts';
import { observed } from './requestContext.ts';
import { upgradeOf } from './streaming/upgrade.ts';

const upgradeSpans = new WeakMap<IncomingMessage, RequestTrace>();

/** Ends the span of a request for a WebSocket that nothing of Fastify answers: 101 for one that it became. Does nothing where no traces are recorded. */
export function endUpgradeSpan(request: IncomingMessage, status: number): void {
  upgradeSpans.get(request)?.end({ route: '/graphql', status });
}

/**
 * Opens a span for every request, ends it with the answer, and puts the trace's id into the request's log lines; not into
 * those of a WebSocket, whose operations have traces of their own.
 */
export function traceRequests(server: FastifyInstance, tracing: Tracing): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const span = tracing.request(request.method, request.headers);
    factsOf(request).requestTrace = span;
    if (upgradeOf(request)) upgradeSpans.set(request.raw, span);
    else request.log = request.log.child({ traceId: span.traceId });
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const { requestTrace, operationTrace, codes = [] } = factsOf(request);
    operationTrace?.end(codes);
    requestTrace?.end({ route: request.routeOptions.url ?? 'none', status: reply.statusCode });
    done();
  });
}

function traced(name: string, resolve: GraphQLFieldResolver<unknown, Context>): GraphQLFieldResolver<unknown, Context> {
  return async (source, args, context, info) => {
    const end = observed(context).facts.operationTrace?.field(name);
    try {
      const value: unknown = await resolve(source, args, context, info);
      end?.(null);
      return value;
    } catch (error) {
      end?.(toRequestError(error).code);
      throw error;
    }
  };
}

/** Makes the root fields of a schema leave spans: each stands for the way to its object, what hangs below is read beside it. Changes the schema. */
export function traceRootFields(schema: GraphQLSchema): void {
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const [name, field] of Object.entries(type?.getFields() ?? {})) {
      const resolve = (field.resolve ?? defaultFieldResolver) as GraphQLFieldResolver<unknown, Context>;
      field.resolve = traced(`${type?.name ?? ''}.${name}`, resolve);
    }
  }
}
