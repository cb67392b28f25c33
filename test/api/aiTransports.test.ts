/** The assistant over HTTP, WebSocket and event streams: its own deadline, and clients that leave. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { request } from 'node:http';
import { signUpAt, type SignedUp } from '../http/support/accounts.ts';
import { postForStream } from '../http/support/eventStreamClient.ts';
import { startTestServer, type TestServer } from '../http/support/testServer.ts';
import { openSocket, type Result } from '../http/support/webSocketClient.ts';
import { failure, held, pieces, pieceThen, silence, startAiServer, until, whole, type AiServer } from '../support/aiServer.ts';

const apiKey = 'sk-live-0123456789';
let endpoint: AiServer;
let server: TestServer;
let ada: Pick<SignedUp, 'header'>;

const chat = 'aiChat(input: { messages: [{ role: USER, content: "ping" }] }) { message { content } userErrors { code } }';
const chatStream =
  'subscription { aiChatStream(input: { messages: [{ role: USER, content: "ping" }] }) { delta message { content } userErrors { code } } }';

beforeAll(async () => {
  endpoint = await startAiServer();
  const ai = { baseUrl: endpoint.baseUrl, model: 'm', apiKey, timeoutMs: 3_600_000 };
  server = await startTestServer({ operationTimeoutMs: 700, ai });
  // A busy machine may need longer than that to sign somebody up.
  const unhurried = await startTestServer();
  const { header } = await signUpAt(unhurried);
  await unhurried.close();
  ada = { header };
});
beforeEach(() => {
  endpoint.reset();
});
afterAll(async () => {
  await server.close();
  await endpoint.close();
});

const transports: Record<string, (query: string) => Promise<Result>> = {
  HTTP: async (query) => (await (await server.post({ query }, ada.header)).json()) as Result,
  WebSocket: async (query) => {
    const client = await openSocket(server.url);
    await client.init(ada.header);
    const result = await client.run(query);
    client.close();
    return result;
  },
  'an event stream': async (query) => {
    const client = await postForStream(server.url, { query }, ada.header);
    const [first] = await client.rest();
    return first?.data ?? {};
  },
};
const names = Object.keys(transports);

const onlyChat = `mutation { ${chat} }`;
const withFragments = `mutation { ...A ... on Mutation { __typename } } fragment A on Mutation { ${chat} }`;
const withOther = `mutation { ${chat} activityLog(input: { projectId: "x", action: "y" }) { userErrors { code } } }`;

describe.each(names)('over %s', (name) => {
  const run = (query: string): Promise<Result> => transports[name]!(query);

  test.each([onlyChat, withFragments])('a question outlives the deadline of other operations: %s', async (query) => {
    const step = held(whole('late'));
    endpoint.script(step);
    const question = run(query);
    await until(() => endpoint.chats.length === 1);
    // A question beside another mutation has the usual time: once that one was cut off, the deadline has passed for both.
    endpoint.script(silence);
    const cut = await run(withOther);
    expect(cut.errors?.[0]?.extensions.code).toBe('TIMEOUT');
    step.release();
    expect((await question).data?.['aiChat']).toEqual({ message: { content: 'late' }, userErrors: [] });
  });

  test('an operation that is cut off ends the call', async () => {
    endpoint.script(silence);
    expect((await run(withOther)).errors?.[0]?.extensions.code).toBe('TIMEOUT');
    await until(() => endpoint.chats[0]!.isAbandoned);
  });
});

describe('a client that leaves', () => {
  test('over HTTP ends the call', async () => {
    endpoint.script(silence);
    const body = JSON.stringify({ query: onlyChat });
    const outgoing = request(`${server.url}/graphql`, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json', ...ada.header },
    });
    outgoing.on('error', () => undefined);
    outgoing.end(body);
    await until(() => endpoint.chats.length === 1);
    outgoing.destroy();
    await until(() => endpoint.chats[0]!.isAbandoned);
  });

  test.each([
    ['a question', onlyChat, silence],
    ['a stream', chatStream, pieceThen('a', '', 'open')],
  ])('over WebSocket, with %s under way, ends the call', async (_, query, step) => {
    endpoint.script(step);
    const client = await openSocket(server.url);
    await client.init(ada.header);
    client.send({ type: 'subscribe', id: '1', payload: { query } });
    await until(() => endpoint.chats.length === 1);
    client.send({ type: 'complete', id: '1' });
    await until(() => endpoint.chats[0]!.isAbandoned);
    client.close();
  });

  test('over an event stream ends the call', async () => {
    endpoint.script(pieceThen('a', '', 'open'));
    const client = await postForStream(server.url, { query: chatStream }, ada.header);
    expect((await client.next())?.data).toMatchObject({ data: { aiChatStream: { delta: 'a' } } });
    client.leave();
    await until(() => endpoint.chats[0]!.isAbandoned);
  });
});

describe('aiChatStream', () => {
  const whatCame = (results: (Result | null | undefined)[]) =>
    results.map((result) => (result?.data as { aiChatStream: unknown } | undefined)?.aiChatStream);
  const chunks = [
    { delta: 'po', message: null, userErrors: [] },
    { delta: 'ng', message: null, userErrors: [] },
    { delta: null, message: { content: 'pong' }, userErrors: [] },
  ];

  test('comes over WebSocket, also after the deadline of other operations', async () => {
    const step = held(pieces('po', 'ng'));
    endpoint.script(step);
    const client = await openSocket(server.url);
    await client.init(ada.header);
    client.send({ type: 'subscribe', id: '1', payload: { query: chatStream } });
    await until(() => endpoint.chats.length === 1);
    endpoint.script(silence);
    expect((await transports['HTTP']!(withOther)).errors?.[0]?.extensions.code).toBe('TIMEOUT');
    step.release();
    await client.next(({ type }) => type === 'complete');
    expect(whatCame(client.messages.filter(({ type }) => type === 'next').map(({ payload }) => payload))).toEqual(chunks);
    client.close();
  });

  test('comes over an event stream', async () => {
    const client = await postForStream(server.url, { query: chatStream }, ada.header);
    const events = await client.rest();
    expect(events.map(({ event }) => event)).toEqual(['next', 'next', 'next', 'complete']);
    expect(whatCame(events.slice(0, 3).map(({ data }) => data))).toEqual(chunks);
  });
});

test('neither the key nor what the endpoint says of it comes into the log, the answer or the cost', async () => {
  endpoint.script(failure(401, { message: `Incorrect API key provided: ${apiKey}. ${endpoint.baseUrl}` }));
  const answer = await server.post({ query: onlyChat }, { ...ada.header, 'x-snapinfra-explain': '1' });
  const text = await answer.text();
  expect(text).toContain('AI_MISCONFIGURED');
  const lines = server.log.join('');
  expect(lines).toContain('"code":"AI_MISCONFIGURED","status":401');
  for (const secret of [apiKey, endpoint.baseUrl, 'Incorrect']) expect(text + lines).not.toContain(secret);
});
