/**
 * Passwords: the rules they must meet, their hashes, and their verification.
 *
 * New hashes are argon2id. Rows of the earlier backend may carry bcrypt hashes; those verify too, and ask to be rehashed.
 * Hashing runs in a small lane of its own: it uses threads of the libuv pool (four by default), which DNS look-ups, file
 * access and WebCrypto need as well, so an unlimited burst of sign-ins would stall every other request.
 */
import { randomBytes } from 'node:crypto';
import { hash as argon2Hash, parseOptions as parseArgon2, verify as argon2Verify } from '@node-rs/argon2';
import { parseOptions as parseBcrypt, verify as bcryptVerify } from '@node-rs/bcrypt';
import { createLane, type LaneLoad } from './hashingLane.ts';

export { HashingBusy } from './hashingLane.ts';

/** Fewest and most characters (Unicode code points after NFC) of a password. */
export const passwordLength = { min: 8, max: 128 } as const;

/** What a hasher works with; see `createPasswordHasher` for the defaults. */
export interface PasswordHasherOptions {
  /** Memory of one hash in KiB, at least 19,456 (19 MiB). */
  readonly memoryKiB?: number;
  /** Passes over the memory, at least 2. */
  readonly passes?: number;
  /** Hashes that run at the same time. */
  readonly concurrency?: number;
  /** Hashes that wait for their turn; one more is refused with `HashingBusy`. */
  readonly queueLimit?: number;
  /** A failed verification answers no sooner than this after its work began, in milliseconds. */
  readonly failureFloorMs?: number;
}

/** Why a text cannot be a password. */
export type PasswordProblem = 'TOO_SHORT' | 'TOO_LONG' | 'NOT_TEXT';

/** The password in the form that is hashed, or what is wrong with it; `message` is written for the person who chose it. */
export type PasswordCheck =
  { readonly ok: true; readonly password: string } | { readonly ok: false; readonly problem: PasswordProblem; readonly message: string };

/** `needsRehash`: store `hash(password)` in place of the old hash, now that the password is known. */
export type PasswordVerification = { readonly matches: true; readonly needsRehash: boolean } | { readonly matches: false };

/** What to verify. Leave `storedHash` out where the account does not exist or has no password: the work is the same. */
export interface PasswordAttempt {
  readonly password: string;
  readonly storedHash?: string | null | undefined;
  /** Gives up a place in the queue when the request ends early; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Hashes and verifies passwords, a few at a time. */
export interface PasswordHasher {
  /** Returns a PHC string `$argon2id$v=19$m=…`. Throws `PasswordRejected` or `HashingBusy`, or the signal's reason. */
  hash(password: string, signal?: AbortSignal): Promise<string>;
  /** Compares; throws `HashingBusy`, or the signal's reason. A hash of an unknown format never matches. */
  verify(attempt: PasswordAttempt): Promise<PasswordVerification>;
  /** True where a stored hash is not argon2id with exactly the parameters of this hasher. */
  needsRehash(storedHash: string): boolean;
  /** Returns how many hashes run and wait at the moment. */
  load(): LaneLoad;
}

/** A password that breaks the rules was about to be hashed; `problem` and `message` say which. */
export class PasswordRejected extends Error {
  override readonly name = 'PasswordRejected';
  constructor(
    readonly problem: PasswordProblem,
    message: string,
  ) {
    super(message);
  }
}

/** Cost limits of stored hashes: one forged or mistaken row must not be able to occupy the server for minutes. */
const acceptedArgon2 = { memoryKiB: 262_144, passes: 16, parallelism: 16 } as const;
const acceptedBcryptCost = 15;

/** NFC shortens a text to a quarter at most, and a code point has at most two UTF-16 units: longer input cannot pass. */
const maxUnits = passwordLength.max * 4 * 2;

/**
 * Checks a new password and returns it in NFC, so that the same characters typed on another system give the same hash.
 * Counts code points, so an emoji is one character. Refuses NUL (bcrypt and C libraries stop there) and lone surrogates
 * (UTF-8 cannot express them, so different passwords would share a hash).
 */
export function checkPassword(password: string): PasswordCheck {
  if (password.length > maxUnits) return tooLong;
  // eslint-disable-next-line no-control-regex -- NUL is exactly what must not pass
  if (/[\u0000\p{Surrogate}]/u.test(password)) {
    return {
      ok: false,
      problem: 'NOT_TEXT',
      message: 'The password contains a character that cannot be stored. Use printable characters only.',
    };
  }
  const normalized = password.normalize('NFC');
  const length = Array.from(normalized).length;
  if (length > passwordLength.max) return tooLong;
  if (length < passwordLength.min) {
    const message = `The password has ${length} ${length === 1 ? 'character' : 'characters'}. Choose one with at least ${passwordLength.min}.`;
    return { ok: false, problem: 'TOO_SHORT', message };
  }
  return { ok: true, password: normalized };
}

const tooLong: PasswordCheck = {
  ok: false,
  problem: 'TOO_LONG',
  message: `The password is too long. Choose one with at most ${passwordLength.max} characters.`,
};

/**
 * Creates a hasher. Defaults: 19 MiB, 2 passes, 1 lane (OWASP's first recommendation for argon2id), 2 hashes at a time,
 * 64 waiting, 250 ms before a failure is answered. Throws RangeError where a setting is below the minimum.
 *
 * Unknown and existing accounts answer alike: an unknown one verifies against a dummy hash with the hasher's own
 * parameters, which is the same work. The floor for failures covers what differs in work (bcrypt of an old row, argon2 of
 * other parameters, a hash of unknown format); successes need no floor, since they reveal nothing to their owner.
 */
export function createPasswordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  const settings = { memoryKiB: 19_456, passes: 2, concurrency: 2, queueLimit: 64, failureFloorMs: 250, ...options };
  requireAtLeast('memoryKiB', settings.memoryKiB, 19_456);
  requireAtLeast('passes', settings.passes, 2);
  requireAtLeast('concurrency', settings.concurrency, 1);
  requireAtLeast('queueLimit', settings.queueLimit, 0);
  requireAtLeast('failureFloorMs', settings.failureFloorMs, 0);
  const parameters = { memoryCost: settings.memoryKiB, timeCost: settings.passes, parallelism: 1 };
  const dummyHash = createDummyHash(settings);
  const inLane = createLane(settings);

  const needsRehash = (storedHash: string): boolean => {
    const stored = readArgon2id(storedHash);
    return !stored || stored.memoryCost !== parameters.memoryCost || stored.timeCost !== parameters.timeCost || stored.parallelism !== 1;
  };

  return {
    needsRehash,
    load: () => inLane.load(),
    async hash(password, signal) {
      const check = checkPassword(password);
      if (!check.ok) throw new PasswordRejected(check.problem, check.message);
      return inLane(() => argon2Hash(check.password, parameters), signal);
    },
    async verify({ password, storedHash, signal }) {
      // Same rule for every account, so an early answer tells nothing. No minimum: old accounts may have shorter passwords.
      const check = checkPassword(password);
      if (!check.ok && check.problem !== 'TOO_SHORT') return { matches: false };
      const startedAt: { ms?: number } = {};
      const matches = await inLane(() => {
        startedAt.ms = performance.now();
        return compare(password, storedHash ?? dummyHash, dummyHash);
      }, signal);
      if (matches && storedHash != null) return { matches: true, needsRehash: needsRehash(storedHash) };
      await pause((startedAt.ms ?? 0) + settings.failureFloorMs - performance.now());
      return { matches: false };
    },
  };
}

/** Compares with the algorithm that the stored hash names; formats that are not accepted cost a comparison and fail. */
async function compare(password: string, storedHash: string, dummyHash: string): Promise<boolean> {
  const normalized = password.normalize('NFC');
  if (isAcceptedArgon2id(storedHash)) return argon2Verify(storedHash, normalized);
  if (isAcceptedBcrypt(storedHash)) {
    // The earlier backend hashed the bytes as they were typed.
    if (await bcryptVerify(password, storedHash)) return true;
    return normalized !== password && bcryptVerify(normalized, storedHash);
  }
  await argon2Verify(dummyHash, normalized);
  return false;
}

/** Returns the parameters of an argon2id hash, or undefined for every other text. */
function readArgon2id(storedHash: string): ReturnType<typeof parseArgon2> | undefined {
  if (!storedHash.startsWith('$argon2id$')) return undefined;
  try {
    return parseArgon2(storedHash);
  } catch {
    return undefined;
  }
}

function isAcceptedArgon2id(storedHash: string): boolean {
  const stored = readArgon2id(storedHash);
  return (
    stored !== undefined &&
    stored.memoryCost <= acceptedArgon2.memoryKiB &&
    stored.timeCost <= acceptedArgon2.passes &&
    stored.parallelism <= acceptedArgon2.parallelism
  );
}

function isAcceptedBcrypt(storedHash: string): boolean {
  return /^\$2[ab]\$\d\d\$[./0-9A-Za-z]{53}$/.test(storedHash) && parseBcryptCost(storedHash) <= acceptedBcryptCost;
}

/** Returns the cost (log2 of the rounds) of a bcrypt hash; infinite where it is outside of bcrypt's range. */
function parseBcryptCost(storedHash: string): number {
  try {
    return parseBcrypt(storedHash).cost;
  } catch {
    return Infinity;
  }
}

/** A well-formed hash of nothing: random salt and digest, so verifying costs the same as for a real one and never matches. */
function createDummyHash({ memoryKiB, passes }: { memoryKiB: number; passes: number }): string {
  const unpadded = (bytes: number): string => randomBytes(bytes).toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=1$${unpadded(16)}$${unpadded(32)}`;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}

function requireAtLeast(name: string, value: number, minimum: number): void {
  if (!Number.isInteger(value) || value < minimum) {
    throw new RangeError(`Password hashing: ${name} must be a whole number of at least ${minimum}, not ${value}.`);
  }
}
