/** GraphQL Yoga on Node's HTTP server, with DataLoaders. */
import { createSchema, createYoga } from 'graphql-yoga';
import { createServer, type IncomingMessage } from 'node:http';
import { host, startPeer, userIdOf } from './peer.ts';
import { dataLoaderContext, projectResolvers, rootResolvers } from './resolvers.ts';
import { typeDefs } from './sdl.ts';

const { port, store } = startPeer();
const yoga = createYoga<{ req: IncomingMessage }>({
  schema: createSchema({ typeDefs, resolvers: { ...rootResolvers, ...projectResolvers } as never }),
  context: ({ req }) => dataLoaderContext(store, userIdOf(req.headers)),
  graphiql: false,
  logging: false,
});
// eslint-disable-next-line @typescript-eslint/no-misused-promises -- Yoga is made to be given to createServer
createServer(yoga).listen(port, host);
