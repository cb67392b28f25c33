/** The embedded database: the DynamoDB emulator dynoxide as a child process of this one, for a start without AWS, Docker or Java. */
import { EventEmitter, once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { findEmulator } from './embedded/binary.ts';
import { findServer, lockDataDir } from './embedded/dataDirLock.ts';
import { EmbeddedDatabaseError } from './embedded/error.ts';
import { supervise } from './embedded/supervisor.ts';
import type { Supervised, SupervisorKind } from './embedded/supervisor.ts';

export { EmbeddedDatabaseError };

/** Where the data goes, and what to run. */
export interface EmbeddedDatabaseOptions {
  /** Directory of the data, created where missing and locked; `memory` keeps nothing. */
  readonly dataDir: string;
  /** Executable to use instead of the installed one (`DYNOXIDE_BIN`). */
  readonly bin?: string | undefined;
  /** Receives what the emulator has to say, line by line. */
  readonly log?: (line: string) => void;
  /** Program that ties the emulator's life to this process; by default what fits the platform. */
  readonly supervisor?: SupervisorKind;
}

/** A running embedded database. */
export interface EmbeddedDatabase {
  /** Such as `http://127.0.0.1:43210`; any credentials are accepted. */
  readonly endpoint: string;
  /** Resolves when it has ended: with null after `stop`, else with one sentence about the crash. Never rejects. */
  readonly exited: Promise<string | null>;
  /** Ends it, by force after a second, and gives the data directory free. Can be called again. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const portAttempts = 5;
const startTimeoutMs = 10_000;

/** Returns a port that is free at this moment. (`--port 0` would be safer, but the emulator does not tell what it got.) */
function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? done(address.port) : fail(new Error('no port'))));
    });
  });
}

function answers(endpoint: string): Promise<boolean> {
  return new Promise((done) => {
    const request = get(endpoint, { agent: false, timeout: 1_000 }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => done(false));
  });
}

type Start = { readonly ok: true } | { readonly ok: false; readonly portTaken: boolean; readonly reason: string };

interface Attempt {
  readonly port: number;
  readonly command: string;
  readonly onProcess: (pid: number) => void;
}

function emulatorArguments(port: number, dataDir: string): string[] {
  const file = dataDir === 'memory' ? [] : ['--db-path', join(resolve(dataDir), 'dynamodb.sqlite')];
  return ['serve', '--host', host, '--port', String(port), ...file];
}

/** Starts the emulator once. That the endpoint answers is not enough: another program may just have taken the port. */
async function attempt({ port, command, onProcess }: Attempt, options: EmbeddedDatabaseOptions): Promise<[Supervised, Start]> {
  const lines: string[] = [];
  const events = new EventEmitter();
  const supervised = supervise({
    command,
    args: emulatorArguments(port, options.dataDir),
    onProcess,
    onLine: (line) => {
      if (line.trim() === '') return;
      lines.push(line.trim());
      if (lines.length > 20) lines.shift();
      if (line.includes(`listening on http://${host}:${port}`)) events.emit('listening');
      options.log?.(line);
    },
    ...(options.supervisor && { kind: options.supervisor }),
  });
  const giveUp = AbortSignal.timeout(startTimeoutMs);
  const listening = once(events, 'listening', { signal: giveUp }).then(
    () => answers(`http://${host}:${port}`),
    () => false,
  );
  const first = await Promise.race([listening, supervised.exited]);
  if (first === true) return [supervised, { ok: true }];
  const reason = lines.at(-1) ?? (first === false ? `no answer within ${startTimeoutMs / 1_000} s` : first);
  return [supervised, { ok: false, reason, portTaken: lines.some((line) => line.includes('already in use')) }];
}

/**
 * Starts the emulator on a free loopback port and resolves when it answers. It ends with this process, however that ends;
 * what it acknowledged is on disk, unless `dataDir` is `memory`. Tables are the provisioner's business.
 * Throws `EmbeddedDatabaseError` when there is no emulator, when another server uses the directory, or when it cannot start.
 */
export async function startEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const command = findEmulator({ bin: options.bin });
  const lock = options.dataDir === 'memory' ? null : await lockDataDir(resolve(options.dataDir));
  try {
    for (let count = 1; ; count += 1) {
      const port = await freePort();
      const [supervised, start] = await attempt({ port, command, onProcess: (pid) => lock?.addProcess(pid) }, options);
      if (start.ok) {
        const endpoint = `http://${host}:${port}`;
        lock?.announce(endpoint);
        return running(endpoint, supervised, () => lock?.release());
      }
      await supervised.stop();
      if (!start.portTaken || count === portAttempts) {
        throw new EmbeddedDatabaseError(`The embedded database (${command}) did not start: ${start.reason}`);
      }
    }
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** Returns the database of a server of this machine that runs on the data directory and answers, or null. */
export async function findEmbeddedDatabase(dataDir: string): Promise<{ endpoint: string; pid: number } | null> {
  const server = findServer(resolve(dataDir));
  return server && (await answers(server.endpoint)) ? server : null;
}

function running(endpoint: string, supervised: Supervised, release: () => void): EmbeddedDatabase {
  let stopping = false;
  const exited = supervised.exited.then((how) => {
    release();
    return stopping ? null : `The embedded database ended unexpectedly (${how}). Acknowledged writes are safe; start the server again.`;
  });
  return {
    endpoint,
    exited,
    stop: async () => {
      stopping = true;
      await supervised.stop();
      await exited;
    },
  };
}
