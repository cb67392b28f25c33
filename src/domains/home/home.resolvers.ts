import type { HomeResolvers, QueryResolvers } from '../../graphql/generated.ts';
import { listUserActivity } from '../activity/activity.service.ts';
import { listProjectsOf } from '../projects/projects.service.ts';
import { listUserInvitations } from '../teams/invitations.service.ts';
import { findUser } from '../users/users.service.ts';
import { findHome, gettingStarted } from './home.service.ts';

export const homeResolvers = {
  Query: {
    home: (_, __, context) => findHome(context),
  } satisfies QueryResolvers,

  Home: {
    viewer: ({ viewer }, _, context) => findUser(context, viewer.id),
    recentProjects: ({ viewer }, args, context) => listProjectsOf(context, viewer, args),
    recentActivity: ({ viewer }, args, context) => listUserActivity(context, viewer, args),
    pendingInvitations: ({ viewer }, args, context) => listUserInvitations(context, viewer, args),
    gettingStarted: (home, _, context) => gettingStarted(context, home),
  } satisfies HomeResolvers,
};
