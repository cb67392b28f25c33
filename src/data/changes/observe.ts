/** The first source of changes: what this process writes itself. No domain has to tell, so none can forget to. */
import type { Database, Operation, Operations } from '../client.ts';
import { isUnanswered } from '../errors.ts';
import { createChangeReader } from './changes.ts';
import type { Change } from './feed.ts';

/** Who is told of writes. */
export interface WriteObserver {
  /** False when nobody wants to know: then what changed is not even found out. */
  readonly isInterested: () => boolean;
  /** Called after each write. Must not throw. */
  readonly onWritten: (changes: readonly Change[]) => void;
}

/** Returns the database, which tells the observer of each write that was acknowledged, or that may have been done. */
export function observeWrites(database: Database, { isInterested, onWritten }: WriteObserver): Database {
  const reader = createChangeReader(database.prefix);

  function changesIn(operation: Operation, input: Operations[Operation]['input']): Change[] {
    if (operation === 'TransactWriteItems') return reader.ofTransaction(input as Operations['TransactWriteItems']['input']);
    return operation === 'BatchWriteItem' ? reader.ofBatch(input as Operations['BatchWriteItem']['input']) : [];
  }

  function tell(operation: Operation, input: Operations[Operation]['input']): void {
    if (!isInterested()) return;
    const changes = changesIn(operation, input);
    if (changes.length > 0) onWritten(changes);
  }

  return {
    ...database,
    send: async (operation, input, options) => {
      try {
        const output = await database.send(operation, input, options);
        tell(operation, input);
        return output;
      } catch (error) {
        // It may have been done all the same; who looks again finds out.
        if (isUnanswered(error)) tell(operation, input);
        throw error;
      }
    },
  };
}
