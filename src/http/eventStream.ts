/**
 * GraphQL over Server-Sent Events on `/graphql/stream`: the protocol of graphql-sse, one stream for each operation ("distinct
 * connections mode", github.com/enisdenjo/graphql-sse, PROTOCOL.md). The server half of that package is not used: it takes
 * events from their source as fast as they come, and keeps them for clients that do not read.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError, OperationTypeNode, type FormattedExecutionResult, type OperationDefinitionNode } from 'graphql';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { RequestError } from '../errors.ts';
import { rateLimitExceededIn } from '../graphql/rateLimiting.ts';
import { clientNetwork } from '../limits/clientNetwork.ts';
import { rateLimitHeaders } from '../limits/rateLimits.ts';
import { errorBody } from './errors.ts';
import { factsOf } from './logging.ts';
import { originOf, pinoOf } from './requestContext.ts';
import { clientLeft, createOperationSignal } from './requestSignal.ts';
import { formatErrors } from './streaming/answer.ts';
import { createConnectionCount, type ConnectionCount } from './streaming/connectionCount.ts';
import { watchCredentials } from './streaming/credentialWatch.ts';
import { writeEvents } from './streaming/events.ts';
import { readOperation, refusalOfRequest, type StreamRefusal } from './streaming/eventStreamRequest.ts';
import { admitOperation, checkCredentials, type AdmittedOperation, type Arrival, type Streaming } from './streaming/operation.ts';
import type { ResultStream } from './streaming/resultStream.ts';

/** What all event streams of a server share. */
interface EventStreams {
  readonly streaming: Streaming;
  readonly count: ConnectionCount;
  readonly open: Set<OpenStream>;
  isStopping: boolean;
}

/** A stream from its first byte to its last. */
interface OpenStream {
  readonly reply: FastifyReply;
  /** Resolves when nothing will be sent any more. */
  readonly closed: Promise<void>;
  /** Ends a subscription, if it is one that has begun. */
  complete: () => void;
}

type StreamArrival = Omit<Arrival, 'request'> & Pick<OpenStream, 'closed'>;

/** A page of any site could make a browser send a GET (GraphQL over HTTP, 5.1). */
function refuseMutation({ operation }: OperationDefinitionNode): void {
  if (operation !== OperationTypeNode.MUTATION) return;
  throw new GraphQLError('Mutations are sent with POST.', { extensions: { code: 'BAD_REQUEST', http: { status: 405 } } });
}

function arrivalOf({ config }: Streaming, request: FastifyRequest, reply: FastifyReply): StreamArrival {
  const life = createOperationSignal(config.http.operationTimeoutMs);
  // From the beginning: the client may leave while its operation is being admitted.
  const closed = new Promise<void>((resolve) => reply.raw.once('close', resolve));
  void closed.then(() => life.abort(clientLeft()));
  const { ip, headers, id: requestId } = request;
  const client = { ip, headers, authorization: headers.authorization, origin: originOf(request) };
  const log = pinoOf(request);
  const checkTransport = request.method === 'GET' && { checkTransport: refuseMutation };
  return { transport: 'event-stream', client, requestId, log, facts: factsOf(request), life, closed, ...checkTransport };
}

function refuse(reply: FastifyReply, { status, message, headers = {} }: StreamRefusal): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .send(errorBody(status, message, reply.request.id));
}

/**
 * Returns how HTTP refuses an operation, or null for refusals that are events: clients of graphql-sse take any other status
 * than 200 for a broken connection and try again, which is right for a rate limit, but not for a mistake in a query.
 */
function answerToRefusal(cause: unknown): { status: number; headers: Record<string, string> } | null {
  const exceeded = rateLimitExceededIn(cause);
  if (exceeded) return { status: 429, headers: rateLimitHeaders(exceeded.status) };
  const http = cause instanceof GraphQLError ? (cause.extensions['http'] as { status?: number } | undefined) : undefined;
  if (http?.status === 405) return { status: 405, headers: { allow: 'POST' } };
  return http?.status === 413 ? { status: 413, headers: {} } : null;
}

/** Looks at the credentials of a subscription while it runs; when they end, it ends with the reason. */
function watchSubscription(streaming: Streaming, arrival: StreamArrival, results: ResultStream): () => void {
  if (arrival.client.authorization === undefined) return () => undefined;
  return watchCredentials({
    check: () => checkCredentials(streaming, arrival),
    everyMs: streaming.settings.credentialCheckMs,
    onLost: (problem) => results.end({ errors: formatErrors([problem], arrival) }),
  });
}

/** Notes a stream until its connection is done with it, and cuts off a client that takes nothing for too long. Returns what `writeEvents` calls. */
function keep(streams: EventStreams, { stream, endCount }: { stream: OpenStream; endCount: () => void }): () => void {
  const stall = setTimeout(() => stream.reply.raw.destroy(), streams.streaming.settings.stallMs).unref();
  streams.open.add(stream);
  void stream.closed.then(() => {
    clearTimeout(stall);
    endCount();
    streams.open.delete(stream);
  });
  return () => stall.refresh();
}

type Results = ReturnType<AdmittedOperation['run']>;

/** Sends results until the client, the source, the credentials or the server end them. */
function sendStream(
  streams: EventStreams,
  reply: FastifyReply,
  { arrival, results, endCount }: { arrival: StreamArrival; results: Results; endCount: () => void },
): FastifyReply {
  const { streaming } = streams;
  const { closed } = arrival;
  const stream: OpenStream = { reply, closed, complete: () => undefined };
  const onTaken = keep(streams, { stream, endCount });
  void results.then((settled) => {
    if (!(Symbol.asyncIterator in settled)) return;
    stream.complete = () => settled.end();
    if (streams.isStopping) settled.end();
    void closed.then(watchSubscription(streaming, arrival, settled));
  });
  const describe = (error: unknown): FormattedExecutionResult => ({ errors: formatErrors([error], arrival) });
  const text = writeEvents({ results, describe, heartbeatMs: streaming.settings.heartbeatMs, onTaken });
  void reply.headers({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    // nginx would keep events back until its buffer is full.
    'x-accel-buffering': 'no',
  });
  return reply.send(Readable.from(text, { objectMode: false, highWaterMark: 1 }));
}

function refuseMore(reply: FastifyReply, most: number, arrival: StreamArrival): FastifyReply {
  const message = `You have ${most} streams open, which is the most. Close some first.`;
  const errors = formatErrors([new RequestError('RATE_LIMITED', message, { retryable: true })], arrival);
  return reply.code(429).header('retry-after', '5').send({ errors });
}

async function answerRequest(streams: EventStreams, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { streaming, count } = streams;
  if (streams.isStopping) {
    return refuse(reply, { status: 503, message: 'The server is stopping. Try again in a moment.', headers: { 'retry-after': '1' } });
  }
  const refusal = refusalOfRequest(request);
  if (refusal) return refuse(reply, refusal);
  const operation = readOperation(request);
  if (typeof operation === 'string') return refuse(reply, { status: 400, message: operation });
  const arrival = arrivalOf(streaming, request, reply);
  const admission = await admitOperation(streaming, { ...arrival, request: operation });
  if ('errors' in admission) {
    const { errors } = admission;
    const http = answerToRefusal(admission.cause);
    if (http) return reply.code(http.status).headers(http.headers).send({ errors });
    return sendStream(streams, reply, { arrival, results: Promise.resolve({ errors }), endCount: () => undefined });
  }
  const endCount = count.open(admission.viewerId ?? clientNetwork(request.ip));
  if (endCount === null) return refuseMore(reply, streaming.settings.connectionsPerClient, arrival);
  return sendStream(streams, reply, { arrival, results: admission.run(), endCount });
}

/** Ends a stream: a subscription is completed, a query or mutation finishes first. */
async function end({ closed, complete, reply }: OpenStream, waitMs: number): Promise<void> {
  complete();
  await Promise.race([closed, sleep(waitMs, undefined, { ref: false })]);
  reply.raw.destroy();
}

/** Registers `/graphql/stream`. Returns what ends all streams. */
export function registerEventStream(server: FastifyInstance, streaming: Streaming): () => Promise<void> {
  const { connectionsPerClient: perClient, connections: total, stopWaitMs } = streaming.settings;
  const count = createConnectionCount({ perClient, total });
  const streams: EventStreams = { streaming, count, open: new Set(), isStopping: false };
  streaming.services.metrics.watch('eventStreams', () => count.size());
  server.route({
    method: ['GET', 'POST'],
    url: '/graphql/stream',
    exposeHeadRoute: false,
    handler: (request, reply) => answerRequest(streams, request, reply),
  });
  return async () => {
    streams.isStopping = true;
    await Promise.all([...streams.open].map((stream) => end(stream, stopWaitMs)));
  };
}
