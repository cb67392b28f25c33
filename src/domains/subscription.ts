/**
 * Subscriptions: what a client follows is read when it begins and again after each change, with the rights that its viewer
 * has by then. A slow client costs no memory: changes wait by id, and too many of them become one "look at everything".
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { findProjectAccess } from '../auth/access.ts';
import { createContext, type Context } from '../context.ts';
import type { Change, Topic } from '../data/changes/feed.ts';
import { isThrottling, isUnanswered } from '../data/errors.ts';
import { RequestError, unauthenticated } from '../errors.ts';

/** What is followed. Both readers throw when the viewer may not (any more); that ends the subscription. */
export interface Followed<Event> {
  readonly topic: Topic;
  /** Returns the current state: what the subscription begins with. */
  readonly first: (context: Context) => Promise<readonly Event[]>;
  /** Returns the events of changed objects; `null`: anything may have changed. */
  readonly next: (context: Context, changes: readonly Change[] | null) => Promise<readonly Event[]>;
  /** True when there is more to read although nothing has changed, such as the rest of a long list. */
  readonly hasMore?: () => boolean;
}

/** Changes that wait for a slow client, before it looks at everything instead. */
const maxWaiting = 1_000;

/** Collects changes until somebody takes them. */
function createQueue() {
  let waiting: Map<string, Change> | null = new Map();
  let wake = (): void => undefined;
  return {
    add: (change: Change | null): void => {
      if (change === null || waiting === null || waiting.size >= maxWaiting) waiting = null;
      else waiting.set(change.id, change);
      wake();
    },
    /** Resolves when there are changes, or `wake` was called. */
    async filled(): Promise<void> {
      if (waiting?.size !== 0) return;
      await new Promise<void>((resolve) => (wake = resolve));
    },
    take(): Change[] | null {
      const taken = waiting && [...waiting.values()];
      waiting = new Map();
      return taken;
    },
    wake: () => wake(),
  };
}

/** Returns a context for later work of the same client: it reads anew, and its credentials are checked anew. */
function renew({ services, request }: Context): Promise<Context> {
  // The cost of a subscription would grow for as long as it runs.
  return createContext({ services, request: { ...request, onCall: undefined } });
}

/** A database that is away for a moment must not end all subscriptions of a server at once. */
const maxAttempts = 5;

/** Runs `work`, again and again (after 0.5 s, 1 s, 2 s, …) while the database does not answer. */
async function patiently<T>(signal: AbortSignal, work: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      const isPassing = isThrottling(error) || isUnanswered(error);
      if (!isPassing || signal.aborted || attempt === maxAttempts - 1) throw error;
    }
    await sleep(500 * 2 ** attempt * Math.random() + 250 * 2 ** attempt, undefined, { signal });
  }
}

const done = { value: undefined, done: true } as const;

/**
 * Starts to follow. Resolves when the current state was read, so that a refusal is the answer to the operation; the events
 * are those of the GraphQL field `field`. It ends when its reader returns it, or with the signal of the request.
 */
export async function follow<Field extends string, Event>(
  context: Context,
  field: Field,
  { topic, first, next, hasMore = () => false }: Followed<Event>,
): Promise<AsyncIterableIterator<Record<Field, Event>, undefined>> {
  const { signal } = context.request;
  const queue = createQueue();
  // Before the first look: what changes meanwhile is not missed.
  const unwatch = context.services.changes.watch(topic, queue.add);
  const stop = (): void => {
    unwatch();
    signal.removeEventListener('abort', stop);
    queue.wake();
  };
  signal.addEventListener('abort', stop);
  let ready: Event[] = [];
  let isOver = false;

  async function look(): Promise<void> {
    if (!hasMore()) await queue.filled();
    // It may have ended while it waited.
    if (isOver || signal.aborted) return;
    const changes = queue.take();
    ready = [...(await patiently(signal, async (attempt) => next(await renew(context), attempt === 0 ? changes : null)))];
  }

  try {
    signal.throwIfAborted();
    ready = [...(await first(context))];
  } catch (error) {
    stop();
    throw error;
  }

  const events: AsyncIterableIterator<Record<Field, Event>, undefined> = {
    async next() {
      try {
        while (ready.length === 0 && !isOver && !signal.aborted) await look();
      } catch (error) {
        isOver = true;
        stop();
        throw error;
      }
      const event = ready.shift();
      if (event === undefined || isOver) return done;
      return { value: { [field]: event } as Record<Field, Event>, done: false };
    },
    return() {
      isOver = true;
      stop();
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]: () => events,
  };
  return events;
}

/** Returns the error of a subscription to what is not there, or not for this viewer: both look the same. */
export function notToFollow(context: Context, kind: string): RequestError {
  if ('viewer' in context.credentials && context.credentials.viewer === null) return unauthenticated();
  return new RequestError('FORBIDDEN', `There is no such ${kind}, or you may not see it (any more).`);
}

/** Remembers what was sent last of each object, so that a hint that changed nothing sends nothing. Forgets the oldest. */
export function createSent() {
  const stamps = new LRUCache<string, string>({ max: maxWaiting });
  return {
    /** True when the object is not as it was sent last; it counts as sent from now on. */
    isNews(record: Followable): boolean {
      const stamp = JSON.stringify([record.updatedAt, record.revision, record.status, record.progress]);
      const isNews = stamps.get(record.id) !== stamp;
      stamps.set(record.id, stamp);
      return isNews;
    },
  };
}

/** Throws unless the viewer may follow what happens in a project. */
export async function requireFollowed(context: Context, projectId: string): Promise<void> {
  if (!(await findProjectAccess(context, projectId, 'project.read'))) throw notToFollow(context, 'project');
}

/** What tells one state of an object from the next. Rows of the earlier backend have no revision. */
interface Followable {
  id: string;
  updatedAt: string;
  revision?: number;
  status?: string;
  progress?: number;
}

/** Returns how one object is followed: it is read by `find`, which returns null when the viewer may not see it. */
export function followedObject<Record extends Followable>(
  topic: Topic & { id: string },
  { kind, find }: { kind: string; find: (context: Context) => Promise<Record | null> },
): Followed<Record> {
  const sent = createSent();
  async function look(context: Context): Promise<Record[]> {
    const record = await find(context);
    if (!record) throw notToFollow(context, kind);
    return sent.isNews(record) ? [record] : [];
  }
  return { topic, first: look, next: look };
}
