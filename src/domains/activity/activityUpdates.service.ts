/** Following the activity of a project. */
import { LRUCache } from 'lru-cache';
import type { Context } from '../../context.ts';
import type { Change } from '../../data/changes/feed.ts';
import type { Row } from '../../data/connection.ts';
import { isLive, walkPartition } from '../../data/page.ts';
import { follow, requireFollowed, type Followed } from '../subscription.ts';
import type { ActivityRecord } from './activity.ts';

/** An index shows rows later than the table does, and the clocks of servers differ: so far back is read again. */
const overlapMs = 10_000;

/** Entries that were sent, by id. More than this within the overlap would be 500 entries a second of one project. */
const remembered = 5_000;

/** Entries that are read ahead of a client that takes them slowly. */
const sentAtOnce = 500;

/** Follows the activity of a project that the viewer may read: the newest entry now (null for none), then each new one, once. */
export function followActivity(context: Context, projectId: string) {
  const sent = new LRUCache<string, true>({ max: remembered });
  let newestAt = context.now();
  let hasMore = false;

  /** Returns the entries that were not sent before, oldest first. */
  function news(rows: readonly (Row | null)[], now: Context): ActivityRecord[] {
    const entries = rows.filter((row): row is ActivityRecord => row?.['projectId'] === projectId && isLive(row, now.nowSeconds()));
    const fresh = entries.filter(({ id }) => !sent.has(id)).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    for (const { id, createdAt } of fresh) {
      sent.set(id, true);
      if (createdAt > newestAt) newestAt = createdAt;
    }
    return fresh;
  }

  /** Reads on from the newest entry that was sent, as much as is to be sent at once. */
  async function catchUp(now: Context): Promise<ActivityRecord[]> {
    const fresh: ActivityRecord[] = [];
    hasMore = false;
    for await (const rows of walkSince(now, projectId, newestAt)) {
      fresh.push(...news(rows, now));
      hasMore = fresh.length >= sentAtOnce;
      if (hasMore) break;
    }
    return fresh;
  }

  const followed: Followed<ActivityRecord | null> = {
    topic: { kind: 'activity', projectId },
    async first(now) {
      await requireFollowed(now, projectId);
      const recent = await catchUp(now);
      return [recent.at(-1) ?? news(await readNewest(now, projectId), now)[0] ?? null];
    },
    async next(now, changes) {
      await requireFollowed(now, projectId);
      const missed = changes === null || hasMore ? await catchUp(now) : [];
      return [...missed, ...news(await readChanged(now, changes ?? []), now)];
    },
    hasMore: () => hasMore,
  };
  return follow(context, 'activityAdded', followed);
}

function keyOf({ createdAt, id }: ActivityRecord): string {
  return `${createdAt}#${id}`;
}

function readChanged({ loaders }: Context, changes: readonly Change[]): Promise<(Row | null)[]> {
  return Promise.all(changes.map(({ id, createdAt }) => loaders.byKey('activity').load({ id, createdAt })));
}

/** Returns the newest entry, if there is one. */
async function readNewest({ connection }: Context, projectId: string): Promise<Row[]> {
  const reason = 'the newest activity of a project that somebody follows';
  const request = { table: 'activity', index: 'ProjectIdIndex', partition: projectId, descending: true, limit: 1, reason } as const;
  return (await connection.query(request)).items;
}

function walkSince({ connection }: Context, projectId: string, newestAt: string): AsyncGenerator<Row[]> {
  const from = new Date(Date.parse(newestAt) - overlapMs).toISOString();
  const reason = 'the activity of a project since somebody looked last';
  return walkPartition(connection, {
    table: 'activity',
    index: 'ProjectIdIndex',
    partition: projectId,
    range: { from },
    limit: 100,
    reason,
  });
}
