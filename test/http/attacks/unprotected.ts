/**
 * Apollo Server as its documentation starts it: the same schema and resolvers, and none of this project's limits. An attack
 * that this peer withstands would prove nothing about the limits.
 */
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import pino from 'pino';
import { createContext, type Context, type Services } from '../../../src/context.ts';
import { createSchema } from '../../../src/graphql/schema.ts';

/** A listening server. */
export interface Unprotected {
  /** Where GraphQL is: any path. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts it on a free port, on the same kind of services as the API itself. */
export async function startUnprotected(services: Services): Promise<Unprotected> {
  const log = pino({ level: 'silent' });
  const server = new ApolloServer<Context>({
    schema: createSchema(),
    introspection: true,
    csrfPrevention: false,
    allowBatchedHttpRequests: true,
    stopOnTerminationSignals: false,
  });
  const { url } = await startStandaloneServer(server, {
    listen: { port: 0, host: '127.0.0.1' },
    context: ({ req }) => {
      const { authorization, 'user-agent': userAgent } = req.headers;
      const signal = new AbortController().signal;
      return createContext({ services, request: { id: crypto.randomUUID(), log, authorization, ip: '203.0.113.9', userAgent, signal } });
    },
  });
  return { url, close: () => server.stop() };
}
