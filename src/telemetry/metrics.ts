/**
 * The metrics of a process, in Prometheus' format. Labels hold names of the schema, of tables and of this code, never anything
 * of a user; the one thing that clients choose, the name of an operation, is bounded (see frequentNames.ts).
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DatabaseCall } from '../data/connection.ts';
import { createFrequentNames } from './frequentNames.ts';

/** An operation that was answered or refused. */
export interface ObservedOperation {
  /** As the client gave it. */
  readonly name: string | undefined;
  /** `query`, `mutation` or `subscription`; undefined for what was refused before it was read. */
  readonly type: string | undefined;
  readonly transport: 'http' | 'websocket' | 'event-stream';
  /** Codes of its errors at the top level; none for a success. */
  readonly codes: readonly string[];
  /** Milliseconds; for subscriptions up to their start. */
  readonly milliseconds: number;
}

/** What is read when somebody asks for the metrics. */
export type Level =
  | 'operationsInFlight'
  | 'webSockets'
  | 'eventStreams'
  | 'hashesRunning'
  | 'hashesWaiting'
  | 'codeGenerationsRunning'
  | 'codeGenerationsPending'
  | 'codeGenerationsAbandoned';

/** How the work on a job ended. `released`: it went on elsewhere, because it was cancelled, deleted or the process stopped. */
export type JobOutcome = 'completed' | 'failed' | 'released' | 'error';

/** Counts what a process does. No method throws. */
export interface Metrics {
  /** Where the numbers are read. */
  readonly registry: Registry;
  operation(operation: ObservedOperation): void;
  /** Counts an entry of `userErrors`, by the root field that answered with it. */
  userError(error: { field: string; code: string }): void;
  /** `route` is a pattern of this server, not the path of a client. */
  httpRequest(request: { method: string; route: string; status: number }): void;
  databaseCall(call: DatabaseCall): void;
  loaderBatch(loader: LoaderName, size: number): void;
  /** A caller who has no points left, by what was limited. */
  rateLimited(caller: 'user' | 'address'): void;
  shed(reason: string): void;
  /** Counts a subscription of a field of the schema until the returned function is called. */
  subscription(field: string): { event: () => void; end: () => void };
  jobEnded(job: { outcome: JobOutcome; milliseconds: number }): void;
  backgroundFailed(task: string): void;
  /** Makes a level known; what was given before is forgotten. */
  watch(level: Level, read: () => number): void;
  /** Adds CPU, memory, event loop and garbage collection of the process. Once a process: it starts what measures them. */
  watchProcess(version: string): void;
}

/** The loaders whose batches are measured. */
export type LoaderName = 'byKey' | 'byId' | 'pages';

const prefix = 'snapinfra_';

/** From an answer out of memory to the deadline of the longest operations, in seconds. */
const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** From the fastest answer of DynamoDB to its time-out with retries, in seconds. */
const databaseSeconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 15];

const levels: Record<Level, { readonly name: string; readonly help: string; readonly labels?: Readonly<Record<string, string>> }> = {
  operationsInFlight: { name: 'operations_in_flight', help: 'Operations that are being answered.' },
  webSockets: { name: 'connections', help: 'Open connections, by transport.', labels: { transport: 'websocket' } },
  eventStreams: { name: 'connections', help: 'Open connections, by transport.', labels: { transport: 'event-stream' } },
  hashesRunning: { name: 'password_hashes', help: 'Password hashes, by state.', labels: { state: 'running' } },
  hashesWaiting: { name: 'password_hashes', help: 'Password hashes, by state.', labels: { state: 'waiting' } },
  codeGenerationsRunning: { name: 'code_generation_jobs_running', help: 'Code generation jobs that this process works on.' },
  codeGenerationsPending: {
    name: 'code_generation_queue_depth',
    help: 'Code generation jobs that wait, as last looked at; a look reads ten rows at most.',
    labels: { status: 'pending' },
  },
  codeGenerationsAbandoned: {
    name: 'code_generation_queue_depth',
    help: 'Code generation jobs that wait, as last looked at; a look reads ten rows at most.',
    labels: { status: 'abandoned' },
  },
};

/** Makes the gauges of all levels; each asks its sources when it is read. */
function createLevels(registry: Registry): Metrics['watch'] {
  const sources = new Map<Level, () => number>();
  const all = Object.entries(levels) as [Level, (typeof levels)[Level]][];
  const first = new Map(all.toReversed().map(([, level]) => [level.name, level]));
  for (const { name, help, labels: labelled = {} } of first.values()) {
    const members = all.filter(([, level]) => level.name === name);
    new Gauge({
      ...{ name: `${prefix}${name}`, help, labelNames: Object.keys(labelled), registers: [registry] },
      collect() {
        for (const [level, { labels = {} }] of members) this.set(labels, sources.get(level)?.() ?? 0);
      },
    });
  }
  return (level, read) => void sources.set(level, read);
}

/** Makes the metrics of operations, whose names are bounded. */
function createOperationMetrics(registers: Registry[]): Pick<Metrics, 'operation'> {
  const operations = new Counter({
    name: `${prefix}operations_total`,
    help: 'Operations by name (rare ones as "other"), type, transport and code: OK, or that of the first error.',
    labelNames: ['operation', 'type', 'transport', 'code'],
    registers,
  });
  const durations = new Histogram({
    name: `${prefix}operation_duration_seconds`,
    help: 'How long operations took; subscriptions up to their start.',
    labelNames: ['operation', 'type'],
    buckets: seconds,
    registers,
  });
  const errors = new Counter({ name: `${prefix}errors_total`, help: 'Top-level errors by code.', labelNames: ['code'], registers });
  const names = createFrequentNames((dropped) => {
    for (const metric of [operations, durations]) removeSeries(metric, dropped);
  });
  return {
    operation({ name, type = 'unknown', transport, codes, milliseconds }) {
      const operation = names.use(name ?? (type === 'unknown' ? 'unknown' : 'anonymous'));
      operations.inc({ operation, type, transport, code: codes[0] ?? 'OK' });
      durations.observe({ operation, type }, milliseconds / 1000);
      for (const code of codes) errors.inc({ code });
    },
  };
}

const types = ['query', 'mutation', 'subscription', 'unknown'];

/** prom-client removes series by their whole labels; those of a name are few. */
function removeSeries(metric: Counter | Histogram, operation: string): void {
  if (metric instanceof Histogram) {
    for (const type of types) metric.remove({ operation, type });
    return;
  }
  void metric.get().then(({ values }) => {
    for (const { labels } of values) if (labels['operation'] === operation) metric.remove(labels);
  });
}

function createDatabaseMetrics(registers: Registry[]): Pick<Metrics, 'databaseCall'> {
  const calls = new Counter({
    name: `${prefix}dynamodb_calls_total`,
    help: 'Calls to DynamoDB by operation, table, index and whether they failed.',
    labelNames: ['operation', 'table', 'index', 'failed'],
    registers,
  });
  const units = new Counter({
    name: `${prefix}dynamodb_units_total`,
    help: 'Capacity units as DynamoDB reported them, by kind (read, write) and table.',
    labelNames: ['kind', 'table'],
    registers,
  });
  const durations = new Histogram({
    name: `${prefix}dynamodb_call_duration_seconds`,
    help: 'How long calls to DynamoDB took, with the retries of the client.',
    labelNames: ['operation'],
    buckets: databaseSeconds,
    registers,
  });
  return {
    databaseCall({ operation, table, index = '', failed, readUnits, writeUnits, milliseconds }) {
      calls.inc({ operation, table, index, failed: String(failed) });
      if (readUnits > 0) units.inc({ kind: 'read', table }, readUnits);
      if (writeUnits > 0) units.inc({ kind: 'write', table }, writeUnits);
      durations.observe({ operation }, milliseconds / 1000);
    },
  };
}

function createRefusalMetrics(registers: Registry[]): Pick<Metrics, 'rateLimited' | 'shed' | 'httpRequest' | 'userError'> {
  const limited = new Counter({
    name: `${prefix}rate_limit_refusals_total`,
    help: 'Operations that were refused for want of points, by what was limited.',
    labelNames: ['caller'],
    registers,
  });
  const shed = new Counter({
    name: `${prefix}shed_requests_total`,
    help: 'Requests that were refused because the process is over capacity, by what there was too much of.',
    labelNames: ['reason'],
    registers,
  });
  const userErrors = new Counter({
    name: `${prefix}user_errors_total`,
    help: 'Entries of userErrors in answers, by root field and code.',
    labelNames: ['field', 'code'],
    registers,
  });
  const requests = new Counter({
    name: `${prefix}http_requests_total`,
    help: 'HTTP requests that were answered, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  return {
    rateLimited: (caller) => limited.inc({ caller }),
    shed: (reason) => shed.inc({ reason }),
    userError: ({ field, code }) => userErrors.inc({ field, code }),
    httpRequest: ({ method, route, status }) => requests.inc({ method, route, status: String(status) }),
  };
}

function createWorkMetrics(registers: Registry[]): Pick<Metrics, 'loaderBatch' | 'jobEnded' | 'backgroundFailed' | 'subscription'> {
  const batches = new Histogram({
    name: `${prefix}loader_batch_size`,
    help: 'Keys that loaders read together, by loader.',
    labelNames: ['loader'],
    buckets: [1, 2, 5, 10, 20, 50, 100, 1_000],
    registers,
  });
  const jobs = new Histogram({
    name: `${prefix}code_generation_duration_seconds`,
    help: 'How long this process worked on code generation jobs, by outcome.',
    labelNames: ['outcome'],
    buckets: [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers,
  });
  const failures = new Counter({
    name: `${prefix}background_failures_total`,
    help: 'Background work that failed, by task; it is tried again.',
    labelNames: ['task'],
    registers,
  });
  const subscriptions = new Gauge({
    name: `${prefix}subscriptions`,
    help: 'Running subscriptions, by field.',
    labelNames: ['field'],
    registers,
  });
  const events = new Counter({
    name: `${prefix}subscription_events_total`,
    help: 'Events that subscribers were told of, by field.',
    labelNames: ['field'],
    registers,
  });
  return {
    loaderBatch: (loader, size) => batches.observe({ loader }, size),
    jobEnded: ({ outcome, milliseconds }) => jobs.observe({ outcome }, milliseconds / 1000),
    backgroundFailed: (task) => failures.inc({ task }),
    subscription(field) {
      subscriptions.inc({ field });
      let isRunning = true;
      return {
        event: () => events.inc({ field }),
        end: () => {
          if (isRunning) subscriptions.dec({ field });
          isRunning = false;
        },
      };
    },
  };
}

/** Makes metrics that count from zero. Starts nothing; see `watchProcess`. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    ...createOperationMetrics(registers),
    ...createDatabaseMetrics(registers),
    ...createRefusalMetrics(registers),
    ...createWorkMetrics(registers),
    watch: createLevels(registry),
    watchProcess(version) {
      new Gauge({ name: `${prefix}build_info`, help: 'The version that runs; always 1.', labelNames: ['version'], registers }).set(
        { version },
        1,
      );
      collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 });
    },
  };
}
