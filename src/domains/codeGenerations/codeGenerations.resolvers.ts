import { createHash } from 'node:crypto';
import type {
  CodeGenerationResolvers,
  GeneratedFileResolvers,
  MutationResolvers,
  ProjectResolvers,
  SubscriptionResolvers,
  QueryResolvers,
  UserResolvers,
} from '../../graphql/generated.ts';
import { findArchitecture } from '../architectures/architectures.service.ts';
import { findSchema } from '../databaseSchemas/databaseSchemas.service.ts';
import { expiryOf } from '../expiry.ts';
import { payload } from '../payload.ts';
import { followCodeGeneration } from './codeGenerationUpdates.service.ts';
import { findProject } from '../projects/projects.service.ts';
import { findUser } from '../users/users.service.ts';
import { findArchive } from './archive.service.ts';
import { progressOf } from './codeGeneration.ts';
import { cancelCodeGeneration, deleteCodeGeneration, extendCodeGeneration } from './codeGenerationChanges.service.ts';
import { startCodeGeneration } from './codeGenerationStart.service.ts';
import { findCodeGeneration, listFiles, listProjectGenerations, listUserGenerations } from './codeGenerations.service.ts';

export const codeGenerationsResolvers = {
  Query: {
    codeGeneration: (_, { id }, context) => findCodeGeneration(context, id),
  } satisfies QueryResolvers,

  Subscription: {
    codeGenerationUpdated: { subscribe: (_, { id }, context) => followCodeGeneration(context, id) },
  } satisfies SubscriptionResolvers,

  Mutation: {
    codeGenerationStart: (_, args, context) => payload(() => startCodeGeneration(context, args)),
    codeGenerationCancel: (_, args, context) => payload(() => cancelCodeGeneration(context, args)),
    codeGenerationDelete: (_, args, context) => payload(() => deleteCodeGeneration(context, args)),
    codeGenerationExtend: (_, args, context) => payload(() => extendCodeGeneration(context, args)),
  } satisfies MutationResolvers,

  Project: {
    codeGenerations: (project, args, context) => listProjectGenerations(context, project, args),
  } satisfies ProjectResolvers,

  User: {
    codeGenerations: (user, args, context) => listUserGenerations(context, user, args),
  } satisfies UserResolvers,

  CodeGeneration: {
    progress: progressOf,
    project: (generation, _, context) => findProject(context, generation.projectId),
    schema: (generation, _, context) => (generation.schemaId ? findSchema(context, generation.schemaId) : null),
    architecture: (generation, _, context) => (generation.architectureId ? findArchitecture(context, generation.architectureId) : null),
    archive: (generation, _, context) => findArchive(context, generation),
    files: (generation, args, context) => listFiles(context, generation, args),
    revision: (generation) => generation.revision ?? 1,
    expiresAt: expiryOf,
    createdBy: (generation, _, context) => findUser(context, generation.createdById ?? generation.userId),
  } satisfies CodeGenerationResolvers,

  GeneratedFile: {
    size: ({ content }) => Buffer.byteLength(content),
    sha256: ({ content }) => createHash('sha256').update(content).digest('hex'),
  } satisfies GeneratedFileResolvers,
};
