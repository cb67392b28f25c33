/** Which names of clients get a time series of their own: clients choose the names of their operations, and a hostile one chooses a new one each time. */
import { LRUCache } from 'lru-cache';

/** What stands for all names that have no place. */
export const otherName = 'other';

/** How many names are told apart. */
export interface NameLimits {
  /** Names with a place. */
  readonly places: number;
  /** Names without one whose use is counted, the latest ones. */
  readonly candidates: number;
  /** After so many uses all counts are halved, so that a name that was frequent once loses its place. */
  readonly halveAfter: number;
}

/** Sorts names into frequent ones and others. */
export interface FrequentNames {
  /** Counts one use of a name and returns it where it has a place, else `other`. */
  use(name: string): string;
}

/** Names of the schema's length; longer ones are no names that people give. */
const longestName = 64;

const usualLimits: NameLimits = { places: 100, candidates: 1_000, halveAfter: 20_000 };

/**
 * Tells frequent names apart. While there is room each name gets a place; afterwards one that was used more often than the
 * rarest takes that one's place, which `onDropped` hears of. Memory and answers are bounded by `limits`, whatever clients send.
 */
export function createFrequentNames(onDropped: (name: string) => void, limits: NameLimits = usualLimits): FrequentNames {
  const uses = new Map<string, number>();
  const candidates = new LRUCache<string, number>({ max: limits.candidates });
  let total = 0;

  function halve(): void {
    total = 0;
    for (const [name, count] of uses) uses.set(name, count / 2);
    for (const [name, count] of [...candidates.entries()]) candidates.set(name, count / 2);
  }

  function rarest(): readonly [string, number] {
    let found: readonly [string, number] = ['', Infinity];
    for (const entry of uses) if (entry[1] < found[1]) found = entry;
    return found;
  }

  /** Gives a name that has no place that of the rarest one, where it was used more often. */
  function compete(name: string): string {
    const count = (candidates.get(name) ?? 0) + 1;
    // Twice as often, so that two names do not take turns.
    const [loser, least] = rarest();
    if (count <= 2 * least) {
      candidates.set(name, count);
      return otherName;
    }
    uses.delete(loser);
    candidates.delete(name);
    uses.set(name, count);
    onDropped(loser);
    return name;
  }

  return {
    use(name) {
      if (name.length > longestName) return otherName;
      if (++total > limits.halveAfter) halve();
      const count = uses.get(name);
      if (count === undefined && uses.size >= limits.places) return compete(name);
      uses.set(name, (count ?? 0) + 1);
      return name;
    },
  };
}
