import { findProjectAccess } from '../../auth/access.ts';
import type { InvitationResolvers, MemberResolvers, MutationResolvers, ProjectResolvers, UserResolvers } from '../../graphql/generated.ts';
import { payload } from '../payload.ts';
import { findProject } from '../projects/projects.service.ts';
import { findContact, findUser } from '../users/users.service.ts';
import {
  acceptInvitation,
  declineInvitation,
  inviteMember,
  listProjectInvitations,
  listUserInvitations,
  projectNameOf,
  resendInvitation,
  revokeInvitation,
} from './invitations.service.ts';
import { abilitiesOn, contactOf, listMembers, listMemberships, removeMember, updateMemberRole } from './members.service.ts';
import { transferOwnership } from './transfer.service.ts';

export const teamsResolvers = {
  Mutation: {
    memberInvite: (_, args, context) => payload(() => inviteMember(context, args)),
    invitationAccept: (_, args, context) => payload(() => acceptInvitation(context, args)),
    invitationDecline: (_, args, context) => payload(() => declineInvitation(context, args)),
    invitationRevoke: (_, args, context) => payload(() => revokeInvitation(context, args)),
    invitationResend: (_, args, context) => payload(() => resendInvitation(context, args)),
    memberRoleUpdate: (_, args, context) => payload(() => updateMemberRole(context, args)),
    memberRemove: (_, args, context) => payload(() => removeMember(context, args)),
    ownershipTransfer: (_, args, context) => payload(() => transferOwnership(context, args)),
  } satisfies MutationResolvers,

  Project: {
    members: (project, args, context) => listMembers(context, project, args),
    invitations: (project, args, context) => listProjectInvitations(context, project, args),
  } satisfies ProjectResolvers,

  User: {
    memberships: (user, args, context) => listMemberships(context, user, args),
    invitations: (user, args, context) => listUserInvitations(context, user, args),
  } satisfies UserResolvers,

  Member: {
    project: (member, _, context) => findProject(context, member.projectId),
    user: (member, _, context) => findUser(context, member.userId),
    name: async (member, _, context) => (await contactOf(context, member)).name,
    email: async (member, _, context) => (await contactOf(context, member)).email,
    invitedBy: (member, _, context) => (member.invitedById ? findUser(context, member.invitedById) : null),
    revision: (member) => member.revision ?? 1,
    viewerCanUpdate: async (member, _, context) => (await abilitiesOn(context, member)).canUpdate,
    viewerCanRemove: async (member, _, context) => (await abilitiesOn(context, member)).canRemove,
  } satisfies MemberResolvers,

  Invitation: {
    project: (invitation, _, context) => findProject(context, invitation.projectId),
    projectName: (invitation, _, context) => projectNameOf(context, invitation),
    inviterName: async (invitation, _, context) => (await findContact(context, invitation.invitedById))?.name ?? null,
    invitedBy: async (invitation, _, context) =>
      (await findProjectAccess(context, invitation.projectId, 'project.read')) ? findUser(context, invitation.invitedById) : null,
  } satisfies InvitationResolvers,
};
