/**
 * Rows with the same time: DynamoDB promises no order of them, neither in the index of an owner nor in that of a project.
 * An answer from the owner's rows must be the one that a query of the project gives, whatever order both have.
 */
import { describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import type { Row } from '../../src/data/connection.ts';
import type { ListSource } from '../../src/data/page.ts';
import { answerFrom } from '../../src/data/readPlan/answer.ts';
import type { OwnerRead } from '../../src/data/readPlan/ownerRead.ts';
import { firstSeed } from '../support/randomRuns.ts';

interface RandomRow {
  project: string;
  second: number;
  id: number;
  isExpired: boolean;
  /** Decides the order of rows with the same time in each of the two indexes. */
  inOwner: number;
  inProject: number;
}

const randomRows = fc.uniqueArray(
  fc.record<RandomRow>({
    project: fc.constantFrom('a', 'b', 'c'),
    second: fc.nat({ max: 6 }),
    id: fc.nat({ max: 99 }),
    isExpired: fc.nat({ max: 5 }).map((value) => value === 0),
    inOwner: fc.nat({ max: 9 }),
    inProject: fc.nat({ max: 9 }),
  }),
  { selector: ({ id }) => id, maxLength: 20, size: 'max' },
);

const nowSeconds = 1_000;

function rowOf({ project, second, id, isExpired }: RandomRow): Row {
  const createdAt = `2026-01-01T00:00:0${second}.000Z`;
  return { id: `r${String(id).padStart(2, '0')}`, userId: 'owner', projectId: project, createdAt, ttl: isExpired ? 1 : 9_000 };
}

/** Newest first; rows of one time in the order that `tie` gives. */
function sorted(rows: readonly RandomRow[], tie: (row: RandomRow) => number): Row[] {
  return rows.toSorted((a, b) => b.second - a.second || tie(b) - tie(a) || b.id - a.id).map(rowOf);
}

function readOf(rows: readonly Row[], count: number): OwnerRead {
  const read = rows.slice(0, count);
  return {
    attributes: undefined,
    rows: read,
    isComplete: count >= rows.length,
    readUnits: 1,
    placesOf: (project) => read.flatMap((row, place) => (row['projectId'] === project ? [place] : [])),
    readTo: () => Promise.reject(new Error('the answer must come from what was read')),
  };
}

describe.each([
  { name: 'a database without an order of ties', sortsTiesByKey: false },
  { name: 'a database that sorts ties by key', sortsTiesByKey: true },
])('$name', ({ sortsTiesByKey }) => {
  test('answers as a query of the project does, or not at all', () => {
    let answered = 0;
    fc.assert(
      fc.property(randomRows, fc.nat({ max: 20 }), fc.integer({ min: 1, max: 4 }), fc.boolean(), (rows, count, size, needsEnd) => {
        const ownerRows = sorted(rows, sortsTiesByKey ? () => 0 : ({ inOwner }) => inOwner);
        const own = rows.filter(({ project, isExpired }) => project === 'a' && !isExpired);
        const expected = sorted(own, sortsTiesByKey ? () => 0 : ({ inProject }) => inProject);
        const source: ListSource = { table: 'activity', index: 'ProjectIdIndex', partition: 'a', descending: true };
        const answer = answerFrom(readOf(ownerRows, count), source, { size, forward: true, needsEnd }, { nowSeconds, sortsTiesByKey });
        if (!answer) return;
        answered += 1;
        expect(answer.page.rows).toEqual(expected.slice(0, size));
        if (needsEnd) expect(answer.page.hasMore).toBe(expected.length > size);
        expect(answer.depth).toBeLessThanOrEqual(Math.min(count, ownerRows.length));
      }),
      { seed: firstSeed, numRuns: 3_000 },
    );
    expect(answered).toBeGreaterThan(300);
  });
});
