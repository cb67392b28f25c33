/** Deleting projects: count, hide, remove in the background; and going on with removals that a stop interrupted. */
import { requireProjectAccess, requireViewer } from '../../auth/access.ts';
import type { Context, Services } from '../../context.ts';
import { connect } from '../../data/connection.ts';
import { isCounted } from '../../data/counters.ts';
import { countRows, type ListSource } from '../../data/page.ts';
import { projectRowsIndex } from '../../data/tables.ts';
import { mutate, type MutationPlan } from '../mutation.ts';
import type { DeletedCounts } from '../payload.ts';
import { editRecord, requireRevision } from '../revision.ts';
import { removeProject } from './deletion.ts';
import { hiddenStatuses, type ProjectRecord } from './project.ts';
import type { EditProjectArgs } from './projects.service.ts';
import { projectsByStatus, updateProject } from './projects.store.ts';

/** Answer of projectDelete. */
export interface ProjectDeletion {
  deletedId: string;
  deletedCounts: DeletedCounts;
}

/** A deletion counts its rows one by one, because rows of the earlier backend are in no counter; no further than this. */
const maxCounted = 100_000;

/** Longer than the deadline of any request. */
const defaultSettleMs = 15_000;

/** How long a copy or a deletion may look abandoned before another process takes it up. */
const abandonedAfterMs = 5 * 60_000;

/** Deletes a project with everything in it. It is gone for everyone when this returns; the removal goes on in the background. */
export async function deleteProject(context: Context, args: EditProjectArgs): Promise<ProjectDeletion> {
  const viewer = requireViewer(context, 'account.read');
  const planned: ProjectRecord[] = [];
  const result = await mutate(context, { name: 'projectDelete', viewer, args, input: [args.id, args.expectedRevision], plan });
  const project = planned.at(-1);
  // Absent when the answer is that of an earlier request with the same idempotency key.
  if (project && !args.dryRun) startRemoval(context.services, project);
  return result;

  async function plan(): Promise<MutationPlan<ProjectDeletion>> {
    const { project } = await requireProjectAccess(context, args.id, 'project.delete');
    requireRevision('Project', project, args.expectedRevision);
    const deletedCounts = await countContents(context, project);
    const edit = editRecord(project, { status: 'deleting' }, context.now());
    if (!edit) throw new Error('a project under deletion is visible');
    planned.push(edit.record);
    return {
      result: { deletedId: project.id, deletedCounts },
      writes: [updateProject(project, edit)],
      // Without projectId: the activities of the project go with it, this one stays with the person who deleted it.
      activity: [{ action: 'deleted', entityType: 'project', entityId: project.id, entityName: project.name, metadata: { deletedCounts } }],
      counts: isCounted(project) ? [{ ownerId: project.userId, by: { projects: -1 } }] : [],
    };
  }
}

async function countContents(context: Context, project: ProjectRecord): Promise<DeletedCounts> {
  const children = ['schemas', 'architectures', 'codeGenerations', 'deployments', 'documentation', 'integrations'] as const;
  const count = async (source: ListSource): Promise<number> =>
    (await countRows(context.connection, source, maxCounted, context.nowSeconds())).value;
  const counts = children.map(
    async (table) =>
      [table, await count({ table, index: projectRowsIndex(table), partition: project.id, descending: false } as ListSource)] as const,
  );
  const members = count({
    table: 'teams',
    partition: project.id,
    descending: false,
    filter: (row) => !String(row['userId']).startsWith('invite#'),
  });
  return { projects: 1, ...Object.fromEntries(await Promise.all(counts)), members: await members };
}

function removalOptions({ settings, log }: Services): { settleMs: number; log: Services['log'] } {
  return { settleMs: settings.deletionSettleMs ?? defaultSettleMs, log };
}

/** Removes a project that is hidden, and all that it holds, in the background. */
export function startRemoval(services: Services, project: ProjectRecord): void {
  services.background.run('project deletion', async (signal) => {
    const connection = connect(services.database, { signal });
    await removeProject(connection, project, { ...removalOptions(services), signal });
  });
}

/**
 * Goes on with every deletion that was interrupted, and clears away copies that never became visible. Run at the start of
 * the process and now and then. Only what has not been touched for five minutes counts as interrupted, unless `all`.
 */
export async function resumeDeletions(services: Services, signal: AbortSignal, { all = false } = {}): Promise<void> {
  const connection = connect(services.database, { signal });
  const latest = new Date(Date.now() - (all ? 0 : abandonedAfterMs)).toISOString();
  for (const status of hiddenStatuses) {
    const { items } = await connection.query({ ...projectsByStatus(status), range: { to: latest }, limit: 100 });
    for (const item of items) {
      await removeProject(connection, item as ProjectRecord, { ...removalOptions(services), signal });
    }
  }
}
