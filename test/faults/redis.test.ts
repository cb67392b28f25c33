import { afterEach, expect, jest, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openRedisStore } from '../../src/limits/rateLimitStoreRedis.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../http/support/testServer.ts';
import { testDatabase } from '../support/database.ts';
import { freePort, startServerProcess, temporaryDataDir, type ServerProcess } from '../http/support/serverProcess.ts';
import { describeWithRedis, startRedisServer, type RedisServer } from '../support/redisServer.ts';

// Processes start on a machine that may be busy with other tests.
jest.setTimeout(60_000);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startRedis(options: { password?: string } = {}): Promise<RedisServer> {
  const redis = await startRedisServer(options);
  closing.push(() => redis.kill());
  return redis;
}

interface Instance {
  readonly server: TestServer;
  /** What the store has logged. */
  readonly log: readonly string[];
}

/** Longer than a busy machine takes, where a test is not about Redis being slow. */
const patient = 20_000;

/** A server that counts its rate limits in a Redis. */
async function startInstance(
  url: string,
  { answerWithinMs = patient, ...rateLimits }: TestServerOptions['rateLimits'] & { answerWithinMs?: number } = {},
): Promise<Instance> {
  const log: string[] = [];
  const store = await openRedisStore({
    url,
    prefix: 'test-',
    answerWithinMs,
    log: pino({ base: null }, { write: (line: string) => void log.push(line) }),
  });
  const server = await startTestServer({ rateLimits, rateLimitStore: store });
  closing.push(async () => {
    await server.close();
    store.close();
  });
  return { server, log };
}

/** Sends a trivial operation; returns the status and how many points are left. */
async function send({ server }: Instance, token?: string): Promise<{ status: number; remaining: number }> {
  const response = await server.post({ query: '{ __typename }' }, token === undefined ? {} : { authorization: `Bearer ${token}` });
  await response.arrayBuffer();
  const remaining = Number(/;r=(\d+)/.exec(response.headers.get('ratelimit') ?? '')?.[1]);
  return { status: response.status, remaining };
}

let people = 0;
async function signUp({ server }: Instance): Promise<{ email: string; token: string }> {
  people += 1;
  const email = `redis-${process.pid}-${Date.now()}-${people}@example.com`;
  const input = `{ email: "${email}", password: "correct horse battery", username: "Ada" }`;
  const response = await server.post({ query: `mutation { signUp(input: ${input}) { accessToken } }` });
  const { data } = (await response.json()) as { data: { signUp: { accessToken: string } } };
  return { email, token: data.signUp.accessToken };
}

/** Waits until the log says so; what never comes ends with the test's timeout. */
async function untilLogged({ log }: Instance, text: string, count = 1): Promise<void> {
  while (log.filter((line) => line.includes(text)).length < count) await sleep(20);
}

const answers = 'Redis answers';
const doesNotAnswer = 'Redis does not answer';

describeWithRedis('rate limits in Redis', () => {
  test('two servers share a budget', async () => {
    const redis = await startRedis();
    const [a, b] = [await startInstance(redis.url, { anonymous: 20 }), await startInstance(redis.url, { anonymous: 20 })];
    const left: number[] = [];
    for (let i = 0; i < 10; i += 1) left.push((await send(a)).remaining, (await send(b)).remaining);
    // With memory: 19 19 18 18 17 17 …
    expect(left).toEqual(Array.from({ length: 20 }, (_, i) => 19 - i));
    expect(await send(a)).toEqual({ status: 429, remaining: 0 });
    expect(await send(b)).toEqual({ status: 429, remaining: 0 });
  });

  test('two servers share the count of failed sign-ins', async () => {
    const redis = await startRedis();
    const [a, b] = [await startInstance(redis.url), await startInstance(redis.url)];
    const { email } = await signUp(a);
    const signIn = async ({ server }: Instance, password: string): Promise<unknown> => {
      const input = `{ email: "${email}", password: "${password}" }`;
      const response = await server.post({ query: `mutation { signIn(input: ${input}) { accessToken userErrors { code } } }` });
      const { data, errors } = (await response.json()) as {
        data: { signIn: { accessToken: string | null; userErrors: { code: string }[] } } | null;
        errors?: { extensions: { code: string } }[];
      };
      return errors?.[0]?.extensions.code ?? data?.signIn.userErrors[0]?.code ?? 'signed in';
    };
    const results = await Promise.all(Array.from({ length: 20 }, (_, i) => signIn(i % 2 === 0 ? a : b, `wrong ${i} password`)));
    expect(results).toEqual(Array.from({ length: 20 }, () => 'INVALID_CREDENTIALS'));
    // Counted by each server: ten failures each, and the right password signs in.
    expect(await signIn(a, 'correct horse battery')).toBe('RATE_LIMITED');
    expect(await signIn(b, 'correct horse battery')).toBe('RATE_LIMITED');
    const keys = await redis.keys();
    expect(keys).toEqual([
      expect.stringMatching(/^test-rate-sign-in-account:[\da-f]{64}$/),
      'test-rate-sign-in-address:127.0.0.1',
      expect.stringMatching(/^test-rate-sign-in-pair:[\da-f]{64}$/),
    ]);
  });

  test('keys name users and addresses, never credentials', async () => {
    const redis = await startRedis();
    const a = await startInstance(redis.url, { user: 1_000, anonymous: 1_000 });
    const { token } = await signUp(a);
    await send(a, token);
    expect(await redis.keys()).toEqual(['test-rate-anonymous:127.0.0.1', expect.stringMatching(/^test-rate-user:usr_[\da-z]{26}$/)]);
  });

  test('while Redis is gone requests are answered and each server holds the limits; when it is back they share them again', async () => {
    const redis = await startRedis();
    const limits = { anonymous: 1_000, user: 10 };
    const [a, b] = [await startInstance(redis.url, limits), await startInstance(redis.url, limits)];
    const { token } = await signUp(a);
    const before = await send(a);
    expect((await send(b)).remaining).toBe(before.remaining - 1);

    await redis.kill();
    // Without the fallback: 500.
    expect(await send(a)).toEqual({ status: 200, remaining: 999 });
    expect(await send(b)).toEqual({ status: 200, remaining: 999 });
    const statuses: number[] = [];
    for (let i = 0; i < 11; i += 1) statuses.push((await send(a, token)).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
    expect((await send(b, token)).status).toBe(200);

    await redis.start();
    await Promise.all([untilLogged(a, answers, 2), untilLogged(b, answers, 2)]);
    expect(await send(a)).toEqual({ status: 200, remaining: 999 });
    expect(await send(b)).toEqual({ status: 200, remaining: 998 });
    // However many requests there were: one line for each change.
    for (const { log } of [a, b]) {
      expect(log.map((line) => (line.includes(doesNotAnswer) ? 'lost' : line.includes(answers) ? 'found' : line))).toEqual([
        'found',
        'lost',
        'found',
      ]);
    }
  });

  test('a Redis that hangs holds no request up', async () => {
    const redis = await startRedis();
    const a = await startInstance(redis.url, { anonymous: 1_000, answerWithinMs: 1_500 });
    expect((await send(a)).status).toBe(200);
    redis.pause();
    closing.push(() => redis.resume());
    // Without the timeout: none of them is answered, and the test times out.
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await send(a)).status));
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
    expect(a.log.filter((line) => line.includes(doesNotAnswer))).toHaveLength(1);
    const after = await send(a);
    expect(after.remaining).toBe(979);
    redis.resume();
    await untilLogged(a, answers, 2);
    // What came while it hung was counted in memory; commands that had reached it may have been carried out all the same.
    expect((await send(a)).status).toBe(200);
    expect(await redis.keys()).toEqual(['test-rate-anonymous:127.0.0.1']);
  });

  test('an address where nobody listens stops no start: one line says so, without the password', async () => {
    const redis = await startRedis();
    await redis.kill();
    const a = await startInstance(redis.url.replace('//', '//:hunter2@'), { anonymous: 1_000 });
    expect(a.log).toHaveLength(1);
    expect(JSON.parse(a.log[0]!)).toMatchObject({
      level: 40,
      redis: new URL(redis.url).host,
      reason: 'ECONNREFUSED',
      msg: 'Redis does not answer: until it does, this instance counts rate limits by itself',
    });
    expect(a.log.join()).not.toContain('hunter2');
    expect(await send(a)).toEqual({ status: 200, remaining: 999 });
    expect(await send(a)).toEqual({ status: 200, remaining: 998 });
  });

  test.each([
    ['a wrong one', '//:hunter2@', /WRONGPASS/],
    ['none', '//', /NOAUTH/],
  ])('a Redis that wants a password and gets %s is told apart from one that is away', async (_, credentials, reason) => {
    const redis = await startRedis({ password: 'correct-horse' });
    const a = await startInstance(redis.url.replace('//', credentials), { anonymous: 1_000 });
    expect(a.log).toHaveLength(1);
    expect(JSON.parse(a.log[0]!)).toMatchObject({ level: 40, reason: expect.stringMatching(reason) });
    expect(a.log.join()).not.toMatch(/hunter2|correct-horse/);
    expect((await send(a)).status).toBe(200);
  });

  test('two processes of the built server share a budget', async () => {
    const redis = await startRedis();
    const { endpoint, prefix } = await testDatabase();
    const env = { DYNAMODB_ENDPOINT: endpoint, DYNAMODB_TABLE_PREFIX: prefix, REDIS_URL: redis.url, RATE_LIMIT_ANONYMOUS: '1000' };
    const { dataDir, remove } = temporaryDataDir();
    closing.push(remove);
    const start = async (): Promise<ServerProcess> => {
      const server = startServerProcess({ PORT: String(await freePort()), DATA_DIR: dataDir, SHUTDOWN_DELAY_MS: '0', ...env });
      closing.push(() => server.signal('SIGKILL'));
      await server.ready;
      return server;
    };
    const servers = [await start(), await start()];
    const left: unknown[] = [];
    for (const { url } of [...servers, ...servers]) {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: '{"query": "{ __typename }"}' });
      left.push(((await response.json()) as { extensions: { rateLimit: { remaining: number } } }).extensions.rateLimit.remaining);
    }
    expect(left).toEqual([999, 998, 997, 996]);
    for (const server of servers) server.signal('SIGTERM');
    for (const server of servers) expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  });
});
