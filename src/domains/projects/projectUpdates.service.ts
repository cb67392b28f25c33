/** Following a project. */
import type { Context } from '../../context.ts';
import { follow, followedObject } from '../subscription.ts';
import { findProject } from './projects.service.ts';

/** Follows a project that the viewer may read: its state now, and after each change of its own fields. */
export function followProject(context: Context, id: string) {
  const find = (now: Context) => findProject(now, id);
  return follow(context, 'projectUpdated', followedObject({ kind: 'project', id }, { kind: 'project', find }));
}
