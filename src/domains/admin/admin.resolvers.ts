import type { AdminResolvers, QueryResolvers } from '../../graphql/generated.ts';
import {
  findUserByEmail,
  listActivityByEntityType,
  listDeploymentsByEnvironment,
  listEventsOfMetric,
  listGenerationsByStatus,
  listIntegrationsByType,
  listProjectsByStatus,
  requireAdmin,
} from './admin.service.ts';

/** The fields of Admin need no check of their own: only `requireAdmin` gives out the object that they hang on. */
export const adminResolvers = {
  Query: {
    admin: (_, __, context) => requireAdmin(context),
  } satisfies QueryResolvers,

  Admin: {
    projectsByStatus: (_, args, context) => listProjectsByStatus(context, args),
    deploymentsByEnvironment: (_, args, context) => listDeploymentsByEnvironment(context, args),
    codeGenerationsByStatus: (_, args, context) => listGenerationsByStatus(context, args),
    metricEvents: (_, args, context) => listEventsOfMetric(context, args),
    activityByEntityType: (_, args, context) => listActivityByEntityType(context, args),
    integrationsByType: (_, args, context) => listIntegrationsByType(context, args),
    userByEmail: (_, args, context) => findUserByEmail(context, args),
  } satisfies AdminResolvers,
};
