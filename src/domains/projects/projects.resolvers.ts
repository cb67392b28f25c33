import { roleOn } from '../../auth/access.ts';
import type { MutationResolvers, ProjectResolvers, SubscriptionResolvers, QueryResolvers, UserResolvers } from '../../graphql/generated.ts';
import { readProjectCounts } from '../../data/counters.ts';
import { followProject } from './projectUpdates.service.ts';
import { payload } from '../payload.ts';
import { duplicateProject } from './copy.service.ts';
import { deleteProject } from './deletion.service.ts';
import { abilitiesOf } from './project.ts';
import { statsFrom } from './stats.ts';
import {
  archiveProject,
  createProject,
  createProjects,
  findProject,
  listProjectsOf,
  unarchiveProject,
  updateProject,
} from './projects.service.ts';
import { findUser } from '../users/users.service.ts';

export const projectsResolvers = {
  Query: {
    project: (_, { id }, context) => findProject(context, id),
  } satisfies QueryResolvers,

  Mutation: {
    projectCreate: (_, args, context) => payload(() => createProject(context, args)),
    projectBulkCreate: (_, args, context) => payload(() => createProjects(context, args)),
    projectUpdate: (_, args, context) => payload(() => updateProject(context, args)),
    projectArchive: (_, args, context) => payload(() => archiveProject(context, args)),
    projectDuplicate: (_, args, context) => payload(() => duplicateProject(context, args)),
    projectDelete: (_, args, context) => payload(() => deleteProject(context, args)),
    projectUnarchive: (_, args, context) => payload(() => unarchiveProject(context, args)),
  } satisfies MutationResolvers,

  User: {
    projects: (user, args, context) => listProjectsOf(context, user, args),
  } satisfies UserResolvers,

  Subscription: {
    projectUpdated: { subscribe: (_, { id }, context) => followProject(context, id) },
  } satisfies SubscriptionResolvers,

  Project: {
    tags: (project) => project.tags ?? [],
    revision: (project) => project.revision ?? 1,
    owner: (project, _, context) => findUser(context, project.userId),
    stats: async (project, _, context) => statsFrom(await readProjectCounts(context.connection, project.id, project.userId)),
    viewerRole: (project, _, context) => roleOn(context, project),
    viewerCanUpdate: async (project, _, context) => abilitiesOf(await roleOn(context, project)).canUpdate,
    viewerCanDelete: async (project, _, context) => abilitiesOf(await roleOn(context, project)).canDelete,
    viewerCanDeploy: async (project, _, context) => abilitiesOf(await roleOn(context, project)).canDeploy,
    viewerCanInvite: async (project, _, context) => abilitiesOf(await roleOn(context, project)).canInvite,
  } satisfies ProjectResolvers,
};
