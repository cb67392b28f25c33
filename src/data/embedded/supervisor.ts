/**
 * Runs the emulator under a small supervising process, so that it never outlives this one.
 *
 * The emulator does not watch anything of its parent. Its supervisor holds the reading end of a pipe whose other end
 * only this process has: however this process ends, kill -9 included, the system closes the pipe and the supervisor ends
 * the emulator. On POSIX systems the supervisor is /bin/sh (starts at once, 1 MB, and has a second process that does the
 * same should the first be killed); on Windows it is Node.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { identifyProcess, isAlive, killProcess } from './processIdentity.ts';
import type { ProcessIdentity } from './processIdentity.ts';

/**
 * Protocol, the same for both: a line on stdin lets the emulator start (so that this process can write down who the
 * supervisor is before there is anything to lose), its pid is answered on stdout, the end of stdin stops it: politely,
 * and by force a second later. The exit code is the emulator's, or 128 + the signal that ended it.
 */
const shellSupervisor = `
IFS= read -r start || exit 0
exec 3<&0
"$@" </dev/null >&2 3<&- &
emulator=$!
echo "$emulator"
( IFS= read -r end; kill -TERM "$emulator"; sleep 1; kill -KILL "$emulator" ) <&3 3<&- >/dev/null 2>&1 &
watcher=$!
wait "$emulator"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

const nodeSupervisor = `
const { spawn } = require('node:child_process');
const { constants } = require('node:os');
const [command, ...args] = process.argv.slice(1);
let emulator;
process.stdin.once('data', () => {
  emulator = spawn(command, args, { stdio: ['ignore', 2, 2], windowsHide: true });
  emulator.on('error', (error) => { process.stderr.write(error.message + '\\n', () => process.exit(127)); });
  emulator.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
  process.stdout.write(emulator.pid + '\\n');
});
process.stdin.on('error', () => {});
process.stdin.on('close', () => {
  if (!emulator) process.exit(0);
  emulator.kill('SIGTERM');
  setTimeout(() => emulator.kill('SIGKILL'), 1000);
});
`;

/** Which program supervises. */
export type SupervisorKind = 'sh' | 'node';

/** What to run, and how. */
export interface SuperviseOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Called with the supervisor's number before the command is started, and with the command's as soon as it is known. */
  readonly onProcess: (pid: number) => void;
  /** Called with each line that the emulator writes. */
  readonly onLine: (line: string) => void;
  readonly kind?: SupervisorKind;
}

/** A supervised process. */
export interface Supervised {
  /** Resolves when the process and its supervisor are gone, with words for how it ended, such as `exit code 1`. */
  readonly exited: Promise<string>;
  /** Asks it to stop; it is killed when it has not after a second. Resolves with `exited`. */
  stop(): Promise<string>;
}

function spawnSupervisor({ command, args, kind = process.platform === 'win32' ? 'node' : 'sh' }: SuperviseOptions) {
  const [program, ...words] =
    kind === 'sh' ? ['/bin/sh', '-c', shellSupervisor, 'snapinfra-database'] : [process.execPath, '-e', nodeSupervisor];
  return spawn(program, [...words, command, ...args], {
    stdio: 'pipe',
    // In a group of its own, so that Ctrl-C reaches the server alone and the database can stop last.
    detached: true,
    windowsHide: true,
    // Nothing of the server's environment, which holds its secrets.
    env: {},
  });
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `supervisor ended by ${signal}`;
  return code !== null && code > 128 ? `signal ${code - 128}` : `exit code ${code ?? 'unknown'}`;
}

/** A supervisor that was itself killed leaves the emulator for the pipe to end; this makes sure, and waits. */
async function waitForEnd(emulator: ProcessIdentity | null): Promise<void> {
  for (let pause = 10; emulator !== null && isAlive(emulator); pause = Math.min(pause * 2, 200)) {
    if (pause === 200) killProcess(emulator);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Starts a command under a supervisor. Output is passed on line by line; the end is reported by `exited`, never thrown. */
export function supervise(options: SuperviseOptions): Supervised {
  const supervisor = spawnSupervisor(options);
  let emulator: ProcessIdentity | null = null;
  createInterface({ input: supervisor.stdout }).on('line', (line) => {
    emulator = identifyProcess(Number(line));
    options.onProcess(Number(line));
  });
  createInterface({ input: supervisor.stderr }).on('line', options.onLine);
  // Writing to a supervisor that has ended fails with EPIPE; its exit says the same, and better.
  supervisor.stdin.on('error', () => undefined);

  const exited = new Promise<string>((resolve) => {
    supervisor.on('error', (error) => resolve(error.message));
    // Output of the emulator may still come after its supervisor has ended; 'close' follows the last of it.
    supervisor.on('exit', () => {
      supervisor.stdin.destroy();
      void waitForEnd(emulator);
    });
    supervisor.on('close', (code, signal) => resolve(describeExit(code, signal)));
  });
  if (supervisor.pid !== undefined) {
    options.onProcess(supervisor.pid);
    supervisor.stdin.write('start\n');
  }
  return {
    exited,
    stop: () => {
      supervisor.stdin.end();
      return exited;
    },
  };
}
