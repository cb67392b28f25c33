/** The DynamoDB side of documentation pages. */
import type { Context } from '../../context.ts';
import type { Row, Write } from '../../data/connection.ts';
import { positionOf, type ListSource } from '../../data/page.ts';
import { readBody } from '../bodies.ts';
import type { RecordEdit } from '../revision.ts';
import { comparePlaces, maxPages, type DocumentationPageRecord } from './documentationPage.ts';

const table = 'documentation';

function keyOf({ id, userId }: DocumentationPageRecord): Row {
  return { id, userId };
}

/** Returns the write that creates a page. */
export function putPage(page: DocumentationPageRecord): Write {
  return { kind: 'put', table, item: page, condition: { exists: false } };
}

/** Returns the write that edits a page, if nobody else has edited it since it was read. */
export function updatePageRow(page: DocumentationPageRecord, edit: RecordEdit<DocumentationPageRecord>): Write {
  return { kind: 'update', table, key: keyOf(page), changes: edit.changes, condition: edit.condition };
}

/** Returns the write that deletes a page, if nobody has edited it since it was read. */
export function deletePageRow(page: DocumentationPageRecord): Write {
  return { kind: 'delete', table, key: keyOf(page), condition: { exists: true, equals: { revision: page.revision } } };
}

/** Returns the write that gives a page another order, if it still has the one that was read. It counts as no edit: the page stays where it is. */
export function renumberPage(page: DocumentationPageRecord, order: number): Write {
  return {
    kind: 'update',
    table,
    key: keyOf(page),
    changes: { set: { order } },
    condition: { exists: true, equals: { order: page.order } },
  };
}

/** Returns the check that a page is there and has this order. */
export function checkOrder(page: DocumentationPageRecord, order: number): Write {
  return { kind: 'check', table, key: keyOf(page), condition: { exists: true, equals: { order } } };
}

/** Returns a page's row whoever may see it, or null. */
export async function loadPage(context: Context, id: string): Promise<DocumentationPageRecord | null> {
  const row = await context.loaders.byId(table).load({ id });
  // Chunks of a page that was deleted have no project.
  return row?.['projectId'] ? (row as DocumentationPageRecord) : null;
}

/** Returns the text of a page, or null when the page is gone. */
export async function loadContent(context: Context, page: DocumentationPageRecord): Promise<string | null> {
  const body = await readBody(context, { table, owner: page, attributes: ['content'] });
  return body && ((body['content'] as string | undefined) ?? '');
}

/** The pages of a project that have an order, in that order. */
export function orderedPages(projectId: string): ListSource {
  return { table, index: 'ProjectIdIndex', partition: projectId, descending: false };
}

/** DynamoDB refuses key values that no row can have: empty ones and those over 1,024 bytes. */
const maxKeyBytes = 1_024;

/** All pages of a project, or those of a category; the index does not order them further. */
export function pagesByCategory(projectId: string, category?: string): ListSource {
  const source = { table, index: 'ProjectIdCategoryIndex', partition: projectId, descending: false } as const;
  if (category === undefined) return source;
  // No category begins with this character, so the range of an impossible category is empty, as it should be.
  const possible = category !== '' && Buffer.byteLength(category) <= maxKeyBytes;
  return { ...source, range: { equals: possible ? category : '\0' } };
}

/** The pages of an owner, newest first. */
export function pagesOfOwner(ownerId: string): ListSource {
  return { table, index: 'UserIdIndex', partition: ownerId, descending: true };
}

/** Returns all pages of a list (`pagesByCategory`) in order, the ones without an order last. Read once a request. */
export async function loadAllPages(context: Context, source: ListSource): Promise<DocumentationPageRecord[]> {
  // Parallel writers and the earlier backend may have gone over the limit a little.
  const { rows } = await context.loaders.pages.load({ source, page: { size: 2 * maxPages, forward: true } });
  return (rows as DocumentationPageRecord[]).toSorted(comparePlaces);
}

/** Returns the pages of a project without an order, oldest first. */
export async function loadUnorderedPages(context: Context, projectId: string): Promise<DocumentationPageRecord[]> {
  return (await loadAllPages(context, pagesByCategory(projectId))).filter(({ order }) => order === undefined);
}

/** Returns the first pages of a project, or the next ones behind a page, which must have an order. */
export async function nextPages(
  context: Context,
  { projectId, behind, limit }: { projectId: string; behind?: DocumentationPageRecord; limit: number },
): Promise<DocumentationPageRecord[]> {
  const page = { size: limit, forward: true, ...(behind && { from: positionOf(behind, table, 'ProjectIdIndex') }) };
  const { rows } = await context.loaders.pages.load({ source: orderedPages(projectId), page });
  return rows as DocumentationPageRecord[];
}

/** Returns the last page of a project among those that have an order, or null. */
export async function lastPage(context: Context, projectId: string): Promise<DocumentationPageRecord | null> {
  const { rows } = await context.loaders.pages.load({ source: orderedPages(projectId), page: { size: 1, forward: false } });
  return (rows[0] ?? null) as DocumentationPageRecord | null;
}
