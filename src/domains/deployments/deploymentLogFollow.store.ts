/** Reading what is new in a deployment's log. See logLanes.ts. */
import type { Context } from '../../context.ts';
import type { Row } from '../../data/connection.ts';
import { readPartition } from '../../data/page.ts';
import type { DeploymentRecord } from './deployment.ts';
import { countMissing, inOrderOfWriting, isLaneItem, laneMark, placeOf, type PlacedBlock, type Progress } from './logLanes.ts';

/** The keys of a log's blocks, which is all that tells what is new. */
const placeAttributes = ['id', 'userId', 'lane', 'number'];

function progressIn(items: readonly Row[]): Progress {
  return Object.fromEntries(
    items.flatMap((item) => (isLaneItem(item) ? [placeOf(item)] : [])).flatMap((end) => (end ? [[end.lane, end.number]] : [])),
  );
}

/** Returns how far a log has grown by now. */
export async function readProgress({ connection }: Context, { id, userId }: DeploymentRecord): Promise<Progress> {
  const reason = 'how far the log of a deployment has grown';
  const range = { beginsWith: `${userId}${laneMark}` };
  return progressIn(await readPartition(connection, { table: 'deployments', partition: id, range, consistent: true, reason }));
}

/**
 * Returns the blocks that a reader lacks, in the order of writing, and nothing that was written after the reading began.
 * Read from the end of the log, where new blocks mostly are, until all that are missing were found.
 */
export async function findNewBlocks({ connection }: Context, { id, userId }: DeploymentRecord, progress: Progress): Promise<PlacedBlock[]> {
  const found: PlacedBlock[] = [];
  let ends: Progress | null = null;
  let start: Row | undefined;
  do {
    const page = await connection.query({
      table: 'deployments',
      partition: id,
      range: { from: `${userId}#log#`, to: `${userId}#log~` },
      descending: true,
      limit: 32,
      start,
      consistent: true,
      attributes: placeAttributes,
      reason: 'what is new in the log of a deployment',
    });
    // The ends of the lanes are the last items of a log, so the first that are read.
    ends ??= progressIn(page.items);
    if (countMissing(progress, ends) === 0) return [];
    for (const item of page.items) {
      const place = isLaneItem(item) ? null : placeOf(item);
      const isNew = place && place.number > (progress[place.lane] ?? 0) && place.number <= (ends[place.lane] ?? 0);
      if (isNew) found.push({ ...place, block: String(item['userId']).slice(userId.length) });
    }
    start = page.next ?? undefined;
  } while (start && found.length < countMissing(progress, ends));
  return inOrderOfWriting(found);
}

/** Returns blocks by their keys below the owner's id; null for those that are gone. */
export function readBlocks({ connection }: Context, { id, userId }: DeploymentRecord, blocks: readonly string[]): Promise<(Row | null)[]> {
  const keys = blocks.map((block) => ({ id, userId: `${userId}${block}` }));
  return connection.batchGet('deployments', keys, { consistent: true, reason: 'new entries of the log of a deployment' });
}
