/** What HTTP answers tell about rate limits: header fields and `extensions.rateLimit`. */
import type { ApolloServerPlugin } from '@apollo/server';
import type { FastifyReply } from 'fastify';
import type { Context } from '../context.ts';
import { payForRefused, rateLimitExceededIn, rateLimitOf } from '../graphql/rateLimiting.ts';
import { rateLimitExtension, rateLimitHeaders } from '../limits/rateLimits.ts';

/** Returns `extensions` of an answer, as far as they are about rate limits; null where there is no limit. */
export function rateLimitExtensions(context: Context): { rateLimit: ReturnType<typeof rateLimitExtension> } | null {
  const status = rateLimitOf(context);
  return status && { rateLimit: rateLimitExtension(status) };
}

/** Returns the same for a request that was refused before Apollo Server saw it. */
export function refusedExtensions(error: unknown): { rateLimit: ReturnType<typeof rateLimitExtension> } | null {
  const exceeded = rateLimitExceededIn(error);
  return exceeded && { rateLimit: rateLimitExtension(exceeded.status) };
}

/** Sets the header fields of an answer. */
export function sendRateLimit(reply: FastifyReply, context: Context): void {
  const status = rateLimitOf(context);
  if (status) void reply.headers(rateLimitHeaders(status));
}

/** Adds `extensions.rateLimit` to all answers, and makes operations that were refused for other reasons cost something, too. */
export function createRateLimitExtensions(): ApolloServerPlugin<Context> {
  return {
    requestDidStart: ({ contextValue }) =>
      Promise.resolve({
        async willSendResponse({ response: { body } }) {
          await payForRefused(contextValue);
          const extensions = rateLimitExtensions(contextValue);
          if (extensions && body.kind === 'single') body.singleResult.extensions = { ...body.singleResult.extensions, ...extensions };
        },
      }),
  };
}
