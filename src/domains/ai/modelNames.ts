/** The names of an endpoint's models, remembered for minutes. */
import type { AiEndpoint } from './endpoint.ts';

/** Returns the names; never rejects, as the configured model is known in any case. */
export type ModelNames = () => Promise<string[]>;

const keptMs = 5 * 60_000;
const keptAfterFailureMs = 30_000;
/** Less than any operation may take: the list is not worth a wait. */
const timeoutMs = 3_000;

/**
 * Returns the function that lists the models of an endpoint: the configured one first, then what `/models` has. An endpoint
 * without that list, or that is too slow, has the configured one. Everybody who asks at the same time shares one call.
 */
export function createModelNames(endpoint: AiEndpoint | null): ModelNames {
  if (!endpoint) return () => Promise.resolve([]);
  const { model } = endpoint;
  let known: { names: Promise<string[]>; until: number } | undefined;

  async function read(): Promise<string[]> {
    try {
      const names = await (endpoint as AiEndpoint).listModels(AbortSignal.timeout(timeoutMs));
      return [...new Set([model, ...names])];
    } catch {
      if (known) known.until = Date.now() + keptAfterFailureMs;
      return [model];
    }
  }

  return () => {
    if (!known || known.until <= Date.now()) known = { names: read(), until: Date.now() + keptMs };
    return known.names;
  };
}
