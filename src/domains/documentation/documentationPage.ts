/** A documentation page: its record, the rules of its fields, what follows from its text, the order of pages. */
import type { BodyReference } from '../../data/body.ts';
import { jsonProblem } from '../json.ts';
import type { Edit } from '../projects/project.ts';
import { Checks } from '../text.ts';
import { excerptOf } from './markdown.ts';

/** A row of the documentation table. A small text is inline in `content`; see data/body.ts. */
export type DocumentationPageRecord = BodyReference & {
  id: string;
  /** The owner of the project; in rows of the earlier backend, the creator. */
  userId: string;
  projectId: string;
  title: string;
  content?: string;
  category: string;
  tags?: string[] | null;
  /** Absent in some rows of the earlier backend. */
  order?: number;
  /** Absent in rows of the earlier backend, as is `contentBytes`: their text is inline. */
  excerpt?: string;
  contentBytes?: number;
  createdById?: string;
  createdAt: string;
  updatedAt: string;
  revision?: number;
  edits?: Edit[];
};

/** How many pages a project may have. Lists of a category, moves and searches read all rows of a project. */
export const maxPages = 1_000;

const maxTags = 20;

/** What a client may set; `undefined` leaves, `null` clears where that is possible. */
export interface PageFields {
  title?: string | null;
  content?: string | null;
  category?: string | null;
  tags?: readonly string[] | null;
}

/** Throws ValidationErrors for fields that are not valid; the size of the text is checked where it is stored. */
export function checkPageFields(input: PageFields): void {
  const checks = new Checks();
  checks.notNull(['input', 'title'], input.title);
  checks.notNull(['input', 'category'], input.category);
  checks.text(['input', 'title'], input.title, { min: 1, max: 200 });
  checks.text(['input', 'category'], input.category, { min: 1, max: 100 });
  // Text that people paste (logs, ANSI colours) may have any character that Unicode and DynamoDB can carry.
  checks.add(['input', 'content'], jsonProblem(input.content ?? ''));
  const tags = input.tags ?? [];
  if (tags.length > maxTags) checks.add(['input', 'tags'], `A page has at most ${maxTags} tags; ${tags.length} came.`);
  tags.forEach((tag, i) => checks.text(['input', 'tags', String(i)], tag, { min: 1, max: 50 }));
  checks.throwIfAny();
}

/** Returns what a row keeps about its text, so that lists need not read it. */
export function digestOf(content: string): { excerpt: string; contentBytes: number } {
  return { excerpt: excerptOf(content), contentBytes: Buffer.byteLength(content) };
}

/** Returns what is known about a page's text without reading it. Rows of the earlier backend have the text itself. */
export function pageDigest({ excerpt, contentBytes, content }: DocumentationPageRecord): { excerpt: string; contentBytes: number } {
  return excerpt !== undefined && contentBytes !== undefined ? { excerpt, contentBytes } : digestOf(content ?? '');
}

/** Place of a page in the order of its project's pages. */
export type PagePlace = Pick<DocumentationPageRecord, 'order' | 'createdAt' | 'id'>;

/** Compares places: by order, then those without one by time of creation, then by id; so no two pages are equal. */
export function comparePlaces(a: PagePlace, b: PagePlace): number {
  const [left, right] = [a.order ?? Infinity, b.order ?? Infinity];
  if (left !== right) return left < right ? -1 : 1;
  if (left === Infinity && a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}
