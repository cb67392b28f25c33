/** HTTP for the lean client: one pool of kept-alive sockets, and errors named as the SDK's own HTTP handler names them. */
import { Pool, type Dispatcher } from 'undici';

/** A request to the server of the pool. */
export interface HttpRequest {
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/** A whole answer. */
export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Sends requests to one server. */
export interface Transport {
  /** Posts a request. Rejects with `TimeoutError` (connection lost included), `AbortError`, or the error of the socket or name service. */
  post(request: HttpRequest): Promise<HttpAnswer>;
  /** Closes all sockets; requests in flight are rejected. */
  close(): void;
}

/** Limits of a transport, in milliseconds. */
export interface TransportOptions {
  readonly maxSockets: number;
  readonly connectTimeout: number;
  /** For the first byte of an answer, and between any two chunks of it. */
  readonly answerTimeout: number;
  /** How long an idle socket is kept. */
  readonly keepAlive: number;
}

/** The codes by which undici tells what the SDK's retry strategy knows as `TimeoutError` with a code of Node. */
const codeOfUndici: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_HEADERS_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_BODY_TIMEOUT: 'ETIMEDOUT',
};

/** @smithy/node-http-handler gives these its name for what may be tried again (its `NODEJS_TIMEOUT_ERROR_CODES`). */
const timeoutCodes = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** Returns a new error each time: undici rejects all requests that wait for one connection with one object. */
function renamed(error: Error & { code?: string }): Error {
  const code = codeOfUndici[error.code ?? ''] ?? error.code;
  const name = timeoutCodes.has(code ?? '') ? 'TimeoutError' : error.name;
  return Object.assign(new Error(error.message || `${error.name} ${code ?? ''}`, { cause: error }), { name, code });
}

function abortError(signal: AbortSignal): Error {
  return Object.assign(new Error('Request aborted', { cause: signal.reason }), { name: 'AbortError' });
}

function exchange(pool: Pool, { path, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    let controller: Dispatcher.DispatchController | undefined;
    let statusCode = 0;
    let answerHeaders: HttpAnswer['headers'] = {};
    const chunks: Buffer[] = [];
    // While the socket is being opened there is nothing to abort yet: the caller is told at once, and the request dropped when it would be sent.
    const onAbort = (): void => {
      reject(abortError(signal as AbortSignal));
      controller?.abort(new Error('aborted'));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        if (signal?.aborted) started.abort(new Error('aborted'));
      },
      onResponseStart(_, status, received) {
        statusCode = status;
        answerHeaders = received;
      },
      onResponseData(_, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        signal?.removeEventListener('abort', onAbort);
        resolve({ statusCode, headers: answerHeaders, body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) });
      },
      onResponseError(_, error) {
        signal?.removeEventListener('abort', onAbort);
        reject(renamed(error));
      },
    };
    pool.dispatch({ path, method: 'POST', headers, body }, handler);
  });
}

/** Returns a transport to `origin`, such as `https://dynamodb.us-east-1.amazonaws.com`; it connects when it is used. */
export function createTransport(origin: string, options: TransportOptions): Transport {
  const pool = new Pool(origin, {
    connections: options.maxSockets,
    connect: { timeout: options.connectTimeout },
    headersTimeout: options.answerTimeout,
    bodyTimeout: options.answerTimeout,
    keepAliveTimeout: options.keepAlive,
  });
  return {
    post: (request) => exchange(pool, request),
    close: () => void pool.destroy(),
  };
}
