/**
 * The lock on a data directory. Two emulators on one database file corrupt its indexes.
 *
 * Every server raises a flag, a file of its own, and then looks for others; who sees no other flag holds the lock.
 * Of two that start together at least one sees the other, whatever the timing, and takes its flag down.
 * A flag of a process that no longer runs can be removed by anybody at any time, because no other process ever uses
 * that name again. (One common lock file cannot be taken over safely: between reading a stale one and removing it,
 * it may have become somebody else's.)
 */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedDatabaseError } from './error.ts';
import { identifyProcess, isAlive, killProcess } from './processIdentity.ts';
import type { ProcessIdentity } from './processIdentity.ts';

/** A lock that this process holds. */
export interface DataDirLock {
  /** Adds a process that works on the directory and may outlive this one for a moment: the next server waits for its end. */
  addProcess(pid: number): void;
  /** Tells where the database answers, for the command line tools, see `findServer`. */
  announce(endpoint: string): void;
  /** Gives the directory free. */
  release(): void;
}

interface Flag {
  readonly path: string;
  readonly host: string;
  readonly server: ProcessIdentity;
  readonly children: readonly ProcessIdentity[];
  /** Where the database answers, once it does. */
  readonly endpoint?: string;
}

/** Time that children of a killed server have to end by themselves, in milliseconds. */
const graceMs = 3_000;

/** Writes a flag so that it appears complete or not at all. */
function writeFlag({ path, ...content }: Flag): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(content), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

function removeFlag(path: string): void {
  rmSync(path, { force: true });
  rmSync(`${path}.tmp`, { force: true });
}

function readFlag(path: string): Flag | null {
  try {
    return { ...(JSON.parse(readFileSync(path, 'utf8')) as Omit<Flag, 'path'>), path };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new EmbeddedDatabaseError(
      `The lock file ${path} cannot be read. If no server runs on this data directory, delete the file and start again.`,
      { cause: error },
    );
  }
}

function otherFlags(dataDir: string, own: string): Flag[] {
  const paths = readdirSync(dataDir)
    .filter((name) => /^server-.*\.lock$/.test(name))
    .map((name) => join(dataDir, name));
  return paths.filter((path) => path !== own).flatMap((path) => readFlag(path) ?? []);
}

/** Processes of another machine (or container) cannot be looked at from here. */
function isForeign(flag: Flag): boolean {
  return flag.host !== hostname();
}

function livingChildren(flag: Flag): ProcessIdentity[] {
  return flag.children.filter(isAlive);
}

/** Tells whether a flag still stands for something; removes it when not. */
function stillStands(flag: Flag): boolean {
  const stands = isForeign(flag) || isAlive(flag.server) || livingChildren(flag).length > 0;
  if (!stands) removeFlag(flag.path);
  return stands;
}

function inUse(dataDir: string, flag: Flag): EmbeddedDatabaseError {
  const where = isForeign(flag) ? ` on the machine or in the container ${flag.host}` : '';
  const hint = isForeign(flag) ? `if that one no longer runs, delete ${flag.path}` : 'stop that one, or set DATA_DIR to another directory';
  return new EmbeddedDatabaseError(
    `The data directory ${dataDir} is in use by another server, process ${flag.server.pid}${where}: ${hint}. ` +
      'Two servers on one directory would damage the data.',
  );
}

/** Ends what a killed server left behind. Only a process that is certainly the recorded one is killed. */
function endChildren(dataDir: string, flag: Flag): void {
  for (const child of livingChildren(flag)) {
    if (child.started === null) {
      throw new EmbeddedDatabaseError(
        `Process ${child.pid}, an embedded database whose server has ended, still works on ${dataDir}. End it and start again.`,
      );
    }
    killProcess(child);
  }
}

function raiseFlag(dataDir: string): Flag {
  const server = identifyProcess(process.pid) ?? { pid: process.pid, started: null };
  const path = join(dataDir, `server-${process.pid}-${randomBytes(6).toString('hex')}.lock`);
  const flag: Flag = { path, host: hostname(), server, children: [] };
  writeFlag(flag);
  return flag;
}

function held(flag: Flag): DataDirLock {
  let children: readonly ProcessIdentity[] = [];
  let endpoint: string | undefined;
  let released = false;
  const write = (): void => {
    if (!released) writeFlag({ ...flag, children, ...(endpoint !== undefined && { endpoint }) });
  };
  return {
    addProcess: (pid) => {
      if (released) return;
      children = [...children.filter(isAlive), identifyProcess(pid) ?? { pid, started: null }];
      write();
    },
    announce: (where) => {
      endpoint = where;
      write();
    },
    release: () => {
      released = true;
      removeFlag(flag.path);
    },
  };
}

/** A server that runs on a data directory. */
export interface RunningServer {
  readonly pid: number;
  /** Where its database answers. */
  readonly endpoint: string;
}

/**
 * Returns the server of this machine that holds a data directory, or null. Many clients of its database are no danger,
 * only a second database on the same files is.
 */
export function findServer(dataDir: string): RunningServer | null {
  if (!existsSync(dataDir)) return null;
  const flag = otherFlags(dataDir, '').find(
    ({ host, server, endpoint }) => endpoint !== undefined && host === hostname() && isAlive(server),
  );
  return flag?.endpoint === undefined ? null : { pid: flag.server.pid, endpoint: flag.endpoint };
}

function createDirectory(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.W_OK);
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      `The data directory ${dataDir} cannot be used (${cause instanceof Error ? cause.message : String(cause)}). ` +
        'Set DATA_DIR to a directory that this user can write to.',
      { cause },
    );
  }
}

/**
 * Locks a data directory for this process, and creates it (readable by this user only) where it is missing.
 * What a killed server left behind is waited for, up to three seconds, and then ended.
 * Throws `EmbeddedDatabaseError` when the directory cannot be written or, naming the process, when another server holds it.
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  createDirectory(dataDir);
  const begin = Date.now();
  let seen = new Set<string>();
  for (;;) {
    const own = raiseFlag(dataDir);
    let standing: Flag[];
    try {
      standing = otherFlags(dataDir, own.path).filter(stillStands);
    } catch (error) {
      removeFlag(own.path);
      throw error;
    }
    if (standing.length === 0) return held(own);
    removeFlag(own.path);
    // A flag that still stands after a pause is a holder's: contenders take theirs down at once and use a new name each time.
    const holder = standing.find((flag) => seen.has(flag.path) && (isForeign(flag) || isAlive(flag.server)));
    if (holder) throw inUse(dataDir, holder);
    if (Date.now() - begin > graceMs) standing.forEach((flag) => endChildren(dataDir, flag));
    seen = new Set(standing.map((flag) => flag.path));
    await sleep(20 + Math.random() * 60);
  }
}
