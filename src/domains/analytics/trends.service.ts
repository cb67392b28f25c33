/** The metrics and deployments of a project in a period that ends now, held against the period before it. */
import { findProjectAccess } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { RequestError } from '../../errors.ts';
import { readDeploymentsBetween } from '../deployments/deployments.service.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { totalsBetween } from './buckets.ts';
import { measure } from './dora.ts';
import { dayMs, noTotals, quarterMs, type Point, type Totals } from './rollUp.ts';
import { listMetricNames, readPoints } from './rollUps.store.ts';

/** Days of each period, as stored enum values name them. */
const daysOf = { 'last-24-hours': 1, 'last-7-days': 7, 'last-30-days': 30, 'last-90-days': 90 } as const;

/** Arguments of `Project.trends`. */
export interface TrendsArgs {
  period: string;
  metrics?: readonly string[] | null;
  first: number;
}

/** A number now and before. */
export interface Trend {
  current: number | null;
  previous: number | null;
  change: number | null;
  direction: 'up' | 'down' | 'flat' | null;
}

/** A metric now and before. */
export interface MetricTrend {
  metric: string;
  count: Trend;
  sum: Trend;
  average: Trend;
  minimum: Trend;
  maximum: Trend;
}

/** A project now and before. */
export interface ProjectTrends {
  period: string;
  previousFrom: string;
  from: string;
  to: string;
  /** Read when they are selected. */
  metrics: () => Promise<MetricTrend[]>;
  complete: boolean;
  /** Read when they are selected; null where too many were made to count them. */
  deployments: () => Promise<DeploymentTrend | null>;
}

/** The deployments of a project now and before, over all environments. */
export interface DeploymentTrend {
  count: Trend;
  changeFailureRate: Trend;
}

const maxMetrics = 50;

/** Returns the trends of a project that the viewer may read; null for a project that they may not. Throws BAD_USER_INPUT. */
export async function readTrends(context: Context, project: ProjectRecord, args: TrendsArgs): Promise<ProjectTrends | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const { names, complete } = await namesFor(context, project, args);
  const now = Date.parse(context.now());
  const length = daysOf[args.period as keyof typeof daysOf] * dayMs;
  // Roll-ups know quarters of an hour. What the clock of a reporting machine puts into the next minute is of now.
  const from = Math.floor((now - length) / quarterMs) * quarterMs;
  const edges = [from - length, from, now + quarterMs] as const;
  const metrics = async (): Promise<MetricTrend[]> =>
    (await Promise.all(names.map((metric) => readTrend(context, { projectId: project.id, metric, edges })))).filter((one) => one !== null);
  const [previousFrom, begin, to] = [edges[0], edges[1], now].map((time) => new Date(time).toISOString()) as [string, string, string];
  const deployments = (): Promise<DeploymentTrend | null> => readDeploymentTrend(context, project, [previousFrom, begin, to]);
  return { period: args.period, previousFrom, from: begin, to, metrics, complete, deployments };
}

/** Rows that are read at most to compare deployments. */
const deploymentBudget = 2_000;

async function readDeploymentTrend(
  context: Context,
  project: ProjectRecord,
  [previousFrom, from, to]: readonly [string, string, string],
): Promise<DeploymentTrend | null> {
  const read = await readDeploymentsBetween(context, project, { from: previousFrom, to, limit: deploymentBudget });
  if (read.readFrom !== null) return null;
  const [now, before] = [(at: string) => at >= from, (at: string) => at < from].map((isIn) => {
    const deployments = read.deployments.filter(({ createdAt }) => isIn(createdAt));
    return { count: deployments.length, rate: measure(deployments, Date.parse(to) - Date.parse(from)).changeFailureRate };
  });
  const of = (part: 'count' | 'rate'): Trend => trendOf(now?.[part] ?? null, before?.[part] ?? null);
  return { count: of('count'), changeFailureRate: of('rate') };
}

async function namesFor(
  context: Context,
  project: ProjectRecord,
  { metrics, first }: TrendsArgs,
): Promise<{ names: string[]; complete: boolean }> {
  if (metrics) {
    const names = [...new Set(metrics)];
    if (names.length > maxMetrics) throw tooMany('metrics names', names.length);
    return { names, complete: true };
  }
  if (first < 1 || first > maxMetrics) throw tooMany('first asks for', first);
  const names = await listMetricNames(context.connection, { projectId: project.id, limit: first + 1, nowSeconds: context.nowSeconds() });
  return { names: names.slice(0, first), complete: names.length <= first };
}

function tooMany(what: string, count: number): RequestError {
  return new RequestError('BAD_USER_INPUT', `${what} ${count} metrics; 1 to ${maxMetrics} are compared at once.`);
}

type Edges = readonly [previousFrom: number, from: number, to: number];

/** Returns the trend of a metric, or null when it had no event in either period. */
async function readTrend(
  context: Context,
  { projectId, metric, edges }: { projectId: string; metric: string; edges: Edges },
): Promise<MetricTrend | null> {
  const points = await readBetween(context, { projectId, metric, edges });
  const [previous = noTotals(), current = noTotals()] = totalsBetween(edges, points);
  if (previous.count + current.count === 0) return null;
  const of = (value: (totals: Totals) => number | null): Trend => trendOf(value(current), value(previous));
  const known = (value: (totals: Totals) => number) => (totals: Totals) => (totals.count === 0 ? null : value(totals));
  return {
    metric,
    count: of(({ count }) => count),
    sum: of(({ sum }) => sum),
    average: of(known(({ sum, count }) => sum / count)),
    minimum: of(known(({ min }) => min)),
    maximum: of(known(({ max }) => max)),
  };
}

/** Reads whole days of UTC as days and the rest, of the two days in which a period begins, as hours: 2 × the days + 50 rows at most. */
async function readBetween(
  context: Context,
  { projectId, metric, edges: [previousFrom, from, to] }: { projectId: string; metric: string; edges: Edges },
): Promise<Point[]> {
  const common = { projectId, metric, parts: ['sum', 'extremes'] } as const;
  const hours = (begin: number, end: number): Promise<Point[]> =>
    readPoints(context.connection, { ...common, resolution: 'hour', from: begin, to: end });
  if (from - previousFrom <= dayMs) return hours(previousFrom, to);
  const dayOf = (time: number): number => Math.floor(time / dayMs) * dayMs;
  const [first, second] = [dayOf(previousFrom), dayOf(from)];
  const [days, ...rest] = await Promise.all([
    readPoints(context.connection, { ...common, resolution: 'day', from: first + dayMs, to }),
    hours(previousFrom, first + dayMs),
    hours(second, second + dayMs),
  ]);
  return [...days.filter(({ start }) => start !== second), ...rest.flat().filter(({ start }) => start >= previousFrom)];
}

/** Returns how a number changed. `change` is a share of what was before, 0.5 for half as much again; null where there was nothing, or 0. */
export function trendOf(current: number | null, previous: number | null): Trend {
  if (current === null || previous === null) return { current, previous, change: null, direction: null };
  const change = previous === 0 ? null : (current - previous) / Math.abs(previous);
  return { current, previous, change, direction: current > previous ? 'up' : current < previous ? 'down' : 'flat' };
}
