/** People who come with a token of an external identity provider: found by issuer and subject, made on first sight. */
import type { ExternalIdentity } from '../../auth/oidc.ts';
import type { AnonymousContext } from '../../context.ts';
import type { Write } from '../../data/connection.ts';
import { mutate, type MutationPlan } from '../mutation.ts';
import { readApiKeysOf, revokeApiKeyRow } from './apiKeys.store.ts';
import { newAccount } from './signIn.service.ts';
import type { AccountRow } from './user.ts';
import {
  externalIdentityId,
  findAccountByEmail,
  putAccount,
  putEmailGuard,
  putExternalIdentity,
  readExternalOwner,
  updateAccount,
  type AccountOfEmail,
} from './users.store.ts';

/**
 * Returns the id of the user behind a verified identity; makes the user, or ties the identity to an account, when it is
 * seen for the first time:
 * - A verified e-mail address that no account has goes to the new account. One that is not verified is not kept.
 * - A verified address of an account leads to that account, unless another identity signs in to it. Whoever made the
 *   account never had to prove the address, so its password, sessions and API keys end there and then.
 * - In all other cases the new account has no address.
 */
export async function findOrCreateExternalUser(context: AnonymousContext, identity: ExternalIdentity): Promise<string> {
  const identityId = externalIdentityId(identity);
  const known = await readExternalOwner(context.connection, identityId);
  if (known !== null) return known;
  const created = newAccount(context, { username: usernameOf(identity), externalIdentityId: identityId });
  const { userId } = await mutate(context, { name: 'externalSignUp', viewer: created, args: {}, input: null, plan });
  context.services.auth.caches.accounts.forget(userId);
  return userId;

  async function plan(): Promise<MutationPlan<{ userId: string }>> {
    const owner = await readExternalOwner(context.connection, identityId);
    if (owner !== null) return { result: { userId: owner }, writes: [], activity: [] };
    const email = identity.emailVerified ? identity.email : undefined;
    const found = email === undefined ? null : await findAccountByEmail(context.connection, { email, typed: email });
    if (found && found.account.externalIdentityId === undefined) return planLink(context, identityId, found);
    return planCreation(created, { identityId, email: found ? undefined : email });
  }
}

function planCreation(
  created: AccountRow,
  { identityId, email }: { identityId: string; email: string | undefined },
): MutationPlan<{ userId: string }> {
  const account = { ...created, ...(email !== undefined && { email }) };
  return {
    result: { userId: account.id },
    writes: [
      putExternalIdentity(identityId, account.id),
      putAccount(account),
      ...(email === undefined ? [] : [putEmailGuard(email, account.id)]),
    ],
    activity: [{ action: 'signed-up', entityType: 'user', entityId: account.id, entityName: account.username, metadata: { via: 'oidc' } }],
  };
}

async function planLink(
  context: AnonymousContext,
  identityId: string,
  { account, guarded }: AccountOfEmail,
): Promise<MutationPlan<{ userId: string }>> {
  const keys = await readApiKeysOf(context.connection, account);
  const active = keys.filter((key) => key.revokedAt === undefined);
  const changes = { set: { externalIdentityId: identityId, sessionEpoch: (account.sessionEpoch ?? 0) + 1 }, remove: ['passwordHash'] };
  const unchanged = {
    externalIdentityId: undefined,
    email: account.email,
    apiKeyIds: account.apiKeyIds,
    sessionEpoch: account.sessionEpoch,
  };
  const writes: Write[] = [
    putExternalIdentity(identityId, account.id),
    updateAccount(account.id, changes, { equals: unchanged }),
    ...(guarded || account.email === undefined ? [] : [putEmailGuard(account.email, account.id)]),
    ...active.map((key) => revokeApiKeyRow(key, context.now())),
  ];
  return {
    result: { userId: account.id },
    writes,
    activity: [
      {
        action: 'identity-linked',
        actorId: account.id,
        entityType: 'user',
        entityId: account.id,
        entityName: account.username,
        metadata: { via: 'oidc', ended: ['password', 'sessions', 'API keys'] },
      },
    ],
  };
}

function usernameOf({ name, email }: ExternalIdentity): string {
  const text = name ?? email?.slice(0, email.indexOf('@')) ?? '';
  return Array.from(text).slice(0, 50).join('').trim() || 'New user';
}
