/** A local HTTP server that speaks the protocol of OpenAI-compatible endpoints, well and badly. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Data } from './harness.ts';

/** Waits for what would never happen if the behaviour under test were missing. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

/** A request as it arrived. */
export interface AiRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON body. */
  readonly body: Data;
  /** True when the client went away before it had the whole answer. */
  isAbandoned: boolean;
}

/** Answers a request. */
export type AiStep = (response: ServerResponse, request: AiRequest) => void | Promise<void>;

/** A running endpoint. */
export interface AiServer {
  /** What AI_BASE_URL is set to. */
  readonly baseUrl: string;
  /** Requests of chat completions, in the order in which they came. */
  readonly chats: AiRequest[];
  readonly modelRequests: AiRequest[];
  /** How the next chat completions are answered, one step each; afterwards each says "pong". */
  script(...steps: AiStep[]): void;
  /** Forgets what came, and how to answer. */
  reset(): void;
  /** How `/models` is answered. */
  models: AiStep;
  close(): Promise<void>;
}

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
const json = { 'content-type': 'application/json' };

/** Answers with any body. */
export function raw(status: number, body: string, headers: Record<string, string> = json): AiStep {
  return (response) => void response.writeHead(status, headers).end(body);
}

/** Answers in one piece. */
export function whole(content: string | null, { finish = 'stop', ...message }: Record<string, unknown> = {}): AiStep {
  const choice = { index: 0, finish_reason: finish, message: { role: 'assistant', content, ...message } };
  return raw(200, JSON.stringify({ id: 'c1', object: 'chat.completion', created: 1, model: 'model-1', choices: [choice], usage }));
}

/** Fails as OpenAI does. The message quotes what nobody must see. */
export function failure(status: number, error: Record<string, unknown> = {}, headers: Record<string, string> = {}): AiStep {
  const body = { error: { message: 'Incorrect key sk-secret-of-the-operator', type: 'some_error', param: null, code: null, ...error } };
  return raw(status, JSON.stringify(body), { ...json, 'retry-after-ms': '1', ...headers });
}

/** Never answers. */
export const silence: AiStep = () => undefined;

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'model-1', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

function begin(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/event-stream' });
}

/** The end of a stream, with usage where it was asked for. */
function endOf({ body }: AiRequest): string {
  const counted = body.stream_options?.include_usage ? `data: ${JSON.stringify({ choices: [], usage })}\n\n` : '';
  return `${chunk({}, 'stop')}${counted}data: [DONE]\n\n`;
}

/** Answers piece by piece. */
export function pieces(...texts: string[]): AiStep {
  return (response, request) => {
    begin(response);
    for (const content of texts) response.write(chunk({ content }));
    response.end(endOf(request));
  };
}

/** Sends one piece and then what it is given, as it is; `cut` breaks the connection, `open` leaves it open. */
export function pieceThen(content: string, rest: string, end: 'end' | 'cut' | 'open'): AiStep {
  return async (response) => {
    begin(response).write(chunk({ content }));
    response.write(rest);
    if (end === 'end') response.end();
    // Only after what was written: a reset would overtake it.
    if (end === 'cut') await new Promise((resolve) => setImmediate(resolve)).then(() => response.socket?.end());
  };
}

/** Waits until more can be written, or nobody reads any more. */
async function drained(response: ServerResponse): Promise<void> {
  const over = new AbortController();
  const wait = (event: string) => once(response, event, { signal: over.signal }).catch(() => undefined);
  await Promise.race([wait('drain'), wait('close')]);
  over.abort();
}

/** Writes pieces of 1,000 characters, up to `most` of them, as fast as they are taken; `written` counts them. */
export function flood(most = Infinity): AiStep & { written: number; isHeldBack: boolean } {
  const step = Object.assign(
    async (response: ServerResponse, request: AiRequest) => {
      begin(response);
      const text = chunk({ content: 'x'.repeat(1_000) });
      for (; step.written < most && !request.isAbandoned; step.written += 1) {
        if (response.write(text)) continue;
        step.isHeldBack = true;
        await drained(response);
        step.isHeldBack = false;
      }
      response.end(endOf(request));
    },
    { written: 0, isHeldBack: false },
  );
  return step;
}

/** A step that waits for `release` before it does what `then` does. */
export function held(then: AiStep): AiStep & { readonly release: () => void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  return Object.assign((response: ServerResponse, request: AiRequest) => released.then(() => then(response, request)), { release });
}

const usualModels: AiStep = raw(
  200,
  JSON.stringify({ object: 'list', data: ['model-2', 'model-1'].map((id) => ({ id, object: 'model' })) }),
);

/** Starts an endpoint on a free port. Where no step is left, it says `usually`; "pong" unless given. */
export async function startAiServer(usually?: AiStep): Promise<AiServer> {
  let steps: AiStep[] = [];
  const [chats, modelRequests]: AiRequest[][] = [[], []];
  const state = { models: usualModels };
  const server = createServer((incoming, response) => {
    void (async () => {
      const { url = '', headers } = incoming;
      const sent = await readAll(incoming);
      const request: AiRequest = { path: url, headers, body: sent === '' ? null : JSON.parse(sent), isAbandoned: false };
      response.on('close', () => (request.isAbandoned = !response.writableFinished));
      const isModels = url.endsWith('/models');
      (isModels ? modelRequests : chats)!.push(request);
      const usual: AiStep = usually ?? (request.body?.stream ? pieces('po', 'ng') : whole('pong'));
      await (isModels ? state.models : (steps.shift() ?? usual))(response, request);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    chats: chats!,
    modelRequests: modelRequests!,
    script: (...next) => (steps = next),
    reset() {
      steps = [];
      chats!.length = 0;
    },
    get models() {
      return state.models;
    },
    set models(step) {
      state.models = step;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
