import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets of a development installation, each 32 random bytes as base64url text. */
export interface LocalSecrets {
  readonly jwtSecret: string;
  readonly encryptionKey: string;
}

/** The file of local secrets is there but cannot be used. */
export class LocalSecretsUnusable extends Error {
  override readonly name = 'LocalSecretsUnusable';
}

/** Name of the file in DATA_DIR. */
export const localSecretsFile = 'secrets.json';

function parse(path: string, text: string): LocalSecrets {
  try {
    const { jwtSecret, encryptionKey } = JSON.parse(text) as Partial<LocalSecrets>;
    if (typeof jwtSecret === 'string' && typeof encryptionKey === 'string') return { jwtSecret, encryptionKey };
  } catch {
    // A file that is no JSON gets the same advice as one that lacks a secret.
  }
  throw new LocalSecretsUnusable(
    `${path} does not hold the local secrets any more: restore it, or set JWT_SECRET and ENCRYPTION_KEY, or delete it (then everybody signs in again, and secrets of integrations must be entered again)`,
  );
}

/** Looks at the code only: under Jest, errors of Node's own modules are of another realm than `Error`. */
function isErrorCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === code;
}

/**
 * Returns the secrets of a development installation from `<dataDir>/secrets.json`, and makes them there on the first call,
 * readable by the owner only, so that tokens and encrypted rows outlive a restart. Two processes that start at the same
 * time get the same ones. Throws LocalSecretsUnusable, or the file system's error.
 */
export function loadLocalSecrets(dataDir: string): LocalSecrets {
  const path = join(dataDir, localSecretsFile);
  try {
    return parse(path, readFileSync(path, 'utf8'));
  } catch (error) {
    if (!isErrorCode(error, 'ENOENT')) throw error;
  }
  const [jwtSecret, encryptionKey] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')];
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, `${JSON.stringify({ jwtSecret, encryptionKey }, null, 2)}\n`, { mode: 0o600, flush: true });
  try {
    // A link never replaces an existing file: the first process wins, and nobody sees half a file.
    linkSync(draft, path);
  } catch (error) {
    if (!isErrorCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return parse(path, readFileSync(path, 'utf8'));
}
