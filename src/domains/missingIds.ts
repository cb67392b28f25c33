/** Ids of the parts of an object, where the client sent none. */

/** Returns the items, each with an id: its own, or a prefix and a slug of its name, numbered where another item has that already. */
export function withIds<T extends { id: string }>(items: readonly T[], prefix: string, nameOf: (item: T) => string): T[] {
  const taken = new Set(items.map(({ id }) => id).filter(Boolean));
  // Where the numbering of a name goes on: many items may share one name.
  const next = new Map<string, number>();
  return items.map((item) => {
    if (item.id) return item;
    const stem = `${prefix}_${nameOf(item)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '_')}`;
    let number = next.get(stem) ?? 1;
    const numbered = (): string => (number === 1 ? stem : `${stem}_${number}`);
    while (taken.has(numbered())) number += 1;
    const id = numbered();
    next.set(stem, number + 1);
    taken.add(id);
    return { ...item, id };
  });
}
