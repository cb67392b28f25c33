/** How the jobs of a process pace themselves. */
export interface JobSettings {
  /** How many generations a process works on at once; 0 leaves the work to other instances. */
  readonly concurrency: number;
  /** How long a job may give no sign of life before another instance takes it up, in milliseconds. */
  readonly leaseMs: number;
  /** How often a process looks for jobs that others have queued or left behind, in milliseconds. */
  readonly pollMs: number;
}

/** Two at once: a generation is mostly computation, and a process has one core beside its event loop. */
export const usualJobSettings: JobSettings = { concurrency: 2, leaseMs: 30_000, pollMs: 3_000 };
