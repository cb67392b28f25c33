/** What an endpoint answers, read with the care that other people's JSON needs. */
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import { aiError } from './endpointErrors.ts';

/** Tokens, as the endpoint counts them. */
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
}

/** Why a model stopped: it was done, at a limit of length, or for a reason that only the endpoint knows. */
export type FinishReason = 'stop' | 'length' | (string & {});

/** A whole answer. */
export interface ModelAnswer {
  readonly text: string;
  /** Name of the model that answered. */
  readonly model: string;
  /** Null where the endpoint does not count. */
  readonly usage: Usage | null;
  readonly finishReason: FinishReason;
}

/** A count that GraphQL's Int holds; endpoints have been seen to leave some out. */
function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 2_147_483_647 ? value : 0;
}

function usageOf(usage: ChatCompletion['usage'] | null): Usage | null {
  if (!usage) return null;
  const [promptTokens, completionTokens] = [countOf(usage.prompt_tokens), countOf(usage.completion_tokens)];
  return { promptTokens, completionTokens, totalTokens: countOf(usage.total_tokens) || promptTokens + completionTokens };
}

/** What an answer or the parts of one have told so far. Other people's JSON: nothing in it is certain. */
export interface Told {
  model?: unknown;
  usage?: ChatCompletion['usage'] | null;
  finishReason?: unknown;
}

/** Returns the whole answer. Throws for an answer that is empty, declined or not finished. */
export function answerOf(text: string, { model, usage, finishReason }: Told, asked: string): ModelAnswer {
  if (finishReason === 'content_filter') throw aiError('AI_REFUSED');
  if (typeof finishReason !== 'string' || finishReason === '') {
    throw aiError('AI_UNAVAILABLE', 'The answer of the AI endpoint broke off before its end. Try again.');
  }
  if (text.trim() === '') throw aiError('AI_INVALID_ANSWER', 'The model answered with nothing. Put the question in other words.');
  const named = typeof model === 'string' && model !== '' ? model.slice(0, 200) : asked;
  return { text, model: named, usage: usageOf(usage), finishReason };
}

/** Returns the answer that came in one piece; `most` is its largest text in bytes, `asked` the model that was asked. */
export function readWhole(completion: Partial<ChatCompletion>, { asked, most }: { asked: string; most: number }): ModelAnswer {
  const choice = Array.isArray(completion.choices) ? (completion.choices[0] as Partial<ChatCompletion.Choice> | undefined) : undefined;
  const message: Partial<ChatCompletion.Choice['message']> | undefined = choice?.message;
  if (!choice || !message) throw aiError('AI_INVALID_ANSWER');
  if (typeof message.refusal === 'string' && message.refusal !== '') throw aiError('AI_REFUSED');
  const text = typeof message.content === 'string' ? message.content : '';
  if (Buffer.byteLength(text) > most) throw aiError('AI_ANSWER_TOO_LARGE');
  return answerOf(text, { model: completion.model, usage: completion.usage ?? null, finishReason: choice.finish_reason }, asked);
}

/** Notes what a part of a stream tells; returns its text. */
export function readPart(part: Partial<ChatCompletionChunk>, told: Told): string {
  if (part.model) told.model = part.model;
  if (part.usage) told.usage = part.usage;
  const choice = Array.isArray(part.choices) ? (part.choices[0] as Partial<ChatCompletionChunk.Choice> | undefined) : undefined;
  if (choice?.finish_reason) told.finishReason = choice.finish_reason;
  const delta: Partial<ChatCompletionChunk.Choice.Delta> | undefined = choice?.delta;
  if (typeof delta?.refusal === 'string' && delta.refusal !== '') throw aiError('AI_REFUSED');
  return typeof delta?.content === 'string' ? delta.content : '';
}
