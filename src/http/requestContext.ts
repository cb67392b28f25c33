/** The context of an operation that came over HTTP, and what is noted of it for the log and the answer. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { createContext, type Context, type RequestInfo, type Services } from '../context.ts';
import { RequestError } from '../errors.ts';
import { operationLimits } from '../limits/limits.ts';
import { createLedger, type Ledger } from './explain.ts';
import { factsOf, type RequestFacts } from './logging.ts';
import { requestSignal } from './requestSignal.ts';

/** What the context carries besides the contract of `RequestInfo`, so that plugins can tell the log and the cost. */
export type ObservedRequest = RequestInfo & { readonly facts: RequestFacts; readonly ledger: Ledger };

/** Returns what was noted of the operation that a context belongs to. */
export function observed({ request }: Context): ObservedRequest {
  return request as ObservedRequest;
}

/** The request's log is a child of the pino logger that the server was given; Fastify's type shows less of it. */
export function pinoOf(request: FastifyRequest): Logger {
  return request.log as unknown as Logger;
}

/** Returns the error that ends an operation which has read more than one may. */
function tooMuchRead(): RequestError {
  const message = 'The operation reads more data than one may. Ask for shorter pages (first, last), or for fewer large fields at once.';
  return new RequestError('QUERY_TOO_COMPLEX', message);
}

/** Makes the context of an HTTP request; its work ends with the request's deadline, its client, or its budget of read units. */
export async function contextOf(services: Services, request: FastifyRequest, reply: FastifyReply): Promise<Context> {
  const facts = factsOf(request);
  const ledger = createLedger(request.headers);
  const operation = requestSignal(reply);
  const info: ObservedRequest = {
    id: request.id,
    log: pinoOf(request),
    authorization: request.headers.authorization,
    ip: request.ip,
    userAgent: request.headers['user-agent'],
    signal: operation.signal,
    facts,
    ledger,
    onCall: (call) => {
      ledger.calls.push(call);
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
