/** The time that the calls of one operation may take together. */
import { aiError } from './endpointErrors.ts';

/** Milliseconds that the calls of one operation may take together, unless configured. */
export const usualAiTimeoutMs = 120_000;

/**
 * Runs work with a signal that follows `signal` and is also aborted, with the error AI_TIMEOUT, when the time is over.
 * Node 20's `AbortSignal.any` keeps its sources alive.
 */
export async function withDeadline<T>(signal: AbortSignal, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = startDeadline(signal, ms);
  try {
    return await work(deadline.signal);
  } finally {
    deadline.clear();
  }
}

/** Returns a reason as an error that every library takes for one; a DOMException is none to some of them. */
function ordinaryError(reason: unknown): Error {
  const { name } = reason as { name?: unknown };
  if (reason instanceof Error && name !== 'TimeoutError' && name !== 'AbortError') return reason;
  return Object.assign(new Error('Nobody waits for the answer any more.', { cause: reason }), { name: String(name) });
}

/** Starts the clock; call `clear` when the work is done. */
export function startDeadline(signal: AbortSignal, ms: number): { readonly signal: AbortSignal; readonly clear: () => void } {
  const controller = new AbortController();
  const follow = (): void => controller.abort(ordinaryError(signal.reason));
  if (signal.aborted) follow();
  signal.addEventListener('abort', follow, { once: true });
  const timer = setTimeout(() => controller.abort(aiError('AI_TIMEOUT')), ms);
  timer.unref();
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', follow);
    },
  };
}
