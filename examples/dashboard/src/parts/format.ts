/** Values as people read them. */

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** Returns a time as a distance from now, such as "3 hours ago". */
export function timeAgo(time: string): string {
  const seconds = (Date.parse(time) - Date.now()) / 1_000;
  for (const [unit, size] of units) if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  return 'just now';
}

/** Returns an enum value in words: `ROLLED_BACK` as "Rolled back". */
export function inWords(value: string): string {
  const text = value.toLowerCase().replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Returns seconds as "2 min 5 s". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

/** Returns a number in few characters, such as "1.2K". */
export const compact = (value: number): string =>
  new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: Math.abs(value) < 10 ? 2 : 1 }).format(value);

/** Returns a share from 0 to 1 as a percentage. */
export const percent = (share: number): string => new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 }).format(share);

/** Returns a size in bytes as "12 KB". */
export const bytes = (size: number): string =>
  size < 1_000 ? `${size} B` : size < 1e6 ? `${Math.round(size / 1e3)} KB` : `${(size / 1e6).toFixed(1)} MB`;

/** What the API's words for an action and a thing do not read as; keyed by both. */
const deeds: Readonly<Record<string, string>> = {
  'signed-in session': 'signed in',
  'signed-out session': 'signed out',
  'signed-up user': 'signed up',
  'password-changed user': 'changed the password',
  'tracked metric': 'tracked',
  'logged deployment': 'wrote to the log of',
  'reported deployment': 'reported on',
};

/** Returns what somebody did, to stand before the name of the thing: `created project`, `reported on`. */
export function deed(action: string, entityType: string): string {
  const words = `${action} ${entityType.toLowerCase().replaceAll('_', ' ')}`;
  return deeds[words] ?? words.replaceAll('-', ' ');
}
