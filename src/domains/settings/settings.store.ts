/** The DynamoDB side of settings. The table also keeps counters of owners (data/counters.ts), under keys that no user has. */
import type { Context } from '../../context.ts';
import type { Write } from '../../data/connection.ts';
import type { SettingsRow } from './settings.ts';

/** Returns the row of a user, or null when nothing was ever set. Read consistently. */
export async function loadSettingsRow(context: Context, userId: string): Promise<SettingsRow | null> {
  return (await context.loaders.byKey('settings').load({ userId })) as SettingsRow | null;
}

/** Returns the write that replaces what was read with a new row, if nobody else has written meanwhile. */
export function replaceSettingsRow(before: SettingsRow | null, after: SettingsRow): Write {
  const condition = before ? { exists: true, equals: { revision: before.revision } } : { exists: false };
  return { kind: 'put', table: 'settings', item: after, condition };
}
