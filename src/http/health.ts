/** What load balancers and people ask: is the process alive, may it get requests, what state is it in. */
import type { FastifyInstance, FastifyReply } from 'fastify';

/** State of the database as last seen. */
export interface DatabaseHealth {
  readonly status: 'up' | 'down';
  /** Of the check itself, in milliseconds. */
  readonly latencyMs: number;
}

/** What the health answers are made of. */
export interface HealthOptions {
  /** Resolves when the database answered a cheap call; rejects otherwise, also when `signal` aborts. */
  readonly ping: (signal: AbortSignal) => Promise<unknown>;
  readonly version: string;
  /** True from the moment that the process was asked to stop. */
  readonly isStopping: () => boolean;
  /** Clock in milliseconds; `performance.now` by default. */
  readonly now?: () => number;
}

const pingTimeoutMs = 1_000;
const cacheMs = 1_000;

/**
 * Returns a check of the database that asks at most once a second however often it is called, and that gives up after a
 * second: probes of many load balancers must not become load. Never rejects.
 */
export function createDatabaseCheck({
  ping,
  now = () => performance.now(),
}: Pick<HealthOptions, 'ping' | 'now'>): () => Promise<DatabaseHealth> {
  let latest: { readonly at: number; readonly result: Promise<DatabaseHealth> } | null = null;
  const check = async (): Promise<DatabaseHealth> => {
    const started = now();
    const answer = await Promise.race([
      ping(AbortSignal.timeout(pingTimeoutMs)).then(
        () => 'up' as const,
        () => 'down' as const,
      ),
      // A ping that ignores its signal must not hold the answer up.
      new Promise<'down'>((resolve) => setTimeout(() => resolve('down'), pingTimeoutMs + 50).unref()),
    ]);
    return { status: answer, latencyMs: Math.round((now() - started) * 10) / 10 };
  };
  return () => {
    if (!latest || now() - latest.at >= cacheMs) latest = { at: now(), result: check() };
    return latest.result;
  };
}

function send(reply: FastifyReply, healthy: boolean, body: object): void {
  void reply
    .code(healthy ? 200 : 503)
    .header('cache-control', 'no-store')
    .send(body);
}

/** Registers `GET /api/health` (for people and monitors), `/livez` and `/readyz` (for orchestrators; 503 takes it out of service). */
export function registerHealth(server: FastifyInstance, options: HealthOptions): void {
  const checkDatabase = createDatabaseCheck(options);
  const startedAt = new Date();

  server.get('/api/health', { logLevel: 'warn' }, async (_request, reply) => {
    const dynamodb = await checkDatabase();
    const status = options.isStopping() ? 'stopping' : dynamodb.status === 'up' ? 'ok' : 'unavailable';
    const uptime = Math.round((Date.now() - startedAt.getTime()) / 100) / 10;
    send(reply, status === 'ok', {
      status,
      version: options.version,
      uptime,
      startedAt: startedAt.toISOString(),
      timestamp: new Date().toISOString(),
      services: { dynamodb },
    });
    return reply;
  });

  server.get('/livez', { logLevel: 'warn' }, (_request, reply) => send(reply, true, { status: 'ok' }));

  server.get('/readyz', { logLevel: 'warn' }, async (_request, reply) => {
    if (options.isStopping()) send(reply, false, { status: 'stopping' });
    else if ((await checkDatabase()).status === 'up') send(reply, true, { status: 'ok' });
    else send(reply, false, { status: 'unavailable', reason: 'the database does not answer' });
    return reply;
  });
}
