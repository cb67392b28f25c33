import type {
  ActivityResolvers,
  MutationResolvers,
  ProjectResolvers,
  SubscriptionResolvers,
  UserResolvers,
} from '../../graphql/generated.ts';
import { followActivity } from './activityUpdates.service.ts';
import { payload } from '../payload.ts';
import { findNode } from '../node.ts';
import { findProject } from '../projects/projects.service.ts';
import { findUser } from '../users/users.service.ts';
import { deleteActivity, logActivity } from './customActivity.service.ts';
import { listProjectActivity, listUserActivity } from './activity.service.ts';

export const activityResolvers = {
  Mutation: {
    activityLog: (_, args, context) => payload(() => logActivity(context, args)),
    activityDelete: (_, args, context) => payload(() => deleteActivity(context, args)),
  } satisfies MutationResolvers,

  Subscription: {
    activityAdded: { subscribe: (_, { projectId }, context) => followActivity(context, projectId) },
  } satisfies SubscriptionResolvers,

  Project: {
    activity: (project, args, context) => listProjectActivity(context, project, args),
  } satisfies ProjectResolvers,

  User: {
    activity: (user, args, context) => listUserActivity(context, user, args),
  } satisfies UserResolvers,

  Activity: {
    actor: (activity, _, context) => findUser(context, activity.userId),
    actorId: (activity) => activity.userId,
    entityName: (activity) => textOf(activity.metadata?.['entityName']),
    changedFields: (activity) => listOf(activity.metadata?.['changedFields']),
    project: (activity, _, context) => (activity.projectId ? findProject(context, activity.projectId) : null),
    entity: (activity, _, context) => findNode(context, activity.entityId),
  } satisfies ActivityResolvers,
};

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}
