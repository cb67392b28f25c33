import type { ArchitectureResolvers, MutationResolvers, ProjectResolvers, QueryResolvers, UserResolvers } from '../../graphql/generated.ts';
import { payload } from '../payload.ts';
import { findProject } from '../projects/projects.service.ts';
import { findUser } from '../users/users.service.ts';
import {
  countParts,
  createArchitecture,
  deleteArchitecture,
  findArchitecture,
  layOutArchitecture,
  listProjectArchitectures,
  listUserArchitectures,
  updateArchitecture,
} from './architectures.service.ts';
import { loadArchitectureBody } from './architectures.store.ts';
import { exportArchitectureAs, problemsOf } from './conversion.service.ts';

export const architecturesResolvers = {
  Query: {
    architecture: (_, { id }, context) => findArchitecture(context, id),
  } satisfies QueryResolvers,

  Mutation: {
    architectureCreate: (_, args, context) => payload(() => createArchitecture(context, args)),
    architectureUpdate: (_, args, context) => payload(() => updateArchitecture(context, args)),
    architectureLayout: (_, args, context) => payload(() => layOutArchitecture(context, args)),
    architectureDelete: (_, args, context) => payload(() => deleteArchitecture(context, args)),
  } satisfies MutationResolvers,

  Project: {
    architectures: (project, args, context) => listProjectArchitectures(context, project, args),
  } satisfies ProjectResolvers,

  User: {
    architectures: (user, args, context) => listUserArchitectures(context, user, args),
  } satisfies UserResolvers,

  Architecture: {
    revision: (architecture) => architecture.revision ?? 1,
    nodes: async (architecture, _, context) => (await loadArchitectureBody(context, architecture))?.nodes ?? null,
    edges: async (architecture, _, context) => (await loadArchitectureBody(context, architecture))?.edges ?? null,
    metadata: async (architecture, _, context) => (await loadArchitectureBody(context, architecture))?.metadata ?? null,
    nodeCount: (architecture, _, context) => countParts(context, architecture, 'nodes'),
    edgeCount: (architecture, _, context) => countParts(context, architecture, 'edges'),
    export: (architecture, args, context) => exportArchitectureAs(context, architecture, args),
    problems: (architecture, _, context) => problemsOf(context, architecture),
    project: (architecture, _, context) => findProject(context, architecture.projectId),
    createdBy: (architecture, _, context) => findUser(context, architecture.createdById ?? architecture.userId),
  } satisfies ArchitectureResolvers,
};
