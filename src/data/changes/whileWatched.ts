/** Looks for changes only while somebody watches: reading a stream costs money, a server without subscribers should cost none. */
import type { Logger } from 'pino';
import type { ChangeFeed } from './feed.ts';

/** What is done while somebody watches. */
export interface WatchedWork {
  readonly feed: ChangeFeed;
  readonly log: Logger;
  /**
   * Finds changes and tells the feed of them until the signal is aborted. Changes between the call and the moment from which
   * none is missed are its business: it tells the feed of a gap then.
   */
  readonly work: (signal: AbortSignal) => Promise<void>;
  /** Milliseconds for which it goes on after the last watcher left; 15,000 unless given. Who reconnects finds it running. */
  readonly lingerMs?: number | undefined;
}

/** Returns the feed, whose first watcher starts the work, and how to end it. */
export function whileWatched({ feed, log, work, lingerMs = 15_000 }: WatchedWork): { feed: ChangeFeed; close: () => Promise<void> } {
  let running: AbortController | undefined;
  let ended = Promise.resolve();
  let linger: NodeJS.Timeout | undefined;
  let isClosed = false;

  function end(): void {
    clearTimeout(linger);
    running?.abort();
    running = undefined;
  }

  function begin(): void {
    clearTimeout(linger);
    if (running || isClosed) return;
    const { signal } = (running = new AbortController());
    ended = ended
      .then(() => (signal.aborted ? undefined : work(signal)))
      .catch((error: unknown) => {
        if (signal.aborted) return;
        log.error({ err: error }, 'changes are not looked for any more, until somebody begins to watch');
        end();
      });
  }

  return {
    feed: {
      get isWatched() {
        return feed.isWatched;
      },
      publish: (changes) => feed.publish(changes),
      publishGap: (kinds) => feed.publishGap(kinds),
      watch(topic, listener) {
        const stop = feed.watch(topic, listener);
        begin();
        return () => {
          stop();
          if (feed.isWatched || !running) return;
          clearTimeout(linger);
          linger = setTimeout(end, lingerMs).unref();
        };
      },
      close: () => feed.close(),
    },
    async close() {
      isClosed = true;
      end();
      await ended;
    },
  };
}
