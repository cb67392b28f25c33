import type {
  DocumentationPageResolvers,
  DocumentationSearchHitResolvers,
  MutationResolvers,
  ProjectResolvers,
  QueryResolvers,
  UserResolvers,
} from '../../graphql/generated.ts';
import { payload } from '../payload.ts';
import { findProject } from '../projects/projects.service.ts';
import { findUser } from '../users/users.service.ts';
import { pageDigest } from './documentationPage.ts';
import {
  createPage,
  deletePage,
  findPage,
  listCategories,
  listProjectPages,
  listUserPages,
  movePage,
  updatePage,
} from './documentationPages.service.ts';
import { loadContent } from './documentationPages.store.ts';
import { searchDocumentation } from './search.service.ts';

export const documentationResolvers = {
  Query: {
    documentationPage: (_, { id }, context) => findPage(context, id),
  } satisfies QueryResolvers,

  Mutation: {
    documentationPageCreate: (_, args, context) => payload(() => createPage(context, args)),
    documentationPageUpdate: (_, args, context) => payload(() => updatePage(context, args)),
    documentationPageMove: (_, args, context) => payload(() => movePage(context, args)),
    documentationPageDelete: (_, args, context) => payload(() => deletePage(context, args)),
  } satisfies MutationResolvers,

  Project: {
    documentation: (project, args, context) => listProjectPages(context, project, args),
    documentationCategories: (project, _, context) => listCategories(context, project),
    documentationSearch: (project, args, context) => searchDocumentation(context, project, args),
  } satisfies ProjectResolvers,

  User: {
    documentation: (user, args, context) => listUserPages(context, user, args),
  } satisfies UserResolvers,

  DocumentationPage: {
    content: (page, _, context) => loadContent(context, page),
    contentBytes: (page) => pageDigest(page).contentBytes,
    excerpt: (page) => pageDigest(page).excerpt,
    tags: (page) => page.tags ?? [],
    order: (page) => page.order ?? null,
    revision: (page) => page.revision ?? 1,
    project: (page, _, context) => findProject(context, page.projectId),
    createdBy: (page, _, context) => findUser(context, page.createdById ?? page.userId),
  } satisfies DocumentationPageResolvers,

  DocumentationSearchHit: {
    snippet: (hit) => hit.passage().snippet,
    highlights: (hit) => hit.passage().highlights,
  } satisfies DocumentationSearchHitResolvers,
};
