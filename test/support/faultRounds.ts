/** How much the fault tests try: `FAULT_ROUNDS=10 npm test -- test/faults` tries ten times as much. */

/** 1 unless `FAULT_ROUNDS` says more. */
export const faultRounds = Math.max(1, Number(process.env['FAULT_ROUNDS'] ?? 1));
