/** GraphQL Yoga on Node's HTTP server, with DataLoaders. */
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { host, startPeer, userIdOf } from './peer.ts';
import { dataLoaderContext, projectResolvers, rootResolvers } from './resolvers.ts';
import { typeDefs } from './sdl.ts';

/** What is used of Yoga. Its own types bring those of browsers along, which would then hold in the whole project. */
interface Yoga {
  createSchema: (options: { typeDefs: string; resolvers: object }) => object;
  createYoga: (options: {
    schema: object;
    context: (server: { req: { headers: IncomingHttpHeaders } }) => object;
    graphiql: boolean;
    logging: boolean;
  }) => RequestListener;
}
const { createSchema, createYoga } = createRequire(import.meta.url)('graphql-yoga') as Yoga;

const { port, store } = startPeer();
const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers: { ...rootResolvers, ...projectResolvers } }),
  context: ({ req }) => dataLoaderContext(store, userIdOf(req.headers)),
  graphiql: false,
  logging: false,
});
createServer(yoga).listen(port, host);
