/** The results of a subscription: one for each event of its source, until the source, the client or the server ends it. */
import type { FormattedExecutionResult } from 'graphql';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** What a stream is made of. */
export interface ResultStreamParts {
  /** Where events come from. The next one is asked for only when the client has taken the result of the last one. */
  readonly source: AsyncIterable<unknown>;
  /** Returns the result for an event. A rejection ends the stream. */
  readonly answer: (event: unknown) => Promise<FormattedExecutionResult>;
  /** Returns the result that tells of a failure of the source, or of `answer`. */
  readonly describe: (error: unknown) => FormattedExecutionResult;
  /** Called once, when the stream is over for whatever reason. */
  readonly onEnd: () => void;
}

/** Results, read by one reader. Never rejects. */
export interface ResultStream extends AsyncIterableIterator<FormattedExecutionResult, void> {
  /** Ends the stream and its source at once, also while a reader waits; `last` is the last result that it gets. */
  end(last?: FormattedExecutionResult): void;
  return(): Promise<IteratorResult<FormattedExecutionResult, void>>;
}

const done: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** Returns the results of a subscription. An `async function*` would hold its end back until the source's next event. */
export function createResultStream({ source, answer, describe, onEnd }: ResultStreamParts): ResultStream {
  const events = source[Symbol.asyncIterator]();
  let isOver = false;
  let last: FormattedExecutionResult | undefined;
  let wake = (): void => undefined;

  function end(final?: FormattedExecutionResult): void {
    if (isOver) return;
    isOver = true;
    last = final;
    onEnd();
    // A generator that waits for its next event answers only after that: nobody waits for it.
    void Promise.resolve(events.return?.()).catch(() => undefined);
    wake();
  }

  function finish(): IteratorResult<FormattedExecutionResult, void> {
    if (last === undefined) return done;
    const value = last;
    last = undefined;
    return { value, done: false };
  }

  /** Returns the next event, or null when the stream is ended meanwhile. */
  function nextEvent(): Promise<IteratorResult<unknown> | null> {
    return new Promise((resolve, reject) => {
      wake = () => resolve(null);
      events.next().then(resolve, reject);
    });
  }

  async function next(): Promise<IteratorResult<FormattedExecutionResult, void>> {
    if (isOver) return finish();
    try {
      const event = await nextEvent();
      if (event?.done) end();
      if (event === null || event.done) return finish();
      // A source with many events at hand must not keep everybody else waiting.
      await nextTurn();
      const value = await answer(event.value);
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it may have ended while the answer was made
      return isOver ? finish() : { value, done: false };
    } catch (error) {
      end(describe(error));
      return finish();
    }
  }

  return {
    next,
    end,
    return: () => {
      end();
      last = undefined;
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
