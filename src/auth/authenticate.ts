/** Who sends a request: access tokens of this server, API keys, tokens of an external OpenID provider. */
import type { AnonymousContext } from '../context.ts';
import { TransactionRejected } from '../data/errors.ts';
import { isApiKeyActive, scopesOf, type ApiKeyRow } from '../domains/users/apiKey.ts';
import { readApiKey, touchApiKey } from '../domains/users/apiKeys.store.ts';
import { findOrCreateExternalUser } from '../domains/users/externalUsers.service.ts';
import { isSessionAlive } from '../domains/users/session.ts';
import { readSession } from '../domains/users/sessions.store.ts';
import { readAccount, externalIdentityId } from '../domains/users/users.store.ts';
import { RequestError, unauthenticated } from '../errors.ts';
import { apiKeyMatches, looksLikeApiKey, parseApiKey, type ParsedApiKey } from './apiKeys.ts';
import { sha256Hex } from './hashes.ts';
import { IdentityProviderUnavailable, readUnverifiedIssuer, type ExternalIdentity } from './oidc.ts';
import type { Scope } from './permissions.ts';
import type { AccountState } from './services.ts';

/** Who asks, and by what right. */
export type Viewer = {
  readonly id: string;
  readonly via: 'session' | 'api-key' | 'oidc';
  /** Null for a session or an external token, which may do everything that the user may. */
  readonly scopes: readonly Scope[] | null;
  /** The session, or what stands for one with an external token; null for an API key. */
  readonly sessionId: string | null;
  readonly apiKeyId: string | null;
  /** When the credentials end by themselves, in epoch seconds; absent for an API key that does not. */
  readonly expiresAt?: number;
};

/** An API key notes its last use at most once in this time. */
const touchIntervalMs = 5 * 60 * 1000;

/**
 * Returns who sends the request, or null when it carries no credentials. Throws UNAUTHENTICATED with advice for
 * credentials that are not valid (any more). Long-lived connections call it again from time to time: what was revoked
 * since is noticed within 30 s.
 */
export async function authenticate(context: AnonymousContext): Promise<Viewer | null> {
  const header = context.request.authorization?.trim();
  if (!header) return null;
  const credential = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (!credential) throw unauthenticated('The Authorization header is not of the form "Bearer <access token or API key>".');
  if (looksLikeApiKey(credential)) return authenticateApiKey(context, credential);
  const { oidc } = context.services.auth;
  if (oidc && readUnverifiedIssuer(credential) === oidc.issuer) return authenticateExternal(context, credential);
  return authenticateSession(context, credential);
}

async function authenticateSession(context: AnonymousContext, token: string): Promise<Viewer> {
  const { tokens } = context.services.auth;
  const result = await tokens.verifyAccessToken(token, new Date());
  if (!result.ok) {
    const isExpired = result.reason === 'expired';
    throw unauthenticated(
      isExpired
        ? 'The access token has expired. Get a new one with sessionRefresh, or sign in again.'
        : 'The access token is not valid. Sign in again.',
    );
  }
  const { userId, sessionId, expiresAt } = result.claims;
  if (!(await isAlive(context, { userId, sessionId }))) throw unauthenticated('This session has ended. Sign in again.');
  return { id: userId, via: 'session', scopes: null, sessionId, apiKeyId: null, expiresAt: toSeconds(expiresAt) };
}

/** Looks at the caches first. What they refuse is read again: of session and account, one may be older than a password change. */
async function isAlive(context: AnonymousContext, { userId, sessionId }: { userId: string; sessionId: string }): Promise<boolean> {
  const { caches } = context.services.auth;
  const check = async (): Promise<boolean> => {
    const [session, account] = await Promise.all([
      caches.sessions.through(sessionId, () => readSession(context.connection, sessionId, 'the session of the access token')),
      accountState(context, userId),
    ]);
    return session?.ownerId === userId && isSessionAlive({ session, account, now: Date.now() });
  };
  if (await check()) return true;
  caches.sessions.forget(sessionId);
  caches.accounts.forget(userId);
  return check();
}

function accountState(context: AnonymousContext, userId: string): Promise<AccountState | null> {
  return context.services.auth.caches.accounts.through(userId, async () => {
    const account = await readAccount(context.connection, userId, 'the account that the credentials are for');
    return account && { sessionEpoch: account.sessionEpoch ?? 0, externalTokensValidFrom: account.externalTokensValidFrom ?? 0 };
  });
}

async function authenticateApiKey(context: AnonymousContext, text: string): Promise<Viewer> {
  const parsed = parseApiKey(text);
  const key = parsed && (await context.services.auth.caches.apiKeys.through(parsed.keyId, () => loadApiKey(context, parsed)));
  if (!parsed || !key || !apiKeyMatches(parsed, key.hash)) {
    throw unauthenticated('The API key is not valid. Check that it was copied as a whole, or create a new one.');
  }
  if (!isApiKeyActive(key, context.now())) {
    throw unauthenticated(`The API key "${key.name}" ${key.revokedAt ? 'was revoked' : 'has expired'}. Create a new one.`);
  }
  if (!(await accountState(context, key.ownerId))) throw unauthenticated('The account of this API key is gone.');
  const expiry = key.expiresAt !== undefined && { expiresAt: toSeconds(new Date(key.expiresAt)) };
  return { id: key.ownerId, via: 'api-key', scopes: scopesOf(key), sessionId: null, apiKeyId: key.id, ...expiry };
}

/** Reads a key and notes its use; since keys are cached, this runs twice a minute at most. */
async function loadApiKey(context: AnonymousContext, { keyId, hash }: ParsedApiKey): Promise<ApiKeyRow | null> {
  const key = await readApiKey(context.connection, keyId, 'the API key of the request');
  if (key && apiKeyMatches({ keyId, hash }, key.hash) && isApiKeyActive(key, context.now())) await noteUse(context, key);
  return key;
}

/** Notes that a key was used; a failure does not matter to the request. */
async function noteUse(context: AnonymousContext, key: ApiKeyRow): Promise<void> {
  if (Date.now() - Date.parse(key.lastUsedAt ?? '1970-01-01') < touchIntervalMs) return;
  try {
    await context.connection.transact([touchApiKey(key, context.now())]);
  } catch (error) {
    if (!(error instanceof TransactionRejected)) context.log.warn({ err: error }, 'the use of an API key could not be noted');
  }
}

async function authenticateExternal(context: AnonymousContext, token: string): Promise<Viewer> {
  const { caches } = context.services.auth;
  const identity = await verifyExternal(context, token);
  // Without the signature: of some algorithms, anyone can make a second valid signature from the first.
  const sessionId = `oidc-${sha256Hex(token.slice(0, token.lastIndexOf('.')))}`;
  const signedOut = await caches.sessions.through(sessionId, () =>
    readSession(context.connection, sessionId, 'whether the token was signed out'),
  );
  if (signedOut) throw unauthenticated('This token was signed out. Get a new one from the identity provider.');
  const identityId = externalIdentityId(identity);
  const userId = await caches.identities.through(identityId, () => findOrCreateExternalUser(context, identity));
  const account = await accountState(context, userId);
  if (!account) throw unauthenticated('The account of this identity is gone.');
  if (identity.issuedAt <= (account.externalTokensValidFrom ?? 0)) {
    throw unauthenticated('This user was signed out everywhere after the token was issued. Get a new one from the identity provider.');
  }
  return { id: userId, via: 'oidc', scopes: null, sessionId, apiKeyId: null, expiresAt: identity.expiresAt };
}

async function verifyExternal(context: AnonymousContext, token: string): Promise<ExternalIdentity> {
  try {
    const result = await context.services.auth.oidc?.verifier.verify(token, new Date());
    if (result?.ok) return result.identity;
    const isExpired = result?.reason === 'expired';
    throw unauthenticated(`The token of the identity provider ${isExpired ? 'has expired' : 'is not valid'}. Get a new one from there.`);
  } catch (error) {
    if (!(error instanceof IdentityProviderUnavailable)) throw error;
    throw new RequestError('UNAUTHENTICATED', error.message, { cause: error, retryable: true });
  }
}

function toSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
