/** How many events go into one transaction, which takes 100 writes. */
import { additionsOf } from './rollUp.ts';
import type { MetricEventRecord } from './metricEvent.ts';

const maxWrites = 100;

/** What every piece writes beside its events and their roll-ups: the removal of its journal. */
const maxInPiece = maxWrites - 1;

/**
 * What the first piece writes: it shares its transaction with the activity, the idempotency key, and the journals of
 * the other pieces, which are three at most where every event has an hour and a day of its own.
 */
const maxInFirst = maxWrites - 2 - 3;

/** Splits up to 100 events into pieces that a transaction each can write, in order; most batches are one piece or two. */
export function piecesOf(events: readonly MetricEventRecord[]): MetricEventRecord[][] {
  const pieces: MetricEventRecord[][] = [];
  let piece: MetricEventRecord[] = [];
  let rows = new Set<string>();
  for (const event of events) {
    const own = additionsOf([event]).map(({ projectId, metric, resolution, start }) => [projectId, metric, resolution, start].join('\n'));
    const limit = pieces.length === 0 ? maxInFirst : maxInPiece;
    if (piece.length + 1 + new Set([...rows, ...own]).size > limit) {
      pieces.push(piece);
      piece = [];
      rows = new Set();
    }
    piece.push(event);
    own.forEach((row) => rows.add(row));
  }
  return [...pieces, piece];
}
