/**
 * Begins with the files that take longest. In a fresh clone Jest knows no durations and goes by the size of files, so that
 * the longest may come last, on one core, while the others have nothing left to do.
 */
import sequencerModule from '@jest/test-sequencer';

const Sequencer = sequencerModule.default ?? sequencerModule;

/** Longest first, from about 15 seconds on. */
const slow = [
  'property/readPlan.test',
  'faults/lostAcknowledgement',
  'unit/generators/',
  'http/process',
  'api/auth.test',
  'faults/hangingDatabase',
  'http/shedding',
  'api/teamsTransfer',
  'api/metrics',
  'cli/',
  'api/readPlan',
  'faults/',
];

function rankOf({ path }) {
  const rank = slow.findIndex((part) => path.includes(part));
  return rank === -1 ? slow.length : rank;
}

export default class SlowFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rankOf(a) - rankOf(b));
  }
}
