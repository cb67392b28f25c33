/** How much this process can take on: operations in flight, and how late its event loop is. */

/** What is too much. */
export interface CapacityLimits {
  /** Operations in flight. */
  readonly maxRequestsInFlight: number;
  /** How late the event loop may be, in milliseconds; 0 means: however late. */
  readonly maxEventLoopDelayMs: number;
}

/** Tells whether there is room for more. */
export interface Capacity {
  /** Returns what there is too much of at the moment, or null while there is room. */
  shortage(): 'requests in flight' | 'event loop delay' | null;
  /** Counts an operation until the returned function is called; calling it again does nothing. */
  enter(): () => void;
  /** Returns how many operations are in flight. */
  inFlight(): number;
  /** Stops watching. */
  close(): void;
}

const sampleMs = 100;

/**
 * Watches how late a timer is. One late sample is an import, a garbage collection or a process that was stopped for a moment;
 * two in a row are more work than there is time. (`perf_hooks.monitorEventLoopDelay`, and @fastify/under-pressure on top of it,
 * loses the first delay after each reset: all of them, where every turn of the loop is longer than a sample.)
 */
function watchEventLoop(limitMs: number): { isLate: () => boolean; stop: () => void } {
  let lateSamples = 0;
  let sampledAt = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    lateSamples = now - sampledAt - sampleMs > limitMs ? lateSamples + 1 : 0;
    sampledAt = now;
  }, sampleMs);
  timer.unref();
  return { isLate: () => lateSamples >= 2, stop: () => clearInterval(timer) };
}

/** Starts watching; close it. */
export function createCapacity({ maxRequestsInFlight, maxEventLoopDelayMs }: CapacityLimits): Capacity {
  const loop = maxEventLoopDelayMs > 0 ? watchEventLoop(maxEventLoopDelayMs) : null;
  let inFlight = 0;
  return {
    shortage: () => {
      if (inFlight >= maxRequestsInFlight) return 'requests in flight';
      return loop?.isLate() ? 'event loop delay' : null;
    },
    enter() {
      let isIn = true;
      inFlight += 1;
      return () => {
        if (isIn) inFlight -= 1;
        isIn = false;
      };
    },
    inFlight: () => inFlight,
    close: () => loop?.stop(),
  };
}
