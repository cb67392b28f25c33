/** How the reading of a table's stream goes: told once when it stops to work and once when it works again. */
import type { Logger } from 'pino';
import { isThrottling, isUnanswered } from '../../errors.ts';

/** The table has no stream, or none any more. */
export class StreamMissing extends Error {
  override readonly name = 'StreamMissing';
}

/** Hears of each attempt. A part is a shard, or what looks for shards. */
export interface Health {
  works(part: string): void;
  fails(part: string, error: unknown): void;
  /** The part has come to an end. */
  ends(part: string): void;
}

const missing = 'the table has no stream: switch it on (NEW_AND_OLD_IMAGES), or set CHANGE_FEED=process where one instance runs alone';
const denied = 'this process may not read the stream: grant it dynamodb:DescribeStream, dynamodb:GetShardIterator and dynamodb:GetRecords';

function reasonOf(error: unknown): string {
  const { name, code, message } = error as NodeJS.ErrnoException;
  if (name === 'StreamMissing') return missing;
  if (name === 'AccessDeniedException') return denied;
  return code ?? (name === 'Error' ? message : name);
}

/** `onGap` is called when changes may have been missed. */
export function createHealth({ table, log, onGap }: { table: string; log: Logger; onGap: () => void }): Health {
  const failing = new Set<string>();
  let isTold = false;
  return {
    works(part) {
      const hasRecovered = failing.delete(part);
      if (isTold && failing.size === 0) {
        isTold = false;
        log.info({ table }, 'the stream of changes is read again');
      }
      if (hasRecovered) onGap();
    },
    fails(part, error) {
      failing.add(part);
      if (!isTold)
        log.warn({ table, reason: reasonOf(error) }, 'the stream of changes cannot be read: subscriptions may hear of changes late');
      isTold = true;
      // Where only the stream is out of reach, looking again helps; where the database is, it would be one more load.
      if (!isThrottling(error) && !isUnanswered(error)) onGap();
    },
    ends: (part) => void failing.delete(part),
  };
}
