/** JSON of a client's own making, which is kept as it came: its rules, and comparing it. */
import { isDeepStrictEqual } from 'node:util';
import { reservedKeys } from '../limits/variables.ts';

/** Returns whether two values have the same JSON. The order of members does not count: DynamoDB does not keep it. */
export function sameJson(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}

/** Returns what is left of a value as JSON: objects without a prototype, as literals of GraphQL make them, become plain ones. */
function plain(value: unknown): unknown {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** How deep objects and lists may lie within each other. */
export const maxJsonDepth = 32;

/** Returns what is wrong with a JSON value, as a sentence that says what to do, or null. The value itself counts as depth 1. */
export function jsonProblem(value: unknown, depth = 1): string | null {
  if (typeof value === 'string') return textProblem(value, 'A text');
  if (typeof value === 'number' && !Number.isFinite(value)) return 'A number is not finite. Send finite numbers.';
  if (typeof value !== 'object' || value === null) return null;
  if (depth > maxJsonDepth) return `Objects and lists lie more than ${maxJsonDepth} deep within each other. Make the value flatter.`;
  if (Array.isArray(value)) return first(value, (entry) => jsonProblem(entry, depth + 1));
  return first(Object.entries(value), ([name, member]) => keyProblem(name) ?? jsonProblem(member, depth + 1));
}

function keyProblem(name: string): string | null {
  if (name === '') return 'A key is empty. Name every member.';
  return reservedKeyProblem(name) ?? textProblem(name, 'A key');
}

/** Returns what is wrong with a name that turns into something else where objects are copied carelessly, or null. */
export function reservedKeyProblem(name: string): string | null {
  return reservedKeys.has(name) ? `"${name}" can not be a key. Rename it.` : null;
}

function textProblem(text: string, what: string): string | null {
  if (!text.isWellFormed()) return `${what} has half of a surrogate pair. Send valid Unicode.`;
  return text.includes('\0') ? `${what} has a NUL character. Remove it.` : null;
}

function first<T>(items: readonly T[], problemOf: (item: T) => string | null): string | null {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== null) return problem;
  }
  return null;
}
