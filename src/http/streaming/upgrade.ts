/**
 * Requests that want to leave HTTP/1.1. Node's HTTP server hands all of them over once anybody listens for `upgrade`, and
 * then answers none. Those for a WebSocket go through Fastify like every other request, so that its hooks (request id,
 * shedding, errors as JSON) hold for them; the others (`h2c`, which some HTTP clients offer with every request) are
 * answered over HTTP/1.1 as if they had not asked, which RFC 9110, 7.8, allows.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** A connection that wants to become a WebSocket. */
export interface Upgrade {
  readonly socket: Socket;
  /** What the client sent behind its request already. */
  readonly head: Buffer;
  /** Gives the connection to somebody else: Node's HTTP has nothing to do with it any more. */
  release(): void;
}

const upgrades = new WeakMap<IncomingMessage, Upgrade>();

/** Returns the connection behind a request that wants to become a WebSocket; undefined for other requests. */
export function upgradeOf({ raw }: FastifyRequest): Upgrade | undefined {
  return upgrades.get(raw);
}

/** Hop-by-hop headers that only the offer needs (RFC 9113, 3.1). */
const offerHeaders = new Set(['upgrade', 'connection', 'http2-settings']);

/** Puts a request back into its connection without the offer, and lets Node read it again. */
function answerOverHttp(
  server: FastifyInstance,
  { request, socket, head }: { request: IncomingMessage; socket: Socket; head: Buffer },
): void {
  const lines = [`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i] ?? '';
    if (!offerHeaders.has(name.toLowerCase())) lines.push(`${name}: ${request.rawHeaders[i + 1] ?? ''}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.server.emit('connection', socket);
}

function dispatch(server: FastifyInstance, { request, socket, head }: { request: IncomingMessage; socket: Socket; head: Buffer }): void {
  const response = new ServerResponse(request);
  // A client that resets the connection before it is a WebSocket; afterwards the WebSocket listens.
  const ignore = (): void => undefined;
  socket.on('error', ignore);
  response.assignSocket(socket);
  // Nobody reads a second request from this connection: who is refused gets the answer, and the connection ends.
  response.shouldKeepAlive = false;
  response.once('finish', () => socket.destroySoon());
  const release = (): void => {
    response.detachSocket(socket);
    socket.off('error', ignore);
  };
  upgrades.set(request, { socket, head, release });
  server.routing(request, response);
}

/** Takes the requests that want to leave HTTP/1.1. `upgradeOf` tells the handler of a WebSocket which ones are its. */
export function registerUpgrades(server: FastifyInstance): void {
  server.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    (isWebSocket ? dispatch : answerOverHttp)(server, { request, socket, head });
  });
}
