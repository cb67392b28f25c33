/** Members of projects: their record and the rules about who manages whom. */
import { roles, type Role } from '../../auth/permissions.ts';
import type { Row } from '../../data/connection.ts';
import type { Edit, ProjectRecord } from '../projects/project.ts';
import { invitationPrefix } from './invitation.ts';

/** A row of the teams table. Rows of the earlier backend end with `createdAt`; some of those are of owners. */
export type MemberRecord = {
  projectId: string;
  userId: string;
  /** Address and name at the time of joining; the account knows better. */
  email?: string;
  name?: string;
  role: string;
  createdAt: string;
  /** Owner of the project, which completes the key of the project's row; a hint, because it may be behind. */
  ownerId?: string;
  invitedById?: string;
  updatedAt?: string;
  revision?: number;
  edits?: Edit[];
};

/** How many members a project has at most, the owner not counted. */
export const maxMembers = 200;

/**
 * True for members that counters know: those of this API, which name the project's owner. What is not counted must not be
 * counted down when it goes, see `isCounted` of the counters.
 */
export function isCountedMember({ ownerId }: Pick<MemberRecord, 'ownerId'>): boolean {
  return ownerId !== undefined;
}

/** Stands for roles that mean nothing to this version. */
const unknownRole = 'unknown';

/** True for a member's row; false for invitations, which share the partition. */
export function isMemberRow(row: Row): boolean {
  return !String(row['userId']).startsWith(invitationPrefix);
}

/**
 * Returns the members of a project, the owner first, the others by time of joining. The owner is who the project's row
 * names: a row of theirs is not listed again, and a row that makes somebody else an owner says nothing.
 */
export function membersOf(project: ProjectRecord, rows: readonly MemberRecord[]): MemberRecord[] {
  const own = rows.find(({ userId }) => userId === project.userId);
  const { id: projectId, userId } = project;
  const since = own?.createdAt ?? project.ownedSince ?? project.createdAt;
  const owner: MemberRecord = { ...own, projectId, userId, role: 'owner', createdAt: since };
  const others = rows.filter((row) => row !== own).map((row) => ({ ...row, role: knownRole(row.role) ?? unknownRole }));
  return [owner, ...others.toSorted((a, b) => compare(a.createdAt, b.createdAt) || compare(a.userId, b.userId))];
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Returns the role that a membership gives, or null when it gives none: never `owner`. */
export function knownRole(role: unknown): Exclude<Role, 'owner'> | null {
  return roles.find((known): known is Exclude<Role, 'owner'> => known !== 'owner' && known === role) ?? null;
}

/** A person who manages a membership, and the one whose it is. `target` is null for a role that this version does not know. */
export interface Managing {
  actor: Role;
  target: Role | null;
  isSelf: boolean;
}

/** Returns why a person may not give another one this role, as a sentence that says what to do, or null when they may. */
export function roleChangeProblem({ actor, target, isSelf }: Managing): string | null {
  if (target === 'owner') return 'The role of the owner does not change. To give the project to somebody else, use ownershipTransfer.';
  if (actor === 'owner') return null;
  if (actor !== 'admin') return 'Changing roles needs the role ADMIN. Ask an admin of the project.';
  return target === 'admin' && !isSelf ? 'Only the owner changes the role of an admin. Ask the owner.' : null;
}

/** Returns why a person may not remove another one, or leave, as a sentence that says what to do, or null when they may. */
export function removalProblem({ actor, target, isSelf }: Omit<Managing, 'actor'> & { actor: Role | null }): string | null {
  if (target === 'owner') {
    const advice = isSelf ? 'Transfer the ownership first, or delete the project.' : 'Only they can give it away.';
    return `A project keeps its owner. ${advice}`;
  }
  if (isSelf || actor === 'owner') return null;
  if (actor !== 'admin') return 'Removing members needs the role ADMIN. Ask an admin of the project.';
  return target === 'admin' ? 'Only the owner removes an admin. Ask the owner.' : null;
}
