/** The rows of one owner in one table, newest first, read as far as somebody needs them and shared by all lists of a request. */
import type { Connection, QueryRequest, Row } from '../connection.ts';
import { keyOf, ownerRowsIndex, type TableId } from '../tables.ts';

/** A read of an owner's rows that can be continued. */
export interface OwnerRead {
  readonly attributes: readonly string[] | undefined;
  /** What was read so far, in the order of the index. */
  readonly rows: readonly Row[];
  /** True when there are no more. */
  readonly isComplete: boolean;
  readonly readUnits: number;
  /** The places (in `rows`) of a project's rows. */
  placesOf(projectId: string): readonly number[];
  /** Reads on until there are `count` rows, or all. Calls wait for each other. */
  readTo(count: number): Promise<void>;
}

/** What is read. */
export interface OwnerReadRequest {
  table: TableId;
  owner: string;
  attributes: readonly string[] | undefined;
  reason: string;
}

/** Returns the attribute that sorts an owner's rows. Throws for tables that do not list them. */
export function ownerSortAttribute(table: TableId): string {
  const { sort } = keyOf(table, ownerRowsIndex(table));
  if (sort === undefined) throw new Error(`no index lists the rows of an owner in ${table}`);
  return sort;
}

/** Prepares a read; nothing is sent before `readTo`. */
export function createOwnerRead(connection: Connection, { table, owner, attributes, reason }: OwnerReadRequest): OwnerRead {
  const rows: Row[] = [];
  const places = new Map<string, number[]>();
  let [isComplete, readUnits] = [false, 0];
  let next: Row | undefined;
  let last: Promise<void> = Promise.resolve();

  function keep(row: Row): void {
    const projectId = row['projectId'];
    const place = rows.push(row) - 1;
    if (typeof projectId !== 'string') return;
    const known = places.get(projectId);
    if (known) known.push(place);
    else places.set(projectId, [place]);
  }

  async function readOn(count: number): Promise<void> {
    while (!isComplete && rows.length < count) {
      const request = { table, index: ownerRowsIndex(table), partition: owner, descending: true, start: next, attributes, reason };
      // An index that belongs to the table, which TypeScript can not follow through the union of tables. One row more than
      // wanted, because DynamoDB sends a LastEvaluatedKey whenever Limit is met exactly.
      const answer = await connection.query({ ...request, limit: count - rows.length + 1 } as QueryRequest);
      answer.items.forEach(keep);
      readUnits += answer.readUnits;
      next = answer.next ?? undefined;
      isComplete = answer.next === null;
    }
  }

  return {
    attributes,
    rows,
    get isComplete() {
      return isComplete;
    },
    get readUnits() {
      return readUnits;
    },
    placesOf: (projectId) => places.get(projectId) ?? [],
    readTo: (count) => (last = last.then(() => readOn(count))),
  };
}
