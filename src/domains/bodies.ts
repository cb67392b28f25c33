/** Bodies of objects as the domains use them: errors that a client understands, dry runs, readers that meet a writer. See data/body.ts. */
import type { Context } from '../context.ts';
import { BodyReplaced, BodyTooLarge, loadBody, storeBody, type BodyOwner, type StoredBody } from '../data/body.ts';
import type { Row } from '../data/connection.ts';
import type { TableId } from '../data/tables.ts';
import { invalid } from '../errors.ts';

/** A body on its way to a row. */
export interface BodyWrite {
  table: TableId;
  owner: Pick<BodyOwner, 'id' | 'userId' | 'ttl'>;
  /** The body's attributes, such as `nodes` and `edges`. */
  body: Row;
  /** The argument that the body came from, for the error about its size. */
  field: readonly string[];
  /** A dry run writes no chunks, so its answer carries the body itself. */
  dryRun?: boolean | undefined;
}

/** Makes a body ready to be written. Throws ValidationError with the code TOO_LARGE before anything is written. */
export async function prepareBody(context: Context, { table, owner, body, field, dryRun }: BodyWrite): Promise<StoredBody> {
  try {
    const stored = await storeBody(context.connection, table, owner, body);
    return dryRun ? { ...stored, attributes: { ...body, bodyId: null, bodyChunks: null } } : stored;
  } catch (error) {
    if (error instanceof BodyTooLarge) throw invalid(field, error.message, 'TOO_LARGE');
    throw error;
  }
}

const maxReads = 3;

interface BodyRead {
  table: TableId;
  owner: BodyOwner;
  attributes: readonly string[];
}

/**
 * Bodies by the records that they were asked for: fields of one object (nodes, edges, exports) come one by one and want
 * the same megabytes unpacked once. A record lives for one request, and every edit makes a new one.
 */
const reads = new WeakMap<BodyOwner, Promise<Row | null>>();

/**
 * Returns the body of an object, or null when the object is gone. A body that was replaced since the row was read (by
 * another writer, or between a mutation and the repetition of it by its idempotency key) is read as it is now.
 */
export function readBody(context: Context, request: BodyRead): Promise<Row | null> {
  const known = reads.get(request.owner);
  if (known) return known;
  const read = readCurrentBody(context, request);
  reads.set(request.owner, read);
  // What failed may succeed when it is asked for again.
  read.catch(() => reads.delete(request.owner));
  return read;
}

async function readCurrentBody(context: Context, { table, owner, attributes }: BodyRead): Promise<Row | null> {
  let current = owner;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await loadBody(context.loaders, table, current, attributes);
    } catch (error) {
      if (!(error instanceof BodyReplaced) || attempt === maxReads) throw error;
    }
    const row = await context.connection.get(table, { id: owner.id, userId: owner.userId }, { consistent: true });
    if (!row) return null;
    current = row as BodyOwner;
  }
}

/** Returns the attributes of a new row: those of a prepared body that are not null. */
export function withoutNulls(attributes: Row): Row {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
}
