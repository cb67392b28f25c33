/** Opens the change feed that the configuration asks for: what this process writes, DynamoDB Streams, Redis, or all of them. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createChangeFeed, type Change, type ChangeFeed, type ChangeKind } from '../data/changes/feed.ts';
import { openChangeRelay, type ChangeRelay } from '../data/changes/redis.ts';
import { allKinds } from '../data/changes/redis/messages.ts';
import { readStreams, streamedTables } from '../data/changes/streams.ts';
import { latestStream } from '../data/changes/streams/client.ts';
import { kindsOfStream, type ChangeSink, type Waits } from '../data/changes/streams/reading.ts';
import { whileWatched } from '../data/changes/whileWatched.ts';
import type { Database } from '../data/client.ts';
import { StartProblem } from './problem.ts';

/** What the feed is opened with. */
export interface ChangesOptions {
  readonly config: Pick<Config, 'changes' | 'redisUrl'> & { readonly database: Pick<Config['database'], 'location' | 'prefix'> };
  readonly database: Database;
  readonly log: Logger;
  /** How long readers of streams wait; as in production unless given. */
  readonly waits?: Waits;
  /** Times of the relay over Redis; as in production unless given. */
  readonly relay?: { readonly answerWithinMs?: number; readonly lookAgainMs?: number; readonly leaseMs?: number };
  /** How long streams are read on after the last watcher left. */
  readonly lingerMs?: number;
}

/** The feed, and what has to be done for it. */
export interface OpenChanges {
  readonly feed: ChangeFeed;
  /** Where changes by others than this process come from. */
  readonly sources: readonly ('streams' | 'redis')[];
  /** To be called with what this process has written; undefined where nobody else wants to know. */
  readonly onWritten?: (changes: readonly Change[]) => void;
  /** Ends within a second, before the database is closed. */
  close(): Promise<void>;
}

/** Returns the names of the tables that should have a stream and have none. */
async function tablesWithoutStream(database: Database): Promise<string[]> {
  const streams = await Promise.all(streamedTables.map((table) => latestStream(database, table)));
  return streamedTables.filter((_, i) => streams[i] === null).map((table) => database.name(table));
}

const howToSwitchOn = 'switch streams on for these tables (NEW_AND_OLD_IMAGES; the stack in infra/ does)';

/** What becomes of the configured source. `unseen` is true where other processes may write and no source tells of it. */
interface Choice {
  readonly streams: boolean;
  readonly unseen: boolean;
}

async function choose({ config, database, log }: ChangesOptions): Promise<Choice> {
  const { source } = config.changes;
  const isEmbedded = config.database.location.kind === 'embedded';
  // An embedded database belongs to this process alone: nobody else writes.
  if (source === 'process' || (isEmbedded && source === 'auto')) return { streams: false, unseen: false };
  const missing = await tablesWithoutStream(database);
  if (missing.length === 0) return { streams: true, unseen: false };
  if (source === 'streams') {
    const advice = isEmbedded
      ? 'The embedded database has none: set CHANGE_FEED=process, or leave it out.'
      : `To mend it, ${howToSwitchOn}, or leave CHANGE_FEED out.`;
    throw new StartProblem(`CHANGE_FEED=streams, but there is no stream of ${missing.join(' and ')}. ${advice}`);
  }
  if (config.redisUrl === undefined) {
    const otherwise = `${howToSwitchOn}, set REDIS_URL, or set CHANGE_FEED=process where one instance runs alone`;
    log.warn({ tables: missing }, `subscriptions look for changes again and again, because these tables have no stream: ${otherwise}`);
  }
  return { streams: false, unseen: true };
}

/** Kinds that no stream tells of, where the instances have no Redis to tell each other. */
function unsharedKinds({ config }: ChangesOptions, { streams, unseen }: Choice): ChangeKind[] {
  if (config.redisUrl !== undefined || !(streams || unseen)) return [];
  const streamed = streams ? streamedTables.flatMap(kindsOfStream) : [];
  return allKinds().filter((kind) => !streamed.includes(kind));
}

/** Returns where a reader of streams tells what it finds: here, and to the other instances that leave the reading to this one. */
function tell(feed: ChangeFeed, relay: ChangeRelay | undefined): ChangeSink {
  return {
    publish(changes) {
      feed.publish(changes);
      relay?.publish(changes);
    },
    publishGap(kinds) {
      feed.publishGap(kinds);
      relay?.publishGap(kinds);
    },
  };
}

function startReading(options: ChangesOptions, own: ChangeFeed, relay: ChangeRelay | undefined) {
  const { database, log, waits, lingerMs } = options;
  const read = (signal: AbortSignal): Promise<void> => readStreams({ database, log, sink: tell(own, relay), waits }, signal);
  const work = (signal: AbortSignal): Promise<void> => (relay ? relay.asOnlyOne(signal, read) : read(signal));
  return whileWatched({ feed: own, log, work, lingerMs });
}

/**
 * Opens the feed. Streams are read while somebody watches, by one instance for all where they share a Redis, by each one
 * otherwise. Throws StartProblem when CHANGE_FEED asks for streams that are not there.
 */
export async function openChangeFeed(options: ChangesOptions): Promise<OpenChanges> {
  const { config, log } = options;
  const choice = await choose(options);
  const own = createChangeFeed({ unshared: unsharedKinds(options, choice) });
  const { redisUrl } = config;
  const relay =
    redisUrl === undefined
      ? undefined
      : await openChangeRelay({ url: redisUrl, prefix: config.database.prefix, log, feed: own, ...options.relay });
  const reading = choice.streams ? startReading(options, own, relay) : undefined;
  return {
    feed: reading?.feed ?? own,
    sources: [...(choice.streams ? (['streams'] as const) : []), ...(relay ? (['redis'] as const) : [])],
    ...(relay && { onWritten: (changes) => relay.publish(changes) }),
    async close() {
      await reading?.close();
      relay?.close();
      own.close();
    },
  };
}
