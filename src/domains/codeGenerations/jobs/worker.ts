/** Entry of the worker thread that runs the generators; built as its own file, `generationWorker.js`. */
import { parentPort, workerData } from 'node:worker_threads';
import type { GenerationInput } from '../generators/index.ts';
import { runGenerators } from './outcome.ts';

parentPort?.postMessage(runGenerators(workerData as GenerationInput));
