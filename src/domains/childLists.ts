/** The lists below a project that are read from one index as they are; what is going to be read for them is known from their arguments alone. */
import type { ListSource } from '../data/page.ts';
import { activityList, type ListActivityArgs } from './activity/activity.service.ts';
import { metricEventList, type ListEventsArgs } from './analytics/analytics.service.ts';
import { architectureList, type ListArchitecturesArgs } from './architectures/architectures.service.ts';
import { codeGenerationList } from './codeGenerations/codeGenerations.service.ts';
import { schemaList, type ListSchemasArgs } from './databaseSchemas/databaseSchemas.service.ts';
import { deploymentList, type ListDeploymentsArgs } from './deployments/deployments.service.ts';
import { integrationList, type ListIntegrationsArgs } from './integrations/integrations.service.ts';
import type { PageArgs } from './list.ts';

/** Arguments of any of the lists, as GraphQL hands them to the resolver. */
export type ChildListArgs = PageArgs &
  ListActivityArgs &
  ListEventsArgs &
  ListArchitecturesArgs &
  ListSchemasArgs &
  ListDeploymentsArgs &
  ListIntegrationsArgs;

/** By the name of the field of `Project`. */
export const childLists: Readonly<Record<string, (projectId: string, args: ChildListArgs) => ListSource>> = {
  schemas: schemaList,
  architectures: architectureList,
  codeGenerations: codeGenerationList,
  deployments: deploymentList,
  metricEvents: metricEventList,
  activity: activityList,
  integrations: integrationList,
};
