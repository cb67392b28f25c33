/** Work that outlives the request that asked for it, and work that repeats. The process waits for it when it stops. */
import type { Logger } from 'pino';
import { errorTypeOf } from './telemetry/errorType.ts';
import type { BackgroundTrace, Tracing } from './telemetry/tracing.ts';

/** Work; aborted by the signal when the process stops. Gets the span of its run where traces are recorded. */
type Task = (signal: AbortSignal, span?: BackgroundTrace) => Promise<void>;

/** Runs background work. */
export interface Background {
  /** Starts `task` and returns at once; a failure is logged. Metrics and spans show `name`: a name of this code, nothing of a user. */
  run(name: string, task: Task): void;
  /** Runs `task` now and then again and again, `milliseconds` after it ended. Only runs that fail leave a span: most look and find nothing. */
  repeat(name: string, milliseconds: number, task: Task): void;
  /** Waits until everything that runs now has ended. */
  settled(): Promise<void>;
  /** Aborts everything and waits until it has ended. */
  stop(): Promise<void>;
}

/** Who hears of background work. */
export interface BackgroundObservers {
  /** Hears the name of work that failed. */
  readonly onFailure?: (name: string) => void;
  readonly tracing?: Pick<Tracing, 'background'> | undefined;
}

/** Makes a runner of background work. */
export function createBackground(log: Logger, { onFailure, tracing }: BackgroundObservers = {}): Background {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();

  /** With `isRoutine` only a failure leaves a span: one that is never ended is never exported. */
  async function attempt(name: string, task: Task, isRoutine: boolean): Promise<void> {
    const span = tracing?.background(name);
    try {
      await task(stopping.signal, span);
      if (!isRoutine) span?.end(null);
    } catch (error) {
      const isStopping = stopping.signal.aborted;
      if (!isStopping || !isRoutine) span?.end(isStopping ? null : errorTypeOf(error));
      if (isStopping) return;
      log.error({ err: error, task: name }, 'background work failed');
      onFailure?.(name);
    }
  }

  function run(name: string, task: Task, isRoutine = false): Promise<void> {
    const work = attempt(name, task, isRoutine);
    running.add(work);
    return work.finally(() => running.delete(work));
  }

  function repeat(name: string, milliseconds: number, task: Task): void {
    void run(name, task, true).then(() => {
      if (stopping.signal.aborted) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        repeat(name, milliseconds, task);
      }, milliseconds);
      timers.add(timer.unref());
    });
  }

  return {
    run: (name, task) => void run(name, task),
    repeat,
    async settled() {
      await Promise.all(running);
    },
    async stop() {
      stopping.abort();
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(running);
    },
  };
}
