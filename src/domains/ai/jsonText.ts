/** JSON inside of what a model wrote: alone, in a code fence, or with words around it. */

function parsed(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

/** Returns what is between the first line that begins a code fence and the next one that ends it. */
function fencedText(text: string): string | null {
  const start = text.indexOf('```');
  const lineEnd = start < 0 ? -1 : text.indexOf('\n', start);
  const end = lineEnd < 0 ? -1 : text.indexOf('\n```', lineEnd);
  return end < 0 ? null : text.slice(lineEnd, end);
}

/**
 * Returns the JSON value of a model's answer, or null when there is none. Models that follow no schema put it into a code
 * fence, or write a sentence before and after it. Takes time linear in the text.
 */
export function readJsonText(text: string): { value: unknown } | null {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  const fenced = fencedText(trimmed);
  const [start, end] = [trimmed.indexOf('{'), trimmed.lastIndexOf('}')];
  const candidates = [trimmed, ...(fenced === null ? [] : [fenced]), ...(start >= 0 && end > start ? [trimmed.slice(start, end + 1)] : [])];
  for (const candidate of candidates) {
    const json = parsed(candidate);
    if (json) return json;
  }
  return null;
}
