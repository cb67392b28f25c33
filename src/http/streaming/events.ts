/** The text of an event stream (WHATWG HTML, 9.2): results as events, comments in between. */
import type { FormattedExecutionResult } from 'graphql';
import { checkAnswer } from '../graphql.ts';

/** A comment: opens the stream for browsers that wait for its first byte, and keeps proxies from cutting it off. */
const comment = ':\n\n';

/** JSON has no line ends outside of its strings, and escapes them inside. */
function eventOf(result: FormattedExecutionResult, describe: (error: unknown) => FormattedExecutionResult): string {
  const text = JSON.stringify(result);
  try {
    checkAnswer(text);
  } catch (error) {
    return `event: next\ndata: ${JSON.stringify(describe(error))}\n\n`;
  }
  return `event: next\ndata: ${text}\n\n`;
}

/** What an event stream is made of. */
export interface EventSource {
  /** The result of the operation, or its results. Does not reject. */
  readonly results: Promise<FormattedExecutionResult | AsyncIterator<FormattedExecutionResult, void>>;
  readonly describe: (error: unknown) => FormattedExecutionResult;
  readonly heartbeatMs: number;
  /** Called whenever the client has taken what there was. */
  readonly onTaken: () => void;
}

/** Waits for one thing after another, now and then looking up. One reaction for each thing, however long it takes. */
function createWait<T>(): { start: (work: Promise<T>) => void; arrivedWithin: (milliseconds: number) => Promise<T | null> } {
  let arrived: T | null = null;
  let wake = (): void => undefined;
  return {
    start(work) {
      arrived = null;
      void work.then((value) => {
        arrived = value;
        wake();
      });
    },
    async arrivedWithin(milliseconds) {
      if (arrived === null) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, milliseconds).unref();
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return arrived;
    },
  };
}

/** Yields the text of the stream, piece by piece. The next result is asked for when the last one was taken: nothing piles up. */
export async function* writeEvents({ results, describe, heartbeatMs, onTaken }: EventSource): AsyncGenerator<string> {
  const iterator = asIterator(results);
  const wait = createWait<IteratorResult<FormattedExecutionResult, void>>();
  yield comment;
  wait.start(iterator.next());
  for (;;) {
    onTaken();
    const next = await wait.arrivedWithin(heartbeatMs);
    if (next?.done) break;
    yield next ? eventOf(next.value, describe) : comment;
    if (next) wait.start(iterator.next());
  }
  yield 'event: complete\ndata: \n\n';
}

async function* asIterator(results: EventSource['results']): AsyncGenerator<FormattedExecutionResult, void> {
  const settled = await results;
  if (!('next' in settled)) {
    yield settled;
    return;
  }
  for (;;) {
    const next = await settled.next();
    if (next.done) return;
    yield next.value;
  }
}
