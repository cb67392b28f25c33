import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { failure, flood, pieces, pieceThen, raw, silence, startAiServer, until, type AiServer, type AiStep } from '../support/aiServer.ts';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Following, type Harness, type TestUser } from '../support/harness.ts';

let endpoint: AiServer;
let harness: Harness;
let ada: TestUser;

const chatStream = `subscription ($input: AiChatInput!) { aiChatStream(input: $input) {
  delta message { role content } model usage { promptTokens completionTokens totalTokens } finishReason userErrors { code message field } } }`;
const input = { messages: [{ role: 'USER', content: 'ping' }] };

beforeAll(async () => {
  endpoint = await startAiServer();
  harness = await createHarness({ ai: { baseUrl: endpoint.baseUrl, model: 'model-1', timeoutMs: 60_000 } });
  ada = await harness.signUp();
});
beforeEach(() => {
  endpoint.reset();
});
afterAll(async () => {
  await harness.close();
  await endpoint.close();
});

const open = (by = ada, variables: Data = { input }, on = harness): Promise<Following> => on.follow(by, chatStream, variables);

async function all(stream: Following): Promise<Data[]> {
  const chunks: Data[] = [];
  for (let event = await stream.next(); event; event = await stream.next()) {
    expect(event.errors).toEqual([]);
    chunks.push(event.data.aiChatStream);
  }
  return chunks;
}

const nothing = { message: null, model: null, usage: null, finishReason: null };

describe('aiChatStream', () => {
  test('sends the pieces, then one chunk with the whole', async () => {
    endpoint.script(pieces('Hel', '', 'lo ', '🌍'));
    expect(await all(await open())).toEqual([
      ...['Hel', 'lo ', '🌍'].map((delta) => ({ ...nothing, delta, userErrors: [] })),
      {
        delta: null,
        message: { role: 'ASSISTANT', content: 'Hello 🌍' },
        model: 'model-1',
        usage: { promptTokens: 11, completionTokens: 7, totalTokens: 18 },
        finishReason: 'STOP',
        userErrors: [],
      },
    ]);
    expect(endpoint.chats[0]!.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  test('an endpoint that does not know how to count streams is asked without, from then on', async () => {
    const plain = await startAiServer();
    const on = await createHarness({ ai: { baseUrl: plain.baseUrl, model: 'm' } });
    plain.script(failure(400, { param: 'stream_options' }));
    for (let i = 0; i < 2; i += 1)
      expect((await all(await open(ada, { input }, on))).at(-1)).toMatchObject({ message: { content: 'pong' }, usage: null });
    expect(plain.chats.map(({ body }) => 'stream_options' in body)).toEqual([true, false, false]);
    await on.close();
    await plain.close();
  });

  const said = 'data: {"choices":[{"delta":{"content":"half';
  test.each<[string, string, number, AiStep[]]>([
    ['a refused key', 'AI_MISCONFIGURED', 0, [failure(401)]],
    ['a rate limit', 'AI_RATE_LIMITED', 0, [failure(429), failure(429)]],
    ['a failure', 'AI_UNAVAILABLE', 0, [failure(500), failure(500)]],
    [
      'an error in the middle',
      'AI_UNAVAILABLE',
      1,
      [pieceThen('a', 'data: {"error":{"message":"sk-secret died","code":null}}\n\n', 'end')],
    ],
    [
      'a limit in the middle',
      'AI_RATE_LIMITED',
      1,
      [pieceThen('a', 'data: {"error":{"message":"x","type":"overloaded_error"}}\n\n', 'end')],
    ],
    [
      'a filter in the middle',
      'AI_REFUSED',
      1,
      [pieceThen('a', 'data: {"choices":[{"delta":{},"finish_reason":"content_filter"}]}\n\n', 'end')],
    ],
    ['malformed JSON in the middle', 'AI_INVALID_ANSWER', 1, [pieceThen('a', 'data: {"choices":\n\n', 'end')]],
    ['a stream that ends without its end', 'AI_UNAVAILABLE', 1, [pieceThen('a', '', 'end')]],
    ['a stream that is cut', 'AI_UNAVAILABLE', 1, [pieceThen('a', said, 'cut')]],
    ['a page of a proxy', 'AI_UNAVAILABLE', 0, [raw(200, '<html>', { 'content-type': 'text/html' })]],
  ])('%s ends it with %s', async (_, code, deltas, steps) => {
    endpoint.script(...steps);
    const chunks = await all(await open());
    expect(chunks.map(({ delta }) => delta)).toEqual([...Array(deltas).fill('a'), null]);
    expect(chunks.at(-1)).toMatchObject({ ...nothing, userErrors: [{ code }] });
    expect(JSON.stringify(chunks)).not.toMatch(/sk-|died|html/);
  });

  test('a stream that never ends is cut at the bound of a text', async () => {
    const bounded = await createHarness({
      ai: { baseUrl: endpoint.baseUrl, model: 'm' },
      aiBounds: { textBytes: 20_000, wholeBytes: 1_000_000, streamBytes: 1_000_000_000 },
    });
    endpoint.script(flood());
    const chunks = await all(await open(ada, { input }, bounded));
    expect([chunks.length, chunks.at(-1)!.userErrors[0].code]).toEqual([21, 'AI_ANSWER_TOO_LARGE']);
    await until(() => endpoint.chats[0]!.isAbandoned);
    await bounded.close();
  });

  test('one that sends no text is cut at the bound of a stream', async () => {
    const bounded = await createHarness({
      ai: { baseUrl: endpoint.baseUrl, model: 'm' },
      aiBounds: { textBytes: 20_000, wholeBytes: 1_000_000, streamBytes: 100_000 },
    });
    endpoint.script(pieceThen('a', ': nothing yet\n\n'.repeat(20_000), 'open'));
    const chunks = await all(await open(ada, { input }, bounded));
    expect(chunks.at(-1)!.userErrors[0].code).toBe('AI_ANSWER_TOO_LARGE');
    await until(() => endpoint.chats[0]!.isAbandoned);
    await bounded.close();
  });

  test('one that falls silent is given up', async () => {
    const hasty = await createHarness({ ai: { baseUrl: endpoint.baseUrl, model: 'm', timeoutMs: 200 } });
    endpoint.script(pieceThen('a', '', 'open'));
    const chunks = await all(await open(ada, { input }, hasty));
    expect(chunks.at(-1)!.userErrors[0].code).toBe('AI_TIMEOUT');
    await until(() => endpoint.chats[0]!.isAbandoned);
    await hasty.close();
  });

  test.each<[string, AiStep]>([
    ['before the first piece', silence],
    ['between pieces', pieceThen('a', '', 'open')],
  ])('unsubscribing %s stops the model and gives the turn back', async (_, step) => {
    for (let i = 0; i < 5; i += 1) {
      endpoint.script(step);
      endpoint.chats.length = 0;
      const stream = await open();
      const first = stream.next();
      await until(() => endpoint.chats.length === 1);
      if (step !== silence) await first;
      const second = step === silence ? first : stream.next();
      stream.end();
      await second;
      await until(() => endpoint.chats[0]!.isAbandoned);
    }
  });

  test('a slow subscriber holds the endpoint back instead of filling memory', async () => {
    const roomy = await createHarness({
      ai: { baseUrl: endpoint.baseUrl, model: 'm' },
      aiBounds: { textBytes: 1_000_000_000, wholeBytes: 1_000_000_000, streamBytes: 1_000_000_000 },
    });
    // 60 MB: far more than the buffers of two sockets take.
    const step = flood(50_000);
    endpoint.script(step);
    const stream = await open(ada, { input }, roomy);
    expect((await stream.must()).aiChatStream.delta).toHaveLength(1_000);
    let [seen, still] = [-1, 0];
    // Held back, and still so after many rounds in which nothing was written.
    await until(() => {
      still = step.isHeldBack && step.written === seen ? still + 1 : 0;
      seen = step.written;
      return still === 40 || step.written === 50_000;
    });
    expect(step.written).toBeLessThan(25_000);
    stream.end();
    await stream.next();
    await until(() => endpoint.chats[0]!.isAbandoned);
    await roomy.close();
  });

  test('what may not be asked is a chunk with userErrors', async () => {
    const stranger = await harness.signUp();
    const { id: projectId } = await fakeProject(harness, ada);
    const refusal = async (variables: Data, by = ada) => (await all(await open(by, variables))).map(({ userErrors }) => userErrors[0].code);
    expect(await refusal({ input: { ...input, projectId } }, stranger)).toEqual(['NOT_FOUND']);
    expect(await refusal({ input: { messages: [] } })).toEqual(['VALIDATION']);
    const bare = await createHarness();
    expect((await all(await open(ada, { input }, bare))).map(({ userErrors }) => userErrors[0].code)).toEqual(['AI_NOT_CONFIGURED']);
    await bare.close();
    const anonymous = await harness.follow(null, chatStream, { input });
    expect((await anonymous.next())?.errors.map(({ extensions }) => extensions?.['code'])).toEqual(['UNAUTHENTICATED']);
    expect(endpoint.chats).toHaveLength(0);
  });
});
