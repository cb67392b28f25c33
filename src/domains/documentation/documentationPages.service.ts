/** What can be done with documentation pages: authorize → rules → write, with one activity row. */
import { findProjectAccess, readableRows, requireProjectAccess, requireViewer, type ProjectAccess } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { removeBody } from '../../data/body.ts';
import { isCounted, readProjectCounts } from '../../data/counters.ts';
import { invalid, notFound, refused } from '../../errors.ts';
import { prepareBody, withoutNulls } from '../bodies.ts';
import type { ActivityEntry } from '../activity/activity.ts';
import { listConnection, type Connection, type PageArgs } from '../list.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { editRecord, requireRevision } from '../revision.ts';
import { checkPageFields, digestOf, maxPages, type DocumentationPageRecord, type PageFields } from './documentationPage.ts';
import {
  deletePageRow,
  loadAllPages,
  loadContent,
  loadPage,
  pagesByCategory,
  pagesOfOwner,
  putPage,
  updatePageRow,
} from './documentationPages.store.ts';
import { listPages } from './pageList.ts';
import { placeBehind, placeLast, type Placement } from './placement.ts';

/** An answer with one page. */
export interface PageResult {
  documentationPage: DocumentationPageRecord;
}

/** Returns a page that the viewer may read, or null. */
export async function findPage(context: Context, id: string): Promise<DocumentationPageRecord | null> {
  const page = await loadPage(context, id);
  return page && (await findProjectAccess(context, page.projectId, 'project.read')) ? page : null;
}

/** Returns a page and the viewer's access to its project. Throws NOT_FOUND, or FORBIDDEN when the role does not suffice. */
async function requirePage(context: Context, id: string): Promise<ProjectAccess & { page: DocumentationPageRecord }> {
  const page = await loadPage(context, id);
  if (!page) throw notFound('documentation page', id);
  return { ...(await requireProjectAccess(context, page.projectId, 'documentation.write', { kind: 'documentation page', id })), page };
}

/** Lists the pages of a project that the viewer may read, in order; null for a project that they may not. */
export async function listProjectPages(
  context: Context,
  project: ProjectRecord,
  { category, ...args }: PageArgs & { category?: string | null },
): Promise<Connection<DocumentationPageRecord> | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  return listPages(context, { projectId: project.id, category: category ?? undefined, args });
}

/** Returns the categories of a project that the viewer may read, in the order of their first pages; null for a project that they may not. */
export async function listCategories(context: Context, project: ProjectRecord): Promise<{ name: string; pageCount: number }[] | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const counts = new Map<string, number>();
  for (const { category } of await loadAllPages(context, pagesByCategory(project.id)))
    counts.set(category, (counts.get(category) ?? 0) + 1);
  return [...counts].map(([name, pageCount]) => ({ name, pageCount }));
}

/** Lists the pages of all projects that a user owns, for that user; null for everyone else. */
export async function listUserPages(
  context: Context,
  user: { id: string },
  args: PageArgs,
): Promise<Connection<DocumentationPageRecord> | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  return listConnection(context, 'user.documentation', { ...pagesOfOwner(user.id), visible: readableRows(context) }, args);
}

/** Input of a new page, as the SDL's DocumentationPageCreateInput. */
export interface NewPageInput {
  projectId: string;
  title: string;
  content?: string;
  category?: string;
  tags?: readonly string[] | null;
  /** Absent: last; null: first. */
  after?: string | null;
}

/** Creates a page. */
export async function createPage(context: Context, args: MutationArgs & { input: NewPageInput }): Promise<PageResult> {
  const viewer = requireViewer(context, 'account.read');
  const { input, dryRun } = args;
  return mutate(context, { name: 'documentationPageCreate', viewer, args, input, plan });

  async function plan(): Promise<MutationPlan<PageResult>> {
    const { project } = await requireProjectAccess(context, input.projectId, 'documentation.write');
    checkPageFields(input);
    await requireRoom(context, project);
    const owner = { id: context.newId('doc'), userId: project.userId };
    const { content = '', category = 'general' } = input;
    const stored = await prepareBody(context, { table: 'documentation', owner, body: { content }, field: ['input', 'content'], dryRun });
    const place = await placeNew(context, input);
    const now = context.now();
    const page: DocumentationPageRecord = {
      ...owner,
      projectId: project.id,
      title: input.title,
      category,
      tags: [...(input.tags ?? [])],
      order: place.order,
      ...withoutNulls(stored.attributes),
      ...digestOf(content),
      createdById: viewer.id,
      createdAt: now,
      updatedAt: now,
      revision: 1,
    };
    return {
      result: { documentationPage: page },
      prepare: async () => {
        await place.prepare?.();
        await stored.write();
      },
      undo: stored.discard,
      writes: [putPage(page), ...place.checks],
      activity: [{ action: 'created', ...subjectOf(page) }],
      counts: [{ ownerId: project.userId, projectId: project.id, by: { documentation: 1 } }],
    };
  }
}

/** Throws QUOTA_EXCEEDED for a project with as many pages as it may have. Writers who come at the same moment may go over it a little. */
async function requireRoom(context: Context, project: ProjectRecord): Promise<void> {
  const { documentation = 0 } = await readProjectCounts(context.connection, project.id, project.userId);
  if (documentation >= maxPages)
    throw refused('QUOTA_EXCEEDED', `A project has at most ${maxPages} documentation pages. Delete old ones first.`);
}

async function placeNew(context: Context, { projectId, after }: NewPageInput): Promise<Placement> {
  if (after === undefined) return placeLast(context, projectId);
  const target = after === null ? null : await requireSibling(context, { projectId, id: after, field: ['input', 'after'] });
  const place = await placeBehind(context, { projectId, target });
  if (!place) throw new Error('a page that does not exist yet has a place');
  return place;
}

async function requireSibling(
  context: Context,
  { projectId, id, field }: { projectId: string; id: string; field: readonly string[] },
): Promise<DocumentationPageRecord> {
  const page = await loadPage(context, id);
  if (page?.projectId === projectId) return page;
  throw refused('NOT_FOUND', `The project has no documentation page with the id "${id}".`, field);
}

/** Arguments of a mutation of one page. */
export interface EditPageArgs extends MutationArgs {
  id: string;
  expectedRevision?: number | null;
}

/** Changes a page. */
export async function updatePage(context: Context, args: EditPageArgs & { input: PageFields }): Promise<PageResult> {
  const viewer = requireViewer(context, 'account.read');
  const { input } = args;
  return mutate(context, { name: 'documentationPageUpdate', viewer, args, input: [args.id, input, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<PageResult>> {
    const { page } = await requirePage(context, args.id);
    requireRevision('DocumentationPage', page, args.expectedRevision);
    checkPageFields(input);
    const content = await planContent(context, page, { content: input.content, dryRun: args.dryRun });
    const { title, category, tags } = input;
    const edit = editRecord(page, { title, category, tags, ...content?.attributes }, context.now(), fieldsOf(input.content));
    if (!edit) return { result: { documentationPage: page }, writes: [], activity: [] };
    return {
      result: { documentationPage: edit.record },
      ...content?.steps,
      writes: [updatePageRow(page, edit)],
      activity: [{ action: 'updated', ...subjectOf(edit.record), changedFields: edit.changedFields }],
    };
  }
}

/** Attributes of the row that stand for the text. */
const contentAttributes: ReadonlySet<string> = new Set(['content', 'bodyId', 'bodyChunks', 'excerpt', 'contentBytes']);

/** Names the fields of changed attributes. A text that only moves into chunks has not changed for clients. */
function fieldsOf(content: string | null | undefined): (attribute: string) => string[] {
  return (attribute) => (!contentAttributes.has(attribute) ? [attribute] : content === undefined ? [] : ['content']);
}

/** The earlier backend kept texts of up to 400 KB on the row. Over this, an edit takes them off it: else the row, or the answer that an idempotency key keeps, could grow over DynamoDB's limit. */
const maxInheritedBytes = 64 * 1024;

/** Returns what a new text changes on the row and writes beside it; null when the text stays. */
async function planContent(
  context: Context,
  page: DocumentationPageRecord,
  input: { content?: string | null | undefined; dryRun?: boolean | undefined },
) {
  const isLarge = Buffer.byteLength(page.content ?? '') > maxInheritedBytes;
  if (input.content === undefined && !isLarge) return null;
  const before = await loadContent(context, page);
  if (before === null) throw notFound('documentation page', page.id);
  const content = input.content === undefined ? before : (input.content ?? '');
  if (before === content && !isLarge) return null;
  const stored = await prepareBody(context, {
    table: 'documentation',
    owner: page,
    body: { content },
    field: ['input', 'content'],
    dryRun: input.dryRun,
  });
  const cleanUp = (): Promise<void> => removeBody(context.connection, 'documentation', page);
  return { attributes: { ...stored.attributes, ...digestOf(content) }, steps: { prepare: stored.write, undo: stored.discard, cleanUp } };
}

/** Puts a page behind another one of its project, or first. */
export async function movePage(context: Context, args: EditPageArgs & { after?: string | null }): Promise<PageResult> {
  const viewer = requireViewer(context, 'account.read');
  const after = args.after ?? null;
  return mutate(context, { name: 'documentationPageMove', viewer, args, input: [args.id, after, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<PageResult>> {
    const { page } = await requirePage(context, args.id);
    const { projectId } = page;
    requireRevision('DocumentationPage', page, args.expectedRevision);
    if (after === page.id) throw invalid('after', 'A page can not follow itself. Name another page, or null for the first place.');
    const target = after === null ? null : await requireSibling(context, { projectId, id: after, field: ['after'] });
    const place = await placeBehind(context, { projectId, target, moving: page });
    const content = place && (await planContent(context, page, { dryRun: args.dryRun }));
    const edit = place && editRecord(page, { order: place.order, ...content?.attributes }, context.now(), fieldsOf(undefined));
    if (!edit) return { result: { documentationPage: page }, writes: [], activity: [] };
    return {
      result: { documentationPage: edit.record },
      ...content?.steps,
      prepare: async () => {
        await place.prepare?.();
        await content?.steps.prepare();
      },
      writes: [updatePageRow(page, edit), ...place.checks],
      activity: [{ action: 'moved', ...subjectOf(page), changedFields: edit.changedFields }],
    };
  }
}

/** What deleting a page answers with. */
export interface DeletedPage {
  deletedId: string;
  deletedCounts: { documentation: number };
}

/** Deletes a page. */
export async function deletePage(context: Context, args: EditPageArgs): Promise<DeletedPage> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { name: 'documentationPageDelete', viewer, args, input: [args.id, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<DeletedPage>> {
    const { page, project } = await requirePage(context, args.id);
    requireRevision('DocumentationPage', page, args.expectedRevision);
    return {
      result: { deletedId: page.id, deletedCounts: { documentation: 1 } },
      writes: [deletePageRow(page)],
      cleanUp: () => removeBody(context.connection, 'documentation', page),
      activity: [{ action: 'deleted', ...subjectOf(page) }],
      counts: [{ ownerId: project.userId, projectId: project.id, by: { documentation: isCounted(page) ? -1 : 0 } }],
    };
  }
}

function subjectOf({
  id,
  projectId,
  title,
}: DocumentationPageRecord): Pick<ActivityEntry, 'entityType' | 'entityId' | 'projectId' | 'entityName'> {
  return { entityType: 'documentation', entityId: id, projectId, entityName: title };
}
