/** What is looked at before a document is parsed, in one linear pass. */
import { tooComplex } from './errors.ts';
import { operationLimits } from './limits.ts';
import { tokenAt } from './scanner.ts';

const opening: ReadonlySet<string> = new Set(['{', '[', '(']);
const closing: ReadonlySet<string> = new Set(['}', ']', ')']);

/**
 * Throws QUERY_TOO_COMPLEX for a document with too many tokens, too many brackets inside of each other, endless words or too
 * much between the tokens. The parser recurses once per bracket and keeps every comment, so this comes first. Text that is no
 * GraphQL passes up to its first mistake: the parser names it better.
 */
export function checkSource(text: string): void {
  const { tokens, brackets, wordLength, ignoredCharacters } = operationLimits;
  let [at, open, ignored] = [0, 0, 0];
  for (let count = 0; ; count += 1) {
    const between = ignoredAfter(text, at, ignoredCharacters - ignored);
    ignored += between;
    if (ignored > ignoredCharacters)
      throw tooComplex(`The document has more than ${ignoredCharacters} characters of comments and white space. Leave them out.`);
    const token = tokenAt(text, at + between);
    if (token === null) return;
    at = token.end;
    const first = text.charAt(token.start);
    if (count === tokens) throw tooComplex(`The document has more than ${tokens} tokens. Split it into several requests.`);
    if (first !== '"' && token.end - token.start > wordLength)
      throw tooComplex(`The document has a name or number of more than ${wordLength} characters. Shorten it.`);
    if (opening.has(first)) open += 1;
    if (closing.has(first)) open -= 1;
    if (open > brackets) throw tooComplex(`The document has more than ${brackets} brackets inside of each other. Flatten it.`);
  }
}

const whiteSpace: ReadonlySet<string> = new Set(['\t', '\n', '\r', ' ', ',', '\ufeff']);

/** Returns how many characters from `start` on mean nothing (GraphQL specification, 2.1.7), counting no further than to `enough` + 1. */
function ignoredAfter(text: string, start: number, enough: number): number {
  let inComment = false;
  let at = start;
  for (; at < text.length && at - start <= enough; at += 1) {
    const character = text.charAt(at);
    if (inComment) inComment = character !== '\n' && character !== '\r';
    else if (character === '#') inComment = true;
    else if (!whiteSpace.has(character)) break;
  }
  return at - start;
}
