/** One signal an operation: everything that ends its work early, and a last resort against work that does not listen. */
import type { FastifyReply } from 'fastify';

/** The end of an operation. One controller and one timer: `AbortSignal.any` of Node 20 costs more and keeps its sources alive. */
export interface OperationSignal {
  /** Aborted with the reason why the work is to end: a DOMException, or the error that the client gets. */
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  /** Gives the operation another deadline, counted from its arrival. */
  allow(deadlineMs: number): void;
  /** Stops the clock; call it when the answer is complete. */
  clear(): void;
}

/** Returns a signal that aborts with a TimeoutError when the deadline passes. */
export function createOperationSignal(deadlineMs: number): OperationSignal {
  const controller = new AbortController();
  const passed = (): void => controller.abort(new DOMException('The deadline of the request has passed.', 'TimeoutError'));
  const begunAt = performance.now();
  let timer = setTimeout(passed, deadlineMs).unref();
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    allow: (otherMs) => {
      if (otherMs === deadlineMs) return;
      clearTimeout(timer);
      timer = setTimeout(passed, otherMs - (performance.now() - begunAt)).unref();
    },
    clear: () => clearTimeout(timer),
  };
}

/** Returns the reason for ending work whose answer nobody waits for any more. */
export function clientLeft(): DOMException {
  return new DOMException('The client has left.', 'AbortError');
}

/** Returns the signal of an HTTP request, which also aborts (AbortError) when the client leaves before it has its answer. */
export function requestSignal(reply: FastifyReply, deadlineMs: number): OperationSignal {
  const operation = createOperationSignal(deadlineMs);
  reply.raw.once('close', () => {
    operation.clear();
    if (!reply.raw.writableFinished) operation.abort(clientLeft());
  });
  return operation;
}

/** What was aborted gets this long to answer with what it has, for example the fields that were ready in time. */
const graceMs = 250;

/** Resolves or rejects as `work` does; rejects with the signal's reason when work goes on although it was told to end. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: cut, reject } = withRejection();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => reject(signal.reason as Error), graceMs);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work, cut]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
  }
}

function withRejection(): { promise: Promise<never>; reject: (reason: Error) => void } {
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<never>((_, rejected) => {
    reject = rejected;
  });
  return { promise, reject };
}
