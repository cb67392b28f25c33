/** Searching a project's documentation: which texts are read, and the list of hits. */
import { findProjectAccess } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { connectionOver, type Connection, type PageArgs } from '../list.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { textProblem } from '../text.ts';
import { pageDigest, type DocumentationPageRecord } from './documentationPage.ts';
import { loadAllPages, loadContent, pagesByCategory } from './documentationPages.store.ts';
import { searchPages, type SearchablePage, type SearchHit } from './search.ts';

/** Bounds of one search: that much text is read and gone through, and no more. */
const maxTexts = 500;
const maxTextBytes = 8 * 1024 * 1024;
const maxQueryLength = 200;

/** How many texts are read at once: each may be a few chunks, and chunks are read in batches of 100. */
const textsAtOnce = 25;

/** Searches the documentation of a project that the viewer may read; null for a project that they may not. Throws a ValidationError for an impossible query. */
export async function searchDocumentation(
  context: Context,
  project: ProjectRecord,
  { query, ...args }: PageArgs & { query: string },
): Promise<Connection<SearchHit> | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const problem = textProblem(query, { max: maxQueryLength, multiline: true });
  if (problem) throw invalid('query', `query: ${problem}`);
  const pages = await loadAllPages(context, pagesByCategory(project.id));
  const { sources, searched } = await readTexts(context, pages);
  const records = await searchPages(query, sources, context.request.signal);
  const name = `project.documentationSearch:${project.id}:${query}`;
  const { pageInfo, ...connection } = connectionOver(context, { name, records, args, keyOf: ({ page }) => page.id });
  const ends = { scannedCount: searched, scanLimitReached: searched < pages.length };
  return { ...connection, pageInfo: () => ({ ...pageInfo(), ...ends }) };
}

/** Reads the texts of as many pages as the bounds allow, in the order of the pages. */
async function readTexts(
  context: Context,
  pages: readonly DocumentationPageRecord[],
): Promise<{ sources: SearchablePage[]; searched: number }> {
  let bytes = 0;
  let searched = 0;
  const chosen = pages.map((page) => {
    const { contentBytes } = pageDigest(page);
    if (searched === maxTexts || bytes + contentBytes > maxTextBytes) return false;
    bytes += contentBytes;
    searched += 1;
    return true;
  });
  const sources: SearchablePage[] = [];
  for (let i = 0; i < pages.length; i += textsAtOnce) {
    const read = async (page: DocumentationPageRecord, j: number): Promise<SearchablePage> => ({
      page,
      content: chosen[i + j] ? await loadContent(context, page) : null,
    });
    sources.push(...(await Promise.all(pages.slice(i, i + textsAtOnce).map(read))));
  }
  return { sources, searched };
}
