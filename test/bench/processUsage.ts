/** CPU time and memory of another process, read from the outside, so that measuring costs it nothing. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a process has used so far. */
export interface Usage {
  /** User and system time of all threads, in milliseconds; steps of 10 ms. */
  readonly cpuMs: number;
  /** Resident memory, in bytes. */
  readonly rssBytes: number;
}

/** The kernel counts in USER_HZ, which is 100 on every architecture that Node runs on (proc(5), "/proc/pid/stat"). */
const msPerTick = 10;

/** Returns the usage that `/proc/<pid>/stat` and `/proc/<pid>/status` tell. */
export function readProcFiles(stat: string, status: string): Usage {
  // The second field is the program's name in parentheses, which may have spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime] = [Number(fields[11]), Number(fields[12])];
  const rss = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (!Number.isFinite(utime + stime) || rss === undefined) throw new Error('the files of /proc are not as expected');
  return { cpuMs: (utime + stime) * msPerTick, rssBytes: Number(rss) * 1024 };
}

/** Returns the usage that `ps -o rss=,time=` tells: kilobytes, and a time such as `1-02:03:04`, `2:03.45` or `0:00.52`. */
export function readPsLine(line: string): Usage {
  const [rss = '', time = ''] = line.trim().split(/\s+/);
  const [clock = '', days = '0'] = time.split('-').toReversed();
  const seconds = clock.split(':').reduce((total, part) => total * 60 + Number(part), 0);
  if (rss === '' || Number.isNaN(seconds)) throw new Error(`ps answered ${JSON.stringify(line)}`);
  return { cpuMs: (Number(days) * 86_400 + seconds) * 1000, rssBytes: Number(rss) * 1024 };
}

/** Returns what a running process has used. Throws when it has ended. */
export function usageOf(pid: number): Usage {
  if (process.platform === 'linux')
    return readProcFiles(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'));
  return readPsLine(execFileSync('ps', ['-o', 'rss=,time=', '-p', String(pid)], { encoding: 'utf8' }));
}

/** Returns the number of the process among `ps -eo pid=,args=` that is this program and was given this port; null when there is none. */
export function findProcess(lines: string, { program, port }: { program: string; port: string }): number | null {
  for (const line of lines.split('\n')) {
    const [pid, path = '', ...args] = line.trim().split(/\s+/);
    // Its supervisor, a shell, has the same words behind its own.
    if (path.replace(/^.*[/\\]/, '') === program && args[args.indexOf('--port') + 1] === port) return Number(pid);
  }
  return null;
}

/** Returns the number of the embedded database's process; null on systems without `ps`. */
export function databaseProcess(endpoint: string): number | null {
  try {
    return findProcess(execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }), {
      program: 'dynoxide',
      port: new URL(endpoint).port,
    });
  } catch {
    return null;
  }
}
