/**
 * The job that lets the contents of a project follow it to its new owner. Each object moves in one transaction that holds
 * only while the project is still that owner's. Every step can be repeated, so a job that was stopped half-way, or that
 * two processes do at once, simply runs anew. Readers find an object by its id and by its project all the time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Connection, Row, Write } from '../../data/connection.ts';
import { rowsOfProject } from '../../data/page.ts';
import { removeClosedShards } from '../../data/counters.ts';
import { TransactionRejected } from '../../data/errors.ts';
import { keyOf, projectRowsIndex, tableIds, type TableId } from '../../data/tables.ts';
import { tryTransact } from '../../data/tryTransact.ts';
import { moveObject, removeLeftovers } from './movedObject.ts';
import { readTeam } from './teams.store.ts';
import { checkOwned, readProjectItems, removeMarker, touchMarker, type TransferMarker } from './transfer.store.ts';

/** How the job paces itself. */
export interface MovingSettings {
  /**
   * Milliseconds between two passes, longer than any request may take. The second pass moves what writes that had begun
   * before the transfer left behind, and what the eventually consistent index did not show yet.
   */
  settleMs: number;
  log: Logger;
  signal: AbortSignal;
}

/** Tables with an index of a project's objects, whose key ends with the owner's id. */
const objectTables = tableIds.filter((table) => projectRowsIndex(table) !== undefined && sortKeyOf(table) === 'userId');

function sortKeyOf(table: TableId): string | undefined {
  const key = keyOf(table);
  return key.sort;
}

/** After so many passes that still found something the job leaves the rest for later. */
const maxPasses = 10;

/** Another transfer, or the project's deletion, has taken this one's place. */
class Superseded extends Error {
  override readonly name = 'Superseded';
}

/** Moves everything that a project holds to its new owner, then removes the marker. Does nothing when another transfer has come. */
export async function moveContents(
  connection: Connection,
  marker: TransferMarker,
  { settleMs, log, signal }: MovingSettings,
): Promise<void> {
  const started = Date.now();
  try {
    let moved = 0;
    let pass = await movePass(connection, marker);
    for (let passes = 1; passes === 1 || pass.moved > 0; passes += 1) {
      if (passes === maxPasses) return;
      moved += pass.moved;
      await sleep(settleMs, undefined, { signal });
      pass = await movePass(connection, marker);
    }
    await clearPass(connection, marker);
    if (pass.isBusy) return;
    await connection.transact([removeMarker(marker)]);
    log.info({ projectId: marker.id, moved, milliseconds: Date.now() - started }, 'contents moved to the new owner');
  } catch (error) {
    if (!(error instanceof Superseded) && !(error instanceof TransactionRejected)) throw error;
    log.info({ projectId: marker.id }, 'the project was changed while its contents moved; left to who changed it');
  }
}

/** Moves what is not the new owner's yet. `isBusy` is true when something could not be moved because a worker is at it. */
async function movePass(connection: Connection, marker: TransferMarker): Promise<{ moved: number; isBusy: boolean }> {
  let moved = 0;
  let isBusy = false;
  for (const table of objectTables) {
    await eachPage(connection, { table, marker }, async (rows) => {
      for (const row of rows) {
        const outcome = await moveObject(connection, { table, id: String(row['id']), rowOwner: String(row['userId']), marker });
        if (outcome === 'moved') moved += 1;
        if (outcome === 'busy') isBusy = true;
      }
    });
  }
  await eachPage(connection, { table: 'analytics', marker }, async (rows) => {
    moved += await reassign(
      connection,
      marker,
      rows.filter((row) => typeof row['userId'] === 'string' && row['userId'] !== marker.to),
    );
  });
  return { moved, isBusy };
}

/** Removes what the moves left behind, once no request can be at it any more. */
async function clearPass(connection: Connection, marker: TransferMarker): Promise<void> {
  for (const table of objectTables) {
    await eachPage(connection, { table, marker }, async (rows) => {
      for (const row of rows) await removeLeftovers(connection, { table, id: String(row['id']), marker });
    });
  }
  await alone(connection, removeClosedShards(await readProjectItems(connection, marker.id)));
  const { members } = await readTeam(connection, marker.id);
  const behind = members.filter(({ ownerId }) => ownerId !== undefined && ownerId !== marker.to);
  await alone(
    connection,
    behind.map(({ projectId, userId, ownerId }) => {
      return {
        kind: 'update',
        table: 'teams',
        key: { projectId, userId },
        changes: { set: { ownerId: marker.to } },
        condition: { exists: true, equals: { ownerId } },
      };
    }),
  );
}

const pageSize = 25;

/** Reads a project's rows of a table page by page; each page is a sign of life. Throws Superseded when another transfer has come. */
async function eachPage(
  connection: Connection,
  { table, marker }: { table: TableId; marker: TransferMarker },
  visit: (rows: Row[]) => Promise<void>,
): Promise<void> {
  let start: Row | undefined;
  do {
    await giveSign(connection, marker);
    const page = await connection.query({ ...rowsOfProject(table, marker.id, pageSize), start });
    await visit(page.items);
    start = page.next ?? undefined;
  } while (start);
}

async function giveSign(connection: Connection, marker: TransferMarker): Promise<void> {
  try {
    await connection.transact([checkOwned(marker), touchMarker(marker, new Date().toISOString())]);
  } catch (error) {
    throw error instanceof TransactionRejected ? new Superseded('another transfer or a deletion came', { cause: error }) : error;
  }
}

/** Writes the new owner on events, whose key does not name it. Returns how many were written. */
async function reassign(connection: Connection, marker: TransferMarker, rows: readonly Row[]): Promise<number> {
  if (rows.length === 0) return 0;
  const writes = rows.map(({ id, timestamp, userId, createdById }): Write => {
    const set = { userId: marker.to, createdById: createdById ?? userId };
    return {
      kind: 'update',
      table: 'analytics',
      key: { id, timestamp },
      changes: { set },
      condition: { exists: true, equals: { userId } },
    };
  });
  try {
    await connection.transact([checkOwned(marker), ...writes]);
  } catch (error) {
    if (!(error instanceof TransactionRejected)) throw error;
    if (error.failedAt(0)) throw new Superseded('another transfer or a deletion came', { cause: error });
    // Some event is gone, or the index lags behind: each by itself.
    await alone(connection, writes);
  }
  return rows.length;
}

/** Does writes one by one; those whose condition does not hold any more are not needed. */
async function alone(connection: Connection, writes: readonly Write[]): Promise<void> {
  for (const write of writes) await tryTransact(connection, [write]);
}
