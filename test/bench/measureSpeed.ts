/** CPU time, latency and throughput, in rounds: A B C, A B C, … so that a slow moment of the machine meets everyone. */
import type { Contestant } from './contestants.ts';
import { runLoad } from './load.ts';
import type { PageCall } from './pages.ts';
import type { PageClient } from './pageClient.ts';
import type { Identity } from './pageClient.ts';
import { usageOf } from './processUsage.ts';
import type { ByContestant, SingleResult, Speed } from './results.ts';
import type { ServerProcess } from './serverProcess.ts';
import { withClients, type Settings } from './session.ts';
import { firstDifference, median } from './statistics.ts';
import { AnswersDiffer } from './verify.ts';

/** How many requests run at the same time in the second part of a round. */
export const concurrency = 16;

/** What is asked of each server. */
export interface Task {
  readonly identity?: Identity;
  /** Returns the next request. */
  readonly next: () => PageCall;
  /** The right answer of each server, to the letter; absent where each answer is another one. */
  readonly expected?: ByContestant<string>;
  /** Number of the database's process; null where it cannot be found. */
  readonly databasePid: number | null;
}

/** Returns the data of an answer as text. `extensions`, where there are some, come last and may tell of this one request. */
function dataTextOf(text: string): string {
  const end = text.lastIndexOf(',"extensions":{');
  return end === -1 ? text : text.slice(0, end);
}

/** Returns a check that an answer is the right one. Comparing texts costs next to nothing, so that most answers are not parsed. */
function checkOf(contestant: Contestant, { expected }: Task): ((text: string) => void) | undefined {
  const known = expected?.[contestant];
  if (known === undefined) return undefined;
  const knownText = dataTextOf(known);
  const { data } = JSON.parse(known) as { data: unknown };
  return (text) => {
    if (dataTextOf(text) === knownText) return;
    const difference = firstDifference(data, (JSON.parse(text) as { data?: unknown }).data);
    if (difference !== null) throw new AnswersDiffer(`${contestant} changed its answer under load: ${difference}`);
  };
}

type Round = Required<Speed>;

interface RoundOptions {
  readonly server: ServerProcess;
  readonly task: Task;
  readonly settings: Pick<Settings, 'singleMs' | 'manyMs'>;
}

async function runRound({ server, task, settings }: RoundOptions): Promise<Round> {
  const { contestant } = server;
  return withClients({ ...server, ...(task.identity && { identity: task.identity }) }, concurrency, async (clients) => {
    const load = (users: readonly PageClient[], milliseconds: number) =>
      runLoad({ clients: users, milliseconds, next: task.next, check: checkOf(contestant, task) });
    const cpuNow = (pid: number | null): number => (pid === null ? Number.NaN : usageOf(pid).cpuMs);
    const [before, databaseBefore] = [cpuNow(server.pid), cpuNow(task.databasePid)];
    const single = await load(clients.slice(0, 1), settings.singleMs);
    const many = await load(clients, settings.manyMs);
    const requests = single.requests + many.requests;
    const cpuMs = (cpuNow(server.pid) - before) / requests;
    const databaseCpuMs = (cpuNow(task.databasePid) - databaseBefore) / requests;
    return {
      cpuMs,
      databaseCpuMs,
      p50: single.p50,
      p95: single.p95,
      p50At16: many.p50,
      p95At16: many.p95,
      perSecond: many.perSecond,
      requests,
    };
  });
}

function medianOf(rounds: readonly Round[]): Speed {
  const of = (name: keyof Round): number => median(rounds.map((round) => round[name]));
  return {
    cpuMs: of('cpuMs'),
    ...(!Number.isNaN(of('databaseCpuMs')) && { databaseCpuMs: of('databaseCpuMs') }),
    p50: of('p50'),
    p95: of('p95'),
    p50At16: of('p50At16'),
    p95At16: of('p95At16'),
    perSecond: of('perSecond'),
    requests: rounds.reduce((sum, { requests }) => sum + requests, 0),
  };
}

/** How long a part of a warm-up is. */
const warmUpMs = 500;

async function warmUp(server: ServerProcess, task: Task, { warmUpCpuMs, warmUpRequests }: Settings): Promise<void> {
  let [cpu, done] = [0, 0];
  while (cpu < warmUpCpuMs && done < warmUpRequests) {
    const { cpuMs, requests } = await runRound({ server, task, settings: { singleMs: warmUpMs, manyMs: 0 } });
    cpu += cpuMs * requests;
    done += requests;
  }
}

/** Measures all servers at one task. Rejects when an answer is wrong. */
export async function measureSpeed(servers: readonly ServerProcess[], task: Task, settings: Settings): Promise<ByContestant<Speed>> {
  for (const server of servers) await warmUp(server, task, settings);
  const rounds = new Map(servers.map((server) => [server, [] as Round[]]));
  for (let i = 0; i < settings.rounds; i += 1) {
    for (const [server, done] of rounds) done.push(await runRound({ server, task, settings }));
  }
  return Object.fromEntries([...rounds].map(([{ contestant }, done]) => [contestant, medianOf(done)]));
}

/** Measures all servers at one task, one request at a time. */
export async function measureSingle(
  servers: readonly ServerProcess[],
  task: Task,
  settings: Settings,
): Promise<ByContestant<SingleResult>> {
  const single = async (server: ServerProcess, milliseconds: number): Promise<SingleResult> =>
    withClients({ ...server, ...(task.identity && { identity: task.identity }) }, 1, async (clients) => {
      await runLoad({ clients, milliseconds: 0, next: task.next });
      const before = usageOf(server.pid).cpuMs;
      const { p50, requests } = await runLoad({ clients, milliseconds, next: task.next, check: checkOf(server.contestant, task) });
      return { p50, cpuMs: (usageOf(server.pid).cpuMs - before) / requests };
    });
  const rounds = new Map(servers.map((server) => [server, [] as SingleResult[]]));
  for (const server of servers) await warmUp(server, task, settings);
  for (let i = 0; i < Math.min(2, settings.rounds); i += 1) {
    for (const [server, done] of rounds) done.push(await single(server, settings.manyMs));
  }
  return Object.fromEntries(
    [...rounds].map(([{ contestant }, done]) => [
      contestant,
      { p50: median(done.map(({ p50 }) => p50)), cpuMs: median(done.map(({ cpuMs }) => cpuMs)) },
    ]),
  );
}
