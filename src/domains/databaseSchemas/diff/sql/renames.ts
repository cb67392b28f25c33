/** Renaming several things of one namespace: no step may take a name that another thing still has. */

/** Hands out names for the time of a migration, which no thing of either version has. */
export function createTemporaryNames(taken: Iterable<string>): () => string {
  const known = new Set([...taken].map((name) => name.toLowerCase()));
  let count = 0;
  return () => {
    do count += 1;
    while (known.has(`migrating_${count}`));
    return `migrating_${count}`;
  };
}

/**
 * Returns the steps from old names to new ones. Where a new name is the old one of another thing (or differs from its own in
 * case only, which some databases take for the same), the thing gets a temporary name first.
 */
export function renameSteps(
  renames: readonly (readonly [from: string, to: string])[],
  { fold, temporary }: { fold: (name: string) => string; temporary: () => string },
): (readonly [from: string, to: string])[] {
  const real = renames.filter(([from, to]) => from !== to);
  const sources = new Set(real.map(([from]) => fold(from)));
  const first: (readonly [string, string])[] = [];
  const last: (readonly [string, string])[] = [];
  for (const [from, to] of real) {
    if (!sources.has(fold(to))) first.push([from, to]);
    else {
      const name = temporary();
      first.push([from, name]);
      last.push([name, to]);
    }
  }
  return [...first, ...last];
}
