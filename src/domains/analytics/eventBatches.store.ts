/**
 * Batches of events that one transaction cannot take. The transaction of the mutation writes the first piece and, for
 * each other one, a journal: an item with its events, which makes the batch all or nothing. Then one transaction a piece
 * writes the events with their roll-ups and removes the journal. Only the one that finds the journal does something, so
 * a piece is written exactly once, by this request, a repetition of it, or the job that takes up what was left behind.
 */
import type { Connection, Row, Write } from '../../data/connection.ts';
import { TransactionRejected } from '../../data/errors.ts';
import { walkPartition } from '../../data/page.ts';
import type { MetricEventRecord } from './metricEvent.ts';
import { planRollUps, type RollUpOptions } from './rollUps.store.ts';

const table = 'analytics';

/** Journals are found through UserIdTimestampIndex under names that no user has; several, because one partition takes 1,000 writes a second. */
const shelves = 8;

/** A piece of a batch that was accepted and is not written yet. */
export interface Journal {
  id: string;
  timestamp: string;
  /** Not a user: where journals are found. */
  userId: string;
  events: MetricEventRecord[];
}

/** Returns the journal of a piece. */
export function newJournal(events: MetricEventRecord[], now: string): Journal {
  const shelf = Math.floor(Math.random() * shelves);
  return { id: `unwritten#${crypto.randomUUID()}`, timestamp: now, userId: `#unwritten#${shelf}`, events };
}

/** Returns the write that accepts a piece. */
export function putJournal(journal: Journal): Write {
  return { kind: 'put', table, item: { ...journal }, condition: { exists: false } };
}

/** Returns the write of an event. */
export function putEvent(event: MetricEventRecord): Write {
  return { kind: 'put', table, item: event, condition: { exists: false } };
}

function removeJournal({ id, timestamp }: Pick<Journal, 'id' | 'timestamp'>): Write {
  return { kind: 'delete', table, key: { id, timestamp }, condition: { exists: true } };
}

/** Writes a piece unless it was written already. `events` are those of the journal, or what is left of them. */
export async function writePiece(
  connection: Connection,
  journal: Pick<Journal, 'id' | 'timestamp' | 'events'>,
  options: RollUpOptions,
): Promise<void> {
  const { events } = journal;
  const { writes, putNames } = await planRollUps(connection, events, options);
  await putNames();
  try {
    await connection.transact([removeJournal(journal), ...events.map(putEvent), ...writes]);
  } catch (error) {
    if (!(error instanceof TransactionRejected && error.failedAt(0))) throw error;
  }
}

/** Calls `visit` with every journal that was there at a time, oldest first on each shelf. */
export async function eachJournal(connection: Connection, latest: string, visit: (journal: Journal) => Promise<void>): Promise<void> {
  for (let shelf = 0; shelf < shelves; shelf += 1) {
    const request = { table, index: 'UserIdTimestampIndex', partition: `#unwritten#${shelf}`, range: { to: latest }, limit: 25 } as const;
    for await (const rows of walkPartition(connection, request)) {
      for (const row of rows) await visit(readJournal(row));
    }
  }
}

function readJournal({ id, timestamp, userId, events }: Row): Journal {
  return { id: String(id), timestamp: String(timestamp), userId: String(userId), events: (events ?? []) as MetricEventRecord[] };
}
