/**
 * Reading ahead: what hangs below a project, or below the projects of the viewer, is known from the selection before the
 * project itself was read, so both are read at the same time. Nothing of it is shown before the resolver of the field has
 * decided that it may be; that one finds its page read already.
 */
import {
  defaultFieldResolver,
  getNamedType,
  isIntrospectionType,
  isObjectType,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from 'graphql';
import type { Viewer } from '../auth/authenticate.ts';
import type { Context } from '../context.ts';
import type { ListSource } from '../data/page.ts';
import type { PageKey } from '../data/readPlan/planner.ts';
import { childLists, type ChildListArgs } from '../domains/childLists.ts';
import { firstPageOf, type PageArgs } from '../domains/list.ts';
import { listProjectsOf, type ListProjectsArgs } from '../domains/projects/projects.service.ts';
import { fieldsBelow, selectionOfList } from './selection.ts';

type Field = GraphQLField<unknown, Context>;
type Resolve = (source: unknown, args: Record<string, unknown>, context: Context, info: GraphQLResolveInfo) => unknown;

/** Makes the fields of a schema tell their resolvers what was selected of a connection, and read ahead. Changes the schema. */
export function addSelections(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields() as Record<string, Field>)) {
      const resolve = (field.resolve ?? defaultFieldResolver) as Resolve;
      const wrapped = wrap(`${type.name}.${field.name}`, field, resolve);
      if (wrapped) field.resolve = wrapped;
    }
  }
  return schema;
}

function wrap(name: string, field: Field, resolve: Resolve): Resolve | null {
  if (name === 'Query.project') {
    return (source, args, context, info) => {
      readAheadOfProject(context, String(args['id']), info);
      return resolve(source, args, context, info);
    };
  }
  if (name === 'Query.viewer') {
    return (source, args, context, info) => {
      readAheadOfViewer(context, info);
      return resolve(source, args, context, info);
    };
  }
  const { name: returned } = getNamedType(field.type);
  if (!returned.endsWith('Connection')) return null;
  const ofProjects = returned === 'ProjectConnection' && !name.startsWith('Admin.');
  return (source, args, context, info) => {
    const withSelection = { ...args, selection: selectionOfList(info) };
    // Below Query.viewer this was done when the viewer was asked for.
    if (ofProjects && info.path.prev?.typename !== 'Query') readAheadOfProjects(context, withSelection, info);
    return resolve(source, withSelection, context, info);
  };
}

/** Returns who asks, where nothing is wrong with their credentials; resolvers say so themselves. */
function signedIn(context: Context): Viewer | null {
  return 'viewer' in context.credentials ? context.credentials.viewer : null;
}

/** Returns the first pages of the lists that are selected below a project, or below each project of a connection. */
function listsBelow(info: GraphQLResolveInfo, projectId: string): PageKey[] {
  return fieldsBelow(info, (name) => name in childLists).flatMap(({ name, args: given, info: below }) => {
    const args = { ...given, selection: selectionOfList(below) } as ChildListArgs;
    const page = firstPageOf(args);
    const source = page && sourceOf(name, projectId, args);
    return source ? [{ source, page }] : [];
  });
}

/** Returns the list of a field, or undefined where its arguments are impossible: the field itself says why. */
function sourceOf(name: string, projectId: string, args: ChildListArgs): ListSource | undefined {
  try {
    return childLists[name]?.(projectId, args);
  } catch {
    return undefined;
  }
}

function readAheadOfProject(context: Context, projectId: string, info: GraphQLResolveInfo): void {
  if (!signedIn(context)) return;
  // A failure is that of the field which asks for the page later.
  for (const key of listsBelow(info, projectId)) context.loaders.pages.load(key).catch(() => undefined);
}

function readAheadOfProjects(context: Context, args: PageArgs, info: GraphQLResolveInfo): void {
  const viewer = signedIn(context);
  const page = firstPageOf(args);
  if (viewer && page) context.loaders.lookAhead(viewer.id, listsBelow(info, ''), page.size);
}

/** Starts to read the viewer's projects beside the viewer's own row. */
function readAheadOfViewer(context: Context, info: GraphQLResolveInfo): void {
  const viewer = signedIn(context);
  if (!viewer) return;
  for (const { args: given, info: below } of fieldsBelow(info, (name) => name === 'projects')) {
    const args = { ...given, selection: selectionOfList(below) } as ListProjectsArgs;
    if (!firstPageOf(args)) continue;
    readAheadOfProjects(context, args, below);
    listProjectsOf(context, viewer, args).catch(() => undefined);
  }
}
