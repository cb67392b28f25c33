/** Long sources are read in a worker thread: parsing must not hold up other requests, and can be stopped. */
import { Worker } from 'node:worker_threads';
import { failureAtStart, type ImportResult, type SourceLanguage } from './result.ts';

export interface ImportTask {
  source: string;
  /** Language of the source; a dialect where that is SQL. */
  dialect: SourceLanguage;
}

export interface WorkerOptions {
  /** The built worker. */
  file: URL | string;
  deadlineMs: number;
  /** Aborts the work, for instance when the client has left; the promise then rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/** A worker takes up to about 300 MB; more than two at a time would only take turns on the processor. */
const MAX_WORKERS = 2;
const HEAP_MB = 512;

let running = 0;
const waiting: (() => void)[] = [];

async function takeTurn(): Promise<void> {
  if (running < MAX_WORKERS) {
    running += 1;
    return;
  }
  await new Promise<void>((resolve) => waiting.push(resolve));
}

/** Hands the turn to the next, who need not count itself. */
function endTurn(): void {
  const next = waiting.shift();
  if (next) next();
  else running -= 1;
}

function isOutOfMemory(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function tooSlow(deadlineMs: number): ImportResult {
  return failureAtStart(
    `Reading the source took more than ${deadlineMs / 1000} s and was stopped. Leave out data (INSERT, COPY), or import it in parts.`,
  );
}

function readInWorker(task: ImportTask, { file, deadlineMs, signal }: WorkerOptions): Promise<ImportResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: task, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      settle();
      void worker.terminate();
    };
    const onAbort = () => finish(() => reject(signal?.reason instanceof Error ? signal.reason : new Error('The import was aborted.')));
    const timer = setTimeout(() => finish(() => resolve(tooSlow(deadlineMs))), deadlineMs);
    signal?.addEventListener('abort', onAbort);
    worker.once('message', (result: ImportResult) => finish(() => resolve(result)));
    worker.once('error', (error: unknown) => {
      const message = 'Reading the source took too much memory and was stopped. Leave out data (INSERT, COPY), or import it in parts.';
      finish(() =>
        isOutOfMemory(error) ? resolve(failureAtStart(message)) : reject(new Error('The import worker failed.', { cause: error })),
      );
    });
    worker.once('exit', (code) => finish(() => reject(new Error(`The import worker ended with code ${code} before it answered.`))));
  });
}

/**
 * Reads a source in a worker thread and returns its result; past the deadline (counted from when the work starts) or out of
 * memory a failure that says so. Rejects when aborted, and where the worker itself is broken.
 */
export async function runInWorker(task: ImportTask, options: WorkerOptions): Promise<ImportResult> {
  await takeTurn();
  try {
    options.signal?.throwIfAborted();
    return await readInWorker(task, options);
  } finally {
    endTurn();
  }
}
