/** What can be a key at all. DynamoDB answers other texts with an error; for a reader they simply name nothing. */
import type { QueryRequest, Row } from './connection.ts';
import { keyOf, type TableId } from './tables.ts';

/** Longest keys, in bytes (DynamoDB Developer Guide, "Constraints"). */
const maxPartitionBytes = 2_048;
const maxSortBytes = 1_024;

function fits(value: unknown, maxBytes: number): boolean {
  return typeof value !== 'string' || (value !== '' && value.isWellFormed() && Buffer.byteLength(value) <= maxBytes);
}

/** Returns whether an item of the table can have this primary key. */
export function isPossibleKey(table: TableId, key: Row): boolean {
  const { partition, sort } = keyOf(table);
  return fits(key[partition], maxPartitionBytes) && (sort === undefined || fits(key[sort], maxSortBytes));
}

/** Returns whether anything can match a query. */
export function isPossibleQuery({ partition, range }: QueryRequest): boolean {
  return fits(partition, maxPartitionBytes) && Object.values(range ?? {}).every((value) => fits(value, maxSortBytes));
}
