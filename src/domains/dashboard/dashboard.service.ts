/** The viewer's projects at a glance: counters, and bounded counts of a range of time. */
import { findViewer, requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { readOwnerCounts } from '../../data/counters.ts';
import { countRows, type ListSource } from '../../data/page.ts';
import type { BoundedCount } from '../list.ts';
import { statsFrom, type Stats } from '../projects/stats.ts';

/** Days of each range, as stored enum values name them. */
const daysOf = { 'last-24-hours': 1, 'last-7-days': 7, 'last-30-days': 30, 'last-90-days': 90 } as const;

/** A range that ends now. */
export type DashboardRange = keyof typeof daysOf;

/** The dashboard of a viewer; its fields are read when they are selected. */
export interface DashboardModel {
  viewer: { id: string };
  range: DashboardRange;
}

/** How much a user has done; counts are read when they are selected. */
export interface UsageModel {
  user: { id: string };
  from: string;
  to: string;
}

const maxCount = 1_000;
const dayMs = 86_400_000;

/** Returns the dashboard of the viewer, or null for anonymous callers. */
export function findDashboard(context: Context, range: DashboardRange): DashboardModel | null {
  if (!findViewer(context)) return null;
  const viewer = requireViewer(context, 'account.read');
  return { viewer: { id: viewer.id }, range };
}

/** Returns the counters over all projects that the viewer owns: one BatchGetItem, however many rows they count. */
export async function dashboardStats(context: Context, { viewer }: DashboardModel): Promise<Stats> {
  return statsFrom(await readOwnerCounts(context.connection, viewer.id));
}

/** Returns the usage of a user in a range, for that user; null for everyone else. */
export function usageOf(context: Context, user: { id: string }, range: DashboardRange): UsageModel | null {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  const to = context.now();
  return { user, from: new Date(Date.parse(to) - daysOf[range] * dayMs).toISOString(), to };
}

/** Lists whose rows in a range of time make up the usage. */
const usageSources = {
  actions: { table: 'activity', index: 'UserIdIndex' },
  deployments: { table: 'deployments', index: 'UserIdIndex' },
  metricEvents: { table: 'analytics', index: 'UserIdTimestampIndex' },
} as const;

/** Counts one kind of usage, up to 1,000. */
export async function countUsage(context: Context, { user, from, to }: UsageModel, kind: keyof typeof usageSources): Promise<BoundedCount> {
  const source: ListSource = { ...usageSources[kind], partition: user.id, range: { from, to }, descending: true };
  const { value, exact } = await countRows(context.connection, source, maxCount, context.nowSeconds());
  return { value, precision: exact ? 'exact' : 'at-least' };
}
