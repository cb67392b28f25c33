/**
 * Full-text search over the pages of one project, without an index that would have to be kept: each text is gone through
 * once, and each different word is compared once. 8 MB take a few tenths of a second, in slices between which other
 * requests are served. (Building an index for one question takes ten times as long.)
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { comparePlaces, type DocumentationPageRecord } from './documentationPage.ts';
import { bestPassage, type Passage, type TextMatch } from './passage.ts';
import { createMatcher, eachWord, normalizeWord, queryTerms, type WordMatcher } from './searchWords.ts';

/** A page that was found. */
export interface SearchHit {
  page: DocumentationPageRecord;
  score: number;
  /** Words of the page that were found, normalized, best first. */
  matchedWords: string[];
  passage: () => Passage;
}

/** A page and its text; null for a text that is not searched. */
export interface SearchablePage {
  page: DocumentationPageRecord;
  content: string | null;
}

/** What was found of each word of the query in one page. */
interface Findings {
  source: SearchablePage;
  /** By term: the best match in title, tags, category and text, and how often the text has it. */
  terms: { title: number; tags: number; category: number; content: number; count: number }[];
  words: Map<string, number>;
  places: TextMatch[];
  length: number;
}

/**
 * What a field adds to the score of a word at most. The text alone can reach `1 + saturation` = 2.2, so that a word in the
 * title counts more than the same word in tags, category and text together.
 */
const fieldScores = { title: 12, tags: 5, category: 3 } as const;

/** Constants of BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009): usual values. */
const saturation = 1.2;
const lengthShare = 0.75;

/** Texts are gone through in slices of this many characters. */
const sliceLength = 128 * 1024;
const maxPlaces = 500;
const maxWords = 10;

/** Finds the pages that have words of the query; best first, pages of equal score in their order. Rejects when `signal` aborts. */
export async function searchPages(query: string, pages: readonly SearchablePage[], signal?: AbortSignal): Promise<SearchHit[]> {
  const terms = queryTerms(query);
  if (terms.length === 0) return [];
  const matcher = createMatcher(terms);
  const findings: Findings[] = [];
  for (const source of pages) findings.push(await searchPage(source, { matcher, terms: terms.length, signal }));
  const score = scorer(findings, terms.length);
  const hits = findings
    .filter(({ words }) => words.size > 0)
    .map((finding): SearchHit => ({
      page: finding.source.page,
      score: score(finding),
      matchedWords: [...finding.words]
        .sort(([, a], [, b]) => b - a)
        .slice(0, maxWords)
        .map(([word]) => word),
      passage: () => bestPassage({ text: finding.source.content, places: finding.places, fallback: finding.source.page, matcher }),
    }));
  return hits.sort((a, b) => b.score - a.score || comparePlaces(a.page, b.page));
}

async function searchPage(
  source: SearchablePage,
  { matcher, terms, signal }: { matcher: WordMatcher; terms: number; signal: AbortSignal | undefined },
): Promise<Findings> {
  const { page, content } = source;
  const found: Findings = { source, terms: [], words: new Map(), places: [], length: 0 };
  found.terms = Array.from({ length: terms }, () => ({ title: 0, tags: 0, category: 0, content: 0, count: 0 }));
  const note = (text: string, field: 'title' | 'tags' | 'category' | 'content', offset = 0): void =>
    eachWord(text, (word, start) => {
      if (field === 'content') found.length += 1;
      for (const { term, weight } of matcher(word)) noteMatch(found, { field, term, weight, word, start: offset + start });
    });
  note(page.title, 'title');
  note(page.category, 'category');
  for (const tag of page.tags ?? []) note(tag, 'tags');
  for (let start = 0; content !== null && start < content.length;) {
    const end = endOfSlice(content, start + sliceLength);
    note(content.slice(start, end), 'content', start);
    start = end;
    if (start < content.length || content.length > sliceLength / 16) await breathe();
    signal?.throwIfAborted();
  }
  return found;
}

function noteMatch(
  found: Findings,
  {
    field,
    term,
    weight,
    word,
    start,
  }: { field: 'title' | 'tags' | 'category' | 'content'; term: number; weight: number; word: string; start: number },
): void {
  const terms = found.terms[term];
  if (!terms) return;
  terms[field] = Math.max(terms[field], weight);
  const normalized = normalizeWord(word);
  found.words.set(normalized, Math.max(found.words.get(normalized) ?? 0, weight));
  if (field !== 'content') return;
  terms.count += 1;
  if (found.places.length < maxPlaces) found.places.push({ start, end: start + word.length, term, weight });
}

/** Returns where a slice ends: not within a word, unless the word is endless. */
function endOfSlice(text: string, wanted: number): number {
  if (wanted >= text.length) return text.length;
  const space = text.slice(wanted, wanted + 1_000).search(/\s/);
  return space === -1 ? wanted : wanted + space;
}

/** Returns the function that scores a page: rare words count more than words that most pages have. */
function scorer(findings: readonly Findings[], terms: number): (finding: Findings) => number {
  const has = ({ title, tags, category, content }: Findings['terms'][number]): boolean => title + tags + category + content > 0;
  const rarity = Array.from({ length: terms }, (_, i) => {
    const pages = findings.filter((finding) => has(finding.terms[i] as Findings['terms'][number])).length;
    return Math.log(1 + (findings.length - pages + 0.5) / (pages + 0.5));
  });
  const meanLength = findings.reduce((sum, { length }) => sum + length, 0) / Math.max(1, findings.length) || 1;
  return (finding) => {
    const damping = saturation * (1 - lengthShare + (lengthShare * finding.length) / meanLength);
    const sum = finding.terms.reduce((total, { title, tags, category, content, count }, i) => {
      const inText = count === 0 ? 0 : (content * count * (1 + saturation)) / (count + damping);
      return (
        total + (rarity[i] as number) * (fieldScores.title * title + fieldScores.tags * tags + fieldScores.category * category + inText)
      );
    }, 0);
    const share = finding.terms.filter(has).length / terms;
    return Math.round(sum * share ** 2 * 10_000) / 10_000;
  };
}
