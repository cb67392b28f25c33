/** The DynamoDB side of sessions, which live in the activity table because rows expire there. */
import type { Connection, Row, Write } from '../../data/connection.ts';
import { ttlAttribute } from '../../data/tables.ts';
import type { SessionRow } from './session.ts';

function keyOf(sessionId: string): Row {
  return { id: `session#${sessionId}`, createdAt: '-' };
}

/** Returns a session's row, or null. `reason` is what `explain` shows. */
export async function readSession(connection: Connection, sessionId: string, reason?: string): Promise<SessionRow | null> {
  return (await connection.get('activity', keyOf(sessionId), { consistent: true, reason })) as SessionRow | null;
}

/** Fields of a new session; times are epoch milliseconds. */
export type NewSession = Required<Pick<SessionRow, 'ownerId' | 'epoch' | 'familyHash' | 'currentHash' | 'expiresAt'>>;

/** Returns the write that begins a session. */
export function putSession(sessionId: string, session: NewSession): Write {
  const item = { ...keyOf(sessionId), ...session, [ttlAttribute]: toSeconds(session.expiresAt) };
  return { kind: 'put', table: 'activity', item, condition: { exists: false } };
}

/** Returns the write that replaces the refresh token of a session, if it is still the one that was read. */
export function rotateSession(
  sessionId: string,
  { from, to, now, expiresAt }: { from: string; to: string; now: number; expiresAt: number },
): Write {
  return {
    kind: 'update',
    table: 'activity',
    key: keyOf(sessionId),
    changes: { set: { currentHash: to, rotatedAt: now, expiresAt, [ttlAttribute]: toSeconds(expiresAt) } },
    condition: { exists: true, equals: { currentHash: from, revokedAt: undefined } },
  };
}

/**
 * Returns the write that ends a session. Also for sessions without a row, such as tokens of an external provider: the row
 * that says so stays until `expiresAt` (epoch milliseconds), when the credentials end by themselves.
 */
export function revokeSession(sessionId: string, { ownerId, now, expiresAt }: { ownerId: string; now: number; expiresAt: number }): Write {
  return {
    kind: 'update',
    table: 'activity',
    key: keyOf(sessionId),
    changes: { set: { ownerId, revokedAt: now, [ttlAttribute]: toSeconds(expiresAt) } },
  };
}

/** Returns the write that lets a session live on in a new epoch of its account. */
export function moveSession(sessionId: string, epoch: number): Write {
  return {
    kind: 'update',
    table: 'activity',
    key: keyOf(sessionId),
    changes: { set: { epoch } },
    condition: { exists: true, equals: { revokedAt: undefined } },
  };
}

function toSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}
