import type { MutationResolvers, UserResolvers } from '../../graphql/generated.ts';
import { payload } from '../payload.ts';
import { findSettings, resetSettings, updateSettings } from './settings.service.ts';

export const settingsResolvers = {
  Mutation: {
    settingsUpdate: (_, args, context) => payload(() => updateSettings(context, args)),
    settingsReset: (_, args, context) => payload(() => resetSettings(context, args)),
  } satisfies MutationResolvers,

  User: {
    settings: (user, _, context) => findSettings(context, user),
  } satisfies UserResolvers,
};
