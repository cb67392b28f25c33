/** What is looked at before a document is parsed, in one linear pass. */
import { Lexer, Source, TokenKind, type Token } from 'graphql';
import { tooComplex } from './errors.ts';
import { operationLimits } from './limits.ts';

const opening: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const closing: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);
const words: ReadonlySet<TokenKind> = new Set([TokenKind.NAME, TokenKind.INT, TokenKind.FLOAT]);

/**
 * Throws QUERY_TOO_COMPLEX for a document with too many tokens, too many brackets inside of each other, endless words or too
 * much between the tokens. The parser recurses once per bracket and keeps every comment, so this comes first. Text that is no
 * GraphQL passes up to its first mistake: the parser names it better.
 */
export function checkSource(text: string): void {
  const { tokens, brackets, wordLength, ignoredCharacters } = operationLimits;
  const lexer = new Lexer(new Source(text));
  let [open, ignored] = [0, 0];
  for (let count = 0; ; count += 1) {
    // The lexer would read all comments in a row before it returns.
    ignored += ignoredAfter(text, lexer.token.end, ignoredCharacters - ignored);
    if (ignored > ignoredCharacters)
      throw tooComplex(`The document has more than ${ignoredCharacters} characters of comments and white space. Leave them out.`);
    const token = nextToken(lexer);
    if (token === null || token.kind === TokenKind.EOF) return;
    if (count === tokens) throw tooComplex(`The document has more than ${tokens} tokens. Split it into several requests.`);
    if (words.has(token.kind) && token.end - token.start > wordLength)
      throw tooComplex(`The document has a name or number of more than ${wordLength} characters. Shorten it.`);
    if (opening.has(token.kind)) open += 1;
    if (closing.has(token.kind)) open -= 1;
    if (open > brackets) throw tooComplex(`The document has more than ${brackets} brackets inside of each other. Flatten it.`);
  }
}

function nextToken(lexer: Lexer): Token | null {
  try {
    return lexer.advance();
  } catch {
    return null;
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
