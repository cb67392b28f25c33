/** What can go wrong with the assistant's endpoint, in words for people. Nothing that the endpoint wrote is repeated: it may quote secrets. */
import type OpenAi from 'openai';
import { refused, type ExpectedError, type UserErrorCode } from '../../errors.ts';
import { AnswerTooLarge } from './boundedFetch.ts';

/** The client library, loaded with the first call. */
export type Library = typeof OpenAi;

/** Codes of `userErrors` that are about the assistant. */
export type AiErrorCode = Extract<UserErrorCode, `AI_${string}`>;

const sentences: Readonly<Record<AiErrorCode, string>> = {
  AI_NOT_CONFIGURED: 'This server has no AI assistant. Its operator can set AI_BASE_URL and AI_MODEL; everything else works without.',
  AI_MISCONFIGURED:
    'The AI endpoint does not accept what this server sends (its key, its model or its address). Tell the operator of this server.',
  AI_UNAVAILABLE: 'The AI endpoint does not answer as it should. Try again in a moment.',
  AI_RATE_LIMITED: 'The AI endpoint takes no more requests at the moment, or its quota is used up. Try again later.',
  AI_TIMEOUT: 'The AI endpoint took too long and was not waited for. Ask for less, or try again.',
  AI_REFUSED: 'The model declined to answer, or a content filter stopped it. Put it in other words.',
  AI_CONTEXT_TOO_LONG: 'The conversation is longer than the model can read. Leave out earlier messages, or shorten them.',
  AI_ANSWER_TOO_LARGE: 'The answer of the AI endpoint is larger than one may be and was cut off. Ask for less at once.',
  AI_INVALID_ANSWER:
    'The AI endpoint answered with something that is no answer. Try again; if it stays so, tell the operator of this server.',
  AI_BUSY: 'Too many questions to the AI assistant are under way. Wait until one is answered.',
};

/** Returns an expected error about the assistant; `message` replaces the usual sentence. */
export function aiError(code: AiErrorCode, message: string = sentences[code]): ExpectedError {
  return refused(code, message);
}

/** What a failed call says of itself; none of it is text of the endpoint. */
export interface EndpointFailure {
  readonly code: AiErrorCode;
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
}

const tooLong = /context.{0,20}(?:length|window|size)|maximum.{0,20}(?:context|tokens)|too (?:long|many tokens)|reduce the length/i;
const filtered = /content.{0,3}(?:filter|policy|management)|safety/i;

/** Classes of 400, 413 and 422 answers; compatible endpoints differ in their codes, less in their words. */
function codeOfRefusedInput(status: number, words: string): AiErrorCode {
  if (status === 413 || tooLong.test(words)) return 'AI_CONTEXT_TOO_LONG';
  return filtered.test(words) ? 'AI_REFUSED' : 'AI_MISCONFIGURED';
}

function codeOfStatus(status: number, words: string): AiErrorCode {
  if (status === 429) return 'AI_RATE_LIMITED';
  if (status === 408 || status === 504) return 'AI_TIMEOUT';
  if (status >= 500 || status === 409) return 'AI_UNAVAILABLE';
  if (status === 400 || status === 413 || status === 422) return codeOfRefusedInput(status, words);
  return 'AI_MISCONFIGURED';
}

/** An error in the middle of a stream comes without a status. */
function codeOfStreamError(words: string): AiErrorCode {
  if (/rate.?limit|quota|overloaded/i.test(words)) return 'AI_RATE_LIMITED';
  const code = codeOfRefusedInput(400, words);
  return code === 'AI_MISCONFIGURED' ? 'AI_UNAVAILABLE' : code;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof AnswerTooLarge || (error instanceof Error && error.cause !== undefined && isTooLarge(error.cause));
}

/** Returns what a failure of the library or the network stands for. */
export function failureOf(error: unknown, library: Library): EndpointFailure {
  if (isTooLarge(error)) return { code: 'AI_ANSWER_TOO_LARGE' };
  // JSON that is none. The parser of `fetch` may be of another realm, so that `instanceof` fails.
  if ((error as { name?: unknown } | null)?.name === 'SyntaxError') return { code: 'AI_INVALID_ANSWER' };
  if (error instanceof library.APIConnectionTimeoutError) return { code: 'AI_TIMEOUT' };
  if (!(error instanceof library.APIError) || error instanceof library.APIConnectionError) return { code: 'AI_UNAVAILABLE' };
  const { status, code, type, message } = error as { status: number | undefined; code: unknown; type: unknown; message: string };
  const words = [code, type, message]
    .filter((word) => typeof word === 'string')
    .join(' ')
    .slice(0, 5_000);
  return status === undefined ? { code: codeOfStreamError(words) } : { status, code: codeOfStatus(status, words) };
}
