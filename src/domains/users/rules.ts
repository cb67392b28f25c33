/** Rules for what users tell of themselves, shared by signing up and editing. */
import { normalizeEmail } from '../../auth/email.ts';
import { checkPassword } from '../../auth/passwords.ts';
import { refused, type ExpectedError } from '../../errors.ts';
import type { Checks } from '../text.ts';
import type { UserProfile } from './user.ts';
import type { EmailSpellings } from './users.store.ts';

const maxUsername = 50;
const maxProfileText = 120;

/** Checks a new user name. */
export function checkUsername(checks: Checks, field: readonly string[], username: string | null | undefined): void {
  checks.notNull(field, username);
  checks.text(field, username, { min: 1, max: maxUsername });
}

/** Checks a new password. */
export function checkNewPassword(checks: Checks, field: readonly string[], password: string): void {
  const check = checkPassword(password);
  checks.add(field, check.ok ? null : check.message);
}

/** Checks an e-mail address and returns its spellings; the canonical one is empty when it is not valid. */
export function checkEmail(checks: Checks, field: readonly string[], typed: string): EmailSpellings {
  const result = normalizeEmail(typed);
  checks.add(field, result.ok ? null : result.message);
  return { email: result.ok ? result.email : '', typed: typed.trim() };
}

/** Checks the parts of a profile. */
export function checkProfile(checks: Checks, field: readonly string[], profile: UserProfile | null | undefined): void {
  for (const name of ['name', 'company', 'role'] as const) checks.text([...field, name], profile?.[name], { max: maxProfileText });
}

/** Returns a profile with changes: what is absent stays, null clears, a null profile clears all. */
export function mergeProfile(before: UserProfile | undefined, changes: UserProfile | null): UserProfile {
  const merged = { ...before, ...changes };
  const kept = Object.entries(changes === null ? {} : merged).filter(([, value]) => value != null);
  return Object.fromEntries(kept);
}

/** Returns the error for an e-mail address that another account has. */
export function emailTaken(field: readonly string[]): ExpectedError {
  return refused('ALREADY_EXISTS', 'There is an account with this e-mail address already. Sign in, or use another address.', field);
}
