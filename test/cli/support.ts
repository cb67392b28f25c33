/** Runs command lines of the tools in this process, on the test database. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAdmin } from '../../src/cli/adminCommands.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { loadConfig, type Config } from '../../src/config.ts';
import { testDatabase } from '../support/database.ts';

/** A terminal that remembers its lines. */
export interface RecordedTerminal extends Terminal {
  readonly lines: string[];
  readonly errors: string[];
}

export function recordTerminal(): RecordedTerminal {
  const [lines, errors]: [string[], string[]] = [[], []];
  return { lines, errors, out: (line) => lines.push(line), err: (line) => errors.push(line), progress: () => undefined };
}

/** Returns the configuration of a tool on the test database; `prefix` names other tables than those of this worker. */
export async function toolConfig(prefix?: string): Promise<Config> {
  const { endpoint, prefix: ofWorker } = await testDatabase();
  return loadConfig({
    DYNAMODB_ENDPOINT: endpoint,
    DYNAMODB_TABLE_PREFIX: prefix ?? ofWorker,
    DATA_DIR: join(tmpdir(), 'snapinfra-cli-unused'),
    JWT_SECRET: 'k3Vd0Zq8Yw1Lm5Tn7Rb2Xc9Pf4Hg6Js0',
    ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  });
}

/** Runs `npm run admin -- <args>`. */
export async function admin(args: string[], prefix?: string): Promise<{ code: number; out: string; err: string }> {
  const terminal = recordTerminal();
  const config = await toolConfig(prefix);
  const code = await runAdmin(args, { terminal, signal: new AbortController().signal, config });
  return { code, out: terminal.lines.join('\n'), err: terminal.errors.join('\n') };
}
