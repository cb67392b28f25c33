/** DynamoDB Streams of a script: shards that a test opens, fills, splits, trims and takes away, and calls that it lets fail. */
import type { _Record } from '@aws-sdk/client-dynamodb-streams';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StreamsClient } from '../../src/data/changes/streams/client.ts';
import type { TableId } from '../../src/data/tables.ts';

/** A shard. */
export interface FakeShard {
  readonly id: string;
  readonly parent?: string;
  readonly records: _Record[];
  /** How many of the oldest records are gone. */
  trimmed: number;
  closed: boolean;
}

/** A call as it arrives. */
export interface FakeCall {
  readonly operation: 'latestStream' | 'describeStream' | 'getShardIterator' | 'getRecords';
  readonly shard?: string;
  /** Of an iterator: what was asked for. */
  readonly position?: string;
}

/** The streams, and what may happen to them. */
export interface FakeStreams {
  readonly client: StreamsClient;
  /** Every call so far. */
  readonly calls: FakeCall[];
  /** Gives a table a stream, an empty one, in place of what it had. */
  open(table: TableId, arn: string): void;
  /** Takes the present stream of a table away: it stays readable, or is gone. */
  disable(table: TableId, how: 'readable' | 'gone'): void;
  shard(arn: string, id: string, parent?: string): FakeShard;
  /** Decides about a call: what is returned is thrown. */
  onCall: (call: FakeCall) => Error | Promise<Error> | undefined;
}

/** Returns an error as the SDK throws it. */
export function serviceError(name: string, httpStatusCode = 400): Error {
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
}

const perPage = 2;

let sequence = 0;

/** Returns a record of an item that was written. */
export function fakeRecord(item: Readonly<Record<string, string>>): _Record {
  sequence += 1;
  const NewImage = Object.fromEntries(Object.entries(item).map(([name, S]) => [name, { S }]));
  return { eventName: 'MODIFY', dynamodb: { NewImage, SequenceNumber: String(sequence).padStart(21, '0') } };
}

interface FakeStream {
  readonly shards: Map<string, FakeShard>;
  status: 'ENABLED' | 'DISABLED';
}

/** Opens streams without any shard. */
export function createFakeStreams(): FakeStreams {
  const streams = new Map<string, FakeStream>();
  const current = new Map<TableId, string>();
  const calls: FakeCall[] = [];

  async function arrive(call: FakeCall, signal?: AbortSignal): Promise<void> {
    calls.push(call);
    const decision = fake.onCall(call);
    let onAbort = (): void => undefined;
    const left = new Promise<Error>((resolve) => {
      onAbort = () => resolve(serviceError('AbortError'));
    });
    signal?.addEventListener('abort', onAbort);
    const error = await Promise.race([decision, left, ...(decision ? [] : [nextTurn()])]);
    signal?.removeEventListener('abort', onAbort);
    if (error) throw error;
  }

  function streamOf(arn: string | undefined): FakeStream {
    const stream = streams.get(arn ?? '');
    if (!stream) throw serviceError('ResourceNotFoundException');
    return stream;
  }

  function shardOf(arn: string | undefined, id: string | undefined): FakeShard {
    const shard = streamOf(arn).shards.get(id ?? '');
    if (!shard) throw serviceError('ResourceNotFoundException');
    return shard;
  }

  function indexOf(shard: FakeShard, type: string | undefined, after: string | undefined): number {
    if (type === 'LATEST') return shard.records.length;
    if (type === 'TRIM_HORIZON') return shard.trimmed;
    const index = shard.records.findIndex(({ dynamodb }) => dynamodb?.SequenceNumber === after);
    if (index < 0) throw serviceError('ValidationException');
    if (index < shard.trimmed) throw serviceError('TrimmedDataAccessException');
    return index + 1;
  }

  const client: StreamsClient = {
    async latestStream(table, signal) {
      await arrive({ operation: 'latestStream' }, signal);
      return current.get(table) ?? null;
    },
    async describeStream({ StreamArn, ExclusiveStartShardId }, signal) {
      await arrive({ operation: 'describeStream' }, signal);
      const { shards, status } = streamOf(StreamArn);
      const all = [...shards.values()];
      const start = all.findIndex(({ id }) => id === ExclusiveStartShardId) + 1;
      const page = all.slice(start, start + perPage);
      const isLast = start + perPage >= all.length;
      return {
        $metadata: {},
        StreamDescription: {
          StreamStatus: status,
          Shards: page.map(({ id, parent }) => ({ ShardId: id, ...(parent !== undefined && { ParentShardId: parent }) })),
          ...(!isLast && { LastEvaluatedShardId: page.at(-1)!.id }),
        },
      };
    },
    async getShardIterator({ StreamArn, ShardId, ShardIteratorType, SequenceNumber }, signal) {
      await arrive({ operation: 'getShardIterator', shard: ShardId!, position: ShardIteratorType! }, signal);
      const index = indexOf(shardOf(StreamArn, ShardId), ShardIteratorType, SequenceNumber);
      return { $metadata: {}, ShardIterator: JSON.stringify([StreamArn, ShardId, index]) };
    },
    async getRecords({ ShardIterator }, signal) {
      const [arn, id, index] = JSON.parse(ShardIterator!) as [string, string, number];
      await arrive({ operation: 'getRecords', shard: id }, signal);
      const shard = shardOf(arn, id);
      if (index < shard.trimmed) throw serviceError('TrimmedDataAccessException');
      const Records = shard.records.slice(index, index + perPage);
      const next = index + Records.length;
      const isOver = (shard.closed || streamOf(arn).status === 'DISABLED') && next === shard.records.length;
      return { $metadata: {}, Records, ...(!isOver && { NextShardIterator: JSON.stringify([arn, id, next]) }) };
    },
    close: () => undefined,
  };

  const fake: FakeStreams = {
    client,
    calls,
    onCall: () => undefined,
    open(table, arn) {
      streams.set(arn, { shards: new Map(), status: 'ENABLED' });
      current.set(table, arn);
    },
    disable(table, how) {
      const arn = current.get(table)!;
      current.delete(table);
      if (how === 'gone') streams.delete(arn);
      else streamOf(arn).status = 'DISABLED';
    },
    shard(arn, id, parent) {
      const shard: FakeShard = { id, ...(parent !== undefined && { parent }), records: [], trimmed: 0, closed: false };
      streamOf(arn).shards.set(id, shard);
      return shard;
    },
  };
  return fake;
}
