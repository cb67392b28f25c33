import type { FastifyReply } from 'fastify';

/** A resolver has this long, whatever it waits for. */
export const operationDeadlineMs = 10_000;

/** The signal of one operation, and what ends it. */
export interface OperationSignal {
  /** Aborted when the client leaves (AbortError) or when the deadline passes (TimeoutError). */
  readonly signal: AbortSignal;
  /** The client has left, or wants the answer no more. */
  leave(): void;
  /** The answer is there, or time does not matter any more: the deadline is lifted. */
  settle(): void;
}

/** Starts the deadline of an operation. One controller and one timer: `AbortSignal.any` of Node 20 costs more and keeps its sources alive. */
export function startOperation(deadlineMs: number): OperationSignal {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException('The deadline of the request has passed.', 'TimeoutError')), deadlineMs);
  timer.unref();
  return {
    signal: controller.signal,
    leave: () => {
      clearTimeout(timer);
      controller.abort(new DOMException('The client has left.', 'AbortError'));
    },
    settle: () => clearTimeout(timer),
  };
}

/** Returns a signal that aborts when the client leaves before it has its answer (AbortError) or when the deadline passes (TimeoutError). */
export function requestSignal(reply: FastifyReply, deadlineMs = operationDeadlineMs): AbortSignal {
  const operation = startOperation(deadlineMs);
  reply.raw.once('close', () => {
    if (reply.raw.writableFinished) operation.settle();
    else operation.leave();
  });
  return operation.signal;
}
