/** A project: its record and its rules. */
import type { Role } from '../../auth/permissions.ts';
import { roleAllows } from '../../auth/permissions.ts';

/** Statuses as stored; those of `hiddenStatuses` are internal. */
export type ProjectStatus = 'draft' | 'active' | 'archived' | (typeof hiddenStatuses)[number];

/** A project on its way out, or a copy that is not complete yet: invisible for everyone. */
export const hiddenStatuses = ['deleting', 'copying'] as const;

/** Returns whether a project with this status exists as far as users can tell. */
export function isVisibleStatus(status: unknown): boolean {
  return !hiddenStatuses.some((hidden) => hidden === status);
}

/** Which fields an edit changed, kept for the last edits so that a conflict can name them. */
export type Edit = { revision: number; fields: string[] };

/** A row of the projects table. Rows of the earlier backend lack `revision`, `edits` and whatever was optional there. */
export type ProjectRecord = {
  id: string;
  /** The owner. */
  userId: string;
  name: string;
  description?: string | null;
  status: ProjectStatus | (string & {});
  framework?: string | null;
  database?: string | null;
  deploymentUrl?: string | null;
  repository?: string | null;
  tags?: string[] | null;
  createdAt: string;
  updatedAt: string;
  revision?: number;
  edits?: Edit[];
  createdById?: string;
  /** When the owner became so; absent for the first one. */
  ownedSince?: string;
  /**
   * Which rows of the project are known to carry its owner in `userId`: `all`, where nobody else has ever been invited, or
   * all but the activity (`children`), which carries who did it. Absent where rows of the earlier backend, which carry their
   * creator, may be among them; `recount` looks at them (`checking`).
   */
  uniform?: 'all' | 'children' | 'checking';
};

/** Returns the owner whom all rows of this kind carry, so that they can be read from the owner's rows; undefined where that is not known. */
export function ownerOfRows({ uniform, userId }: ProjectRecord, kind: 'children' | 'activity'): string | undefined {
  return uniform === 'all' || (uniform === 'children' && kind === 'children') ? userId : undefined;
}

/** What a client may set. */
export type ProjectFields = Pick<
  ProjectRecord,
  'name' | 'description' | 'status' | 'framework' | 'database' | 'deploymentUrl' | 'repository' | 'tags'
>;

/** What a role allows on a project, as `viewerCan…` shows it. */
export function abilitiesOf(role: Role | null) {
  return {
    canUpdate: roleAllows(role, 'project.update'),
    canDelete: roleAllows(role, 'project.delete'),
    canDeploy: roleAllows(role, 'deployment.write'),
    canInvite: roleAllows(role, 'member.write'),
  };
}
