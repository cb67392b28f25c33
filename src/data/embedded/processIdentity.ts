/** Recognizes a process across time: a number alone is not enough, because numbers are given out again. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, and when it started. `started` is null where the platform does not tell (Windows). */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string | null;
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Zombies (Z) and dead processes (X) still have a number, for as long as nobody reaps them; they hold nothing open. */
const gone = /^[ZX]/;

/** Reads proc(5): after the command in parentheses follow the state (field 3) and, as field 22, the start in ticks since boot. */
function startedOnLinux(pid: number): string | null {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (gone.test(fields[0] ?? '')) return null;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${fields[19] ?? ''}`;
}

/** Asks ps(1), in UTC and the C locale so that the same start always reads the same. */
function startedByPs(pid: number): string | null {
  const line = execFileSync('/bin/ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { TZ: 'UTC', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  return gone.test(line) ? null : line.replace(/^\S+\s+/, '');
}

/** Returns who has this number now, or null when no running process has it. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  if (!exists(pid)) return null;
  if (process.platform === 'win32') return { pid, started: null };
  try {
    const started = process.platform === 'linux' ? startedOnLinux(pid) : startedByPs(pid);
    return started === null ? null : { pid, started };
  } catch {
    // Gone in the meantime, or hidden from this user; only the second still has a number.
    return exists(pid) ? { pid, started: null } : null;
  }
}

/** Tells whether this very process still runs. In doubt (its start is not known) a living number counts as alive. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  const now = identifyProcess(pid);
  if (now === null) return false;
  return started === null || now.started === null || started === now.started;
}

/** Kills a process by force, if it is still this very one. */
export function killProcess(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch (error) {
    // It may have ended by itself just now.
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}
