/** Which shards of a stream are read, from where on, and when. Pure: lists in, decisions out. */
import type { DescribeStreamInput, DescribeStreamOutput, Shard } from '@aws-sdk/client-dynamodb-streams';

/** A place in a shard, in the words of GetShardIterator. */
export type Position =
  | { readonly ShardIteratorType: 'LATEST' | 'TRIM_HORIZON' }
  | { readonly ShardIteratorType: 'AFTER_SEQUENCE_NUMBER'; readonly SequenceNumber: string };

/** The end of a shard, and its oldest record that is still there. */
export const latest: Position = { ShardIteratorType: 'LATEST' };
export const trimHorizon: Position = { ShardIteratorType: 'TRIM_HORIZON' };

/** What has been begun with a shard. */
export type ShardState = 'reading' | 'finished';

/** A stream and all of its shards. */
export interface ListedStream {
  /** True when nothing is written to it any more. */
  readonly isDisabled: boolean;
  readonly shards: readonly { readonly id: string; readonly parent: string | undefined }[];
}

/** Returns a stream with all of its shards, of which DescribeStream tells at most 100 at once. */
export async function listShards(
  arn: string,
  describe: (input: DescribeStreamInput) => Promise<DescribeStreamOutput>,
): Promise<ListedStream> {
  const shards: Shard[] = [];
  let status: string | undefined;
  let after: string | undefined;
  do {
    const { StreamDescription: page } = await describe({ StreamArn: arn, ...(after !== undefined && { ExclusiveStartShardId: after }) });
    shards.push(...(page?.Shards ?? []));
    status = page?.StreamStatus;
    after = page?.LastEvaluatedShardId;
  } while (after !== undefined);
  return {
    isDisabled: status === 'DISABLED' || status === 'DISABLING',
    shards: shards.flatMap(({ ShardId: id, ParentShardId: parent }) => (id === undefined ? [] : [{ id, parent }])),
  };
}

/**
 * Returns the shards that changes from now on come to, and marks all others as finished. These are the ones without
 * children; whether a shard is closed does not show that, because emulators give open ones an end, too.
 */
export function beginAtEnd({ shards }: ListedStream, states: Map<string, ShardState>): string[] {
  const parents = new Set(shards.map(({ parent }) => parent));
  for (const { id } of shards) states.set(id, parents.has(id) ? 'finished' : 'reading');
  return shards.filter(({ id }) => !parents.has(id)).map(({ id }) => id);
}

/**
 * Returns the shards to begin with now, and marks them as being read: those that are new and whose parent has been read to
 * its end or is gone, so that changes of one item come in their order. Forgets shards that the stream has dropped.
 */
export function beginAtHorizon({ shards }: ListedStream, states: Map<string, ShardState>): string[] {
  const listed = new Set(shards.map(({ id }) => id));
  for (const [id, state] of states) if (state === 'finished' && !listed.has(id)) states.delete(id);
  const mayBegin = (parent: string | undefined): boolean =>
    parent === undefined || states.get(parent) === 'finished' || (!states.has(parent) && !listed.has(parent));
  const due = shards.filter(({ id, parent }) => !states.has(id) && mayBegin(parent)).map(({ id }) => id);
  for (const id of due) states.set(id, 'reading');
  return due;
}

/** True when a shard has been read to its end and its children do not show yet. */
export function awaitsChildren({ shards }: ListedStream, states: ReadonlyMap<string, ShardState>): boolean {
  const parents = new Set(shards.map(({ parent }) => parent));
  return shards.some(({ id }) => states.get(id) === 'finished' && !parents.has(id));
}
