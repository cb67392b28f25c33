/**
 * Bodies: the large part of an object (tables of a schema, nodes of a diagram, text of a page). A small body is inline
 * on the object's row, as rows of the earlier backend have it. A larger one is compressed and cut into chunk items under
 * the same partition key, which no index lists: so lists never read bodies, and no body meets DynamoDB's 400 KB an item.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Connection, Row } from './connection.ts';
import type { Loaders } from './loaders.ts';
import { ttlAttribute, type TableId } from './tables.ts';
import { tryTransact } from './tryTransact.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Largest body of any object, in bytes of JSON. */
export const maxBodyBytes = 4 * 1024 * 1024;

/** Up to this size a body stays on its row: reading such a row costs two read units at most. */
const maxInlineBytes = 8 * 1024;

/** DynamoDB takes 400 KB an item, names and keys included. */
const chunkBytes = 380 * 1024;

/** A body over the product's limit. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';

  constructor(readonly bytes: number) {
    super(
      `The body has ${(bytes / 1024 / 1024).toFixed(1)} MB; at most ${maxBodyBytes / 1024 / 1024} MB are allowed. Split it into several objects.`,
    );
  }
}

/** Where the chunks of a body are; attributes of the object's row. */
export type BodyReference = {
  /** New for every write, so that a reader never mixes chunks of two writes. */
  bodyId?: string;
  bodyChunks?: number;
};

/** An object whose body may be in chunks; where it expires, its chunks do so, too. */
export type BodyOwner = BodyReference & { id: string; userId: string; ttl?: number };

/** Chunks expire later than their object, so that no reader who has just read the object misses one. */
const chunkGraceSeconds = 86_400;

function expiryOf({ ttl }: Pick<BodyOwner, 'ttl'>): Row {
  return ttl === undefined ? {} : { [ttlAttribute]: ttl + chunkGraceSeconds };
}

/** A body made ready to be written. */
export interface StoredBody {
  /** Attributes of the row: the body itself or its reference; `null` for what the row must not have. */
  attributes: Row;
  /** Writes the chunks, which nobody can see until the row names them. */
  write: () => Promise<void>;
  /** Removes the chunks again, when the row was not written. */
  discard: () => Promise<void>;
}

/**
 * Makes a body ready to be written for the object `owner`. `body` has the attributes of the body, such as `tables` and
 * `relationships`. Throws `BodyTooLarge` before anything is written.
 */
export async function storeBody(
  connection: Connection,
  table: TableId,
  owner: Pick<BodyOwner, 'id' | 'userId' | 'ttl'>,
  body: Row,
): Promise<StoredBody> {
  const json = Buffer.from(JSON.stringify(body));
  if (json.length > maxBodyBytes) throw new BodyTooLarge(json.length);
  if (json.length <= maxInlineBytes && fitsAttributes(body))
    return { attributes: { ...body, bodyId: null, bodyChunks: null }, write: nothing, discard: nothing };
  const bytes = await compress(json);
  const bodyId = crypto.randomUUID();
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, i) =>
    bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes),
  );
  const keys = chunkKeys({ ...owner, bodyId, bodyChunks: chunks.length });
  const inline = Object.fromEntries(Object.keys(body).map((name) => [name, null]));
  return {
    attributes: { ...inline, bodyId, bodyChunks: chunks.length },
    write: () => connection.writeAll(keys.map((key, i) => ({ table, put: { ...key, chunk: chunks[i], ...expiryOf(owner) } }))),
    discard: () => connection.writeAll(keys.map((key) => ({ table, delete: key }))),
  };
}

/** DynamoDB nests attributes 32 levels deep at most (Service quotas, "Attributes"); the row's own level counts. */
const maxAttributeDepth = 31;

/** The numbers that attributes hold, in words for an error. */
export const exactNumbers = 'a number between -9007199254740991 and 9007199254740991, and not closer to 0 than 1e-100';

/** Returns whether an attribute holds a number: DynamoDB's begin at 1E-130, and the SDK refuses those beyond what a double counts exactly. */
export function isExactNumber(value: number): boolean {
  const size = Math.abs(value);
  return size === 0 || (size >= 1e-100 && size <= Number.MAX_SAFE_INTEGER);
}

/** Returns whether DynamoDB's attributes hold a JSON value exactly; text in chunks holds any. `depth` is the level at which it lies, 0 for a whole row. */
export function fitsAttributes(value: unknown, depth = 0): boolean {
  if (typeof value === 'number') return isExactNumber(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth < maxAttributeDepth && Object.values(value).every((member) => fitsAttributes(member, depth + 1));
}

async function nothing(): Promise<void> {
  // An inline body is written with its row.
}

/** Returns the body of an object: `attributes` from its row, or from its chunks. Absent attributes are absent in the result. */
export async function loadBody(loaders: Loaders, table: TableId, owner: BodyOwner, attributes: readonly string[]): Promise<Row> {
  if (!owner.bodyId) {
    const row: Row = owner;
    return Object.fromEntries(attributes.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]));
  }
  const rows = await loaders.byKey(table).loadMany(chunkKeys(owner));
  const chunks = rows.map((row) => {
    if (row instanceof Error) throw row;
    // A later write has replaced the body since the row was read.
    if (!row) throw new BodyReplaced(`a chunk of ${owner.id} is gone`);
    return row['chunk'] as Uint8Array;
  });
  return JSON.parse((await decompress(Buffer.concat(chunks), { maxOutputLength: 2 * maxBodyBytes })).toString()) as Row;
}

/** The body was replaced or removed while it was being read: read the row again. */
export class BodyReplaced extends Error {
  override readonly name = 'BodyReplaced';
}

/** Makes the chunks of a body expire with the `ttl` that its object is about to get. One that is gone means that the object has another body by now. */
export async function extendBody(connection: Connection, table: TableId, owner: BodyOwner & { ttl: number }): Promise<void> {
  // One by one: together, the chunks may have more than the 4 MB that a transaction takes.
  for (const key of chunkKeys(owner)) {
    await tryTransact(connection, [{ kind: 'update', table, key, changes: { set: expiryOf(owner) }, condition: { exists: true } }]);
  }
}

/** Removes the chunks of a body that no row names any more. */
export async function removeBody(connection: Connection, table: TableId, owner: BodyOwner): Promise<void> {
  await connection.writeAll(chunkKeys(owner).map((key) => ({ table, delete: key })));
}

/** Returns the keys of an object's chunks, in order; none for an inline body. */
function chunkKeys(owner: BodyOwner): Row[] {
  if (!owner.bodyId) return [];
  return Array.from({ length: owner.bodyChunks ?? 0 }, (_, i) => ({
    id: owner.id,
    userId: `${owner.userId}#body#${owner.bodyId}#${String(i).padStart(4, '0')}`,
  }));
}
