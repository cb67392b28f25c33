/**
 * A page of a project's list from what was read of its owner's rows. It is given only where it is certain to be the page
 * that a query of the project itself would give; everything else is null.
 */
import type { Row } from '../connection.ts';
import { isLive, positionOf, scanBudget, wantedRows, type ListSource, type Page, type PageRequest } from '../page.ts';
import { keyAttributeType, keyOf, tables } from '../tables.ts';
import { ownerSortAttribute, type OwnerRead } from './ownerRead.ts';

/** An answer, and how many of the owner's rows had to be read for it. */
export interface Answer {
  page: Page;
  depth: number;
}

/** What an answer depends on besides the rows. */
export interface AnswerOptions {
  nowSeconds: number;
  /**
   * True for databases that sort rows with equal sort keys by their primary key, in every index. DynamoDB promises no
   * order of those, so with it a page in which two rows have equal sort keys is not certain.
   */
  sortsTiesByKey: boolean;
}

/** Returns whether a list has the order of the owner's rows, newest first; then its beginning is known before its end is. */
export function isNewestFirst({ table, index, descending }: ListSource): boolean {
  return descending && keyOf(table, index).sort === ownerSortAttribute(table);
}

/** Returns the first page of a list, or null where more of the owner's rows would have to be read to be certain of it. */
export function answerFrom(read: OwnerRead, source: ListSource, page: PageRequest, options: AnswerOptions): Answer | null {
  const newestFirst = isNewestFirst(source);
  if (!newestFirst && !read.isComplete) return null;
  const places = certainPlaces(read, source);
  const order = listOrder(source);
  const own = places.map((place) => ({ place, row: read.rows[place] as Row })).filter(({ row }) => order.isListed(row));
  if (!isSorted(own, order.compare)) own.sort((a, b) => order.compare(a.row, b.row));

  const rows: Row[] = [];
  const wanted = wantedRows(page);
  let scanned = 0;
  let hasMore = false;
  for (const { row } of own) {
    if (isLive(row, options.nowSeconds) && (!source.filter || source.filter(row))) {
      hasMore = rows.length === page.size;
      if (hasMore) break;
      rows.push(row);
    }
    scanned += 1;
    if (rows.length === wanted) break;
  }
  const isFull = hasMore || rows.length === wanted;
  if (!isFull && !read.isComplete) return null;
  // A query of the project itself would end the page there.
  if (scanned >= scanBudget) return null;
  if (!options.sortsTiesByKey && hasTies(own, scanned + 1, order)) return null;
  const last = own[scanned - 1]?.row;
  const deepest = own[hasMore ? scanned : scanned - 1]?.place ?? 0;
  return {
    page: {
      rows,
      hasMore: hasMore || (isFull && wanted === page.size),
      scannedCount: scanned,
      scanLimitReached: false,
      readTo: last ? positionOf(last, source.table, source.index) : null,
    },
    // One more row, older than that one, is what makes it certain.
    depth: newestFirst && isFull ? Math.min(deepest + 2, read.rows.length) : read.rows.length,
  };
}

interface Placed {
  place: number;
  row: Row;
}

/** Returns the places of a project's rows whose order is certain: rows as old as the last one read may have unread companions. */
function certainPlaces(read: OwnerRead, { table, partition }: ListSource): readonly number[] {
  const places = read.placesOf(partition);
  if (read.isComplete) return places;
  const time = ownerSortAttribute(table);
  const horizon = read.rows.at(-1)?.[time];
  return places.filter((place) => read.rows[place]?.[time] !== horizon);
}

interface ListOrder {
  /** False for rows that the list's index leaves out, because they lack its sort key. */
  isListed: (row: Row) => boolean;
  hasSameSortKey: (a: Row, b: Row) => boolean;
  compare: (a: Row, b: Row) => number;
}

/** Returns the order of a list: by its index's sort key, then by the table's primary key. */
function listOrder({ table, index, descending }: ListSource): ListOrder {
  const { sort = '' } = keyOf(table, index);
  const type = keyAttributeType(table, sort) === 'N' ? 'number' : 'string';
  const attributes: string[] = [sort, ...Object.values<string>(tables[table].key)];
  const direction = descending ? -1 : 1;
  return {
    isListed: (row) => typeof row[sort] === type,
    hasSameSortKey: (a, b) => a[sort] === b[sort],
    compare(a, b) {
      for (const attribute of attributes) {
        const order = compareKeys(a[attribute] as string | number, b[attribute] as string | number);
        if (order !== 0) return direction * order;
      }
      return 0;
    },
  };
}

/** Compares as DynamoDB sorts: numbers by value, texts by their UTF-8 bytes. */
function compareKeys(a: string | number, b: string | number): number {
  if (a === b) return 0;
  // UTF-16 and UTF-8 order differ only where surrogates are involved.
  if (typeof a === 'string' && typeof b === 'string' && /[\ud800-\udfff]/.test(a + b))
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

function isSorted(rows: readonly Placed[], compare: ListOrder['compare']): boolean {
  return rows.every(({ row }, i) => i === 0 || compare((rows[i - 1] as Placed).row, row) <= 0);
}

function hasTies(rows: readonly Placed[], count: number, { hasSameSortKey }: ListOrder): boolean {
  return rows.slice(1, count).some(({ row }, i) => hasSameSortKey((rows[i] as Placed).row, row));
}
