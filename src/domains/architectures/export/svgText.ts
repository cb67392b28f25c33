/** Text in SVG: escaped, measured roughly, broken into lines. */

// XML 1.0 has no notation for these at all (section 2.2, "Characters").
// eslint-disable-next-line no-control-regex -- finding them is the purpose
const impossible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Returns a text for use in XML, as content or between quotes. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(impossible, '\ufffd')
    .replace(/[&<>"']/gu, (character) => entities[character] ?? '');
}

/** Scripts whose characters are about as wide as high. */
const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}]/u;
const narrow = /[iljtfrI.,:;'|!()[\] ]/u;

/** Returns about how wide a text is in a sans-serif font of `size` pixels. No font is at hand to measure with. */
export function widthOf(text: string, size: number): number {
  let ems = 0;
  for (const character of text)
    ems += wide.test(character) ? 1.05 : narrow.test(character) ? 0.34 : /\p{Lu}|[mwMW@%]/u.test(character) ? 0.74 : 0.58;
  return ems * size;
}

interface Box {
  readonly width: number;
  readonly size: number;
  readonly lines: number;
}

/** Breaks a text into lines that fit, between words where that is possible; what does not fit ends in an ellipsis. */
export function wrap(text: string, { width, size, lines }: Box): string[] {
  const words = text.trim().split(/\s+/u).filter(Boolean);
  const broken: string[] = [];
  let line = '';
  for (const word of words) {
    const longer = line ? `${line} ${word}` : word;
    if (widthOf(longer, size) <= width) line = longer;
    else {
      if (line) broken.push(line);
      line = word;
    }
  }
  if (line) broken.push(line);
  const rest = broken.slice(lines - 1).join(' ');
  return [...broken.slice(0, lines - 1), ...(rest ? [rest] : [])].map((each) => truncate(each, width, size));
}

/** Returns the longest beginning of a text that fits, with an ellipsis where something is cut off. */
function truncate(text: string, width: number, size: number): string {
  if (widthOf(text, size) <= width) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
    if (widthOf(`${kept}${segment}…`, size) > width) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}
