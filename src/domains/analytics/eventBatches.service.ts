/** Writing the rest of a batch of events after its first transaction, and taking up what an earlier process left unwritten. */
import type { Context, Services } from '../../context.ts';
import { connect, type Connection } from '../../data/connection.ts';
import { createLoaders } from '../../data/loaders.ts';
import type { MetricEventRecord } from './metricEvent.ts';
import { isVisibleStatus, type ProjectRecord } from '../projects/project.ts';
import { eachJournal, writePiece, type Journal } from './eventBatches.store.ts';
import { retentionOf } from './rollUp.ts';
import type { RollUpOptions } from './rollUps.store.ts';

/** Longer than a request takes: younger journals are being written by whoever made them. */
const abandonedAfterMs = 60_000;

/** Returns how roll-ups are written now. */
export function rollUpOptions(services: Services): RollUpOptions {
  return { retention: retentionOf(services.settings.ttlDays.analytics), nowSeconds: Math.floor(Date.now() / 1000) };
}

/** Writes the other pieces of an accepted batch. What the request can not do is tried again in the background, then by `resumeBatches`. */
export async function writeRest(context: Context, journals: readonly Journal[]): Promise<void> {
  const { services, log } = context;
  try {
    await writeAll(context.connection, journals);
  } catch (error) {
    log.warn({ err: error }, 'the rest of a batch of metrics was not written with its request; trying again');
    services.background.run('rest of a batch of metrics', (signal) => writeAll(connect(services.database, { signal }), journals));
  }

  async function writeAll(connection: Connection, pieces: readonly Journal[]): Promise<void> {
    for (const piece of pieces) await writePiece(connection, piece, rollUpOptions(services));
  }
}

/** Writes what was accepted a minute ago or earlier and is not written yet; with `all`, everything. Run at the start of the process and now and then. */
export async function resumeBatches(services: Services, signal: AbortSignal, { all = false } = {}): Promise<void> {
  const connection = connect(services.database, { signal });
  const latest = new Date(Date.now() - (all ? 0 : abandonedAfterMs)).toISOString();
  await eachJournal(connection, latest, async (journal) => {
    const events = await withOwners(connection, journal.events);
    await writePiece(connection, { ...journal, events }, rollUpOptions(services));
  });
}

/** Returns events with the owner that their project has now; those of a project that is gone are left out. */
async function withOwners(connection: Connection, events: readonly MetricEventRecord[]): Promise<MetricEventRecord[]> {
  const owners = new Map<string, string>();
  const projects = createLoaders(connection, { nowSeconds: () => Math.floor(Date.now() / 1000) }).byId('projects');
  for (const id of new Set(events.map(({ projectId }) => projectId))) {
    const row = (await projects.load({ id })) as ProjectRecord | null;
    if (row && isVisibleStatus(row.status)) owners.set(id, row.userId);
  }
  return events.flatMap((event) => {
    const userId = owners.get(event.projectId);
    return userId === undefined ? [] : [{ ...event, userId }];
  });
}
