/** Words of texts, and how words of a query find them: as they are, as a beginning, or with a typing mistake. */

/** A word of a text that stands for a word of the query. */
export interface WordMatch {
  /** Index of the query's word. */
  term: number;
  /** From 0 to 1: 1 for the word itself. */
  weight: number;
}

/** Finds which words of a query a word of a text stands for. Remembers its answers, as texts repeat their words. */
export type WordMatcher = (word: string) => readonly WordMatch[];

const maxTerms = 10;
const wordPattern = /[\p{L}\p{N}\p{M}]+/gu;
// eslint-disable-next-line no-control-regex -- the range of ASCII begins with control characters
const asciiOnly = /^[\u0000-\u007f]*$/;

/** Scripts that are written without spaces: a word of the query may be anywhere in a run of letters. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Words longer than this are data, such as hashes: nobody mistypes them. */
const maxFuzzyLength = 40;
const maxRemembered = 50_000;

/** Returns a word without case and accents. */
export function normalizeWord(word: string): string {
  return asciiOnly.test(word) ? word.toLowerCase() : word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Calls `visit` for each word of a text, with its position. */
export function eachWord(text: string, visit: (word: string, start: number) => void): void {
  for (const match of text.matchAll(wordPattern)) visit(match[0], match.index);
}

/** Returns the words of a query, normalized, each once, the first ten. */
export function queryTerms(query: string): string[] {
  const terms = new Set<string>();
  eachWord(query, (word) => terms.add(normalizeWord(word)));
  return [...terms].slice(0, maxTerms);
}

/** Makes the matcher of a query's words. */
export function createMatcher(terms: readonly string[]): WordMatcher {
  const known = new Map<string, readonly WordMatch[]>();
  const none: readonly WordMatch[] = [];
  return (word) => {
    const remembered = known.get(word);
    if (remembered) return remembered;
    const normalized = normalizeWord(word);
    const matches = terms.map((term, i) => ({ term: i, weight: matchWeight(term, normalized) })).filter(({ weight }) => weight > 0);
    if (known.size >= maxRemembered) known.clear();
    known.set(word, matches.length > 0 ? matches : none);
    return matches;
  };
}

/** Returns how well a normalized word of a text stands for a word of a query, from 0 (not at all) to 1 (the same word). */
export function matchWeight(term: string, word: string): number {
  if (word === term) return 1;
  if (term.length >= 2 && word.startsWith(term)) return 0.5 + (0.4 * term.length) / word.length;
  if (unspaced.test(term)) return word.includes(term) ? 0.7 : 0;
  // One letter or digit more or less makes another number, not a typing mistake.
  if (/\p{N}/u.test(term)) return 0;
  const allowed = term.length < 4 ? 0 : term.length < 8 ? 1 : 2;
  if (allowed === 0 || word.length > maxFuzzyLength || Math.abs(word.length - term.length) > allowed) return 0;
  const distance = editDistance(term, word, allowed);
  if (distance > allowed) return 0;
  return distance === 1 ? 0.4 : 0.25;
}

/**
 * Returns how many letters have to be put in, left out, replaced or swapped with their neighbour to make one word of the
 * other (optimal string alignment distance), or `limit + 1` when it is more than the limit.
 */
export function editDistance(a: string, b: string, limit: number): number {
  let twoUp: number[] = [];
  let up = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min((up[j] as number) + 1, (row[j - 1] as number) + 1, (up[j - 1] as number) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) distance = Math.min(distance, (twoUp[j - 2] as number) + 1);
      row.push(distance);
      least = Math.min(least, distance);
    }
    if (least > limit) return limit + 1;
    [twoUp, up] = [up, row];
  }
  return Math.min(up[b.length] as number, limit + 1);
}
