import { createHash } from 'node:crypto';
import type {
  CodeGenerationResolvers,
  GeneratedFileResolvers,
  ProjectResolvers,
  QueryResolvers,
  UserResolvers,
} from '../../graphql/generated.ts';
import { expiryOf } from '../expiry.ts';
import { findProject } from '../projects/projects.service.ts';
import { findUser } from '../users/users.service.ts';
import { progressOf } from './codeGeneration.ts';
import { findCodeGeneration, listFiles, listProjectGenerations, listUserGenerations } from './codeGenerations.service.ts';

export const codeGenerationsResolvers = {
  Query: {
    codeGeneration: (_, { id }, context) => findCodeGeneration(context, id),
  } satisfies QueryResolvers,

  Project: {
    codeGenerations: (project, args, context) => listProjectGenerations(context, project, args),
  } satisfies ProjectResolvers,

  User: {
    codeGenerations: (user, args, context) => listUserGenerations(context, user, args),
  } satisfies UserResolvers,

  CodeGeneration: {
    progress: progressOf,
    project: (generation, _, context) => findProject(context, generation.projectId),
    files: (generation, args, context) => listFiles(context, generation, args),
    expiresAt: expiryOf,
    createdBy: (generation, _, context) => findUser(context, generation.createdById ?? generation.userId),
  } satisfies CodeGenerationResolvers,

  GeneratedFile: {
    size: ({ content }) => Buffer.byteLength(content),
    sha256: ({ content }) => createHash('sha256').update(content).digest('hex'),
  } satisfies GeneratedFileResolvers,
};
