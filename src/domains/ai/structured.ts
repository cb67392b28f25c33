/** Questions whose answer is JSON: asked with a schema, read with care, repaired once. */
import type { AiEndpoint, AnswerFormat, ModelCall, ModelMessage } from './endpoint.ts';
import { aiError } from './endpointErrors.ts';
import { readJsonText } from './jsonText.ts';
import type { ModelAnswer, Usage } from './modelAnswer.ts';

/** What a reader makes of an answer: a value, or what is wrong with it, each a sentence that the model can act on. */
export type Reading<T> = { readonly value: T } | { readonly problems: readonly string[] };

/** A question for JSON. */
export interface StructuredCall<T> extends Pick<ModelCall, 'signal' | 'log' | 'trace'> {
  readonly endpoint: AiEndpoint;
  readonly messages: readonly ModelMessage[];
  readonly format: AnswerFormat;
  /** Reads the parsed JSON of an answer. */
  readonly read: (value: unknown) => Reading<T> | Promise<Reading<T>>;
}

/** What came of it; `usage` is that of all calls together. */
export interface StructuredAnswer<T> extends Pick<ModelAnswer, 'model' | 'usage'> {
  readonly value: T;
  /** True when the first answer had problems, and the second did not. */
  readonly isRepaired: boolean;
}

/** So many problems go back to the model; a body can have a hundred of the same kind. */
const problemsToModel = 20;
const problemsToPeople = 3;

function sum(first: Usage | null, second: Usage | null): Usage | null {
  if (!first || !second) return first ?? second;
  return {
    promptTokens: first.promptTokens + second.promptTokens,
    completionTokens: first.completionTokens + second.completionTokens,
    totalTokens: first.totalTokens + second.totalTokens,
  };
}

async function readAnswer<T>({ text, finishReason }: ModelAnswer, read: StructuredCall<T>['read']): Promise<Reading<T>> {
  const json = readJsonText(text);
  if (json) return read(json.value);
  return { problems: [finishReason === 'length' ? 'The answer was cut off before its end: it is too long.' : 'The answer is not JSON.'] };
}

function repairRequest(problems: readonly string[]): string {
  const list = problems.slice(0, problemsToModel).map((problem) => `- ${problem}`);
  return ['Your answer cannot be used:', ...list, 'Answer again with the whole corrected JSON, and nothing else.'].join('\n');
}

/**
 * Asks for JSON. An answer with problems goes back once, together with them. Throws AI_INVALID_ANSWER, which names the
 * first problems, when the second answer has some too; and what the endpoint throws.
 */
export async function askForJson<T>({ endpoint, messages, format, read, ...rest }: StructuredCall<T>): Promise<StructuredAnswer<T>> {
  const first = await endpoint.ask({ messages, format, ...rest });
  const reading = await readAnswer(first, read);
  if ('value' in reading) return { value: reading.value, model: first.model, usage: first.usage, isRepaired: false };
  const repair: ModelMessage[] = [
    ...messages,
    { role: 'assistant', content: first.text },
    { role: 'user', content: repairRequest(reading.problems) },
  ];
  const second = await endpoint.ask({ messages: repair, format, ...rest });
  const corrected = await readAnswer(second, read);
  if ('value' in corrected) {
    return { value: corrected.value, model: second.model, usage: sum(first.usage, second.usage), isRepaired: true };
  }
  const named = corrected.problems.slice(0, problemsToPeople).join(' ');
  throw aiError('AI_INVALID_ANSWER', `The model's answer cannot be used, also after it was asked to correct it: ${named.slice(0, 1_000)}`);
}
