/** HTTP for the lean client: one pool of kept-alive sockets, and errors named as the SDK's own HTTP handler names them. */
import type { Dispatcher, Pool as PoolType } from 'undici';
// Not from the package's index, which loads all of undici: 8 MB and a quarter of the time to load the data layer.
import Pool from 'undici/lib/dispatcher/pool.js';

/** A request to the server of the pool. */
export interface HttpRequest {
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
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

/** What becomes of a request; exactly one of them is called once, or more often without effect. */
interface Outcome {
  start(controller: Dispatcher.DispatchController): void;
  answer(answer: HttpAnswer): void;
  fail(error: Error): void;
}

/** Returns a handler that collects the whole answer. */
function collector(outcome: Outcome): Dispatcher.DispatchHandler {
  let statusCode = 0;
  let headers: HttpAnswer['headers'] = {};
  const chunks: Buffer[] = [];
  return {
    onRequestStart: (controller) => outcome.start(controller),
    onResponseStart(_, status, received) {
      statusCode = status;
      headers = received;
    },
    onResponseData: (_, chunk) => void chunks.push(chunk),
    onResponseEnd: () => outcome.answer({ statusCode, headers, body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) }),
    onResponseError: (_, error) => outcome.fail(renamed(error)),
  };
}

function exchange(pool: PoolType, { path, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    // While a socket is being opened there is nothing to stop yet: the caller is told at once, and the request is dropped when its turn comes.
    const onAbort = (): void => {
      reject(abortError(signal));
      controller?.abort(abortError(signal));
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    const outcome: Outcome = {
      start(started) {
        controller = started;
        if (signal.aborted) started.abort(abortError(signal));
      },
      answer(answer) {
        signal.removeEventListener('abort', onAbort);
        resolve(answer);
      },
      fail(error) {
        signal.removeEventListener('abort', onAbort);
        reject(error);
      },
    };
    pool.dispatch({ path, method: 'POST', headers, body }, collector(outcome));
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
