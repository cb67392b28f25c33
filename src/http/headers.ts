/** Headers that every answer carries, and which web pages may call the server. */
import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';

/** Returns what an entry of CORS_ORIGIN matches: an origin, or for `http://localhost:*` that host with any port. */
function originPattern(origin: string): string | RegExp {
  if (!origin.endsWith(':*')) return origin;
  const host = origin.slice(0, -2).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${host}(:\\d{1,5})?$`);
}

/**
 * Returns a check of whether the page behind an Origin header may open a WebSocket, which CORS does not cover: what CORS
 * allows, the server's own pages (`host` is the Host header), and programs, which send no Origin.
 */
export function createOriginCheck({
  corsOrigins,
}: Pick<Config['http'], 'corsOrigins'>): (origin: string | undefined, host: string | undefined) => boolean {
  const patterns = corsOrigins.map(originPattern);
  return (origin, host) => {
    if (origin === undefined || corsOrigins.includes('*')) return true;
    if (URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()) return true;
    return patterns.some((pattern) => (typeof pattern === 'string' ? pattern === origin : pattern.test(origin)));
  };
}

/** Credentials travel in a header that pages set themselves, never in cookies, so allowing an origin gives it no one's session. */
export async function registerCors(server: FastifyInstance, { corsOrigins }: Config['http']): Promise<void> {
  await server.register(cors, {
    origin: corsOrigins.includes('*') ? '*' : corsOrigins.map(originPattern),
    methods: ['GET', 'POST'],
    exposedHeaders: ['x-request-id', 'retry-after', 'ratelimit', 'ratelimit-policy'],
    maxAge: 86_400,
    strictPreflight: false,
  });
}

/** Adds the security headers to every answer; answers are not stored by anyone unless a route says so. */
export function registerSecurityHeaders(server: FastifyInstance, { environment }: Pick<Config, 'environment'>): void {
  const defaults: Record<string, string> = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    // Browsers ignore it on plain http, so it only acts where TLS is in front.
    ...(environment === 'production' && { 'strict-transport-security': 'max-age=31536000' }),
  };
  server.addHook('onSend', (request, reply, _payload, done) => {
    void reply.header('x-request-id', request.id);
    for (const [name, value] of Object.entries(defaults)) if (!reply.hasHeader(name)) void reply.header(name, value);
    done();
  });
}
