/** What can be done with architectures: authorize → rules → write, with one activity row. */
import { findProjectAccess, readableRows, requireProjectAccess, requireViewer, type ProjectAccess } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import type { ListSource } from '../../data/page.ts';
import { removeBody } from '../../data/body.ts';
import { isCounted } from '../../data/counters.ts';
import { notFound } from '../../errors.ts';
import { prepareBody, withoutNulls } from '../bodies.ts';
import { sameJson } from '../json.ts';
import { listConnection, type Connection, type PageArgs } from '../list.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { ownerOfRows, type ProjectRecord } from '../projects/project.ts';
import { editRecord, requireRevision } from '../revision.ts';
import { Checks } from '../text.ts';
import { bodyAttributes, bodyFrom, type ArchitectureRecord, type BodyInput } from './architecture.ts';
import {
  architecturesOfOwner,
  architecturesOfProject,
  deleteArchitectureRow,
  loadArchitecture,
  loadArchitectureBody,
  putArchitecture,
  updateArchitectureRow,
} from './architectures.store.ts';
import { placeAll, type LayoutOptions } from './layout/index.ts';
import type { ArchitectureBody } from './model.ts';
import { checkBody } from './validation.ts';

/** An answer with one architecture. */
export interface ArchitectureResult {
  architecture: ArchitectureRecord;
}

/** Returns an architecture that the viewer may read, or null. */
export async function findArchitecture(context: Context, id: string): Promise<ArchitectureRecord | null> {
  const architecture = await loadArchitecture(context, id);
  return architecture && (await findProjectAccess(context, architecture.projectId, 'project.read')) ? architecture : null;
}

/** Returns an architecture and the viewer's access to its project. Throws NOT_FOUND, or FORBIDDEN when the role does not suffice. */
async function requireArchitecture(context: Context, id: string): Promise<ProjectAccess & ArchitectureResult> {
  const architecture = await loadArchitecture(context, id);
  if (!architecture) throw notFound('architecture', id);
  const access = await requireProjectAccess(context, architecture.projectId, 'architecture.write', { kind: 'architecture', id });
  return { ...access, architecture };
}

/** Returns how many nodes or edges an architecture has. Rows of the earlier backend do not say it; of those, lists have read no more than was selected. */
export async function countParts(context: Context, architecture: ArchitectureRecord, part: 'nodes' | 'edges'): Promise<number> {
  const { id, userId, [part]: parts } = architecture;
  const count = part === 'nodes' ? architecture.nodeCount : architecture.edgeCount;
  if (count !== undefined) return count;
  const whole = parts
    ? architecture
    : ((await context.loaders.byId('architectures').load({ id, sort: userId })) as ArchitectureRecord | null);
  return whole?.[part]?.length ?? 0;
}

/** Arguments of a list of a project's architectures. */
export interface ListArchitecturesArgs extends PageArgs {
  orderBy?: { direction?: 'asc' | 'desc' } | null;
}

/** Returns the list of a project's architectures, by their last change. */
export function architectureList(projectId: string, args: ListArchitecturesArgs): ListSource {
  return architecturesOfProject(projectId, args.orderBy?.direction !== 'asc');
}

/** Lists the architectures of a project that the viewer may read, last changed first; null for a project that they may not. */
export async function listProjectArchitectures(
  context: Context,
  project: ProjectRecord,
  args: ListArchitecturesArgs,
): Promise<Connection<ArchitectureRecord> | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const source = { ...architectureList(project.id, args), owner: ownerOfRows(project, 'children') };
  return listConnection(context, 'project.architectures', source, args);
}

/** Lists the architectures of all projects that a user owns, for that user; null for everyone else. */
export async function listUserArchitectures(
  context: Context,
  user: { id: string },
  args: PageArgs,
): Promise<Connection<ArchitectureRecord> | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  return listConnection(context, 'user.architectures', { ...architecturesOfOwner(user.id), visible: readableRows(context) }, args);
}

/** Input of a new architecture, as the SDL's ArchitectureCreateInput. */
export interface NewArchitectureInput extends BodyInput {
  projectId: string;
  name: string;
  description?: string | null;
}

/** Creates an architecture. */
export async function createArchitecture(
  context: Context,
  args: MutationArgs & { input: NewArchitectureInput },
): Promise<ArchitectureResult> {
  const viewer = requireViewer(context, 'account.read');
  const { input } = args;
  return mutate(context, { name: 'architectureCreate', viewer, args, input, plan });

  async function plan(): Promise<MutationPlan<ArchitectureResult>> {
    const { project } = await requireProjectAccess(context, input.projectId, 'architecture.write', {
      kind: 'project',
      id: input.projectId,
    });
    const body = bodyFrom(input);
    checkInput(input, body);
    const id = context.newId('arc');
    const stored = await store(context, { id, userId: project.userId }, { body, dryRun: args.dryRun });
    const now = context.now();
    const architecture: ArchitectureRecord = {
      id,
      userId: project.userId,
      projectId: project.id,
      name: input.name,
      ...(input.description != null && { description: input.description }),
      ...withoutNulls(stored.attributes),
      ...countsOf(body),
      createdById: viewer.id,
      createdAt: now,
      updatedAt: now,
      revision: 1,
    };
    return {
      result: { architecture },
      prepare: stored.write,
      undo: stored.discard,
      writes: [putArchitecture(architecture)],
      activity: [{ action: 'created', ...subjectOf(architecture) }],
      counts: [{ ownerId: project.userId, projectId: project.id, by: { architectures: 1 } }],
    };
  }
}

/** Arguments of architectureUpdate. */
export interface UpdateArchitectureArgs extends MutationArgs {
  id: string;
  expectedRevision: number;
  input: BodyInput & { name?: string | null; description?: string | null };
}

/** Changes an architecture. */
export async function updateArchitecture(context: Context, args: UpdateArchitectureArgs): Promise<ArchitectureResult> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { name: 'architectureUpdate', viewer, args, input: [args.id, args.input, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<ArchitectureResult>> {
    const { architecture } = await requireArchitecture(context, args.id);
    requireRevision('Architecture', architecture, args.expectedRevision);
    return planUpdate(context, architecture, args);
  }
}

/** Arguments of architectureLayout. */
export interface LayoutArchitectureArgs extends MutationArgs, LayoutOptions {
  id: string;
  expectedRevision?: number | null;
}

/** Gives every node of an architecture a new position. */
export async function layOutArchitecture(context: Context, args: LayoutArchitectureArgs): Promise<ArchitectureResult> {
  const viewer = requireViewer(context, 'account.read');
  const { id, algorithm, direction, expectedRevision, dryRun } = args;
  return mutate(context, { name: 'architectureLayout', viewer, args, input: [id, algorithm, direction, expectedRevision], plan });

  async function plan(): Promise<MutationPlan<ArchitectureResult>> {
    const { architecture } = await requireArchitecture(context, id);
    requireRevision('Architecture', architecture, expectedRevision);
    const body = await loadArchitectureBody(context, architecture);
    if (!body) throw notFound('architecture', id);
    return planUpdate(context, architecture, { id, dryRun, input: { nodes: placeAll(body, { algorithm, direction }) } });
  }
}

async function planUpdate(
  context: Context,
  architecture: ArchitectureRecord,
  args: Pick<UpdateArchitectureArgs, 'id' | 'input' | 'dryRun'>,
): Promise<MutationPlan<ArchitectureResult>> {
  const edit = await planEdit(context, architecture, args);
  if (!edit) return { result: { architecture }, writes: [], activity: [] };
  const { record, changedFields, stored } = edit;
  return {
    result: { architecture: record },
    ...(stored && {
      prepare: stored.write,
      undo: stored.discard,
      cleanUp: () => removeBody(context.connection, 'architectures', architecture),
    }),
    writes: [updateArchitectureRow(architecture, edit)],
    activity: [{ action: 'updated', ...subjectOf(record), changedFields }],
  };
}

/** Attributes of the row that stand for the body. */
const bodyRowAttributes: ReadonlySet<string> = new Set([...bodyAttributes, 'bodyId', 'bodyChunks', 'nodeCount', 'edgeCount']);

/** Returns the edit that an input makes, with the new body where it changes; null when nothing changes. */
async function planEdit(
  context: Context,
  architecture: ArchitectureRecord,
  { input, dryRun, id }: Pick<UpdateArchitectureArgs, 'id' | 'input' | 'dryRun'>,
) {
  const before = await loadArchitectureBody(context, architecture);
  if (!before) throw notFound('architecture', id);
  const body = bodyFrom(input, before);
  const changedParts = bodyAttributes.filter((part) => !sameJson(body[part], before[part]));
  checkInput(input, changedParts.length > 0 ? body : null);
  const stored = changedParts.length > 0 ? await store(context, architecture, { body, dryRun }) : null;
  const edit = editRecord(
    architecture,
    { name: input.name, description: input.description, ...stored?.attributes, ...(stored && countsOf(body)) },
    context.now(),
    (attribute) => (bodyRowAttributes.has(attribute) ? changedParts : [attribute]),
  );
  return edit && { ...edit, stored };
}

/** What deleting an architecture answers with. */
export interface DeletedArchitecture {
  deletedId: string;
  deletedCounts: { architectures: number };
}

/** Deletes an architecture. */
export async function deleteArchitecture(
  context: Context,
  args: MutationArgs & { id: string; expectedRevision?: number | null },
): Promise<DeletedArchitecture> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { name: 'architectureDelete', viewer, args, input: [args.id, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<DeletedArchitecture>> {
    const { architecture, project } = await requireArchitecture(context, args.id);
    requireRevision('Architecture', architecture, args.expectedRevision);
    return {
      result: { deletedId: architecture.id, deletedCounts: { architectures: 1 } },
      writes: [deleteArchitectureRow(architecture)],
      cleanUp: () => removeBody(context.connection, 'architectures', architecture),
      activity: [{ action: 'deleted', ...subjectOf(architecture) }],
      // Rows of the earlier backend are in no counter.
      counts: isCounted(architecture) ? [{ ownerId: project.userId, projectId: project.id, by: { architectures: -1 } }] : [],
    };
  }
}

function checkInput(input: BodyInput & { name?: string | null; description?: string | null }, body: ArchitectureBody | null): void {
  const checks = new Checks();
  for (const field of ['name', 'nodes', 'edges'] as const) checks.notNull(['input', field], input[field]);
  checks.text(['input', 'name'], input.name, { min: 1, max: 128 });
  checks.text(['input', 'description'], input.description, { max: 5_000, multiline: true });
  checks.throwIfAny();
  if (body) checkBody(body);
}

function store(
  context: Context,
  owner: { id: string; userId: string },
  { body, dryRun }: { body: ArchitectureBody; dryRun: boolean | undefined },
) {
  return prepareBody(context, { table: 'architectures', owner, body: { ...body }, field: ['input', 'nodes'], dryRun });
}

function countsOf({ nodes, edges }: ArchitectureBody): { nodeCount: number; edgeCount: number } {
  return { nodeCount: nodes.length, edgeCount: edges.length };
}

function subjectOf({ id, projectId, name }: ArchitectureRecord) {
  return { entityType: 'architecture', entityId: id, projectId, entityName: name } as const;
}
