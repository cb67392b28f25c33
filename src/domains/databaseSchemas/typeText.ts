/** The grammar of SQL type text: what may stand in it, and how it comes apart. */

/** A type text taken apart. */
export interface TypePieces {
  words: string[];
  /** True where the name was a quoted identifier. */
  quoted: boolean;
  args: string[] | undefined;
  suffix: string[];
  dimensions: number;
}

const token =
  /\s*(?:(?<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`)|(?<string>'(?:[^'\\]|''|\\.)*')|(?<word>[\p{L}_][\p{L}\p{N}_$]*(?:\.[\p{L}_][\p{L}\p{N}_$]*)*)|(?<number>-?\d+(?:\.\d+)?)|(?<sign>[(),[\]]))/uy;

type Token = { kind: 'quoted' | 'string' | 'word' | 'number' | 'sign'; text: string };

/** Returns the tokens of a type text, or null where it holds a character that no type has (`;`, an open quote, a comment). */
function tokenize(text: string): Token[] | null {
  const tokens: Token[] = [];
  const trimmed = text.trim();
  token.lastIndex = 0;
  while (token.lastIndex < trimmed.length) {
    const groups = token.exec(trimmed)?.groups;
    if (!groups) return null;
    for (const kind of ['quoted', 'string', 'word', 'number', 'sign'] as const) {
      const value = groups[kind];
      if (value !== undefined) tokens.push({ kind, text: value });
    }
  }
  return tokens;
}

/** SQL Server writes `[int]` or `[my type]` for a name. */
function unbracket(text: string): string {
  return text.replace(/^\s*\[([\p{L}\p{N}_ ]+)\]/u, (_, name: string) => (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? name : `"${name}"`));
}

/** Longest type text that is accepted; MySQL's longest ENUM lists stay below it. */
export const maxTypeLength = 20_000;

/**
 * Tells whether a type text is harmless when it is printed into a statement: words, numbers, quoted names, quoted enum values,
 * balanced parentheses and brackets; it begins with a name and holds no `;`, comment or operator.
 */
export function isSafeTypeText(text: string): boolean {
  if (text.length > maxTypeLength) return false;
  const tokens = tokenize(unbracket(text));
  const first = tokens?.[0];
  if (!tokens || !first || (first.kind !== 'word' && first.kind !== 'quoted')) return false;
  // The longest type names, with character set and collation, have about eight words.
  if (tokens.filter(({ kind }) => kind === 'word').length > 12 && !tokens.some(({ text: sign }) => sign === '(')) return false;
  const open: string[] = [];
  for (const { kind, text: sign } of tokens) {
    if (kind !== 'sign') continue;
    if (sign === '(' || sign === '[') open.push(sign === '(' ? ')' : ']');
    else if (sign === ',' ? open.at(-1) !== ')' : open.pop() !== sign) return false;
  }
  return open.length === 0;
}

/** Returns a quoted identifier without its quotes. */
function unquote(text: string): string {
  const quote = text.charAt(0);
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

function unquoteString(text: string): string {
  return text.slice(1, -1).replaceAll("''", "'").replace(/\\(.)/gsu, '$1');
}

function addToken(pieces: TypePieces, { kind, text }: Token, depth: number): void {
  if (depth > 0) {
    if (kind === 'string') pieces.args?.push(unquoteString(text));
    else if (kind === 'quoted') pieces.args?.push(unquote(text));
    else if (kind !== 'sign') pieces.args?.push(text);
  } else if (kind === 'quoted') {
    pieces.words.push(unquote(text));
    pieces.quoted = true;
  } else if (kind === 'word') {
    if (pieces.args || pieces.dimensions > 0) pieces.suffix.push(text.toLowerCase());
    else pieces.words.push(text);
  }
}

/** Splits `character (10) varying [3]` into words, arguments, words after them, and array dimensions; null for unsafe text. */
export function splitTypeText(text: string): TypePieces | null {
  const unbracketed = unbracket(text);
  const tokens = isSafeTypeText(text) ? tokenize(unbracketed) : null;
  if (!tokens) return null;
  const pieces: TypePieces = { words: [], quoted: false, args: undefined, suffix: [], dimensions: 0 };
  let depth = 0;
  for (const part of tokens) {
    if (part.text === '(' && part.kind === 'sign') {
      depth += 1;
      pieces.args ??= [];
    } else if (part.text === ')' && part.kind === 'sign') depth -= 1;
    else if (part.text === '[' && part.kind === 'sign') pieces.dimensions += 1;
    else addToken(pieces, part, depth);
  }
  return pieces;
}
