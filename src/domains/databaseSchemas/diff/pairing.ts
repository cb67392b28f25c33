/** Pairs the parts of two versions: which parts of the one are which parts of the other. */

/** What two lists have in common, and what only one of them has. */
export interface Pairing<T> {
  /** Base and head part, in the order of the head. */
  readonly kept: readonly (readonly [base: T, head: T])[];
  readonly removed: readonly T[];
  readonly added: readonly T[];
}

/**
 * Returns the pairs of parts with the same key. Keys are tried one after the other, each only on the parts that no key
 * before has paired; a part whose key is undefined has no partner by it, and of several equal ones the first counts.
 * Linear in the number of parts.
 */
export function pairBy<T>(base: readonly T[], head: readonly T[], keys: readonly ((part: T) => string | undefined)[]): Pairing<T> {
  const partners = new Map<T, T>();
  const taken = new Set<T>();
  for (const key of keys) {
    const byKey = new Map<string, T>();
    for (const part of base) {
      const value = taken.has(part) ? undefined : key(part);
      if (value !== undefined && !byKey.has(value)) byKey.set(value, part);
    }
    for (const part of head) {
      const value = partners.has(part) ? undefined : key(part);
      const partner = value === undefined ? undefined : byKey.get(value);
      if (partner === undefined || taken.has(partner)) continue;
      partners.set(part, partner);
      taken.add(partner);
    }
  }
  const kept = head.flatMap((part) => {
    const partner = partners.get(part);
    return partner === undefined ? [] : [[partner, part] as const];
  });
  return { kept, removed: base.filter((part) => !taken.has(part)), added: head.filter((part) => !partners.has(part)) };
}
