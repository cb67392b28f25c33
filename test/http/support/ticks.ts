/** A schema whose fields tell what happened to them: subscriptions that tick, are silent or fail, and fields that hang. */
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { setTimeout as sleep } from 'node:timers/promises';
import { findViewer } from '../../../src/auth/access.ts';
import type { Context } from '../../../src/context.ts';

/** What happened, in order, such as `tick 1`, `ticks ended` or `hang aborted`. */
export interface Happenings {
  readonly events: string[];
  /** Resolves when an event has happened. */
  readonly happened: (event: string) => Promise<void>;
}

/** A schema and its record. */
export interface TickingSchema extends Happenings {
  readonly schema: GraphQLSchema;
  /** Lets the field `gate` answer. */
  openGate(): void;
}

const typeDefs = /* GraphQL */ `
  type Query {
    hello: String!
    viewerId: ID
    "Ends when its signal is aborted."
    hang: String
    "Does not look at its signal."
    heedless: String
    "Answers when the test says so."
    gate: String!
    big(bytes: Int!): String!
    fails: Int
  }
  type Mutation {
    write: Int!
    slowWrite: Int!
  }
  type Tick {
    number: Int!
    viewerId: ID
    hang: String
    requestId: ID!
  }
  type Subscription {
    ticks(count: Int!, everyMs: Int!): Int!
    rich(count: Int!): Tick!
    "An event only when the last one was taken."
    large(bytes: Int!): String!
    silent: Int
    breaks: Int
    refuses: Int
    stuck: Int
  }
`;

function createRecord(): Happenings {
  const events: string[] = [];
  const waiting = new Map<string, (() => void)[]>();
  const push = events.push.bind(events);
  events.push = (...added) => {
    const length = push(...added);
    for (const event of added) for (const resolve of waiting.get(event) ?? []) resolve();
    return length;
  };
  return {
    events,
    happened: (event) =>
      new Promise((resolve) => {
        if (events.includes(event)) resolve();
        else waiting.set(event, [...(waiting.get(event) ?? []), resolve]);
      }),
  };
}

/** A source that counts how often it is asked, and never waits. */
function eagerSource<T>(
  events: string[],
  { name, value }: { name: string; value: (number: number) => T | null },
): AsyncIterableIterator<T> {
  let number = 0;
  return {
    next: () => {
      number += 1;
      const event = value(number);
      if (event === null) return Promise.resolve({ value: undefined, done: true });
      events.push(`${name} ${number}`);
      return Promise.resolve({ value: event, done: false });
    },
    return: () => {
      events.push(`${name} ended`);
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Makes the schema. */
export function createTickingSchema(): TickingSchema {
  const { events, happened } = createRecord();
  let openGate = (): void => undefined;
  const gate = new Promise<void>((resolve) => (openGate = resolve));

  async function* ticks({ count, everyMs }: { count: number; everyMs: number }, { request }: Context): AsyncGenerator<number> {
    try {
      for (let tick = 1; tick <= count; tick += 1) {
        await sleep(everyMs, undefined, { signal: request.signal });
        events.push(`tick ${tick}`);
        yield tick;
      }
    } finally {
      events.push('ticks ended');
    }
  }

  function hang(_: unknown, _args: unknown, { request: { signal } }: Context): Promise<never> {
    events.push('hang began');
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        events.push('hang aborted');
        // Of this realm: to those of Node itself, graphql-js says that they are no Error, when Jest runs it.
        reject(Object.assign(new Error('aborted'), { name: (signal.reason as Error).name }));
      });
    });
  }

  const never = (): Promise<never> => new Promise(() => undefined);
  const silent = () => ({
    next: never,
    return: () => {
      events.push('silent ended');
      return never();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  });
  const viewerId = (_: unknown, _args: unknown, context: Context): string | null => findViewer(context)?.id ?? null;
  const same = (value: unknown): unknown => value;
  const schema = makeExecutableSchema<Context>({
    typeDefs,
    resolvers: {
      Query: {
        hello: () => 'world',
        viewerId,
        hang,
        heedless: () => {
          events.push('heedless began');
          return never();
        },
        gate: async () => {
          events.push('gate began');
          await gate;
          return 'open';
        },
        big: (_: unknown, { bytes }: { bytes: number }) => 'x'.repeat(bytes),
        fails: () => {
          throw new Error('table snapinfra-users, key abc');
        },
      },
      Mutation: {
        write: () => events.push('written'),
        slowWrite: async () => {
          events.push('write began');
          await gate;
          return events.push('written');
        },
      },
      Tick: { viewerId, hang, requestId: (_: unknown, _args: unknown, { request }: Context) => request.id },
      Subscription: {
        ticks: {
          subscribe: (_: unknown, args: { count: number; everyMs: number }, context: Context) => ticks(args, context),
          resolve: same,
        },
        rich: {
          subscribe: (_: unknown, { count }: { count: number }) =>
            eagerSource(events, { name: 'rich', value: (number) => (number <= count ? { number } : null) }),
          resolve: same,
        },
        large: {
          subscribe: (_: unknown, { bytes }: { bytes: number }) => eagerSource(events, { name: 'large', value: () => 'x'.repeat(bytes) }),
          resolve: same,
        },
        silent: { subscribe: silent, resolve: same },
        breaks: {
          async *subscribe() {
            yield await Promise.resolve(1);
            throw new Error('stream arn:aws:dynamodb of snapinfra-projects');
          },
          resolve: same,
        },
        refuses: {
          subscribe: () => {
            throw new Error('table snapinfra-projects');
          },
        },
        stuck: { subscribe: never },
      },
    },
  });
  return { schema, events, happened, openGate: () => openGate() };
}
