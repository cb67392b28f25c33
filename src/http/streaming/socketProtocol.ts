/** The protocol graphql-transport-ws over one socket: sign-in, operations, their end. */
import { GraphQLError, type ExecutionArgs, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql';
import {
  CloseCode,
  makeServer,
  MessageType,
  parseMessage,
  stringifyMessage,
  type Context,
  type Message,
  type OperationResult,
  type Server,
  type SubscribePayload,
} from 'graphql-ws';
import type { Logger } from 'pino';
import { RequestError, toRequestError } from '../../errors.ts';
import { checkAnswer } from '../graphql.ts';
import { logOperation, type OperationOutcome, type RequestFacts } from '../logging.ts';
import { clientLeft, createOperationSignal, type OperationSignal } from '../requestSignal.ts';
import { formatErrors } from './answer.ts';
import { tryAgainLater, type BoundedSocket } from './boundSocket.ts';
import type { ConnectionCount } from './connectionCount.ts';
import { watchCredentials } from './credentialWatch.ts';
import { admitOperation, checkCredentials, type AdmittedOperation, type Refusal, type StreamClient, type Streaming } from './operation.ts';

/** An operation from its arrival to its end. */
export interface RunningOperation {
  readonly requestId: string;
  readonly log: Logger;
  /** What the log says of it. */
  readonly facts: RequestFacts;
  readonly startedAt: number;
  readonly life: OperationSignal;
  isSubscription: boolean;
  /** Settles when everything about it was sent. */
  sent: Promise<void>;
  /** How it will have ended. */
  outcome: OperationOutcome;
}

/** One client and its socket. */
export interface Connection {
  client: StreamClient;
  readonly log: Logger;
  readonly socket: BoundedSocket;
  /** By the ids that the client gave them. */
  readonly operations: Map<string, RunningOperation>;
  /** Ends what the connection counts as: at first one of its address, then one of its user. */
  endCount: () => void;
  stopWatching: () => void;
}

/** What all sockets of a server share. */
export interface SocketServices {
  readonly streaming: Streaming;
  readonly count: ConnectionCount;
  readonly isStopping: () => boolean;
}

type ProtocolContext = Context<Record<string, unknown>, Connection>;

/** Returns the credentials of `connection_init`, as the HTTP header would have them; undefined for none. */
function authorizationOf(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const given = params?.['authorization'] ?? params?.['Authorization'];
  // What is no text is refused in the words for a header that is no "Bearer …".
  return given == null || typeof given === 'string' ? (given ?? undefined) : JSON.stringify(given);
}

/** Ends a connection whose credentials are not valid. Clients of graphql-ws connect again, asking their user for new ones. */
function endForbidden({ socket }: Connection, problem: RequestError): void {
  socket.close(CloseCode.Forbidden, problem.message);
}

/** Counts a connection as one of its user, and looks at its credentials from now on. Returns false when it has to go. */
function enterAs({ streaming, count }: SocketServices, connection: Connection, userId: string): boolean {
  const { settings } = streaming;
  const endCount = count.open(userId);
  if (endCount === null) {
    connection.socket.close(tryAgainLater, `You have ${settings.connectionsPerClient} connections, which is the most. Close some first.`);
    return false;
  }
  connection.endCount();
  connection.endCount = endCount;
  connection.stopWatching = watchCredentials({
    check: () => checkCredentials(streaming, connection),
    everyMs: settings.credentialCheckMs,
    onLost: (problem) => endForbidden(connection, problem),
  });
  return true;
}

/** Answers `connection_init`. Returns false for a client that has to go, whose socket is closed then. */
async function signIn(services: SocketServices, { extra: connection, connectionParams }: ProtocolContext): Promise<boolean> {
  const { socket, log } = connection;
  const authorization = authorizationOf(connectionParams) ?? connection.client.authorization;
  connection.client = { ...connection.client, authorization };
  try {
    const credentials = await checkCredentials(services.streaming, connection);
    if (!socket.isOpen()) return false;
    if ('problem' in credentials) throw credentials.problem;
    return credentials.viewer === null || enterAs(services, connection, credentials.viewer.id);
  } catch (error) {
    const problem = toRequestError(error);
    if (problem.code === 'INTERNAL_SERVER_ERROR') log.error({ err: error }, 'the credentials of a WebSocket could not be checked');
    if (problem.retryable) socket.close(tryAgainLater, problem.message);
    else if (problem.code === 'UNAUTHENTICATED') endForbidden(connection, problem);
    else socket.close(CloseCode.InternalServerError, problem.message);
    return false;
  }
}

/** Until graphql-ws handles an operation. */
const notSent = Promise.resolve();

/** Notes the arrival of an operation, so that its client, or the end of the socket, can end it from now on. */
function begin({ operations, log }: Connection, { id, deadlineMs }: { id: string; deadlineMs: number }): RunningOperation {
  const requestId = crypto.randomUUID();
  const running: RunningOperation = {
    ...{ requestId, log: log.child({ requestId }), facts: {}, startedAt: performance.now() },
    ...{ life: createOperationSignal(deadlineMs), isSubscription: false, sent: notSent, outcome: 'answered' },
  };
  operations.set(id, running);
  return running;
}

/** Ends an operation that its client does not want any more. */
export function abandon(running: RunningOperation): void {
  if (!running.isSubscription) running.outcome = 'abandoned';
  running.life.abort(clientLeft());
}

/** Lets an operation in, or not. */
async function admitOver(
  { streaming }: SocketServices,
  { connection, id, payload }: { connection: Connection; id: string; payload: SubscribePayload },
): Promise<AdmittedOperation | Refusal> {
  const { operationsPerSocket } = streaming.settings;
  const isFull = connection.operations.size >= operationsPerSocket;
  const running = begin(connection, { id, deadlineMs: streaming.config.http.operationTimeoutMs });
  const admission = isFull
    ? tooManyOperations(operationsPerSocket, running)
    : await admitOperation(streaming, { ...running, transport: 'websocket', client: connection.client, request: payload });
  if ('errors' in admission) running.outcome = 'refused';
  else running.isSubscription = admission.isSubscription;
  const problem = 'errors' in admission ? admission.cause : admission.problem;
  if (problem instanceof RequestError && problem.code === 'UNAUTHENTICATED' && !problem.retryable) endForbidden(connection, problem);
  return admission;
}

function tooManyOperations(most: number, running: RunningOperation): Refusal {
  const message = `${most} operations run over this connection, which is the most. Wait for one of them, or complete it.`;
  const cause = new RequestError('RATE_LIMITED', message, { retryable: true });
  return { cause, errors: formatErrors([cause], running) };
}

/** Returns the protocol. graphql-ws reads and writes the messages and knows the close codes; what runs, and errors, are this server's. */
export function createSocketProtocol(services: SocketServices): Server<Connection> {
  const { settings, schema } = services.streaming;
  const refusals = new WeakMap<readonly GraphQLError[], readonly GraphQLFormattedError[]>();
  // Results are formatted already: graphql-ws passes them on, and what `onNext` returns it sends as it is.
  const execute = (args: ExecutionArgs) => (args.contextValue as AdmittedOperation).run() as OperationResult;
  return makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: settings.initTimeoutMs,
    onConnect: (context) => signIn(services, context),
    onSubscribe: async ({ extra: connection }, id, payload) => {
      const admission = await admitOver(services, { connection, id, payload });
      if ('errors' in admission) {
        const refusal = [new GraphQLError('refused')];
        refusals.set(refusal, admission.errors);
        return refusal;
      }
      const { document, operationName } = admission;
      return { schema, document, operationName, contextValue: admission };
    },
    execute,
    subscribe: execute,
    onNext: (_context, _id, _payload, _args, result) => result as FormattedExecutionResult,
    onError: (_context, _id, _payload, errors) => refusals.get(errors),
  });
}

/** Sends a message; in place of an answer that is too large, the error that says so. */
export function sendMessage({ socket, operations, log }: Connection, text: string): Promise<void> {
  try {
    checkAnswer(text);
    return socket.send(text);
  } catch (error) {
    const { id } = JSON.parse(text) as { id: string };
    const site = operations.get(id) ?? { requestId: crypto.randomUUID(), log };
    return socket.send(stringifyMessage({ id, type: MessageType.Next, payload: { errors: formatErrors([error], site) } }));
  }
}

/** Takes one message of a client. `handle` is that of graphql-ws. */
export function receiveMessage(
  { isStopping }: SocketServices,
  { connection, text, handle }: { connection: Connection; text: string; handle: (text: string) => Promise<void> },
): void {
  const { socket, operations, log } = connection;
  const message = readMessage(text);
  // graphql-ws ends subscriptions when their client completes them; queries and mutations would go on.
  const completed = message?.type === MessageType.Complete ? operations.get(message.id) : undefined;
  if (completed) abandon(completed);
  if (message?.type === MessageType.Subscribe && isStopping()) return;
  if (message !== null && !fromClients.has(message.type)) {
    socket.close(CloseCode.BadRequest, `Invalid message received: clients do not send "${message.type}"`);
    return;
  }
  const handled = handle(text).catch((error: unknown) => {
    log.error({ err: error }, 'a message of a WebSocket could not be handled');
    socket.close(CloseCode.InternalServerError, 'Something went wrong on our side');
  });
  if (message?.type === MessageType.Subscribe) finishWhenSent(connection, { id: message.id, handled });
}

/** Forgets an operation once everything about it was sent. */
function finishWhenSent({ operations }: Connection, { id, handled }: { id: string; handled: Promise<void> }): void {
  const running = operations.get(id);
  if (!running || running.sent !== notSent) return;
  running.sent = handled.then(() => {
    if (operations.get(id) === running) operations.delete(id);
    running.life.clear();
    logOperation(running.log, running);
  });
}

/** What clients may send. */
const fromClients: ReadonlySet<MessageType> = new Set([
  MessageType.ConnectionInit,
  MessageType.Ping,
  MessageType.Pong,
  MessageType.Subscribe,
  MessageType.Complete,
]);

/** Returns a message, or null for text that is none: graphql-ws ends its sender. */
function readMessage(text: string): Message | null {
  try {
    return parseMessage(text);
  } catch {
    return null;
  }
}
