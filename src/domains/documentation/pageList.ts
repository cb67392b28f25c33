/**
 * Lists of a project's pages. The whole list is read page by page from the index that sorts by order; behind its end
 * come the pages that have no order and are in no such index. A category's list is read as a whole and sorted here,
 * since no index sorts it. Both have the same cursors: a position, which stays valid when its page is gone.
 */
import { findViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import type { Row } from '../../data/connection.ts';
import { hasRowBehind, type ListSource, type PageRequest } from '../../data/page.ts';
import { countUpTo, readPageArgs, type Connection, type PageArgs } from '../list.ts';
import { comparePlaces, type DocumentationPageRecord, type PagePlace } from './documentationPage.ts';
import { loadAllPages, loadUnorderedPages, orderedPages, pagesByCategory } from './documentationPages.store.ts';

/** Where a page is in the list, with all that is needed to read on from there. */
type Position = PagePlace & { userId: string };

interface PageList {
  /** What an index sorts; null when the list is nothing but its tail. */
  head: ListSource | null;
  /** All of the list, in no particular order. */
  all: ListSource;
  /** What comes behind the head, in order. */
  tail: () => Promise<DocumentationPageRecord[]>;
}

interface Part {
  records: DocumentationPageRecord[];
  /** True when the list goes on in the direction of reading. */
  hasMore: boolean;
}

/** Returns a page of a project's documentation, or of one category of it. Throws BAD_USER_INPUT and BAD_CURSOR. */
export async function listPages(
  context: Context,
  { projectId, category, args }: { projectId: string; category: string | undefined; args: PageArgs },
): Promise<Connection<DocumentationPageRecord>> {
  const { cursors } = context.services;
  const { forward, size, cursor } = readPageArgs(args);
  const scope = JSON.stringify([findViewer(context)?.id ?? null, 'project.documentation', projectId, category ?? null]);
  const list = listOf(context, projectId, category);
  const from = cursor == null ? null : positionFrom(cursors.decode(cursor, scope));
  const { records, hasMore } = await (forward ? readForward : readBackward)(context, list, { size, from, projectId });
  const behind = (): boolean | Promise<boolean> => from !== null && hasPageBehind(context, list, { forward, from, projectId });
  const cursorOf = (record: DocumentationPageRecord): string =>
    cursors.encode([record.order ?? '', record.createdAt, record.id, record.userId], scope);
  const cursorAt = (index: number): string | null => ((record) => (record ? cursorOf(record) : null))(records.at(index));
  return {
    nodes: records,
    edges: () => records.map((node) => ({ node, cursor: () => cursorOf(node) })),
    pageInfo: () => ({
      hasNextPage: () => (forward ? hasMore : behind()),
      hasPreviousPage: () => (forward ? behind() : hasMore),
      startCursor: () => cursorAt(0),
      endCursor: () => cursorAt(-1),
      scannedCount: records.length,
      scanLimitReached: false,
    }),
    countUpTo: ({ limit }) => countUpTo(context, { source: list.all, limit }),
    totalCount: async () => (await loadAllPages(context, list.all)).length,
  };
}

function listOf(context: Context, projectId: string, category: string | undefined): PageList {
  const all = pagesByCategory(projectId, category);
  if (category !== undefined) return { head: null, all, tail: () => loadAllPages(context, all) };
  return { head: orderedPages(projectId), all, tail: () => loadUnorderedPages(context, projectId) };
}

function positionFrom([order, createdAt, id, userId]: readonly (string | number)[]): Position {
  return { ...(typeof order === 'number' && { order }), createdAt: String(createdAt), id: String(id), userId: String(userId) };
}

interface Reading {
  size: number;
  from: Position | null;
  projectId: string;
}

/** Returns the position as a key of the head's index, or null when it is none in the head. */
function headKey({ head }: PageList, { from, projectId }: Pick<Reading, 'from' | 'projectId'>): Row | null {
  return head && from?.order !== undefined ? { projectId, order: from.order, id: from.id, userId: from.userId } : null;
}

async function readHead(context: Context, source: ListSource, page: PageRequest): Promise<Part> {
  const { rows, hasMore } = await context.loaders.pages.load({ source, page });
  return { records: rows as DocumentationPageRecord[], hasMore };
}

async function readForward(context: Context, list: PageList, reading: Reading): Promise<Part> {
  const { size, from } = reading;
  const key = headKey(list, reading);
  const inTail = from !== null && key === null;
  let records: DocumentationPageRecord[] = [];
  if (list.head && !inTail) {
    const head = await readHead(context, list.head, { size, forward: true, ...(key && { from: key }) });
    if (head.hasMore) return head;
    records = head.records;
  }
  const tail = await list.tail();
  const rest = inTail ? tail.filter((page) => comparePlaces(page, from) > 0) : tail;
  const room = size - records.length;
  return { records: [...records, ...rest.slice(0, room)], hasMore: rest.length > room };
}

async function readBackward(context: Context, list: PageList, reading: Reading): Promise<Part> {
  const { size, from } = reading;
  const key = headKey(list, reading);
  if (list.head && key) return readHead(context, list.head, { size, forward: false, from: key });
  const tail = await list.tail();
  const rest = from ? tail.filter((page) => comparePlaces(page, from) < 0) : tail;
  const room = size - rest.length;
  if (room < 0 || !list.head) return { records: rest.slice(-size), hasMore: room < 0 };
  const head = await readHead(context, list.head, { size: Math.max(room, 1), forward: false });
  if (room === 0) return { records: rest, hasMore: head.records.length > 0 };
  return { records: [...head.records, ...rest], hasMore: head.hasMore };
}

/** Returns whether the list has a page on the far side of the cursor, its own page included. */
async function hasPageBehind(
  context: Context,
  list: PageList,
  { forward, from, projectId }: { forward: boolean; from: Position; projectId: string },
): Promise<boolean> {
  const { connection } = context;
  const key = headKey(list, { from, projectId });
  if (list.head && key) {
    if (await hasRowBehind(connection, list.head, { size: 1, forward, from: key }, context.nowSeconds())) return true;
    return !forward && (await list.tail()).length > 0;
  }
  const isBehind = (page: DocumentationPageRecord): boolean => (forward ? comparePlaces(page, from) <= 0 : comparePlaces(page, from) >= 0);
  if ((await list.tail()).some(isBehind)) return true;
  return forward && list.head !== null && (await readHead(context, list.head, { size: 1, forward: true })).records.length > 0;
}
