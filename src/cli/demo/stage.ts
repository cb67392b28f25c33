/** Where the demo is played: people act at times that lie in the past, through the services, so that all their rules and counters hold. */
import { createContext, type Context, type Services } from '../../context.ts';
import { ExpectedError } from '../../errors.ts';
import type { Person } from './demoProject.ts';

/** Ids of the people's accounts. */
export type Cast = Readonly<Record<Person, string>>;

/** One thing that somebody does. `key` makes it happen once only: it goes into the idempotency key. */
export interface Step {
  readonly at: number;
  readonly key: string;
  readonly by: Person;
  readonly act: (context: Context, idempotencyKey: string) => Promise<unknown>;
}

/** Returns a context in which `viewerId` (nobody, if absent) acts at a time in milliseconds since 1970. */
export async function contextAt(
  services: Services,
  { at, viewerId, signal }: { at: number; viewerId?: string; signal: AbortSignal },
): Promise<Context> {
  const request = { id: crypto.randomUUID(), log: services.log, ip: '127.0.0.1', signal };
  const context = await createContext({ services, request });
  const time = new Date(at).toISOString();
  const viewer = viewerId === undefined ? null : { id: viewerId, via: 'session' as const, scopes: null, sessionId: 'demo', apiKeyId: null };
  return { ...context, credentials: { viewer }, now: () => time };
}

/** Plays steps in the order of their times. What cannot be done names the step, so that a mistake in the script is found. */
export async function play(
  services: Services,
  { steps, cast, name, signal, onStep }: { steps: readonly Step[]; cast: Cast; name: string; signal: AbortSignal; onStep: () => void },
): Promise<void> {
  for (const { at, key, by, act } of [...steps].sort((a, b) => a.at - b.at)) {
    signal.throwIfAborted();
    const context = await contextAt(services, { at, viewerId: cast[by], signal });
    try {
      await act(context, `demo-${name}-${key}`);
    } catch (error) {
      if (error instanceof ExpectedError) throw new Error(`${name}, ${key}: ${error.message}`, { cause: error });
      throw error;
    }
    onStep();
  }
}

/** Returns a function that gives the same numbers from 0 to 1 for the same seed (mulberry32), so that every run tells the same story. */
export function randomOf(seed: string): () => number {
  let state = Array.from(seed).reduce((hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16_777_619), 2_166_136_261);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
