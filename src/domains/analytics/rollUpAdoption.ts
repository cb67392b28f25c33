/**
 * Taking events of the earlier backend into the roll-ups. Such an event does not say `rolledUp`; that is written on it in
 * the transaction that adds it, so every event is added once, whoever else is at it and wherever a run was stopped.
 */
import type { Connection, Row, Write } from '../../data/connection.ts';
import { isLive, rowsOfProject, walkPartition } from '../../data/page.ts';
import { tryTransact } from '../../data/tryTransact.ts';
import { piecesOf } from './eventBatch.ts';
import type { MetricEventRecord } from './metricEvent.ts';
import { planRollUps, type RollUpOptions } from './rollUps.store.ts';

const table = 'analytics';
const maxAttempts = 4;

/** Adds the events of a project that are in no roll-up yet. Returns how many were added. */
export async function rollUpOldEvents(connection: Connection, projectId: string, options: RollUpOptions): Promise<number> {
  let added = 0;
  const isOpen = (row: Row): boolean =>
    row['rolledUp'] === undefined && typeof row['value'] === 'number' && isLive(row, options.nowSeconds);
  for await (const rows of walkPartition(connection, rowsOfProject(table, projectId, 100))) {
    for (const piece of piecesOf(rows.filter(isOpen) as MetricEventRecord[])) added += await addPiece(piece);
  }
  return added;

  async function addPiece(events: readonly MetricEventRecord[]): Promise<number> {
    let open = events;
    for (let attempt = 0; open.length > 0 && attempt < maxAttempts; attempt += 1) {
      if (await isAdded(connection, open, options)) return open.length;
      // Somebody else added some of them, or they are gone.
      const keys = open.map(({ id, timestamp }) => ({ id, timestamp }));
      const rows = await connection.batchGet(table, keys, { consistent: true });
      open = rows.filter((row) => row !== null && isOpen(row)) as MetricEventRecord[];
    }
    return 0;
  }
}

async function isAdded(connection: Connection, events: readonly MetricEventRecord[], options: RollUpOptions): Promise<boolean> {
  const { writes, putNames } = await planRollUps(connection, events, options);
  const marks = events.map(({ id, timestamp }): Write => {
    const condition = { exists: true, equals: { rolledUp: undefined } };
    return { kind: 'update', table, key: { id, timestamp }, changes: { set: { rolledUp: true } }, condition };
  });
  await putNames();
  return tryTransact(connection, [...marks, ...writes]);
}
