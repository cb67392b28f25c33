/** GraphQL over connections that stay open: WebSocket and Server-Sent Events. */
import type { FastifyInstance } from 'fastify';
import { registerEventStream } from './eventStream.ts';
import type { Streaming } from './streaming/operation.ts';
import { registerWebSocket } from './webSocket.ts';

/**
 * Registers both transports. Returns what ends their connections, which Fastify's own close would wait for without end:
 * what is in flight finishes first, within bounds. The server calls it when it closes; calling it before lets ordinary
 * requests be answered meanwhile.
 */
export function registerStreaming(server: FastifyInstance, streaming: Streaming): () => Promise<void> {
  const endings = [registerWebSocket(server, streaming), registerEventStream(server, streaming)];
  let ended: Promise<void> | null = null;
  const end = (): Promise<void> => (ended ??= Promise.all(endings.map((endAll) => endAll())).then(() => undefined));
  server.addHook('preClose', end);
  return end;
}
