/** The only reader of the environment: validates every variable at once and returns plain settings. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  corsOrigins,
  encryptionKey,
  encryptionKeyExpected,
  flag,
  integrationEndpoints,
  trustProxy,
  webUrl,
  wholeNumber,
} from './configValues.ts';
import type { ClientKind } from './data/client.ts';
import type { ReadPlanMode } from './data/readPlan/planner.ts';
import { readEncryptionKey } from './data/encryption.ts';
import type { EndpointOverrides } from './domains/integrations/endpoints.ts';
import { usualJobSettings, type JobSettings } from './domains/codeGenerations/jobs/settings.ts';
import { usualAiTimeoutMs } from './domains/ai/deadline.ts';
import { operationLimits } from './limits/limits.ts';
import { loadLocalSecrets } from './localSecrets.ts';
import { packageRoot } from './root.ts';
import { samplers, type TracingSettings } from './telemetry/tracing.ts';

/** Where the database is: a DynamoDB endpoint, AWS itself, or the emulator that this process starts. */
export type DatabaseLocation =
  | { readonly kind: 'endpoint'; readonly endpoint: string; readonly credentials?: AwsCredentials }
  | { readonly kind: 'aws' }
  | { readonly kind: 'embedded'; readonly bin?: string };

/** Credentials for an endpoint that checks none, such as DynamoDB Local. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** All settings of the process. Holds secrets: never log it. */
export interface Config {
  readonly environment: 'development' | 'test' | 'production';
  readonly http: {
    readonly host: string;
    /** 0 means: any free port. */
    readonly port: number;
    /** Origins that browsers may call from; `*` means any, an empty list none but this server's own pages. */
    readonly corsOrigins: readonly string[];
    /**
     * Whose word in X-Forwarded-For counts for the address of the client: that of as many proxies in a row, or of proxies at
     * these addresses (comma-separated, `10.0.0.0/8` for a network). What clients put in front themselves never counts.
     */
    readonly trustProxy: false | number | string;
    /** Operations that may be in flight at once; further ones are refused with 503. */
    readonly maxRequestsInFlight: number;
    /** How late the event loop may be before new requests are refused with 503, in milliseconds; 0 means never. */
    readonly maxEventLoopDelayMs: number;
    /** Between "not ready" and the end of the listener, so that load balancers notice; in milliseconds. */
    readonly drainDelayMs: number;
    /** Longest time of a query or mutation, in milliseconds. */
    readonly operationTimeoutMs: number;
  };
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  readonly introspection: boolean;
  /** Whether answers list their DynamoDB calls for clients that ask; in production for signed-in ones only. */
  readonly explain: boolean;
  readonly database: {
    readonly location: DatabaseLocation;
    readonly region: string;
    readonly prefix: string;
    /** Which client sends the operations of requests. */
    readonly client: ClientKind;
    /** True where missing tables are made at the start; false where they must be there already. */
    readonly provision: boolean;
  };
  /** Absolute path of the folder for the embedded database and local secrets. */
  readonly dataDir: string;
  /** Signs access tokens and cursors; at least 32 bytes. */
  readonly jwtSecret: string;
  /** 32 bytes: encrypts secrets of integrations before they are stored. */
  readonly encryptionKey: Buffer;
  /** Keys that are still accepted for decryption. */
  readonly previousEncryptionKeys: readonly Buffer[];
  /** Addresses that integrations call in place of the providers' own ones; they may be private. */
  readonly integrationEndpoints: EndpointOverrides;
  /** An OpenID provider whose tokens are accepted too. */
  readonly oidc?: { readonly issuer: string; readonly audience: string };
  /** An OpenAI-compatible endpoint for the assistant. */
  readonly ai?: { readonly baseUrl: string; readonly apiKey?: string; readonly model: string; readonly timeoutMs: number };
  /** How subscriptions hear of changes by other instances. */
  readonly changes: {
    /** `process`: not at all; `streams`: from DynamoDB Streams; `auto`: from streams where other processes may write. */
    readonly source: 'auto' | 'process' | 'streams';
  };
  /** A Redis that instances share their rate limits through, and tell each other of changes. */
  readonly redisUrl?: string;
  /** Points in a minute for a user and for an address without sign-in; 0 means no limit. */
  readonly rateLimits: { readonly user: number; readonly anonymous: number };
  /** How lists below several projects are read. */
  readonly readPlan: ReadPlanMode;
  /** False where the earlier backend writes no rows any more. */
  readonly hasEarlierBackend: boolean;
  /** How the jobs of code generations pace themselves. */
  readonly codeGenerationJobs: JobSettings;
  /** Where traces go; none are recorded unless given. */
  readonly tracing?: TracingSettings;
  /** Who may read `/metrics`; where neither is set, everybody in development and nobody in production. */
  readonly metrics?: {
    /** The bearer token that readers must send. */
    readonly token?: string;
    /** A port of their own; `/metrics` is not served on that of the API then. */
    readonly port?: number;
  };
  /** Origin that links to this server begin with, where it is not the one that clients call. */
  readonly publicUrl?: string;
  /** Days after which rows that expire go. */
  readonly ttlDays: { readonly activity: number; readonly analytics: number; readonly codeGenerations: number };
}

/** The environment cannot be used; `message` has one line for each wrong variable and repeats no secret. */
export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

const placeholder = /secret|change|password|passphrase|example|default|snapinfra|qwerty|abcdef|1234567/i;

/** True for a secret that an attacker would try: a word that random bytes practically never spell, or few different characters. */
function isGuessable(secret: string): boolean {
  return placeholder.test(secret) || new Set(secret).size < 10;
}

const environmentSchema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production'], 'must be development, test or production').default('development'),
  PORT: wholeNumber(0, 65_535).default(5000),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be an address to listen on, such as 127.0.0.1 or 0.0.0.0')
    .optional(),
  TRUST_PROXY: trustProxy.default(false),
  SHUTDOWN_DELAY_MS: wholeNumber(0, 10_000).optional(),
  CORS_ORIGIN: corsOrigins.optional(),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be fatal, error, warn, info, debug, trace or silent')
    .default('info'),
  INTROSPECTION: flag.optional(),
  READ_PLAN: z.enum(['adaptive', 'per-project'], 'must be adaptive or per-project').default('adaptive'),
  EARLIER_BACKEND: flag.default(true),
  EXPLAIN: z.enum(['on', 'off'], 'must be on or off').optional(),
  DYNAMODB_ENDPOINT: webUrl('the URL of a DynamoDB endpoint, such as http://localhost:8000').optional(),
  DYNAMODB_TABLE_PREFIX: z
    .string()
    .regex(/^[\w.-]{1,200}$/, 'must be 1 to 200 letters, digits, or . _ - (table names begin with it)')
    .default('snapinfra-'),
  DYNAMODB_CLIENT: z.enum(['lean', 'stock'], 'must be lean or stock').default('lean'),
  AWS_REGION: z
    .string()
    .regex(/^[a-z][a-z\d-]{1,40}$/, 'must be an AWS region, such as us-east-1')
    .optional(),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  DATA_DIR: z.string().optional(),
  DYNOXIDE_BIN: z.string().optional(),
  SNAPINFRA_EMBEDDED: z.enum(['allow'], 'must be allow, or not set').optional(),
  JWT_SECRET: z
    .string()
    .refine((value) => Buffer.byteLength(value) >= 32, 'must be at least 32 bytes: openssl rand -base64 48')
    .optional(),
  ENCRYPTION_KEY: encryptionKey.optional(),
  ENCRYPTION_KEY_PREVIOUS: z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(encryptionKey))
    .default([]),
  INTEGRATION_ENDPOINTS: integrationEndpoints.optional(),
  OIDC_ISSUER: webUrl('the issuer URL of an OpenID provider, such as https://login.example.com/').optional(),
  OIDC_AUDIENCE: z.string().optional(),
  AI_BASE_URL: webUrl('the base URL of an OpenAI-compatible API, such as https://api.openai.com/v1').optional(),
  AI_API_KEY: z.string().optional(),
  AI_MODEL: z.string().optional(),
  AI_TIMEOUT_MS: wholeNumber(1_000, 600_000).default(usualAiTimeoutMs),
  ACTIVITY_TTL_DAYS: wholeNumber(1, 3650).default(365),
  ANALYTICS_TTL_DAYS: wholeNumber(1, 3650).default(90),
  CODE_GENERATION_TTL_DAYS: wholeNumber(1, 3650).default(30),
  CODE_GENERATION_CONCURRENCY: wholeNumber(0, 16).default(usualJobSettings.concurrency),
  CODE_GENERATION_LEASE_MS: wholeNumber(500, 600_000).default(usualJobSettings.leaseMs),
  CODE_GENERATION_POLL_MS: wholeNumber(100, 600_000).default(usualJobSettings.pollMs),
  PUBLIC_URL: webUrl('the URL that clients reach this server by, such as https://api.example.com').optional(),
  RATE_LIMIT_USER: wholeNumber(0, 999_999_999).optional(),
  RATE_LIMIT_ANONYMOUS: wholeNumber(0, 999_999_999).optional(),
  OPERATION_TIMEOUT_MS: wholeNumber(100, 120_000).default(operationLimits.milliseconds),
  MAX_REQUESTS_IN_FLIGHT: wholeNumber(1, 100_000).default(400),
  MAX_EVENT_LOOP_DELAY_MS: wholeNumber(0, 60_000).default(500),
  CHANGE_FEED: z.enum(['auto', 'process', 'streams'], 'must be auto, process or streams').default('auto'),
  OTEL_EXPORTER_OTLP_ENDPOINT: webUrl(
    'the URL of an OpenTelemetry collector that takes OTLP over HTTP, such as http://localhost:4318',
  ).optional(),
  OTEL_SERVICE_NAME: z.string().default('snapinfra-api'),
  OTEL_TRACES_SAMPLER: z.enum(samplers, `must be one of ${samplers.join(', ')}`).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'must be a number from 0 to 1, such as 0.05')
    .default('1'),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\w.~+/=-]{16,200}$/, 'must be 16 to 200 characters of a bearer token, such as the output of openssl rand -base64 24')
    .optional(),
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  REDIS_URL: z
    .string()
    .refine(
      (value) => URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol),
      'must be a URL that begins with redis:// or rediss://',
    )
    .optional(),
});

type Environment = z.output<typeof environmentSchema>;

/** Returns what is wrong with variables together: those that need each other, and what production may not go without. */
function combinationProblems(env: Readonly<Record<string, string | undefined>>): string[] {
  const problems: string[] = [];
  const add = (wrong: boolean, problem: string) => wrong && problems.push(problem);
  add(
    !env.OIDC_ISSUER !== !env.OIDC_AUDIENCE,
    `${env.OIDC_ISSUER ? 'OIDC_AUDIENCE' : 'OIDC_ISSUER'} must be set too: OIDC_ISSUER and OIDC_AUDIENCE go together`,
  );
  add(
    !env.AI_BASE_URL !== !env.AI_MODEL,
    `${env.AI_BASE_URL ? 'AI_MODEL' : 'AI_BASE_URL'} must be set too: AI_BASE_URL and AI_MODEL go together`,
  );
  const port = env.PORT ?? '5000';
  add(env.METRICS_PORT === port && port !== '0', 'METRICS_PORT must be another port than PORT, or not set');
  if (env.NODE_ENV !== 'production') return problems;
  add(!env.JWT_SECRET, 'JWT_SECRET must be set in production: at least 32 random bytes, such as the output of openssl rand -base64 48');
  add(isGuessable(env.JWT_SECRET ?? ''), 'JWT_SECRET is guessable: use random bytes, such as the output of openssl rand -base64 48');
  add(!env.ENCRYPTION_KEY, `ENCRYPTION_KEY must be set in production: ${encryptionKeyExpected.replace('must be ', '')}`);
  add(
    !env.AWS_REGION && !env.DYNAMODB_ENDPOINT && !env.SNAPINFRA_EMBEDDED,
    'AWS_REGION (or DYNAMODB_ENDPOINT) must be set in production: the embedded database is for development (SNAPINFRA_EMBEDDED=allow overrides)',
  );
  return problems;
}

/** Returns the first problem of each variable; a problem begins with the name of its variable. */
function firstOfEach(problems: readonly string[]): string[] {
  const byVariable = new Map<string, string>();
  for (const problem of problems) {
    const variable = problem.slice(0, problem.indexOf(' '));
    if (!byVariable.has(variable)) byVariable.set(variable, problem);
  }
  return [...byVariable.values()];
}

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

function toConfig(env: Environment): Config {
  const production = env.NODE_ENV === 'production';
  const dataDir = env.DATA_DIR ? resolve(env.DATA_DIR) : fileURLToPath(new URL('.data', packageRoot));
  const location = locateDatabase(env);
  const usual = rateLimits[production ? 'production' : 'development'];
  return {
    environment: env.NODE_ENV,
    http: {
      // Not reachable from other machines unless wanted, or in production, where containers need it.
      host: env.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
      port: env.PORT,
      corsOrigins: env.CORS_ORIGIN ?? (production ? [] : developmentOrigins),
      trustProxy: env.TRUST_PROXY,
      maxRequestsInFlight: env.MAX_REQUESTS_IN_FLIGHT,
      maxEventLoopDelayMs: env.MAX_EVENT_LOOP_DELAY_MS,
      drainDelayMs: env.SHUTDOWN_DELAY_MS ?? (production ? 2_000 : 300),
      operationTimeoutMs: env.OPERATION_TIMEOUT_MS,
    },
    logLevel: env.LOG_LEVEL,
    introspection: env.INTROSPECTION ?? !production,
    explain: env.EXPLAIN ? env.EXPLAIN === 'on' : !production,
    database: {
      location,
      region: env.AWS_REGION ?? 'us-east-1',
      prefix: env.DYNAMODB_TABLE_PREFIX,
      client: env.DYNAMODB_CLIENT,
      provision: location.kind === 'embedded' || !production,
    },
    dataDir,
    ...chooseSecrets(env, dataDir),
    ttlDays: { activity: env.ACTIVITY_TTL_DAYS, analytics: env.ANALYTICS_TTL_DAYS, codeGenerations: env.CODE_GENERATION_TTL_DAYS },
    codeGenerationJobs: {
      concurrency: env.CODE_GENERATION_CONCURRENCY,
      leaseMs: env.CODE_GENERATION_LEASE_MS,
      pollMs: env.CODE_GENERATION_POLL_MS,
    },
    ...(env.PUBLIC_URL && { publicUrl: env.PUBLIC_URL }),
    readPlan: env.READ_PLAN,
    hasEarlierBackend: env.EARLIER_BACKEND,
    previousEncryptionKeys: env.ENCRYPTION_KEY_PREVIOUS,
    integrationEndpoints: env.INTEGRATION_ENDPOINTS ?? {},
    ...(env.OIDC_ISSUER && env.OIDC_AUDIENCE && { oidc: { issuer: env.OIDC_ISSUER, audience: env.OIDC_AUDIENCE } }),
    ...(env.AI_BASE_URL &&
      env.AI_MODEL && {
        ai: {
          ...{ baseUrl: env.AI_BASE_URL, model: env.AI_MODEL, timeoutMs: env.AI_TIMEOUT_MS },
          ...(env.AI_API_KEY && { apiKey: env.AI_API_KEY }),
        },
      }),
    rateLimits: { user: env.RATE_LIMIT_USER ?? usual.user, anonymous: env.RATE_LIMIT_ANONYMOUS ?? usual.anonymous },
    changes: { source: env.CHANGE_FEED },
    ...(env.OTEL_EXPORTER_OTLP_ENDPOINT && {
      tracing: {
        url: `${env.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/+$/, '')}/v1/traces`,
        serviceName: env.OTEL_SERVICE_NAME,
        sampler: env.OTEL_TRACES_SAMPLER,
        ratio: Number(env.OTEL_TRACES_SAMPLER_ARG),
      },
    }),
    metrics: {
      ...(env.METRICS_TOKEN && { token: env.METRICS_TOKEN }),
      ...(env.METRICS_PORT !== undefined && { port: env.METRICS_PORT }),
    },
    ...(env.REDIS_URL && { redisUrl: env.REDIS_URL }),
  };
}

/**
 * Returns the settings that an environment stands for; an empty variable counts as not set.
 * Outside production, secrets that are not given are made once and kept in DATA_DIR.
 * Throws ConfigInvalid, which names every wrong variable.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = environmentSchema.safeParse(given);
  const invalid = parsed.error?.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`) ?? [];
  const problems = firstOfEach([...invalid, ...combinationProblems(given)]);
  if (!parsed.success || problems.length > 0) throw new ConfigInvalid(problems);
  try {
    return toConfig(parsed.data);
  } catch (error) {
    throw new ConfigInvalid([`DATA_DIR cannot be used: ${(error as Error).message}`]);
  }
}
