/**
 * The benchmark: this server and its peers on the same tables, in one run. Started by bench.mjs, which built everything.
 * Counts and delays are measured through a proxy in front of the database; CPU time and speed are measured without it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedDatabase } from '../../src/data/embedded.ts';
import { own } from './contestants.ts';
import { readEnvironment } from './environment.ts';
import { goalsOf } from './goals.ts';
import { measureFlat } from './measureFlat.ts';
import {
  joinResults,
  measureCounts,
  measureEmbeddedStart,
  measureOneByOne,
  measureOverhead,
  measureQuestion,
  measureStarts,
  measureWithDelay,
  memoryOf,
  pageOf,
  questionOf,
  startIdle,
} from './measureParts.ts';
import { measureSoak } from './measureSoak.ts';
import { runOperation } from './operation.ts';
import { OptionsInvalid, readOptions, usage, type Options, type Part } from './options.ts';
import { comparedPages } from './pages.ts';
import { databaseProcess } from './processUsage.ts';
import { startProxy } from './proxy.ts';
import { terminalReport } from './report.ts';
import type { ByContestant, GrowthResult, ProcessResult, Results, SingleResult } from './results.ts';
import { writeResults } from './resultFiles.ts';
import { seedOwner, type Owner, type OwnerSpec, type RunOperation } from './seed.ts';
import { openSeedDatabase } from './seedDatabase.ts';
import type { Tables } from './serverProcess.ts';
import { startAll, startContestant, stopAll, tablePrefix, type OwnerName, type Session } from './session.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Mutable<Omit<Results, 'environment'>>;

/** A number of projects on the page that the part about growth looks at. */
const growthOwner = (projects: number): OwnerName => `projects${projects}`;

function ownersFor({ settings: { growth, manyRows }, parts }: Options): OwnerSpec[] {
  const forPart = (part: Part, ...specs: OwnerSpec[]): OwnerSpec[] => (parts.includes(part) ? specs : []);
  return [
    { name: 'page', projects: 20, content: 'interleaved' },
    ...forPart('bursts', { name: 'bursts', projects: 20, content: 'bursts' }),
    ...forPart('create', { name: 'writer', projects: 20, content: 'nothing' }),
    ...forPart(
      'flat',
      { name: 'fewRows', projects: 1, content: { deployments: 10 } },
      { name: 'manyRows', projects: 1, content: { deployments: manyRows } },
      { name: 'generations', projects: 2, content: 'generations' },
    ),
    ...forPart('growth', ...growth.map((projects): OwnerSpec => ({ name: growthOwner(projects), projects, content: 'interleaved' }))),
  ];
}

interface Seeding {
  readonly options: Options;
  readonly session: Omit<Session, 'owner'>;
  readonly owners: Map<string, Owner>;
}

async function seed({ session, owners, options }: Seeding): Promise<void> {
  const database = await openSeedDatabase(session.tables);
  const server = await startContestant({ ...session, owner: unknownOwner }, own, { viaProxy: false });
  const run: RunOperation = (query, variables, token) => runOperation(server.url, { query, variables, token });
  try {
    for (const spec of ownersFor(options)) {
      session.progress(`seeding ${spec.name}: ${spec.projects} project${spec.projects === 1 ? '' : 's'}`);
      owners.set(spec.name, await seedOwner({ run, database }, spec));
    }
  } finally {
    await server.stop();
    database.close();
  }
}

function unknownOwner(name: string): never {
  throw new Error(`there is no owner ${name} in the seed`);
}

/** Counts, delays and flat costs: everything with the proxy between the servers and the database. */
async function measureThroughProxy(session: Session, wanted: (part: Part) => boolean, draft: Draft): Promise<void> {
  const servers = await startAll(session, { viaProxy: true });
  try {
    for (const page of comparedPages.filter(wanted)) {
      session.progress(`counting DynamoDB calls: ${page}`);
      draft.pages[page] = await measureCounts(session, servers, questionOf(session, page));
    }
    if (wanted('bursts')) {
      session.progress('counting DynamoDB calls: page, projects worked on in bursts');
      draft.bursts = await measureCounts(session, servers, pageOf(session, 'bursts'));
    }
    for (const projects of wanted('growth') ? session.settings.growth : []) {
      session.progress(`counting DynamoDB calls: page with ${projects} projects`);
      addGrowth(draft, projects, await measureCounts(session, servers, pageOf(session, growthOwner(projects))));
    }
    if (wanted('delayed')) {
      session.progress('the page with 5 ms on every DynamoDB call');
      draft.delayed = await measureWithDelay(session, servers, questionOf(session, 'page'));
    }
    const largest = Math.max(0, ...session.settings.growth);
    if (wanted('delayed') && wanted('growth') && largest > 0) {
      session.progress(`the page with ${largest} projects and 5 ms on every DynamoDB call`);
      addGrowth(draft, largest, named('delayed', await measureWithDelay(session, servers, pageOf(session, growthOwner(largest)))));
    }
    const [ours] = servers.filter(({ contestant }) => contestant === own);
    if (wanted('flat') && ours) {
      session.progress('costs that must not grow');
      draft.flat = await measureFlat(session, ours);
    }
  } finally {
    await stopAll(servers);
  }
}

/** Adds one kind of measurement to one size of the page. */
function addGrowth(draft: Draft, projects: number, added: ByContestant<GrowthResult>): void {
  const before = draft.growth?.[projects] ?? {};
  const names = Object.keys(added) as (keyof typeof added)[];
  const after = Object.fromEntries(names.map((name) => [name, { ...before[name], ...added[name] }]));
  draft.growth = { ...draft.growth, [projects]: after };
}

function named(kind: 'single' | 'delayed', results: ByContestant<SingleResult>): ByContestant<GrowthResult> {
  return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, { [kind]: result }]));
}

/** CPU time, speed and memory: the servers directly on the database. */
async function measureDirectly(session: Session, wanted: (part: Part) => boolean, draft: Draft): Promise<void> {
  session.progress('starting all servers on the database');
  const { servers, idle } = await startIdle(session);
  try {
    for (const page of comparedPages.filter(wanted)) {
      session.progress(`CPU time and speed: ${page}`);
      draft.pages[page] = joinResults(draft.pages[page] ?? {}, await measureQuestion(session, servers, questionOf(session, page)));
    }
    for (const projects of wanted('growth') ? session.settings.growth : []) {
      session.progress(`CPU time and speed: page with ${projects} projects`);
      addGrowth(draft, projects, named('single', await measureOneByOne(session, servers, pageOf(session, growthOwner(projects)))));
    }
    if (wanted('overhead')) {
      session.progress('what stands before the resolvers');
      draft.overhead = await measureOverhead(session, servers);
    }
    mergeProcesses(draft, memoryResults(idle, memoryOf(servers)));
  } finally {
    await stopAll(servers);
  }
}

function memoryResults(idle: ByContestant<number>, loaded: ByContestant<number>): ByContestant<ProcessResult> {
  const names = Object.keys(idle) as (keyof typeof idle)[];
  return Object.fromEntries(names.map((name) => [name, { idleRssBytes: idle[name], loadedRssBytes: loaded[name] }]));
}

function mergeProcesses(draft: Draft, results: ByContestant<ProcessResult>): void {
  const names = Object.keys(results) as (keyof typeof results)[];
  const merged = names.map((name) => [name, { ...draft.processes?.[name], ...results[name] }] as const);
  draft.processes = { ...draft.processes, ...Object.fromEntries(merged) };
}

async function measureProcesses(session: Session, draft: Draft): Promise<void> {
  session.progress('cold starts');
  mergeProcesses(draft, await measureStarts(session));
  session.progress('cold start on the embedded database');
  draft.embeddedStartMs = await measureEmbeddedStart(session);
}

async function measure(session: Session, options: Options): Promise<Omit<Results, 'environment'>> {
  const draft: Draft = { pages: {} };
  const wanted = (part: Part): boolean => options.parts.includes(part);
  if (wanted('start')) await measureProcesses(session, draft);
  await measureThroughProxy(session, wanted, draft);
  await measureDirectly(session, wanted, draft);
  if (options.soakSeconds > 0) {
    session.progress(`memory under ${options.soakSeconds} s of load`);
    draft.soak = await measureSoak(session, options.soakSeconds);
  }
  return draft;
}

/** Starts the database and the proxy, seeds, measures, and ends everything again, also when something fails. */
async function runBenchmark(options: Options, { root, built }: { root: string; built: string }): Promise<Results> {
  const started = performance.now();
  const progress = (line: string): void => {
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stderr.write(`${seconds.padStart(4)} s  ${line}\n`);
  };
  const scratch = mkdtempSync(join(tmpdir(), 'snapinfra-bench-'));
  progress('starting the embedded database, in memory');
  const database = await startEmbeddedDatabase({ dataDir: 'memory' });
  const proxy = await startProxy(built, database.endpoint);
  const tables: Tables = { endpoint: database.endpoint, prefix: tablePrefix };
  const owners = new Map<string, Owner>();
  const { contestants, settings, mode } = options;
  const databasePid = databaseProcess(database.endpoint);
  const session = { folders: { built, scratch }, tables, proxy, databasePid, settings, contestants, progress };
  try {
    await seed({ session, owners, options });
    const found = await measure({ ...session, owner: (name) => owners.get(name) ?? unknownOwner(name) }, options);
    const environment = readEnvironment(root, { mode, database: 'dynoxide 1.2.1, in memory, on the same machine' });
    return { environment: { ...environment, seconds: (performance.now() - started) / 1000 }, ...found };
  } finally {
    await proxy.stop();
    await database.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The command line, and the folders that bench.mjs made. */
export interface Command {
  readonly args: readonly string[];
  readonly root: string;
  /** Where results go that are not for the repository. */
  readonly cache: string;
  /** Where everything was built to. */
  readonly built: string;
}

/** Runs the command. Returns its exit code: 0 when everything was measured, also where a goal was missed. */
export async function main({ args, root, cache, built }: Command): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  try {
    const options = readOptions(args);
    const results = await runBenchmark(options, { root, built });
    process.stdout.write(`\n${terminalReport(results, goalsOf(results))}\n`);
    const files = await writeResults(results, { root, cache, out: options.out });
    process.stdout.write(`\n${files.join('\n')}\n`);
    return 0;
  } catch (error) {
    const text = error instanceof OptionsInvalid ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`bench: ${text}\n`);
    if (error instanceof Error && error.cause instanceof Error) process.stderr.write(`because: ${error.cause.message}\n`);
    return 1;
  }
}
