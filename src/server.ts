/** The HTTP server: GraphQL, explorer, health; what every request passes through. */
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { readFileSync } from 'node:fs';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { Services } from './context.ts';
import { connect } from './data/connection.ts';
import { tables } from './data/tables.ts';
import { createSchema } from './graphql/schema.ts';
import { registerArchive } from './http/archive.ts';
import { createCapacity } from './http/capacity.ts';
import { answerBrokenHttp, answerError, registerErrorAnswers } from './http/errors.ts';
import { registerExplorerFiles } from './http/explorer.ts';
import { registerGraphql, transportBodyLimit } from './http/graphql.ts';
import { registerCors, registerSecurityHeaders } from './http/headers.ts';
import { registerHealth } from './http/health.ts';
import { registerRequestLog } from './http/logging.ts';
import { observeRequests, registerMetrics } from './http/metrics.ts';
import { requestIdOf } from './http/requestId.ts';
import { registerShedding } from './http/shedding.ts';
import { traceRequests } from './http/traces.ts';
import { registerStreaming } from './http/streaming.ts';
import { usualStreaming, type StreamingSettings } from './http/streaming/settings.ts';
import { packageRoot } from './root.ts';

/** What a server is made of. */
export interface ServerOptions {
  readonly config: Config;
  readonly services: Services;
  readonly log: Logger;
  /** True from the moment that the process was asked to stop; `/readyz` answers 503 then. */
  readonly isStopping?: () => boolean;
  /** The schema of this API unless given. */
  readonly schema?: GraphQLSchema;
  /** Other bounds of WebSockets and event streams than the usual ones. */
  readonly streaming?: Partial<StreamingSettings>;
  /** Other patience with slow senders than the usual one. */
  readonly slowSenders?: SlowSenders;
}

/** How long senders may take; slow ones would hold sockets otherwise. All in milliseconds. */
export interface SlowSenders {
  /** For the headers of a request. */
  readonly headersMs: number;
  /** For all of a request. */
  readonly requestMs: number;
  /** How often Node looks for those who took longer. */
  readonly checkMs: number;
}

/** Without these Node gives headers 60 s and requests 300 s, and looks every 30 s. */
const usualSlowSenders: SlowSenders = { headersMs: 15_000, requestMs: 30_000, checkMs: 2_000 };

/** Returns the version of this package. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as { version: string };
  return version;
}

/** Fastify itself takes a number of proxies for a mistake; here the operator vouches that clients cannot reach the server past them. */
function trustedProxies({ trustProxy }: Config['http']): string | false | ((address: string, hop: number) => boolean) {
  return typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : trustProxy;
}

/**
 * How long a connection without a request is kept: longer than load balancers keep theirs (60 s usually; 140 s in the CDK
 * stack, since an answer of the assistant may take that long in silence), or they send into one that is just being closed.
 */
const keepAliveMs = 150_000;

function createFastify({ config, log, slowSenders }: Required<Pick<ServerOptions, 'config' | 'log' | 'slowSenders'>>): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = log;
  return fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    bodyLimit: transportBodyLimit,
    trustProxy: trustedProxies(config.http),
    // `true` would cut requests in flight off when the server stops.
    forceCloseConnections: 'idle',
    requestTimeout: slowSenders.requestMs,
    keepAliveTimeout: keepAliveMs,
    http: { headersTimeout: slowSenders.headersMs, connectionsCheckingInterval: slowSenders.checkMs },
    routerOptions: { ignoreTrailingSlash: true },
    clientErrorHandler: answerBrokenHttp,
    frameworkErrors: answerError,
  });
}

/** A read of one key that no item has: half a read unit, and proof of the way to the database and of the right to read. */
function pingDatabase(services: Services): (signal: AbortSignal) => Promise<unknown> {
  return (signal) => connect(services.database, { signal }).get('settings', { [tables.settings.key.partition]: 'health' });
}

/** How long connections that have been used before may take to send what they are about to send. */
const lastRequestsMs = 250;

/** How long a connection that has not sent anything yet is waited for: who has just connected is about to send a request. */
const firstRequestMs = 2_000;

interface Connections {
  readonly open: Set<Socket>;
  /** How many there have been. */
  accepted: number;
}

const connectionsOf = new WeakMap<FastifyInstance, Connections>();

/** What ends the WebSockets and event streams of a server. */
const endingsOf = new WeakMap<FastifyInstance, () => Promise<void>>();

function trackConnections(server: FastifyInstance): void {
  const connections: Connections = { open: new Set(), accepted: 0 };
  connectionsOf.set(server, connections);
  server.server.on('connection', (socket: Socket) => {
    connections.accepted += 1;
    connections.open.add(socket);
    socket.once('close', () => connections.open.delete(socket));
  });
}

/**
 * Ends a server without cutting anyone off: no new connections, then the requests that are on their way (each answer says
 * "Connection: close"), then those in flight. Fastify alone would close a connection whose request is still in the socket.
 */
export async function closeServer(server: FastifyInstance): Promise<void> {
  const connections = connectionsOf.get(server);
  if (!connections) return server.close();
  await acceptWaiting(connections);
  // Node's http.Server.close() also ends connections that wait for nothing; the close of net.Server ends the listener only.
  NetServer.prototype.close.call(server.server);
  const closedAt = performance.now();
  const silent = (): boolean => [...connections.open].some(({ bytesRead }) => bytesRead === 0);
  do await sleep(lastRequestsMs);
  while (silent() && performance.now() - closedAt < firstRequestMs);
  // Browsers open connections that they may never use; Node would wait for their first request without end.
  for (const socket of connections.open) if (socket.bytesRead === 0) socket.destroy();
  await turns(2);
  await endingsOf.get(server)?.();
  await server.close();
}

/** Resolves when the event loop has gone round this often. Immediates run after the poll for I/O, however late timers are. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

/** As many connections as Node lets the kernel hold for a listener (`backlog` of `net.Server.listen`). */
const backlog = 511;

/**
 * Accepts the connections that the kernel holds by now; closing the listener would reset them. libuv accepts one of them
 * in a turn of the event loop (measured with libuv 1.46: 200 waiting, 7 accepted in 8 turns), so turns go on until none came.
 */
async function acceptWaiting(connections: Connections): Promise<void> {
  const most = connections.accepted + backlog;
  let before: number;
  do {
    before = connections.accepted;
    await turns(3);
  } while (connections.accepted > before && connections.accepted < most);
}

/** Returns the server, ready to listen. End it with `closeServer`. */
export async function createServer({
  config,
  services,
  log,
  isStopping = () => false,
  schema = createSchema(),
  streaming,
  slowSenders = usualSlowSenders,
}: ServerOptions): Promise<FastifyInstance> {
  const server = createFastify({ config, log, slowSenders });
  trackConnections(server);
  registerErrorAnswers(server);
  if (services.tracing) traceRequests(server, services.tracing);
  registerRequestLog(server);
  registerSecurityHeaders(server, config);
  await registerCors(server, config.http);
  const capacity = createCapacity(config.http);
  registerShedding(server, { capacity, isStopping, onShed: (reason) => services.metrics.shed(reason) });
  services.metrics.watch('operationsInFlight', () => capacity.inFlight());
  observeRequests(server, services.metrics);
  // Once nothing new is accepted, clients that keep connections open must not send into one that is about to be closed.
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (!server.server.listening) void reply.header('connection', 'close');
    done();
  });
  registerHealth(server, { ping: pingDatabase(services), version: readVersion(), isStopping });
  registerMetrics(server, { config, metrics: services.metrics });
  registerExplorerFiles(server);
  registerArchive(server, { config, services });
  await registerGraphql(server, { config, services, schema, log });
  const settings = { ...usualStreaming, ...streaming };
  endingsOf.set(server, registerStreaming(server, { config, services, schema, settings, capacity }));
  server.get('/', { logLevel: 'warn' }, (request, reply) => {
    if (request.headers.accept?.includes('text/html')) return reply.redirect('/graphql');
    return reply.send({ name: 'Snapinfra API', graphql: '/graphql', health: '/api/health' });
  });
  await server.ready();
  return server;
}
