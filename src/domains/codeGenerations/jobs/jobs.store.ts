/**
 * The queue of generations: the rows themselves, found through StatusIndex. Who takes a job up writes a new lease on its row,
 * on condition that the row is as it was read, so that of several instances one succeeds. All later writes of a worker demand
 * its own lease: they fail from the moment that the job was cancelled, deleted or taken up by somebody else.
 */
import { randomUUID } from 'node:crypto';
import type { Connection, Row, Write } from '../../../data/connection.ts';
import type { Changes } from '../../../data/expressions.ts';
import { tryTransact } from '../../../data/tryTransact.ts';
import type { CodeGenerationRecord } from '../codeGeneration.ts';
import { keyOf } from '../codeGenerations.store.ts';

/** A generation that this process works on: its row as the worker last wrote it. */
export type ClaimedJob = CodeGenerationRecord & { leaseOwner: string; attempts: number };

/** A job that is taken up so often without an end is given up. */
export const maxAttempts = 3;

/** Statuses of jobs that have not ended. */
export type JobStatus = 'pending' | 'generating';

/** Attributes that a job has only while it waits or is worked on; removed when it ends. */
const jobAttributes = ['generationInput', 'leaseOwner', 'leaseUntil'];

/** Returns ten rows of one status by their last sign of life, oldest first, up to a time and after a position. */
export async function findJobs(
  connection: Connection,
  { status, latest, start }: { status: JobStatus; latest: string; start: Row | undefined },
): Promise<Row[]> {
  const request = { table: 'codeGenerations', index: 'StatusIndex', partition: status, range: { to: latest }, start, limit: 10 } as const;
  return (await connection.query({ ...request, reason: 'jobs to take up' })).items;
}

/** Returns the write of a worker or of who takes a job up: it fails when anyone else has written the row since. */
function writeJob(generation: CodeGenerationRecord, changes: Changes): Write {
  const { status, leaseOwner, attempts } = generation;
  return {
    kind: 'update',
    table: 'codeGenerations',
    key: keyOf(generation),
    changes,
    condition: { exists: true, equals: { status, leaseOwner, attempts } },
  };
}

/** Takes a job up. Null when it ended, or when somebody else was first. */
export async function claimJob(connection: Connection, found: CodeGenerationRecord, leaseMs: number): Promise<ClaimedJob | null> {
  const lease = { leaseOwner: randomUUID(), leaseUntil: Date.now() + leaseMs, attempts: (found.attempts ?? 0) + 1 };
  const set = { status: 'generating', progress: 0.05, updatedAt: new Date().toISOString(), ...lease };
  const write = writeJob(found, { set });
  // Of a job that looks abandoned, the lease must be the one that has run out.
  const condition = { ...write.condition, equals: { ...write.condition?.equals, leaseUntil: found.leaseUntil } };
  if (!(await tryTransact(connection, [{ ...write, condition }]))) return null;
  return { ...found, ...set };
}

/** Gives a sign of life and tells the progress that the job has; false when it is not the caller's any more. */
export function renewLease(connection: Connection, job: ClaimedJob, leaseMs: number): Promise<boolean> {
  const set = { progress: job.progress ?? 0, updatedAt: new Date().toISOString(), leaseUntil: Date.now() + leaseMs };
  return tryTransact(connection, [writeJob(job, { set })]);
}

/** Puts a job back into the queue, as if it had not been taken up; for a process that stops. */
export async function releaseJob(connection: Connection, job: ClaimedJob): Promise<void> {
  const set = { status: 'pending', progress: 0, updatedAt: new Date().toISOString(), attempts: job.attempts - 1 };
  await tryTransact(connection, [writeJob(job, { set, remove: ['leaseOwner', 'leaseUntil'] })]);
}

/** Returns the write that ends a job; its input is removed from the row. It also fails when the expiry was changed since the job was read. */
export function endJob(job: CodeGenerationRecord, set: Partial<CodeGenerationRecord>, remove: readonly string[] = []): Write {
  const now = new Date().toISOString();
  const unwanted = [...jobAttributes, ...remove].filter((name) => !(name in set));
  const write = writeJob(job, { set: { ...set, updatedAt: now, finishedAt: now }, remove: unwanted });
  return { ...write, condition: { ...write.condition, equals: { ...write.condition?.equals, ttl: job.ttl } } };
}
