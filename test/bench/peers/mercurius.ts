/** Mercurius on Fastify with its loaders, and queries compiled by graphql-jit from the first repetition on. */
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { host, startPeer, userIdOf } from './peer.ts';
import { naiveContext, rootResolvers, type PeerContext } from './resolvers.ts';
import { typeDefs } from './sdl.ts';
import type { Relation, Row } from './store.ts';

interface ListQuery {
  readonly obj: Row;
  readonly params: { first?: number };
}

const listLoader =
  (relation: Relation) =>
  (queries: ListQuery[], { read }: PeerContext) =>
    Promise.all(queries.map(async ({ obj, params }) => ({ nodes: await read.list(relation, obj.id, params.first ?? 25) })));

const { port, store } = startPeer();
const server = Fastify();
await server.register(mercurius, {
  schema: typeDefs,
  resolvers: rootResolvers as never,
  loaders: {
    Project: { schemas: listLoader('schemas'), deployments: listLoader('deployments'), activity: listLoader('activity') },
  } as never,
  context: (request) => naiveContext(store, userIdOf(request.headers)),
  jit: 1,
});
await server.listen({ port, host });
