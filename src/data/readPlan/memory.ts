/**
 * What the read plan remembers from one request to the next: how far an owner's rows had to be read, and how large rows
 * are. All of it only decides how something is read, never what the answer is; so it may be old, lost or of another process.
 */
import type { TableId } from '../tables.ts';

/** How the last read of an owner's rows went. */
export interface Hint {
  /** Rows that had to be read to answer all parents but those of `alone`. */
  readonly rows: number;
  /** How many projects there were, and how many lists the rows answered. */
  readonly parents: number;
  readonly lists: number;
  /** Parents (project ids) that are cheaper read on their own: their rows lie too deep among those of the owner. */
  readonly alone: ReadonlySet<string>;
  /** Until then (epoch milliseconds) the owner's rows are not worth reading; 0 when they are. */
  readonly avoidUntil: number;
  /** When all parents were last looked at together (epoch milliseconds). */
  readonly learnedAt: number;
}

/** The memory of a process. */
export interface PlanMemory {
  hint(key: string): Hint | undefined;
  learn(key: string, hint: Hint): void;
  /** Returns how many projects an owner has, as far as a list of them was read to its end. */
  projectCount(owner: string): number | undefined;
  learnProjectCount(owner: string, count: number): void;
  /** Returns the mean size of a table's rows, in bytes. */
  rowBytes(table: TableId): number;
  learnRowBytes(table: TableId, read: { rows: number; readUnits: number }): void;
}

/** Owners and relations that are remembered; about 200 bytes each. Those unused for longest go first. */
const maxEntries = 20_000;

/** Before any was read. */
const usualRowBytes = 500;

/** An eventually consistent read unit pays for 8 KB, which DynamoDB rounds up to (Developer Guide, "Read and write operations"). */
export const bytesPerReadUnit = 8 * 1024;

/** Reads of fewer rows say more about rounding than about rows. */
const tellingRows = 20;

/** Makes an empty memory. */
export function createPlanMemory(): PlanMemory {
  const hints = new Map<string, Hint>();
  const projectCounts = new Map<string, number>();
  const sizes = new Map<TableId, number>();
  return {
    hint: (key) => touch(hints, key),
    learn: (key, hint) => remember(hints, key, hint),
    projectCount: (owner) => touch(projectCounts, owner),
    learnProjectCount: (owner, count) => remember(projectCounts, owner, count),
    rowBytes: (table) => sizes.get(table) ?? usualRowBytes,
    learnRowBytes(table, { rows, readUnits }) {
      if (rows < tellingRows) return;
      const bytes = (readUnits * bytesPerReadUnit) / rows;
      sizes.set(table, Math.round(0.7 * (sizes.get(table) ?? bytes) + 0.3 * bytes));
    },
  };
}

/** Returns an entry and makes it the one used last. */
function touch<V>(map: Map<string, V>, key: string): V | undefined {
  const value = map.get(key);
  if (value !== undefined) {
    map.delete(key);
    map.set(key, value);
  }
  return value;
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxEntries) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
