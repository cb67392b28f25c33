/** Apollo Server with DataLoaders: the usual recipe. */
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { host, startPeer, userIdOf } from './peer.ts';
import { dataLoaderContext, projectResolvers, rootResolvers, type PeerContext } from './resolvers.ts';
import { typeDefs } from './sdl.ts';

const { port, store } = startPeer();
const server = new ApolloServer<PeerContext>({ typeDefs, resolvers: { ...rootResolvers, ...projectResolvers } });
await startStandaloneServer(server, {
  listen: { port, host },
  context: ({ req }) => Promise.resolve(dataLoaderContext(store, userIdOf(req.headers))),
});
