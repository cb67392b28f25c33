/** A user: the record that the API shows, the row behind it, and their rules. */
import type { Edit } from '../projects/project.ts';

/** What a user tells about themself; everybody who shares a project with them sees it. */
export type UserProfile = { name?: string | null; company?: string | null; role?: string | null };

/**
 * A user as a viewer may see them: `id`, `username` and `profile` of everybody whom they meet in a project, the rest of
 * themself only. Never holds a password hash or anything else that is secret.
 */
export type UserRecord = {
  id: string;
  username: string;
  profile?: UserProfile | null;
  email?: string | null;
  /** `admin` is a platform admin, made so by a command line tool. */
  role?: string | null;
  onboardingCompleted?: boolean | null;
  onboardingStep?: string | number | null;
  createdAt?: string | null;
  updatedAt?: string | null;
  revision?: number | null;
};

/** A row of the users table. Rows of the earlier backend lack `revision` and everything from `passwordHash` on, some of them that too. */
export type AccountRow = {
  id: string;
  username: string;
  /** Canonical spelling; as it was typed in rows of the earlier backend. Absent for an external identity without a verified address. */
  email?: string;
  profile?: UserProfile;
  role?: string;
  onboardingCompleted?: boolean;
  onboardingStep?: string | number;
  createdAt: string;
  updatedAt: string;
  revision?: number;
  edits?: Edit[];
  passwordHash?: string;
  /** Newest last, revoked ones included until their places are needed. */
  apiKeyIds?: string[];
  /** Sessions of an earlier epoch have ended. A counter and not a time: the clocks of two instances differ. Absent is 0. */
  sessionEpoch?: number;
  /** Tokens of an external provider that were issued in this second (epoch) or before are refused. */
  externalTokensValidFrom?: number;
  /** Id of the guard row of the external identity that signs in to this account. */
  externalIdentityId?: string;
};

/** Returns what other people may see of a user. */
export function toPublicUser({ id, username, profile }: AccountRow): UserRecord {
  return { id, username, ...(profile && { profile }) };
}

/** Returns what users may see of themselves. */
export function toOwnUser(account: AccountRow): UserRecord {
  const { email, role, onboardingCompleted, onboardingStep, createdAt, updatedAt, revision } = account;
  return {
    ...toPublicUser(account),
    email: email ?? null,
    role: role ?? 'user',
    onboardingCompleted: onboardingCompleted ?? false,
    onboardingStep: onboardingStep ?? null,
    createdAt,
    updatedAt,
    revision: revision ?? 1,
  };
}

/** True for rows of people: the users table also holds guards of uniqueness and API keys, which all have an owner. */
export function isAccount(row: Readonly<Record<string, unknown>> | null): row is AccountRow {
  return row !== null && row['ownerId'] === undefined && typeof row['id'] === 'string';
}
