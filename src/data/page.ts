/** Pages of one partition of a table or index: forward and backward, filtered under a scan budget, with exact ends. */
import type { Connection, QueryRequest, Row } from './connection.ts';
import type { SortRange } from './expressions.ts';
import { keyOf, projectRowsIndex, tables, ttlAttribute, type IndexName, type TableId } from './tables.ts';

/** A list: one partition, its order, and which of its rows count. */
export type ListSource = { [T in TableId]: ListSourceOf<T> }[TableId];

interface ListSourceOf<T extends TableId> {
  table: T;
  /** Absent: the partition of the table itself. */
  index?: IndexName<T> | undefined;
  partition: string;
  range?: SortRange | undefined;
  descending: boolean;
  /** Rows that count. */
  filter?: ((row: Row) => boolean) | undefined;
  /** Which of the rows that count the reader may see, where the partition alone does not decide that: one answer for each row. */
  visible?: ((rows: readonly Row[]) => Promise<readonly boolean[]>) | undefined;
  /**
   * Present for a list of a project's rows that all carry the same owner, so that they can also be read from the owner's
   * rows (see readPlan/): that owner.
   */
  owner?: string | undefined;
  /**
   * Present for a filter that a client chose and that may drop most rows: such a page reads ahead in larger steps, until
   * it is full or the scan budget is used up. Names the filter for cursors and loaders: equal keys mean equal filters.
   */
  filterKey?: string | undefined;
}

/** Which part of a list is wanted. */
export interface PageRequest {
  size: number;
  /** True for `first/after`, false for `last/before`. */
  forward: boolean;
  /** Key of the row after which (`forward`) or before which the page lies. */
  from?: Row | undefined;
  /** Attributes that the reader needs of the rows; all unless given. What identifies and filters rows is always read. */
  attributes?: readonly string[] | undefined;
  /** False when nobody asks whether the list goes on: then the row behind the page is not read, and `hasMore` means nothing. */
  needsEnd?: boolean | undefined;
  /** Why it is read, for `explain`, where it is not the plain reading of a list. */
  reason?: string | undefined;
}

/** A page of rows in the list's order. */
export interface Page {
  rows: Row[];
  /** Rows read from DynamoDB to make the page, those that the filter dropped included. */
  scannedCount: number;
  /** True when the scan budget ended the page before it was full: more rows may match. */
  scanLimitReached: boolean;
  /** True when the list goes on in the direction of reading. */
  hasMore: boolean;
  /** Key of the row up to which the list was read, in the direction of reading; null when nothing was read. */
  readTo: Row | null;
}

/** How many rows one page may read while it looks for rows that match a filter. */
export const scanBudget = 1_000;

const positions = new Map<string, readonly string[]>();

/** Returns the attributes that identify a position in a list: the keys of its index, then those of the table. */
export function positionAttributes(table: TableId, index = ''): readonly string[] {
  const name = `${table} ${index}`;
  let attributes = positions.get(name);
  if (!attributes) positions.set(name, (attributes = readPositionAttributes(table, index || undefined)));
  return attributes;
}

function readPositionAttributes(table: TableId, index?: string): string[] {
  const keys = [...(index === undefined ? [] : [keyOf(table, index)]), keyOf(table)];
  return [...new Set(keys.flatMap((key) => [key.partition, ...(key.sort ? [key.sort] : [])]))];
}

/** Returns the part of a row that identifies its position: an ExclusiveStartKey. */
export function positionOf(row: Row, table: TableId, index?: string): Row {
  return Object.fromEntries(positionAttributes(table, index).map((name) => [name, row[name]]));
}

/** True unless the row has expired: DynamoDB removes expired rows only hours or days later. */
export function isLive(row: Row, nowSeconds: number): boolean {
  const expiry: unknown = row[ttlAttribute];
  return typeof expiry !== 'number' || expiry > nowSeconds;
}

/** Returns which of these rows count. */
async function countingRows(source: ListSource, rows: readonly Row[], nowSeconds: number): Promise<(row: Row) => boolean> {
  const counts = (row: Row): boolean => isLive(row, nowSeconds) && (!source.filter || source.filter(row));
  if (!source.visible) return counts;
  const candidates = rows.filter(counts);
  const visible = await source.visible(candidates);
  const seen = new Set(candidates.filter((_, i) => visible[i]));
  return (row) => seen.has(row);
}

/** Returns how many rows make a page: one more than it shows, unless nobody asks whether the list goes on. */
export function wantedRows({ size, needsEnd = true }: PageRequest): number {
  return needsEnd ? size + 1 : size;
}

/** Attributes that decide which rows count, wherever a list is filtered without the client's doing. */
const filterAttributes = ['projectId', 'userId', 'status', ttlAttribute];

/** Returns the attributes to read for a page, or undefined for all. A filter that a client chose may look at any. */
export function attributesOf({ table, index, filterKey, visible }: ListSource, { attributes }: PageRequest): string[] | undefined {
  if (!attributes || filterKey !== undefined || visible) return undefined;
  return [...new Set([...positionAttributes(table, index), ...filterAttributes, ...attributes])];
}

/** Reads one page. One row more than wanted is read, because DynamoDB sends a LastEvaluatedKey whenever Limit is met exactly. */
export async function readPage(connection: Connection, source: ListSource, page: PageRequest, nowSeconds: number): Promise<Page> {
  const { table, index } = source;
  const rows: Row[] = [];
  let scannedCount = 0;
  let readTo: Row | null = null;
  let start = page.from;
  const wanted = wantedRows(page);
  for (;;) {
    const limit = source.filterKey ? Math.min(scanBudget - scannedCount, Math.max(2 * page.size, 50)) : wanted - rows.length;
    const answer = await connection.query({
      ...keysOf(source),
      attributes: attributesOf(source, page),
      descending: source.descending === page.forward,
      limit,
      start,
      reason: page.reason,
    });
    const counts = await countingRows(source, answer.items, nowSeconds);
    for (const row of answer.items) {
      if (counts(row)) {
        if (rows.length === page.size) return finish(true, false);
        rows.push(row);
      }
      scannedCount += 1;
      readTo = row;
    }
    if (rows.length === wanted) return finish(true, false);
    if (!answer.next) return finish(false, false);
    if (scannedCount >= scanBudget) return finish(true, true);
    start = answer.next;
  }

  function finish(hasMore: boolean, scanLimitReached: boolean): Page {
    return {
      rows: page.forward ? rows : rows.toReversed(),
      scannedCount,
      scanLimitReached,
      hasMore,
      readTo: readTo && positionOf(readTo, table, index),
    };
  }
}

/** Returns the part of a list that names its keys, for a Query. */
function keysOf({ table, index, partition, range }: ListSource): QueryRequest {
  return { table, index, partition, range } as QueryRequest;
}

/** Reads a partition to its end, one page of DynamoDB (1 MB, or `limit` rows) at a time, each when the one before was dealt with. */
export async function* walkPartition(connection: Connection, request: QueryRequest): AsyncGenerator<Row[], void, undefined> {
  let start = request.start;
  do {
    const page = await connection.query({ ...request, start });
    yield page.items;
    start = page.next ?? undefined;
  } while (start);
}

/** Returns all items of a partition, for partitions that stay small. */
export async function readPartition(connection: Connection, request: QueryRequest): Promise<Row[]> {
  const items: Row[] = [];
  for await (const page of walkPartition(connection, request)) items.push(...page);
  return items;
}

/** The rows of a project in a table that lists them, whatever the index. */
export function rowsOfProject(table: TableId, projectId: string, limit: number): QueryRequest {
  // An index that belongs to the table, which TypeScript can not follow through the union of tables.
  return { table, index: projectRowsIndex(table), partition: projectId, limit } as QueryRequest;
}

/** Returns whether the list has a row on the far side of `from`: before an `after` cursor, or after a `before` cursor. */
export async function hasRowBehind(
  connection: Connection,
  source: ListSource,
  page: PageRequest & { from: Row },
  nowSeconds: number,
): Promise<boolean> {
  // A Query begins after its start key, so the row of the cursor itself, which counts as behind, is looked at on its own.
  const reason = 'whether the list has something on the other side of the page';
  const behind = await readPage(connection, source, { size: 1, forward: !page.forward, from: page.from, reason }, nowSeconds);
  if (behind.hasMore || behind.rows.length > 0) return true;
  const { table } = source;
  const key = Object.fromEntries(Object.values(tables[table].key).map((name) => [name, page.from[name]]));
  const row = await connection.get(table, key, { reason });
  // A row that has moved within the list since (its updatedAt changed, say) no longer lies there.
  const inPlace = row !== null && positionAttributes(table, source.index).every((name) => row[name] === page.from[name]);
  return inPlace && (await countingRows(source, [row], nowSeconds))(row);
}

/**
 * Counts rows of a list up to `limit` (≤ 10,000). Returns the number and whether the list ended there.
 * Reads rows in pages of DynamoDB's 1 MB, never more than `limit + 1` of them unless a filter drops some.
 */
export async function countRows(
  connection: Connection,
  source: ListSource,
  limit: number,
  nowSeconds: number,
): Promise<{ value: number; exact: boolean }> {
  let value = 0;
  let scanned = 0;
  let start: Row | undefined;
  do {
    const answer = await connection.query({
      ...keysOf(source),
      descending: source.descending,
      limit: limit + 1 - value,
      start,
      reason: 'counting the rows of a list',
    });
    value += answer.items.filter(await countingRows(source, answer.items, nowSeconds)).length;
    scanned += answer.items.length;
    if (value > limit) return { value: limit, exact: false };
    start = answer.next ?? undefined;
  } while (start && scanned < limit + scanBudget);
  return { value, exact: !start };
}
