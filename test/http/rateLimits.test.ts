import { afterEach, describe, expect, test } from '@jest/globals';
import { startTestServer, type TestServer, type TestServerOptions } from './support/testServer.ts';

const trivial = { query: '{ __typename }' };
const started: TestServer[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()));
});

async function start(rateLimits: TestServerOptions['rateLimits']): Promise<TestServer> {
  const server = await startTestServer({ rateLimits: { ...rateLimits } });
  started.push(server);
  return server;
}

interface Body {
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions: Record<string, unknown> }[];
  extensions?: { rateLimit?: { limit: number; cost: number; remaining: number; resetAt: string } };
}

async function send(server: TestServer, body: unknown, token?: string): Promise<{ response: Response; body: Body }> {
  const response = await server.post(body, token === undefined ? {} : { authorization: `Bearer ${token}` });
  return { response, body: (await response.json()) as Body };
}

async function data(server: TestServer, query: string, token?: string): Promise<Record<string, Record<string, string>>> {
  const { body } = await send(server, { query }, token);
  if (!body.data || body.errors) throw new Error(JSON.stringify(body));
  return body.data as Record<string, Record<string, string>>;
}

/** Signs somebody up and returns the access token. */
async function signUp(server: TestServer, email: string): Promise<string> {
  const input = `{ email: "${email}", password: "correct horse battery", username: "Ada" }`;
  const { signUp: answer } = await data(server, `mutation { signUp(input: ${input}) { accessToken } }`);
  return String(answer?.['accessToken']);
}

let people = 0;
function uniqueEmail(): string {
  people += 1;
  return `limited-${process.pid}-${Date.now()}-${people}@example.com`;
}

test('every answer tells what is left, in its header fields and in its extensions', async () => {
  const server = await start({ anonymous: 1_000 });
  const before = Date.now();
  const { response, body } = await send(server, trivial);
  expect(response.status).toBe(200);
  expect(response.headers.get('ratelimit-policy')).toBe('"anonymous";q=1000;qu="points";w=60');
  expect(response.headers.get('ratelimit')).toMatch(/^"anonymous";r=999;t=\d+$/);
  expect(response.headers.get('retry-after')).toBeNull();
  expect(body.extensions?.rateLimit).toEqual({ limit: 1_000, cost: 1, remaining: 999, resetAt: expect.any(String) });
  const resetAt = Date.parse(body.extensions!.rateLimit!.resetAt);
  expect(resetAt - before).toBeGreaterThan(59_000);
  expect(resetAt - Date.now()).toBeLessThanOrEqual(60_000);
});

test('GET queries count, too', async () => {
  const server = await start({ anonymous: 1_000 });
  const url = `${server.url}/graphql?query=${encodeURIComponent(trivial.query)}`;
  const response = await fetch(url, { headers: { 'apollo-require-preflight': '1' } });
  expect(response.headers.get('ratelimit')).toMatch(/;r=999;/);
});

test('without a limit nothing is said of one', async () => {
  const server = await start({});
  const { response, body } = await send(server, trivial);
  expect(response.headers.get('ratelimit')).toBeNull();
  expect(body.extensions).toBeUndefined();
});

describe('a caller without points', () => {
  test('gets 429 with the time to wait, and nothing runs', async () => {
    const server = await start({ anonymous: 150 });
    const email = uniqueEmail();
    const input = `{ email: "${email}", password: "correct horse battery", username: "Ada" }`;
    const mutation = { query: `mutation { signUp(input: ${input}) { user { id } userErrors { message } } }` };
    for (let i = 0; i < 60; i += 1) await send(server, trivial);
    const { response, body } = await send(server, mutation);
    // Without the refusal: 200 and a new account.
    expect(response.status).toBe(429);
    const seconds = Number(response.headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(response.headers.get('ratelimit')).toBe(`"anonymous";r=0;t=${seconds}`);
    expect(body.data ?? null).toBeNull();
    expect(body.errors).toEqual([
      {
        message: `The 150 points a minute for requests without sign-in from this address are used up. Try again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`,
        extensions: { code: 'RATE_LIMITED', requestId: response.headers.get('x-request-id'), retryable: true },
      },
    ]);
    expect(body.extensions?.rateLimit).toMatchObject({ limit: 150, remaining: 0 });
    expect(body.extensions!.rateLimit!.cost).toBeGreaterThanOrEqual(100);
  });

  test('is refused before the operation is parsed', async () => {
    const server = await start({ anonymous: 5 });
    for (let i = 0; i < 6; i += 1) await send(server, trivial);
    const { response, body } = await send(server, { query: '{ this is no GraphQL' });
    // Without the early refusal: 400 GRAPHQL_PARSE_FAILED, after the work of finding that out.
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(response.headers.get('ratelimit')).toMatch(/^"anonymous";r=0;t=\d+$/);
    expect(body.errors?.[0]?.extensions['code']).toBe('RATE_LIMITED');
    expect(body.extensions?.rateLimit).toMatchObject({ limit: 5, remaining: 0 });
  });

  test('still reaches what tells whether the server is well', async () => {
    const server = await start({ anonymous: 1 });
    for (let i = 0; i < 2; i += 1) await send(server, trivial);
    expect((await send(server, trivial)).response.status).toBe(429);
    for (const path of ['/livez', '/readyz', '/api/health']) expect((await fetch(server.url + path)).status).toBe(200);
  });
});

test.each([
  ['no GraphQL', '{ this is'],
  ['not valid', '{ nothingOfThisName }'],
  ['too complex', `{ ${Array.from({ length: 31 }, (_, i) => `a${i}: __typename`).join(' ')} }`],
])('an operation that is %s costs something, too', async (_, query) => {
  const server = await start({ anonymous: 1_000 });
  const { response, body } = await send(server, { query });
  expect(response.status).toBe(400);
  // Without the charge: nobody is ever stopped from sending those.
  expect(body.extensions?.rateLimit).toMatchObject({ cost: 10, remaining: 990 });
});

test('an operation over the whole budget says that waiting does not help', async () => {
  const server = await start({ anonymous: 50 });
  const input = `{ email: "${uniqueEmail()}", password: "correct horse battery" }`;
  const { response, body } = await send(server, { query: `mutation { signIn(input: ${input}) { accessToken } }` });
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBeNull();
  expect(body.errors?.[0]).toMatchObject({
    message: expect.stringMatching(/^The operation costs \d+ points, more than the 50 points a minute/),
    extensions: { code: 'RATE_LIMITED', retryable: false },
  });
  expect((await send(server, trivial)).response.status).toBe(200);
});

describe('a user', () => {
  test('has one budget for all credentials', async () => {
    const server = await start({ user: 1_000 });
    const token = await signUp(server, uniqueEmail());
    const { apiKeyCreate } = await data(
      server,
      'mutation { apiKeyCreate(input: { name: "ci", scopes: [READ] }) { secret userErrors { message } } }',
      token,
    );
    const remaining = async (credential: string): Promise<number> =>
      (await send(server, trivial, credential)).body.extensions?.rateLimit?.remaining ?? Number.NaN;
    const first = await remaining(token);
    // Without the user as the key: the API key has a budget of its own, 999.
    expect(await remaining(String(apiKeyCreate?.['secret']))).toBe(first - 1);
    expect(await remaining(token)).toBe(first - 2);
  });

  test('is not limited by what others send from the same address, nor the other way round', async () => {
    const server = await start({ user: 100, anonymous: 1_000 });
    const [ada, bob] = [await signUp(server, uniqueEmail()), await signUp(server, uniqueEmail())];
    for (let i = 0; i < 101; i += 1) await send(server, trivial, ada);
    expect((await send(server, trivial, ada)).response.status).toBe(429);
    expect((await send(server, trivial, bob)).response.status).toBe(200);
    expect((await send(server, trivial)).response.headers.get('ratelimit')).toMatch(/^"anonymous";r=[1-9]/);
  });

  test('whose token is not valid counts as nobody', async () => {
    const server = await start({ user: 1_000, anonymous: 2 });
    for (let i = 0; i < 3; i += 1) await send(server, trivial, `guess${i}`);
    // Without this: as many guesses at tokens as one likes.
    expect((await send(server, trivial, 'guess3')).response.status).toBe(429);
  });
});
