/** Serves the explorer page and its files, as `scripts/build.mjs` made them in `dist/explorer/`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { packageRoot } from '../root.ts';

const folder = new URL('dist/explorer/', packageRoot);

/** Names that a build gives its files; they hold the hash of the content, so a name never changes its meaning. */
const hashedFile = /^(?:explorer|icon)-[A-Z0-9]{8}\.(js|css|svg)$/;

const contentTypes: Record<string, string> = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };

/** Everything from this server only; style attributes come from GraphiQL's editor, fonts are inside its style sheet. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  'font-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** True for a browser that navigates to `/graphql`, false for a client that wants a GraphQL answer, whatever else it accepts. */
export function wantsPage(request: FastifyRequest): boolean {
  const accept = request.headers.accept ?? '';
  return request.method === 'GET' && accept.includes('text/html') && !/application\/(?:graphql-response\+)?json/.test(accept);
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
}

async function readOrNull(name: string): Promise<Buffer | null> {
  try {
    return await readFile(new URL(name, folder));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const notBuilt = `<!doctype html><meta charset="utf-8"><title>Snapinfra API</title>
<p>The explorer page is not built yet: run <code>npm run build</code>. The API itself answers POST requests at this address.</p>`;

/** Answers with the explorer page. */
export async function sendExplorerPage(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const page = (await readOrNull('index.html')) ?? Buffer.from(notBuilt);
  const etag = `"${createHash('sha256').update(page).digest('base64url').slice(0, 22)}"`;
  void reply.headers({ 'content-security-policy': contentSecurityPolicy, 'cache-control': 'no-cache', vary: 'origin, accept', etag });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.type('text/html; charset=utf-8').send(page);
}

/** Registers `GET /explorer/<file>`: the script, style sheet and icon of the page, which browsers keep for a year. */
export function registerExplorerFiles(server: FastifyInstance): void {
  server.get<{ Params: { file: string } }>('/explorer/:file', { logLevel: 'warn' }, async (request, reply) => {
    const { file } = request.params;
    const extension = hashedFile.exec(file)?.[1];
    if (!extension) {
      reply.callNotFound();
      return reply;
    }
    const zipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') ? await readOrNull(`${file}.gz`) : null;
    const content = zipped ?? (await readOrNull(file));
    if (!content) {
      reply.callNotFound();
      return reply;
    }
    const etag = `"${file}${zipped ? '-gzip' : ''}"`;
    void reply.headers({ 'cache-control': 'public, max-age=31536000, immutable', vary: 'origin, accept-encoding', etag });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    if (zipped) void reply.header('content-encoding', 'gzip');
    return reply.type(contentTypes[extension] ?? 'application/octet-stream').send(content);
  });
}
