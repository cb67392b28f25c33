/** What a process remembers of its code generation jobs. */
import type { Row } from '../../../data/connection.ts';
import type { JobStatus } from './jobs.store.ts';

/** The memory of one process. */
export interface JobDesk {
  /** Ids of the jobs that this process is at. */
  readonly busy: Set<string>;
  /** Where the queues begin: before that are only rows that no job will ever take up, such as those of the earlier backend. */
  readonly starts: Map<JobStatus, Row>;
  /** How many jobs waited, or were left behind, when the queue was last looked at. */
  readonly seen: Record<JobStatus, number>;
  /** True while the queue is being looked through. */
  isLooking: boolean;
}

/** Makes the desk of a process that is at no job yet. */
export function createJobDesk(): JobDesk {
  return { busy: new Set(), starts: new Map(), seen: { pending: 0, generating: 0 }, isLooking: false };
}
