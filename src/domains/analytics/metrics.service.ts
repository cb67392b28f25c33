/** A metric over time, and the names of a project's metrics, read from roll-ups. */
import { findProjectAccess } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { RequestError } from '../../errors.ts';
import type { ProjectRecord } from '../projects/project.ts';
import {
  around,
  boundariesOf,
  bucketsOf,
  totalsBetween,
  usualMs,
  valueOf,
  type Aggregate,
  type Bucket,
  type Fill,
  type Interval,
} from './buckets.ts';
import { rollUpOptions } from './eventBatches.service.ts';
import { addTotals, dayMs, noTotals, type Resolution } from './rollUp.ts';
import { listMetricNames, readPoints } from './rollUps.store.ts';
import { offsetsOf, segmentsOf, type OffsetSegment } from './timeZone.ts';

/** Arguments of `Project.metrics`. */
export interface MetricsArgs {
  metric: string;
  from?: string | null;
  to?: string | null;
  interval: Interval | (string & {});
  aggregate: Aggregate | (string & {});
  fill?: Fill | (string & {}) | null;
  timezone: string;
}

/** A metric over time. */
export interface MetricSeries {
  metric: string;
  interval: string;
  aggregate: string;
  timezone: string;
  buckets: Bucket[];
  total: number | null;
  count: number;
}

const maxBuckets = 2_200;
const maxNames = 200;

/** How much is shown unless `from` says more or less. */
const usualRangeMs: Readonly<Record<Interval, number>> = { hour: dayMs, day: 30 * dayMs, week: 84 * dayMs };

/** Returns a metric of a project that the viewer may read, bucket by bucket; null for a project that they may not. Throws BAD_USER_INPUT. */
export async function readMetric(context: Context, project: ProjectRecord, args: MetricsArgs): Promise<MetricSeries | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const [interval, aggregate] = [args.interval as Interval, args.aggregate as Aggregate];
  const range = rangeOf(context, interval, args);
  const [begin, end] = around(interval, ...range);
  const segments = segmentsOf(offsetsOf(args.timezone), begin, end);
  const resolution = resolutionFor(interval, segments);
  requireKept(context, { resolution, interval, from: range[0] });
  const boundaries = boundariesOf(interval, segments, range);
  const [from = 0, to = 0] = [boundaries[0], boundaries.at(-1)];
  const points = await readPoints(context.connection, {
    ...{ projectId: project.id, metric: args.metric, resolution, from, to },
    parts: partsFor(aggregate),
  });
  const totals = totalsBetween(boundaries, points);
  const all = noTotals();
  for (const total of totals) addTotals(all, total);
  const fill = (args.fill ?? (aggregate === 'sum' || aggregate === 'count' ? 'zero' : 'null')) as Fill;
  const buckets = bucketsOf(boundaries, totals, { aggregate, fill });
  const { metric, timezone } = args;
  return { metric, interval, aggregate, timezone, buckets, total: valueOf(all, aggregate), count: all.count };
}

function rangeOf(context: Context, interval: Interval, args: Pick<MetricsArgs, 'from' | 'to'>): [number, number] {
  const to = Date.parse(args.to ?? context.now());
  const from = args.from == null ? to - usualRangeMs[interval] : Date.parse(args.from);
  if (from >= to) throw new RequestError('BAD_USER_INPUT', '`from` must be earlier than `to`.');
  const buckets = Math.ceil((to - from) / usualMs[interval]);
  if (buckets > maxBuckets) {
    const message = `The range has ${buckets} buckets of one ${interval}; at most ${maxBuckets} are answered. Ask for a shorter range or a longer interval.`;
    throw new RequestError('BAD_USER_INPUT', message);
  }
  return [from, to];
}

/** Days and weeks of UTC come from days, at a twenty-fourth of the price; those of other zones from the quarters of hours. */
function resolutionFor(interval: Interval, segments: readonly OffsetSegment[]): Resolution {
  return interval !== 'hour' && segments.every(({ offset }) => offset === 0) ? 'day' : 'hour';
}

function requireKept(context: Context, { resolution, interval, from }: { resolution: Resolution; interval: Interval; from: number }): void {
  const { retention } = rollUpOptions(context.services);
  const days = retention[resolution];
  if (from >= Date.parse(context.now()) - days * dayMs) return;
  const what = interval === 'hour' ? 'Hours' : resolution === 'hour' ? 'Days and weeks of time zones other than UTC' : 'Days and weeks';
  const hint = resolution === 'hour' ? ` Days and weeks of UTC are kept for ${retention.day} days.` : '';
  throw new RequestError('BAD_USER_INPUT', `${what} are kept for ${days} days. Send a later \`from\`.${hint}`);
}

function partsFor(aggregate: Aggregate): ('sum' | 'extremes')[] {
  if (aggregate === 'count') return [];
  return aggregate === 'min' || aggregate === 'max' ? ['extremes'] : ['sum'];
}

/** Returns the names of a project's metrics in alphabetical order, 200 at most; null for a project that the viewer may not read. */
export async function findMetricNames(context: Context, project: ProjectRecord): Promise<string[] | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  return listMetricNames(context.connection, { projectId: project.id, limit: maxNames, nowSeconds: context.nowSeconds() });
}
