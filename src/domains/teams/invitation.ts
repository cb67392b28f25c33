/** Invitations to projects: their record and rules. */
import type { Row } from '../../data/connection.ts';

/**
 * A row of the teams table. Its `userId` names the invited by e-mail address, so that UserIdIndex lists the invitations
 * to an address, and a project has at most one for each.
 */
export type InvitationRecord = {
  projectId: string;
  /** `invite#` and the e-mail address. */
  userId: string;
  id: string;
  email: string;
  role: string;
  status: string;
  createdAt: string;
  expiresAt: string;
  invitedById: string;
};

/** Begins the `userId` of every invitation. */
export const invitationPrefix = 'invite#';

const lifetimeMs = 7 * 24 * 60 * 60 * 1000;

/** Returns the `userId` of invitations to an e-mail address in its canonical spelling. */
export function inviteeKey(email: string): string {
  return `${invitationPrefix}${email}`;
}

/** Returns when an invitation that is sent now expires, ISO 8601. */
export function expiryOf(now: string): string {
  return new Date(Date.parse(now) + lifetimeMs).toISOString();
}

/** True for an invitation that can still be accepted at the time `now` (ISO 8601). */
export function isOpen(row: Row, now: string): boolean {
  const { id, expiresAt } = row;
  return typeof id === 'string' && typeof expiresAt === 'string' && expiresAt > now;
}

/** True for an invitation's row, open or not. */
export function isInvitationRow(row: Row): boolean {
  return String(row['userId']).startsWith(invitationPrefix) && typeof row['id'] === 'string';
}
