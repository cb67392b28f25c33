/** The assistant's endpoint with a span for each call: the model and the tokens, never anything of what is asked or answered. */
import { errorTypeOf } from '../../telemetry/errorType.ts';
import type { ModelCallEnd, ModelCallFacts, ModelCallParent } from '../../telemetry/tracing.ts';
import type { AiEndpoint, EndpointSettings, ModelCall } from './endpoint.ts';
import type { ModelAnswer } from './modelAnswer.ts';

function addressOf(baseUrl: string): Pick<ModelCallFacts, 'host' | 'port'> {
  const { hostname, port, protocol } = new URL(baseUrl);
  return { host: hostname, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}

function endOf({ usage }: ModelAnswer): ModelCallEnd {
  return { tokens: usage ? { input: usage.promptTokens, output: usage.completionTokens } : undefined };
}

/** What became of a call whose answer nobody waited for. */
const abandoned: ModelCallEnd = { code: 'ABANDONED' };

/** Says of a client that left, or a process that stops, that it did, not that time was over. */
function failureOf(error: unknown, { reason }: AbortSignal): ModelCallEnd {
  const { name } = (reason ?? {}) as { name?: unknown };
  return name === 'AbortError' ? abandoned : { code: errorTypeOf(error) };
}

/** A call in one piece, its span, and what its value says of its end. */
interface SpannedCall<T> {
  readonly end: (end: ModelCallEnd) => void;
  readonly signal: AbortSignal;
  readonly run: () => Promise<T>;
  readonly endWith: (value: T) => ModelCallEnd;
}

async function spanned<T>({ end, signal, run, endWith }: SpannedCall<T>): Promise<T> {
  try {
    const value = await run();
    end(endWith(value));
    return value;
  } catch (error) {
    end(failureOf(error, signal));
    throw error;
  }
}

/** Returns the endpoint whose calls leave spans, below what the call names, else as traces of their own. */
export function traceEndpoint(
  endpoint: AiEndpoint,
  { settings: { baseUrl, model }, tracing }: { settings: EndpointSettings; tracing: ModelCallParent },
): AiEndpoint {
  const address = addressOf(baseUrl);
  const openChat = ({ trace = tracing }: ModelCall) => trace.modelCall({ operation: 'chat', model, ...address });
  return {
    model: endpoint.model,
    ask: (call) => spanned({ end: openChat(call), signal: call.signal, run: () => endpoint.ask(call), endWith: endOf }),
    async *stream(call) {
      const end = openChat(call);
      // Stays for a reader who stops early.
      let ending = abandoned;
      try {
        const answer = yield* endpoint.stream(call);
        ending = endOf(answer);
        return answer;
      } catch (error) {
        ending = failureOf(error, call.signal);
        throw error;
      } finally {
        end(ending);
      }
    },
    listModels(signal) {
      const end = tracing.modelCall({ operation: 'list_models', ...address });
      return spanned({ end, signal, run: () => endpoint.listModels(signal), endWith: () => ({}) });
    },
  };
}
