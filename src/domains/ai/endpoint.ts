/** The one way to a model: an OpenAI-compatible endpoint (chat completions), through the client library of its makers. */
import type OpenAi from 'openai';
import type { Stream } from 'openai/core/streaming';
import type { ChatCompletionChunk, ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import type { Logger } from 'pino';
import { ExpectedError } from '../../errors.ts';
import type { ModelCallParent } from '../../telemetry/tracing.ts';
import { createBoundedFetch, type AnswerBounds } from './boundedFetch.ts';
import { aiError, failureOf, type Library } from './endpointErrors.ts';
import { answerOf, readPart, readWhole, type ModelAnswer, type Told } from './modelAnswer.ts';

/** Where the model is. */
export interface EndpointSettings {
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey?: string;
}

/** One message of a conversation. */
export interface ModelMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** A JSON schema that an answer is to follow, and its name. */
export interface AnswerFormat {
  readonly name: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** A question to the model. */
export interface ModelCall {
  readonly messages: readonly ModelMessage[];
  readonly signal: AbortSignal;
  readonly format?: AnswerFormat | undefined;
  readonly log?: Logger | undefined;
  /** What its span is below, where traces are recorded. */
  readonly trace?: ModelCallParent | undefined;
}

/** An endpoint. What its functions throw is an ExpectedError with a code `AI_…`, or the reason of the signal. */
export interface AiEndpoint {
  readonly model: string;
  ask(call: ModelCall): Promise<ModelAnswer>;
  /** Yields the text piece by piece and returns the whole. Whoever stops reading ends the call. */
  stream(call: ModelCall): AsyncGenerator<string, ModelAnswer, void>;
  /** Returns the names of the endpoint's models, at most 200. */
  listModels(signal: AbortSignal): Promise<string[]>;
}

/** Largest answers: `textBytes` counts what the model wrote, the others what came over the network. */
export interface EndpointBounds extends AnswerBounds {
  readonly textBytes: number;
}

const usualBounds: EndpointBounds = { textBytes: 1_048_576, wholeBytes: 4 * 1_048_576, streamBytes: 32 * 1_048_576 };

const maxModels = 200;

/** Timers of Node hold no more; the signal of each call ends it long before. */
const longestTimer = 2_147_483_647;

/** What an endpoint turned out not to know; it is not asked for again. */
interface Abilities {
  format: boolean;
  streamUsage: boolean;
}

/** Reads as the endpoint wants it, and no variable of the environment that the library would look at by itself. */
function openClient(Client: Library, { baseUrl, apiKey }: EndpointSettings, bounds: EndpointBounds): OpenAi {
  return new Client({
    baseURL: baseUrl,
    // The library insists on one; without a key no header is sent.
    apiKey: apiKey ?? 'none',
    defaultHeaders: apiKey === undefined ? { authorization: null } : {},
    ...{ adminAPIKey: null, organization: null, project: null, webhookSecret: null },
    // It would print what it cannot parse.
    logLevel: 'off',
    maxRetries: 1,
    timeout: longestTimer,
    fetch: createBoundedFetch(bounds),
  });
}

/** Rejects with the reason of a signal as soon as it is aborted: the library sleeps before it tries again, and does not listen then. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let onAbort = (): void => undefined;
  const cut = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, cut]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

type Ask = Pick<ChatCompletionCreateParams, 'model' | 'messages' | 'response_format'>;

function askOf({ messages, format }: ModelCall, model: string, abilities: Abilities): Ask {
  const ask = { model, messages: messages.map(({ role, content }) => ({ role, content })) };
  if (!format || !abilities.format) return ask;
  return { ...ask, response_format: { type: 'json_schema', json_schema: { ...format, strict: true } } };
}

/** Runs calls of the client; what it throws is expected by people, or the reason of the signal. */
type Run = <T>(call: Pick<ModelCall, 'signal' | 'log'>, work: (client: OpenAi) => Promise<T>) => Promise<T>;

function createRun(settings: EndpointSettings, bounds: EndpointBounds): Run {
  let opening: Promise<{ library: Library; client: OpenAi }> | undefined;

  /** The library is half a megabyte of code, and most processes never use it. */
  async function load(): Promise<{ library: Library; client: OpenAi }> {
    const { OpenAI: library } = await import('openai/client');
    return { library, client: openClient(library, settings, bounds) };
  }

  return async ({ signal, log }, work) => {
    const { library, client } = await (opening ??= load());
    try {
      return await unlessAborted(signal, work(client));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ExpectedError) throw error;
      const { code, status } = failureOf(error, library);
      log?.warn({ code, status }, 'the AI endpoint failed');
      throw aiError(code);
    }
  };
}

/** Sends a question. An endpoint that refuses it with an extra gets it without; if that was it, from then on always. */
async function sendWith<T>(abilities: Abilities, ability: keyof Abilities, create: () => Promise<T>): Promise<T> {
  try {
    return await create();
  } catch (error) {
    const { status } = error as { status?: unknown };
    if (!abilities[ability] || (status !== 400 && status !== 422)) throw error;
    abilities[ability] = false;
    try {
      return await create();
    } catch {
      abilities[ability] = true;
      throw error;
    }
  }
}

/** Reads a stream to its end; yields its texts and returns the whole. */
async function* readStream(
  parts: Stream<ChatCompletionChunk>,
  { run, call, model, most }: { run: Run; call: ModelCall; model: string; most: number },
): AsyncGenerator<string, ModelAnswer, void> {
  const reader = parts[Symbol.asyncIterator]();
  const told: Told = {};
  let [text, size] = ['', 0];
  try {
    for (;;) {
      const piece = await run(call, async () => {
        const next = await reader.next();
        return next.done === true ? null : readPart(next.value, told);
      });
      if (piece === null) break;
      size += Buffer.byteLength(piece);
      if (size > most) throw aiError('AI_ANSWER_TOO_LARGE');
      text += piece;
      if (piece !== '') yield piece;
    }
    // The library ends a stream that was aborted without a word.
    call.signal.throwIfAborted();
  } finally {
    // Also when the reader stopped early; after the end it does nothing.
    parts.controller.abort();
  }
  return answerOf(text, told, model);
}

/** Opens an endpoint; loads its client with the first call. `bounds` are the usual ones unless given. */
export function openEndpoint(settings: EndpointSettings, bounds: EndpointBounds = usualBounds): AiEndpoint {
  const { model } = settings;
  const { textBytes: most } = bounds;
  const run = createRun(settings, bounds);
  const abilities: Abilities = { format: true, streamUsage: true };
  return {
    model,
    ask: (call) =>
      run(call, async ({ chat }) => {
        const create = () => chat.completions.create({ ...askOf(call, model, abilities), stream: false }, { signal: call.signal });
        return readWhole(await (call.format ? sendWith(abilities, 'format', create) : create()), { asked: model, most });
      }),
    async *stream(call) {
      const parts = await run(call, ({ chat }) =>
        sendWith(abilities, 'streamUsage', () => {
          const extra = abilities.streamUsage ? { stream_options: { include_usage: true } } : {};
          return chat.completions.create({ ...askOf(call, model, abilities), ...extra, stream: true }, { signal: call.signal });
        }),
      );
      return yield* readStream(parts, { run, call, model, most });
    },
    listModels: (signal) =>
      run({ signal }, async ({ models }) => {
        const { data } = (await models.list({ signal })) as { data: unknown };
        const names = (Array.isArray(data) ? data : []).map((entry: { id?: unknown } | null) => entry?.id);
        return names.filter((name) => typeof name === 'string' && name !== '').slice(0, maxModels) as string[];
      }),
  };
}
