/**
 * How much random tests try, and from which seed. A build of the same commit tries the same cases, so that it fails for what
 * was changed; `FC_SEED=random` looks for new ones, and a number repeats a run.
 */
const { CI, FC_SEED, FC_RUNS } = process.env;

/** On a build machine many cases are tried, elsewhere as many as one has the patience for. */
export const isThorough = CI === 'true';

/** The seed of this run; tests that fail print it. */
export const firstSeed = FC_SEED === 'random' ? Date.now() % 1_000_000_000 : Number(FC_SEED ?? 20_261_122);

/** Returns how many random cases a property looks at: as many as FC_RUNS says, else `usual`. */
export function runsOr(usual: number): number {
  return Number(FC_RUNS ?? usual);
}
