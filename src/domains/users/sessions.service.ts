/** What happens to sessions after their beginning: refresh, sign-out, and the change of the password. */
import { requireViewer } from '../../auth/access.ts';
import type { Viewer } from '../../auth/authenticate.ts';
import { decideRefresh, parseRefreshToken, type RefreshDecision, type RefreshToken } from '../../auth/refreshTokens.ts';
import type { Context } from '../../context.ts';
import type { Write } from '../../data/connection.ts';
import { isUnanswered, TransactionRejected } from '../../data/errors.ts';
import { invalid, refused, unauthenticated } from '../../errors.ts';
import { mutate, type MutationPlan } from '../mutation.ts';
import { Checks } from '../text.ts';
import { checkNewPassword } from './rules.ts';
import { isSessionAlive, sessionLifetimeMs, type SessionRow } from './session.ts';
import { moveSession, readSession, revokeSession, rotateSession } from './sessions.store.ts';
import { completeSignIn, inHashingLane, type SignedIn } from './signIn.service.ts';
import { toOwnUser, type AccountRow, type UserRecord } from './user.ts';
import { readAccount, updateAccount } from './users.store.ts';

/** Arguments of a refresh. The idempotency key makes a repetition after a lost answer give the same tokens again. */
export interface RefreshArgs {
  refreshToken: string;
  idempotencyKey?: string | null;
}

/** Exchanges a refresh token for new tokens. Throws INVALID_TOKEN; a token that was used before ends its session. */
export async function refreshSession(context: Context, args: RefreshArgs): Promise<SignedIn> {
  const presented = parseRefreshToken(args.refreshToken);
  if (!presented) throw invalidToken();
  const { decision, session } = await decide(context, presented, args.idempotencyKey);
  if (decision.action === 'reuse') await revokeReused(context, presented, session);
  if (decision.action !== 'rotate' && decision.action !== 'replay') throw invalidToken();
  const account = await readAccount(context.connection, session.ownerId);
  if (!account || !isSessionAlive({ session, account, now: Date.now() })) throw invalidToken();
  if (decision.action === 'rotate') await rotate(context, presented, { session, currentHash: decision.successor.currentHash });
  return completeSignIn(context, account, { sessionId: presented.sessionId, refreshToken: decision.successor.token });
}

async function decide(
  context: Context,
  presented: RefreshToken,
  idempotencyKey: string | null | undefined,
): Promise<{ decision: RefreshDecision; session: SessionRow }> {
  const session = await readSession(context.connection, presented.sessionId);
  if (!isRefreshable(session)) throw invalidToken();
  const masterKey = context.services.auth.masterKeys.refreshTokens;
  const replay = idempotencyKey == null ? undefined : { masterKey, idempotencyKey };
  return { decision: decideRefresh({ stored: session, presented, now: new Date(), replay }), session };
}

type RefreshableSession = SessionRow & Required<Pick<SessionRow, 'familyHash' | 'currentHash' | 'expiresAt'>>;

function isRefreshable(session: SessionRow | null): session is RefreshableSession {
  return session?.familyHash !== undefined && session.currentHash !== undefined && session.expiresAt !== undefined;
}

/** Leaves no activity: a client refreshes four times an hour, which would bury what its user did. */
async function rotate(
  context: Context,
  presented: RefreshToken,
  { session, currentHash }: { session: SessionRow; currentHash: string },
): Promise<void> {
  const now = Date.now();
  const change = { from: session.currentHash ?? '', to: currentHash, now, expiresAt: now + sessionLifetimeMs };
  try {
    await context.connection.transact([rotateSession(presented.sessionId, change)]);
  } catch (error) {
    if (!(error instanceof TransactionRejected) && (!isUnanswered(error) || context.request.signal.aborted)) throw error;
    const current = await readSession(context.connection, presented.sessionId);
    // Only the acknowledgement of the first attempt was lost, or the same call came twice with one idempotency key.
    if (current?.currentHash === currentHash && current.revokedAt == null) return;
    if (!(error instanceof TransactionRejected)) throw error;
    if (current?.revokedAt == null) await revokeReused(context, presented, session);
    throw invalidToken();
  }
}

/** Ends a session whose token came a second time: either its owner or the sender of this request has stolen it. */
async function revokeReused(context: Context, { sessionId }: RefreshToken, { ownerId }: SessionRow): Promise<void> {
  const now = Date.now();
  await mutate(context, {
    name: 'sessionRefresh',
    viewer: { id: ownerId },
    args: {},
    input: null,
    plan: () => ({
      result: {},
      writes: [revokeSession(sessionId, { ownerId, now, expiresAt: now + sessionLifetimeMs })],
      activity: [{ action: 'revoked', entityType: 'session', entityId: sessionId, metadata: { reason: 'refresh token used twice' } }],
    }),
  });
  context.services.auth.caches.sessions.forget(sessionId);
  context.log.warn({ sessionId, ownerId }, 'a refresh token was used twice; its session was ended');
}

/** Ends the viewer's session, or with `everywhere` all sessions and external tokens of the user. API keys stay. */
export async function signOut(context: Context, { everywhere }: { everywhere: boolean }): Promise<{ user: UserRecord }> {
  const viewer = requireViewer(context, 'credentials.write');
  const result = await mutate(context, { name: 'signOut', viewer, args: {}, input: null, plan });
  forget(context, viewer);
  return result;

  async function plan(): Promise<MutationPlan<{ user: UserRecord }>> {
    const account = await requireAccount(context, viewer);
    const endAll = { set: { externalTokensValidFrom: context.nowSeconds() }, add: { sessionEpoch: 1 } };
    return {
      result: { user: toOwnUser(account) },
      writes: [...endSession(viewer), ...(everywhere ? [updateAccount(viewer.id, endAll)] : [])],
      activity: [{ action: 'signed-out', entityType: 'session', entityId: viewer.sessionId ?? '', metadata: { everywhere } }],
    };
  }
}

function endSession({ id: ownerId, sessionId, expiresAt = 0 }: Viewer): Write[] {
  if (sessionId === null) return [];
  const now = Date.now();
  // External tokens are accepted a little beyond their end, since clocks differ.
  const end = Math.max(now + sessionLifetimeMs, (expiresAt + 120) * 1000);
  return [revokeSession(sessionId, { ownerId, now, expiresAt: end })];
}

function forget(context: Context, { id, sessionId }: Viewer): void {
  const { caches } = context.services.auth;
  caches.accounts.forget(id);
  if (sessionId !== null) caches.sessions.forget(sessionId);
}

/** Input of a change of the password; the current one may be absent only where there is none yet. */
export interface PasswordChangeInput {
  currentPassword?: string | null;
  newPassword: string;
}

/** Changes the password and ends all other sessions of the user. */
export async function changePassword(context: Context, { input }: { input: PasswordChangeInput }): Promise<{ user: UserRecord }> {
  const viewer = requireViewer(context, 'credentials.write');
  const checks = new Checks();
  checkNewPassword(checks, ['input', 'newPassword'], input.newPassword);
  checks.throwIfAny();
  const { passwordHash: storedHash } = await requireAccount(context, viewer);
  await verifyCurrent(context, { viewer, storedHash, password: input.currentPassword ?? '' });
  const passwordHash = await inHashingLane(() => context.services.auth.passwords.hash(input.newPassword, context.request.signal));
  const result = await mutate(context, { name: 'passwordChange', viewer, args: {}, input: null, plan });
  forget(context, viewer);
  return result;

  async function plan(): Promise<MutationPlan<{ user: UserRecord }>> {
    const account = await requireAccount(context, viewer);
    if (account.passwordHash !== storedHash) throw refused('CONFLICT', 'The password was changed by another request in this moment.');
    return { result: { user: toOwnUser(account) }, ...planPasswordChange(viewer, account, passwordHash) };
  }
}

function planPasswordChange(viewer: Viewer, account: AccountRow, passwordHash: string): Pick<MutationPlan<unknown>, 'writes' | 'activity'> {
  const epoch = (account.sessionEpoch ?? 0) + 1;
  const condition = { equals: { passwordHash: account.passwordHash, sessionEpoch: account.sessionEpoch } };
  const keepsOwn = viewer.via === 'session' && viewer.sessionId !== null;
  return {
    writes: [
      updateAccount(account.id, { set: { passwordHash, sessionEpoch: epoch } }, condition),
      ...(keepsOwn ? [moveSession(viewer.sessionId, epoch)] : []),
    ],
    activity: [{ action: 'password-changed', entityType: 'user', entityId: account.id, entityName: account.username }],
  };
}

async function verifyCurrent(
  context: Context,
  { viewer, storedHash, password }: { viewer: Viewer; storedHash: string | undefined; password: string },
): Promise<void> {
  // People who came through an identity provider have no password until they set one here.
  if (storedHash === undefined && viewer.via === 'oidc') return;
  const { attempts, passwords } = context.services.auth;
  const attempt = { account: viewer.id, ip: context.request.ip };
  await attempts.check(attempt);
  const verified = await inHashingLane(() => passwords.verify({ password, storedHash, signal: context.request.signal }));
  if (verified.matches) return;
  await attempts.fail(attempt);
  throw invalid(['input', 'currentPassword'], 'The current password is wrong.', 'INVALID_CREDENTIALS');
}

async function requireAccount(context: Context, viewer: Viewer): Promise<AccountRow> {
  const account = await readAccount(context.connection, viewer.id);
  if (!account) throw unauthenticated('Your account is gone.');
  return account;
}

function invalidToken() {
  return refused('INVALID_TOKEN', 'The refresh token is not valid (any more). Sign in again.', ['refreshToken']);
}
