/** What is looked at before a document is parsed, in one linear pass. */
import { Lexer, Source, TokenKind } from 'graphql';
import { tooComplex } from './errors.ts';
import { operationLimits } from './limits.ts';

const opening: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const closing: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/**
 * Throws QUERY_TOO_COMPLEX for a document with too many tokens or too many brackets inside of each other. The parser recurses
 * once per bracket, so this comes first. Text that is no GraphQL passes up to its first mistake: the parser names it better.
 */
export function checkSource(text: string): void {
  const { tokens, brackets } = operationLimits;
  const lexer = new Lexer(new Source(text));
  let open = 0;
  for (let count = 0; ; count += 1) {
    const kind = nextKind(lexer);
    if (kind === null || kind === TokenKind.EOF) return;
    if (count === tokens) throw tooComplex(`The document has more than ${tokens} tokens. Split it into several requests.`);
    if (opening.has(kind)) open += 1;
    if (closing.has(kind)) open -= 1;
    if (open > brackets) throw tooComplex(`The document has more than ${brackets} brackets inside of each other. Flatten it.`);
  }
}

function nextKind(lexer: Lexer): TokenKind | null {
  try {
    return lexer.advance().kind;
  } catch {
    return null;
  }
}
