/** The parts of the benchmark, put together from counting, load and process measurements. */
import { setTimeout as sleep } from 'node:timers/promises';
import { own, type Contestant } from './contestants.ts';
import { countFirst, countKnown } from './measureCounts.ts';
import { measureSingle, measureSpeed, type Task } from './measureSpeed.ts';
import type { PageCall } from './pages.ts';
import { usageOf } from './processUsage.ts';
import type { ByContestant, ComparedPage, SingleResult, PageResult, ProcessResult, Speed } from './results.ts';
import type { Owner } from './seed.ts';
import { startServer, type ServerProcess } from './serverProcess.ts';
import { startAll, startContestant, withClients, type OwnerName, type Session } from './session.ts';
import { median } from './statistics.ts';
import { sameAnswers } from './verify.ts';

/** Milliseconds that are added to every DynamoDB call in the part that looks at distance. */
export const addedDelayMs = 5;

/** A page for one owner: what is asked. */
export interface Question {
  readonly owner: Owner;
  readonly page: ComparedPage;
  /** How many projects the page shows, where it shows many. */
  readonly projects?: number;
}

/** Returns a question for an owner's page with all of their projects. */
export function pageOf(session: Session, name: OwnerName): Question {
  const owner = session.owner(name);
  return { owner, page: 'page', projects: owner.projectIds.length };
}

/** Returns the question of a compared page. */
export function questionOf(session: Session, page: ComparedPage): Question {
  if (page === 'page') return pageOf(session, 'page');
  return { owner: session.owner(page === 'create' ? 'writer' : 'page'), page };
}

/** Returns the first request of a question. */
export function callOf({ owner, page, projects }: Question): PageCall {
  const [projectId = '', deploymentId = ''] = [owner.projectIds[0], owner.deploymentIds[0]];
  return { page, projectId, deploymentId, ...(projects !== undefined && { projects }) };
}

async function taskOf({ databasePid }: Session, servers: readonly ServerProcess[], question: Question): Promise<Task> {
  const { owner, page } = question;
  const call = callOf(question);
  if (page !== 'create') return { identity: owner, databasePid, next: () => call, expected: await sameAnswers(servers, owner, call) };
  let count = 0;
  return { identity: owner, databasePid, next: () => ({ ...call, projectId: owner.projectIds[count++ % owner.projectIds.length] ?? '' }) };
}

/** Counts at a peer: its requests are all alike. */
async function countAtPeer(session: Session, server: ServerProcess, question: Question): Promise<PageResult> {
  const call = callOf(question);
  return withClients({ ...server, identity: question.owner }, 1, async ([client]) => ({
    counts: await countKnown(session.proxy, client!, call, { times: 1 }),
  }));
}

/** Counts at this server, which learns from earlier requests and works in the background: in a new process for each question. */
async function countAtOwn(session: Session, question: Question): Promise<PageResult> {
  const call = callOf(question);
  const server = await startContestant(session, own, { viaProxy: true });
  try {
    return await withClients({ ...server, identity: question.owner }, 1, async ([client]) => {
      const first = await countFirst(session.proxy, client!, call);
      return { first, counts: await countKnown(session.proxy, client!, call, { times: 2 }) };
    });
  } finally {
    await server.stop();
  }
}

/** Counts the DynamoDB calls of a question at each server, which reach the database through the proxy. */
export async function measureCounts(
  session: Session,
  servers: readonly ServerProcess[],
  question: Question,
): Promise<ByContestant<PageResult>> {
  const results: ByContestant<PageResult> = {};
  for (const server of servers) {
    const { contestant } = server;
    results[contestant] = contestant === own ? await countAtOwn(session, question) : await countAtPeer(session, server, question);
  }
  return results;
}

/** Measures a question with a delay on every call, at servers that reach the database through the proxy. */
export async function measureWithDelay(
  session: Session,
  servers: readonly ServerProcess[],
  question: Question,
): Promise<ByContestant<SingleResult>> {
  const task = await taskOf(session, servers, question);
  await session.proxy.configure({ delayMs: addedDelayMs, record: false });
  try {
    return await measureSingle(servers, task, session.settings);
  } finally {
    await session.proxy.configure({ delayMs: 0, record: false });
  }
}

/** Measures the speed of a question at servers that reach the database directly, after all have given the same answer. */
export async function measureQuestion(
  session: Session,
  servers: readonly ServerProcess[],
  question: Question,
): Promise<ByContestant<Speed>> {
  return measureSpeed(servers, await taskOf(session, servers, question), session.settings);
}

/** Measures a question one request at a time, for pages so large that 16 at once would wait for each other only. */
export async function measureOneByOne(
  session: Session,
  servers: readonly ServerProcess[],
  question: Question,
): Promise<ByContestant<SingleResult>> {
  // The servers are warm from smaller pages.
  const settings = { ...session.settings, warmUpCpuMs: session.settings.warmUpCpuMs / 6 };
  return measureSingle(servers, await taskOf(session, servers, question), settings);
}

/** Joins counts and speeds of one question. */
export function joinResults(counts: ByContestant<PageResult>, speeds: ByContestant<Speed>): ByContestant<PageResult> {
  const names = [...new Set([...Object.keys(counts), ...Object.keys(speeds)])] as Contestant[];
  return Object.fromEntries(names.map((name) => [name, { ...counts[name], ...(speeds[name] && { speed: speeds[name] }) }]));
}

const settleMs = 500;

/** Starts all servers on the database, asks each for one object, and reads its memory. */
export async function startIdle(session: Session): Promise<{ servers: ServerProcess[]; idle: ByContestant<number> }> {
  const servers = await startAll(session, { viaProxy: false });
  const question = questionOf(session, 'object');
  for (const server of servers)
    await withClients({ ...server, identity: question.owner }, 1, ([client]) => client!.perform(callOf(question)));
  await sleep(settleMs);
  return { servers, idle: memoryOf(servers) };
}

/** Returns the resident memory of each server. */
export function memoryOf(servers: readonly ServerProcess[]): ByContestant<number> {
  return Object.fromEntries(servers.map((server) => [server.contestant, usageOf(server.pid).rssBytes]));
}

/** Measures the time from the start of each process to its first answer from the tables. */
export async function measureStarts(session: Session): Promise<ByContestant<ProcessResult>> {
  const question = questionOf(session, 'object');
  const times = new Map(session.contestants.map((name) => [name, [] as number[]]));
  for (let round = 0; round < session.settings.startRounds; round += 1) {
    for (const [contestant, done] of times) {
      const probe = (url: string) =>
        withClients({ contestant, url, identity: question.owner }, 1, ([client]) => client!.perform(callOf(question)));
      const server = await startServer({ contestant, folders: session.folders, tables: session.tables, probe });
      done.push(server.startMs);
      await server.stop();
    }
  }
  return Object.fromEntries([...times].map(([name, done]) => [name, { coldStartMs: median(done) }]));
}

/** Measures how long this server takes with its embedded database, whose tables it has to make first. */
export async function measureEmbeddedStart({ folders, settings }: Session): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < settings.startRounds; round += 1) {
    const probe = (url: string) => withClients({ contestant: own, url }, 1, ([client]) => client!.perform({ page: 'viewer' }));
    const server = await startServer({ contestant: own, folders, tables: null, probe });
    times.push(server.startMs);
    await server.stop();
  }
  return median(times);
}

/** Measures requests that read nothing for the page: what stands before the resolvers. */
export async function measureOverhead(session: Session, servers: readonly ServerProcess[]): Promise<Record<string, number>> {
  const settings = { ...session.settings, rounds: Math.min(2, session.settings.rounds) };
  const { databasePid } = session;
  const identity = session.owner('page');
  const graphql = servers.filter(({ contestant }) => contestant !== 'bare' && contestant !== 'rest');
  const ours = graphql.filter(({ contestant }) => contestant === own);
  const anonymous = await measureSpeed(graphql, { databasePid, next: () => ({ page: 'typename' }) }, settings);
  const signedIn = await measureSpeed(ours, { identity, databasePid, next: () => ({ page: 'typename' }) }, settings);
  const viewer = await measureSpeed(ours, { identity, databasePid, next: () => ({ page: 'viewer' }) }, settings);
  return {
    ...Object.fromEntries(Object.entries(anonymous).map(([name, { cpuMs }]) => [`${name}: { __typename }, anonymous`, cpuMs])),
    [`${own}: { __typename }, signed in`]: signedIn[own]?.cpuMs ?? Number.NaN,
    [`${own}: { viewer { id } }, signed in`]: viewer[own]?.cpuMs ?? Number.NaN,
  };
}
