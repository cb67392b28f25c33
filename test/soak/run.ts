/** `npm run soak [-- --minutes 10]`: a mixed load on a server of its own, and what its heap, handles and event loop do meanwhile. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, temporaryDataDir } from '../http/support/serverProcess.ts';
import { startLoad, type Load } from './load.ts';
import { chartOf, handlesOf, judge, tableOf, type Sample } from './samples.ts';

const usage = 'use: npm run soak [-- --minutes 10]   (2 to 600)';

/** The first part of a run fills caches and compiles code. */
const warmUpShare = 0.3;
const samplesInAll = 30;

interface Server {
  readonly url: string;
  /** Returns what the process holds after garbage collection. */
  probe(): Promise<Omit<Sample, 'seconds' | 'requests'>>;
  stop(): Promise<void>;
}

/** Starts the built server with the probe in it, on an embedded database of its own. */
async function startServer(root: string): Promise<Server> {
  const { dataDir, remove } = temporaryDataDir();
  const port = await freePort();
  const args = ['--expose-gc', '--import', join(root, 'test/soak/probe.mjs'), join(root, 'dist/main.js')];
  // eslint-disable-next-line no-restricted-properties -- the embedded database is started by a shell, which has to be found
  const { PATH = '', DYNOXIDE_BIN = '' } = process.env;
  const limits = { RATE_LIMIT_USER: '0', RATE_LIMIT_ANONYMOUS: '0' };
  const env = { PATH, DYNOXIDE_BIN, PORT: String(port), DATA_DIR: dataDir, LOG_LEVEL: 'error', ...limits };
  const child: ChildProcess = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  process.once('exit', () => child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error('The server ended at its start; its message is above.');
    await sleep(50);
  }
  return {
    url,
    async probe() {
      const answer = once(child, 'message');
      child.send('sample');
      const [sample] = (await Promise.race([answer, exited.then(() => Promise.reject(new Error('The server ended under load.')))])) as [
        Omit<Sample, 'seconds' | 'requests'>,
      ];
      return sample;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      remove();
    },
  };
}

/** Takes a sample while the load rests. */
async function takeSample(server: Server, load: Load, { startedAt, before }: { startedAt: number; before: number }): Promise<Sample> {
  await load.pause();
  const requests = load.answered() - before;
  const probed = await server.probe();
  load.resume();
  return { seconds: (performance.now() - startedAt) / 1000, requests, ...probed };
}

async function soak(server: Server, minutes: number): Promise<{ samples: Sample[]; load: Load }> {
  const load = await startLoad(server.url);
  const startedAt = performance.now();
  const samples: Sample[] = [];
  for (let number = 1; number <= samplesInAll; number += 1) {
    await sleep(Math.max(0, startedAt + (number * minutes * 60_000) / samplesInAll - performance.now()));
    const before = samples.reduce((sum, { requests }) => sum + requests, 0);
    const sample = await takeSample(server, load, { startedAt, before });
    samples.push(sample);
    const heap = (sample.heapUsed / 1024 / 1024).toFixed(1);
    process.stderr.write(`${(sample.seconds / 60).toFixed(1)} of ${minutes} minutes: ${load.answered()} requests, heap ${heap} MB\n`);
  }
  await load.stop();
  return { samples, load };
}

function readMinutes(args: readonly string[]): number | null {
  if (args.length === 0) return 10;
  const minutes = args[0] === '--minutes' && args.length === 2 ? Number(args[1]) : Number.NaN;
  return minutes >= 2 && minutes <= 600 ? minutes : null;
}

/** Runs the command; returns its exit code. */
export async function main(args: readonly string[], root: string): Promise<number> {
  const minutes = readMinutes(args);
  if (minutes === null) {
    process.stderr.write(`${usage}\n`);
    return 1;
  }
  const server = await startServer(root);
  const { samples, load } = await soak(server, minutes).finally(() => server.stop());
  const warm = samples.slice(Math.ceil(samples.length * warmUpShare));
  const { heapSlope, handlesBefore, handlesAfter, problems } = judge(warm);
  const faults = load.faults.length > 0 ? [`${load.faults.length} answers were not as expected, such as ${load.faults[0] ?? ''}`] : [];
  const slope = `heap slope after the warm-up: ${(heapSlope / 1024 / 1024).toFixed(2)} MB in ten minutes; handles ${handlesBefore} → ${handlesAfter}`;
  process.stdout.write(`\n${tableOf(samples)}\n\n${chartOf(samples)}\n\n${handlesOf(warm)}\n\n${load.answered()} requests; ${slope}\n`);
  for (const problem of [...problems, ...faults]) process.stderr.write(`FAILED: ${problem}\n`);
  return problems.length + faults.length === 0 ? 0 : 1;
}
