/** `node(id)`: any object by its id. The prefix of the id tells which finder is asked; finders decide about access. */
import type { Context } from '../context.ts';
import { prefixOf } from '../data/ids.ts';
import type { IdPrefix } from '../data/tables.ts';
import { findActivity } from './activity/activity.service.ts';
import { findArchitecture } from './architectures/architectures.service.ts';
import { findSchema } from './databaseSchemas/databaseSchemas.service.ts';
import { findDeployment } from './deployments/deployments.service.ts';
import { findPage } from './documentation/documentationPages.service.ts';
import { findMetricEvent } from './analytics/analytics.service.ts';
import { findCodeGeneration } from './codeGenerations/codeGenerations.service.ts';
import { findIntegration } from './integrations/integrations.service.ts';
import { findProject } from './projects/projects.service.ts';
import { findInvitation } from './teams/invitations.service.ts';
import { findApiKey } from './users/apiKeys.service.ts';
import { findSelf } from './users/users.service.ts';

/** An object with the name of its GraphQL type. */
export type NodeRecord = { __typename: string; id: string };

type Finder = (context: Context, id: string) => Promise<{ id: string } | null>;

/** How the objects behind each kind of id are found. Kinds that are no nodes have no entry. */
const finders: Partial<Record<IdPrefix, { type: string; find: Finder }>> = {
  prj: { type: 'Project', find: findProject },
  sch: { type: 'DatabaseSchema', find: findSchema },
  dep: { type: 'Deployment', find: findDeployment },
  arc: { type: 'Architecture', find: findArchitecture },
  doc: { type: 'DocumentationPage', find: findPage },
  evt: { type: 'MetricEvent', find: findMetricEvent },
  gen: { type: 'CodeGeneration', find: findCodeGeneration },
  act: { type: 'Activity', find: findActivity },
  usr: { type: 'User', find: findSelf },
  int: { type: 'Integration', find: findIntegration },
  inv: { type: 'Invitation', find: findInvitation },
  key: { type: 'ApiKey', find: findApiKey },
};

/** Returns the object with this id if the viewer may see it, else null; also null for ids that are not of this API. */
export async function findNode(context: Context, id: string): Promise<NodeRecord | null> {
  const finder = finders[prefixOf(id) as IdPrefix];
  const record = await finder?.find(context, id);
  return finder && record ? { ...record, __typename: finder.type } : null;
}
