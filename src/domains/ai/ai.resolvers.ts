import type { AiResolvers, MutationResolvers, QueryResolvers, SubscriptionResolvers } from '../../graphql/generated.ts';
import { payload } from '../payload.ts';
import { chat, chatStream, findAssistant } from './chat.service.ts';
import { explainCode } from './explain.service.ts';
import { generateSchema } from './generateSchema.service.ts';

export const aiResolvers = {
  Query: {
    ai: (_, __, context) => findAssistant(context),
  } satisfies QueryResolvers,

  Mutation: {
    aiChat: (_, args, context) => payload(() => chat(context, args)),
    aiGenerateSchema: (_, args, context) => payload(() => generateSchema(context, args)),
    aiExplainCode: (_, args, context) => payload(() => explainCode(context, args)),
  } satisfies MutationResolvers,

  Subscription: {
    aiChatStream: { subscribe: (_, args, context) => chatStream(context, args) },
  } satisfies SubscriptionResolvers,

  Ai: {
    models: (_, __, { services }) => services.ai.modelNames(),
  } satisfies AiResolvers,
};
