/** What can be done with settings: each user reads and changes their own. */
import { requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { ExpectedError } from '../../errors.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { editRecord, requireRevision } from '../revision.ts';
import { findUser } from '../users/users.service.ts';
import { changedValues, defaultSettings, settingsFrom, type SettingsInput, type SettingsRecord, type SettingsValues } from './settings.ts';
import { loadSettingsRow, replaceSettingsRow } from './settings.store.ts';

/** An answer with the viewer's settings. */
export interface SettingsResult {
  settings: SettingsRecord;
}

/** Returns the settings of a user, for that user; null for everyone else. */
export async function findSettings(context: Context, user: { id: string }): Promise<SettingsRecord | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  return settingsFrom(user.id, await loadSettingsRow(context, user.id));
}

/** Arguments of an edit of one's settings. */
export interface EditSettingsArgs extends MutationArgs {
  expectedRevision?: number | null;
}

/** Changes the viewer's settings. */
export async function updateSettings(context: Context, args: EditSettingsArgs & { input: SettingsInput }): Promise<SettingsResult> {
  return editSettings(context, args, {
    name: 'settingsUpdate',
    action: 'updated',
    values: (current) => changedValues(current, args.input),
  });
}

/** Sets the viewer's settings back to their defaults. */
export async function resetSettings(context: Context, args: EditSettingsArgs): Promise<SettingsResult> {
  return editSettings(context, args, { name: 'settingsReset', action: 'reset', values: () => defaultSettings });
}

interface SettingsEdit {
  name: string;
  action: string;
  values: (current: SettingsValues) => SettingsValues;
}

async function editSettings(
  context: Context,
  args: EditSettingsArgs & { input?: SettingsInput },
  { name, action, values }: SettingsEdit,
): Promise<SettingsResult> {
  const viewer = requireViewer(context, 'settings.write');
  return mutate(context, { name, viewer, args, input: [args.input, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<SettingsResult>> {
    const row = await loadSettingsRow(context, viewer.id);
    const current = settingsFrom(viewer.id, row);
    await requireSettingsRevision(context, current, args.expectedRevision);
    const now = context.now();
    const edit = editRecord(current, values(current), now);
    if (!edit) return { result: { settings: current }, writes: [], activity: [] };
    const settings = { ...edit.record, createdAt: current.createdAt ?? now };
    return {
      result: { settings },
      writes: [replaceSettingsRow(row, settings)],
      activity: [{ action, entityType: 'settings', entityId: viewer.id, changedFields: edit.changedFields }],
    };
  }
}

/** Throws ConflictError for another revision than expected. Settings are no Node, so its `current` is the user whose they are. */
async function requireSettingsRevision(context: Context, current: SettingsRecord, expected: number | null | undefined): Promise<void> {
  try {
    requireRevision('Settings', current, expected);
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    const user = await findUser(context, current.userId);
    if (!user) throw error;
    throw new ExpectedError(
      error.entries.map((entry) => (entry.__typename === 'ConflictError' ? { ...entry, current: { __typename: 'User', ...user } } : entry)),
    );
  }
}
