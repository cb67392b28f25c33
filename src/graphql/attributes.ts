/**
 * Which attributes of a row the fields of a type need, so that lists read no others. A field without a resolver needs the
 * attribute of its own name; one with a resolver needs all of them, unless it is named here. So a new field is right
 * without an entry, and an entry only makes it cheaper; a test compares each field alone with the whole row.
 */
import { defaultFieldResolver, type GraphQLObjectType } from 'graphql';

const projectOfRow = { project: ['projectId'] };
const creator = { createdBy: ['createdById', 'userId'] };

/** What every list below a project needs of it: who may read it, and how its rows can be read. */
const projectAccess = ['userId', 'status', 'uniform'];

/** By type and field. */
export const attributesOfFields: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  Project: {
    ...{ tags: ['tags'], revision: ['revision'], owner: ['userId'], stats: ['userId'] },
    ...{ viewerRole: ['userId'], viewerCanUpdate: ['userId'], viewerCanDelete: ['userId'], viewerCanDeploy: ['userId'] },
    ...{ viewerCanInvite: ['userId'], schema: projectAccess, schemas: projectAccess, architectures: projectAccess },
    ...{ codeGenerations: projectAccess, deployments: projectAccess, metricEvents: projectAccess, activity: projectAccess },
    ...{ integrations: projectAccess, documentation: projectAccess, members: [...projectAccess, 'createdAt', 'createdById', 'ownedSince'] },
  },
  DatabaseSchema: { ...projectOfRow, ...creator, revision: ['revision'], tableCount: ['tableCount'] },
  Architecture: { ...projectOfRow, ...creator, revision: ['revision'], nodeCount: ['nodeCount'], edgeCount: ['edgeCount'] },
  CodeGeneration: { ...projectOfRow, ...creator, expiresAt: ['ttl'], progress: ['status', 'progress'] },
  Deployment: {
    ...{
      ...projectOfRow,
      ...creator,
      revision: ['revision'],
      allowedTransitions: ['status'],
      timing: ['startedAt', 'finishedAt', 'createdAt'],
    },
    ...{ rollbackOf: ['rollbackOfId'], rolledBackBy: ['rolledBackById'], active: ['status', 'environment'] },
  },
  MetricEvent: { ...projectOfRow, expiresAt: ['ttl'] },
  Activity: {
    ...{ ...projectOfRow, actor: ['userId'], actorId: ['userId'], entity: ['entityId'], entityName: ['metadata'] },
    changedFields: ['metadata'],
  },
  Integration: { ...projectOfRow, ...creator, revision: ['revision'], enabled: ['enabled'] },
  // Of oneself, as `viewer`: these fields need no more than the id of who is signed in.
  User: {
    ...{ projects: [], schemas: [], architectures: [], codeGenerations: [], deployments: [], metricEvents: [], activity: [] },
    ...{ documentation: [], integrations: [], memberships: [], settings: [], usage: [], apiKeys: [] },
  },
};

/** Returns the attributes that a field needs besides the keys, or null for all. */
export function attributesOfField(type: GraphQLObjectType, name: string): readonly string[] | null {
  if (name === '__typename') return [];
  const declared = attributesOfFields[type.name]?.[name];
  if (declared) return declared;
  const resolve = type.getFields()[name]?.resolve;
  return resolve === undefined || resolve === defaultFieldResolver ? [name] : null;
}
