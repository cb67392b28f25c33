/** What one request knows: who asks, its loaders and database connection, its clock, ids and log. */
import type { Logger } from 'pino';
import { authenticate, type Viewer } from './auth/authenticate.ts';
import { createAuthServices, type AuthServices, type AuthSettings } from './auth/services.ts';
import { createBackground, type Background } from './background.ts';
import { createChangeFeed, type Change, type ChangeFeed } from './data/changes/feed.ts';
import { observeWrites } from './data/changes/observe.ts';
import type { Database } from './data/client.ts';
import { connect, type Connection, type DatabaseCall } from './data/connection.ts';
import { createCursorCodec, type CursorCodec } from './data/cursor.ts';
import { newId } from './data/ids.ts';
import { deriveKey } from './data/keys.ts';
import { createLoaders, type Loaders } from './data/loaders.ts';
import { createPlanMemory, type PlanMemory } from './data/readPlan/memory.ts';
import type { ReadPlanMode } from './data/readPlan/planner.ts';
import type { IdPrefix } from './data/tables.ts';
import { createAiServices, type AiServices, type AiSettings } from './domains/ai/services.ts';
import { createJobDesk, type JobDesk } from './domains/codeGenerations/jobs/desk.ts';
import type { JobSettings } from './domains/codeGenerations/jobs/settings.ts';
import { createIntegrationServices, type IntegrationServices, type IntegrationSettings } from './domains/integrations/services.ts';
import { RequestError } from './errors.ts';
import { createRateLimits, type RateLimits, type RateLimitSettings } from './limits/rateLimits.ts';
import { createMemoryStore, type RateLimitStore } from './limits/rateLimitStore.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import type { ModelCallParent, Tracing } from './telemetry/tracing.ts';

/** Settings that the domains need; the process's configuration satisfies it. */
export interface Settings extends AuthSettings, IntegrationSettings, AiSettings {
  /** Milliseconds between the two passes of a project's deletion, longer than any request takes; 15 s unless given. */
  deletionSettleMs?: number;
  /** How lists below several parents are read: by owner where that is cheaper, or always one query a list. `adaptive` unless given. */
  readPlan?: ReadPlanMode;
  /** False where the earlier backend writes no rows any more; then lists of shared projects can be read by owner, too. True unless given. */
  hasEarlierBackend?: boolean;
  /** How the jobs of code generations pace themselves; as usual unless given. */
  codeGenerationJobs?: Partial<JobSettings>;
  /** Origin that links to this server begin with; as the client knows it unless given. */
  publicUrl?: string;
  /** How much each caller may ask for in a minute; no limits unless given. */
  rateLimits?: RateLimitSettings;
  /** Days after which expiring rows go: activity 365, analytics 90, generations 30. */
  ttlDays: { activity: number; analytics: number; codeGenerations: number };
}

/** What all requests of a process share. */
export interface Services {
  database: Database;
  settings: Settings;
  cursors: CursorCodec;
  auth: AuthServices;
  /** What the read plan has learned about owners. */
  planMemory: PlanMemory;
  integrations: IntegrationServices;
  ai: AiServices;
  rateLimits: RateLimits;
  background: Background;
  /** What this process remembers of its code generation jobs. */
  jobs: JobDesk;
  /** Tells who follows an object that it has changed. */
  changes: ChangeFeed;
  /** What it counts of its work. */
  metrics: Metrics;
  /** Where traces are recorded. */
  tracing?: Tracing;
  log: Logger;
}

/** One request, as the transport saw it. */
export interface RequestInfo {
  id: string;
  log: Logger;
  /** The Authorization header, or what took its place in a WebSocket's connection parameters. */
  authorization?: string | undefined;
  ip: string;
  /** Scheme, host and port of this server as the client knows it, such as `https://api.example.com`. */
  origin?: string | undefined;
  userAgent?: string | undefined;
  /** Aborted when the client leaves or the deadline passes. */
  signal: AbortSignal;
  /** Sees each call to DynamoDB. */
  onCall?: ((call: DatabaseCall) => void) | undefined;
  /** Told how many keys a loader read together. */
  onBatch?: ((loader: string, size: number) => void) | undefined;
  /** Where traces are recorded: what its calls to the assistant's endpoint are below. */
  trace?: ModelCallParent | undefined;
}

/** The context of one request, handed to every resolver. */
export interface Context {
  readonly services: Services;
  readonly request: RequestInfo;
  readonly connection: Connection;
  readonly loaders: Loaders;
  /** Who asks; null when no credentials came, changed by a sign-in. Use `findViewer`/`requireViewer`, which refuse bad credentials. */
  credentials: { viewer: Viewer | null } | { problem: RequestError };
  readonly log: Logger;
  /** The time of the request in ISO 8601 with milliseconds, as rows carry it. */
  now(): string;
  /** The time of the request in epoch seconds, as `ttl` attributes carry it. */
  nowSeconds(): number;
  newId(prefix: IdPrefix): string;
}

/** What services are made of. */
export interface ServicesOptions {
  database: Database;
  settings: Settings;
  log: Logger;
  /** Where rate limits and failed sign-ins are counted; in memory unless given. */
  rateLimitStore?: RateLimitStore;
  /** Where changes are told; among the writes of this process unless given. */
  changes?: ChangeFeed;
  /** Records traces of operations; none unless given. */
  tracing?: Tracing;
  /** Told what this process changes, where other instances want to know. Must not throw. */
  onWritten?: (changes: readonly Change[]) => void;
}

/** Makes what all requests share. Opens nothing and reads nothing. */
export function createServices(options: ServicesOptions): Services {
  const { database, settings, log, rateLimitStore = createMemoryStore(), changes = createChangeFeed(), onWritten } = options;
  const metrics = createMetrics();
  const observed = observeWrites(database, {
    isInterested: () => onWritten !== undefined || changes.isWatched,
    onWritten: (written) => {
      changes.publish(written);
      onWritten?.(written);
    },
  });
  const jobs = createJobDesk();
  const auth = createAuthServices(settings, rateLimitStore);
  watchLevels(metrics, { auth, jobs });
  return {
    database: { ...observed, onCall: (call) => metrics.databaseCall(call) },
    changes,
    metrics,
    ...(options.tracing && { tracing: options.tracing }),
    settings,
    log,
    background: createBackground(log, { onFailure: (task) => metrics.backgroundFailed(task), tracing: options.tracing }),
    jobs,
    cursors: createCursorCodec(deriveKey(settings.jwtSecret, 'cursors')),
    auth,
    planMemory: createPlanMemory(),
    integrations: createIntegrationServices(settings),
    ai: createAiServices(settings, options.tracing),
    rateLimits: createRateLimits({ store: rateLimitStore, settings: settings.rateLimits ?? { user: 0, anonymous: 0 } }),
  };
}

function watchLevels(metrics: Metrics, { auth, jobs }: Pick<Services, 'auth' | 'jobs'>): void {
  metrics.watch('hashesRunning', () => auth.passwords.load().running);
  metrics.watch('hashesWaiting', () => auth.passwords.load().waiting);
  metrics.watch('codeGenerationsRunning', () => jobs.busy.size);
  metrics.watch('codeGenerationsPending', () => jobs.seen.pending);
  metrics.watch('codeGenerationsAbandoned', () => jobs.seen.generating);
}

/** A request before anybody knows who sends it. */
export type AnonymousContext = Omit<Context, 'credentials'>;

/** Makes the context of one request; checks the credentials that it carries. */
export async function createContext({ services, request }: { services: Services; request: RequestInfo }): Promise<Context> {
  const connection = connect(services.database, { signal: request.signal, onCall: request.onCall });
  const nowSeconds = (): number => Math.floor(Date.now() / 1000);
  const anonymous: AnonymousContext = {
    services,
    request,
    connection,
    loaders: createLoaders(connection, {
      nowSeconds,
      onBatch: (loader, size) => {
        services.metrics.loaderBatch(loader, size);
        request.onBatch?.(loader, size);
      },
      plan: {
        memory: services.planMemory,
        mode: services.settings.readPlan ?? 'adaptive',
        sortsTiesByKey: services.database.sortsTiesByKey,
      },
    }),
    log: request.log,
    now: () => new Date().toISOString(),
    nowSeconds,
    newId,
  };
  return { ...anonymous, credentials: await readCredentials(anonymous) };
}

async function readCredentials(context: AnonymousContext): Promise<Context['credentials']> {
  try {
    return { viewer: await authenticate(context) };
  } catch (error) {
    if (error instanceof RequestError) return { problem: error };
    throw error;
  }
}
