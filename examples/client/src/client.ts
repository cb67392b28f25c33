/** A typed client in a hundred lines: requests over HTTP, subscriptions over a WebSocket, errors that say what to do. */
import { createClient as createSocketClient, type Client as SocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { TypedDocumentString } from './gql/graphql.ts';

/** What the API says about a problem. `code` is for programs: see the README of the API. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly field?: readonly string[] | null;
}

/** The API did not do what it was asked for. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(({ message }) => message).join('\n'));
  }
}

interface Response<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly { message: string; extensions?: { code?: string } }[];
}

/** Returns the data of an answer; throws ApiError where it has errors. */
function dataOf<Result>({ data, errors }: Response<Result>): Result {
  if (data && !errors?.length) return data;
  throw new ApiError((errors ?? []).map(({ message, extensions }) => ({ code: extensions?.code ?? 'UNKNOWN', message })));
}

/** Throws ApiError when a mutation was refused; else returns what it answered. */
export function accepted<Payload extends { userErrors: readonly Problem[] }>(payload: Payload | null | undefined): Payload {
  if (!payload) throw new ApiError([{ code: 'UNKNOWN', message: 'The API sent no answer.' }]);
  if (payload.userErrors.length > 0) throw new ApiError(payload.userErrors);
  return payload;
}

/** The arguments of an operation: variables where it has any that are required. */
type VariablesOf<Variables> = Record<string, never> extends Variables ? [variables?: Variables] : [variables: Variables];

/** A connection to the API. */
export interface Client {
  /** Sends a query or mutation; resolves with its data, typed by the document. */
  request<Result, Variables>(document: TypedDocumentString<Result, Variables>, ...variables: VariablesOf<Variables>): Promise<Result>;
  /** Subscribes; yields the data of each event. Ends with ApiError when the API ends it for a reason. */
  subscribe<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    ...variables: VariablesOf<Variables>
  ): AsyncGenerator<Result>;
  /** Uses this access token or API key from now on. */
  authorize(token: string): void;
  close(): Promise<void>;
}

/** Opens a client for the API at an address such as `http://localhost:5000/graphql`. */
export function createClient(url: string, token?: string): Client {
  let authorization = token === undefined ? undefined : `Bearer ${token}`;
  let socket: SocketClient | undefined;

  async function request<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    ...[variables]: VariablesOf<Variables>
  ): Promise<Result> {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...(authorization && { authorization }),
    };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: document.toString(), variables }) });
    return dataOf((await response.json()) as Response<Result>);
  }

  async function* subscribe<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    ...[variables]: VariablesOf<Variables>
  ): AsyncGenerator<Result> {
    socket ??= createSocketClient({
      url: url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      // Asked for each new connection: after a lost one, with the token of then.
      connectionParams: () => ({ authorization }),
    });
    const query = { query: document.toString(), variables: variables as Record<string, unknown> | undefined };
    for await (const event of socket.iterate<Result & Record<string, unknown>>(query)) yield dataOf<Result>(event as Response<Result>);
  }

  return {
    request,
    subscribe,
    authorize(next) {
      authorization = `Bearer ${next}`;
    },
    close: async () => {
      await socket?.dispose();
    },
  };
}
