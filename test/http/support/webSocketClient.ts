/** A WebSocket client that sends what it is told to, also what no proper client would. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { WebSocket, type ClientOptions } from 'ws';

/** What an operation answers with. */
export interface Result {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: {
    readonly message: string;
    readonly path?: unknown;
    readonly extensions: { readonly code: string; readonly requestId: string; readonly retryable: boolean };
  }[];
  readonly extensions?: Record<string, unknown>;
}

/** A message of the protocol graphql-transport-ws. */
export interface ProtocolMessage {
  readonly type: string;
  readonly id?: string;
  readonly payload?: Result;
}

/** How a socket ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** An open WebSocket. */
export interface SocketClient {
  readonly socket: WebSocket;
  /** Everything that came. */
  readonly messages: readonly ProtocolMessage[];
  readonly closed: Promise<Closed>;
  /** Sends a message, or text as it is. */
  readonly send: (message: object | string) => void;
  /** Sends `connection_init` and waits for the answer. */
  init(payload?: object): Promise<void>;
  /** Waits for a message, also one that came already. Rejects when the socket closes before. */
  readonly next: (matches: (message: ProtocolMessage) => boolean) => Promise<ProtocolMessage>;
  /** Runs an operation and returns the payload of its first result, or of its error as `{ errors }`. */
  run(query: string, options?: { variables?: Record<string, unknown>; operationName?: string }): Promise<Result>;
  close(): void;
}

/** How a client differs from the usual one. */
export interface SocketOptions extends Pick<ClientOptions, 'headers' | 'autoPong'> {
  readonly path?: string;
}

function watch(socket: WebSocket): Pick<SocketClient, 'messages' | 'closed' | 'next'> {
  const messages: ProtocolMessage[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()) as ProtocolMessage);
    for (const look of waiting) look();
  });
  const closed = once(socket, 'close').then(([code, reason]) => ({ code: code as number, reason: String(reason as Buffer) }));
  const next: SocketClient['next'] = (matches) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const message = messages.find(matches);
        if (!message) return;
        waiting.delete(look);
        resolve(message);
      };
      waiting.add(look);
      void closed.then((end) => reject(new Error(`the socket closed: ${JSON.stringify(end)}`)));
      look();
    });
  return { messages, closed, next };
}

/** Opens a socket; rejects when the upgrade is refused, with status and body in the message. */
export async function openSocket(url: string, options: SocketOptions = {}): Promise<SocketClient> {
  const { path = '/graphql', ...clientOptions } = options;
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, 'graphql-transport-ws', clientOptions);
  const watched = watch(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      void text(response).then((body) => reject(new Error(`${response.statusCode ?? 0} ${body}`)));
    });
  });
  socket.on('error', () => undefined);
  let operations = 0;
  const send = (message: object | string): void => socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  return {
    socket,
    ...watched,
    send,
    async init(payload) {
      send({ type: 'connection_init', ...(payload && { payload }) });
      await watched.next(({ type }) => type === 'connection_ack');
    },
    async run(query, { variables, operationName } = {}) {
      const id = `run-${(operations += 1)}`;
      send({ id, type: 'subscribe', payload: { query, variables, operationName } });
      const answer = await watched.next((message) => message.id === id && message.type !== 'complete');
      if (answer.type === 'error') return { errors: answer.payload as unknown as NonNullable<Result['errors']> };
      return answer.payload ?? {};
    },
    close: () => socket.close(),
  };
}
