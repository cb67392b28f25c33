import type { FastifyReply } from 'fastify';

/** A resolver has this long, whatever it waits for. */
export const operationDeadlineMs = 10_000;

/**
 * Returns a signal that aborts when the client leaves before it has its answer (AbortError) or when the deadline passes
 * (TimeoutError). One controller and one timer a request: `AbortSignal.any` of Node 20 costs more and keeps its sources alive.
 */
export function requestSignal(reply: FastifyReply, deadlineMs = operationDeadlineMs): AbortSignal {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException('The deadline of the request has passed.', 'TimeoutError')), deadlineMs);
  timer.unref();
  reply.raw.once('close', () => {
    clearTimeout(timer);
    if (!reply.raw.writableFinished) controller.abort(new DOMException('The client has left.', 'AbortError'));
  });
  return controller.signal;
}
