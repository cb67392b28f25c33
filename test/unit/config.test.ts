import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigInvalid, loadConfig } from '../../src/config.ts';
import { variables } from '../../src/config/variables.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'snapinfra-config-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const jwtSecret = 'k3Vd0Zq8Yw1Lm5Tn7Rb2Xc9Pf4Hg6Js0';
const encryptionKey = Buffer.alloc(32, 7).toString('base64');
const production = { NODE_ENV: 'production', JWT_SECRET: jwtSecret, ENCRYPTION_KEY: encryptionKey, AWS_REGION: 'eu-central-1' };

/** Returns the problems that an environment has, none when it is valid. */
function problems(env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ DATA_DIR: dataDir, ...env });
    return [];
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.problems;
    throw error;
  }
}

test.each([
  ['true', 1],
  ['1', 1],
  ['3', 3],
  ['false', false],
  ['0', false],
  ['10.0.0.0/8, 2001:db8::1', '10.0.0.0/8, 2001:db8::1'],
])('TRUST_PROXY=%s', (value, expected) => {
  expect(loadConfig({ DATA_DIR: dataDir, TRUST_PROXY: value }).http.trustProxy).toBe(expected);
});

describe('development', () => {
  test('an empty environment is enough', () => {
    const config = loadConfig({ DATA_DIR: dataDir, PORT: '', CORS_ORIGIN: ' ' });
    expect(config).toMatchObject({
      environment: 'development',
      http: { host: '127.0.0.1', port: 5000, trustProxy: false, drainDelayMs: 300 },
      ttlDays: { activity: 365, analytics: 90, codeGenerations: 30 },
      logLevel: 'info',
      introspection: true,
      changes: { source: 'auto' },
      database: { location: { kind: 'embedded' }, region: 'us-east-1', prefix: 'snapinfra-', client: 'lean', provision: true },
      dataDir,
    });
    expect(config.http.corsOrigins).toContain('https://studio.apollographql.com');
    expect(config).not.toHaveProperty('oidc');
    expect(config).not.toHaveProperty('ai');
  });

  test('secrets are made once, differ, stay the same after a restart and are readable by the owner only', () => {
    const first = loadConfig({ DATA_DIR: dataDir });
    const second = loadConfig({ DATA_DIR: dataDir });
    expect(Buffer.byteLength(first.jwtSecret)).toBeGreaterThanOrEqual(32);
    expect(first.encryptionKey).toHaveLength(32);
    expect(first.jwtSecret).not.toBe(first.encryptionKey.toString('base64url'));
    expect(second.jwtSecret).toBe(first.jwtSecret);
    expect(second.encryptionKey).toEqual(first.encryptionKey);
    expect(statSync(join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  test('a damaged file of secrets is not replaced: the message says what to do', () => {
    writeFileSync(join(dataDir, 'secrets.json'), '{"jwtSecret":');
    expect(problems({})).toEqual([expect.stringMatching(/^DATA_DIR cannot be used: .*secrets\.json.*set JWT_SECRET and ENCRYPTION_KEY/)]);
    expect(readFileSync(join(dataDir, 'secrets.json'), 'utf8')).toBe('{"jwtSecret":');
  });

  test('given secrets win, and no file is made', () => {
    const config = loadConfig({ DATA_DIR: dataDir, JWT_SECRET: jwtSecret, ENCRYPTION_KEY: encryptionKey });
    expect(config.jwtSecret).toBe(jwtSecret);
    expect(config.encryptionKey).toEqual(Buffer.alloc(32, 7));
    expect(() => statSync(join(dataDir, 'secrets.json'))).toThrow('ENOENT');
  });

  test('an emulator gets credentials, unless some are given', () => {
    const endpoint = 'http://localhost:8000';
    expect(loadConfig({ DATA_DIR: dataDir, DYNAMODB_ENDPOINT: endpoint }).database.location).toEqual({
      kind: 'endpoint',
      endpoint,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    expect(loadConfig({ DATA_DIR: dataDir, DYNAMODB_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: 'AKIA' }).database.location).toEqual({
      kind: 'endpoint',
      endpoint,
    });
  });

  test('an AWS region alone does not lead a development server to AWS', () => {
    expect(loadConfig({ DATA_DIR: dataDir, AWS_REGION: 'eu-west-1', DYNOXIDE_BIN: '/opt/dynoxide' }).database).toMatchObject({
      location: { kind: 'embedded', bin: '/opt/dynoxide' },
      region: 'eu-west-1',
    });
  });
});

describe('production', () => {
  test('takes everything from the environment', () => {
    const config = loadConfig({ ...production, DATA_DIR: dataDir, CORS_ORIGIN: 'https://app.example.com, https://admin.example.com' });
    expect(config).toMatchObject({
      http: { host: '0.0.0.0', corsOrigins: ['https://app.example.com', 'https://admin.example.com'] },
      introspection: false,
      database: { location: { kind: 'aws' }, region: 'eu-central-1', provision: false },
    });
    expect(() => statSync(join(dataDir, 'secrets.json'))).toThrow('ENOENT');
  });

  test('has no local default', () => {
    const named = problems({ NODE_ENV: 'production' }).map((problem) => problem.split(' ')[0]);
    expect(named.sort()).toEqual(['AWS_REGION', 'ENCRYPTION_KEY', 'JWT_SECRET']);
  });

  test('the embedded database only when told', () => {
    const withoutRegion = { ...production, AWS_REGION: '' };
    expect(problems(withoutRegion)).toEqual([expect.stringContaining('SNAPINFRA_EMBEDDED=allow')]);
    expect(loadConfig({ ...withoutRegion, DATA_DIR: dataDir, SNAPINFRA_EMBEDDED: 'allow' }).database).toMatchObject({
      location: { kind: 'embedded' },
      provision: true,
    });
  });

  test.each([
    ['short', 'k3Vd0Zq8Yw1Lm5', 'at least 32 bytes'],
    ['a word', 'your-super-secret-jwt-key-0123456789-xyz', 'guessable'],
    ['one character', 'a'.repeat(64), 'guessable'],
    ['a few characters', 'ab12'.repeat(16), 'guessable'],
  ])('refuses a JWT secret that is weak: %s', (_, weak, expected) => {
    expect(problems({ ...production, JWT_SECRET: weak })).toEqual([expect.stringMatching(new RegExp(`^JWT_SECRET .*${expected}`))]);
  });
});

test.each([
  ['development', undefined, true],
  ['development', 'on', true],
  ['development', 'off', false],
  ['test', undefined, true],
  ['production', undefined, false],
  ['production', 'off', false],
  ['production', 'on', true],
])('explain in %s with EXPLAIN=%s: %s', (environment, value, expected) => {
  const env = { ...production, NODE_ENV: environment, DATA_DIR: dataDir, EXPLAIN: value };
  expect(loadConfig(env).explain).toBe(expected);
});

test.each([
  ['PORT', '70000', 'from 0 to 65535'],
  ['PORT', 'abc', 'from 0 to 65535'],
  ['PORT', '-1', 'from 0 to 65535'],
  ['PORT', '5000.5', 'from 0 to 65535'],
  ['SHUTDOWN_DELAY_MS', '1s', 'from 0 to 10000'],
  ['ACTIVITY_TTL_DAYS', '0', 'from 1 to 3650'],
  ['HOST', 'http://localhost', 'address'],
  ['NODE_ENV', 'prod', 'development, test or production'],
  ['LOG_LEVEL', 'loud', 'fatal, error, warn'],
  ['INTROSPECTION', 'maybe', 'true or false'],
  ['READ_PLAN', 'fast', 'adaptive or per-project'],
  ['EARLIER_BACKEND', 'gone', 'true or false'],
  ['EXPLAIN', 'true', 'on or off'],
  ['TRUST_PROXY', '11', 'the number of proxies (up to 10)'],
  ['TRUST_PROXY', '*', 'false, true (one proxy)'],
  ['TRUST_PROXY', '10.0.0.0/33', 'false, true (one proxy)'],
  ['TRUST_PROXY', 'proxy.example.com', 'false, true (one proxy)'],
  ['CORS_ORIGIN', 'app.example.com', 'list of origins'],
  ['CORS_ORIGIN', 'https://app.example.com/', 'list of origins'],
  ['DYNAMODB_ENDPOINT', 'localhost:8000', 'URL of a DynamoDB endpoint'],
  ['DYNAMODB_TABLE_PREFIX', 'my tables/', 'letters, digits'],
  ['DYNAMODB_CLIENT', 'fast', 'lean or stock'],
  ['AWS_REGION', 'EU Central', 'AWS region'],
  ['ENCRYPTION_KEY', 'c2hvcnQ=', '32 bytes'],
  ['ENCRYPTION_KEY_PREVIOUS', `${encryptionKey},x`, '32 bytes'],
  ['JWT_SECRET', 'tiny', '32 bytes'],
  ['OIDC_ISSUER', 'login', 'issuer URL'],
  ['OIDC_AUDIENCE', 'api', 'OIDC_ISSUER and OIDC_AUDIENCE'],
  ['AI_MODEL', 'm1', 'AI_BASE_URL and AI_MODEL'],
  ['AI_TIMEOUT_MS', '10', 'from 1000 to 600000'],
  ['REDIS_URL', 'http://cache', 'redis://'],
  ['CHANGE_FEED', 'kafka', 'auto, process or streams'],
  ['RATE_LIMIT_USER', '-1', 'whole number from 0'],
  ['RATE_LIMIT_ANONYMOUS', 'none', 'whole number from 0'],
  ['MAX_REQUESTS_IN_FLIGHT', '0', 'whole number from 1'],
  ['MAX_EVENT_LOOP_DELAY_MS', '0.5', 'whole number from 0'],
  ['SNAPINFRA_EMBEDDED', 'yes', 'allow'],
])('%s=%s is refused with what is expected', (variable, value, expected) => {
  const found = problems({ [variable]: value });
  expect(found.join('\n')).toContain(expected);
  expect(found.some((problem) => problem.startsWith(variable) || problem.includes(` ${variable} `))).toBe(true);
});

test('every wrong variable has one line, and no value is repeated', () => {
  const env = {
    NODE_ENV: 'production',
    PORT: 'x9x9',
    JWT_SECRET: 'hunter2',
    ENCRYPTION_KEY: 'hunter3',
    REDIS_URL: 'http://:hunter4@cache',
    AI_API_KEY: 'hunter5',
    AI_MODEL: 'm',
  };
  const found = problems(env);
  expect(found.map((problem) => problem.split(' ')[0]).sort()).toEqual([
    'AI_BASE_URL',
    'AWS_REGION',
    'ENCRYPTION_KEY',
    'JWT_SECRET',
    'PORT',
    'REDIS_URL',
  ]);
  expect(new ConfigInvalid(found).message).not.toMatch(/hunter|x9x9/);
  expect(new ConfigInvalid(found).message.split('\n')).toHaveLength(7);
});

describe('traces and metrics', () => {
  test('without an endpoint there are no traces', () => {
    expect(loadConfig({ DATA_DIR: dataDir, OTEL_TRACES_SAMPLER: 'always_on' })).not.toHaveProperty('tracing');
  });

  test('an endpoint, a sampler, a port of their own for metrics', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.05',
    };
    const config = loadConfig({ DATA_DIR: dataDir, METRICS_PORT: '9464', ...env });
    expect(config.tracing).toEqual({
      url: 'http://collector:4318/v1/traces',
      serviceName: 'snapinfra-api',
      sampler: 'traceidratio',
      ratio: 0.05,
    });
    expect(config.metrics).toEqual({ port: 9464 });
  });

  test.each([
    [{ METRICS_TOKEN: 'short' }, /^METRICS_TOKEN must be 16 to 200/],
    [{ METRICS_PORT: '5000' }, /^METRICS_PORT must be another port/],
    [{ OTEL_TRACES_SAMPLER: 'sometimes' }, /^OTEL_TRACES_SAMPLER must be one of always_on/],
    [{ OTEL_TRACES_SAMPLER_ARG: '1.5' }, /^OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1/],
  ])('%p is refused', (env, expected) => {
    expect(problems(env as unknown as Record<string, string>)).toEqual([expect.stringMatching(expected)]);
  });
});

test('the README tells of every variable, and of no other', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const start = readme.indexOf('\n## Configuration\n');
  const table = readme.slice(start, readme.indexOf('\n### ', start));
  const named = [...table.matchAll(/`([A-Z]+(?:_[A-Z]+)*)(?:=[^`]*)?`/g)].map(([, name = '']) => name);
  const known = Object.keys(variables.shape);
  expect(known.filter((name) => !named.includes(name))).toEqual([]);
  const firstCells = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
  expect(firstCells.length).toBeGreaterThan(40);
  expect(firstCells.filter((name) => !known.includes(name))).toEqual([]);
});
