/** Rate limits of operations: who pays for one, what is left then, and how a refusal looks on every transport. */
import { GraphQLError } from 'graphql';
import type { Context, RequestInfo } from '../context.ts';
import { RateLimitExceeded, type Caller, type RateLimitStatus } from '../limits/rateLimits.ts';

/** What an operation that never ran costs: it was read, and refused. About as much work as a small mutation. */
const refusedCost = 10;

/** By request: Apollo Server works with a copy of the context. */
const statuses = new WeakMap<RequestInfo, RateLimitStatus>();

/** Bad credentials count as none: their sender is nobody, and guessing tokens is limited by address. */
function callerOf({ credentials, request }: Context): Caller {
  return { userId: 'viewer' in credentials ? (credentials.viewer?.id ?? null) : null, ip: request.ip };
}

/** Returns what the sender of an operation has left since it was paid for or refused; null without a limit. */
export function rateLimitOf(context: Context): RateLimitStatus | null {
  return statuses.get(context.request) ?? null;
}

/** Returns the refusal by a rate limit behind an error, or null for other errors. */
export function rateLimitExceededIn(error: unknown): RateLimitExceeded | null {
  return error instanceof GraphQLError && error.originalError instanceof RateLimitExceeded ? error.originalError : null;
}

/** Notes what a refusal says, and returns it as the GraphQLError that every transport shows; HTTP answers it with 429. */
function noted(context: Context, error: unknown): unknown {
  if (!(error instanceof RateLimitExceeded)) return error;
  context.services.metrics.rateLimited(callerOf(context).userId === null ? 'address' : 'user');
  statuses.set(context.request, error.status);
  return new GraphQLError(error.message, { originalError: error, extensions: { code: error.code, http: { status: 429 } } });
}

/** Takes the points of an operation that is about to run. Rejects with RATE_LIMITED when there are too few. */
export async function payFor(context: Context, cost: number): Promise<void> {
  try {
    const status = await context.services.rateLimits.charge(callerOf(context), cost);
    if (status) statuses.set(context.request, status);
  } catch (error) {
    throw noted(context, error);
  }
}

/** Takes a few points for an operation that was refused before it had a cost, such as one that is not valid. Never rejects for want of them. */
export async function payForRefused(context: Context): Promise<void> {
  if (statuses.has(context.request)) return;
  try {
    await payFor(context, refusedCost);
  } catch (error) {
    if (!rateLimitExceededIn(error)) throw error;
  }
}

/** Throws RATE_LIMITED for a sender who was refused in this window, before their operation is even read. */
export function refuseExhausted(context: Context): void {
  try {
    context.services.rateLimits.refuseExhausted(callerOf(context));
  } catch (error) {
    throw noted(context, error);
  }
}
