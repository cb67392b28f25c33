/** What tests of change feeds between instances share. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Config } from '../../src/config.ts';
import type { Change, ChangeFeed, Topic } from '../../src/data/changes/feed.ts';
import { createDatabase } from '../../src/data/client.ts';
import { openChangeFeed, type ChangesOptions, type OpenChanges } from '../../src/startup/changes.ts';
import { testCredentials } from './database.ts';

/** A feed of an instance, and what its log says. */
export interface Instance extends OpenChanges {
  readonly log: readonly { readonly level: number; readonly msg: string; readonly reason?: string }[];
}

/** How an instance is configured. */
export interface InstanceOptions extends Pick<ChangesOptions, 'relay' | 'lingerMs'> {
  readonly endpoint: string;
  readonly prefix: string;
  readonly source?: Config['changes']['source'];
  readonly redisUrl?: string;
  readonly location?: Config['database']['location'];
}

/** Opens the feed of an instance as main.ts does. */
export async function openInstance(options: InstanceOptions): Promise<Instance> {
  const { endpoint, prefix, source = 'auto', redisUrl, location = { kind: 'endpoint', endpoint }, ...times } = options;
  const lines: Instance['log'][number][] = [];
  const database = createDatabase({ endpoint, prefix, region: 'us-east-1', credentials: testCredentials });
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const config = { changes: { source }, database: { location, prefix }, ...(redisUrl !== undefined && { redisUrl }) };
  try {
    const open = await openChangeFeed({ config, database, log, ...times });
    const close = async (): Promise<void> => {
      await open.close();
      database.close();
    };
    return { ...open, close, log: lines };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What a watcher has been told; `gap` where changes may have been missed. */
export interface Watching {
  readonly told: (Change | 'gap')[];
  /** Waits for an entry, for a minute at most. */
  untilTold(isIt: (entry: Change | 'gap') => boolean): Promise<void>;
  stop(): void;
}

/** Waits until something is so, for a minute at most. */
export async function untilSo(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 6_000; round += 1) {
    if (await isSo()) return;
    await sleep(10);
  }
  throw new Error('It did not come to be so.');
}

/** Watches topics of a feed. */
export function watchTopics(feed: ChangeFeed, topics: readonly Topic[]): Watching {
  const told: (Change | 'gap')[] = [];
  const stops = topics.map((topic) => feed.watch(topic, (change) => void told.push(change ?? 'gap')));
  return {
    told,
    untilTold: (isIt) => untilSo(() => told.some(isIt)),
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}
