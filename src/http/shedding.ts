/** Over capacity, requests are refused at once, so that those in flight are answered in time and clients know when to come back. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Capacity } from './capacity.ts';
import { factsOf, noteErrors } from './logging.ts';
import { createPacer } from './pacing.ts';

/** What is answered in any case: an orchestrator that gets no answer kills the process, and with it what is in flight. */
const alwaysAnswered: ReadonlySet<string> = new Set(['/livez', '/readyz', '/api/health', '/metrics']);

/** Where requests become operations; files and pages cost next to nothing. */
const operations = '/graphql';

/** By the time that a client is told to come back, most of what is in flight is done. */
const retryAfterSeconds = 1;

/** A refusal is logged at most once in this time; each has its line in the request log. */
const logIntervalMs = 10_000;

function refuse(reply: FastifyReply): FastifyReply {
  const { id: requestId } = reply.request;
  const message = 'The server is busy and has not looked at this request. Try again in a moment.';
  noteErrors(factsOf(reply.request), [{ message, extensions: { code: 'THROTTLED' } }]);
  const body = { errors: [{ message, extensions: { code: 'THROTTLED', requestId, retryable: true } }] };
  return reply.code(503).header('retry-after', String(retryAfterSeconds)).send(body);
}

/**
 * Refuses requests over capacity with 503 and Retry-After: before their bodies are read, and again before the handler,
 * because more bodies can arrive at once than there is room for. A request counts from there on, not while its body is on
 * its way, so that slow senders take no room from others. Nobody is refused while the server stops: who got in is answered.
 */
export function registerShedding(
  server: FastifyInstance,
  { capacity, isStopping, onShed }: { capacity: Capacity; isStopping: () => boolean; onShed?: (reason: string) => void },
): void {
  const pace = createPacer(server.server);
  let loggedAt = -Infinity;

  function mustRefuse(request: FastifyRequest): boolean {
    const shortage = isStopping() ? null : capacity.shortage();
    if (shortage === null) return false;
    onShed?.(shortage);
    if (performance.now() - loggedAt > logIntervalMs) {
      loggedAt = performance.now();
      request.log.warn({ shortage }, 'over capacity: requests are refused');
    }
    return true;
  }

  server.addHook('onRequest', (request, reply, done) => {
    if (!alwaysAnswered.has(request.routeOptions.url ?? '') && mustRefuse(request)) void refuse(reply);
    else done();
  });
  server.addHook('preHandler', (request, reply, done) => {
    if (request.routeOptions.url !== operations) {
      done();
      return;
    }
    if (mustRefuse(request)) {
      void refuse(reply);
      return;
    }
    const leave = capacity.enter();
    const cancel = pace(done);
    reply.raw.once('close', () => {
      leave();
      cancel();
    });
  });
  server.addHook('onClose', () => capacity.close());
}
