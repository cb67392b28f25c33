/**
 * Which jobs this process works on. A started job begins at once in the process that started it, as far as it has a free
 * place; everything else is found by looking into the queue, now and then and whenever a place becomes free.
 */
import type { Services } from '../../../context.ts';
import { connect, type Connection, type Row } from '../../../data/connection.ts';
import { isLive, positionOf } from '../../../data/page.ts';
import { isJob, type CodeGenerationRecord } from '../codeGeneration.ts';
import type { JobDesk } from './desk.ts';
import { claimJob, findJobs, maxAttempts, type JobStatus } from './jobs.store.ts';
import { usualJobSettings, type JobSettings } from './settings.ts';
import { giveUp, workOn, type WorkOptions } from './work.ts';

function settingsOf({ settings }: Services): JobSettings {
  return { ...usualJobSettings, ...settings.codeGenerationJobs };
}

function hasPlace(services: Services): boolean {
  return services.jobs.busy.size < settingsOf(services).concurrency;
}

/** Begins a job that was just queued; without a free place it stays in the queue. Returns at once. */
export function startJob(services: Services, generation: CodeGenerationRecord): void {
  if (!hasPlace(services) || services.jobs.busy.has(generation.id)) return;
  services.jobs.busy.add(generation.id);
  services.background.run('code generation', async (signal, span) => {
    try {
      await takeUp(services, generation, { signal, span });
    } finally {
      services.jobs.busy.delete(generation.id);
    }
    if (!signal.aborted) services.background.run('code generation queue', (next) => takeJobs(services, next));
  });
}

async function takeUp(
  services: Services,
  found: CodeGenerationRecord,
  { signal, span }: Pick<WorkOptions, 'signal' | 'span'>,
): Promise<void> {
  const settings = settingsOf(services);
  const connection = connect(services.database, { signal });
  const job = await claimJob(connection, found, settings.leaseMs);
  if (job && job.attempts > maxAttempts) await giveUp(services, connection, job);
  else if (job) await workOn(services, job, { leaseMs: settings.leaseMs, signal, span });
}

/** Begins jobs from the queue while there are some and this process has free places. Resolves when it has looked; the jobs go on. */
export async function takeJobs(services: Services, signal: AbortSignal): Promise<void> {
  const { jobs } = services;
  if (jobs.isLooking) return;
  jobs.isLooking = true;
  try {
    const connection = connect(services.database, { signal });
    for (const status of ['generating', 'pending'] as const) {
      const open = await openJobs(services, connection, status);
      for (const job of open) startJob(services, job);
      // Also without a free place: that is when jobs wait.
      jobs.seen[status] = open.filter(({ id }) => !jobs.busy.has(id)).length;
    }
  } finally {
    jobs.isLooking = false;
  }
}

/** How far the clocks of instances may differ, with a margin: no row is written before such a time any more. */
const settledMs = 10 * 60_000;

/** Pages of rows that are no jobs, looked through in one go; the next look goes on behind them. */
const maxPages = 5;

/** Returns jobs that wait, or that whoever was at them has left behind; ten at most. */
async function openJobs(services: Services, connection: Connection, status: JobStatus): Promise<CodeGenerationRecord[]> {
  const { jobs } = services;
  const { leaseMs } = settingsOf(services);
  const now = Date.now();
  const latest = new Date(status === 'pending' ? now + settledMs : now - leaseMs).toISOString();
  for (let page = 0; page < maxPages; page += 1) {
    const rows = await findJobs(connection, { status, latest, start: jobs.starts.get(status) });
    const open = rows.filter(isJob).filter((job) => isLive(job, now / 1000) && (job.leaseUntil ?? 0) < now && !jobs.busy.has(job.id));
    if (open.length > 0 || rows.length === 0) return open;
    if (!skip(jobs, status, rows)) return [];
  }
  return [];
}

/** Moves the start of a queue behind the rows that no job will ever take up; false when there are none at its start. */
function skip({ starts }: JobDesk, status: JobStatus, rows: readonly Row[]): boolean {
  const settled = new Date(Date.now() - settledMs).toISOString();
  const first = rows.findIndex((row) => (isJob(row) && isLive(row, Date.now() / 1000)) || String(row['updatedAt']) > settled);
  const last = first === -1 ? rows.at(-1) : rows[first - 1];
  if (last) starts.set(status, positionOf(last, 'codeGenerations', 'StatusIndex'));
  return last !== undefined;
}
