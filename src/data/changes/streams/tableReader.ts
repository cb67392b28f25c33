/** Reads the stream of a table: finds its shards, reads them side by side, and follows when they are split or the stream is replaced. */
import { setMaxListeners } from 'node:events';
import { StreamMissing } from './health.ts';
import { insist, nameOf, type Reading } from './reading.ts';
import { iteratorAt, readShard, type ShardToRead } from './shardReader.ts';
import {
  awaitsChildren,
  beginAtEnd,
  beginAtHorizon,
  latest,
  listShards,
  trimHorizon,
  type ListedStream,
  type ShardState,
} from './shards.ts';

/** Names of parts of a table's reading beside its shards: looking for streams and shards, and a stream as such. */
const listing = 'shards';
const whole = 'stream';

const gone = 'ResourceNotFoundException';

/** The shards of one stream that are being read. */
interface ShardsOfStream {
  readonly states: ReadonlyMap<string, ShardState>;
  isReading(): boolean;
  /** Begins with shards that the listing shows and that are due. */
  beginNew(listed: ListedStream): void;
  /** Begins at the end of all shards; resolves when each has a place. */
  beginLatest(listed: ListedStream): Promise<void>;
  /** Resolves when a shard comes to its end, or after a time. */
  change(milliseconds: number): Promise<void>;
  /** Ends all reading. */
  stop(): Promise<void>;
}

/** Returns how to wait for a time, or for a call of `wake`, which also counts when nobody waits at the moment. */
function createAlarm(pause: Reading['pause'], signal: AbortSignal) {
  let isDue = false;
  let ring: (() => void) | undefined;
  return {
    wake(): void {
      isDue = true;
      ring?.();
    },
    async wait(milliseconds: number): Promise<void> {
      const bell = new AbortController();
      ring = () => bell.abort();
      signal.addEventListener('abort', ring);
      if (isDue || signal.aborted) ring();
      try {
        await pause(milliseconds, bell.signal);
      } catch {
        signal.throwIfAborted();
      } finally {
        signal.removeEventListener('abort', ring);
        ring = undefined;
        isDue = false;
      }
    },
  };
}

function shardsOf(reading: Reading, arn: string, outer: AbortSignal): ShardsOfStream {
  const own = new AbortController();
  const { signal } = own;
  // Each shard listens, and Node warns of more than ten.
  setMaxListeners(0, signal);
  const end = (): void => own.abort();
  outer.addEventListener('abort', end);
  if (outer.aborted) end();
  const states = new Map<string, ShardState>();
  const running = new Set<Promise<void>>();
  const alarm = createAlarm(reading.pause, signal);

  async function read(shard: ShardToRead): Promise<void> {
    try {
      await readShard(reading, shard, signal);
    } catch (error) {
      // Gone, with what had not been read: looking for its children, or for another stream, is what remains.
      if (nameOf(error) === gone) reading.publishGap();
    } finally {
      states.set(shard.id, 'finished');
      alarm.wake();
    }
  }

  function begin(shard: ShardToRead): void {
    const work = read(shard).finally(() => running.delete(work));
    running.add(work);
  }

  return {
    states,
    isReading: () => running.size > 0,
    beginNew(listed) {
      for (const id of beginAtHorizon(listed, states)) begin({ arn, id, position: trimHorizon });
    },
    async beginLatest(listed) {
      const shards = beginAtEnd(listed, states).map((id): ShardToRead => ({ arn, id, position: latest }));
      const attempt = async (): Promise<ShardToRead[]> =>
        Promise.all(shards.map(async (shard) => ({ ...shard, iterator: await iteratorAt(reading, shard, signal) })));
      for (const shard of await insist(reading, { part: listing, signal, attempt, expected: [gone] })) begin(shard);
    },
    change: (milliseconds) => alarm.wait(milliseconds),
    async stop() {
      outer.removeEventListener('abort', end);
      own.abort();
      await Promise.all(running);
    },
  };
}

/** Reads a stream until it is switched off and read to its end. Rejects with ResourceNotFoundException when it is gone, and when the signal is aborted. */
async function readStream(reading: Reading, stream: { arn: string; isFirst: boolean }, signal: AbortSignal): Promise<void> {
  const { client, waits } = reading;
  const shards = shardsOf(reading, stream.arn, signal);
  const attempt = (): Promise<ListedStream> => listShards(stream.arn, (input) => client.describeStream(input, signal));
  const list = (): Promise<ListedStream> => insist(reading, { part: listing, signal, attempt, expected: [gone] });
  try {
    let listed = await list();
    reading.health.works(whole);
    if (stream.isFirst) await shards.beginLatest(listed);
    // What has changed since somebody began to watch, or while there was no stream, was before the beginning.
    reading.publishGap();
    for (;;) {
      shards.beginNew(listed);
      if (listed.isDisabled && !shards.isReading()) return;
      await shards.change(awaitsChildren(listed, shards.states) ? waits.successor : waits.discovery);
      listed = await list();
    }
  } finally {
    await shards.stop();
  }
}

/** Reads the streams of a table, one after the other, until the signal is aborted. Never rejects. */
export async function readTable(reading: Reading, signal: AbortSignal): Promise<void> {
  const { client, table, pause, waits } = reading;
  const attempt = async (): Promise<string> => {
    const arn = await client.latestStream(table, signal);
    if (arn === null) throw new StreamMissing();
    return arn;
  };
  let last: string | undefined;
  try {
    for (;;) {
      const arn = await insist(reading, { part: listing, signal, attempt });
      try {
        await readStream(reading, { arn, isFirst: last === undefined || last === arn }, signal);
      } catch (error) {
        if (nameOf(error) !== gone) throw error;
        reading.health.fails(whole, error);
      }
      last = arn;
      reading.publishGap();
      await pause(waits.successor, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    reading.health.ends(listing);
    reading.health.ends(whole);
  }
}
