/** Runs the generators: small inputs in this thread, larger ones in a worker thread, because they compute without a pause. */
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { GeneratedFile, GenerationInput } from '../generators/index.ts';
import { GenerationFailed } from './failure.ts';
import type { GenerationOutcome } from './outcome.ts';

/** Inputs up to so many UTF-16 units of JSON, some twenty tables, take milliseconds. */
const maxInThread = 16 * 1024;

/** The largest schemas that this API takes need a fraction of it. */
const deadlineMs = 120_000;
const heapMb = 512;

/** Returns the built worker beside the bundle or one folder above (chunks); undefined when running from TypeScript sources (tests). */
function workerFile(): URL | undefined {
  if (import.meta.url.endsWith('.ts')) return undefined;
  const places = ['./generationWorker.js', '../generationWorker.js'].map((path) => new URL(path, import.meta.url));
  const found = places.find((place) => existsSync(place));
  if (!found)
    throw new Error('The build has no generationWorker.js: src/domains/codeGenerations/jobs/worker.ts must be one of its entries.');
  return found;
}

/** Returns the files of a generation. Throws GenerationFailed with words for a person, or the signal's reason when aborted. */
export async function generate(input: GenerationInput, signal: AbortSignal): Promise<GeneratedFile[]> {
  const file = JSON.stringify(input).length > maxInThread ? workerFile() : undefined;
  const outcome = file ? await generateInWorker(input, { file, signal }) : await generateHere(input);
  signal.throwIfAborted();
  if ('problem' in outcome) throw new GenerationFailed(outcome.problem, { cause: outcome.stack });
  return outcome.files;
}

/** The generators are large, and load with the first generation. */
async function generateHere(input: GenerationInput): Promise<GenerationOutcome> {
  const { runGenerators } = await import('./outcome.ts');
  return runGenerators(input);
}

const tooLarge = 'The design needs more memory to be generated from than there is. Generate from a smaller schema, or a single target.';
const tooSlow = `Generating took more than ${deadlineMs / 1000} s and was stopped. Generate from a smaller schema, or a single target.`;

function generateInWorker(input: GenerationInput, { file, signal }: { file: URL; signal: AbortSignal }): Promise<GenerationOutcome> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: input, resourceLimits: { maxOldGenerationSizeMb: heapMb } });
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      settle();
      void worker.terminate();
    };
    const onAbort = (): void => finish(() => reject(signal.reason as Error));
    const timer = setTimeout(() => finish(() => resolve({ problem: tooSlow })), deadlineMs);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    worker.once('message', (outcome: GenerationOutcome) => finish(() => resolve(outcome)));
    worker.once('error', (error: unknown) => {
      const isOutOfMemory = (error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY';
      finish(() => (isOutOfMemory ? resolve({ problem: tooLarge }) : reject(new Error('The generation worker failed.', { cause: error }))));
    });
    worker.once('exit', (code) => finish(() => reject(new Error(`The generation worker ended with code ${code} before it answered.`))));
  });
}
