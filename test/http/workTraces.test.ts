/** Traces of what is done beside the answer of an operation: calls to the assistant, background work, jobs, upgrades to WebSockets. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { pino } from 'pino';
import WebSocket from 'ws';
import { createBackground } from '../../src/background.ts';
import { createAiServices } from '../../src/domains/ai/services.ts';
import { invalid } from '../../src/errors.ts';
import { startTracing } from '../../src/telemetry/traceExport.ts';
import type { Tracing } from '../../src/telemetry/tracing.ts';
import { failure, held, pieces, pieceThen, startAiServer, whole, until as untilTrue, type AiServer } from '../support/aiServer.ts';
import { until } from '../support/generations.ts';
import type { Data } from '../support/harness.ts';
import { signUpAt, type SignedUp } from './support/accounts.ts';
import { startTestServer, type TestServer } from './support/testServer.ts';
import { attribute, startCollector, type Collector, type Span } from './support/traceCollector.ts';

const always = { sampler: 'always_on', ratio: 1 } as const;
/** Kinds and statuses as OTLP numbers them. */
const [internalKind, serverKind, clientKind] = [1, 2, 3];
const failed = 2;

let collector: Collector;
let tracing: Tracing;
let endpoint: AiServer;
let server: TestServer;
let ada: SignedUp;

const secrets = { prompt: 'a very secret prompt', answer: 'a very secret answer', apiKey: 'sk-very-secret', schema: 'secret_table' };

const chatInput = `{ messages: [{ role: USER, content: "${secrets.prompt}" }] }`;
const chat = (name: string): string => `mutation ${name} { aiChat(input: ${chatInput}) { message { content } userErrors { code } } }`;

/** Asks piece by piece, over a WebSocket; leaves after the first piece if told so. */
async function follow(name: string, leaves = false): Promise<void> {
  const client = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: ada.header,
  });
  const query = `subscription ${name} { aiChatStream(input: ${chatInput}) { delta userErrors { code } } }`;
  for await (const { data } of client.iterate<Data>({ query })) if (leaves && data) break;
  await client.dispose();
}

/** Generates code with a prompt and waits for the end; returns the status. */
async function generate(projectId: string): Promise<string> {
  const input = { projectId, type: 'API', target: 'SQL', prompt: secrets.prompt };
  const start = 'mutation ($input: CodeGenerationStartInput!) { codeGenerationStart(input: $input) { codeGeneration { id } } }';
  const { codeGenerationStart } = await ada.run<Data>(start, { input });
  const read = 'query ($id: ID!) { codeGeneration(id: $id) { status } }';
  return until(async () => {
    const { codeGeneration } = await ada.run<Data>(read, { id: codeGenerationStart.codeGeneration.id });
    return ['COMPLETED', 'FAILED'].includes(codeGeneration.status) ? codeGeneration.status : null;
  });
}

async function design(): Promise<string> {
  const { projectCreate } = await ada.run<Data>('mutation { projectCreate(input: { name: "P" }) { project { id } } }');
  const { id } = projectCreate.project;
  const tables = `[{ name: "${secrets.schema}", fields: [{ name: "id", type: "uuid", required: true }] }]`;
  await ada.run(`mutation { schemaCreate(input: { projectId: "${id}", name: "main", tables: ${tables} }) { schema { id } } }`);
  return id;
}

/** Asks for a WebSocket in ways that are refused; returns the status of the answer. */
async function askForSocket(headers: Record<string, string>): Promise<number | undefined> {
  const usual = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const asking = request(`${server.url}/graphql`, { headers: { ...usual, ...headers } }).end();
  const [{ statusCode }] = (await once(asking, 'response')) as [IncomingMessage];
  asking.destroy();
  return statusCode;
}

const statuses: unknown[] = [];

beforeAll(async () => {
  collector = await startCollector(always);
  tracing = startTracing(collector.settings);
  endpoint = await startAiServer();
  server = await startTestServer({
    tracing,
    ai: { baseUrl: endpoint.baseUrl, model: 'model-of-the-operator', apiKey: secrets.apiKey, timeoutMs: 60_000 },
  });
  ada = await signUpAt(server);
  endpoint.script(whole(secrets.answer), failure(401), pieces(secrets.answer, '!'), pieceThen(secrets.answer, '', 'open'));
  await ada.run(chat('Ask'));
  await ada.run(chat('AskInVain'));
  await follow('Listen');
  await follow('Leave', true);
  await untilTrue(() => endpoint.chats[3]?.isAbandoned === true);
  await ada.run('query Models { ai { models } }');
  const projectId = await design();
  endpoint.script(whole(JSON.stringify({ note: secrets.answer, files: [] })), failure(401));
  statuses.push(await generate(projectId), await generate(projectId));
  statuses.push(
    await askForSocket({}),
    await askForSocket({ 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', origin: 'https://evil.example' }),
  );
  await server.close();
  await tracing.close();
});
afterAll(async () => {
  collector.close();
  await endpoint.close();
});

const all = (name: string): Span[] => collector.spans.filter((span) => span.name === name);
const childrenOf = ({ spanId }: Span): Span[] => collector.spans.filter(({ parentSpanId }) => parentSpanId === spanId);

function one(name: string): Span {
  const [span, ...more] = all(name);
  if (!span || more.length > 0)
    throw new Error(`${more.length + (span ? 1 : 0)} spans "${name}" of ${collector.spans.map((other) => other.name).join(', ')}`);
  return span;
}

const chatOf = (operation: string): Span => {
  const found = childrenOf(one(operation)).filter(({ name }) => name === 'chat model-of-the-operator');
  expect(found).toHaveLength(1);
  return found[0]!;
};

describe('calls to the assistant', () => {
  test.each(['mutation Ask', 'subscription Listen'])('%s: who was asked, and how many tokens it took', (operation) => {
    const span = chatOf(operation);
    expect([span.kind, span.status.code]).toEqual([clientKind, 0]);
    expect(attribute(span, 'gen_ai.operation.name')).toBe('chat');
    expect(attribute(span, 'gen_ai.provider.name')).toBe('openai');
    expect(attribute(span, 'gen_ai.request.model')).toBe('model-of-the-operator');
    expect(attribute(span, 'server.address')).toBe('127.0.0.1');
    expect(Number(attribute(span, 'server.port'))).toBe(Number(new URL(endpoint.baseUrl).port));
    // As the endpoint counts them.
    expect(Number(attribute(span, 'gen_ai.usage.input_tokens'))).toBe(11);
    expect(Number(attribute(span, 'gen_ai.usage.output_tokens'))).toBe(7);
  });

  test.each([
    ['mutation AskInVain', 'AI_MISCONFIGURED'],
    ['subscription Leave', 'ABANDONED'],
  ])('%s: failed, with a code and without tokens', (operation, code) => {
    const span = chatOf(operation);
    expect([span.status.code, attribute(span, 'error.type')]).toEqual([failed, code]);
    expect(attribute(span, 'gen_ai.usage.input_tokens')).toBeUndefined();
  });

  test('the list of models, which all who ask share, is a trace of its own', () => {
    const span = one('list_models');
    expect([span.parentSpanId, span.kind, attribute(span, 'gen_ai.operation.name')]).toEqual([undefined, clientKind, 'list_models']);
  });

  test('a reader who stops early', async () => {
    const ends: unknown[] = [];
    const parent = { modelCall: () => (end: unknown) => void ends.push(end) };
    const { endpoint: traced } = createAiServices({ ai: { baseUrl: endpoint.baseUrl, model: 'm' } }, parent);
    endpoint.script(pieceThen('po', '', 'open'));
    const answer = traced!.stream({ messages: [{ role: 'user', content: 'ping' }], signal: new AbortController().signal });
    expect([(await answer.next()).value, ends]).toEqual(['po', []]);
    await answer.return(undefined as never);
    expect(ends).toEqual([{ code: 'ABANDONED' }]);
  });

  test('the port of an address without one is that of its scheme', async () => {
    const calls: unknown[] = [];
    const parent = { modelCall: (call: unknown) => (calls.push(call), () => undefined) };
    for (const baseUrl of ['https://ai.invalid/v1', 'http://ai.invalid/v1'])
      await createAiServices({ ai: { baseUrl, model: 'm' } }, parent)
        .endpoint?.listModels(AbortSignal.abort())
        .catch(() => undefined);
    expect(calls).toEqual([443, 80].map((port) => ({ operation: 'list_models', host: 'ai.invalid', port })));
  });
});

describe('jobs of code generation', () => {
  const jobs = (): Span[] => all('generate sql').toSorted((a, b) => (BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1));

  test('one span a job, with target and outcome, below the run that works on it', () => {
    expect(statuses.slice(0, 2)).toEqual(['COMPLETED', 'FAILED']);
    expect(jobs().map((span) => [attribute(span, 'snapinfra.outcome'), attribute(span, 'error.type'), span.status.code])).toEqual([
      ['completed', undefined, 0],
      ['failed', 'failed', failed],
    ]);
    const runs = all('code generation');
    for (const job of jobs()) {
      expect([attribute(job, 'snapinfra.target'), Number(attribute(job, 'snapinfra.attempt'))]).toEqual(['sql', 1]);
      const run = runs.find(({ spanId }) => spanId === job.parentSpanId);
      expect([run?.parentSpanId, run?.kind, run?.status.code]).toEqual([undefined, internalKind, 0]);
    }
  });

  test('its calls are below it', () => {
    for (const job of jobs()) {
      const names = childrenOf(job).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['chat model-of-the-operator', 'TransactWriteItems several']));
    }
  });
});

describe('background work', () => {
  const log = pino({ level: 'silent' });
  async function spansOf(work: (background: ReturnType<typeof createBackground>) => Promise<void>): Promise<Span[]> {
    const own = await startCollector(always);
    const recording = startTracing(own.settings);
    await work(createBackground(log, { tracing: recording }));
    await recording.close();
    own.close();
    for (const body of own.bodies) expect(body).not.toContain(secrets.answer);
    return own.spans;
  }
  const outcomes = (spans: Span[]) => spans.map((span) => [span.name, span.status.code, attribute(span, 'error.type')]);

  test('one span a run, named by the task, with the code of its failure', async () => {
    const spans = await spansOf(async (background) => {
      background.run('well', () => Promise.resolve());
      background.run('refused', () => Promise.reject(invalid('name', secrets.answer, 'TOO_LARGE')));
      background.run('broken', () => Promise.reject(new Error(secrets.answer)));
      await background.settled();
    });
    const expected = [
      ['well', 0, undefined],
      ['refused', failed, 'TOO_LARGE'],
      ['broken', failed, 'INTERNAL_SERVER_ERROR'],
    ];
    expect(outcomes(spans)).toEqual(expect.arrayContaining(expected));
    expect(spans).toHaveLength(expected.length);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(3);
  });

  test('work that repeats leaves one for each run that fails, not for those that look and find nothing', async () => {
    const done = held(() => undefined);
    let runs = 0;
    const spans = await spansOf(async (background) => {
      background.repeat('again', 1, () => {
        runs += 1;
        if (runs === 5) done.release();
        return runs % 2 === 0 ? Promise.reject(new Error('the database is away')) : Promise.resolve();
      });
      await done(undefined as never, undefined as never);
      await background.stop();
    });
    expect(outcomes(spans)).toEqual(Array.from({ length: Math.floor(runs / 2) }, () => ['again', 2, 'INTERNAL_SERVER_ERROR']));
  });

  test('work that ends because the process stops has not failed', async () => {
    const spans = await spansOf(async (background) => {
      background.run('endless', (signal) => once(signal, 'abort').then(() => signal.throwIfAborted()));
      await background.stop();
    });
    expect(outcomes(spans)).toEqual([['endless', 0, undefined]]);
  });
});

describe('upgrades to WebSockets', () => {
  test('each has a span with the status of its answer', () => {
    expect(statuses.slice(2)).toEqual([400, 403]);
    const upgrades = all('GET /graphql');
    expect(upgrades.map((span) => Number(attribute(span, 'http.response.status_code')))).toEqual([101, 101, 400, 403]);
    for (const span of upgrades) expect([span.kind, span.status.code]).toEqual([serverKind, 0]);
  });

  test('operations and log lines of the connection do not name its trace', () => {
    for (const upgrade of all('GET /graphql')) {
      expect(childrenOf(upgrade)).toEqual([]);
      for (const line of server.log) expect(line).not.toContain(upgrade.traceId);
    }
  });
});

test('nothing that people or the model wrote', () => {
  expect(collector.spans.length).toBeGreaterThan(20);
  for (const secret of [...Object.values(secrets), ada.id, ada.header.authorization])
    for (const body of collector.bodies) expect(body).not.toContain(secret);
});
