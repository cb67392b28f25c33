/** The spans of HTTP requests and root fields. */
import type { FastifyInstance } from 'fastify';
import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { Context } from '../context.ts';
import { toRequestError } from '../errors.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { factsOf } from './logging.ts';
import { observed } from './requestContext.ts';

/** Opens a span for every request but those that become WebSockets, ends it with the answer, and puts the trace's id into the request's log lines. */
export function traceRequests(server: FastifyInstance, tracing: Tracing): void {
  server.addHook('onRequest', (request, _reply, done) => {
    if (request.headers.upgrade === undefined) {
      const span = tracing.request(request.method, request.headers);
      factsOf(request).requestTrace = span;
      request.log = request.log.child({ traceId: span.traceId });
    }
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
