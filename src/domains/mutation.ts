/**
 * The one way to write. A mutation is planned (authorize, validate, say what to write) and then committed in a single
 * transaction together with its activity row, its counters and, where the client sent an idempotency key, its answer.
 */
import type { AnonymousContext } from '../context.ts';
import type { Write } from '../data/connection.ts';
import { countWrites, type CountChange } from '../data/counters.ts';
import { isUnanswered, TransactionRejected } from '../data/errors.ts';
import { ExpectedError, refused } from '../errors.ts';
import { activityRow, type ActivityEntry } from './activity/activity.ts';
import { answerWrites, findReplay } from './idempotency.ts';

/** Arguments that every mutation may take. */
export interface MutationArgs {
  idempotencyKey?: string | null | undefined;
  dryRun?: boolean | undefined;
}

/** What a mutation is about to do. */
export interface MutationPlan<Result> {
  /** What the mutation answers with: the objects as they will be. Plain JSON, because an idempotency key keeps it. */
  result: Result;
  writes: readonly Write[];
  /** Rows of the activity feed, one for each thing that was done: at least one, unless nothing is written. */
  activity: readonly ActivityEntry[];
  counts?: readonly CountChange[];
  /** Runs before the transaction: writes nobody can see until it is committed, such as the chunks of a body. */
  prepare?: () => Promise<void>;
  /** Runs when the transaction was refused: takes back what `prepare` wrote. */
  undo?: () => Promise<void>;
  /** Runs after the transaction: removal of what it made unreachable. A failure is logged, not reported. */
  cleanUp?: () => Promise<void>;
  /** What an idempotency key keeps instead of `result`, for results with large bodies or secrets. */
  replayable?: Result;
}

/** A mutation: its name, what identifies a repetition of it, and how to plan it. `plan` runs again when another write came between. */
export interface Mutation<Result> {
  name: string;
  /** Who does it; for signing up and in, who it turned out to be. */
  viewer: { readonly id: string };
  args: MutationArgs;
  /** The client's input; with an idempotency key, the same key must come with the same input. */
  input: unknown;
  plan: () => Promise<MutationPlan<Result>> | MutationPlan<Result>;
}

const maxAttempts = 6;

/**
 * Plans and commits a mutation; returns its result. `dryRun` plans only.
 * Throws what the plan throws, IDEMPOTENCY_KEY_REUSED for a key with other input, and CONFLICT when other writes kept coming between.
 */
export async function mutate<Result>(context: AnonymousContext, mutation: Mutation<Result>): Promise<Result> {
  const replay = mutation.args.dryRun ? null : await findReplay(context, mutation);
  if (replay) return replay.answer;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const plan = await planOrReplay(context, mutation);
    if ('answer' in plan) return plan.answer;
    if (mutation.args.dryRun) return plan.result;
    await prepare(context, plan);
    if (await commit(context, mutation, plan)) {
      await tidy(context, plan.cleanUp);
      return plan.result;
    }
    await tidy(context, plan.undo);
    context.loaders.clear();
    const earlier = await findReplay(context, mutation);
    if (earlier) return earlier.answer;
  }
  throw refused('CONFLICT', 'Others are changing the same object at this moment. Try again.');
}

/**
 * Plans a mutation. When there is nothing to do any more or it can not be done because the same call, sent twice, has been
 * done meanwhile (what it deletes is gone, what it makes exists), returns the answer of that.
 */
async function planOrReplay<Result>(
  context: AnonymousContext,
  mutation: Mutation<Result>,
): Promise<MutationPlan<Result> | { answer: Result }> {
  const findTwin = (): Promise<{ answer: Result } | null> => (mutation.args.dryRun ? Promise.resolve(null) : findReplay(context, mutation));
  try {
    const plan = await mutation.plan();
    return (isEmpty(plan) ? await findTwin() : null) ?? plan;
  } catch (error) {
    const twin = error instanceof ExpectedError ? await findTwin() : null;
    if (twin) return twin;
    throw error;
  }
}

function isEmpty(plan: MutationPlan<unknown>): boolean {
  return plan.writes.length === 0 && plan.activity.length === 0;
}

/** Writes the plan. Returns false when a condition did not hold any more, so that it has to be planned anew. */
async function commit<Result>(context: AnonymousContext, mutation: Mutation<Result>, plan: MutationPlan<Result>): Promise<boolean> {
  if (isEmpty(plan)) return true;
  if (plan.activity.length === 0) throw new Error(`${mutation.name} writes without leaving an activity`);
  const activity = plan.activity.map((entry): Write => ({
    kind: 'put',
    table: 'activity',
    item: activityRow(context, mutation.viewer, entry),
    condition: { exists: false },
  }));
  const counts = countWrites(plan.counts ?? []);
  try {
    await context.connection.transact([
      ...activity,
      ...plan.writes,
      ...counts,
      ...answerWrites(context, mutation, plan.replayable ?? plan.result),
    ]);
  } catch (error) {
    // The first activity row has an id of this attempt alone. If it exists, the transaction was applied and only its acknowledgement was lost.
    if (error instanceof TransactionRejected) {
      if (!error.failedAt(0)) return false;
    } else if (!(await isThere(context, { write: activity[0], error }))) throw error;
  }
  context.loaders.clear();
  return true;
}

/**
 * Returns whether the row of a write exists, whose transaction was never acknowledged. Then all of it was applied; where
 * not, or where nobody can tell, it may still be under way.
 */
async function isThere(context: AnonymousContext, { write, error }: { write: Write | undefined; error: unknown }): Promise<boolean> {
  if (write?.kind !== 'put' || context.request.signal.aborted || !isUnanswered(error)) return false;
  const { id, createdAt } = write.item;
  const reason = 'whether a write without acknowledgement was done';
  try {
    return (await context.connection.get(write.table, { id, createdAt }, { consistent: true, reason })) !== null;
  } catch {
    return false;
  }
}

/** Does what must be there before the transaction; what failed half-way is taken back. */
async function prepare(context: AnonymousContext, plan: MutationPlan<unknown>): Promise<void> {
  try {
    await plan.prepare?.();
  } catch (error) {
    await tidy(context, plan.undo);
    throw error;
  }
}

async function tidy(context: AnonymousContext, work: (() => Promise<void>) | undefined): Promise<void> {
  try {
    await work?.();
  } catch (error) {
    context.log.warn({ err: error }, 'clean-up after a mutation failed; what it would have removed stays unreachable');
  }
}
