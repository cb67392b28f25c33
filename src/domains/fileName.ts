/** File names for what clients download. */

/** Returns a file stem of letters, digits, dots, hyphens and underscores, at most 80 characters; `fallback` where nothing is left. */
export function fileStem(name: string, fallback: string): string {
  const stem = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[-.]+/u, '');
  const short = Array.from(stem).slice(0, 80).join('');
  return short.replace(/[-.]+$/u, '') || fallback;
}
