/** What can be done with invitations: sending, looking at them, answering, taking them back. */
import { findProjectAccess, findViewer, requireProjectAccess, requireViewer } from '../../auth/access.ts';
import { accountPermissions, scopesAllow, type Role } from '../../auth/permissions.ts';
import type { Viewer } from '../../auth/authenticate.ts';
import { normalizeEmail } from '../../auth/email.ts';
import type { Context } from '../../context.ts';
import type { Write } from '../../data/connection.ts';
import { notFound, refused } from '../../errors.ts';
import { connectionOver, listConnection, type Connection, type PageArgs } from '../list.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { shareProject } from '../projects/projects.service.ts';
import { Checks } from '../text.ts';
import { findContact, findUserIdByEmail } from '../users/users.service.ts';
import { expiryOf, inviteeKey, isOpen, type InvitationRecord } from './invitation.ts';
import { maxMembers, type MemberRecord } from './member.ts';
import { checkRole } from './members.service.ts';
import {
  countMember,
  deleteInvitation,
  invitationsTo,
  loadInvitation,
  loadMember,
  loadTeam,
  loadVisibleProject,
  putInvitation,
  putMember,
  readTeam,
  readTeamCount,
  type Team,
} from './teams.store.ts';

/** Returns an open invitation that the viewer may see: one to them, or one of a project where they may invite. Null else. */
export async function findInvitation(context: Context, id: string): Promise<InvitationRecord | null> {
  const viewer = findViewer(context);
  const invitation = viewer && (await loadInvitation(context, id));
  if (!invitation || !isOpen(invitation, context.now())) return null;
  const isInvited =
    scopesAllow(viewer.scopes, accountPermissions['account.read']) && (await emailOf(context, viewer.id)) === invitation.email;
  if (isInvited && (await loadVisibleProject(context, invitation.projectId))) return invitation;
  return (await findProjectAccess(context, invitation.projectId, 'invitation.read')) && invitation;
}

/** Lists the open invitations of a project, newest first, for its admins; null for everyone else. */
export async function listProjectInvitations(
  context: Context,
  project: ProjectRecord,
  args: PageArgs,
): Promise<Connection<InvitationRecord> | null> {
  if (!(await findProjectAccess(context, project.id, 'invitation.read', project))) return null;
  const { invitations } = await loadTeam(context, project.id);
  const records = openOf(context, invitations).toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  return connectionOver(context, { name: `project.invitations:${project.id}`, records, args, keyOf: ({ id }) => id });
}

/** Lists the open invitations to a user, newest first, for that user; null for everyone else. */
export async function listUserInvitations(
  context: Context,
  user: { id: string },
  args: PageArgs,
): Promise<Connection<InvitationRecord> | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  const email = await emailOf(context, viewer.id);
  if (email === null)
    return connectionOver<InvitationRecord>(context, { name: 'user.invitations', records: [], args, keyOf: ({ id }) => id });
  return listConnection(context, 'user.invitations', invitationsTo(context, email), args);
}

/** Returns a user's e-mail address in its canonical spelling, or null for an account without one. */
async function emailOf(context: Context, userId: string): Promise<string | null> {
  const contact = await findContact(context, userId);
  return contact?.email === undefined ? null : canonical(contact.email);
}

/** Returns the name of the project of an invitation: all that the invited see of it. */
export async function projectNameOf(context: Context, invitation: InvitationRecord): Promise<string | null> {
  return (await loadVisibleProject(context, invitation.projectId))?.name ?? null;
}

function canonical(email: string): string {
  const result = normalizeEmail(email);
  return result.ok ? result.email : email.toLowerCase();
}

function openOf(context: Context, invitations: readonly InvitationRecord[]): InvitationRecord[] {
  const now = context.now();
  return invitations.filter((invitation) => isOpen(invitation, now));
}

/** An answer with one invitation. */
export interface InvitationResult {
  invitation: InvitationRecord;
}

/** Invites somebody by e-mail address; an invitation that the address has already is replaced. */
export async function inviteMember(
  context: Context,
  args: MutationArgs & { projectId: string; input: { email: string; role: string } },
): Promise<InvitationResult> {
  const viewer = requireViewer(context, 'account.read');
  const { projectId, input } = args;
  return mutate(context, { name: 'memberInvite', viewer, args, input: [projectId, input], plan });

  async function plan(): Promise<MutationPlan<InvitationResult>> {
    const { project } = await requireProjectAccess(context, projectId, 'member.write');
    const checks = new Checks();
    const result = normalizeEmail(input.email);
    checks.add(['input', 'email'], result.ok ? null : result.message);
    checks.throwIfAny();
    checkRole(['input', 'role'], input.role);
    const email = canonical(input.email);
    const team = await readTeam(context.connection, project.id);
    await refuseMembers(context, { project, team, email, typed: input.email.trim() });
    return planSending(context, { viewer, project, team, email, role: input.role });
  }
}

/** Throws ALREADY_EXISTS when the address is that of a member or of the owner. */
async function refuseMembers(
  context: Context,
  { project, team, email, typed }: { project: ProjectRecord; team: Team; email: string; typed: string },
): Promise<void> {
  const userId = await findUserIdByEmail(context, { email, typed });
  const isOwner = userId === project.userId;
  const isMember = team.members.some((member) =>
    userId === null ? member.email !== undefined && canonical(member.email) === email : member.userId === userId,
  );
  if (!isOwner && !isMember) return;
  const advice = isOwner
    ? 'This is the owner of the project.'
    : 'This person is a member already. To change their role, use memberRoleUpdate.';
  throw refused('ALREADY_EXISTS', advice, ['input', 'email']);
}

interface Sending {
  viewer: Viewer;
  project: ProjectRecord;
  team: Team;
  email: string;
  role: string;
}

/** How many expired invitations a new one clears away. */
const maxCleared = 20;

function planSending(context: Context, { viewer, project, team, email, role }: Sending): MutationPlan<InvitationResult> {
  const others = team.invitations.filter((other) => other.email !== email);
  const open = openOf(context, others);
  const members = team.members.filter(({ userId }) => userId !== project.userId);
  if (members.length + open.length >= maxMembers) {
    const message = `A project has at most ${maxMembers} members and open invitations. Remove somebody, or revoke an invitation, first.`;
    throw refused('QUOTA_EXCEEDED', message);
  }
  const earlier = team.invitations.find((other) => other.email === email);
  const now = context.now();
  const invitation: InvitationRecord = {
    ...{ id: context.newId('inv'), projectId: project.id, userId: inviteeKey(email), email, role, status: 'pending' },
    ...{ createdAt: now, expiresAt: expiryOf(now), invitedById: viewer.id },
  };
  const expired = others.filter((other) => !open.includes(other)).slice(0, maxCleared);
  return {
    result: { invitation },
    writes: [...putInvitation(invitation, earlier), shareProject(context, project), ...expired.flatMap(deleteInvitation)],
    activity: [{ action: earlier ? 'resent' : 'created', ...about(invitation) }],
  };
}

/** What the activity feed says of an invitation: never the address, since all members read the feed. */
function about({ id, projectId, role }: InvitationRecord) {
  return { entityType: 'invitation', entityId: id, projectId, metadata: { role } } as const;
}

/** Sends an invitation anew, with a new id and another seven days. */
export async function resendInvitation(context: Context, args: MutationArgs & { id: string }): Promise<InvitationResult> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { name: 'invitationResend', viewer, args, input: args.id, plan });

  async function plan(): Promise<MutationPlan<InvitationResult>> {
    const { project, invitation } = await requireManaged(context, args.id);
    const { email, role } = invitation;
    return planSending(context, { viewer, project, team: await readTeam(context.connection, project.id), email, role });
  }
}

/** Returns an invitation of a project where the viewer may invite. Only the owner manages the invitations of admins. */
async function requireManaged(context: Context, id: string): Promise<InvitationResult & { project: ProjectRecord; role: Role }> {
  const invitation = await loadInvitation(context, id);
  if (!invitation) throw notFound('invitation', id);
  const access = await requireProjectAccess(context, invitation.projectId, 'member.write', { kind: 'invitation', id });
  return { ...access, invitation };
}

/** An answer of a mutation that ends an invitation. */
export interface InvitationEnd extends InvitationResult {
  deletedId: string;
}

/** Takes an invitation back. */
export async function revokeInvitation(context: Context, args: MutationArgs & { id: string }): Promise<InvitationEnd> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { name: 'invitationRevoke', viewer, args, input: args.id, plan });

  async function plan(): Promise<MutationPlan<InvitationEnd>> {
    const { invitation, role } = await requireManaged(context, args.id);
    if (invitation.role === 'admin' && role !== 'owner' && invitation.invitedById !== viewer.id) {
      throw refused('FORBIDDEN', 'Only the owner, or who sent it, takes back the invitation of an admin.', ['id']);
    }
    return planEnd(invitation, 'revoked');
  }
}

/** Declines an invitation to the viewer. */
export async function declineInvitation(context: Context, args: MutationArgs & { id: string }): Promise<InvitationEnd> {
  const viewer = requireViewer(context, 'invitation.answer');
  return mutate(context, { name: 'invitationDecline', viewer, args, input: args.id, plan });

  async function plan(): Promise<MutationPlan<InvitationEnd>> {
    return planEnd((await requireReceived(context, viewer, args.id)).invitation, 'declined');
  }
}

function planEnd(invitation: InvitationRecord, status: 'revoked' | 'declined'): MutationPlan<InvitationEnd> {
  return {
    result: { deletedId: invitation.id, invitation: { ...invitation, status } },
    writes: deleteInvitation(invitation),
    activity: [{ action: status, ...about(invitation) }],
  };
}

/** Returns an invitation to the viewer, also one that has expired, and its project. Throws NOT_FOUND for those to others. */
async function requireReceived(context: Context, viewer: Viewer, id: string): Promise<InvitationResult & { project: ProjectRecord }> {
  const invitation = await loadInvitation(context, id);
  const project = invitation && (await loadVisibleProject(context, invitation.projectId));
  if (!project || (await emailOf(context, viewer.id)) !== invitation.email) throw notFound('invitation', id);
  return { invitation, project };
}

/** Answer of invitationAccept. */
export interface Acceptance extends InvitationResult {
  member: MemberRecord;
}

/** Accepts an invitation: in one transaction it goes and the viewer becomes a member. */
export async function acceptInvitation(context: Context, args: MutationArgs & { id: string }): Promise<Acceptance> {
  const viewer = requireViewer(context, 'invitation.answer');
  return mutate(context, { name: 'invitationAccept', viewer, args, input: args.id, plan });

  async function plan(): Promise<MutationPlan<Acceptance>> {
    const { invitation, project } = await requireReceived(context, viewer, args.id);
    if (!isOpen(invitation, context.now())) {
      throw refused('INVALID_TRANSITION', `This invitation expired at ${invitation.expiresAt}. Ask for a new one.`, ['id']);
    }
    if (viewer.id === project.userId || (await loadMember(context, project.id, viewer.id))) {
      throw refused('ALREADY_EXISTS', 'You are a member of this project already. Decline the invitation to get rid of it.', ['id']);
    }
    const count = await readTeamCount(context.connection, project);
    if (count.members >= maxMembers) {
      throw refused(
        'QUOTA_EXCEEDED',
        `The project has ${maxMembers} members, which is the limit. Ask an admin of the project to make room.`,
      );
    }
    const { member, unchanged } = await newMember(context, { viewer, project, invitation });
    return {
      result: { member, invitation: { ...invitation, status: 'accepted' } },
      writes: [...deleteInvitation(invitation), putMember(member), unchanged, countMember(project.id, count, 1)],
      activity: [
        {
          action: 'joined',
          entityType: 'member',
          entityId: viewer.id,
          projectId: project.id,
          entityName: member.name,
          metadata: { role: member.role },
        },
        { action: 'accepted', ...about(invitation) },
      ],
      counts: [{ ownerId: project.userId, projectId: project.id, by: { members: 1 } }],
    };
  }
}

/** Returns the membership that an invitation gives, and the write that fails when the account has another address by then. */
async function newMember(
  context: Context,
  { viewer, project, invitation }: { viewer: Viewer; project: ProjectRecord; invitation: InvitationRecord },
): Promise<{ member: MemberRecord; unchanged: Write }> {
  const contact = await findContact(context, viewer.id);
  const now = context.now();
  const member: MemberRecord = {
    ...{ projectId: project.id, userId: viewer.id, email: invitation.email, role: invitation.role },
    ...(contact && { name: contact.name }),
    ...{ ownerId: project.userId, invitedById: invitation.invitedById, createdAt: now, updatedAt: now, revision: 1 },
  };
  const condition = { exists: true, equals: { email: contact?.email } };
  return { member, unchanged: { kind: 'check', table: 'users', key: { id: viewer.id }, condition } };
}
