/** The part of a text that shows best why it was found. */
import { pageDigest, type DocumentationPageRecord } from './documentationPage.ts';
import { plainText, shorten } from './markdown.ts';
import { eachWord, type WordMatcher } from './searchWords.ts';

/** A word of the query in a text. */
export interface TextMatch {
  start: number;
  end: number;
  /** Index of the query's word. */
  term: number;
  weight: number;
}

/** A part of a text without its Markdown, and where the query's words are in it. */
export interface Passage {
  snippet: string;
  highlights: { start: number; end: number }[];
}

const windowLength = 160;
const lead = 40;
const snippetLength = 220;

/** Returns the passage around the place with most different words of the query; the page's excerpt when its text has none. */
export function bestPassage(found: {
  text: string | null;
  /** Ascending. */
  places: readonly TextMatch[];
  fallback: DocumentationPageRecord;
  matcher: WordMatcher;
}): Passage {
  const { text, places, fallback, matcher } = found;
  const snippet = text === null || places.length === 0 ? pageDigest(fallback).excerpt : snippetAt(text, bestStart(places));
  return { snippet, highlights: highlightsIn(snippet, matcher) };
}

/** Returns where the window with the best sum of words begins; each word of the query counts once in it. */
function bestStart(places: readonly TextMatch[]): number {
  let best = { start: places[0]?.start ?? 0, sum: 0 };
  places.forEach(({ start }, i) => {
    const weights = new Map<number, number>();
    for (let j = i; j < places.length && (places[j] as TextMatch).end <= start + windowLength; j += 1) {
      const { term, weight } = places[j] as TextMatch;
      weights.set(term, Math.max(weights.get(term) ?? 0, weight));
    }
    const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
    if (sum > best.sum) best = { start, sum };
  });
  return best.start;
}

function snippetAt(text: string, match: number): string {
  const start = startOfWord(text, Math.max(0, match - lead), match);
  const plain = plainText(text.slice(start, start + 2 * snippetLength));
  return shorten(`${start > 0 ? '…' : ''}${plain}`, snippetLength);
}

/** Returns the beginning of the first whole word from `wanted` on, `latest` at the latest; the beginning of its line where that is near, so that Markdown is whole. */
function startOfWord(text: string, wanted: number, latest: number): number {
  if (wanted === 0) return 0;
  const line = text.slice(wanted, latest).lastIndexOf('\n');
  if (line !== -1) return wanted + line + 1;
  const space = text.slice(wanted, latest).search(/\s/);
  return space === -1 ? latest : wanted + space + 1;
}

function highlightsIn(snippet: string, matcher: WordMatcher): Passage['highlights'] {
  const highlights: Passage['highlights'] = [];
  eachWord(snippet, (word, start) => {
    if (matcher(word).length > 0) highlights.push({ start, end: start + word.length });
  });
  return highlights;
}
