/** One WebSocket from its opening to its end: keep-alive, bounds of what waits for it, how it is closed. */
import { CloseCode } from 'graphql-ws';
import { WebSocket, type RawData } from 'ws';
import { operationLimits } from '../../limits/limits.ts';
import type { StreamingSettings } from './settings.ts';

/** Close codes of RFC 6455 that this server uses beside those of the protocol. Clients of graphql-ws connect again after both. */
export const goingAway = 1001;
export const tryAgainLater = 1013;
const tooBig = 1009;

/** A close frame carries 123 bytes of text (RFC 6455, 5.5). */
function fitReason(reason: string): string {
  return Buffer.from(reason)
    .subarray(0, 123)
    .toString()
    .replace(/\uFFFD+$/, '');
}

/** A socket with its bounds. */
export interface BoundedSocket {
  /** Resolves when the message has left this process, or never will. */
  readonly send: (text: string) => Promise<void>;
  readonly close: (code: number, reason: string) => void;
  /** False from the moment that either side began to close it. */
  readonly isOpen: () => boolean;
}

/** Ends a client that does not read: what waits for it would grow without end. */
const tooSlow = 'The client reads too slowly for what it asked for. Connect again and ask for less at once.';

/**
 * Binds what may wait for a client, and cuts off those that do not answer pings. `onClosing` is called when this side ends
 * the connection; the client may take its time to agree.
 */
export function boundSocket(
  socket: WebSocket,
  { settings, onClosing }: { settings: StreamingSettings; onClosing: () => void },
): BoundedSocket {
  const { sendBufferBytes, pingIntervalMs } = settings;
  const close = (code: number, reason: string): void => {
    socket.close(code, fitReason(reason));
    onClosing();
  };
  const isBehind = (): boolean => {
    if (socket.bufferedAmount <= sendBufferBytes) return false;
    close(tryAgainLater, tooSlow);
    return true;
  };
  let isAlive = true;
  const keepAlive = setInterval(() => {
    if (!isAlive) socket.terminate();
    else if (socket.readyState === WebSocket.OPEN) socket.ping();
    isAlive = false;
  }, pingIntervalMs).unref();
  // Frames that are none, or too large: the library closes the socket by itself. Without a listener the process would end.
  socket.on('error', () => undefined);
  socket.on('pong', () => (isAlive = true));
  socket.on('message', () => (isAlive = true));
  // The library answers pings by itself; they must not pile up for a client that never reads.
  socket.on('ping', isBehind);
  socket.once('close', () => clearInterval(keepAlive));
  return {
    close,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    send: (text) =>
      new Promise((resolve) => {
        // A failure ends the socket, and its `close` event everything that runs over it.
        if (socket.readyState === WebSocket.OPEN && !isBehind()) socket.send(text, () => resolve());
        // Resolved at once, a source that always has a next event would be asked for ever, and nothing else would run.
        else if (socket.readyState !== WebSocket.CLOSED) socket.once('close', () => resolve());
        else resolve();
      }),
  };
}

/** Returns the text of a message; closes the socket and returns null for what this server does not read. */
export function readText({ close }: BoundedSocket, { data, isBinary }: { data: RawData; isBinary: boolean }): string | null {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.concat([data].flat().map((part) => Buffer.from(part as Uint8Array)));
  const { bodyBytes } = operationLimits;
  if (isBinary) close(CloseCode.BadRequest, 'Invalid message received: messages are text, not binary');
  else if (bytes.length > bodyBytes)
    close(tooBig, `A message has ${bodyBytes} bytes at most here. Send operations with large inputs to POST /graphql.`);
  else return bytes.toString();
  return null;
}
