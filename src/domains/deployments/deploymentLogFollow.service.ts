/** Following the log of a deployment: what is there, then what is added; each entry once, also when the client comes back. */
import { findViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { BadCursor } from '../../data/cursor.ts';
import { follow, notToFollow, type Followed } from '../subscription.ts';
import type { DeploymentRecord } from './deployment.ts';
import type { LogEntry } from './deploymentLog.ts';
import { findNewBlocks, readBlocks, readProgress } from './deploymentLogFollow.store.ts';
import { entriesOf, readLog, type LogPosition, type PlacedEntry } from './deploymentLogs.store.ts';
import { logCursors } from './deploymentLogs.service.ts';
import { findDeployment } from './deployments.service.ts';
import type { Progress } from './logLanes.ts';

/** An entry, and how to go on after it. */
export type LogLine = LogEntry & { cursor: string };

/** At most so many lines come at once. */
const linesAtOnce = 100;

/** Blocks have 100 entries at most. */
const blocksAtOnce = 25;

/**
 * How far a reader is. It has everything up to `progress`: all of it when `live`, in which case it also has the block
 * `at` up to an entry; else that part of it which lies up to `at` in the order of time.
 */
interface Place {
  progress: Progress;
  live: boolean;
  /** A block's key below the owner's id, which changes when the project is given away; null at the very beginning, or at the end of a block. */
  at: { block: string; entry: number } | null;
}

function followCursors(context: Context, id: string) {
  const { cursors } = context.services;
  const scope = JSON.stringify([findViewer(context)?.id ?? null, 'deploymentLogs', id]);
  return {
    encode: ({ progress, live, at }: Place): string =>
      cursors.encode([JSON.stringify(progress), live ? 1 : 0, at?.block ?? '', at?.entry ?? -1], scope),
    decode(cursor: string): Place {
      const [progress, live, block, entry] = cursors.decode(cursor, scope);
      const at = entry === -1 ? null : { block: String(block), entry: Number(entry) };
      return { progress: JSON.parse(String(progress)) as Progress, live: live === 1, at };
    },
  };
}

/** Returns where to begin: after a cursor of this subscription or of the list `logs` without a filter, else at the beginning. Throws BadCursor. */
async function startOf(context: Context, deployment: DeploymentRecord, after: string | null): Promise<Place> {
  if (after === null) return { progress: await readProgress(context, deployment), live: false, at: null };
  try {
    return followCursors(context, deployment.id).decode(after);
  } catch (error) {
    if (!(error instanceof BadCursor)) throw error;
  }
  const { position } = logCursors(context, deployment, {}).decode(after);
  const at = { block: position.block.slice(deployment.userId.length), entry: position.entry };
  return { progress: await readProgress(context, deployment), live: false, at };
}

/** Reads the log of one deployment, part by part. */
function createLogReader(id: string, start: Place) {
  let place = start;
  let isCaughtUp = false;

  function lineOf(context: Context, { entry, position }: PlacedEntry, deployment: DeploymentRecord, ofPlace: Omit<Place, 'at'>): LogLine {
    const at = { block: position.block.slice(deployment.userId.length), entry: position.entry };
    return { ...entry, cursor: followCursors(context, id).encode({ ...ofPlace, at }) };
  }

  /** Reads on in what was there when the reader came. */
  async function replay(context: Context, deployment: DeploymentRecord): Promise<LogLine[]> {
    const { progress, at } = place;
    const after: LogPosition | null = at && { block: `${deployment.userId}${at.block}`, entry: at.entry };
    const page = await readLog(context, deployment, { size: linesAtOnce, after, filter: {}, upTo: progress });
    const lines = page.entries.map((placed) => lineOf(context, placed, deployment, { progress, live: false }));
    const last = page.readTo;
    if (!page.hasMore) place = { progress, live: true, at: null };
    else if (last) place = { ...place, at: { block: last.block.slice(deployment.userId.length), entry: last.entry } };
    return lines;
  }

  /** Reads what was added. */
  async function readNew(context: Context, deployment: DeploymentRecord): Promise<LogLine[]> {
    const found = await findNewBlocks(context, deployment, place.progress);
    const blocks = found.slice(0, blocksAtOnce);
    const items = await readBlocks(
      context,
      deployment,
      blocks.map(({ block }) => block),
    );
    isCaughtUp = blocks.length === found.length;
    return items.flatMap((item, i) => {
      const { block, lane, number } = blocks[i] as (typeof blocks)[number];
      const { progress, at } = place;
      const entries = item === null ? [] : entriesOf(item, deployment);
      const lines = entries
        .filter(({ position }) => at?.block !== block || position.entry > at.entry)
        .map((placed) => lineOf(context, placed, deployment, { progress, live: true }));
      place = { progress: { ...progress, [lane]: number }, live: true, at: at?.block === block ? null : at };
      return lines;
    });
  }

  return {
    hasMore: () => !isCaughtUp,
    read: (context: Context, deployment: DeploymentRecord) => (place.live ? readNew : replay)(context, deployment),
  };
}

/** Cuts lines into events, which a client can take one by one. */
function eventsOf(lines: readonly LogLine[]): LogLine[][] {
  const count = Math.ceil(lines.length / linesAtOnce);
  return Array.from({ length: count }, (_, i) => lines.slice(i * linesAtOnce, (i + 1) * linesAtOnce));
}

/**
 * Follows the log of a deployment that the viewer may read, from the beginning or after a cursor. The first event is what is there (an empty
 * list when there is nothing), in the order of time; what is added comes in the order of writing. Throws BadCursor.
 */
export async function followDeploymentLog(context: Context, { id, after }: { id: string; after?: string | null | undefined }) {
  const reader: { current: ReturnType<typeof createLogReader> | null } = { current: null };

  async function requireDeployment(now: Context): Promise<DeploymentRecord> {
    const deployment = await findDeployment(now, id);
    if (!deployment) throw notToFollow(now, 'deployment');
    return deployment;
  }

  const followed: Followed<LogLine[]> = {
    topic: { kind: 'deploymentLog', id },
    async first(now) {
      const deployment = await requireDeployment(now);
      reader.current = createLogReader(id, await startOf(now, deployment, after ?? null));
      return [await reader.current.read(now, deployment)];
    },
    async next(now) {
      const deployment = await requireDeployment(now);
      return eventsOf((await reader.current?.read(now, deployment)) ?? []);
    },
    hasMore: () => reader.current?.hasMore() ?? false,
  };
  return follow(context, 'deploymentLogs', followed);
}
