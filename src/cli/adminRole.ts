/** Making somebody a platform admin, and taking that back: possible on the command line only, never through the API. */
import { normalizeEmail } from '../auth/email.ts';
import type { Connection } from '../data/connection.ts';
import type { Context } from '../context.ts';
import { mutate, type MutationPlan } from '../domains/mutation.ts';
import { editRecord } from '../domains/revision.ts';
import type { AccountRow } from '../domains/users/user.ts';
import { findAccountByEmail, updateAccount } from '../domains/users/users.store.ts';
import { CommandFailed } from './program.ts';

/** Returns the account of an e-mail address. Throws CommandFailed when there is none. */
export async function requireAccount(connection: Connection, typed: string): Promise<AccountRow> {
  const result = normalizeEmail(typed);
  const spellings = { email: result.ok ? result.email : typed.trim().toLowerCase(), typed: typed.trim() };
  const found = await findAccountByEmail(connection, spellings);
  if (found) return found.account;
  const advice = result.ok ? 'Check the spelling; the person has to sign up first.' : result.message;
  throw new CommandFailed(`There is no account with the e-mail address ${typed}. ${advice}`);
}

/** What granting or revoking did. */
export interface RoleChange {
  account: AccountRow;
  /** False when the account was so already. */
  changed: boolean;
}

/** Makes an account a platform admin, or takes that back, and leaves an activity in the account's own feed. */
export async function setAdmin(context: Context, email: string, isAdmin: boolean): Promise<RoleChange> {
  const name = isAdmin ? 'adminGrant' : 'adminRevoke';
  const account = await requireAccount(context.connection, email);
  return mutate(context, { name, viewer: account, args: {}, input: null, plan });

  async function plan(): Promise<MutationPlan<RoleChange>> {
    const current = await requireAccount(context.connection, email);
    const edit = (current.role === 'admin') === isAdmin ? null : editRecord(current, { role: isAdmin ? 'admin' : null }, context.now());
    if (!edit) return { result: { account: current, changed: false }, writes: [], activity: [] };
    return {
      result: { account: edit.record, changed: true },
      writes: [updateAccount(current.id, edit.changes, edit.condition)],
      activity: [
        {
          action: isAdmin ? 'granted-admin' : 'revoked-admin',
          entityType: 'user',
          entityId: current.id,
          actorId: current.id,
          entityName: current.username,
          changedFields: edit.changedFields,
          metadata: { by: 'command line' },
        },
      ],
    };
  }
}
