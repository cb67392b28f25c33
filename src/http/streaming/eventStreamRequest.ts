/** What a request for an event stream must look like, and the operation in it. */
import type { FastifyRequest } from 'fastify';
import type { OperationRequest } from '../../limits/operation.ts';

/** Why there is no stream. */
export interface StreamRefusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Headers that a page of another site can only send after the browser asked this server (Apollo Server asks for the same two). */
const preflightHeaders = ['x-apollo-operation-name', 'apollo-require-preflight'];

/** Content types that a page of another site may send without asking (Fetch, "CORS-safelisted request-header"). */
const simpleTypes = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/i;

function acceptsEvents(accept: string | undefined): boolean {
  return accept === undefined || /(^|,)\s*(text\/event-stream|text\/\*|\*\/\*)\s*(;|,|$)/i.test(accept);
}

function couldBeForged({ headers }: FastifyRequest): boolean {
  const type = headers['content-type'];
  return (type === undefined || simpleTypes.test(type)) && !preflightHeaders.some((name) => headers[name]);
}

/** Returns why a request is no request for an event stream, or null for one that is. */
export function refusalOfRequest(request: FastifyRequest): StreamRefusal | null {
  if (!acceptsEvents(request.headers.accept)) {
    const message =
      'This address answers with an event stream. Send "Accept: text/event-stream", or use POST /graphql for one JSON answer.';
    return { status: 406, message };
  }
  if (couldBeForged(request)) {
    const message = `A browser could be made to send this by another site. Add one of the headers ${preflightHeaders.join(', ')}.`;
    return { status: 400, message };
  }
  return null;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns the operation in a request, or what is wrong with it, as a sentence. */
export function readOperation(request: FastifyRequest): OperationRequest | string {
  const params = request.method === 'GET' ? fromSearch(request.url) : request.body;
  if (typeof params === 'string') return params;
  if (!isObject(params)) return 'Send a JSON object such as {"query": "subscription { … }"}.';
  const { query, variables, operationName } = params;
  if (typeof query !== 'string' || query === '') return 'The request has no "query". Send the text of a GraphQL operation in it.';
  if (variables != null && !isObject(variables)) return '"variables" must be a JSON object.';
  if (operationName != null && typeof operationName !== 'string') return '"operationName" must be a text.';
  return { query, variables, operationName };
}

function fromSearch(url: string): Record<string, unknown> | string {
  const search = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '');
  const variables = search.get('variables');
  try {
    const parsed: unknown = variables === null ? undefined : JSON.parse(variables);
    return { query: search.get('query'), operationName: search.get('operationName'), variables: parsed };
  } catch {
    return 'The parameter "variables" is not valid JSON.';
  }
}
