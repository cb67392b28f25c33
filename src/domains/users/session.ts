/** A session: one sign-in, with the family of refresh tokens that keeps it alive. */
import type { StoredRefreshFamily } from '../../auth/refreshTokens.ts';

/** How long a session lives after its refresh token was last used. */
export const sessionLifetimeMs = 30 * 24 * 60 * 60 * 1000;

/**
 * A row of the activity table, where rows can expire, outside of all its indexes. Tokens of an external provider have a
 * row only when they were signed out: then `revokedAt` is all it says.
 */
export type SessionRow = Partial<StoredRefreshFamily> & {
  id: string;
  createdAt: '-';
  ownerId: string;
  /** The account's `sessionEpoch` at the sign-in. */
  epoch?: number;
  ttl: number;
};

/** What decides whether a session goes on: its row, its account, and the time in epoch milliseconds. */
export interface SessionCheck {
  readonly session: SessionRow | null;
  readonly account: { sessionEpoch?: number } | null;
  readonly now: number;
}

/** True while a session has neither ended, nor been signed out, nor been overtaken by a sign-out everywhere. */
export function isSessionAlive({ session, account, now }: SessionCheck): boolean {
  if (!session || !account || session.revokedAt != null) return false;
  return (session.expiresAt ?? 0) > now && (session.epoch ?? 0) >= (account.sessionEpoch ?? 0);
}
