/** The DynamoDB side of API keys: rows of the users table, whose ids the owner's row lists. */
import type { Connection, Row, Write } from '../../data/connection.ts';
import type { ApiKeyRow } from './apiKey.ts';
import type { AccountRow } from './user.ts';

function isApiKey(row: Row | null): row is ApiKeyRow {
  return typeof row?.['hash'] === 'string' && typeof row['ownerId'] === 'string';
}

/** Returns a key's row, read consistently, or null. `reason` is what `explain` shows. */
export async function readApiKey(connection: Connection, id: string, reason?: string): Promise<ApiKeyRow | null> {
  const row = await connection.get('users', { id }, { consistent: true, reason });
  return isApiKey(row) ? row : null;
}

/** Returns the rows of a user's keys, newest first. */
export async function readApiKeysOf(connection: Connection, account: AccountRow): Promise<ApiKeyRow[]> {
  const ids = account.apiKeyIds ?? [];
  if (ids.length === 0) return [];
  const rows = await connection.batchGet(
    'users',
    ids.toReversed().map((id) => ({ id })),
    { consistent: true },
  );
  return rows.filter((row): row is ApiKeyRow => isApiKey(row) && row.ownerId === account.id);
}

/** Returns the writes that add a key to its owner's, in place of `dropped` ones; they fail when the owner's list has changed since. */
export function putApiKey(account: AccountRow, key: ApiKeyRow, dropped: readonly string[]): Write[] {
  const kept = (account.apiKeyIds ?? []).filter((id) => !dropped.includes(id));
  return [
    { kind: 'put', table: 'users', item: key, condition: { exists: false } },
    {
      kind: 'update',
      table: 'users',
      key: { id: account.id },
      changes: { set: { apiKeyIds: [...kept, key.id] } },
      condition: { exists: true, equals: { apiKeyIds: account.apiKeyIds } },
    },
    ...dropped.map((id): Write => ({ kind: 'delete', table: 'users', key: { id }, condition: { equals: { ownerId: account.id } } })),
  ];
}

/** Returns the write that revokes a key. */
export function revokeApiKeyRow({ id, ownerId }: Pick<ApiKeyRow, 'id' | 'ownerId'>, revokedAt: string): Write {
  return {
    kind: 'update',
    table: 'users',
    key: { id },
    changes: { set: { revokedAt } },
    condition: { exists: true, equals: { ownerId, revokedAt: undefined } },
  };
}

/** Returns the write that notes a use, unless another instance has noted one since the row was read. */
export function touchApiKey({ id, lastUsedAt }: Pick<ApiKeyRow, 'id' | 'lastUsedAt'>, now: string): Write {
  return {
    kind: 'update',
    table: 'users',
    key: { id },
    changes: { set: { lastUsedAt: now } },
    condition: { exists: true, equals: { lastUsedAt } },
  };
}
