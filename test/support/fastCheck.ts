/** fast-check with the seed of this run for every property. */
// eslint-disable-next-line no-restricted-imports -- the one place that seeds it
import fc from 'fast-check';
import { firstSeed } from './randomRuns.ts';

fc.configureGlobal({ seed: firstSeed });

// eslint-disable-next-line no-restricted-imports -- as above
export { default } from 'fast-check';
// eslint-disable-next-line no-restricted-imports -- as above
export type * from 'fast-check';
