import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What an id of another system may look like: short, and harmless in logs and headers. */
const sane = /^[\w.:/+=-]{1,128}$/;

/** Returns the request's own id from `X-Request-Id`, so that a trace runs through, or a new one where it has none or an odd one. */
export function requestIdOf({ headers }: { headers: IncomingHttpHeaders }): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && sane.test(given) ? given : randomUUID();
}
