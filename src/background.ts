/** Work that outlives the request that asked for it, and work that repeats. The process waits for it when it stops. */
import type { Logger } from 'pino';

/** Runs background work. */
export interface Background {
  /** Starts `task` and returns at once; a failure is logged. The signal is aborted when the process stops. */
  run(name: string, task: (signal: AbortSignal) => Promise<void>): void;
  /** Runs `task` now and then again and again, `milliseconds` after it ended. */
  repeat(name: string, milliseconds: number, task: (signal: AbortSignal) => Promise<void>): void;
  /** Waits until everything that runs now has ended. */
  settled(): Promise<void>;
  /** Aborts everything and waits until it has ended. */
  stop(): Promise<void>;
}

/** Makes a runner of background work; `onFailure` hears the name of work that failed. */
export function createBackground(log: Logger, onFailure?: (name: string) => void): Background {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();

  function run(name: string, task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const work = task(stopping.signal).catch((error: unknown) => {
      if (stopping.signal.aborted) return;
      log.error({ err: error, task: name }, 'background work failed');
      onFailure?.(name);
    });
    running.add(work);
    return work.finally(() => running.delete(work));
  }

  function repeat(name: string, milliseconds: number, task: (signal: AbortSignal) => Promise<void>): void {
    void run(name, task).then(() => {
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
