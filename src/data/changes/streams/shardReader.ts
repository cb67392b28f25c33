/** Reads one shard of a stream to its end. */
import { isThrottling } from '../../errors.ts';
import { insist, nameOf, type Reading } from './reading.ts';
import { changesIn } from './records.ts';
import { trimHorizon, type Position } from './shards.ts';

/** A shard, and where to begin. */
export interface ShardToRead {
  readonly arn: string;
  readonly id: string;
  readonly position: Position;
  /** An iterator at that place, where there is one already. */
  readonly iterator?: string | undefined;
}

const expired = 'ExpiredIteratorException';
const trimmed = 'TrimmedDataAccessException';

/** Where the reading of a shard is. */
interface Place {
  position: Position;
  iterator: string | undefined;
  /** True when changes before this place may have been missed. */
  isAfterGap: boolean;
}

/** Returns an iterator at a place of a shard. Rejects with the SDK's errors; `undefined` when there is nothing to read. */
export async function iteratorAt(
  { client }: Reading,
  { arn, id, position }: ShardToRead,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { ShardIterator: iterator } = await client.getShardIterator({ StreamArn: arn, ShardId: id, ...position }, signal);
  return iterator;
}

/** Reads what there is at a place and moves it; returns false at the end of the shard. */
async function readOn(reading: Reading, shard: ShardToRead, { place, signal }: { place: Place; signal: AbortSignal }): Promise<boolean> {
  place.iterator ??= await iteratorAt(reading, { ...shard, position: place.position }, signal);
  if (place.iterator === undefined) return false;
  // Not earlier: what changes before there is an iterator at the end of a shard is missed, too.
  if (place.isAfterGap) reading.publishGap();
  place.isAfterGap = false;
  const { Records: records = [], NextShardIterator: next } = await reading.client.getRecords({ ShardIterator: place.iterator }, signal);
  reading.publish(changesIn(reading.table, records));
  const last = records.at(-1)?.dynamodb?.SequenceNumber;
  if (last !== undefined) place.position = { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: last };
  place.iterator = next;
  return next !== undefined;
}

/** Says where to go on after an error that tells why a place is lost. */
function leave(place: Place, error: unknown): void {
  if (nameOf(error) === trimmed) place.position = trimHorizon;
  // Records are kept for 24 hours, iterators for 15 minutes: only where nothing has been read yet it is not known what was missed.
  place.isAfterGap ||= nameOf(error) === trimmed || place.position.ShardIteratorType === 'LATEST';
}

/**
 * Reads a shard until its end, which comes when it is closed; the place is kept in memory. Rejects with
 * ResourceNotFoundException when the shard is gone, and when the signal is aborted; everything else is tried again.
 */
export async function readShard(reading: Reading, shard: ShardToRead, signal: AbortSignal): Promise<void> {
  const { health, pause, waits } = reading;
  const place: Place = { position: shard.position, iterator: shard.iterator, isAfterGap: false };
  const attempt = async (): Promise<boolean> => {
    try {
      return await readOn(reading, shard, { place, signal });
    } catch (error) {
      // Under throttling a new iterator would be one more call; after anything else the old one may be what is wrong.
      if (!isThrottling(error)) place.iterator = undefined;
      throw error;
    }
  };
  const expected = [expired, trimmed, 'ResourceNotFoundException'];
  try {
    for (let goesOn = true; goesOn;) {
      try {
        goesOn = await insist(reading, { part: shard.id, signal, attempt, expected });
      } catch (error) {
        if (![expired, trimmed].includes(nameOf(error))) throw error;
        leave(place, error);
      }
      if (goesOn) await pause(waits.poll, signal);
    }
  } finally {
    health.ends(shard.id);
  }
}
