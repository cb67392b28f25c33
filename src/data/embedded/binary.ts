/** Finds the emulator's executable for this machine. */
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { EmbeddedDatabaseError } from './error.ts';

const otherWays =
  'Or use another DynamoDB: run `docker run -p 8000:8000 amazon/dynamodb-local` and set DYNAMODB_ENDPOINT=http://127.0.0.1:8000.';

function requireExecutable(path: string): string {
  try {
    accessSync(path, constants.X_OK);
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      `DYNOXIDE_BIN is ${path}, but there is no executable file there. Correct it, or unset it to use the one that npm installed. ${otherWays}`,
      { cause },
    );
  }
  return path;
}

/** What is looked for; all of it can be given so that every platform's answer can be tested on one. */
export interface EmulatorSearch {
  /** Path of an executable to use instead of the installed one (`DYNOXIDE_BIN`). */
  readonly bin?: string | undefined;
  readonly platform?: string;
  readonly arch?: string;
}

/**
 * Returns the path of the emulator: `bin` where given, else the executable of the optional dependency
 * `@dynoxide/<platform>-<arch>`. Throws `EmbeddedDatabaseError` when there is none.
 */
export function findEmulator({ bin, platform = process.platform, arch = process.arch }: EmulatorSearch = {}): string {
  if (bin !== undefined && bin !== '') return requireExecutable(bin);
  const packageName = `@dynoxide/${platform}-${arch}`;
  try {
    // The package of the platform holds one file beside its package.json (its publish script calls it so).
    return createRequire(import.meta.url).resolve(`${packageName}/dynoxide${platform === 'win32' ? '.exe' : ''}`);
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      `The embedded database is not installed: the package ${packageName} is missing. ` +
        `Run \`npm install --include=optional\`, or set DYNOXIDE_BIN to a dynoxide executable. ${otherWays}`,
      { cause },
    );
  }
}
