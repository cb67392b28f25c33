/** `GET /api/code-generations/<id>/archive.zip`: archives for who has a signed link. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import type { Config } from '../config.ts';
import type { Services } from '../context.ts';
import { linkProblem } from '../domains/codeGenerations/archiveLink.ts';
import { openArchive, type ArchiveDownload } from '../domains/codeGenerations/archive.service.ts';
import type { ArchiveFacts } from '../domains/codeGenerations/codeGeneration.ts';
import { toRequestError } from '../errors.ts';
import { errorBody } from './errors.ts';
import { requestSignal } from './requestSignal.ts';

/** What the route works with. */
export interface ArchiveRoute {
  readonly config: Pick<Config, 'jwtSecret' | 'http'>;
  readonly services: Services;
}

interface ArchiveRequest {
  Params: { id: string };
  Querystring: { expires?: unknown; signature?: unknown };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Returns a Content-Disposition with the name in ASCII and, for those who read that (RFC 6266), as it is. */
function attachment({ fileName }: ArchiveFacts): string {
  const ascii = fileName.replace(/[^\w.-]/g, '_');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(fileName).replace(/['()*]/g, percentEncoded)}`;
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function refuse(request: FastifyRequest, reply: FastifyReply, { status, message }: { status: number; message: string }): FastifyReply {
  return reply.code(status).send(errorBody(status, message, request.id));
}

/** Registers the route, for GET and HEAD. */
export function registerArchive(server: FastifyInstance, { config, services }: ArchiveRoute): void {
  server.route<ArchiveRequest>({
    method: ['GET', 'HEAD'],
    url: '/api/code-generations/:id/archive.zip',
    handler: async (request, reply) => {
      const { id } = request.params;
      const [expires, signature] = [textOf(request.query.expires), textOf(request.query.signature)];
      const problem = linkProblem(config.jwtSecret, { id, expires, signature }, Date.now() / 1000);
      if (problem !== null) return refuse(request, reply, { status: 403, message: problem });
      const operation = requestSignal(reply, config.http.operationTimeoutMs);
      try {
        const archive = await openArchive(services, id, operation.signal);
        if (!archive)
          return await refuse(request, reply, { status: 404, message: 'The archive is gone: its generation was deleted or has expired.' });
        return await send(request, reply, archive);
      } catch (error) {
        request.log.error({ err: error }, 'an archive could not be read');
        return refuse(request, reply, { status: 503, message: toRequestError(error).message });
      }
    },
  });
}

/** Sends the archive, or only its headers. */
function send(request: FastifyRequest, reply: FastifyReply, { facts, bytes }: ArchiveDownload): FastifyReply {
  void reply
    .type('application/zip')
    .header('content-disposition', attachment(facts))
    .header('content-length', facts.sizeBytes)
    .header('cache-control', 'private, max-age=3600')
    .header('etag', `"${facts.sha256}"`);
  if (request.headers['if-none-match'] === `"${facts.sha256}"`) return reply.code(304).removeHeader('content-length').send();
  return request.method === 'HEAD' ? reply.send() : reply.send(Readable.from(bytes));
}
