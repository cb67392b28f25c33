/** The server in this process, on the test database and a free port. */
import type { GraphQLSchema } from 'graphql';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import type { Config } from '../../../src/config.ts';
import { createServices } from '../../../src/context.ts';
import { createDatabase } from '../../../src/data/client.ts';
import { usualJobSettings } from '../../../src/domains/codeGenerations/jobs/settings.ts';
import type { StreamingSettings } from '../../../src/http/streaming/settings.ts';
import type { RateLimitStore } from '../../../src/limits/rateLimitStore.ts';
import type { Tracing } from '../../../src/telemetry/tracing.ts';
import { createServer, type SlowSenders } from '../../../src/server.ts';
import { testCredentials, testDatabase } from '../../support/database.ts';

/** A listening server. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Every log line so far. */
  readonly log: readonly string[];
  /** Sends an operation as JSON. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Makes the server read a session and its account again, as it does after 30 s. */
  forgetSession(session: { readonly id: string; readonly sessionId: string }): void;
  close(): Promise<void>;
}

/** What differs from the usual test server. */
export interface TestServerOptions {
  readonly schema?: GraphQLSchema;
  /** Other bounds of WebSockets and event streams than the usual ones. */
  readonly streaming?: Partial<StreamingSettings>;
  readonly isStopping?: () => boolean;
  /** Another database than that of the test run. */
  readonly endpoint?: string;
  /** How long the database may take to answer; as long as in production unless given. */
  readonly answerTimeoutMs?: number;
  readonly environment?: Config['environment'];
  /** Longest time of an operation; as in production unless given. */
  readonly operationTimeoutMs?: number;
  readonly introspection?: boolean;
  readonly explain?: boolean;
  readonly corsOrigins?: readonly string[];
  /** Points a minute; no limits unless given. */
  readonly rateLimits?: Partial<Config['rateLimits']>;
  /** Where rate limits are counted; in memory unless given. */
  readonly rateLimitStore?: RateLimitStore;
  readonly maxRequestsInFlight?: number;
  /** Off unless given: tests run on busy machines. */
  readonly maxEventLoopDelayMs?: number;
  readonly trustProxy?: Config['http']['trustProxy'];
  readonly slowSenders?: SlowSenders;
  /** Origin of links to this server, where it is not the one that clients call. */
  readonly publicUrl?: string;
  /** Who may read the metrics; as without configuration unless given. */
  readonly metrics?: Config['metrics'];
  /** Records traces; none unless given. */
  readonly tracing?: Tracing;
  /** The assistant's endpoint; none unless given. */
  readonly ai?: Config['ai'];
}

/** Signs the tokens of test servers. */
export const testSecret = 'test-key-of-at-least-32-characters';

function testConfig(options: TestServerOptions, database: Config['database']): Config {
  return {
    environment: options.environment ?? 'test',
    http: {
      host: '127.0.0.1',
      port: 0,
      corsOrigins: options.corsOrigins ?? ['https://app.example.com', 'http://localhost:*'],
      trustProxy: options.trustProxy ?? false,
      drainDelayMs: 0,
      operationTimeoutMs: options.operationTimeoutMs ?? 10_000,
      maxRequestsInFlight: options.maxRequestsInFlight ?? 1_000,
      maxEventLoopDelayMs: options.maxEventLoopDelayMs ?? 0,
    },
    rateLimits: { user: 0, anonymous: 0, ...options.rateLimits },
    logLevel: 'info',
    introspection: options.introspection ?? true,
    explain: options.explain ?? true,
    readPlan: 'adaptive',
    hasEarlierBackend: true,
    changes: { source: 'process' },
    database,
    dataDir: '/nonexistent',
    jwtSecret: testSecret,
    encryptionKey: Buffer.alloc(32, 1),
    previousEncryptionKeys: [],
    integrationEndpoints: {},
    ...(options.ai && { ai: options.ai }),
    ...(options.metrics && { metrics: options.metrics }),
    codeGenerationJobs: usualJobSettings,
    ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
    ttlDays: { activity: 365, analytics: 90, codeGenerations: 30 },
  };
}

/** Starts a server; close it after the test. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const tables = await testDatabase();
  const endpoint = options.endpoint ?? tables.endpoint;
  const location = { kind: 'endpoint' as const, endpoint, credentials: testCredentials };
  const config = testConfig(options, { location, region: 'us-east-1', prefix: tables.prefix, client: 'lean', provision: false });
  const lines: string[] = [];
  const log = pino({ level: 'info', base: null }, { write: (line: string) => void lines.push(line) });
  const { rateLimitStore, answerTimeoutMs } = options;
  const database = createDatabase({ endpoint, region: 'us-east-1', prefix: tables.prefix, credentials: testCredentials, answerTimeoutMs });
  const services = createServices({
    database,
    settings: config,
    log,
    ...(rateLimitStore && { rateLimitStore }),
    ...(options.tracing && { tracing: options.tracing }),
  });
  const server = await createServer({
    config,
    services,
    log,
    ...(options.schema && { schema: options.schema }),
    ...(options.streaming && { streaming: options.streaming }),
    ...(options.isStopping && { isStopping: options.isStopping }),
    ...(options.slowSenders && { slowSenders: options.slowSenders }),
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    log: lines,
    post: (body, headers = {}) =>
      fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }),
    forgetSession: ({ id, sessionId }) => {
      services.auth.caches.sessions.forget(sessionId);
      services.auth.caches.accounts.forget(id);
    },
    close: async () => {
      await server.close();
      await services.background.stop();
      database.close();
    },
  };
}
