/** How a batch is cut into transactions: none takes more than DynamoDB's 100 writes, whatever the events are. */
import { expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import { piecesOf } from '../../src/domains/analytics/eventBatch.ts';
import type { MetricEventRecord } from '../../src/domains/analytics/metricEvent.ts';
import { additionsOf, dayMs, hourMs } from '../../src/domains/analytics/rollUp.ts';

const event = (i: number, { metric, hour, projectId = 'p' }: { metric: number; hour: number; projectId?: string }): MetricEventRecord => ({
  id: `evt_${i}`,
  timestamp: new Date(Date.parse('2026-01-01') + hour * hourMs).toISOString(),
  userId: 'u',
  projectId,
  metric: `m${metric}`,
  value: i,
});

const writesOf = (piece: readonly MetricEventRecord[]): number => piece.length + additionsOf(piece).length;

test.each([
  ['one event', 1, () => ({ metric: 1, hour: 1 }), [1]],
  ['49 of one metric and hour', 49, () => ({ metric: 1, hour: 1 }), [49]],
  ['100 of three metrics in an hour', 100, (i: number) => ({ metric: i % 3, hour: 1 }), [89, 11]],
  ['100 metrics', 100, (i: number) => ({ metric: i, hour: 1 }), [31, 33, 33, 3]],
  ['100 days of one metric', 100, (i: number) => ({ metric: 1, hour: i * (dayMs / hourMs) }), [31, 33, 33, 3]],
])('%s', (_, count, shape, sizes) => {
  expect(piecesOf(Array.from({ length: count }, (__, i) => event(i, shape(i)))).map(({ length }) => length)).toEqual(sizes);
});

test('any 100 events: all of them, in order, 100 writes a transaction at most', () => {
  const shapes = fc.array(
    fc.record({ metric: fc.integer({ min: 0, max: 30 }), hour: fc.integer({ min: 0, max: 60 }), projectId: fc.constantFrom('p', 'q') }),
    { minLength: 1, maxLength: 100 },
  );
  fc.assert(
    fc.property(shapes, (drawn) => {
      const events = drawn.map((shape, i) => event(i, shape));
      const [first = [], ...rest] = piecesOf(events);
      expect([first, ...rest].flat()).toEqual(events);
      // With the activity, the idempotency key and the journals; and each other piece with the removal of its journal.
      expect(writesOf(first) + 2 + rest.length).toBeLessThanOrEqual(100);
      for (const piece of rest) expect(writesOf(piece) + 1).toBeLessThanOrEqual(100);
    }),
  );
});
