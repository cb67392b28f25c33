/** Relay connections over one partition of a table or index: arguments, cursors, exact page info, counts. */
import { findViewer } from '../auth/access.ts';
import type { Context } from '../context.ts';
import type { Row } from '../data/connection.ts';
import { countRows, hasRowBehind, positionAttributes, type ListSource, type Page, type PageRequest } from '../data/page.ts';
import { keyOf } from '../data/tables.ts';
import type { Position } from '../data/cursor.ts';
import { RequestError } from '../errors.ts';
import { pageSizes } from '../limits/limits.ts';

/** Paging arguments of every connection. */
export interface PageArgs {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
  /** What the client selected of the connection; added for every field that returns one (graphql/selection.ts). */
  selection?: ListSelection;
}

/** What a client selected of a connection. */
export interface ListSelection {
  /** Attributes that the selected fields of the nodes need; absent for all. */
  readonly attributes?: readonly string[] | undefined;
  /** True when it is asked whether the list goes on. */
  readonly needsEnd: boolean;
}

/** A connection; members that cost something are functions, which GraphQL calls only when they are selected. */
export interface Connection<T> {
  nodes: T[];
  edges: () => Edge<T>[];
  pageInfo: () => PageInfo;
  countUpTo(args: { limit: number }): Promise<BoundedCount>;
  totalCount(): Promise<number>;
}

/** A record and its position. */
export interface Edge<T> {
  node: T;
  cursor(): string;
}

/** Where a page lies in its list. */
export interface PageInfo {
  hasNextPage(): boolean | Promise<boolean>;
  hasPreviousPage(): boolean | Promise<boolean>;
  startCursor(): string | null;
  endCursor(): string | null;
  scannedCount: number;
  scanLimitReached: boolean;
}

/** A count that stops at a limit. */
export interface BoundedCount {
  value: number;
  precision: 'exact' | 'at-least';
}

const maxCount = 10_000;

/**
 * Reads a page of a list as a connection. `name` is the field's name (`project.schemas`): together with the source and
 * the viewer it is what cursors are bound to. Throws BAD_USER_INPUT for impossible paging arguments, BAD_CURSOR for a foreign cursor.
 */
export async function listConnection<T extends Row>(
  context: Context,
  name: string,
  source: ListSource,
  args: PageArgs,
): Promise<Connection<T>> {
  const { connection, loaders, services } = context;
  const { cursor, ...page } = readPageArgs(args);
  const { forward } = page;
  let described: string | undefined;
  const scope = (): string => (described ??= scopeOf(context, name, source));
  const attributes = positionAttributes(source.table, source.index);
  const partitionAttribute = keyOf(source.table, source.index).partition;
  const stored = attributes.filter((attribute) => attribute !== partitionAttribute);
  const cursorOf = (row: Row): string =>
    services.cursors.encode(
      stored.map((attribute) => row[attribute] as string | number),
      scope(),
    );

  const request: PageRequest = { ...page, ...args.selection, ...(cursor != null && { from: decode(cursor) }) };
  const answer = await loaders.pages.load({ source, page: request });
  const rows = answer.rows as T[];
  return {
    nodes: rows,
    edges: () => rows.map((node) => ({ node, cursor: () => cursorOf(node) })),
    pageInfo: () => pageInfoOf(answer),
    countUpTo: ({ limit }) => countUpTo(context, { source, limit }),
    totalCount: async () => (await countRows(connection, source, maxCount, context.nowSeconds())).value,
  };

  function decode(text: string): Row {
    const values = services.cursors.decode(text, scope());
    return Object.fromEntries([[partitionAttribute, source.partition], ...stored.map((attribute, i) => [attribute, values[i]])]) as Row;
  }

  function pageInfoOf({ rows, hasMore, scannedCount, scanLimitReached, readTo }: Page): PageInfo {
    const behind = (): boolean | Promise<boolean> =>
      request.from ? hasRowBehind(connection, source, { ...request, from: request.from }, context.nowSeconds()) : false;
    // A page that the scan budget ended goes on where the reading stopped, not at its last match.
    const farEnd = scanLimitReached ? readTo : forward ? rows.at(-1) : rows[0];
    const nearEnd = forward ? rows[0] : rows.at(-1);
    const text = (row: Row | null | undefined): string | null => (row ? cursorOf(row) : null);
    return {
      hasNextPage: () => (forward ? hasMore : behind()),
      hasPreviousPage: () => (forward ? behind() : hasMore),
      startCursor: () => text(forward ? nearEnd : farEnd),
      endCursor: () => text(forward ? farEnd : nearEnd),
      scannedCount,
      scanLimitReached,
    };
  }
}

/** Returns what the cursors of a list are bound to: the list with its arguments, and its reader. */
function scopeOf(context: Context, name: string, { index, partition, range, descending, filterKey }: ListSource): string {
  return JSON.stringify([findViewer(context)?.id ?? null, name, index, partition, range, descending, filterKey]);
}

/** Counts the rows of a list up to a limit, as `countUpTo` of connections answers. Throws BAD_USER_INPUT for limits outside 1 to 10,000. */
export async function countUpTo(context: Context, { source, limit }: { source: ListSource; limit: number }): Promise<BoundedCount> {
  requireCountLimit(limit);
  const { value, exact } = await countRows(context.connection, source, limit, context.nowSeconds());
  return { value, precision: exact ? 'exact' : 'at-least' };
}

function requireCountLimit(limit: number): void {
  if (limit < 1 || limit > maxCount) throw new RequestError('BAD_USER_INPUT', `countUpTo: limit must be from 1 to ${maxCount}.`);
}

/** Returns what a first page asks for; null where a cursor is given, or the arguments are impossible. */
export function firstPageOf(args: PageArgs): PageRequest | null {
  try {
    const { cursor, ...page } = readPageArgs(args);
    return cursor == null ? { ...page, ...args.selection } : null;
  } catch {
    return null;
  }
}

/** Returns what paging arguments ask for: direction, size (25 unless given) and the cursor to start from. Throws BAD_USER_INPUT for impossible ones. */
export function readPageArgs({ first, after, last, before }: PageArgs): {
  forward: boolean;
  size: number;
  cursor: string | null | undefined;
} {
  const refuse = (message: string): never => {
    throw new RequestError('BAD_USER_INPUT', message);
  };
  if (first != null && last != null) refuse('Send either first (with after) or last (with before), not both.');
  if (after != null && before != null) refuse('Send either after (with first) or before (with last), not both.');
  const forward = last == null && before == null;
  if (forward ? before != null : after != null) refuse('after goes with first, before goes with last.');
  if (!forward && first != null) refuse('before goes with last, not with first.');
  const size = (forward ? first : last) ?? pageSizes.usual;
  if (size < 1 || size > pageSizes.most) refuse(`${forward ? 'first' : 'last'} must be from 1 to ${pageSizes.most}; it is ${size}.`);
  return { forward, size, cursor: forward ? after : before };
}

/**
 * Makes a connection over records that are all at hand: lists that stay small and that no index sorts. `keyOf` gives a
 * record's identity, unique in the list. Cursors keep working while records come and go: where the cursor's own record
 * is gone, the list goes on at the place that it had.
 */
export function connectionOver<T>(
  context: Context,
  { name, records, args, keyOf }: { name: string; records: readonly T[]; args: PageArgs; keyOf: (record: T) => string },
): Connection<T> {
  const { cursors } = context.services;
  const { forward, size, cursor } = readPageArgs(args);
  const scope = JSON.stringify([findViewer(context)?.id ?? null, name]);
  const cursorAt = (place: number): string => cursors.encode([keyOf(records[place] as T), place], scope);
  const [after, before] = cursor == null ? [0, records.length] : placesAround(cursors.decode(cursor, scope));
  const start = forward ? after : Math.max(0, before - size);
  const end = forward ? Math.min(records.length, start + size) : before;
  const nodes = records.slice(start, end);
  return {
    nodes,
    edges: () => nodes.map((node, i) => ({ node, cursor: () => cursorAt(start + i) })),
    pageInfo: () => ({
      hasNextPage: () => end < records.length,
      hasPreviousPage: () => start > 0,
      startCursor: () => (nodes.length === 0 ? null : cursorAt(start)),
      endCursor: () => (nodes.length === 0 ? null : cursorAt(end - 1)),
      scannedCount: records.length,
      scanLimitReached: false,
    }),
    countUpTo: async ({ limit }) => {
      requireCountLimit(limit);
      return Promise.resolve({ value: Math.min(limit, records.length), precision: records.length > limit ? 'at-least' : 'exact' });
    },
    totalCount: () => Promise.resolve(records.length),
  };

  /** Returns where the records after a cursor begin, and where those before it end. */
  function placesAround([key, was]: Position): [number, number] {
    const place = records.findIndex((record) => keyOf(record) === key);
    const gone = Math.min(Number(was), records.length);
    return place === -1 ? [gone, gone] : [place + 1, place];
  }
}
