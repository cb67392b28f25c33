/** Servers under measurement, each a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../http/support/serverProcess.ts';
import type { Contestant } from './contestants.ts';

/** Paths of what is run and written. */
export interface Folders {
  /** Where the peers were built to, and this server's build was copied to. */
  readonly built: string;
  /** Where servers write their logs and data; removed at the end. */
  readonly scratch: string;
}

/** Where the tables are. */
export interface Tables {
  readonly endpoint: string;
  readonly prefix: string;
}

/** A running server. */
export interface ServerProcess {
  readonly contestant: Contestant;
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from its start until it answered `probe` for the first time. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** What to start, and how to tell that it answers. */
export interface StartOptions {
  readonly contestant: Contestant;
  readonly folders: Folders;
  /** Null lets this server start its own embedded database. */
  readonly tables: Tables | null;
  /** Rejects until the server at this address answers. */
  readonly probe: (url: string) => Promise<unknown>;
}

const startTimeoutMs = 30_000;

/** Secrets of this run only; production wants some that nobody would guess. */
const secrets = {
  JWT_SECRET: Buffer.from(crypto.getRandomValues(new Uint8Array(48))).toString('base64'),
  ENCRYPTION_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'),
};

function searchPath(): string {
  // eslint-disable-next-line no-restricted-properties -- the embedded database is started by a shell, which has to be found
  return process.env['PATH'] ?? '';
}

function ownEnvironment(port: number, tables: Tables | null, folders: Folders): Record<string, string> {
  const common = { PATH: searchPath(), PORT: String(port), HOST: '127.0.0.1' };
  if (tables === null) return { ...common, DATA_DIR: join(folders.scratch, `data-${port}`) };
  return {
    ...common,
    ...secrets,
    NODE_ENV: 'production',
    DYNAMODB_ENDPOINT: tables.endpoint,
    DYNAMODB_TABLE_PREFIX: tables.prefix,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    SHUTDOWN_DELAY_MS: '0',
    // One user asks for everything: counted as ever, but never refused.
    RATE_LIMIT_USER: '999999999',
    RATE_LIMIT_ANONYMOUS: '999999999',
  };
}

function spawnServer({ contestant, folders, tables }: StartOptions, port: number, log: number): ChildProcess {
  const stdio: ['ignore', number, number] = ['ignore', log, log];
  if (contestant === 'snapinfra') {
    const entry = join(folders.built, 'dist/main.js');
    return spawn(process.execPath, ['--enable-source-maps', entry], { env: ownEnvironment(port, tables, folders), stdio });
  }
  const options = JSON.stringify({ port, ...tables });
  return spawn(process.execPath, [join(folders.built, `${contestant}.js`), options], { env: { NODE_ENV: 'production' }, stdio });
}

/** Starts a server and waits until it answers. Throws with the end of its output when it ends or stays silent. */
export async function startServer(options: StartOptions): Promise<ServerProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(options.folders.scratch, `${options.contestant}-${port}.log`);
  const log = openSync(logFile, 'w');
  const started = performance.now();
  const child = spawnServer(options, port, log);
  closeSync(log);
  const exited = once(child, 'exit');
  const killWithParent = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithParent);
  child.once('exit', () => process.removeListener('exit', killWithParent));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
  };
  for (;;) {
    try {
      await options.probe(url);
      return { contestant: options.contestant, url, pid: child.pid ?? 0, startMs: performance.now() - started, stop };
    } catch (error) {
      const isLate = performance.now() - started > startTimeoutMs;
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      if (!isLate && !hasEnded) {
        await sleep(5);
        continue;
      }
      await stop();
      const output = readFileSync(logFile, 'utf8').slice(-2_000);
      throw new Error(`${options.contestant} ${hasEnded ? 'ended' : 'did not answer'} at its start. Its output ends with:\n${output}`, {
        cause: error,
      });
    }
  }
}
