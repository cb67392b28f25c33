/** Every variable of the environment that the server reads: what it may be, and what it is when it is not set. By subject. */
import { z } from 'zod';
import { usualAiTimeoutMs } from '../domains/ai/deadline.ts';
import { usualJobSettings } from '../domains/codeGenerations/jobs/settings.ts';
import { operationLimits } from '../limits/limits.ts';
import { samplers } from '../telemetry/tracing.ts';
import { corsOrigins, encryptionKey, flag, integrationEndpoints, trustProxy, webUrl, wholeNumber } from './values.ts';

/** The variables; what is optional here has a default that depends on others, or none. */
export const variables = z.object({
  // Where it listens, and what it says of itself.
  NODE_ENV: z.enum(['development', 'test', 'production'], 'must be development, test or production').default('development'),
  PORT: wholeNumber(0, 65_535).default(5000),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be an address to listen on, such as 127.0.0.1 or 0.0.0.0')
    .optional(),
  PUBLIC_URL: webUrl('the URL that clients reach this server by, such as https://api.example.com').optional(),
  CORS_ORIGIN: corsOrigins.optional(),
  TRUST_PROXY: trustProxy.default(false),
  INTROSPECTION: flag.optional(),
  EXPLAIN: z.enum(['on', 'off'], 'must be on or off').optional(),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be fatal, error, warn, info, debug, trace or silent')
    .default('info'),

  // How much it takes on, and for how long.
  OPERATION_TIMEOUT_MS: wholeNumber(100, 120_000).default(operationLimits.milliseconds),
  SHUTDOWN_DELAY_MS: wholeNumber(0, 10_000).optional(),
  MAX_REQUESTS_IN_FLIGHT: wholeNumber(1, 100_000).default(400),
  MAX_EVENT_LOOP_DELAY_MS: wholeNumber(0, 60_000).default(500),
  RATE_LIMIT_USER: wholeNumber(0, 999_999_999).optional(),
  RATE_LIMIT_ANONYMOUS: wholeNumber(0, 999_999_999).optional(),

  // The database, and how it is read.
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
  READ_PLAN: z.enum(['adaptive', 'per-project'], 'must be adaptive or per-project').default('adaptive'),
  EARLIER_BACKEND: flag.default(true),
  ACTIVITY_TTL_DAYS: wholeNumber(1, 3650).default(365),
  ANALYTICS_TTL_DAYS: wholeNumber(1, 3650).default(90),
  CODE_GENERATION_TTL_DAYS: wholeNumber(1, 3650).default(30),

  // Secrets, and who signs in.
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
  OIDC_ISSUER: webUrl('the issuer URL of an OpenID provider, such as https://login.example.com/').optional(),
  OIDC_AUDIENCE: z.string().optional(),

  // Other servers.
  INTEGRATION_ENDPOINTS: integrationEndpoints.optional(),
  AI_BASE_URL: webUrl('the base URL of an OpenAI-compatible API, such as https://api.openai.com/v1').optional(),
  AI_API_KEY: z.string().optional(),
  AI_MODEL: z.string().optional(),
  AI_TIMEOUT_MS: wholeNumber(1_000, 600_000).default(usualAiTimeoutMs),

  // Several instances.
  REDIS_URL: z
    .string()
    .refine(
      (value) => URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol),
      'must be a URL that begins with redis:// or rediss://',
    )
    .optional(),
  CHANGE_FEED: z.enum(['auto', 'process', 'streams'], 'must be auto, process or streams').default('auto'),
  CODE_GENERATION_CONCURRENCY: wholeNumber(0, 16).default(usualJobSettings.concurrency),
  CODE_GENERATION_LEASE_MS: wholeNumber(500, 600_000).default(usualJobSettings.leaseMs),
  CODE_GENERATION_POLL_MS: wholeNumber(100, 600_000).default(usualJobSettings.pollMs),

  // What is watched.
  METRICS_TOKEN: z
    .string()
    .regex(/^[\w.~+/=-]{16,200}$/, 'must be 16 to 200 characters of a bearer token, such as the output of openssl rand -base64 24')
    .optional(),
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: webUrl(
    'the URL of an OpenTelemetry collector that takes OTLP over HTTP, such as http://localhost:4318',
  ).optional(),
  OTEL_SERVICE_NAME: z.string().default('snapinfra-api'),
  OTEL_TRACES_SAMPLER: z.enum(samplers, `must be one of ${samplers.join(', ')}`).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'must be a number from 0 to 1, such as 0.05')
    .default('1'),
});

/** The values of the variables, read and checked one by one. */
export type Environment = z.output<typeof variables>;
