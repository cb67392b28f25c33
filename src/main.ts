/** The process: configuration → database → services → server → listen, and the way back. The only module that acts on import. */
import type { FastifyInstance } from 'fastify';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { loadConfig, type Config } from './config.ts';
import { createServices, type Services } from './context.ts';
import { resumeBatches } from './domains/analytics/eventBatches.service.ts';
import { resumeGenerationRemovals } from './domains/codeGenerations/codeGenerationChanges.service.ts';
import { removeExpired } from './domains/codeGenerations/expiry.ts';
import { takeJobs } from './domains/codeGenerations/jobs/runner.ts';
import { resumeDeletions } from './domains/projects/deletion.service.ts';
import { resumeTransfers } from './domains/teams/transfer.service.ts';
import { createLog } from './http/logging.ts';
import { listenForMetrics } from './http/metrics.ts';
import { createMemoryStore, type RateLimitStore } from './limits/rateLimitStore.ts';
import { openRedisStore } from './limits/rateLimitStoreRedis.ts';
import { closeServer, createServer, readVersion } from './server.ts';
import { openChangeFeed, type OpenChanges } from './startup/changes.ts';
import { openDatabase, type OpenDatabase } from './startup/database.ts';
import { greeting } from './startup/greeting.ts';
import type { Tracing, TracingSettings } from './telemetry/tracing.ts';
import { explainListenError, StartProblem, startProblemText } from './startup/problem.ts';

/** Requests in flight get this long to finish after SIGTERM; orchestrators kill after 30 s by default. */
const graceMs = 20_000;

/** A terminal sends Ctrl-C to the whole process group and npm passes it on: one press can arrive twice. */
const sameKeyPressMs = 250;

/** How long the last spans may take to be sent. */
const lastSpansMs = 3_000;

const maintenanceIntervalMs = 5 * 60_000;

interface Running {
  readonly config: Config;
  readonly log: Logger;
  readonly open: OpenDatabase;
  readonly services: Services;
  readonly rateLimitStore: RateLimitStore;
  readonly changes: OpenChanges;
  readonly server: FastifyInstance;
  /** Where the metrics have a port of their own. */
  readonly metricsServer: Server | null;
  readonly state: { stoppingSince: number | null };
}

async function listen(server: FastifyInstance, { http }: Config): Promise<void> {
  try {
    // Fastify would log the address by itself, in words for programmers.
    await server.listen({ host: http.host, port: http.port, listenTextResolver: () => 'listening' });
  } catch (error) {
    throw explainListenError(error, http);
  }
}

/** Rate limits are counted in memory, or in a Redis where one is configured. */
async function openRateLimitStore({ redisUrl, database }: Config, log: Logger): Promise<RateLimitStore> {
  return redisUrl === undefined ? createMemoryStore() : openRedisStore({ url: redisUrl, prefix: database.prefix, log });
}

/** Its packages take memory and time to load: only where somebody wants traces. */
async function openTracing(settings: TracingSettings): Promise<Tracing> {
  const { startTracing } = await import('./telemetry/traceExport.ts');
  return startTracing({ ...settings, version: readVersion() });
}

async function listenForMetricsIfWanted(config: Config, { metrics }: Services): Promise<Server | null> {
  const { port } = config.metrics ?? {};
  if (port === undefined) return null;
  try {
    return await listenForMetrics(config, metrics);
  } catch (error) {
    const { message } = error as Error;
    throw new StartProblem(`METRICS_PORT=${port} cannot be used (${message}). Choose a free port.`, { cause: error });
  }
}

async function start(): Promise<Running> {
  const config = loadConfig();
  const log = createLog(config);
  const open = await openDatabase(config, log);
  try {
    const state: Running['state'] = { stoppingSince: null };
    const rateLimitStore = await openRateLimitStore(config, log);
    const changes = await openChangeFeed({ config, database: open.database, log });
    const { feed, onWritten } = changes;
    const tracing = config.tracing && (await openTracing(config.tracing));
    const services = createServices({
      ...(tracing && { tracing }),
      ...{ database: open.database, settings: config, log, rateLimitStore, changes: feed },
      ...(onWritten && { onWritten }),
    });
    services.metrics.watchProcess(readVersion());
    const server = await createServer({ config, services, log, isStopping: () => state.stoppingSince !== null });
    const metricsServer = await listenForMetricsIfWanted(config, services);
    await listen(server, config);
    return { config, log, open, services, rateLimitStore, changes, server, metricsServer, state };
  } catch (error) {
    await open.stop();
    throw error;
  }
}

/** Takes up what an earlier process left unfinished, now and then; at the start everything, where no other process can be at it. */
function startMaintenance({ config, services }: Running): void {
  const jobs = {
    'interrupted deletions': resumeDeletions,
    'interrupted transfers': resumeTransfers,
    'unwritten metrics': resumeBatches,
    'interrupted removals of code generations': resumeGenerationRemovals,
    'expired code generations': removeExpired,
  };
  for (const [name, resume] of Object.entries(jobs)) {
    let all = config.database.location.kind === 'embedded';
    services.background.repeat(name, maintenanceIntervalMs, async (signal) => {
      await resume(services, signal, { all });
      all = false;
    });
  }
  const { concurrency, pollMs } = config.codeGenerationJobs;
  if (concurrency > 0) services.background.repeat('code generation queue', pollMs, (signal) => takeJobs(services, signal));
}

/** Not ready → no new connections → requests in flight answered → background work ended → database stopped. Exits with `code`. */
async function stop(
  { config, log, open, services, rateLimitStore, changes, server, metricsServer, state }: Running,
  code: number,
): Promise<never> {
  state.stoppingSince = Date.now();
  setTimeout(() => {
    log.error({ graceMs }, 'requests did not finish in time; exiting without them');
    process.exit(1);
  }, graceMs).unref();
  await sleep(config.http.drainDelayMs);
  await closeServer(server);
  await services.background.stop();
  await changes.close();
  rateLimitStore.close();
  // A collector that does not answer must not hold the stop up.
  await Promise.race([services.tracing?.close().catch(() => undefined), sleep(lastSpansMs, undefined, { ref: false })]);
  metricsServer?.close();
  metricsServer?.closeAllConnections();
  await open.stop();
  log.info('stopped');
  process.exit(code);
}

function onSignal(running: Running, signal: NodeJS.Signals): void {
  const { log, state } = running;
  if (state.stoppingSince === null) {
    log.info({ signal }, 'stopping: finishing the requests in flight (a second signal stops at once)');
    void stop(running, 0);
  } else if (Date.now() - state.stoppingSince > sameKeyPressMs) {
    log.warn({ signal }, 'stopped at once by a second signal');
    process.exit(1);
  }
}

/** After an error that nobody caught the state of the process is unknown: acknowledged writes are in the database, so it just ends. */
function exitOnUncaught(log: Logger): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.once(event, (error: unknown) => {
      log.fatal({ err: error }, event);
      process.exit(1);
    });
  }
}

async function main(): Promise<void> {
  const running = await start();
  const { config, log, open, server } = running;
  exitOnUncaught(log);
  startMaintenance(running);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => onSignal(running, signal));
  void open.crashed.then((sentence) => {
    log.fatal(sentence);
    return stop(running, 1);
  });
  const started = {
    config,
    address: server.server.address() as AddressInfo,
    version: readVersion(),
    database: open.where,
    seconds: process.uptime(),
  };
  if (config.environment === 'production')
    log.info({ address: started.address, version: started.version, database: open.where, seconds: started.seconds }, 'ready');
  else process.stdout.write(greeting(started));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${startProblemText(error)}\n`);
  process.exit(1);
}
