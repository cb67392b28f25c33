/** The context of an operation, and what is noted of it for the log and the answer. */
import type { FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from 'pino';
import { createContext, type Context, type RequestInfo, type Services } from '../context.ts';
import { RequestError } from '../errors.ts';
import { operationLimits } from '../limits/limits.ts';
import { createLedger, type Ledger } from './explain.ts';
import { factsOf, type RequestFacts } from './logging.ts';
import type { OperationSignal } from './requestSignal.ts';

/** What the context carries besides the contract of `RequestInfo`, so that plugins can tell the log and the cost. */
export type ObservedRequest = RequestInfo & {
  readonly facts: RequestFacts;
  readonly ledger: Ledger;
  /** What ends its work. */
  readonly operation: OperationSignal;
};

/** Returns what was noted of the operation that a context belongs to. */
export function observed({ request }: Context): ObservedRequest {
  return request as ObservedRequest;
}

/** The request's log is a child of the pino logger that the server was given; Fastify's type shows less of it. */
export function pinoOf(request: FastifyRequest): Logger {
  return request.log as unknown as Logger;
}

/**
 * Returns the scheme, host and port by which the client knows this server: the Host header, or X-Forwarded-Host and
 * X-Forwarded-Proto of proxies that are trusted. Undefined where the client sent no usable host.
 */
export function originOf({ protocol, host }: Pick<FastifyRequest, 'protocol' | 'host'>): string | undefined {
  const origin = `${protocol}://${host}`;
  return host && URL.canParse(origin) ? new URL(origin).origin : undefined;
}

/** Returns the error that ends an operation which has read more than one may. */
function tooMuchRead(): RequestError {
  const message = 'The operation reads more data than one may. Ask for shorter pages (first, last), or for fewer large fields at once.';
  return new RequestError('QUERY_TOO_COMPLEX', message);
}

/** An operation as its transport received it. */
export interface ReceivedOperation extends Pick<RequestInfo, 'id' | 'log' | 'authorization' | 'ip' | 'origin'> {
  /** Of the HTTP request that it came with, or that opened the connection. */
  readonly headers: IncomingHttpHeaders;
  readonly facts: RequestFacts;
  /** What ends its work: its deadline, its client, its budget of read units. */
  readonly operation: OperationSignal;
}

/** Makes the context of an operation, whatever transport it came over. */
export async function openContext(services: Services, received: ReceivedOperation): Promise<Context> {
  const { id, log, authorization, ip, origin, headers, facts, operation } = received;
  const ledger = createLedger(headers);
  const span = (facts.requestTrace ?? services.tracing)?.operation();
  if (span) facts.operationTrace = span;
  const info: ObservedRequest = {
    ...{ id, log, authorization, ip, origin, facts, ledger, operation },
    userAgent: headers['user-agent'],
    signal: operation.signal,
    ...(span && { trace: span, onBatch: (loader: string, size: number) => span.batch(loader, size) }),
    onCall: (call) => {
      ledger.calls.push(call);
      span?.call(call);
      ledger.readUnits += call.readUnits;
      if (ledger.readUnits > operationLimits.readUnits) operation.abort(tooMuchRead());
    },
  };
  const context = await createContext({ services, request: info });
  const viewer = 'viewer' in context.credentials ? context.credentials.viewer : null;
  if (viewer) facts.userId = viewer.id;
  ledger.viewer = viewer;
  return context;
}

/** Makes the context of an HTTP request; its work ends with the signal `operation`. */
export function contextOf(services: Services, request: FastifyRequest, operation: OperationSignal): Promise<Context> {
  const { id, ip, headers } = request;
  const { authorization } = headers;
  const received = { id, log: pinoOf(request), authorization, ip, origin: originOf(request), headers, facts: factsOf(request), operation };
  return openContext(services, received);
}
