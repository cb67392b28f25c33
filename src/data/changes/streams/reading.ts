/** What the readers of a table's stream share: where changes go, how long they wait, and how they try again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Change, ChangeFeed, ChangeKind } from '../feed.ts';
import type { TableId } from '../../tables.ts';
import type { StreamsClient } from './client.ts';
import type { Health } from './health.ts';

/** Where changes go. */
export type ChangeSink = Pick<ChangeFeed, 'publish' | 'publishGap'>;

/** Waits, in milliseconds. */
export interface Waits {
  /** Between two looks into a shard. DynamoDB answers five a second and shard; with 400 ms two instances stay below that. */
  readonly poll: number;
  /** Between two looks for new shards: a shard is closed after about four hours, and its children are looked for at once. */
  readonly discovery: number;
  /** Until children of a finished shard, or another stream, are looked for again. */
  readonly successor: number;
  /** After a first failure; it doubles with each further one. */
  readonly firstRetry: number;
  readonly longestRetry: number;
}

export const usualWaits: Waits = { poll: 400, discovery: 30_000, successor: 1_000, firstRetry: 200, longestRetry: 5_000 };

/** Waits; rejects when the signal is aborted. */
export type Pause = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** Pauses without keeping the process alive. */
export const pauseQuietly: Pause = (milliseconds, signal) => sleep(milliseconds, undefined, { signal, ref: false });

/** The reading of one table's stream. */
export interface Reading {
  readonly table: TableId;
  readonly client: StreamsClient;
  readonly waits: Waits;
  readonly pause: Pause;
  readonly health: Health;
  readonly publish: (changes: readonly Change[]) => void;
  readonly publishGap: () => void;
}

const kindsOf: Partial<Record<TableId, readonly ChangeKind[]>> = { projects: ['project'], deployments: ['deployment', 'deploymentLog'] };

/** Returns the kinds of changes that the stream of a table tells. */
export function kindsOfStream(table: TableId): readonly ChangeKind[] {
  return kindsOf[table] ?? [];
}

/** Returns how to tell a sink of a table's changes. */
export function publisherTo(sink: ChangeSink, table: TableId): Pick<Reading, 'publish' | 'publishGap'> {
  return {
    publish(changes) {
      // A stream without images names no projects: then all who watch deployments look again.
      if (changes.some(({ kind, projectId }) => kind === 'deployment' && projectId === undefined)) sink.publishGap(['deployment']);
      if (changes.length > 0) sink.publish(changes);
    },
    publishGap: () => sink.publishGap(kindsOfStream(table)),
  };
}

/** Returns how long to wait before another attempt: longer each time, and never the same for two who failed together. */
export function retryDelay(failures: number, { firstRetry, longestRetry }: Waits): number {
  return Math.min(longestRetry, firstRetry * 2 ** failures) * (0.5 + Math.random() / 2);
}

/** The name of an error, which the errors of the SDK are told apart by. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** One step of a reader, and who takes it. */
export interface Step<T> {
  /** A shard, or what looks for shards. */
  readonly part: string;
  readonly signal: AbortSignal;
  readonly attempt: () => Promise<T>;
  /** Names of errors that the caller knows what to do about. */
  readonly expected?: readonly string[];
}

/** Tries a step until it succeeds. Rejects with expected errors, and when the signal is aborted. */
export async function insist<T>({ health, pause, waits }: Reading, { part, signal, attempt, expected = [] }: Step<T>): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      signal.throwIfAborted();
      const result = await attempt();
      health.works(part);
      return result;
    } catch (error) {
      signal.throwIfAborted();
      if (expected.includes(nameOf(error))) throw error;
      health.fails(part, error);
      await pause(retryDelay(failures, waits), signal);
    }
  }
}
