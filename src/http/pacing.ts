/** When operations begin: one in a turn of the event loop, and none while connections wait to be accepted. */

/** What tells of connections: a server. */
export interface ConnectionSource {
  on(event: 'connection', listener: () => void): unknown;
}

/** Calls `begin` when its turn has come; the returned function takes it out of the queue. */
export type Pacer = (begin: () => void) => () => void;

/** Work begins after this time even if connections keep coming, in milliseconds. */
const patienceMs = 100;

/**
 * Returns a pacer for a server, first come first served. Beginning everything at once would make turns of the event loop
 * that take seconds, and libuv accepts one connection in each (measured with 1.46): refusals and health would wait behind
 * all the work. So while a turn has accepted a connection, the next ones go to those that follow, and are short.
 */
export function createPacer(server: ConnectionSource): Pacer {
  const waiting = new Set<() => void>();
  let acceptedOne = false;
  let isScheduled = false;
  let lastBegin = 0;
  server.on('connection', () => {
    acceptedOne = true;
  });

  function turn(): void {
    const now = performance.now();
    const [next] = waiting;
    if (next && (!acceptedOne || now - lastBegin > patienceMs)) {
      lastBegin = now;
      waiting.delete(next);
      next();
    }
    acceptedOne = false;
    isScheduled = false;
    schedule();
  }

  function schedule(): void {
    if (isScheduled || waiting.size === 0) return;
    isScheduled = true;
    setImmediate(turn);
  }

  return (begin) => {
    // After a time without work, connections have their turn first again.
    if (waiting.size === 0) lastBegin = performance.now();
    waiting.add(begin);
    schedule();
    return () => waiting.delete(begin);
  };
}
