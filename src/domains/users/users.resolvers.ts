import { attributesOfObject } from '../../graphql/selection.ts';
import type { MutationResolvers, QueryResolvers, UserResolvers } from '../../graphql/generated.ts';
import { payload } from '../payload.ts';
import { createApiKey, listApiKeys, revokeApiKey } from './apiKeys.service.ts';
import { changePassword, refreshSession, signOut } from './sessions.service.ts';
import { signIn, signUp } from './signIn.service.ts';
import { findViewerUser, updateOnboarding, updateUser } from './users.service.ts';

export const usersResolvers = {
  Query: {
    viewer: (_, __, context, info) => findViewerUser(context, attributesOfObject(info)),
  } satisfies QueryResolvers,

  Mutation: {
    signUp: (_, args, context) => payload(() => signUp(context, args)),
    signIn: (_, args, context) => payload(() => signIn(context, args)),
    sessionRefresh: (_, args, context) => payload(() => refreshSession(context, args)),
    signOut: (_, args, context) => payload(() => signOut(context, args)),
    passwordChange: (_, args, context) => payload(() => changePassword(context, args)),
    apiKeyCreate: (_, args, context) => payload(() => createApiKey(context, args)),
    apiKeyRevoke: (_, args, context) => payload(() => revokeApiKey(context, args)),
    userUpdate: (_, args, context) => payload(() => updateUser(context, args)),
    onboardingUpdate: (_, args, context) => payload(() => updateOnboarding(context, args)),
  } satisfies MutationResolvers,

  User: {
    profile: (user) => user.profile ?? {},
    onboardingStep: (user) => stepOf(user.onboardingStep),
    apiKeys: (user, args, context) => listApiKeys(context, user, args),
  } satisfies UserResolvers,
};

/** Rows of the earlier backend may have something else than a number. */
function stepOf(stored: string | number | null | undefined): number | null {
  const step = stored == null || stored === '' ? NaN : Number(stored);
  return Number.isInteger(step) ? step : null;
}
