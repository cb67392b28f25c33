/** Settings from variables: defaults that depend on other variables, and variables that make one setting together. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEncryptionKey } from '../data/encryption.ts';
import { loadLocalSecrets } from './localSecrets.ts';
import { packageRoot } from '../root.ts';
import type { Config, DatabaseLocation } from './settings.ts';
import type { Environment } from './variables.ts';

function locateDatabase(env: Environment): DatabaseLocation {
  if (env.DYNAMODB_ENDPOINT) {
    // An emulator wants credentials but does not check them; without any the SDK would search for some, for seconds.
    const local = env.NODE_ENV !== 'production' &&
      !env.AWS_ACCESS_KEY_ID && { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
    return { kind: 'endpoint', endpoint: env.DYNAMODB_ENDPOINT, ...local };
  }
  if (env.NODE_ENV === 'production' && env.AWS_REGION) return { kind: 'aws' };
  return { kind: 'embedded', ...(env.DYNOXIDE_BIN && { bin: env.DYNOXIDE_BIN }) };
}

function chooseSecrets(env: Environment, dataDir: string): Pick<Config, 'jwtSecret' | 'encryptionKey'> {
  const { JWT_SECRET: jwtSecret, ENCRYPTION_KEY: key } = env;
  if (jwtSecret !== undefined && key !== undefined) return { jwtSecret, encryptionKey: key };
  const local = loadLocalSecrets(dataDir);
  return { jwtSecret: jwtSecret ?? local.jwtSecret, encryptionKey: key ?? readEncryptionKey(local.encryptionKey) };
}

/** In development: pages on this machine, and Apollo Sandbox, whose page calls the server from the developer's browser. */
const developmentOrigins = ['http://localhost:*', 'http://127.0.0.1:*', 'https://studio.apollographql.com'];

/**
 * Points in a minute. In production a user's are those of some two hundred large pages, a few percent of one core; on a
 * developer's machine, where load tests and imports run as one user, the limits show but are not met.
 */
const rateLimits = {
  production: { user: 60_000, anonymous: 6_000 },
  development: { user: 6_000_000, anonymous: 600_000 },
} as const;

/** Returns the settings of the HTTP server. */
function toHttp(env: Environment, production: boolean): Config['http'] {
  return {
    // Not reachable from other machines unless wanted, or in production, where containers need it.
    host: env.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: env.PORT,
    corsOrigins: env.CORS_ORIGIN ?? (production ? [] : developmentOrigins),
    trustProxy: env.TRUST_PROXY,
    maxRequestsInFlight: env.MAX_REQUESTS_IN_FLIGHT,
    maxEventLoopDelayMs: env.MAX_EVENT_LOOP_DELAY_MS,
    drainDelayMs: env.SHUTDOWN_DELAY_MS ?? (production ? 2_000 : 300),
    operationTimeoutMs: env.OPERATION_TIMEOUT_MS,
  };
}

function toDatabase(env: Environment, production: boolean): Config['database'] {
  const location = locateDatabase(env);
  return {
    location,
    region: env.AWS_REGION ?? 'us-east-1',
    prefix: env.DYNAMODB_TABLE_PREFIX,
    client: env.DYNAMODB_CLIENT,
    provision: location.kind === 'embedded' || !production,
  };
}

/** Returns what is there only when it was asked for, each under its name or not at all. */
function toOptional(env: Environment): Pick<Config, 'publicUrl' | 'redisUrl' | 'oidc' | 'ai' | 'tracing'> {
  return {
    ...(env.PUBLIC_URL && { publicUrl: env.PUBLIC_URL }),
    ...(env.REDIS_URL && { redisUrl: env.REDIS_URL }),
    ...(env.OIDC_ISSUER && env.OIDC_AUDIENCE && { oidc: { issuer: env.OIDC_ISSUER, audience: env.OIDC_AUDIENCE } }),
    ...(env.AI_BASE_URL &&
      env.AI_MODEL && {
        ai: {
          ...{ baseUrl: env.AI_BASE_URL, model: env.AI_MODEL, timeoutMs: env.AI_TIMEOUT_MS },
          ...(env.AI_API_KEY && { apiKey: env.AI_API_KEY }),
        },
      }),
    ...(env.OTEL_EXPORTER_OTLP_ENDPOINT && {
      tracing: {
        url: `${env.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/+$/, '')}/v1/traces`,
        serviceName: env.OTEL_SERVICE_NAME,
        sampler: env.OTEL_TRACES_SAMPLER,
        ratio: Number(env.OTEL_TRACES_SAMPLER_ARG),
      },
    }),
  };
}

/**
 * Returns the settings that valid variables stand for. Outside production it makes and keeps the secrets that are not given;
 * throws when DATA_DIR cannot hold them.
 */
export function toConfig(env: Environment): Config {
  const production = env.NODE_ENV === 'production';
  const dataDir = env.DATA_DIR ? resolve(env.DATA_DIR) : fileURLToPath(new URL('.data', packageRoot));
  const usual = rateLimits[production ? 'production' : 'development'];
  return {
    environment: env.NODE_ENV,
    http: toHttp(env, production),
    logLevel: env.LOG_LEVEL,
    introspection: env.INTROSPECTION ?? !production,
    explain: env.EXPLAIN ? env.EXPLAIN === 'on' : !production,
    database: toDatabase(env, production),
    dataDir,
    ...chooseSecrets(env, dataDir),
    ttlDays: { activity: env.ACTIVITY_TTL_DAYS, analytics: env.ANALYTICS_TTL_DAYS, codeGenerations: env.CODE_GENERATION_TTL_DAYS },
    codeGenerationJobs: {
      concurrency: env.CODE_GENERATION_CONCURRENCY,
      leaseMs: env.CODE_GENERATION_LEASE_MS,
      pollMs: env.CODE_GENERATION_POLL_MS,
    },
    readPlan: env.READ_PLAN,
    hasEarlierBackend: env.EARLIER_BACKEND,
    previousEncryptionKeys: env.ENCRYPTION_KEY_PREVIOUS,
    integrationEndpoints: env.INTEGRATION_ENDPOINTS ?? {},
    rateLimits: { user: env.RATE_LIMIT_USER ?? usual.user, anonymous: env.RATE_LIMIT_ANONYMOUS ?? usual.anonymous },
    changes: { source: env.CHANGE_FEED },
    metrics: {
      ...(env.METRICS_TOKEN && { token: env.METRICS_TOKEN }),
      ...(env.METRICS_PORT !== undefined && { port: env.METRICS_PORT }),
    },
    ...toOptional(env),
  };
}
