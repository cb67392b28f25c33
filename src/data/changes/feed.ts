/**
 * The change feed: who watches an object is told that it has changed. A change is a hint to read the object again, so a
 * hint that comes twice does no harm, and one that may have been missed is made good by looking again.
 * Hints come from the writes of this process (observe.ts), from DynamoDB Streams (streams.ts) and over Redis (redis.ts).
 */

/** What can be watched. */
export type ChangeKind = 'project' | 'deployment' | 'deploymentLog' | 'codeGeneration' | 'activity';

/** Something has changed, or is gone. Plain JSON: it travels between instances. */
export interface Change {
  readonly kind: ChangeKind;
  /** Of the object; of a log, of its deployment. */
  readonly id: string;
  /** The project that it belongs to, where the source knows. */
  readonly projectId?: string;
  /** Sort key of an activity's row, which has no other way to be found. */
  readonly createdAt?: string;
}

/** What a watcher is interested in: one object, or all of a kind in one project. */
export type Topic =
  | { readonly kind: 'project' | 'deploymentLog' | 'codeGeneration'; readonly id: string }
  | { readonly kind: 'deployment' | 'activity'; readonly projectId: string };

/** Called with what changed; with null when changes may have been missed. Must not throw. */
export type ChangeListener = (change: Change | null) => void;

/** Tells watchers of changes. */
export interface ChangeFeed {
  /** True when anybody watches: else nobody has to find out what changed. */
  readonly isWatched: boolean;
  /** Tells the watchers of this process. */
  publish(changes: readonly Change[]): void;
  /** Tells all watchers of these kinds (all kinds unless given) that changes may have been missed. */
  publishGap(kinds?: readonly ChangeKind[]): void;
  /** Watches a topic until the returned function is called. */
  watch(topic: Topic, listener: ChangeListener): () => void;
  /** Stops the clock, if one runs. */
  close(): void;
}

/** How a feed makes good for channels that do not exist. */
export interface FeedOptions {
  /** Kinds whose changes by other processes nobody tells: their watchers look again and again. */
  readonly unshared?: readonly ChangeKind[] | undefined;
  /** Milliseconds between two such looks; 2,000 unless given. */
  readonly lookAgainMs?: number | undefined;
}

const usualLookAgainMs = 2_000;

function nameOf(topic: Topic): string {
  return `${topic.kind}:${'id' in topic ? topic.id : topic.projectId}`;
}

/** Returns the names of the topics that a change belongs to; fewer when its project is not known. */
function topicsOf({ kind, id, projectId }: Change): string[] {
  if (kind !== 'deployment' && kind !== 'activity') return [nameOf({ kind, id })];
  const ofProject = projectId === undefined ? [] : [nameOf({ kind, projectId })];
  // Who follows a log wants to know that its deployment is gone.
  return kind === 'deployment' ? [...ofProject, nameOf({ kind: 'deploymentLog', id })] : ofProject;
}

/** Creates a feed that nobody watches. */
export function createChangeFeed({ unshared = [], lookAgainMs = usualLookAgainMs }: FeedOptions = {}): ChangeFeed {
  const listeners = new Map<string, Set<ChangeListener>>();
  let clock: NodeJS.Timeout | undefined;

  function publishGap(kinds?: readonly ChangeKind[]): void {
    for (const [name, ofTopic] of listeners) {
      if (kinds && !kinds.includes(name.slice(0, name.indexOf(':')) as ChangeKind)) continue;
      for (const listener of ofTopic) listener(null);
    }
  }

  function stopClock(): void {
    clearInterval(clock);
    clock = undefined;
  }

  return {
    get isWatched() {
      return listeners.size > 0;
    },
    publish(changes) {
      for (const change of changes) {
        for (const name of topicsOf(change)) for (const listener of listeners.get(name) ?? []) listener(change);
      }
    },
    publishGap,
    watch(topic, listener) {
      const name = nameOf(topic);
      const ofTopic = listeners.get(name) ?? new Set();
      listeners.set(name, ofTopic.add(listener));
      if (unshared.length > 0) clock ??= setInterval(() => publishGap(unshared), lookAgainMs).unref();
      return () => {
        ofTopic.delete(listener);
        if (ofTopic.size === 0 && listeners.get(name) === ofTopic) listeners.delete(name);
        if (listeners.size === 0) stopClock();
      };
    },
    close: stopClock,
  };
}
