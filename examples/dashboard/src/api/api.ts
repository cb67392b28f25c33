/** The connection to the API: urql over HTTP for queries and mutations, one WebSocket for all subscriptions. */
import { authExchange } from '@urql/exchange-auth';
import { createClient as createSocket, type Client as Socket } from 'graphql-ws';
import { createContext, useContext, useEffect, useSyncExternalStore } from 'react';
import { Client, fetchExchange, subscriptionExchange, type CombinedError } from 'urql';
import { createCache } from './cache.ts';
import { currentSession, freshToken, isStale, refreshSession } from './session.ts';

/** Whether events arrive. `idle` when nothing is subscribed. */
export type LiveState = 'idle' | 'connecting' | 'live' | 'reconnecting';

/** The connection of one signed-in user. */
export interface Api {
  readonly client: Client;
  readonly socket: Socket;
  liveState(): LiveState;
  onLiveState(listener: () => void): () => void;
  /** Calls `listener` when the WebSocket is back after it was lost: events in between are missing. */
  onReconnect(listener: () => void): () => void;
  dispose(): void;
}

/** True when the API did not take the access token. */
function isUnauthenticated({ graphQLErrors }: CombinedError): boolean {
  return graphQLErrors.some(({ extensions }) => extensions['code'] === 'UNAUTHENTICATED');
}

/** Puts the access token on every request, and exchanges it when it has ended: the page goes on without noticing. */
function createAuth() {
  return authExchange(async (tools) => {
    let used: string | undefined;
    return {
      addAuthToOperation(operation) {
        used = currentSession()?.accessToken;
        return used === undefined ? operation : tools.appendHeaders(operation, { authorization: `Bearer ${used}` });
      },
      willAuthError() {
        const session = currentSession();
        return session !== null && isStale(session);
      },
      didAuthError: isUnauthenticated,
      refreshAuth: () => refreshSession(used),
    };
  });
}

function createLiveState(socket: Socket): Pick<Api, 'liveState' | 'onLiveState'> {
  let state: LiveState = 'idle';
  const listeners = new Set<() => void>();
  const become = (next: LiveState): void => {
    state = next;
    for (const listener of listeners) listener();
  };
  socket.on('connecting', (isRetrying) => become(isRetrying ? 'reconnecting' : 'connecting'));
  socket.on('connected', () => become('live'));
  // 1000 is our own: nothing is subscribed any more.
  socket.on('closed', (event) => become((event as CloseEvent).code === 1000 ? 'idle' : 'reconnecting'));
  return {
    liveState: () => state,
    onLiveState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function createEventSocket(): Socket {
  return createSocket({
    url: `${window.location.origin.replace(/^http/, 'ws')}/graphql`,
    // Asked for every connection, so a lost one comes back with the token of then.
    connectionParams: async () => {
      const token = await freshToken();
      return token === undefined ? {} : { authorization: `Bearer ${token}` };
    },
    keepAlive: 15_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    // Also after 4403, which is what an access token that has ended gets; signing out disposes of the client.
    shouldRetry: () => currentSession() !== null,
  });
}

/** Opens a connection for whoever is signed in. */
export function createApi(): Api {
  const socket = createEventSocket();
  const forward = subscriptionExchange({
    forwardSubscription: ({ query, variables }) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? '', variables }, sink) }),
    }),
  });
  const client = new Client({
    url: '/graphql',
    preferGetMethod: false,
    requestPolicy: 'cache-and-network',
    exchanges: [createCache(), createAuth(), fetchExchange, forward],
  });
  return {
    client,
    socket,
    ...createLiveState(socket),
    onReconnect: (listener) => socket.on('connected', (_socket, _payload, wasRetry) => void (wasRetry && listener())),
    dispose: () => void socket.dispose(),
  };
}

/** The connection, for components. */
export const ApiContext = createContext<Api | null>(null);

/** Returns the connection. */
export function useApi(): Api {
  const api = useContext(ApiContext);
  if (!api) throw new Error('useApi is for components below ApiContext');
  return api;
}

/** Returns whether events arrive. */
export function useLiveState(): LiveState {
  const { liveState, onLiveState } = useApi();
  return useSyncExternalStore(onLiveState, liveState);
}

/** Calls `action` when events may have been missed. */
export function useOnReconnect(action: () => void): void {
  const { onReconnect } = useApi();
  useEffect(() => onReconnect(action), [onReconnect, action]);
}
