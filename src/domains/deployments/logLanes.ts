/**
 * The order in which a log grew. Blocks of a log lie in the order of their times (see deploymentLog.ts), and late entries
 * land between earlier ones, so whoever follows a log can not tell from a place in it what is new. Therefore each block has
 * a number in a lane, and one small item for each lane tells the last number. Writers use the first lane, and another one
 * only when somebody else was at it at the same moment; so a log has one lane mostly.
 */
import type { Condition } from '../../data/expressions.ts';
import type { Row, Write } from '../../data/connection.ts';

/** How far a reader is: the last number of each lane that it has. */
export type Progress = Readonly<Record<string, number>>;

/** Where a block stands in the order of writing. Blocks of the earlier backend, and of earlier versions, have no place. */
export interface LanePlace {
  lane: string;
  number: number;
}

/** The last block of a lane. */
export interface LaneEnd extends LanePlace {
  /** False when the lane has no item yet. */
  exists: boolean;
}

/** '~' sorts behind the times of blocks, so these items are the last of a log. */
export const laneMark = '#log#~';

/** More lanes let more writers append at once. */
const lanes = 8;

/** Returns a lane for a writer who has been at it `attempts` times. The owner is part of its name: a new owner's writers begin new ones. */
export function chooseLane(ownerId: string, attempts: number): string {
  return `${ownerId}~${attempts === 0 ? 0 : Math.floor(Math.random() * lanes)}`;
}

/** Returns the key of the item of a lane. */
export function laneKey(deployment: { id: string; userId: string }, lane: string): Row {
  return { id: deployment.id, userId: `${deployment.userId}${laneMark}${lane}` };
}

/** Returns the end of a lane, from its item if there is one. */
export function laneEnd(lane: string, item: Row | null): LaneEnd {
  return { lane, number: item === null ? 0 : Number(item['number']), exists: item !== null };
}

/** Returns the write that moves the end of a lane on; it fails when another writer was faster. */
export function moveLaneEnd(key: Row, { lane, number, exists }: LaneEnd, by: number): Write {
  const condition: Condition = exists ? { equals: { number } } : { exists: false };
  return { kind: 'put', table: 'deployments', item: { ...key, lane, number: number + by }, condition };
}

/** Returns the place of a block or of the end of a lane, or null for items without one. */
export function placeOf(item: Row): LanePlace | null {
  const { lane, number } = item;
  return typeof lane === 'string' && typeof number === 'number' ? { lane, number } : null;
}

/** True for the item of a lane. */
export function isLaneItem(item: Row): boolean {
  return String(item['userId']).includes(laneMark);
}

/** True when a reader who is so far has what stands at the place. What has no place was there before anything that has. */
export function isReached(progress: Progress, place: LanePlace | null): boolean {
  return place === null || (progress[place.lane] ?? 0) >= place.number;
}

/** Returns how many blocks a reader lacks. */
export function countMissing(progress: Progress, ends: Progress): number {
  return Object.entries(ends).reduce((sum, [lane, last]) => sum + Math.max(0, last - (progress[lane] ?? 0)), 0);
}

/** A block that a reader lacks. */
export interface PlacedBlock extends LanePlace {
  /** Its key below the owner's id: `#log#<time>#<call>#<number>`. */
  block: string;
}

/** The id of the call that wrote a block; it sorts by time. */
function callOf({ block }: PlacedBlock): string {
  return block.split('#').slice(3).join('#');
}

/**
 * Returns blocks in the order of writing. Within a lane the numbers tell it; lanes are merged by the time of their calls,
 * which the clocks of several servers may see differently.
 */
export function inOrderOfWriting(blocks: readonly PlacedBlock[]): PlacedBlock[] {
  const byLane = new Map<string, PlacedBlock[]>();
  for (const block of blocks) byLane.set(block.lane, [...(byLane.get(block.lane) ?? []), block]);
  const queues = [...byLane.values()].map((lane) => lane.sort((a, b) => a.number - b.number));
  const ordered: PlacedBlock[] = [];
  while (ordered.length < blocks.length) {
    const open = queues.filter((queue) => queue.length > 0);
    const next = open.reduce((best, queue) => (callOf(queue[0] as PlacedBlock) < callOf(best[0] as PlacedBlock) ? queue : best));
    ordered.push(next.shift() as PlacedBlock);
  }
  return ordered;
}
