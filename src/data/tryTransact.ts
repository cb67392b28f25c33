/** Transactions whose refusal is an ordinary outcome. */
import type { Connection, Write } from './connection.ts';
import { TransactionRejected } from './errors.ts';

/** Commits a transaction; false when a condition did not hold, and nothing was written. Rejects with every other error. */
export async function tryTransact(connection: Connection, writes: readonly Write[]): Promise<boolean> {
  try {
    await connection.transact(writes);
    return true;
  } catch (error) {
    if (error instanceof TransactionRejected) return false;
    throw error;
  }
}
