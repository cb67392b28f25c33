/** What the explorer needs of the browser's localStorage and sessionStorage. */
export interface KeyValueStorage {
  readonly length: number;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  key(index: number): string | null;
}

/** The storage interface of GraphiQL: the browser's, and `clear`. */
export type ExplorerStorage = Omit<KeyValueStorage, 'key'> & { clear(): void };

const namespace = 'graphiql:';

/** Returns a stored value without the request headers that it holds at any depth; text that is no JSON is returned as it is. */
function withoutHeaders(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value, (name, part: unknown) => (name === 'headers' ? undefined : part)));
  } catch {
    return value;
  }
}

function ownKeys(storage: KeyValueStorage): string[] {
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
  return keys.filter((key): key is string => key?.startsWith(namespace) === true);
}

/**
 * Returns a storage for GraphiQL that keeps queries, variables and history for good, but request headers, which carry access
 * tokens, for the life of the browser tab only: everything goes to `session`, and to `lasting` without headers.
 */
export function createExplorerStorage(lasting: KeyValueStorage, session: KeyValueStorage): ExplorerStorage {
  return {
    get length() {
      return new Set([...ownKeys(lasting), ...ownKeys(session)]).size;
    },
    getItem: (key) => session.getItem(key) ?? lasting.getItem(key),
    setItem(key, value) {
      session.setItem(key, value);
      if (key !== `${namespace}headers`) lasting.setItem(key, withoutHeaders(value));
    },
    removeItem(key) {
      session.removeItem(key);
      lasting.removeItem(key);
    },
    clear() {
      for (const storage of [session, lasting]) for (const key of ownKeys(storage)) storage.removeItem(key);
    },
  };
}
