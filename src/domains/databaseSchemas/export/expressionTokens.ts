/** The lexer of default expressions. It knows what a default may hold; everything else is refused, so no text can end the statement around it. */

export type ExpressionToken =
  | { readonly kind: 'string'; readonly value: string }
  /** `b'01'` (radix 2) or `x'ff'` (radix 16). */
  | { readonly kind: 'digits'; readonly value: string; readonly radix: 2 | 16 }
  | { readonly kind: 'number'; readonly value: string }
  | { readonly kind: 'word'; readonly value: string }
  /** An identifier in quotes; SQLite and MySQL take it for a string. */
  | { readonly kind: 'quoted'; readonly value: string }
  | { readonly kind: 'sign'; readonly value: string };

/** Why a text is no default expression; `message` completes "the default … is left out, because". */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

const maxLength = 10_000;

const pattern = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    String.raw`(?<comment>--|/\*|\*/)`,
    String.raw`(?<digits>[bBxX]'[0-9a-fA-F]*')`,
    String.raw`[eE]'(?<escaped>(?:[^'\\]|''|\\.)*)'`,
    String.raw`(?:[nN]|_utf8mb4|_utf8)?'(?<string>(?:[^']|'')*)'`,
    String.raw`"(?<quoted>(?:[^"]|"")*)"`,
    String.raw`(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\p{L}_])`,
    String.raw`(?<word>[\p{L}_][\p{L}\p{N}_$]*(?:\.[\p{L}_][\p{L}\p{N}_$]*)*)`,
    String.raw`(?<sign>::|\|\||[-+*/%(),[\]])`,
  ].join('|'),
  'suy',
);

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '0': '' };

const unescape = (text: string): string => text.replaceAll("''", "'").replace(/\\(.)/gsu, (_, letter: string) => escapes[letter] ?? letter);

function toToken(groups: Record<string, string | undefined>): ExpressionToken | null {
  const { space, digits, escaped, string, quoted, number, word, sign } = groups;
  if (space !== undefined) return null;
  if (digits !== undefined) return { kind: 'digits', value: digits.slice(2, -1).toLowerCase(), radix: /^b/iu.test(digits) ? 2 : 16 };
  if (escaped !== undefined) return { kind: 'string', value: unescape(escaped) };
  if (string !== undefined) return { kind: 'string', value: string.replaceAll("''", "'") };
  if (quoted !== undefined) return { kind: 'quoted', value: quoted.replaceAll('""', '"') };
  if (number !== undefined) return { kind: 'number', value: number };
  if (word !== undefined) return { kind: 'word', value: word };
  return { kind: 'sign', value: sign ?? '' };
}

/**
 * Returns the tokens of a default expression.
 * @throws {ExpressionError} for a statement end, a comment, an open quote and every character that belongs to no expression.
 */
export function tokenizeExpression(text: string): ExpressionToken[] {
  if (text.length > maxLength) throw new ExpressionError(`it is longer than ${maxLength} characters`);
  const tokens: ExpressionToken[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (groups?.['comment'] !== undefined) throw new ExpressionError('it holds a comment');
    if (!groups) {
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      throw new ExpressionError(/["']/u.test(character) ? 'a quote in it is not closed' : `"${character}" does not belong into a default`);
    }
    const found = toToken(groups);
    if (found) tokens.push(found);
  }
  return tokens;
}
