/** The log: one JSON line an event, or readable lines in a terminal during development. Never headers, tokens, variables or query text. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { Config } from '../config.ts';
import type { OperationTrace, RequestTrace } from '../telemetry/tracing.ts';

const levelNames: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/** What pino adds to every line and nobody reads in a terminal. */
const hidden = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'err']);

type LogLine = Record<string, string | number | boolean | object | null> & {
  level: number;
  time: number;
  msg?: string;
  err?: { stack?: string };
};

/** Returns one log line in readable form: `12:00:01 info  request POST /graphql status=200 …`; other text as it is. */
export function readableLine(line: string): string {
  if (!line.startsWith('{')) return line;
  const { level, time, msg, err, ...rest } = JSON.parse(line) as LogLine;
  const clock = new Date(time).toTimeString().slice(0, 8);
  const details = Object.entries(rest)
    .filter(([name]) => !hidden.has(name))
    .map(([name, value]) => ` ${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return `${clock} ${(levelNames[level] ?? String(level)).padEnd(5)} ${msg ?? ''}${details.join('')}\n${err?.stack ? `${err.stack}\n` : ''}`;
}

/** Returns the process's log; it writes to `destination`, by default standard output. */
export function createLog({ logLevel, environment }: Pick<Config, 'logLevel' | 'environment'>, destination?: DestinationStream): Logger {
  const options = {
    level: logLevel,
    base: null,
    redact: { paths: ['authorization', 'headers', '*.authorization', '*.headers'], remove: true },
  };
  if (destination) return pino(options, destination);
  if (environment === 'development' && process.stdout.isTTY)
    return pino(options, { write: (line: string) => void process.stdout.write(readableLine(line)) });
  return pino(options, pino.destination({ fd: 1, sync: true }));
}

/** What a request turned out to be; filled while it is answered. */
export interface RequestFacts {
  /** Name of the GraphQL operation, as the client gave it in the document. */
  operation?: string | undefined;
  operationType?: string | undefined;
  userId?: string | undefined;
  /** Points of the operation (`limits/fieldCosts.ts`). */
  cost?: number | undefined;
  /** Size of the request body. */
  bodyBytes?: number | undefined;
  /** Codes of the answer's errors at the top level; none when it has none. */
  codes?: readonly string[] | undefined;
  /** Where traces are recorded. */
  requestTrace?: RequestTrace;
  operationTrace?: OperationTrace;
  /** True when GraphQL itself answered, not the transport before it. */
  reachedPipeline?: boolean;
}

const factsOfRequests = new WeakMap<FastifyRequest, RequestFacts>();

/** Returns the facts of a request, to be read and filled. */
export function factsOf(request: FastifyRequest): RequestFacts {
  let facts = factsOfRequests.get(request);
  if (!facts) {
    facts = {};
    factsOfRequests.set(request, facts);
  }
  return facts;
}

/** Notes the errors of an answer; what has no code counts as a fault of this side. */
export function noteErrors(facts: RequestFacts, errors: readonly GraphQLFormattedError[] | undefined): void {
  if (!errors || errors.length === 0) return;
  facts.codes = errors.map(({ extensions }) => {
    const code = extensions?.['code'];
    return typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR';
  });
}

function visibleFacts(
  request: FastifyRequest,
): Pick<RequestFacts, 'operation' | 'operationType' | 'userId' | 'cost' | 'bodyBytes'> & { code?: string | undefined } {
  const { operation, operationType, userId, cost, bodyBytes, codes } = factsOf(request);
  return { operation, operationType, userId, cost, bodyBytes, code: codes?.[0] };
}

/** How an operation over a WebSocket ended: with results, refused before it ran, or because nobody wanted its results any more. */
export type OperationOutcome = 'answered' | 'refused' | 'abandoned';

/** Logs one line for an operation over a WebSocket, which no HTTP request stands for. `startedAt` is of `performance.now()`. */
export function logOperation(
  log: Logger,
  { facts, startedAt, outcome }: { facts: RequestFacts; startedAt: number; outcome: OperationOutcome },
): void {
  const { operation, operationType, userId, cost, codes, operationTrace } = facts;
  const durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
  log.info(
    {
      transport: 'websocket',
      path: '/graphql',
      outcome,
      durationMs,
      operation,
      operationType,
      userId,
      cost,
      code: codes?.[0],
      traceId: operationTrace?.traceId,
    },
    'operation',
  );
}

/**
 * Logs one line for each answered request, with the path but not the query string, which can hold a whole GraphQL query.
 * Routes with `logLevel: 'warn'` (probes, page files) leave a line only when they fail.
 */
export function registerRequestLog(server: FastifyInstance): void {
  server.addHook('onResponse', (request, reply, done) => {
    const line = {
      method: request.method,
      path: request.url.split('?', 1)[0]?.slice(0, 200),
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      ...visibleFacts(request),
    };
    if (reply.statusCode >= 500) request.log.warn(line, 'request');
    else request.log.info(line, 'request');
    done();
  });
  server.addHook('onRequestAbort', (request, done) => {
    request.log.info(
      { method: request.method, path: request.url.split('?', 1)[0]?.slice(0, 200), ...visibleFacts(request) },
      'the client left before the answer',
    );
    done();
  });
}
