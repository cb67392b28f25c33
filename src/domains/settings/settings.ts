/** A user's settings: the record, its defaults, and how input changes it. */
import { jsonProblem } from '../json.ts';
import type { Edit } from '../projects/project.ts';
import { Checks } from '../text.ts';

/** Notifications by channel and subject. */
export type Notifications = { email: boolean; push: boolean; slack: boolean; deploymentAlerts: boolean; errorAlerts: boolean };

/** What a user can set. */
export type SettingsValues = {
  /** `light`, `dark` or `system`. */
  theme: string;
  notifications: Notifications;
  preferences: Record<string, unknown>;
};

/** A row of the settings table. Rows of the earlier backend lack `revision` and the times, and may lack single notifications. */
export type SettingsRow = { userId: string; revision?: number; edits?: Edit[]; createdAt?: string; updatedAt?: string } & {
  [K in keyof SettingsValues]?: Partial<SettingsValues[K]> | null;
};

/** Settings as clients see them: with defaults for all that is not set. */
export type SettingsRecord = SettingsValues & { userId: string; revision: number; edits?: Edit[]; createdAt?: string; updatedAt?: string };

const defaultNotifications: Notifications = { email: true, push: true, slack: false, deploymentAlerts: true, errorAlerts: true };

/** What applies where nothing is set. */
export const defaultSettings: SettingsValues = { theme: 'system', notifications: defaultNotifications, preferences: {} };

/** Input of settingsUpdate: a field left out stays, null sets it back to its default. */
export interface SettingsInput {
  theme?: string | null;
  notifications?: { [K in keyof Notifications]?: boolean | null } | null;
  preferences?: Record<string, unknown> | null;
}

const maxPreferenceBytes = 32 * 1024;
const maxPreferenceDepth = 16;

/** Returns the settings of a user; `row` is null for users who never set anything: they are at revision 0. */
export function settingsFrom(userId: string, row: SettingsRow | null): SettingsRecord {
  const { theme, notifications, preferences, revision = 1, ...rest } = row ?? { revision: 0 };
  return {
    ...rest,
    userId,
    revision,
    theme: theme ?? defaultSettings.theme,
    notifications: withDefaults(notifications ?? {}),
    preferences: isObject(preferences) ? preferences : {},
  };
}

/** Returns the values after a change. Throws ValidationErrors for preferences that are not valid. */
export function changedValues(current: SettingsValues, input: SettingsInput): SettingsValues {
  return {
    theme: input.theme === undefined ? current.theme : (input.theme ?? defaultSettings.theme),
    notifications:
      input.notifications === null
        ? defaultNotifications
        : withDefaults({ ...current.notifications, ...defined(input.notifications ?? {}) }),
    preferences: mergePreferences(current.preferences, input.preferences),
  };
}

/** Returns the members that are not undefined: a field left out must not count as null. */
function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Rows of the earlier backend were never validated. */
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns all notifications: the default for what is not a Boolean. */
function withDefaults(given: Readonly<Record<string, unknown>>): Notifications {
  const names = Object.keys(defaultNotifications) as (keyof Notifications)[];
  const values = names.map((name) => [name, typeof given[name] === 'boolean' ? given[name] : defaultNotifications[name]]);
  return Object.fromEntries(values) as Notifications;
}

function mergePreferences(current: Record<string, unknown>, input: Record<string, unknown> | null | undefined): Record<string, unknown> {
  if (input === undefined) return current;
  if (input === null) return {};
  checkPreferences(input);
  const merged = Object.fromEntries(Object.entries({ ...current, ...input }).filter(([, value]) => value !== null));
  const bytes = Buffer.byteLength(JSON.stringify(merged));
  const checks = new Checks();
  if (bytes > maxPreferenceBytes) checks.add(['input', 'preferences'], tooLarge(bytes));
  checks.throwIfAny();
  return merged;
}

function tooLarge(bytes: number): string {
  return `The preferences would have ${bytes} bytes of JSON; at most ${maxPreferenceBytes} are allowed. Remove keys by sending null for them.`;
}

function checkPreferences(input: Record<string, unknown>): void {
  const checks = new Checks();
  // Depth first: the other rules go through the value recursively.
  const tooDeep = depthOver(input, maxPreferenceDepth)
    ? `Objects and lists lie more than ${maxPreferenceDepth} deep within each other. Make the value flatter.`
    : null;
  checks.add(['input', 'preferences'], tooDeep ?? jsonProblem(input) ?? numberProblem(input));
  checks.throwIfAny();
}

function depthOver(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return limit === 0 || Object.values(value).some((member) => depthOver(member, limit - 1));
}

/** Returns what is wrong with a number that DynamoDB or a double would change, or null. */
function numberProblem(value: unknown): string | null {
  if (typeof value === 'number') {
    const size = Math.abs(value);
    const isExact = size === 0 || (size >= 1e-100 && size <= Number.MAX_SAFE_INTEGER);
    return isExact ? null : `The number ${value} can not be kept exactly. Send it as a text.`;
  }
  if (typeof value !== 'object' || value === null) return null;
  return (
    Object.values(value)
      .map(numberProblem)
      .find((problem) => problem !== null) ?? null
  );
}
