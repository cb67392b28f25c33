/** Entry of the worker thread that reads long sources; built as its own file, `importWorker.js`. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ImportTask } from './runInWorker.ts';
import { readSource } from './readSource.ts';

const { source, dialect } = workerData as ImportTask;
parentPort?.postMessage(await readSource(source, dialect));
