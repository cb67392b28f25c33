/** Duplicating projects. */
import { requireProjectAccess, requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { Checks } from '../text.ts';
import { copyContents, type CopyCounts } from './copy.ts';
import { startRemoval } from './deletion.service.ts';
import type { ProjectRecord } from './project.ts';

/** Arguments of projectDuplicate. */
export interface DuplicateProjectArgs extends MutationArgs {
  id: string;
  input?: { name?: string | null } | null;
}

/**
 * Copies a project that the viewer may read, with its schemas, architectures and documentation, to a new one that the
 * viewer owns. The copy is hidden while it grows and appears complete; one that a stop interrupts is cleared away.
 */
export async function duplicateProject(context: Context, args: DuplicateProjectArgs): Promise<{ project: ProjectRecord }> {
  const viewer = requireViewer(context, 'project.create');
  return mutate(context, { name: 'projectDuplicate', viewer, args, input: [args.id, args.input], plan });

  async function plan(): Promise<MutationPlan<{ project: ProjectRecord }>> {
    const { project: source } = await requireProjectAccess(context, args.id, 'project.read');
    const name = args.input?.name ?? `${source.name.slice(0, 113)} (copy)`;
    const checks = new Checks();
    checks.text(['input', 'name'], name, { min: 1, max: 120 });
    checks.throwIfAny();
    const project = copyOf(context, source, { ownerId: viewer.id, name });
    const key = { id: project.id, userId: project.userId };
    let counts: CopyCounts = { schemas: 0, architectures: 0, documentation: 0 };
    return {
      result: { project },
      prepare: async () => {
        await context.connection.writeAll([{ table: 'projects', put: { ...project, status: 'copying' } }]);
        counts = await copyContents(context.connection, source, { project, actorId: viewer.id, now: project.createdAt });
      },
      undo: () => {
        startRemoval(context.services, project);
        return Promise.resolve();
      },
      writes: [
        {
          kind: 'update',
          table: 'projects',
          key,
          changes: { set: { status: project.status } },
          condition: { equals: { status: 'copying' } },
        },
      ],
      activity: [
        {
          action: 'duplicated',
          entityType: 'project',
          entityId: project.id,
          projectId: project.id,
          entityName: name,
          metadata: { sourceId: source.id },
        },
      ],
      get counts() {
        return [
          { ownerId: viewer.id, projectId: project.id, by: { ...counts } },
          { ownerId: viewer.id, by: { projects: 1 } },
        ];
      },
    };
  }
}

function copyOf(context: Context, source: ProjectRecord, { ownerId, name }: { ownerId: string; name: string }): ProjectRecord {
  const { description, framework, database, repository, tags } = source;
  const now = context.now();
  return {
    ...Object.fromEntries(Object.entries({ description, framework, database, repository, tags }).filter(([, value]) => value != null)),
    id: context.newId('prj'),
    userId: ownerId,
    createdById: ownerId,
    name,
    status: 'draft',
    createdAt: now,
    updatedAt: now,
    revision: 1,
    uniform: 'all',
  };
}
