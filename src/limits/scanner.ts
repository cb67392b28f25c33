/** Finds where the tokens of a document end, several times as fast as a lexer, which also reads what they mean. */

/** A token by its place in the text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const name = /[_A-Za-z]\w*/y;
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const punctuators: ReadonlySet<string> = new Set(['!', '$', '&', '(', ')', ':', '=', '@', '[', ']', '{', '|', '}']);

/**
 * Returns the token that begins at `start`, which is neither white space nor comment, or null for what begins no token. Of a
 * string only its end is looked for: what is wrong inside of it, the parser finds before it reads on.
 */
export function tokenAt(text: string, start: number): Span | null {
  const character = text.charAt(start);
  if (punctuators.has(character)) return { start, end: start + 1 };
  if (character === '"') return stringAt(text, start);
  if (character === '.') return text.startsWith('...', start) ? { start, end: start + 3 } : null;
  return matchAt(name, text, start) ?? matchAt(number, text, start);
}

function matchAt(pattern: RegExp, text: string, start: number): Span | null {
  pattern.lastIndex = start;
  return pattern.test(text) ? { start, end: pattern.lastIndex } : null;
}

function stringAt(text: string, start: number): Span | null {
  const quotes = text.startsWith('"""', start) ? '"""' : '"';
  let at = start + quotes.length;
  for (;;) {
    const close = text.indexOf(quotes, at);
    if (close === -1) return null;
    const isEscaped = quotes === '"' ? backslashesBefore(text, close) % 2 === 1 : text.charAt(close - 1) === '\\';
    if (!isEscaped) return { start, end: close + quotes.length };
    at = close + quotes.length;
  }
}

function backslashesBefore(text: string, end: number): number {
  let at = end;
  while (text.charAt(at - 1) === '\\') at -= 1;
  return end - at;
}
