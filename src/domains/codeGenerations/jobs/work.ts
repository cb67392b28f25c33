/** The work on one job: input → files → archive → completed, with a sign of life and the progress after each step. */
import type { Services } from '../../../context.ts';
import { BodyReplaced, loadBody } from '../../../data/body.ts';
import { connect, type Connection } from '../../../data/connection.ts';
import { createLoaders } from '../../../data/loaders.ts';
import { fileStem } from '../../fileName.ts';
import { archiveFacts } from '../archive.ts';
import { filesOf, inputAttributes } from '../codeGeneration.ts';
import { readVisibleProject } from '../../projects/projects.store.ts';
import type { GenerationInput } from '../generators/index.ts';
import { adaptFiles } from './adapt.ts';
import { complete, fail, LeaseLost } from './ending.ts';
import { GenerationFailed } from './failure.ts';
import { generate } from './generate.ts';
import type { JobOutcome } from '../../../telemetry/metrics.ts';
import type { BackgroundTrace, JobTrace } from '../../../telemetry/tracing.ts';
import { releaseJob, renewLease, type ClaimedJob } from './jobs.store.ts';

/** How a job is worked on. */
export interface WorkOptions {
  leaseMs: number;
  /** Aborted when the process stops. */
  signal: AbortSignal;
  /** The run that the work is part of, where traces are recorded. */
  span?: BackgroundTrace | undefined;
}

/** A job under work. */
interface Work {
  readonly services: Services;
  readonly connection: Connection;
  readonly leaseMs: number;
  /** Aborted when the process stops, or when the job is somebody else's. */
  readonly signal: AbortSignal;
  readonly trace: JobTrace | undefined;
  job: ClaimedJob;
  /** Ends the signs of life, so that none of them meets the row when its job has ended. */
  endBeats: () => Promise<void>;
}

/** Gives signs of life until told otherwise; `onLost` hears that the job is somebody else's. Returns what ends them. */
function startBeats(work: () => Work, leaseMs: number, onLost: (error: LeaseLost) => void): () => Promise<void> {
  let beating = Promise.resolve();
  const beat = async (): Promise<void> => {
    try {
      await renew(work(), 0);
    } catch (error) {
      // A database that does not answer for a while may answer the next one.
      if (error instanceof LeaseLost) onLost(error);
    }
  };
  const next = (): void => {
    beating = beat();
  };
  const beats = setInterval(next, leaseMs / 3).unref();
  return async () => {
    clearInterval(beats);
    await beating;
  };
}

/**
 * Works on a claimed job until it is completed or failed. When the process stops, the job goes back into the queue; when it
 * was cancelled, deleted or taken over, the work just ends. Rejects with unexpected errors: the lease runs out then, and any
 * instance takes the job up again.
 */
export async function workOn(services: Services, job: ClaimedJob, { leaseMs, signal, span }: WorkOptions): Promise<void> {
  const life = new AbortController();
  const stop = (): void => life.abort(signal.reason);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const trace = span?.job({ target: job.target ?? job.type, attempt: job.attempts });
  const connection = connect(services.database, { signal: life.signal, onCall: trace && ((call) => trace.call(call)) });
  const lose = (error: LeaseLost): void => life.abort(error);
  const endBeats = startBeats(() => work, leaseMs, lose);
  const work: Work = { services, job, leaseMs, connection, trace, signal: life.signal, endBeats };
  const startedAt = performance.now();
  let outcome: JobOutcome = 'error';
  try {
    await finish(work);
    outcome = 'completed';
  } catch (error) {
    await endBeats();
    outcome = await endWith(work, { error: life.signal.aborted ? life.signal.reason : error, isStopping: signal.aborted });
  } finally {
    services.metrics.jobEnded({ outcome, milliseconds: performance.now() - startedAt });
    trace?.end(outcome);
    await endBeats();
    signal.removeEventListener('abort', stop);
  }
}

/** What is left to do for a job in a process that stops must not take longer. */
const lastWordsMs = 5_000;

/** Decides what an error means for the job, and returns it. */
async function endWith(
  { services, connection, job }: Work,
  { error, isStopping }: { error: unknown; isStopping: boolean },
): Promise<JobOutcome> {
  try {
    if (error instanceof GenerationFailed) {
      services.log.warn({ generationId: job.id, err: error }, 'a code generation failed');
      await fail({ services, connection }, job, error.message);
      return 'failed';
    }
    if (!isStopping || error instanceof LeaseLost) throw error;
    await releaseJob(connect(services.database, { signal: AbortSignal.timeout(lastWordsMs) }), job);
  } catch (last) {
    if (!(last instanceof LeaseLost)) throw last;
    services.log.info({ generationId: job.id }, 'the work on a code generation ended: it was cancelled, deleted or taken up elsewhere');
  }
  return 'released';
}

/** Writes a sign of life and the progress, which never goes back. Throws LeaseLost. */
async function renew(work: Work, progress: number): Promise<void> {
  const reached = (): number => Math.max(progress, work.job.progress ?? 0);
  if (!(await renewLease(work.connection, { ...work.job, progress: reached() }, work.leaseMs))) throw new LeaseLost();
  work.job = { ...work.job, progress: reached() };
}

async function finish(work: Work): Promise<void> {
  const { services, connection, signal, job } = work;
  const input = await readInput(work);
  await renew(work, 0.2);
  const generated = await generate(input, signal);
  await renew(work, 0.6);
  const { files, note } = await adaptFiles(services, { files: generated, prompt: job.prompt, signal, trace: work.trace });
  const generatedCode = filesOf(files);
  await renew(work, 0.8);
  const project = await readVisibleProject(connection, job.projectId);
  const archive = await archiveFacts(generatedCode, `${fileStem(project?.name ?? '', 'project')}-${job.target ?? job.type}`);
  await work.endBeats();
  await renew(work, 0.9);
  await complete({ services, connection }, work.job, { generatedCode, archive, note });
}

async function readInput({ connection, job }: Work): Promise<GenerationInput> {
  const loaders = createLoaders(connection, { nowSeconds: () => Math.floor(Date.now() / 1000) });
  try {
    return (await loadBody(loaders, 'codeGenerations', job, inputAttributes))['generationInput'] as GenerationInput;
  } catch (error) {
    throw error instanceof BodyReplaced ? new LeaseLost('the input is gone', { cause: error }) : error;
  }
}

/** Fails a job that was taken up too often without an end. */
export async function giveUp(services: Services, connection: Connection, job: ClaimedJob): Promise<void> {
  const times = job.attempts - 1;
  services.log.error({ generationId: job.id, times }, 'a code generation was interrupted too often');
  const message = `The generation was interrupted ${times} times and was given up. Start it again; tell us its id if that happens again.`;
  try {
    await fail({ services, connection }, job, message);
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
  }
}
