/** Who is signed in: the tokens, kept across reloads and shared by all tabs of this browser. */

/** Tokens of a session. */
export interface Session {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** When the access token ends, in milliseconds since 1970. */
  readonly expiresAt: number;
}

const key = 'snapinfra.session';
const listeners = new Set<() => void>();
let [text, session]: [string | null, Session | null] = [null, null];
let notice: string | null = null;

/** Returns the session as it is stored now; the same object as long as nothing changes. */
export function currentSession(): Session | null {
  const stored = localStorage.getItem(key);
  if (stored !== text) [text, session] = [stored, stored === null ? null : (JSON.parse(stored) as Session)];
  return session;
}

/** Calls `listener` at every change, also by other tabs. Returns what ends that. */
export function onSessionChange(listener: () => void): () => void {
  const onStorage = (event: StorageEvent): void => void (event.key === key && listener());
  listeners.add(listener);
  window.addEventListener('storage', onStorage);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', onStorage);
  };
}

/** Stores a session, or removes it. `because` is what the sign-in page then says. */
export function setSession(next: Session | null, because: string | null = null): void {
  if (next) localStorage.setItem(key, JSON.stringify(next));
  else localStorage.removeItem(key);
  notice = because;
  for (const listener of listeners) listener();
}

/** Returns why the last session has ended, where the user did not end it. */
export function sessionNotice(): string | null {
  return notice;
}

/** What signUp, signIn and sessionRefresh answer. */
export interface Tokens {
  readonly accessToken?: string | null;
  readonly refreshToken?: string | null;
  readonly expiresAt?: string | null;
}

/** Returns the session of an answer; null when it has none. */
export function sessionOf({ accessToken, refreshToken, expiresAt }: Tokens): Session | null {
  return accessToken && refreshToken && expiresAt ? { accessToken, refreshToken, expiresAt: Date.parse(expiresAt) } : null;
}

/** True when the access token has ended, or will before a request with it has arrived. */
export function isStale({ expiresAt }: Session): boolean {
  return expiresAt - Date.now() < 30_000;
}

const refreshMutation = `mutation Refresh($refreshToken: String!, $idempotencyKey: String!) {
  sessionRefresh(refreshToken: $refreshToken, idempotencyKey: $idempotencyKey) {
    accessToken refreshToken expiresAt userErrors { message }
  }
}`;

interface RefreshAnswer {
  readonly data?: { readonly sessionRefresh?: (Tokens & { readonly userErrors: readonly unknown[] }) | null } | null;
}

async function sendRefresh(refreshToken: string, idempotencyKey: string): Promise<RefreshAnswer> {
  const body = JSON.stringify({ query: refreshMutation, variables: { refreshToken, idempotencyKey } });
  const response = await fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return (await response.json()) as RefreshAnswer;
}

/** A refresh token works once. The key makes the API repeat an answer that was lost on its way. */
async function refresh({ refreshToken }: Session): Promise<void> {
  const idempotencyKey = crypto.randomUUID();
  const answer = await sendRefresh(refreshToken, idempotencyKey).catch(() => sendRefresh(refreshToken, idempotencyKey));
  const payload = answer.data?.sessionRefresh;
  // Anything but an answer of the mutation, such as an overloaded server, says nothing about the session.
  if (!payload) return;
  const next = sessionOf(payload);
  if (next) setSession(next);
  else setSession(null, 'Your session has ended. Sign in again to go on where you were.');
}

/**
 * Exchanges the tokens unless another tab, or an earlier call, has done so: `rejected` is the access token that the API did
 * not take, if one was. Only one tab refreshes at a time, since a refresh token that comes twice ends the session.
 */
export async function refreshSession(rejected?: string): Promise<void> {
  const attempt = async (): Promise<void> => {
    const now = currentSession();
    if (now && (isStale(now) || now.accessToken === rejected)) await refresh(now);
  };
  // Locks exist on https and localhost only.
  await ('locks' in navigator ? navigator.locks.request(key, attempt) : attempt());
}

/** Returns an access token that is good for the next request; undefined when nobody is signed in. */
export async function freshToken(): Promise<string | undefined> {
  const now = currentSession();
  if (now && isStale(now)) await refreshSession();
  return currentSession()?.accessToken;
}
