/** The DynamoDB side of users: their rows, and the guard rows that keep e-mail addresses and external identities unique. */
import { sha256Hex } from '../../auth/hashes.ts';
import type { Connection, Row, Write } from '../../data/connection.ts';
import type { Changes, Condition } from '../../data/expressions.ts';
import { isAccount, type AccountRow } from './user.ts';

/** Returns the row of a user, read consistently, or null. `reason` is what `explain` shows. */
export async function readAccount(connection: Connection, id: string, reason?: string): Promise<AccountRow | null> {
  const row = await connection.get('users', { id }, { consistent: true, reason });
  return isAccount(row) ? row : null;
}

/** Returns the write that creates a user. */
export function putAccount(account: AccountRow): Write {
  return { kind: 'put', table: 'users', item: account, condition: { exists: false } };
}

/** Returns a write that changes a user. */
export function updateAccount(id: string, changes: Changes, condition: Condition = {}): Write {
  return { kind: 'update', table: 'users', key: { id }, changes, condition: { exists: true, ...condition } };
}

/** An e-mail address: its canonical spelling, and how it was typed, which is how rows of the earlier backend may have it. */
export interface EmailSpellings {
  readonly email: string;
  readonly typed: string;
}

/** An account found by e-mail. `guarded` is false for rows of the earlier backend until their first sign-in. */
export interface AccountOfEmail {
  account: AccountRow;
  guarded: boolean;
}

/**
 * Returns the account with an e-mail address, or null. The guard row decides; without one, EmailIndex finds rows of the
 * earlier backend, of which the oldest wins.
 */
export async function findAccountByEmail(connection: Connection, { email, typed }: EmailSpellings): Promise<AccountOfEmail | null> {
  const reason = 'the account with an e-mail address';
  const ownerId = await readEmailOwner(connection, email);
  if (ownerId !== null) {
    const account = await readAccount(connection, ownerId, reason);
    return account && { account, guarded: true };
  }
  const pages = await Promise.all(
    [...new Set([email, typed])].map((partition) => connection.query({ table: 'users', index: 'EmailIndex', partition })),
  );
  const [oldest] = pages
    .flatMap(({ items }) => items)
    .filter(isAccount)
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  const account = oldest ? await readAccount(connection, oldest.id, reason) : null;
  // The index may lag behind: an address that was given up since is free.
  const isCurrent = account?.email !== undefined && [email, typed].includes(account.email);
  return isCurrent ? { account, guarded: false } : null;
}

/** Returns the id of the user whom an e-mail address is reserved for, or null. */
export async function readEmailOwner(connection: Connection, email: string): Promise<string | null> {
  return readOwner(connection, emailGuardId(email), 'who has reserved an e-mail address');
}

/** Returns the write that reserves an e-mail address; it fails when somebody has it. */
export function putEmailGuard(email: string, ownerId: string): Write {
  return putGuard(emailGuardId(email), ownerId);
}

/** Returns the write that gives up an e-mail address. */
export function deleteEmailGuard(email: string, ownerId: string): Write {
  return { kind: 'delete', table: 'users', key: { id: emailGuardId(email) }, condition: { equals: { ownerId } } };
}

/** Returns the id of the guard row of an external identity. The issuer's hash keeps its length and characters out of the key. */
export function externalIdentityId({ issuer, subject }: { issuer: string; subject: string }): string {
  return `oidc#${sha256Hex(issuer)}#${subject}`;
}

/** Returns the id of the user behind an external identity, or null. */
export async function readExternalOwner(connection: Connection, identityId: string): Promise<string | null> {
  return readOwner(connection, identityId, 'the user behind an external identity');
}

/** Returns the write that ties an external identity to a user; it fails when it is tied already. */
export function putExternalIdentity(identityId: string, ownerId: string): Write {
  return putGuard(identityId, ownerId);
}

function emailGuardId(email: string): string {
  return `email#${email}`;
}

function putGuard(id: string, ownerId: string): Write {
  const item: Row = { id, ownerId };
  return { kind: 'put', table: 'users', item, condition: { exists: false } };
}

async function readOwner(connection: Connection, id: string, reason: string): Promise<string | null> {
  const row = await connection.get('users', { id }, { consistent: true, reason });
  return typeof row?.['ownerId'] === 'string' ? row['ownerId'] : null;
}
