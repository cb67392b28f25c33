import type { MetricEventResolvers, MutationResolvers, ProjectResolvers, UserResolvers } from '../../graphql/generated.ts';
import { expiryOf } from '../expiry.ts';
import { payload } from '../payload.ts';
import { findProject } from '../projects/projects.service.ts';
import { listProjectEvents, listUserEvents, trackMetric, trackMetrics } from './analytics.service.ts';
import { readDora } from './dora.service.ts';
import { findMetricNames, readMetric } from './metrics.service.ts';
import { readTrends } from './trends.service.ts';

export const analyticsResolvers = {
  Mutation: {
    metricTrack: (_, args, context) => payload(() => trackMetric(context, args)),
    metricTrackBatch: (_, args, context) => payload(() => trackMetrics(context, args)),
  } satisfies MutationResolvers,

  Project: {
    metricEvents: (project, args, context) => listProjectEvents(context, project, args),
    metrics: (project, args, context) => readMetric(context, project, args),
    metricNames: (project, _, context) => findMetricNames(context, project),
    trends: (project, args, context) => readTrends(context, project, args),
    dora: (project, args, context) => readDora(context, project, args),
  } satisfies ProjectResolvers,

  User: {
    metricEvents: (user, args, context) => listUserEvents(context, user, args),
  } satisfies UserResolvers,

  MetricEvent: {
    project: (event, _, context) => findProject(context, event.projectId),
    expiresAt: expiryOf,
  } satisfies MetricEventResolvers,
};
