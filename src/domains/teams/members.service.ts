/** What can be done with members: listing them, changing their role, removing them, leaving. */
import { findProjectAccess, findViewer, requireProjectAccess, requireViewer, roleOn } from '../../auth/access.ts';
import type { Role } from '../../auth/permissions.ts';
import type { Context } from '../../context.ts';
import { invalid, notFound, refused } from '../../errors.ts';
import { connectionOver, listConnection, type Connection, type PageArgs } from '../list.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { editRecord } from '../revision.ts';
import { findContact } from '../users/users.service.ts';
import { isCountedMember, knownRole, membersOf, removalProblem, roleChangeProblem, type MemberRecord } from './member.ts';
import {
  countMember,
  deleteMember,
  loadMember,
  loadTeam,
  loadVisibleProject,
  membershipsOf,
  readTeamCount,
  updateMember,
} from './teams.store.ts';

/** Lists who is in a project that the viewer may read, the owner first; null for a project that they may not. */
export async function listMembers(
  context: Context,
  project: ProjectRecord,
  args: PageArgs & { role?: string | null },
): Promise<Connection<MemberRecord> | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const { members } = await loadTeam(context, project.id);
  const records = membersOf(project, members).filter(({ role }) => args.role == null || role === args.role);
  return connectionOver(context, {
    name: `project.members:${project.id}:${args.role ?? ''}`,
    records,
    args,
    keyOf: ({ userId }) => userId,
  });
}

/** Lists the projects of others that a user is a member of, for that user; null for everyone else. */
export async function listMemberships(context: Context, user: { id: string }, args: PageArgs): Promise<Connection<MemberRecord> | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  return listConnection(context, 'user.memberships', membershipsOf(context, viewer.id), args);
}

/** Returns name and e-mail address of a member: as they are now, or as they were when the member joined. */
export async function contactOf(context: Context, member: MemberRecord): Promise<{ name: string | null; email: string | null }> {
  const contact = await findContact(context, member.userId);
  return { name: contact?.name ?? member.name ?? null, email: contact?.email ?? member.email ?? null };
}

/** What the viewer may do to a membership. */
export interface MemberAbilities {
  canUpdate: boolean;
  canRemove: boolean;
}

/** Returns what the viewer may do to a membership. */
export async function abilitiesOn(context: Context, member: MemberRecord): Promise<MemberAbilities> {
  const viewer = findViewer(context);
  const project = await loadVisibleProject(context, member.projectId, member.ownerId);
  if (!viewer || !project) return { canUpdate: false, canRemove: false };
  const actor = await roleOn(context, project);
  const target = roleOf(project, member);
  const isSelf = viewer.id === member.userId;
  return {
    canUpdate: actor !== null && roleChangeProblem({ actor, target, isSelf }) === null,
    canRemove: removalProblem({ actor, target, isSelf }) === null,
  };
}

function roleOf(project: ProjectRecord, member: Pick<MemberRecord, 'userId' | 'role'>): Role | null {
  return member.userId === project.userId ? 'owner' : knownRole(member.role);
}

/** Names a membership. */
export interface MemberArgs extends MutationArgs {
  projectId: string;
  userId: string;
}

/** Changes the role of a member. */
export async function updateMemberRole(context: Context, args: MemberArgs & { role: string }): Promise<{ member: MemberRecord }> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { name: 'memberRoleUpdate', viewer, args, input: [args.projectId, args.userId, args.role], plan });

  async function plan(): Promise<MutationPlan<{ member: MemberRecord }>> {
    const { project, role: actor } = await requireProjectAccess(context, args.projectId, 'member.write', named(args));
    checkRole(['role'], args.role);
    const member = await requireMember(context, project, args.userId);
    const target = roleOf(project, member);
    const problem = roleChangeProblem({ actor, target, isSelf: viewer.id === args.userId });
    if (problem !== null) throw refused('FORBIDDEN', problem, ['userId']);
    const edit = editRecord(member, { role: args.role }, context.now());
    if (!edit) return { result: { member }, writes: [], activity: [] };
    const metadata = { from: member.role, to: args.role };
    return {
      result: { member: edit.record },
      writes: [updateMember(member, edit)],
      activity: [{ action: 'updated', ...about(member), changedFields: edit.changedFields, metadata }],
    };
  }
}

/** Throws when a role is not one that can be given. `field` is the path of the argument. */
export function checkRole(field: readonly string[], role: string): void {
  if (knownRole(role) !== null) return;
  throw invalid(field, 'Only ADMIN, DEVELOPER and VIEWER can be given. To make somebody the owner, use ownershipTransfer.');
}

/** Returns a membership; that of the owner as if it had a row. Throws NOT_FOUND for people who are not in the project. */
async function requireMember(context: Context, project: ProjectRecord, userId: string): Promise<MemberRecord> {
  const [owner] = membersOf(project, []);
  if (owner && userId === project.userId) return owner;
  const member = await loadMember(context, project.id, userId);
  if (!member) throw refused('NOT_FOUND', `The project has no member with the user id "${userId}".`, ['userId']);
  return member;
}

function named({ projectId }: MemberArgs) {
  return { kind: 'project', id: projectId };
}

function about({ projectId, userId, name }: MemberRecord) {
  return { entityType: 'member', entityId: userId, projectId, entityName: name } as const;
}

/** Answer of memberRemove. */
export interface MemberRemoval {
  deletedId: string;
  deletedCounts: { members: number };
}

/** Takes somebody out of a project, or lets the viewer leave it. */
export async function removeMember(context: Context, args: MemberArgs): Promise<MemberRemoval> {
  const isLeaving = findViewer(context)?.id === args.userId;
  const viewer = requireViewer(context, isLeaving ? 'membership.leave' : 'account.read');
  return mutate(context, { name: 'memberRemove', viewer, args, input: [args.projectId, args.userId], plan });

  async function plan(): Promise<MutationPlan<MemberRemoval>> {
    const { project, actor, member } = isLeaving ? await requireOwn(context, args) : await requireOther(context, args);
    const problem = removalProblem({ actor, target: roleOf(project, member), isSelf: isLeaving });
    if (problem !== null) throw refused('FORBIDDEN', problem, ['userId']);
    const count = await readTeamCount(context.connection, project);
    return {
      result: { deletedId: member.userId, deletedCounts: { members: 1 } },
      writes: [deleteMember(member), countMember(project.id, count, -1)],
      activity: [{ action: isLeaving ? 'left' : 'removed', ...about(member), metadata: { role: member.role } }],
      counts: isCountedMember(member) ? [{ ownerId: project.userId, projectId: project.id, by: { members: -1 } }] : [],
    };
  }
}

interface Removal {
  project: ProjectRecord;
  actor: Role | null;
  member: MemberRecord;
}

async function requireOther(context: Context, args: MemberArgs): Promise<Removal> {
  const { project, role: actor } = await requireProjectAccess(context, args.projectId, 'member.write', named(args));
  return { project, actor, member: await requireMember(context, project, args.userId) };
}

/** Leaving needs the membership only: also a role that means nothing can be given back. */
async function requireOwn(context: Context, args: MemberArgs): Promise<Removal> {
  const project = await loadVisibleProject(context, args.projectId);
  const isOwner = project?.userId === args.userId;
  const member =
    project && (isOwner ? await requireMember(context, project, args.userId) : await loadMember(context, project.id, args.userId));
  if (!member) throw notFound('project', args.projectId);
  return { project, actor: isOwner ? 'owner' : knownRole(member.role), member };
}
