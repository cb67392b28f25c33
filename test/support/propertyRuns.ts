/** Returns how many random cases a property looks at: as many as FC_RUNS says, else `usual`. */
export function runsOr(usual: number): number {
  return Number(process.env['FC_RUNS'] ?? usual);
}
