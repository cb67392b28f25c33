/**
 * The third source of changes: instances tell each other over Redis what they wrote. Nothing depends on it: no write waits
 * for it, and while it is away watchers look again and again.
 */
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { redisOptions } from '../../redisOptions.ts';
import type { Change, ChangeFeed, ChangeKind } from './feed.ts';
import { withLease } from './redis/lease.ts';
import { allKinds, changeTexts, gapText, readMessage } from './redis/messages.ts';

/** What a relay needs. */
export interface RelayOptions {
  /** `redis://` or `rediss://`; may hold a password. */
  readonly url: string;
  /** Begins the names of channel and lease, so that installations can share a Redis. */
  readonly prefix: string;
  readonly log: Logger;
  /** Whom changes of other instances are published to. */
  readonly feed: ChangeFeed;
  /** Redis is taken for away when it does not answer for this time; 2,000 ms unless given. No request waits for it. */
  readonly answerWithinMs?: number | undefined;
  /** Milliseconds between two looks of watchers while Redis is away; 2,000 unless given. */
  readonly lookAgainMs?: number | undefined;
  /** How long the lease of an instance that died goes on. */
  readonly leaseMs?: number | undefined;
}

/** Relays changes between instances. */
export interface ChangeRelay {
  /** Tells other instances of changes; returns at once. */
  publish(changes: readonly Change[]): void;
  /** Tells other instances that changes of these kinds (all unless given) may have been missed. */
  publishGap(kinds?: readonly ChangeKind[]): void;
  /** Does some work while this instance is the one that does it for all, until the signal is aborted. */
  asOnlyOne(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** True while changes of other instances arrive. */
  readonly hears: boolean;
  close(): void;
}

/** Messages that Redis has not taken yet; further ones are dropped, and made good by a gap. */
const messagesInFlight = 1_000;

const usualLookAgainMs = 2_000;

/** The relay subscribes by itself, so that it knows from when on it hears. */
function connectionOptions(answerWithinMs: number) {
  return { ...redisOptions(answerWithinMs), connectTimeout: answerWithinMs, autoResubscribe: false };
}

/** Sends messages, and remembers what others were not told. */
function createSender(redis: Redis, channel: string, from: string) {
  const untold = new Set<ChangeKind>();
  let inFlight = 0;

  async function send(text: string, kinds: readonly ChangeKind[]): Promise<void> {
    if (inFlight >= messagesInFlight) {
      for (const kind of kinds) untold.add(kind);
      return;
    }
    inFlight += 1;
    try {
      await redis.publish(channel, text);
    } catch {
      for (const kind of kinds) untold.add(kind);
      return;
    } finally {
      inFlight -= 1;
    }
    tellUntold();
  }

  /** Others have not noticed that this instance could not reach Redis; they are told to look again as soon as it can. */
  function tellUntold(): void {
    if (untold.size === 0) return;
    const kinds = [...untold];
    untold.clear();
    void send(gapText(from, kinds), kinds);
  }

  return {
    tellUntold,
    publish(changes: readonly Change[]): void {
      const kinds = [...new Set(changes.map(({ kind }) => kind))];
      for (const text of changeTexts(from, changes)) void send(text, kinds);
    },
    publishGap: (kinds: readonly ChangeKind[]) => void send(gapText(from, kinds), kinds),
  };
}

/** Says once when changes stop to arrive, and once when they arrive; while they do not, watchers look again and again. */
function createHearing({ url, log, feed, lookAgainMs = usualLookAgainMs }: RelayOptions) {
  const redis = new URL(url).host;
  let hears: boolean | undefined;
  let isClosed = false;
  let clock: NodeJS.Timeout | undefined = setInterval(() => feed.publishGap(), lookAgainMs).unref();
  return {
    get now() {
      return hears === true;
    },
    begins(): void {
      log.info({ redis }, 'Redis answers: instances that use it tell each other of changes');
      hears = true;
      clearInterval(clock);
      clock = undefined;
      feed.publishGap();
    },
    ends(error?: Error): void {
      if (hears === false || isClosed) return;
      const { code, message } = (error ?? { message: 'connection closed' }) as NodeJS.ErrnoException;
      log.warn(
        { redis, reason: code ?? message },
        `Redis does not answer: until it does, subscriptions look for changes every ${lookAgainMs / 1_000} s`,
      );
      hears = false;
      clock ??= setInterval(() => feed.publishGap(), lookAgainMs).unref();
    },
    close(): void {
      isClosed = true;
      clearInterval(clock);
    },
  };
}

type Hearing = ReturnType<typeof createHearing>;

/** Hands what others say to the feed. */
function createReceiver({ feed, log }: RelayOptions, own: string) {
  let isWarned = false;
  return (text: string): void => {
    if (!feed.isWatched) return;
    const message = readMessage(text);
    if (!message) {
      // Perhaps of a newer version: it may have been a change.
      if (!isWarned)
        log.warn({ length: text.length }, 'a message about changes could not be read; subscriptions look again after such ones');
      isWarned = true;
      feed.publishGap();
    } else if (message.from !== own) {
      feed.publish(message.changes);
      if (message.gap.length > 0) feed.publishGap(message.gap);
    }
  };
}

/** Subscribes whenever the connection is there, and finds out when it only seems to be. */
function listen({ redis, channel, hearing, answerWithinMs }: { redis: Redis; channel: string; hearing: Hearing; answerWithinMs: number }) {
  let lastError: Error | undefined;
  redis.on('error', (error: Error) => {
    lastError = error;
  });
  redis.on('close', () => hearing.ends(lastError));
  redis.on('ready', () => {
    redis.subscribe(channel).then(
      () => {
        lastError = undefined;
        hearing.begins();
      },
      (error: unknown) => {
        // Not allowed, for example: the same again at once would change nothing.
        lastError = error as Error;
        setTimeout(() => redis.disconnect(true), answerWithinMs).unref();
      },
    );
  });
  // Silence is usual on a channel. A connection without answer is ended by its `socketTimeout`.
  return setInterval(() => {
    if (hearing.now) redis.ping().catch(() => undefined);
  }, answerWithinMs).unref();
}

/**
 * Opens two connections to Redis, one to speak and one to hear, and returns the relay at once: a Redis that cannot be reached
 * stops no start. Changes of this instance come back to it from nowhere else: its own messages are skipped.
 */
export async function openChangeRelay(options: RelayOptions): Promise<ChangeRelay> {
  const { url, prefix, answerWithinMs = 2_000, leaseMs } = options;
  // The bundle has CommonJS packages as a default export only.
  const { default: ioredis } = await import('ioredis');
  const connections = [1, 2].map(() => new ioredis.Redis(url, connectionOptions(answerWithinMs))) as [Redis, Redis];
  const [speaking, listening] = connections;
  const own = crypto.randomUUID();
  const channel = `${prefix}changes`;
  const sender = createSender(speaking, channel, own);
  speaking.on('ready', () => sender.tellUntold());
  // The other connection, to the same Redis, tells what is wrong.
  speaking.on('error', () => undefined);
  const hearing = createHearing(options);
  const receive = createReceiver(options, own);
  listening.on('message', (_channel: string, text: string) => receive(text));
  const pings = listen({ redis: listening, channel, hearing, answerWithinMs });
  return {
    get hears() {
      return hearing.now;
    },
    publish: (changes) => sender.publish(changes),
    publishGap: (kinds = allKinds()) => sender.publishGap(kinds),
    asOnlyOne: (signal, work) =>
      withLease({ redis: speaking, key: `${prefix}changes-reader`, holder: own, milliseconds: leaseMs }, signal, work),
    close() {
      clearInterval(pings);
      hearing.close();
      for (const redis of connections) redis.disconnect();
    },
  };
}
