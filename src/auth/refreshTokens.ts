/**
 * Refresh tokens: opaque, stored hashed, rotating.
 *
 * They rotate strictly: each one works once. There is no grace window for the token before the current one, because such
 * a window is exactly what a thief of a used token needs. What honest clients run into is solved otherwise:
 * - Two tabs refreshing at once: the second presents a used token, which cannot be told from theft, so the family is
 *   revoked. Clients let one tab refresh at a time (Web Locks API).
 * - A lost answer: a client that sent an idempotency key repeats the same call and gets the same successor again, for
 *   `replayWindowMs` and only while that successor is unused. Without the key the repetition counts as reuse.
 * - A lost acknowledgement of the database: the store's conditional write fails on its own retry. The row's `currentHash`
 *   is then the one that was to be written, which means success.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { equalHashes, sha256Hex } from './hashes.ts';

/** How long after a rotation the same call, with the same idempotency key, gets the same successor again. */
export const replayWindowMs = 10 * 60 * 1000;

/**
 * A refresh token taken apart. Its text is `rt_<session id>.<family>.<secret>`, all base64url. `family` (16 random bytes)
 * is the same for all tokens of a session, `secret` (32 bytes) is new with each: so a used token is recognised however
 * old it is, while someone who only knows a session id (it is in every access token) cannot sign its owner out.
 */
export interface RefreshToken {
  readonly sessionId: string;
  readonly family: string;
  readonly secret: string;
}

/** What a session row keeps of its refresh tokens; times are epoch milliseconds. */
export interface StoredRefreshFamily {
  /** SHA-256 of the family part, in hexadecimal. Never changes. */
  readonly familyHash: string;
  /** SHA-256 of the whole current token. */
  readonly currentHash: string;
  /** When the current token replaced another one. */
  readonly rotatedAt?: number | null;
  readonly expiresAt: number;
  readonly revokedAt?: number | null;
}

/**
 * `rotate`: replace the current token by `successor`, on condition that `currentHash` is unchanged. `replay`: answer
 * `successor` again, write nothing. `reuse`: revoke the family, then refuse. The others: refuse. To the client, all
 * refusals look the same.
 */
export type RefreshDecision =
  | { readonly action: 'rotate'; readonly successor: IssuedRefreshToken }
  | { readonly action: 'replay'; readonly successor: IssuedRefreshToken }
  | { readonly action: 'reuse' | 'expired' | 'revoked' | 'unknown' };

/** A token for the client and the hashes to store; the token itself is never stored or logged. */
export interface IssuedRefreshToken {
  readonly token: string;
  readonly familyHash: string;
  readonly currentHash: string;
}

/** A refresh call: the stored row (if any), the token, the time, and what makes a repetition recognisable. */
export interface RefreshAttempt {
  readonly stored: StoredRefreshFamily | null | undefined;
  readonly presented: RefreshToken;
  readonly now: Date;
  readonly replay?: { readonly masterKey: Uint8Array; readonly idempotencyKey: string } | undefined;
}

const refreshTokenForm = /^rt_([\w-]{1,128})\.([\w-]{22})\.([\w-]{43})$/;

/** Returns the first refresh token of a session. Throws RangeError where the session id has other characters than base64url's. */
export function issueRefreshToken(sessionId: string): IssuedRefreshToken {
  const family = randomBytes(16).toString('base64url');
  const secret = randomBytes(32).toString('base64url');
  const token = formatRefreshToken({ sessionId, family, secret });
  if (!refreshTokenForm.test(token)) throw new RangeError('A session id has 1 to 128 letters, digits, hyphens and underscores.');
  return describeToken(token, family);
}

/** Returns the text of a refresh token. */
export function formatRefreshToken({ sessionId, family, secret }: RefreshToken): string {
  return `rt_${sessionId}.${family}.${secret}`;
}

/** Takes a refresh token apart without the database; null where the text is not one. */
export function parseRefreshToken(text: string): RefreshToken | null {
  const [, sessionId, family, secret] = refreshTokenForm.exec(text) ?? [];
  return sessionId && family && secret ? { sessionId, family, secret } : null;
}

/**
 * Decides what a presented refresh token leads to. Pure but for the random secret of a successor.
 * Order matters: a token of another family is unknown before anything is told about the session, and a used token of an
 * ended session changes nothing.
 */
export function decideRefresh({ stored, presented, now, replay }: RefreshAttempt): RefreshDecision {
  if (!stored || !equalHashes(stored.familyHash, sha256Hex(presented.family))) return { action: 'unknown' };
  if (stored.revokedAt != null) return { action: 'revoked' };
  if (stored.expiresAt <= now.getTime()) return { action: 'expired' };
  const successor = succeed(presented, replay);
  if (equalHashes(stored.currentHash, sha256Hex(formatRefreshToken(presented)))) return { action: 'rotate', successor };
  const isRecent = stored.rotatedAt != null && now.getTime() - stored.rotatedAt <= replayWindowMs;
  if (replay && isRecent && equalHashes(stored.currentHash, successor.currentHash)) return { action: 'replay', successor };
  return { action: 'reuse' };
}

/**
 * Makes the next token: random, or for a repeatable call derived from the token it replaces, the client's idempotency key
 * and the server's key, so that neither an old token nor a guessable idempotency key lets anyone compute it.
 */
function succeed({ sessionId, family, secret }: RefreshToken, replay: RefreshAttempt['replay']): IssuedRefreshToken {
  const next = replay
    ? createHmac('sha256', replay.masterKey)
        .update(JSON.stringify(['snapinfra refresh token', sessionId, family, secret, replay.idempotencyKey]))
        .digest('base64url')
    : randomBytes(32).toString('base64url');
  return describeToken(formatRefreshToken({ sessionId, family, secret: next }), family);
}

function describeToken(token: string, family: string): IssuedRefreshToken {
  return { token, familyHash: sha256Hex(family), currentHash: sha256Hex(token) };
}
