/** Paths of files that a model wants to write: inside of the archive, and the same on every file system. */

const longest = 200;
const deepest = 16;
/** Names that Windows takes for devices, with or without an ending. */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

function segmentProblem(segment: string): string | null {
  if (segment === '' || segment === '.' || segment === '..') return 'has an empty part, "." or ".."';
  if (segment.endsWith('.') || segment !== segment.trim()) return 'has a part that begins or ends with a space, or ends with a dot';
  return device.test(segment) ? 'has a part that is the name of a device' : null;
}

/** Returns what is wrong with a path, to be said after it, or null for a path that can be written. */
export function pathProblem(path: string): string | null {
  if (path === '' || path.length > longest) return `has no character or more than ${longest}`;
  if (/^[/~]|^[a-z]:/i.test(path)) return 'is absolute';
  // eslint-disable-next-line no-control-regex -- finding them is the purpose
  if (/[\u0000-\u001f\u007f\\:*?"<>|]/.test(path) || !path.isWellFormed()) return 'has a character that file systems do not take';
  const segments = path.split('/');
  if (segments.length > deepest) return `is deeper than ${deepest} folders`;
  return segments.map(segmentProblem).find((problem) => problem !== null) ?? null;
}

/** Returns the first path that is a folder of another one, or differs from another one by case only; null when all fit beside each other. */
export function pathCollision(paths: readonly string[]): string | null {
  const seen = new Set<string>();
  const folders = new Set<string>();
  for (const path of paths) {
    const key = path.toLowerCase();
    if (seen.has(key)) return path;
    seen.add(key);
    for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) folders.add(key.slice(0, slash));
  }
  return paths.find((path) => folders.has(path.toLowerCase())) ?? null;
}
