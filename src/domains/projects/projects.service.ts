/** What can be done with projects: authorize → rules → write, with one activity row. */
import { findProjectAccess, requireProjectAccess, requireViewer } from '../../auth/access.ts';
import type { Viewer } from '../../auth/authenticate.ts';
import type { Context } from '../../context.ts';
import type { Write } from '../../data/connection.ts';
import { invalid, refused } from '../../errors.ts';
import { listConnection, type Connection, type PageArgs } from '../list.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { editRecord, requireRevision } from '../revision.ts';
import { Checks } from '../text.ts';
import type { ProjectFields, ProjectRecord } from './project.ts';
import { markUniform, projectsOfOwner, putProject, updateProject as updateProjectRow } from './projects.store.ts';

const maxBulk = 25;
const maxTags = 20;

/** Input of a new project, as the SDL's ProjectCreateInput. */
export type ProjectInput = { [K in keyof ProjectFields]?: ProjectFields[K] | null };

/** Returns a project that the viewer may read, or null. */
export async function findProject(context: Context, id: string): Promise<ProjectRecord | null> {
  const access = await findProjectAccess(context, id, 'project.read');
  return access?.project ?? null;
}

/** Arguments of a list of projects. */
export interface ListProjectsArgs extends PageArgs {
  orderBy?: { direction?: 'asc' | 'desc' } | null;
  filter?: { status?: string | null; nameContains?: string | null } | null;
}

/** Lists the projects that a user owns, for that user; null for everyone else. */
export async function listProjectsOf(
  context: Context,
  user: { id: string },
  args: ListProjectsArgs,
): Promise<Connection<ProjectRecord> | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  const status = args.filter?.status ?? undefined;
  const text = args.filter?.nameContains?.toLowerCase() ?? undefined;
  const filter = (row: Partial<ProjectRecord>): boolean =>
    (status === undefined || row.status === status) && (text === undefined || (row.name ?? '').toLowerCase().includes(text));
  const source = projectsOfOwner(viewer.id, {
    descending: args.orderBy?.direction !== 'asc',
    ...((status !== undefined || text !== undefined) && { filter, filterKey: JSON.stringify([status, text]) }),
  });
  return listConnection(context, 'viewer.projects', source, args);
}

/** Creates a project owned by the viewer. */
export async function createProject(
  context: Context,
  args: MutationArgs & { input: ProjectInput & { name: string } },
): Promise<{ project: ProjectRecord }> {
  const { projects } = await createProjects(context, { ...args, inputs: [args.input], fieldOf: () => ['input'], name: 'projectCreate' });
  return { project: projects[0] as ProjectRecord };
}

/** Creates up to 25 projects in one transaction. */
export async function createProjects(
  context: Context,
  args: MutationArgs & { inputs: readonly (ProjectInput & { name: string })[]; fieldOf?: (i: number) => string[]; name?: string },
): Promise<{ projects: ProjectRecord[] }> {
  const viewer = requireViewer(context, 'project.create');
  const fieldOf = args.fieldOf ?? ((i: number): string[] => ['inputs', String(i)]);
  return mutate(context, { name: args.name ?? 'projectBulkCreate', viewer, args, input: args.inputs, plan });

  function plan(): MutationPlan<{ projects: ProjectRecord[] }> {
    if (args.inputs.length === 0 || args.inputs.length > maxBulk)
      throw invalid('inputs', `Send 1 to ${maxBulk} projects; ${args.inputs.length} came.`);
    args.inputs.forEach((input, i) => checkFields(input, fieldOf(i)));
    const projects = args.inputs.map((input) => newProject(context, viewer, input));
    return {
      result: { projects },
      writes: projects.map(putProject),
      activity: projects.map(({ id, name }) => ({
        action: 'created',
        entityType: 'project',
        entityId: id,
        projectId: id,
        entityName: name,
      })),
      counts: [{ ownerId: viewer.id, by: { projects: projects.length } }],
    };
  }
}

function newProject(context: Context, viewer: Viewer, input: ProjectInput & { name: string }): ProjectRecord {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value != null)) as Partial<ProjectFields> & { name: string };
  const now = context.now();
  return {
    tags: [],
    ...given,
    status: given.status ?? 'draft',
    id: context.newId('prj'),
    userId: viewer.id,
    createdById: viewer.id,
    createdAt: now,
    updatedAt: now,
    revision: 1,
    uniform: 'all',
  };
}

/**
 * Returns the write with which a project becomes one that several people work in, to be committed with their invitation:
 * from then on not all rows carry the owner, and nobody may be about to note that they do.
 */
export function shareProject(context: Context, project: ProjectRecord): Write {
  const { id, userId, uniform } = project;
  if (uniform === undefined || uniform === 'children')
    return { kind: 'check', table: 'projects', key: { id, userId }, condition: { exists: true, equals: { uniform } } };
  // The earlier backend would write rows that carry their creator.
  const isOnlyWriter = context.services.settings.hasEarlierBackend === false;
  return markUniform(project, uniform, uniform === 'all' && isOnlyWriter ? 'children' : undefined);
}

/** Arguments of a mutation of one project. */
export interface EditProjectArgs extends MutationArgs {
  id: string;
  expectedRevision?: number | null;
}

/** Changes a project. */
export async function updateProject(
  context: Context,
  args: EditProjectArgs & { input: ProjectInput },
): Promise<{ project: ProjectRecord }> {
  return editProject(context, args, {
    name: 'projectUpdate',
    permission: 'project.update',
    action: 'updated',
    fields: () => {
      checkFields(args.input, ['input']);
      return args.input;
    },
  });
}

/** Archives a project. */
export async function archiveProject(context: Context, args: EditProjectArgs): Promise<{ project: ProjectRecord }> {
  return editProject(context, args, {
    name: 'projectArchive',
    permission: 'project.archive',
    action: 'archived',
    fields: (project) => {
      if (project.status === 'archived') throw refused('INVALID_TRANSITION', 'The project is archived already.', ['id']);
      return { status: 'archived' };
    },
  });
}

/** Makes an archived project active again. */
export async function unarchiveProject(context: Context, args: EditProjectArgs): Promise<{ project: ProjectRecord }> {
  return editProject(context, args, {
    name: 'projectUnarchive',
    permission: 'project.archive',
    action: 'unarchived',
    fields: (project) => {
      if (project.status !== 'archived')
        throw refused('INVALID_TRANSITION', `Only an archived project can be unarchived; this one is ${project.status.toUpperCase()}.`, [
          'id',
        ]);
      return { status: 'active' };
    },
  });
}

interface ProjectEdit {
  name: string;
  permission: 'project.update' | 'project.archive';
  action: string;
  fields: (project: ProjectRecord) => Partial<ProjectInput>;
}

async function editProject(
  context: Context,
  args: EditProjectArgs & { input?: ProjectInput },
  edit: ProjectEdit,
): Promise<{ project: ProjectRecord }> {
  const viewer = requireViewer(context, 'account.read');
  const input = [args.id, args.input, args.expectedRevision];
  return mutate(context, { name: edit.name, viewer, args, input, plan });

  async function plan(): Promise<MutationPlan<{ project: ProjectRecord }>> {
    const { project } = await requireProjectAccess(context, args.id, edit.permission);
    requireRevision('Project', project, args.expectedRevision);
    const change = editRecord(project, edit.fields(project), context.now());
    if (!change) return { result: { project }, writes: [], activity: [] };
    return {
      result: { project: change.record },
      writes: [updateProjectRow(project, change)],
      activity: [
        {
          action: edit.action,
          entityType: 'project',
          entityId: project.id,
          projectId: project.id,
          entityName: change.record.name,
          changedFields: change.changedFields,
        },
      ],
    };
  }
}

function checkFields(input: ProjectInput, field: string[]): void {
  const checks = new Checks();
  checks.notNull([...field, 'name'], input.name);
  checks.notNull([...field, 'status'], input.status);
  checks.text([...field, 'name'], input.name, { min: 1, max: 120 });
  checks.text([...field, 'description'], input.description, { max: 5_000, multiline: true });
  checks.text([...field, 'framework'], input.framework, { max: 100 });
  checks.text([...field, 'database'], input.database, { max: 100 });
  checks.text([...field, 'repository'], input.repository, { max: 500 });
  checks.text([...field, 'deploymentUrl'], input.deploymentUrl, { max: 2_000 });
  const tags = input.tags ?? [];
  if (tags.length > maxTags) checks.add([...field, 'tags'], `A project has at most ${maxTags} tags; ${tags.length} came.`);
  tags.forEach((tag, i) => checks.text([...field, 'tags', String(i)], tag, { min: 1, max: 50 }));
  checks.throwIfAny();
}
