/** An API key: the record that its owner sees, and the row behind it. */
import { scopes, type Scope } from '../../auth/permissions.ts';

/** Keys that a user may have at a time, not counting revoked and expired ones. */
export const maxApiKeys = 50;

/** A row of the users table, without an `email`, so that EmailIndex does not list it. */
export type ApiKeyRow = {
  id: string;
  ownerId: string;
  /** SHA-256 of the whole key. */
  hash: string;
  hint: string;
  name: string;
  scopes: string[];
  createdAt: string;
  expiresAt?: string;
  lastUsedAt?: string;
  revokedAt?: string;
};

/** A key as its owner sees it: everything but the hash. */
export type ApiKeyRecord = Omit<ApiKeyRow, 'hash'>;

/** Returns a key without its hash. */
export function toApiKey(row: ApiKeyRow): ApiKeyRecord {
  const record: Partial<ApiKeyRow> = { ...row };
  delete record.hash;
  return record as ApiKeyRecord;
}

/** True while a key is neither revoked nor expired. `now` is in ISO 8601. */
export function isApiKeyActive({ revokedAt, expiresAt }: Pick<ApiKeyRow, 'revokedAt' | 'expiresAt'>, now: string): boolean {
  return revokedAt === undefined && (expiresAt === undefined || expiresAt > now);
}

/** Returns the scopes of a key that this version knows. */
export function scopesOf({ scopes: stored }: Pick<ApiKeyRow, 'scopes'>): readonly Scope[] {
  return scopes.filter((scope) => stored.includes(scope));
}
