/** What the probe tells of the server, and what to make of it. */

/** The server at one moment, after garbage collection. */
export interface Sample {
  /** Seconds since the load began. */
  readonly seconds: number;
  /** Requests answered since the sample before. */
  readonly requests: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
  /** Open handles and requests by kind (`process.getActiveResourcesInfo`). */
  readonly handles: Readonly<Record<string, number>>;
  readonly delayMs: { readonly p50: number; readonly p99: number };
  /** Share of the time that the event loop was busy, 0 to 1. */
  readonly busy: number;
}

const mb = (bytes: number): string => (bytes / 1024 / 1024).toFixed(2);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Returns the median of the slopes between all pairs of points (Theil–Sen): single odd samples do not bend it. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes = points.flatMap(([x1, y1], i) => points.slice(i + 1).map(([x2, y2]) => (y2 - y1) / (x2 - x1)));
  return median(slopes);
}

const handleCount = ({ handles }: Sample): number => Object.values(handles).reduce((sum, count) => sum + count, 0);

/** What a soak found. */
export interface Verdict {
  /** Bytes of heap in ten minutes, after the warm-up. */
  readonly heapSlope: number;
  readonly handlesBefore: number;
  readonly handlesAfter: number;
  /** Why the run has failed; empty when it has not. */
  readonly problems: readonly string[];
}

const maxHeapSlope = 1024 * 1024;

/** Timers and connections that come and go. */
const handleTolerance = 5;

/** Judges the samples that were taken after the warm-up. */
export function judge(samples: readonly Sample[]): Verdict {
  const heapSlope = slopeOf(samples.map(({ seconds, heapUsed }) => [seconds, heapUsed])) * 600;
  const third = Math.max(1, Math.floor(samples.length / 3));
  const handlesBefore = median(samples.slice(0, third).map(handleCount));
  const handlesAfter = median(samples.slice(-third).map(handleCount));
  const problems = [
    samples.length < 6 && `There are ${samples.length} samples after the warm-up; at least 6 are needed. Run for longer.`,
    !(heapSlope < maxHeapSlope) && `The heap grows by ${mb(heapSlope)} MB in ten minutes; less than ${mb(maxHeapSlope)} is allowed.`,
    handlesAfter > handlesBefore + handleTolerance && `Open handles grew from ${handlesBefore} to ${handlesAfter}.`,
  ];
  return { heapSlope, handlesBefore, handlesAfter, problems: problems.filter((problem) => problem !== false) };
}

/** Returns the samples as a table, one line each. */
export function tableOf(samples: readonly Sample[]): string {
  const head = ' minute  requests  heap MB  external MB   RSS MB  handles  loop p50 ms  loop p99 ms   busy';
  const lines = samples.map((sample) =>
    [
      (sample.seconds / 60).toFixed(1).padStart(7),
      String(sample.requests).padStart(10),
      mb(sample.heapUsed).padStart(9),
      mb(sample.external).padStart(13),
      mb(sample.rss).padStart(9),
      String(handleCount(sample)).padStart(9),
      sample.delayMs.p50.toFixed(1).padStart(13),
      sample.delayMs.p99.toFixed(1).padStart(13),
      `${(sample.busy * 100).toFixed(0)} %`.padStart(7),
    ].join(''),
  );
  return [head, ...lines].join('\n');
}

const bars = '▁▂▃▄▅▆▇█';

/** Returns the heap over time as a line of bars, from the smallest to the largest. */
export function chartOf(samples: readonly Sample[]): string {
  const heap = samples.map(({ heapUsed }) => heapUsed);
  const [least, most] = [Math.min(...heap), Math.max(...heap)];
  const barOf = (value: number): string =>
    bars.charAt(Math.min(bars.length - 1, Math.floor(((value - least) / (most - least || 1)) * bars.length)));
  return `heap ${mb(least)} MB ${heap.map(barOf).join('')} ${mb(most)} MB`;
}

/** Returns the kinds of open handles at the end, and how many there were at the beginning. */
export function handlesOf(samples: readonly Sample[]): string {
  const [first, last] = [samples[0]?.handles ?? {}, samples.at(-1)?.handles ?? {}];
  const kinds = [...new Set([...Object.keys(first), ...Object.keys(last)])].toSorted();
  return kinds.map((kind) => `  ${kind}: ${first[kind] ?? 0} → ${last[kind] ?? 0}`).join('\n');
}
