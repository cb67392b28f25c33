/** Signing up and signing in: everything that begins a session. */
import { randomUUID } from 'node:crypto';
import { HashingBusy, type PasswordVerification } from '../../auth/passwords.ts';
import { issueRefreshToken } from '../../auth/refreshTokens.ts';
import type { Context } from '../../context.ts';
import type { Write } from '../../data/connection.ts';
import { refused, RequestError } from '../../errors.ts';
import { mutate, type MutationPlan } from '../mutation.ts';
import { Checks } from '../text.ts';
import { checkEmail, checkNewPassword, checkUsername, emailTaken } from './rules.ts';
import { sessionLifetimeMs } from './session.ts';
import { putSession } from './sessions.store.ts';
import { toOwnUser, type AccountRow, type UserRecord } from './user.ts';
import { findAccountByEmail, putAccount, putEmailGuard, updateAccount, type AccountOfEmail, type EmailSpellings } from './users.store.ts';

/** What somebody gets who signs in. */
export interface SignedIn {
  accessToken: string;
  refreshToken: string;
  /** End of the access token, ISO 8601. */
  expiresAt: string;
  user: UserRecord;
}

/** A session that was begun, with the refresh token that only the client keeps. */
interface NewSession {
  sessionId: string;
  refreshToken: string;
}

/** Input of a sign-up. */
export interface SignUpInput {
  email: string;
  password: string;
  username: string;
}

/** Makes an account and signs in. Throws ALREADY_EXISTS for an e-mail address in use, also when many sign up at once. */
export async function signUp(context: Context, { input }: { input: SignUpInput }): Promise<SignedIn> {
  const checks = new Checks();
  const spellings = checkEmail(checks, ['input', 'email'], input.email);
  checkNewPassword(checks, ['input', 'password'], input.password);
  checkUsername(checks, ['input', 'username'], input.username);
  checks.throwIfAny();
  // Before looking for the address: a quick refusal would let anyone try addresses as fast as the network allows.
  const passwordHash = await inHashingLane(() => context.services.auth.passwords.hash(input.password, context.request.signal));
  const account = newAccount(context, { username: input.username, email: spellings.email, passwordHash });
  const session = await mutate(context, { name: 'signUp', viewer: account, args: {}, input: null, plan });
  return completeSignIn(context, account, session);

  async function plan(): Promise<MutationPlan<NewSession>> {
    if (await findAccountByEmail(context.connection, spellings)) throw emailTaken(['input', 'email']);
    const { session, write } = beginSession(account);
    return {
      result: session,
      writes: [putEmailGuard(spellings.email, account.id), putAccount(account), write],
      activity: [{ action: 'signed-up', entityType: 'user', entityId: account.id, entityName: account.username }],
    };
  }
}

/** Returns the row of a new user. */
export function newAccount(context: Pick<Context, 'newId' | 'now'>, given: Pick<AccountRow, 'username'> & Partial<AccountRow>): AccountRow {
  const now = context.now();
  return { id: context.newId('usr'), onboardingCompleted: false, profile: {}, createdAt: now, updatedAt: now, revision: 1, ...given };
}

/** Input of a sign-in. */
export interface SignInInput {
  email: string;
  password: string;
}

/**
 * Signs in. An unknown e-mail address and a wrong password get the same answer after the same work. Throws RATE_LIMITED
 * after too many failures, before a password is hashed.
 */
export async function signIn(context: Context, { input }: { input: SignInInput }): Promise<SignedIn> {
  const { attempts } = context.services.auth;
  const spellings = spellingsOf(input.email);
  const attempt = { account: spellings.email, ip: context.request.ip };
  await attempts.check(attempt);
  const found = spellings.email === '' ? null : await findAccountByEmail(context.connection, spellings);
  const verified = await verify(context, input.password, found?.account.passwordHash);
  if (!found || !verified.matches) {
    await attempts.fail(attempt);
    throw wrongCredentials();
  }
  const verifiedHash = found.account.passwordHash;
  const passwordHash = verified.needsRehash ? await rehash(context, input.password) : undefined;
  const signedIn = await mutate(context, { name: 'signIn', viewer: found.account, args: {}, input: null, plan });
  return completeSignIn(context, signedIn.account, signedIn.session);

  async function plan(): Promise<MutationPlan<{ account: AccountRow; session: NewSession }>> {
    const current = await findAccountByEmail(context.connection, spellings);
    if (current?.account.id !== found?.account.id || !current) throw wrongCredentials();
    const isUnchanged = current.account.passwordHash === verifiedHash;
    // While the password was verified it may have been changed, or hashed anew by another first sign-in.
    if (!isUnchanged && !(await verify(context, input.password, current.account.passwordHash)).matches) throw wrongCredentials();
    const { session, write } = beginSession(current.account);
    const adoption = adopt(current, { email: spellings.email, passwordHash: isUnchanged ? passwordHash : undefined });
    return {
      result: { account: adoption.account, session },
      writes: [write, ...adoption.writes],
      activity: [{ action: 'signed-in', entityType: 'session', entityId: session.sessionId }],
    };
  }
}

function verify(context: Context, password: string, storedHash: string | undefined): Promise<PasswordVerification> {
  const { signal } = context.request;
  return inHashingLane(() => context.services.auth.passwords.verify({ password, storedHash, signal }));
}

/** Returns an account brought up to date, and the writes for it: the guard of its address, its canonical spelling, a hash of today's cost. */
function adopt(
  { account, guarded }: AccountOfEmail,
  { email, passwordHash }: { email: string; passwordHash: string | undefined },
): { account: AccountRow; writes: Write[] } {
  const set = { ...(account.email !== email && { email }), ...(passwordHash !== undefined && { passwordHash }) };
  const isChanged = Object.keys(set).length > 0;
  return {
    account: { ...account, ...set },
    writes: [
      ...(guarded ? [] : [putEmailGuard(email, account.id)]),
      ...(isChanged ? [updateAccount(account.id, { set }, { equals: { passwordHash: account.passwordHash } })] : []),
    ],
  };
}

/** Longer texts are nobody's address; a DynamoDB key has at most 2,048 bytes, and is UTF-8, which has no lone surrogates. */
const maxEmailUnits = 320;

/** Returns the spellings to look for. Rows of the earlier backend may have addresses that are not valid any more. */
function spellingsOf(text: string): EmailSpellings {
  const typed = text.trim();
  if (typed.length > maxEmailUnits || !typed.isWellFormed()) return { email: '', typed: '' };
  const { email } = checkEmail(new Checks(), [], typed);
  return { email: email || typed.toLowerCase(), typed };
}

async function rehash(context: Context, password: string): Promise<string | undefined> {
  try {
    return await context.services.auth.passwords.hash(password, context.request.signal);
  } catch {
    // Old passwords may be shorter than today's rule, and a full queue can wait until the next sign-in.
    return undefined;
  }
}

/** Returns a new session of an account, and the write that begins it. */
function beginSession(account: AccountRow): { session: NewSession; write: Write } {
  const sessionId = randomUUID();
  const { token, familyHash, currentHash } = issueRefreshToken(sessionId);
  const write = putSession(sessionId, {
    ownerId: account.id,
    epoch: account.sessionEpoch ?? 0,
    familyHash,
    currentHash,
    expiresAt: Date.now() + sessionLifetimeMs,
  });
  return { session: { sessionId, refreshToken: token }, write };
}

/**
 * Returns what a client gets for a session, and lets the rest of the operation see what its user may see, so that one
 * request can sign in and read the first page.
 */
export async function completeSignIn(context: Context, account: AccountRow, { sessionId, refreshToken }: NewSession): Promise<SignedIn> {
  const { token, expiresAt } = await context.services.auth.tokens.issueAccessToken({ userId: account.id, sessionId, now: new Date() });
  const credentialsEnd = Math.floor(expiresAt.getTime() / 1000);
  context.credentials = {
    viewer: { id: account.id, via: 'session', scopes: null, sessionId, apiKeyId: null, expiresAt: credentialsEnd },
  };
  return { accessToken: token, refreshToken, expiresAt: expiresAt.toISOString(), user: toOwnUser(account) };
}

/** Runs password work; a full queue becomes an error that tells the client to try again. */
export async function inHashingLane<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HashingBusy) throw new RequestError('THROTTLED', error.message, { cause: error, retryable: true });
    throw error;
  }
}

function wrongCredentials() {
  return refused('INVALID_CREDENTIALS', 'The e-mail address or the password is wrong.');
}
