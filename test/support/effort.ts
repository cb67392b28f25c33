/** Comparing how long two pieces of work take on the same machine at the same time: the only statement about time that a test may make. */

function elapsed(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

/**
 * Returns how many times longer `work` takes than `reference`: the best of several turns of each, one after the other, so
 * that a busy machine slows both down alike.
 */
export function timesLonger(work: () => unknown, reference: () => unknown, turns = 5): number {
  let [best, bestReference] = [Infinity, Infinity];
  for (let turn = 0; turn < turns; turn += 1) {
    bestReference = Math.min(bestReference, elapsed(reference));
    best = Math.min(best, elapsed(work));
  }
  // Clocks are coarse: less than a twentieth of a millisecond says nothing.
  return best / Math.max(bestReference, 0.05);
}
