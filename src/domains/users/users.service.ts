/** What can be done with users: looking at them, and editing oneself. */
import { findViewer, requireViewer } from '../../auth/access.ts';
import { concealCost } from '../../auth/concealment.ts';
import { accountPermissions, scopesAllow } from '../../auth/permissions.ts';
import type { Context } from '../../context.ts';
import type { Write } from '../../data/connection.ts';
import { unauthenticated } from '../../errors.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { editRecord, requireRevision } from '../revision.ts';
import { Checks } from '../text.ts';
import { checkEmail, checkProfile, checkUsername, emailTaken, mergeProfile } from './rules.ts';
import { isAccount, toOwnUser, toPublicUser, type AccountRow, type UserProfile, type UserRecord } from './user.ts';
import { deleteEmailGuard, findAccountByEmail, putEmailGuard, readEmailOwner, updateAccount, type EmailSpellings } from './users.store.ts';

/**
 * Returns who asks, or null for anonymous requests. Throws UNAUTHENTICATED for credentials that are not valid (any more).
 * `attributes` are those that will be looked at; where the id suffices, which authentication knows, nothing is read.
 */
export async function findViewerUser(context: Context, attributes?: readonly string[]): Promise<UserRecord | null> {
  if (!findViewer(context)) return null;
  const viewer = requireViewer(context, 'account.read');
  if (attributes?.every((name) => name === 'id')) return { id: viewer.id } as UserRecord;
  return findUser(context, viewer.id);
}

/** Returns the user with this id if it is the viewer, else null. For ids that a client sends. */
export async function findSelf(context: Context, id: string): Promise<UserRecord | null> {
  const viewer = findViewer(context);
  return viewer?.id === id && scopesAllow(viewer.scopes, accountPermissions['account.read']) ? findUser(context, id) : null;
}

/**
 * Returns a user as the viewer may see them: themself as a whole, others by name and profile only; null for users who are
 * gone. Only for ids that come from an object whose access was decided (the owner of a project, the actor of an
 * activity): that is how people who share a project see each other. For ids that a client sends there is `findSelf`.
 */
export async function findUser(context: Context, id: string): Promise<UserRecord | null> {
  const viewer = findViewer(context);
  const account = viewer && (await loadAccount(context, id));
  if (!account) return null;
  return viewer.id === id ? toOwnUser(account) : toPublicUser(account);
}

/** Returns the id of the user whom an e-mail address belongs to, or null. For rules only: its answer must not reach clients. */
export async function findUserIdByEmail(context: Context, spellings: EmailSpellings): Promise<string | null> {
  concealCost(context);
  return (await findAccountByEmail(context.connection, spellings))?.account.id ?? null;
}

/** Returns the whole account of an e-mail address for a platform admin, or null. */
export async function findAccountAsAdmin(context: Context, spellings: EmailSpellings): Promise<UserRecord | null> {
  const found = await findAccountByEmail(context.connection, spellings);
  return found && toOwnUser(found.account);
}

/** Returns how people of a shared project reach a user: their name and e-mail address; null for users who are gone. */
export async function findContact(context: Context, id: string): Promise<{ name: string; email?: string } | null> {
  const account = await loadAccount(context, id);
  return account && { name: account.profile?.name ?? account.username, ...(account.email !== undefined && { email: account.email }) };
}

/** Returns whether the viewer is a platform admin who signed in: an API key never has those rights. */
export async function isPlatformAdmin(context: Context): Promise<boolean> {
  const viewer = findViewer(context);
  if (!viewer || viewer.scopes !== null) return false;
  const account = await loadAccount(context, viewer.id);
  return account?.role === 'admin';
}

async function loadAccount(context: Context, id: string): Promise<AccountRow | null> {
  const row = await context.loaders.byId('users').load({ id });
  return isAccount(row) ? row : null;
}

/** Input of userUpdate: a field left out stays, null clears where that is possible. */
export interface UserUpdateInput {
  username?: string | null;
  email?: string | null;
  profile?: UserProfile | null;
}

/** Arguments of an edit of oneself. */
export interface EditUserArgs extends MutationArgs {
  expectedRevision?: number | null;
}

/** What an edit does: the fields of the row that change, and what must be written beside it. */
interface UserEdit {
  fields: Partial<Record<keyof AccountRow, unknown>>;
  writes: Write[];
}

/** Changes the viewer's name, e-mail address and profile. Throws ALREADY_EXISTS for an address in use. */
export async function updateUser(context: Context, args: EditUserArgs & { input: UserUpdateInput }): Promise<{ user: UserRecord }> {
  const { input } = args;
  return editSelf(context, args, {
    name: 'userUpdate',
    async edit(account) {
      const checks = new Checks();
      checkUsername(checks, ['input', 'username'], input.username);
      checks.notNull(['input', 'email'], input.email);
      const spellings = input.email == null ? null : checkEmail(checks, ['input', 'email'], input.email);
      checkProfile(checks, ['input', 'profile'], input.profile);
      checks.throwIfAny();
      return {
        fields: { username: input.username, email: spellings?.email, ...profileField(account, input.profile) },
        writes: spellings && spellings.email !== account.email ? await moveEmail(context, account, spellings) : [],
      };
    },
  });
}

/** Returns the writes that give up the old address and reserve the new one. Throws ALREADY_EXISTS where another account has it. */
async function moveEmail(context: Context, account: AccountRow, spellings: EmailSpellings): Promise<Write[]> {
  const { connection } = context;
  const found = await findAccountByEmail(connection, spellings);
  if (found && found.account.id !== account.id) throw emailTaken(['input', 'email']);
  const old = account.email?.toLowerCase();
  const ownsOld = old !== undefined && old !== spellings.email && (await readEmailOwner(connection, old)) === account.id;
  return [...(found?.guarded ? [] : [putEmailGuard(spellings.email, account.id)]), ...(ownsOld ? [deleteEmailGuard(old, account.id)] : [])];
}

/** Input of onboardingUpdate. */
export interface OnboardingUpdateInput {
  step?: number | null;
  profile?: UserProfile | null;
  completed?: boolean | null;
}

const lastStep = 100;

/** Notes how far the viewer has come in the onboarding, and what they told about themself on the way. */
export async function updateOnboarding(
  context: Context,
  args: EditUserArgs & { input: OnboardingUpdateInput },
): Promise<{ user: UserRecord }> {
  const { input } = args;
  return editSelf(context, args, {
    name: 'onboardingUpdate',
    edit(account) {
      const checks = new Checks();
      const isStep = input.step == null || (input.step >= 0 && input.step <= lastStep);
      checks.add(['input', 'step'], isStep ? null : `A step is a number from 0 to ${lastStep}.`);
      checks.notNull(['input', 'completed'], input.completed);
      checkProfile(checks, ['input', 'profile'], input.profile);
      checks.throwIfAny();
      const fields = { onboardingStep: input.step, onboardingCompleted: input.completed, ...profileField(account, input.profile) };
      return Promise.resolve({ fields, writes: [] });
    },
  });
}

function profileField(account: AccountRow, changes: UserProfile | null | undefined): { profile?: UserProfile } {
  return changes === undefined ? {} : { profile: mergeProfile(account.profile, changes) };
}

async function editSelf(
  context: Context,
  args: EditUserArgs & { input: object },
  { name, edit }: { name: string; edit: (account: AccountRow) => Promise<UserEdit> },
): Promise<{ user: UserRecord }> {
  const viewer = requireViewer(context, 'account.update');
  return mutate(context, { name, viewer, args, input: [args.input, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<{ user: UserRecord }>> {
    const account = await loadAccount(context, viewer.id);
    if (!account) throw unauthenticated('Your account is gone.');
    requireRevision('User', toOwnRevisioned(account), args.expectedRevision);
    const { fields, writes } = await edit(account);
    const change = editRecord(account, fields, context.now());
    if (!change) return { result: { user: toOwnUser(account) }, writes: [], activity: [] };
    const { changedFields, changes, condition, record } = change;
    return {
      result: { user: toOwnUser(record) },
      writes: [updateAccount(account.id, changes, condition), ...writes],
      activity: [{ action: 'updated', entityType: 'user', entityId: account.id, entityName: record.username, changedFields }],
    };
  }
}

/** What a conflict shows: the user without secrets, and the edits that tell which fields others changed. */
function toOwnRevisioned(account: AccountRow) {
  const { revision = 1, edits } = account;
  return { ...toOwnUser(account), revision, ...(edits && { edits }), updatedAt: account.updatedAt };
}
