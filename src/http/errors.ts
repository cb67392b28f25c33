/** Answers to requests that never become a GraphQL operation, in the shape of a GraphQL error, so that clients read one shape only. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** The body of every failed request. */
export interface ErrorBody {
  errors: [{ message: string; extensions: { code: 'BAD_REQUEST' | 'INTERNAL_SERVER_ERROR'; requestId: string; retryable: boolean } }];
}

/** Returns the body for a failed request; status codes from 500 are retryable faults of this side. */
export function errorBody(status: number, message: string, requestId: string): ErrorBody {
  const ours = status >= 500;
  return { errors: [{ message, extensions: { code: ours ? 'INTERNAL_SERVER_ERROR' : 'BAD_REQUEST', requestId, retryable: ours } }] };
}

/** Messages for what Fastify refuses by itself; its own speak to the server's programmer. */
const messages: Record<string, (request: FastifyRequest) => string> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: (request) =>
    `The content type "${(request.headers['content-type'] ?? '').slice(0, 100)}" is not supported. Send JSON with the header "Content-Type: application/json".`,
  FST_ERR_CTP_BODY_TOO_LARGE: (request) => `The request body is larger than ${request.routeOptions.bodyLimit} bytes.`,
  FST_ERR_CTP_EMPTY_JSON_BODY: () => 'The request body is empty. Send JSON such as {"query": "{ viewer { id } }"}.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => 'The request body does not have the length that its Content-Length header says.',
  FST_ERR_BAD_URL: () => 'The address of the request is not a valid URL.',
};

function describe(error: FastifyError, request: FastifyRequest): string {
  return messages[error.code]?.(request) ?? error.message;
}

/**
 * Returns the error for a JSON body that Fastify's parser refused. It says the same of bodies that are no JSON and of keys such
 * as `__proto__`, which its parser (secure-json-parse) does not let through; the sender needs to know which.
 */
export function unreadableBody(body: string): Error & { statusCode: number } {
  let message = 'The request body has a key "__proto__" or "constructor", which no object may have.';
  try {
    JSON.parse(body);
  } catch (error) {
    message = `The request body is not valid JSON: ${(error as Error).message}.`;
  }
  return Object.assign(new Error(message), { statusCode: 400 });
}

/** Answers a request that failed outside of GraphQL; what is not the client's fault is logged and masked. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = error.statusCode ?? 500;
  if (status >= 500) {
    request.log.error({ err: error }, 'request failed');
    const message = 'Something went wrong on our side. Tell us the request id if it happens again.';
    void reply.code(status).send(errorBody(status, message, request.id));
    return;
  }
  void reply.code(status).send(errorBody(status, describe(error, request), request.id));
}

/** Methods of the paths that have routes, for an answer to the others (RFC 9110, 15.5.6: 405 names the allowed ones). */
const methodsOf: Record<string, string> = {
  '/graphql': 'GET, POST, OPTIONS',
  '/graphql/stream': 'GET, POST, OPTIONS',
  '/api/health': 'GET',
  '/livez': 'GET',
  '/readyz': 'GET',
  '/metrics': 'GET',
};

function answerUnknown(request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split('?', 1)[0] ?? '';
  const allowed = methodsOf[path];
  if (allowed && request.method !== 'GET') {
    void reply
      .code(405)
      .header('allow', allowed)
      .send(errorBody(405, `${path} does not take ${request.method}, only ${allowed}.`, request.id));
    return;
  }
  const message = `There is nothing at ${path.slice(0, 200)}. The API is at /graphql, its state at /api/health.`;
  void reply.code(404).send(errorBody(404, message, request.id));
}

/** Answers bytes that are no HTTP request; there is no request object yet, so this writes to the socket. */
export function answerBrokenHttp(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') endWithError(socket, 408, 'The request did not arrive in time.');
  else if (error.code === 'HPE_HEADER_OVERFLOW') endWithError(socket, 431, 'The headers of the request are too large.');
  else endWithError(socket, 400, 'This is not a valid HTTP request.');
}

/** How long a client may take to read an answer and close its side. */
const lingerMs = 1_000;

/**
 * Answers over a connection that no reply of Fastify writes to, and ends it. Ending closes this side alone: a client that sends
 * on would keep its connection for ever, since Node looks at the age of a request once only. So the other side is closed too,
 * not at once, because that may take the answer from a client that is still sending (RFC 9112, 9.6).
 */
export function endWithError(socket: Duplex, status: number, message: string): void {
  const body = JSON.stringify(errorBody(status, message, crypto.randomUUID()));
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
  const lingering = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(lingering));
}

/** Makes the server answer unknown paths, wrong methods, unreadable bodies and thrown errors with JSON. */
export function registerErrorAnswers(server: FastifyInstance): void {
  server.setErrorHandler<FastifyError>(answerError);
  server.setNotFoundHandler(answerUnknown);
}
