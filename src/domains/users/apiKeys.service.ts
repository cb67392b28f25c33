/** What can be done with API keys: listing, creating and revoking one's own. */
import { randomBytes } from 'node:crypto';
import { findViewer, requireViewer } from '../../auth/access.ts';
import { deriveApiKeySecret, issueApiKey, type IssuedApiKey } from '../../auth/apiKeys.ts';
import type { Context } from '../../context.ts';
import { prefixOf } from '../../data/ids.ts';
import { notFound, refused, unauthenticated } from '../../errors.ts';
import { connectionOver, type Connection, type PageArgs } from '../list.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { Checks } from '../text.ts';
import { isApiKeyActive, maxApiKeys, toApiKey, type ApiKeyRecord, type ApiKeyRow } from './apiKey.ts';
import { putApiKey, readApiKey, readApiKeysOf, revokeApiKeyRow } from './apiKeys.store.ts';
import type { AccountRow } from './user.ts';
import { readAccount } from './users.store.ts';

const maxName = 100;

/** Lists the keys of a user, newest first, for that user when signed in; null for everyone else. */
export async function listApiKeys(context: Context, user: { id: string }, args: PageArgs): Promise<Connection<ApiKeyRecord> | null> {
  const viewer = requireViewer(context, 'credentials.write');
  if (viewer.id !== user.id) return null;
  const account = await readAccount(context.connection, user.id);
  const keys = account ? await readApiKeysOf(context.connection, account) : [];
  return connectionOver(context, { name: 'user.apiKeys', records: keys.map(toApiKey), args, keyOf: ({ id }) => id });
}

/** Returns a key of the viewer, or null. */
export async function findApiKey(context: Context, id: string): Promise<ApiKeyRecord | null> {
  const viewer = findViewer(context);
  if (!viewer || viewer.scopes !== null) return null;
  const key = await readApiKey(context.connection, id);
  return key?.ownerId === viewer.id ? toApiKey(key) : null;
}

/** Input of a new key. */
export interface ApiKeyCreateInput {
  name: string;
  scopes: readonly string[];
  expiresAt?: string | null;
}

/**
 * Makes a key; its text is in the answer and nowhere else. It follows from the idempotency key (or from random bytes),
 * so that a repeated request can show it again although only its hash is stored.
 */
export async function createApiKey(
  context: Context,
  args: MutationArgs & { input: ApiKeyCreateInput },
): Promise<{ apiKey: ApiKeyRecord; secret: string | null }> {
  const viewer = requireViewer(context, 'credentials.write');
  const seed = args.idempotencyKey ?? randomBytes(32).toString('base64url');
  const { apiKey } = await mutate(context, { name: 'apiKeyCreate', viewer, args, input: args.input, plan });
  return { apiKey, secret: args.dryRun ? null : issue(context, { userId: viewer.id, seed, keyId: apiKey.id }).key };

  async function plan(): Promise<MutationPlan<{ apiKey: ApiKeyRecord }>> {
    checkInput(args.input, context.now());
    const account = await readAccount(context.connection, viewer.id);
    if (!account) throw unauthenticated('Your account is gone.');
    const dropped = await makeRoom(context, account);
    const keyId = context.newId('key');
    const { hash, hint } = issue(context, { userId: viewer.id, seed, keyId });
    const { name, scopes, expiresAt } = args.input;
    const key: ApiKeyRow = {
      ...{ id: keyId, ownerId: viewer.id, hash, hint, name, scopes: [...new Set(scopes)], createdAt: context.now() },
      ...(expiresAt != null && { expiresAt }),
    };
    return {
      result: { apiKey: toApiKey(key) },
      writes: putApiKey(account, key, dropped),
      activity: [{ action: 'created', entityType: 'api-key', entityId: keyId, entityName: name, metadata: { scopes: key.scopes } }],
    };
  }
}

function issue(context: Context, { userId, seed, keyId }: { userId: string; seed: string; keyId: string }): IssuedApiKey {
  const masterKey = context.services.auth.masterKeys.apiKeys;
  return issueApiKey({ keyId, secret: deriveApiKeySecret({ masterKey, userId, idempotencyKey: seed, keyId }) });
}

function checkInput({ name, scopes, expiresAt }: ApiKeyCreateInput, now: string): void {
  const checks = new Checks();
  checks.text(['input', 'name'], name, { min: 1, max: maxName });
  checks.add(['input', 'scopes'], scopes.length === 0 ? 'A key needs at least one scope: READ, WRITE, DEPLOY or METRICS.' : null);
  checks.add(
    ['input', 'expiresAt'],
    expiresAt != null && expiresAt <= now ? 'This time has passed. Choose a later one, or leave it out.' : null,
  );
  checks.throwIfAny();
}

/** Returns the ids of the oldest ended keys that must go so that one more has its place. Throws QUOTA_EXCEEDED when all are in use. */
async function makeRoom(context: Context, account: AccountRow): Promise<string[]> {
  const ids = account.apiKeyIds ?? [];
  if (ids.length < maxApiKeys) return [];
  const ended = (await readApiKeysOf(context.connection, account)).filter((key) => !isApiKeyActive(key, context.now()));
  const dropped = ended.map(({ id }) => id).slice(maxApiKeys - 1 - ids.length);
  if (dropped.length === 0) throw refused('QUOTA_EXCEEDED', `You have ${maxApiKeys} API keys in use. Revoke one that is not needed.`);
  return dropped;
}

/** Revokes a key. It stops working at once here, and within 30 s on other instances. Revoking it again changes nothing. */
export async function revokeApiKey(context: Context, args: MutationArgs & { id: string }): Promise<{ apiKey: ApiKeyRecord }> {
  const viewer = requireViewer(context, 'credentials.write');
  const result = await mutate(context, { name: 'apiKeyRevoke', viewer, args, input: args.id, plan });
  context.services.auth.caches.apiKeys.forget(args.id);
  return result;

  async function plan(): Promise<MutationPlan<{ apiKey: ApiKeyRecord }>> {
    const key = prefixOf(args.id) !== 'key' ? null : await readApiKey(context.connection, args.id);
    if (key?.ownerId !== viewer.id) throw notFound('API key', args.id);
    if (key.revokedAt !== undefined) return { result: { apiKey: toApiKey(key) }, writes: [], activity: [] };
    const revokedAt = context.now();
    return {
      result: { apiKey: toApiKey({ ...key, revokedAt }) },
      writes: [revokeApiKeyRow(key, revokedAt)],
      activity: [{ action: 'revoked', entityType: 'api-key', entityId: key.id, entityName: key.name }],
    };
  }
}
