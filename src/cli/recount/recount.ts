/**
 * Counting anew. A correction is committed only if nothing was counted between the reading of the counters and itself:
 * each shard counts its changes, and the transaction demands that none has changed. So a recount beside a busy server
 * either corrects by exactly what is wrong, or starts over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Row, Write } from '../../data/connection.ts';
import { readPartition, walkPartition } from '../../data/page.ts';
import {
  correctCounts,
  countsOfRow,
  isCounted,
  readProjectCounts,
  snapshotOwnerCounts,
  snapshotProjectCounts,
  type CounterName,
  type CounterSnapshot,
} from '../../data/counters.ts';
import { DatabaseBusy } from '../../data/errors.ts';
import { tryTransact } from '../../data/tryTransact.ts';
import { countDownExpired } from '../../domains/codeGenerations/expiry.ts';
import { isVisibleStatus, type ProjectRecord } from '../../domains/projects/project.ts';
import { isCountedMember } from '../../domains/teams/member.ts';
import { correctTeamCount, readTeam, readTeamCount } from '../../domains/teams/teams.store.ts';
import { checkUniformity } from './uniformity.ts';
import { addCounts, adoptProject, countedTables, eachPage, isInCounters, isThere, readCurrent } from './adopt.ts';

/** How a recount paces itself. */
export interface RecountOptions {
  /** Milliseconds after which an index shows every earlier write: a difference is believed only when it is still there then. */
  settleMs: number;
  /** Milliseconds that one project or owner may keep changing before the recount gives up. */
  patienceMs: number;
  signal: AbortSignal;
}

/** A counter that was wrong. */
export interface Correction {
  counter: CounterName;
  was: number;
  is: number;
}

/** Others kept changing a project or what an owner has: its counters could not be compared with anything. */
export class KeepsChanging extends Error {
  override readonly name = 'KeepsChanging';

  constructor(subject: string, seconds: number) {
    super(
      `${subject} kept changing for ${seconds} seconds, so it could not be counted; nothing was corrected there. Try again when less is written.`,
    );
  }
}

/** What a recount of a project did. */
export interface ProjectRecount {
  /** Rows of the earlier backend that are in the counters from now on. */
  adopted: number;
  corrections: Correction[];
  /** True when rows of other creators are among those of the project, so that its lists are read one by one. */
  isMixed: boolean;
}

/** Makes the counters of a project agree with its rows. */
export async function recountProject(connection: Connection, project: ProjectRecord, options: RecountOptions): Promise<ProjectRecount> {
  await countDownExpired(connection, new Date());
  const adopted = await adoptProject(connection, project);
  const corrections = await correct(connection, `The project ${project.id}`, {
    options,
    snapshot: () => snapshotProjectCounts(connection, project.id, project.userId),
    truth: () => countProject(connection, project),
    beside: () => teamCorrection(connection, project),
  });
  return { adopted, corrections, isMixed: (await checkUniformity(connection, project)) === undefined };
}

/** Makes the totals of an owner the sum of the counters of the projects that they own. Returns what was wrong. */
export async function recountOwner(connection: Connection, ownerId: string, options: RecountOptions): Promise<Correction[]> {
  return correct(connection, `What ${ownerId} owns`, {
    options,
    snapshot: () => snapshotOwnerCounts(connection, ownerId),
    truth: () => countOwner(connection, ownerId),
    beside: () => Promise.resolve([]),
  });
}

interface Counting {
  options: RecountOptions;
  snapshot: () => Promise<CounterSnapshot>;
  truth: () => Promise<Record<CounterName, number>>;
  /** Further corrections to be made in the same transaction. */
  beside: () => Promise<Write[]>;
}

async function correct(connection: Connection, subject: string, { options, snapshot, truth, beside }: Counting): Promise<Correction[]> {
  const { settleMs, patienceMs, signal } = options;
  const begun = Date.now();
  for (let attempt = 0; Date.now() - begun < patienceMs; attempt += 1) {
    if (attempt > 0) await sleep(Math.random() * Math.min(2_000, 50 * 2 ** attempt), undefined, { signal });
    const before = await snapshot();
    let corrections = differences(before.counts, await truth());
    if (corrections.length > 0 && settleMs > 0) {
      await sleep(settleMs, undefined, { signal });
      corrections = differences(before.counts, await truth());
    }
    const by = Object.fromEntries(corrections.map(({ counter, was, is }) => [counter, is - was]));
    const others = await beside();
    if (Object.keys(by).length === 0 && others.length === 0) {
      if (isSame(before, await snapshot())) return [];
    } else if (await isDone(connection, [...correctCounts(before, by), ...others])) return corrections;
  }
  throw new KeepsChanging(subject, Math.round(patienceMs / 1_000));
}

function isSame(a: CounterSnapshot, b: CounterSnapshot): boolean {
  return JSON.stringify(a.items.map(sorted)) === JSON.stringify(b.items.map(sorted));
}

function sorted(item: Row | null): unknown {
  return item && Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Like `tryTransact`; false also when others were at the same items all the time. */
async function isDone(connection: Connection, writes: readonly Write[]): Promise<boolean> {
  try {
    return await tryTransact(connection, writes);
  } catch (error) {
    if (error instanceof DatabaseBusy) return false;
    throw error;
  }
}

const counterNames: ReadonlySet<CounterName> = new Set([...countedTables, 'projects', 'members']);

/** True for counters that this version keeps; what a later version counts is left alone. */
function isKnown(name: CounterName): boolean {
  return counterNames.has(name) || name.startsWith('deployments:');
}

function differences(was: Record<CounterName, number>, is: Record<CounterName, number>): Correction[] {
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((name) => isKnown(name) && (was[name] ?? 0) !== (is[name] ?? 0))
    .sort()
    .map((counter) => ({ counter, was: was[counter] ?? 0, is: is[counter] ?? 0 }));
}

/** Counts what a project holds, row by row. */
async function countProject(connection: Connection, project: ProjectRecord): Promise<Record<CounterName, number>> {
  const counts: Record<CounterName, number> = {};
  for (const table of countedTables) {
    await eachPage(connection, { table, projectId: project.id }, async (rows) => {
      // Rows that were taken into the counters a moment ago: the index may not know yet.
      const current = await readCurrent(
        connection,
        table,
        rows.filter((row) => !isCounted(row) && isThere(row)),
      );
      for (const row of [...rows, ...current].filter(isInCounters)) addCounts(counts, countsOfRow(table, row));
    });
  }
  const { members } = await readTeam(connection, project.id);
  addCounts(counts, { members: members.filter((member) => member.userId !== project.userId && isCountedMember(member)).length });
  return counts;
}

/** The limit of members has a number of its own, which is changed together with the counters. */
async function teamCorrection(connection: Connection, project: ProjectRecord): Promise<Write[]> {
  const { members: stored, stored: isStored } = await readTeamCount(connection, project);
  const { members } = await readTeam(connection, project.id);
  const actual = members.filter(({ userId }) => userId !== project.userId).length;
  return isStored && stored !== actual ? [correctTeamCount(project.id, stored, actual)] : [];
}

async function countOwner(connection: Connection, ownerId: string): Promise<Record<CounterName, number>> {
  const counts: Record<CounterName, number> = {};
  for (const row of await projectsOf(connection, ownerId)) {
    // A project under deletion gives its counters back when its row goes.
    addCounts(counts, await readProjectCounts(connection, row.id, ownerId));
    if (!isVisibleStatus(row.status)) continue;
    // The row may have been taken into the counters a moment ago: the index may not know yet.
    const isIn = isCounted(row) || (await readCurrent(connection, 'projects', [row])).some(isCounted);
    if (isIn) addCounts(counts, { projects: 1 });
  }
  return counts;
}

/** Returns the rows of all projects of an owner, also of those that are hidden while they are deleted or copied. */
export async function projectsOf(connection: Connection, ownerId: string): Promise<ProjectRecord[]> {
  return (await readPartition(connection, { table: 'projects', index: 'UserIdIndex', partition: ownerId })) as ProjectRecord[];
}

/** Returns the owners of all projects that are draft, active or archived, page by page through StatusIndex. */
export async function allOwners(connection: Connection): Promise<string[]> {
  const owners = new Set<string>();
  for (const status of ['draft', 'active', 'archived']) {
    for await (const rows of walkPartition(connection, { table: 'projects', index: 'StatusIndex', partition: status })) {
      for (const { userId } of rows) owners.add(String(userId));
    }
  }
  return [...owners];
}
