/** The first statement of every service function: who asks, and may they? */
import type { Context } from '../context.ts';
import type { Row } from '../data/connection.ts';
import { isVisibleStatus, type ProjectRecord } from '../domains/projects/project.ts';
import { notFound, refused, RequestError, unauthenticated } from '../errors.ts';
import type { Viewer } from './authenticate.ts';
import {
  accountPermissions,
  projectPermissions,
  roleAllows,
  roles,
  scopesAllow,
  type AccountAction,
  type ProjectAction,
  type Role,
} from './permissions.ts';

/** A project's row together with what the viewer is there. */
export interface ProjectAccess {
  project: ProjectRecord;
  role: Role;
}

/** Returns who asks, or null without credentials. Throws UNAUTHENTICATED for credentials that are not valid (any more). */
export function findViewer(context: Context): Viewer | null {
  if ('problem' in context.credentials) throw context.credentials.problem;
  return context.credentials.viewer;
}

/** Returns who asks, if they may do this to their own account. Throws UNAUTHENTICATED, or FORBIDDEN for an API key without the scope. */
export function requireViewer(context: Context, action: AccountAction): Viewer {
  const viewer = findViewer(context);
  if (!viewer) throw unauthenticated();
  const needed = accountPermissions[action];
  if (!scopesAllow(viewer.scopes, needed)) {
    const hint =
      needed === 'session'
        ? 'Only a signed-in user may do this, not an API key.'
        : `The API key needs the scope ${needed.toUpperCase()} for this.`;
    throw new RequestError('FORBIDDEN', hint);
  }
  return viewer;
}

/** Returns the viewer's role on a project whose row is at hand, or null for none. Reads the membership of those who do not own it. */
export async function roleOn(context: Context, project: ProjectRecord): Promise<Role | null> {
  const viewer = findViewer(context);
  if (!viewer) return null;
  if (project.userId === viewer.id) return 'owner';
  const membership = await context.loaders.byKey('teams').load({ projectId: project.id, userId: viewer.id });
  const role: unknown = membership?.['role'];
  // An owner is who the project's row names, never a membership.
  const known = roles.find((one) => one === role && one !== 'owner');
  if (known) return known;
  // The project may have been given to the viewer since its row was read: that took their membership away.
  const owned = await context.loaders.byKey('projects').load({ id: project.id, userId: viewer.id });
  return owned !== null ? 'owner' : null;
}

/**
 * Returns the project and the viewer's role if they may do this there; else null. For reads: what may not be seen looks missing.
 * `parent` is the project itself when a field below it asks: then its row was read, and access to it decided, in this request.
 */
export async function findProjectAccess(
  context: Context,
  projectId: string,
  action: ProjectAction,
  parent?: ProjectRecord,
): Promise<ProjectAccess | null> {
  const viewer = findViewer(context);
  if (!viewer || !scopesAllow(viewer.scopes, projectPermissions[action].scope)) return null;
  const project = parent ?? ((await context.loaders.byId('projects').load({ id: projectId })) as ProjectRecord | null);
  if (!isVisible(project)) return null;
  const role = await roleOn(context, project);
  return roleAllows(role, action) && role ? { project, role } : null;
}

/**
 * Returns the project and the viewer's role. Throws UNAUTHENTICATED without a viewer, NOT_FOUND when the viewer may not
 * know of the project (`id` is what the client named, the project or something in it), FORBIDDEN when the role or scope does not suffice.
 */
export async function requireProjectAccess(
  context: Context,
  projectId: string,
  action: ProjectAction,
  named = { kind: 'project', id: projectId },
): Promise<ProjectAccess> {
  const viewer = findViewer(context);
  if (!viewer) throw unauthenticated();
  const rule = projectPermissions[action];
  const project = (await context.loaders.byId('projects').load({ id: projectId })) as ProjectRecord | null;
  const role = isVisible(project) ? await roleOn(context, project) : null;
  if (!isVisible(project) || role === null) throw notFound(named.kind, named.id);
  if (!scopesAllow(viewer.scopes, rule.scope))
    throw refused('FORBIDDEN', `The API key needs the scope ${rule.scope.toUpperCase()} for this.`);
  if (!roleAllows(role, action)) {
    throw refused(
      'FORBIDDEN',
      `Your role on this project is ${role.toUpperCase()}; this needs ${rule.role.toUpperCase()} or more. Ask an admin of the project.`,
    );
  }
  return { project, role };
}

function isVisible(project: ProjectRecord | null): project is ProjectRecord {
  return project !== null && isVisibleStatus(project.status);
}

/**
 * Returns a filter for lists that are kept by user instead of by project: it tells the rows whose project the viewer may
 * read now. Such lists also hold rows of projects that were given away or deleted, or that a member of long ago worked in.
 * `action` is what reading these rows needs there, where that is more than reading the project.
 */
export function readableRows(context: Context, action: ProjectAction = 'project.read'): (rows: readonly Row[]) => Promise<boolean[]> {
  return async (rows) => {
    const viewer = findViewer(context);
    const projects = context.loaders.byId('projects');
    // Most rows are in projects that the viewer owns: with the owner known, all those are one read.
    await Promise.all(rows.map((row) => projects.load({ id: String(row['projectId']), sort: viewer?.id })));
    return Promise.all(rows.map(async (row) => (await findProjectAccess(context, String(row['projectId']), action)) !== null));
  };
}
