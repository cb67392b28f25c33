/** Reading the activity feed. Rows are written by `mutate`, in the transaction of what they tell of. */
import { findProjectAccess, requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { isLive, type ListSource } from '../../data/page.ts';
import { listConnection, type Connection, type PageArgs } from '../list.ts';
import { ownerOfRows, type ProjectRecord } from '../projects/project.ts';
import type { ActivityRecord } from './activity.ts';

/** Arguments of a list of activities. */
export interface ListActivityArgs extends PageArgs {
  filter?: { entityType?: string | null; action?: string | null; actorId?: string | null } | null;
}

/** Returns an activity that the viewer may see: their own, or one of a project that they may read. Null else. */
export async function findActivity(context: Context, id: string): Promise<ActivityRecord | null> {
  const viewer = requireViewer(context, 'account.read');
  const activity = (await context.loaders.byId('activity').load({ id })) as ActivityRecord | null;
  if (!activity?.entityType || !isLive(activity, context.nowSeconds())) return null;
  if (activity.userId === viewer.id) return activity;
  const access = activity.projectId ? await findProjectAccess(context, activity.projectId, 'project.read') : null;
  return access && activity;
}

/** Returns the list of a project's activity, newest first. */
export function activityList(projectId: string, args: ListActivityArgs): ListSource {
  return { table: 'activity', index: 'ProjectIdIndex', partition: projectId, descending: true, ...filterOf(args) };
}

/** Lists what happened in a project that the viewer may read, newest first; null for a project that they may not. */
export async function listProjectActivity(
  context: Context,
  project: ProjectRecord,
  args: ListActivityArgs,
): Promise<Connection<ActivityRecord> | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const source = { ...activityList(project.id, args), owner: ownerOfRows(project, 'activity') };
  return listConnection(context, 'project.activity', source, args);
}

/** Lists what a user did, newest first, for that user; null for everyone else. */
export async function listUserActivity(
  context: Context,
  user: { id: string },
  args: ListActivityArgs,
): Promise<Connection<ActivityRecord> | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  const source: ListSource = { table: 'activity', index: 'UserIdIndex', partition: user.id, descending: true, ...filterOf(args) };
  return listConnection(context, 'user.activity', source, args);
}

function filterOf({ filter }: ListActivityArgs): Pick<ListSource, 'filter' | 'filterKey'> {
  const wanted = Object.entries({ entityType: filter?.entityType, action: filter?.action, userId: filter?.actorId }).filter(
    ([, value]) => value != null,
  );
  if (wanted.length === 0) return {};
  return { filter: (row) => wanted.every(([name, value]) => row[name] === value), filterKey: JSON.stringify(wanted) };
}
