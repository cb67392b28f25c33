/**
 * Requests that cost a server much more than their sender. Each is sent to this server, which must refuse it with a clear
 * error, and to an Apollo Server of the same schema without limits, where it must succeed: else it would prove nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHarness, type Harness } from '../support/harness.ts';
import { attacks, offences, valueOffences, type Attack } from './attacks/documents.ts';
import { startUnprotected, type Unprotected } from './attacks/unprotected.ts';
import { valueWritingsOf, writingsOf, type Sent, type Writing } from './attacks/writings.ts';
import { startTestServer, type TestServer } from './support/testServer.ts';

/** A server under attack, and somebody who is signed in there. */
interface Target {
  readonly url: string;
  readonly token: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

let harness: Harness;
let server: TestServer;
let unprotected: Unprotected;
let own: Target;
let peer: Target;

beforeAll(async () => {
  harness = await createHarness();
  [server, unprotected] = await Promise.all([startTestServer(), startUnprotected(harness.services)]);
  [own, peer] = await Promise.all([join(`${server.url}/graphql`), join(unprotected.url)]);
});
afterAll(() => Promise.all([unprotected.close(), server.close(), harness.close()]));

const json = { 'content-type': 'application/json' };

async function send({ url, token }: Target, { method, body }: Sent | { method: 'POST'; body: string }): Promise<Answer> {
  const headers = { ...json, 'apollo-require-preflight': '1', authorization: `Bearer ${token}` };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response =
    method === 'POST' ? await fetch(url, { method, headers, body: text }) : await fetch(`${url}?${searchOf(text).toString()}`, { headers });
  return { status: response.status, text: await response.text() };
}

/** Returns a JSON body as the parameters of a GET (GraphQL over HTTP, 5.4). */
function searchOf(body: string): URLSearchParams {
  const entries = Object.entries(JSON.parse(body) as Record<string, unknown>);
  return new URLSearchParams(
    Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])),
  );
}

let joined = 0;

/** Signs somebody up at a server, with three projects. */
async function join(url: string): Promise<Target> {
  joined += 1;
  const input = {
    email: `attacker-${process.pid}-${Date.now()}-${joined}@example.com`,
    password: 'correct horse battery',
    username: 'Eve',
  };
  const query = 'mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken userErrors { message } } }';
  const { text } = await send({ url, token: '' }, { method: 'POST', body: { query, variables: { input } } });
  const { accessToken: token } = (JSON.parse(text) as { data: { signUp: { accessToken: string } } }).data.signUp;
  const inputs = [{ name: 'One' }, { name: 'Two' }, { name: 'Three' }];
  const create = 'mutation ($inputs: [ProjectCreateInput!]!) { projectBulkCreate(inputs: $inputs) { projects { id } } }';
  expect((await send({ url, token }, { method: 'POST', body: { query: create, variables: { inputs } } })).text).toContain('prj_');
  return { url, token };
}

/** What a refusal looks like; no data, one error, and nothing that a program was not meant to see. */
function expectRefusal({ status, text }: Answer, { code, status: expected = 400 }: Pick<Attack, 'code' | 'status'>): void {
  const body = JSON.parse(text) as { data?: unknown; errors: unknown[] };
  const extensions = { code, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/), retryable: false };
  expect({ status, errors: body.errors }).toEqual({ status: expected, errors: [expect.objectContaining({ extensions })] });
  expect(body).not.toHaveProperty('data');
  expect(text.length).toBeLessThan(5_000);
  expect(text).not.toMatch(/call stack|node_modules|at file:/);
}

/** CPU time of this process, where both servers run: unlike the clock, it does not count what others do on the machine. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Returns the least CPU time of several runs, in microseconds: the others had the compiler or the garbage collector in them. */
async function leastCpu(runs: number, work: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let run = 0; run < runs; run += 1) least = Math.min(least, await cpuOf(work));
  return least;
}

const isHealthy = async (): Promise<boolean> => (await fetch(`${server.url}/livez`)).status === 200;

describe.each(attacks.map((attack) => [attack.name, attack] as const))('%s', (_, attack) => {
  const request = { method: 'POST', body: typeof attack.body === 'string' ? attack.body : JSON.stringify(attack.body) } as const;

  // Without the limits: 200, or "Maximum call stack size exceeded", as the next test sees it at the peer.
  test('is refused, signed in or not, while others are answered', async () => {
    const [signedIn, anonymous, ...healthy] = await Promise.all([
      send(own, request),
      send({ ...own, token: '' }, request),
      isHealthy(),
      isHealthy(),
    ]);
    expectRefusal(signedIn, attack);
    expectRefusal(anonymous, attack);
    expect(healthy).toEqual([true, true]);
  });

  test('succeeds against a server without limits', async () => {
    if (attack.proof === 'work') {
      const [there, here] = [await leastCpu(2, () => send(peer, request)), await leastCpu(4, () => send(own, request))];
      // Measured: 8 to 60 times as much.
      expect(there).toBeGreaterThan(3 * here);
      return;
    }
    const { status, text } = await send(peer, request);
    if (attack.proof === 'overflow') expect(text).toContain('Maximum call stack size exceeded');
    else if (attack.proof === 'echo') expect(text.length).toBeGreaterThan(request.body.length);
    else expect({ status, text: text.slice(0, 500) }).toEqual({ status: 200, text: expect.not.stringContaining('"data":null') });
  });
});

/** Sends requests that belong together and returns the last answer; those before must have been answered. */
async function sendAll(target: Target, { before, offending }: Writing): Promise<Answer> {
  for (const request of before) expect((await send(target, request)).status).toBe(200);
  return send(target, offending);
}

// Looked for as a validation rule, the offence passes in a document that is cached; looked for in the text, it passes by its values.
describe.each(offences.map((offence) => [offence.name, offence] as const))('too much %s is found', (_, offence) => {
  test.each(writingsOf(offence).map((writing) => [writing.name, writing] as const))('%s', async (_name, writing) => {
    expectRefusal(await sendAll(own, writing), offence);
    expect((await sendAll(peer, writing)).status).toBe(200);
  });
});

describe.each(valueOffences.map((offence) => [offence.name, offence] as const))('too much %s in values is found', (_, offence) => {
  test.each(valueWritingsOf(offence).map((writing) => [writing.name, writing] as const))('%s', async (_name, writing) => {
    expectRefusal(await sendAll(own, writing), offence);
    expect((await sendAll(peer, writing)).status).toBe(200);
  });
});
