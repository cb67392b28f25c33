/** GraphQL over WebSocket on `/graphql`: the protocol graphql-transport-ws (github.com/enisdenjo/graphql-ws, PROTOCOL.md). */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { handleProtocols } from 'graphql-ws';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { clientNetwork } from '../limits/clientNetwork.ts';
import { endWithError, errorBody } from './errors.ts';
import { transportBodyLimit } from './graphql.ts';
import { createOriginCheck } from './headers.ts';
import { originOf, pinoOf } from './requestContext.ts';
import { boundSocket, goingAway, readText, tryAgainLater } from './streaming/boundSocket.ts';
import { createConnectionCount } from './streaming/connectionCount.ts';
import type { Streaming } from './streaming/operation.ts';
import {
  abandon,
  createSocketProtocol,
  receiveMessage,
  sendMessage,
  type Connection,
  type SocketServices,
} from './streaming/socketProtocol.ts';
import { registerUpgrades, upgradeOf } from './streaming/upgrade.ts';
import { endUpgradeSpan } from './traces.ts';

/** The open sockets of a server. */
interface Sockets {
  serve(socket: WebSocket, request: FastifyRequest): void;
  stop(): Promise<void>;
}

function createSockets(services: SocketServices): Sockets {
  const { streaming, count } = services;
  const { settings } = streaming;
  const protocol = createSocketProtocol(services);
  const open = new Map<Connection, WebSocket>();

  function serve(socket: WebSocket, request: FastifyRequest): void {
    const operations: Connection['operations'] = new Map();
    const abandonAll = (): void => operations.forEach(abandon);
    const bounded = boundSocket(socket, { settings, onClosing: abandonAll });
    const log = pinoOf(request);
    const endCount = count.open(clientNetwork(request.ip));
    if (endCount === null) {
      bounded.close(
        tryAgainLater,
        `Too many connections: ${settings.connectionsPerClient} of a network without sign-in are the most. Sign in, or close some.`,
      );
      return;
    }
    const { ip, headers } = request;
    const client = { ip, headers, authorization: headers.authorization, origin: originOf(request) };
    const connection: Connection = { client, log, socket: bounded, operations, endCount, stopWatching: () => undefined };
    open.set(connection, socket);
    const onMessage = (handle: (text: string) => Promise<void>): void => {
      socket.on('message', (data, isBinary) => {
        const text = bounded.isOpen() ? readText(bounded, { data, isBinary }) : null;
        if (text !== null) receiveMessage(services, { connection, text, handle });
      });
    };
    const closed = protocol.opened(
      { protocol: socket.protocol, send: (text) => sendMessage(connection, text), close: bounded.close, onMessage },
      connection,
    );
    socket.once('close', (code, reason) => {
      open.delete(connection);
      connection.endCount();
      connection.stopWatching();
      abandonAll();
      log.info({ transport: 'websocket', path: '/graphql', code }, 'connection closed');
      void closed(code, reason.toString());
    });
  }

  /** Resolves when the queries and mutations that run over a connection were answered. */
  function answered({ operations }: Connection): Promise<unknown> {
    return Promise.all([...operations.values()].filter(({ isSubscription }) => !isSubscription).map(({ sent }) => sent));
  }

  async function end(connection: Connection, socket: WebSocket): Promise<void> {
    const isOver = new Promise((resolve) => socket.once('close', resolve));
    await Promise.race([answered(connection), isOver, sleep(settings.stopWaitMs, undefined, { ref: false })]);
    connection.socket.close(goingAway, 'The server is going away. Connect again.');
    await isOver;
  }

  async function stop(): Promise<void> {
    await Promise.all([...open].map(([connection, socket]) => end(connection, socket)));
  }

  return { serve, stop };
}

/**
 * Takes the requests for WebSockets. Returns what ends them all: queries and mutations in flight finish first, then every
 * socket is closed with 1001. What clients send meanwhile is not begun: those of graphql-ws send it again elsewhere.
 */
export function registerWebSocket(server: FastifyInstance, streaming: Streaming): () => Promise<void> {
  const { config, settings } = streaming;
  const count = createConnectionCount({ perClient: settings.connectionsPerClient, total: settings.connections });
  streaming.services.metrics.watch('webSockets', () => count.size());
  let isStopping = false;
  const sockets = createSockets({ streaming, count, isStopping: () => isStopping });
  const isAllowedOrigin = createOriginCheck(config.http);
  const options: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    // Larger messages end the socket without a word; who sends one up to here is told what to do.
    maxPayload: transportBodyLimit,
    // Compression takes 300 KB a socket, and a kilobyte of it can hold a megabyte.
    perMessageDeflate: false,
    handleProtocols,
    // Of ws 8.23; its types do not know it yet.
    closeTimeout: settings.closeTimeoutMs,
  };
  const handshake = new WebSocketServer(options);
  handshake.on('wsClientError', (error: Error, socket: Duplex, request: IncomingMessage) => {
    endUpgradeSpan(request, 400);
    endWithError(socket, 400, `${error.message}.`);
  });

  function refusalOf({ url, headers }: FastifyRequest): { status: number; message: string } | null {
    const path = url.split('?', 1)[0] ?? '';
    if (path !== '/graphql') return { status: 404, message: `There is no WebSocket at ${path.slice(0, 200)}, only at /graphql.` };
    if (isStopping) return { status: 503, message: 'The server is stopping. Connect again in a moment.' };
    const { origin, host } = headers;
    if (isAllowedOrigin(origin, host)) return null;
    return {
      status: 403,
      message: `Pages of ${String(origin).slice(0, 200)} may not use this API; its operator lists those that may in CORS_ORIGIN.`,
    };
  }

  registerUpgrades(server);
  server.addHook('onRequest', (request, reply, done) => {
    const upgrade = upgradeOf(request);
    if (!upgrade) {
      done();
      return;
    }
    const refusal = refusalOf(request);
    if (refusal) {
      void reply.code(refusal.status).send(errorBody(refusal.status, refusal.message, request.id));
      return;
    }
    reply.hijack();
    upgrade.release();
    handshake.handleUpgrade(request.raw, upgrade.socket, upgrade.head, (socket: WebSocket) => {
      endUpgradeSpan(request.raw, 101);
      sockets.serve(socket, request);
    });
  });
  return () => {
    isStopping = true;
    return sockets.stop();
  };
}
