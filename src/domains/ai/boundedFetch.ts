/** `fetch` for an endpoint whose answers are not trusted to end: bounded in size, never led elsewhere by a redirect. */

/** An answer of the endpoint that is larger than it may be. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/** Largest bodies of answers, in bytes as they come over the network (after decompression). */
export interface AnswerBounds {
  /** Of an answer in one piece. */
  readonly wholeBytes: number;
  /** Of a stream of events, of which most is framing. */
  readonly streamBytes: number;
}

/** A pause that the endpoint asks for and that a person would wait for; the client library waits up to a minute. */
const longestPauseSeconds = 5;

function bounded(body: ReadableStream<Uint8Array>, most: number): ReadableStream<Uint8Array> {
  let size = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        if (size > most) controller.error(new AnswerTooLarge(`The answer is larger than ${most} bytes.`));
        else controller.enqueue(chunk);
      },
    }),
  );
}

/** Returns a `fetch` whose bodies fail with AnswerTooLarge beyond the bounds. Redirects fail: they would take the API key along. */
export function createBoundedFetch({ wholeBytes, streamBytes }: AnswerBounds): typeof fetch {
  return async (input, init) => {
    const { status, statusText, headers, body } = await fetch(input, { ...init, redirect: 'error' });
    const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
    const kept = new Headers(headers);
    // The library looks at this header before it decides to wait and try again.
    if (Number(headers.get('retry-after') ?? 0) > longestPauseSeconds) kept.set('x-should-retry', 'false');
    return new Response(body && bounded(body, isStream ? streamBytes : wholeBytes), { status, statusText, headers: kept });
  };
}
