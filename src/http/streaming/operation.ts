/** Operations that come over a WebSocket or an event stream: the one place where they are admitted, and how they run. */
import {
  createSourceEventStream,
  execute,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionArgs,
  type FormattedExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from 'pino';
import { isCostConcealed } from '../../auth/concealment.ts';
import type { Config } from '../../config.ts';
import type { Context, Services } from '../../context.ts';
import { RequestError } from '../../errors.ts';
import { admit } from '../../graphql/admission.ts';
import { payForRefused, refuseExhausted } from '../../graphql/rateLimiting.ts';
import { prepareOperation, type OperationRequest } from '../../limits/operation.ts';
import { observeOperation } from '../apollo.ts';
import type { Capacity } from '../capacity.ts';
import { extensionsOf } from '../explain.ts';
import type { RequestFacts } from '../logging.ts';
import { rateLimitExtensions } from '../rateLimits.ts';
import { observed, openContext } from '../requestContext.ts';
import { clientLeft, createOperationSignal, unlessAborted, type OperationSignal } from '../requestSignal.ts';
import { formatErrors, formatResult } from './answer.ts';
import { measured } from './measure.ts';
import { createResultStream, type ResultStream } from './resultStream.ts';
import type { StreamingSettings } from './settings.ts';

/** What both transports work with. */
export interface Streaming {
  readonly config: Config;
  readonly services: Services;
  readonly schema: GraphQLSchema;
  readonly settings: StreamingSettings;
  /** Shared with HTTP. */
  readonly capacity: Capacity;
}

/** Who sends operations. */
export interface StreamClient {
  readonly ip: string;
  /** Of the request that opened the connection. */
  readonly headers: IncomingHttpHeaders;
  readonly authorization: string | undefined;
  /** Scheme, host and port of this server as the client knows it. */
  readonly origin?: string | undefined;
}

/** An operation as it arrived. */
export interface Arrival {
  /** What it came over. */
  readonly transport: 'websocket' | 'event-stream';
  readonly client: StreamClient;
  readonly request: OperationRequest;
  readonly requestId: string;
  readonly log: Logger;
  /** Filled with what the log says of it. */
  readonly facts: RequestFacts;
  /** Ends it when the client left or completed it. The deadline in it is for the way to the first result. */
  readonly life: OperationSignal;
  /** Throws for operations that the transport does not carry. */
  readonly checkTransport?: (operation: OperationDefinitionNode) => void;
}

/** An operation that may run. */
export interface AdmittedOperation {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly isSubscription: boolean;
  /** Why the credentials are not valid, where they are not. */
  readonly problem: RequestError | null;
  readonly viewerId: string | null;
  /** Runs it, once. Never rejects: failures are in the results. */
  run(): Promise<FormattedExecutionResult | ResultStream>;
}

/** The errors that a sender gets in place of results, and the first of them as it was thrown. */
export interface Refusal {
  readonly errors: readonly GraphQLFormattedError[];
  readonly cause: unknown;
}

function contextOf({ services }: Streaming, arrival: Omit<Arrival, 'request' | 'transport'>, life: OperationSignal): Promise<Context> {
  const { client, requestId: id, log, facts } = arrival;
  return openContext(services, { id, log, facts, operation: life, ...client });
}

function problemOf({ credentials }: Context): RequestError | null {
  return 'problem' in credentials ? credentials.problem : null;
}

/** Checks the credentials of a client anew, as an operation would. Rejects when that was impossible. */
export async function checkCredentials(
  streaming: Streaming,
  { client, log }: Pick<Arrival, 'client' | 'log'>,
): Promise<Context['credentials']> {
  const life = createOperationSignal(streaming.config.http.operationTimeoutMs);
  const facts: RequestFacts = {};
  try {
    const context = await contextOf(streaming, { client, log, requestId: crypto.randomUUID(), facts, life }, life);
    return context.credentials;
  } finally {
    facts.operationTrace?.end([]);
    life.clear();
  }
}

/**
 * Admits an operation: its sender is known and has points left, it is parsed, valid and within the limits, and it is paid for.
 * Returns it, or the errors that its sender gets, with the codes of the same request over HTTP. Never rejects.
 */
export async function admitOperation(streaming: Streaming, arrival: Arrival): Promise<AdmittedOperation | Refusal> {
  const startedAt = performance.now();
  const admission = await admitUnmeasured(streaming, arrival);
  return measured(streaming.services.metrics, { arrival, startedAt, admission });
}

async function admitUnmeasured(streaming: Streaming, arrival: Arrival): Promise<AdmittedOperation | Refusal> {
  if (streaming.capacity.shortage() !== null) {
    streaming.services.metrics.shed('operation over a connection');
    const message = 'The server is busy and has not looked at this operation. Try again in a moment.';
    return refuse(arrival, [new RequestError('THROTTLED', message, { retryable: true })]);
  }
  try {
    const context = await contextOf(streaming, arrival, arrival.life);
    return await admitIn(context, streaming, arrival).catch(async (error: unknown) => {
      await payForRefused(context);
      return refuse(arrival, [error]);
    });
  } catch (error) {
    return refuse(arrival, [error]);
  }
}

async function admitIn(context: Context, streaming: Streaming, arrival: Arrival): Promise<AdmittedOperation | Refusal> {
  const { schema, config } = streaming;
  const { request, facts } = arrival;
  refuseExhausted(context);
  const prepared = prepareOperation(schema, request);
  if (!('document' in prepared)) {
    await payForRefused(context);
    return refuse(arrival, config.introspection ? prepared : prepared.map(withoutSuggestion));
  }
  const { document, operation } = prepared;
  observeOperation(context, prepared, config);
  arrival.checkTransport?.(operation);
  const problem = problemOf(context);
  const isSubscription = operation.operation === OperationTypeNode.SUBSCRIPTION;
  if (problem && isSubscription) throw problem;
  const variables = (request.variables ?? undefined) as Record<string, unknown> | undefined;
  facts.cost = (await admit(context, { schema, document, operation, variables }, config)).cost;
  const operationName = operation.name?.value;
  const args = { schema, document, contextValue: context, variableValues: variables, operationName };
  const run = () => (isSubscription ? subscribe(streaming, arrival, args) : answer(streaming, arrival, args));
  return { document, operationName, isSubscription, problem, viewerId: facts.userId ?? null, run };
}

/** Names of the schema are for those who may see it; Apollo Server leaves the same words out. */
function withoutSuggestion(error: GraphQLError): GraphQLError {
  error.message = error.message.replace(/ ?Did you mean(.+?)\?$/, '');
  return error;
}

function refuse({ requestId, log, life }: Arrival, errors: readonly unknown[]): Refusal {
  life.clear();
  return { errors: formatErrors(errors, { requestId, log }), cause: errors[0] };
}

type RunArgs = ExecutionArgs & { readonly contextValue: Context };

/** Runs a query or mutation. */
async function answer(
  { config, capacity }: Streaming,
  { requestId, log, life }: Arrival,
  args: RunArgs,
): Promise<FormattedExecutionResult> {
  const site = { requestId, log };
  const leave = capacity.enter();
  try {
    life.signal.throwIfAborted();
    const result = formatResult(await unlessAborted(life.signal, Promise.resolve(execute(args))), site);
    const { contextValue } = args;
    const cost = extensionsOf(observed(contextValue).ledger, { ...config, isConcealed: isCostConcealed(contextValue) });
    const rateLimit = rateLimitExtensions(contextValue);
    return cost || rateLimit ? { ...result, extensions: { ...cost, ...rateLimit } } : result;
  } catch (error) {
    return { errors: formatErrors([error], site) };
  } finally {
    leave();
    life.clear();
  }
}

/** Starts a subscription. Its start has a deadline, and each of its events; between them it has all the time of the world. */
async function subscribe(streaming: Streaming, arrival: Arrival, args: RunArgs): Promise<FormattedExecutionResult | ResultStream> {
  const { requestId, log, life } = arrival;
  const describe = (error: unknown) => ({ errors: formatErrors([error], { requestId, log }) });
  try {
    life.signal.throwIfAborted();
    const source = await unlessAborted(life.signal, createSourceEventStream(args));
    if (!(Symbol.asyncIterator in source)) return formatResult(source, { requestId, log });
    const onEnd = () => life.abort(clientLeft());
    const results = createResultStream({
      source,
      describe,
      answer: (event) => answerEvent(streaming, arrival, { ...args, rootValue: event }),
      onEnd,
    });
    life.signal.addEventListener('abort', () => results.end(), { once: true });
    return results;
  } catch (error) {
    return describe(error);
  } finally {
    life.clear();
  }
}

/** Returns the result for one event, in a context of its own: loaders must not remember, and credentials may have ended. */
async function answerEvent(streaming: Streaming, arrival: Arrival, args: RunArgs): Promise<FormattedExecutionResult> {
  const { requestId, log, life } = arrival;
  const own = createOperationSignal(streaming.config.http.operationTimeoutMs);
  const leave = (): void => own.abort(clientLeft());
  life.signal.addEventListener('abort', leave, { once: true });
  try {
    const contextValue = await contextOf(streaming, arrival, own);
    arrival.facts.operationTrace?.describe({ name: arrival.facts.operation, type: 'event' });
    const problem = problemOf(contextValue);
    if (problem) throw problem;
    return formatResult(await unlessAborted(own.signal, Promise.resolve(execute({ ...args, contextValue }))), { requestId, log });
  } finally {
    life.signal.removeEventListener('abort', leave);
    arrival.facts.operationTrace?.end([]);
    own.clear();
  }
}
