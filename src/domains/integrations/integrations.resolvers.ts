import type { IntegrationResolvers, MutationResolvers, ProjectResolvers, QueryResolvers, UserResolvers } from '../../graphql/generated.ts';
import { payload } from '../payload.ts';
import { findProject } from '../projects/projects.service.ts';
import { findUser } from '../users/users.service.ts';
import { isEnabled } from './integration.ts';
import {
  createIntegration,
  deleteIntegration,
  disableIntegration,
  enableIntegration,
  findIntegration,
  listProjectIntegrations,
  listUserIntegrations,
  shownConfig,
  updateIntegration,
} from './integrations.service.ts';
import { syncIntegration, testIntegration } from './providerCalls.service.ts';

export const integrationsResolvers = {
  Query: {
    integration: (_, { id }, context) => findIntegration(context, id),
  } satisfies QueryResolvers,

  Mutation: {
    integrationCreate: (_, args, context) => payload(() => createIntegration(context, args)),
    integrationUpdate: (_, args, context) => payload(() => updateIntegration(context, args)),
    integrationDelete: (_, args, context) => payload(() => deleteIntegration(context, args)),
    integrationEnable: (_, args, context) => payload(() => enableIntegration(context, args)),
    integrationDisable: (_, args, context) => payload(() => disableIntegration(context, args)),
    integrationTest: (_, args, context) => payload(() => testIntegration(context, args)),
    integrationSync: (_, args, context) => payload(() => syncIntegration(context, args)),
  } satisfies MutationResolvers,

  Project: {
    integrations: (project, args, context) => listProjectIntegrations(context, project, args),
  } satisfies ProjectResolvers,

  User: {
    integrations: (user, args, context) => listUserIntegrations(context, user, args),
  } satisfies UserResolvers,

  Integration: {
    enabled: (integration) => isEnabled(integration),
    config: (integration, _, context) => shownConfig(context, integration),
    project: (integration, _, context) => findProject(context, integration.projectId),
    createdBy: (integration, _, context) => findUser(context, integration.createdById ?? integration.userId),
    revision: (integration) => integration.revision ?? 1,
  } satisfies IntegrationResolvers,
};
