/**
 * Moving one object to the new owner of its project. The object's row and the items beside it (`<owner>#body#…`,
 * `<owner>#log#…`) carry the owner in their sort key. The items are copied first, which nobody sees; then the row moves;
 * then what was added to the items meanwhile is copied. The old items stay for readers that have just read the old row.
 */
import type { Connection, Row, Write } from '../../data/connection.ts';
import { countWrites, countsOfRow, isCounted } from '../../data/counters.ts';
import { isLive, walkPartition } from '../../data/page.ts';
import type { TableId } from '../../data/tables.ts';
import { tryTransact } from '../../data/tryTransact.ts';
import { putExpiry } from '../codeGenerations/expiry.ts';
import { isLaneItem } from '../deployments/logLanes.ts';
import { checkOwned, unchanged, type TransferMarker } from './transfer.store.ts';

/** An object whose project changed hands. */
export interface MovedObject {
  table: TableId;
  id: string;
  marker: TransferMarker;
}

/** What became of an object: it moved, was there already or is gone (`settled`), or a worker is at it (`busy`). */
export type MoveOutcome = 'moved' | 'settled' | 'busy';

/** A worker knows these rows by their keys: they are left alone until it is done. */
const busyStatus = 'generating';

/** An object with this status is being removed by who deleted it, and is gone for everyone. */
const deletingStatus = 'deleting';

const maxAttempts = 5;

/** Moves an object that the index shows under `rowOwner`. */
export async function moveObject(connection: Connection, object: MovedObject & { rowOwner: string }): Promise<MoveOutcome> {
  const { table, id, rowOwner: from, marker } = object;
  if (from === marker.to) {
    await copyItems(connection, object);
    return 'settled';
  }
  for (let attempt = 1; ; attempt += 1) {
    const row = await connection.get(table, { id, userId: from }, { consistent: true });
    if (!row || row['status'] === deletingStatus) break;
    if (table === 'codeGenerations' && row['status'] === busyStatus) return 'busy';
    await copyItems(connection, object, row);
    if (await moveRow(connection, { table, row, marker })) {
      await copyItems(connection, object);
      return 'moved';
    }
    if (attempt === maxAttempts) return 'busy';
  }
  return 'settled';
}

async function moveRow(
  connection: Connection,
  { table, row, marker }: { table: TableId; row: Row; marker: TransferMarker },
): Promise<boolean> {
  const { id, userId } = row;
  // Rows of the earlier backend name their creator as `userId` only, and are in no counter; those that have expired stay out.
  const isUncounted = !isCounted(row) && isLive(row, Math.floor(Date.now() / 1000));
  const item = { ...row, userId: marker.to, ...(isUncounted && { createdById: userId }) };
  const counts = !isUncounted ? [] : countWrites([{ ownerId: marker.to, projectId: marker.id, by: countsOfRow(table, row) }]);
  const expiry = isUncounted && table === 'codeGenerations' ? putExpiry(row) : [];
  return tryTransact(connection, [
    checkOwned(marker),
    { kind: 'delete', table, key: { id, userId }, condition: unchanged(row) },
    { kind: 'put', table, item, condition: { exists: false } },
    ...counts,
    ...expiry,
  ]);
}

/** DynamoDB takes 4 MB a transaction; an item has 400 KB at most. */
const copiedAtOnce = 8;

/** Copies the items beside an object's row to the new owner's keys, while the row is under `row` (or has moved, without one). */
async function copyItems(connection: Connection, { table, id, marker }: MovedObject, row?: Row): Promise<void> {
  const current = row ?? (await connection.get(table, { id, userId: marker.to }, { consistent: true }));
  if (!current) return;
  const check: Write = { kind: 'check', table, key: { id, userId: current['userId'] }, condition: { exists: true } };
  for (const owner of await otherOwners(connection, { table, id, marker })) {
    await eachGroup(connection, { table, id, owner, size: copiedAtOnce }, async (items) => {
      const wanted = items
        .filter((item) => !isOldBody(item, current))
        .map((item): Row => ({ ...item, userId: `${marker.to}${String(item['userId']).slice(owner.length)}` }));
      const there = await connection.batchGet(
        table,
        wanted.map(({ userId }) => ({ id, userId })),
        { consistent: true },
      );
      const puts = wanted.flatMap((item, i): Write[] => {
        const copy = there[i];
        if (!copy) return [{ kind: 'put', table, item, condition: { exists: false } }];
        // The count of a log may have grown since it was copied; only the former owner's writers use it.
        const { number } = copy;
        return isLaneItem(item) && number !== item['number'] ? [{ kind: 'put', table, item, condition: { equals: { number } } }] : [];
      });
      // When it fails, the row has moved or another process has copied these: the next look at the object tells.
      if (puts.length > 0) await tryTransact(connection, [check, ...puts]);
    });
  }
}

/** True for a chunk of a body that the row does not name: it is of a write that failed, or has not happened. */
function isOldBody(item: Row, row: Row): boolean {
  const [, kind, bodyId] = String(item['userId']).split('#');
  return kind === 'body' && bodyId !== row['bodyId'];
}

/** Removes the items of former owners beside an object that is the new owner's. */
export async function removeLeftovers(connection: Connection, { table, id, marker }: MovedObject): Promise<void> {
  const check: Write = { kind: 'check', table, key: { id, userId: marker.to }, condition: { exists: true } };
  for (const owner of await otherOwners(connection, { table, id, marker })) {
    await eachGroup(connection, { table, id, owner, size: copiedAtOnce }, async (items) => {
      await tryTransact(connection, [check, ...items.map(({ userId }): Write => ({ kind: 'delete', table, key: { id, userId } }))]);
    });
  }
}

/** Returns the ids of the former owners under which an object has items. Reads one item for each owner. */
async function otherOwners(connection: Connection, { table, id, marker }: MovedObject): Promise<string[]> {
  const owners = new Set<string>();
  for (let from: string | undefined; ;) {
    const range = from === undefined ? undefined : { from };
    const { items } = await connection.query({ table, partition: id, range, limit: 1, consistent: true });
    const sortKey = items[0]?.['userId'];
    if (typeof sortKey !== 'string') return [...owners];
    const [owner = '', ...rest] = sortKey.split('#');
    // After a row come its items, after those the next owner: '$' comes directly after '#'.
    if (rest.length > 0 && owner !== marker.to) owners.add(owner);
    from = rest.length > 0 ? `${owner}$` : `${owner}#`;
  }
}

async function eachGroup(
  connection: Connection,
  { table, id, owner, size }: { table: TableId; id: string; owner: string; size: number },
  visit: (items: Row[]) => Promise<void>,
): Promise<void> {
  const request = { table, partition: id, range: { beginsWith: `${owner}#` }, limit: size, consistent: true };
  for await (const items of walkPartition(connection, request)) {
    if (items.length > 0) await visit(items);
  }
}
