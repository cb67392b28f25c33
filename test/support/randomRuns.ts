/** How much random tests try, and from which seed. */

/** On a build machine many cases are tried, elsewhere as many as one has the patience for. */
export const isThorough = process.env['CI'] === 'true';

/** Random unless `FC_SEED` names one: a run is repeated with the seed that it printed. */
export const firstSeed = Number(process.env['FC_SEED'] ?? Date.now() % 1_000_000_000);
