/** Markdown as plain text, for excerpts and snippets. It is read by people, so it need not be exact; it is never shown as HTML. */

const excerptLength = 200;
/** Markup is longer than what it leaves; this much is enough for an excerpt unless the text begins with pages of it. */
const readForExcerpt = 4_000;

/**
 * What is taken away, in this order. Each pattern excludes its own first character inside, so that none of them needs
 * more than linear time on any text.
 */
const markup: readonly [RegExp, string][] = [
  [/^[ \t]*(?:```|~~~).*$/gm, ''],
  [/^[ \t]*(?:[-*_][ \t]*){3,}$/gm, ''],
  [/^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+[ \t:-]*$/gm, ''],
  [/!?\[([^[\]\n]*)\]\([^()\n]*\)/g, '$1'],
  [/<\/?[a-zA-Z!][^<>\n]*>/g, ''],
  [/^[ \t]*(?:>[ \t]?)+/gm, ''],
  [/^[ \t]*(?:#{1,6}|[-*+]|\d{1,9}[.)])[ \t]+/gm, ''],
  [/\*{1,3}|~~|`+|(?<![\p{L}\p{N}])_{1,3}|_{1,3}(?![\p{L}\p{N}])/gu, ''],
  [/[ \t]*\|[ \t]*/g, ' '],
  [/\s+/g, ' '],
];

/** Returns the text without Markdown, in one line. Code stays, without its fences. */
export function plainText(markdown: string): string {
  return markup.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), markdown).trim();
}

/** Returns the beginning of a text without its Markdown, 200 characters at most, ending after a whole word. */
export function excerptOf(markdown: string): string {
  return shorten(plainText(markdown.slice(0, readForExcerpt)), excerptLength);
}

/** Returns the text if it is short enough, else its beginning up to the end of a word, with an ellipsis. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  const space = cut.lastIndexOf(' ');
  const end = space > length / 2 ? cut.slice(0, space) : cut;
  // A cut may halve a surrogate pair.
  return `${end
    .slice(0, length - 1)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd()}…`;
}
