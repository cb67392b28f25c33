/**
 * The normalized cache: an event or the answer of a mutation changes every list and page that shows the object. What it
 * must be told: which types have no id of their own, and which lists something new belongs to.
 */
import { cacheExchange, type Cache, type DataFields } from '@urql/exchange-graphcache';
import type { Exchange } from 'urql';

/** Parts of the object above them, without an identity of their own (table ids repeat in every version of a schema). */
const parts = [
  'ArchitectureEdge',
  'ArchitectureExport',
  'ArchitectureNode',
  'BoundedCount',
  'CodeGenerationArchive',
  'Dashboard',
  'DashboardStats',
  'DeploymentStatusCount',
  'DeploymentTiming',
  'DeploymentTrend',
  'DesignProblem',
  'GeneratedFile',
  'GettingStartedStep',
  'Home',
  'MetricBucket',
  'MetricSeries',
  'MetricTrend',
  'PageInfo',
  'ProjectStats',
  'ProjectTrends',
  'SchemaEnum',
  'SchemaField',
  'SchemaIndex',
  'SchemaRelationship',
  'SchemaTable',
  'Trend',
  'UserProfile',
  'ActivityConnection',
  'ArchitectureConnection',
  'CodeGenerationConnection',
  'DatabaseSchemaConnection',
  'DeploymentConnection',
  'GeneratedFileConnection',
  'InvitationConnection',
  'MemberConnection',
  'ProjectConnection',
];

interface Placed {
  /** The list of the project, such as `deployments`. */
  readonly list: string;
  readonly projectId: string;
  readonly entity: DataFields | null | undefined;
}

/** Puts an object at the head of a list of its project, unless it is there. */
function prepend(cache: Cache, { list, projectId, entity }: Placed): void {
  const own = entity && cache.keyOfEntity({ ...entity } as { __typename: string; id: string });
  const project = cache.keyOfEntity({ __typename: 'Project', id: projectId });
  if (!own || !project) return;
  for (const { fieldName, arguments: args } of cache.inspectFields(project)) {
    if (fieldName !== list || args?.['after']) continue;
    const connection = cache.resolve(project, fieldName, args) as string | null;
    const nodes = connection && (cache.resolve(connection, 'nodes') as string[] | null);
    if (connection && nodes && !nodes.includes(own)) cache.link(connection, 'nodes', [own, ...nodes]);
  }
}

/** Makes queries ask again for fields of a project, at their next use or at once where they are shown. */
function forget(cache: Cache, projectId: string, fields: readonly string[]): void {
  const project = cache.keyOfEntity({ __typename: 'Project', id: projectId });
  if (!project) return;
  for (const { fieldName, arguments: args } of cache.inspectFields(project))
    if (fields.includes(fieldName)) cache.invalidate(project, fieldName, args);
}

type Result = Readonly<Record<string, DataFields | null | undefined>>;
type Input = { readonly input: { readonly projectId: string } };
const entityOf = (result: unknown, mutation: string, field: string): DataFields | null =>
  ((result as Result)[mutation]?.[field] as DataFields | null | undefined) ?? null;

/** Returns the cache. */
export function createCache(): Exchange {
  return cacheExchange({
    keys: {
      ...Object.fromEntries(parts.map((type) => [type, () => null])),
      Member: ({ projectId, userId }) => (projectId && userId ? `${String(projectId)}:${String(userId)}` : null),
    },
    updates: {
      Subscription: {
        deploymentUpdated: (result, args, cache) =>
          prepend(cache, {
            list: 'deployments',
            projectId: String(args['projectId']),
            entity: (result as Result)['deploymentUpdated'],
          }),
        activityAdded: (result, args, cache) =>
          prepend(cache, { list: 'activity', projectId: String(args['projectId']), entity: (result as Result)['activityAdded'] }),
      },
      Mutation: {
        deploymentCreate: (result, args, cache) =>
          prepend(cache, {
            list: 'deployments',
            projectId: (args as unknown as Input).input.projectId,
            entity: entityOf(result, 'deploymentCreate', 'deployment'),
          }),
        codeGenerationStart: (result, args, cache) =>
          prepend(cache, {
            list: 'codeGenerations',
            projectId: (args as unknown as Input).input.projectId,
            entity: entityOf(result, 'codeGenerationStart', 'codeGeneration'),
          }),
        schemaImport: (result, args, cache) => {
          if (entityOf(result, 'schemaImport', 'schema')) forget(cache, (args as unknown as Input).input.projectId, ['schemas', 'stats']);
        },
        memberInvite: (result, args, cache) => {
          if (entityOf(result, 'memberInvite', 'invitation')) forget(cache, String(args['projectId']), ['invitations']);
        },
        projectCreate: (result, _args, cache) => {
          if (entityOf(result, 'projectCreate', 'project')) for (const field of ['home', 'dashboard']) cache.invalidate('Query', field);
        },
        invitationAccept: (result, _args, cache) => {
          if (entityOf(result, 'invitationAccept', 'invitation'))
            for (const field of ['home', 'dashboard']) cache.invalidate('Query', field);
        },
      },
    },
  });
}
