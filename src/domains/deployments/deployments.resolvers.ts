import type {
  DeploymentResolvers,
  MutationResolvers,
  ProjectResolvers,
  SubscriptionResolvers,
  QueryResolvers,
  UserResolvers,
} from '../../graphql/generated.ts';
import { followDeployments } from './deploymentUpdates.service.ts';
import { followDeploymentLog } from './deploymentLogFollow.service.ts';
import { payload } from '../payload.ts';
import { findProject } from '../projects/projects.service.ts';
import { findUser } from '../users/users.service.ts';
import { allowedTransitions, timingOf } from './deployment.ts';
import { cancelDeployment, deleteDeployment, reportDeployment } from './deploymentChanges.service.ts';
import { rollBackDeployment } from './deploymentRollback.service.ts';
import { appendDeploymentLog, listDeploymentLogs } from './deploymentLogs.service.ts';
import {
  createDeployment,
  findActiveDeployment,
  findDeployment,
  findPreviousSuccessful,
  isActive,
  listProjectDeployments,
  listUserDeployments,
} from './deployments.service.ts';

export const deploymentsResolvers = {
  Query: {
    deployment: (_, { id }, context) => findDeployment(context, id),
  } satisfies QueryResolvers,

  Mutation: {
    deploymentCreate: (_, args, context) => payload(() => createDeployment(context, args)),
    deploymentReport: (_, args, context) => payload(() => reportDeployment(context, args)),
    deploymentCancel: (_, args, context) => payload(() => cancelDeployment(context, args)),
    deploymentRollback: (_, args, context) => payload(() => rollBackDeployment(context, args)),
    deploymentDelete: (_, args, context) => payload(() => deleteDeployment(context, args)),
    deploymentLogAppend: (_, args, context) => payload(() => appendDeploymentLog(context, args)),
  } satisfies MutationResolvers,

  Subscription: {
    deploymentUpdated: { subscribe: (_, { projectId }, context) => followDeployments(context, projectId) },
    deploymentLogs: { subscribe: (_, args, context) => followDeploymentLog(context, args) },
  } satisfies SubscriptionResolvers,

  Project: {
    deployments: (project, args, context) => listProjectDeployments(context, project, args),
    activeDeployment: (project, { environment }, context) => findActiveDeployment(context, project, environment),
  } satisfies ProjectResolvers,

  User: {
    deployments: (user, args, context) => listUserDeployments(context, user, args),
  } satisfies UserResolvers,

  Deployment: {
    project: (deployment, _, context) => findProject(context, deployment.projectId),
    createdBy: (deployment, _, context) => findUser(context, deployment.createdById ?? deployment.userId),
    allowedTransitions: (deployment) => [...allowedTransitions(deployment.status)],
    timing: (deployment) => timingOf(deployment),
    active: (deployment, _, context) => isActive(context, deployment),
    previousSuccessful: (deployment, _, context) => findPreviousSuccessful(context, deployment),
    rollbackOf: (deployment, _, context) => (deployment.rollbackOfId ? findDeployment(context, deployment.rollbackOfId) : null),
    rolledBackBy: (deployment, _, context) => (deployment.rolledBackById ? findDeployment(context, deployment.rolledBackById) : null),
    logs: (deployment, args, context) => listDeploymentLogs(context, deployment, args),
    revision: (deployment) => deployment.revision ?? 1,
  } satisfies DeploymentResolvers,
};
