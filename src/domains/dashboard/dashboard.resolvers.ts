import type { DashboardResolvers, QueryResolvers, UsageResolvers, UserResolvers } from '../../graphql/generated.ts';
import { listUserActivity } from '../activity/activity.service.ts';
import { listUserDeployments } from '../deployments/deployments.service.ts';
import { listProjectsOf } from '../projects/projects.service.ts';
import { countUsage, dashboardStats, findDashboard, usageOf } from './dashboard.service.ts';

export const dashboardResolvers = {
  Query: {
    dashboard: (_, { range }, context) => findDashboard(context, range),
  } satisfies QueryResolvers,

  User: {
    usage: (user, { range }, context) => usageOf(context, user, range),
  } satisfies UserResolvers,

  Dashboard: {
    stats: (dashboard, _, context) => dashboardStats(context, dashboard),
    recentDeployments: ({ viewer }, args, context) => listUserDeployments(context, viewer, args),
    recentActivity: ({ viewer }, args, context) => listUserActivity(context, viewer, args),
    recentProjects: ({ viewer }, args, context) => listProjectsOf(context, viewer, args),
    usage: ({ viewer, range }, _, context) => usageOf(context, viewer, range),
  } satisfies DashboardResolvers,

  Usage: {
    actions: (usage, _, context) => countUsage(context, usage, 'actions'),
    deployments: (usage, _, context) => countUsage(context, usage, 'deployments'),
    metricEvents: (usage, _, context) => countUsage(context, usage, 'metricEvents'),
  } satisfies UsageResolvers,
};
