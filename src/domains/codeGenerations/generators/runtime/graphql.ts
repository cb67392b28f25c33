/** Sources of the generated GraphQL server. */
export const loadersSource = String.raw`/** Rows of relations, fetched together: one query for all parents of a list. */
import DataLoader from 'dataloader';
import { columnOf, type Json, type Row, type Store, type Table } from '../data/store.js';

/** Loads rows of the table whose properties have the values, at most limit of them. */
export interface Loaders {
  load(table: Table, properties: string[], values: Json[], limit: number): Promise<Row[]>;
  /** Forgets everything, since a mutation may have changed it. */
  clear(): void;
}

/** A key and the foreign key to it may be a number on one side and text on the other. */
const idOf = (values: Json[]): string => JSON.stringify(values.map(String));

/** Returns loaders for one request. */
export function createLoaders(store: Store): Loaders {
  let loaders = new Map<string, DataLoader<Json[], Row[], string>>();
  const create = (table: Table, properties: string[], limit: number): DataLoader<Json[], Row[], string> =>
    new DataLoader(
      async (sets) => {
        const rows = await store.findBy(table, properties, sets.map((set) => suited(table, properties, set)), limit);
        const found = new Map<string, Row[]>();
        for (const row of rows) {
          const id = idOf(properties.map((property) => row[property] ?? null));
          found.set(id, [...(found.get(id) ?? []), row]);
        }
        return sets.map((set) => found.get(idOf(set)) ?? []);
      },
      { cacheKeyFn: idOf, maxBatchSize: 500 },
    );
  return {
    load: (table, properties, values, limit) => {
      if (values.includes(null)) return Promise.resolve([]);
      const id = JSON.stringify([table.name, properties, limit]);
      const loader = loaders.get(id) ?? create(table, properties, limit);
      loaders.set(id, loader);
      return loader.load(values);
    },
    clear: () => {
      loaders = new Map();
    },
  };
}

function suited(table: Table, properties: string[], values: Json[]): Json[] {
  return values.map((value, index) => {
    const { kind } = columnOf(table, properties[index] ?? '');
    if (kind === 'integer' || kind === 'float') return Number(value);
    return kind === 'boolean' ? value : String(value);
  });
}
`;

export const resolversSource = String.raw`/** Resolvers of all tables, made of their descriptions in resources.ts. */
import { GraphQLScalarType, Kind as Syntax, valueFromASTUntyped } from 'graphql';
import type { z } from 'zod';
import { columnOf, type Json, type Row, type Store, type Table } from '../data/store.js';
import { invalid, notFound } from '../errors.js';
import { createLoaders, type Loaders } from './loaders.js';
import { enums, resources, scalars } from './resources.js';

/** A field that leads to rows of another table: its targets have the values of the own properties. */
export interface Relation {
  field: string;
  properties: string[];
  table: Table;
  targets: string[];
  many: boolean;
}

export interface Resource {
  type: string;
  table: Table;
  row: z.ZodObject;
  create: z.ZodType<object>;
  update: z.ZodType<object>;
  key: z.ZodObject;
  /** Names of the root fields; null where the table has no such field. */
  fields: { list: string; one: string | null; create: string | null; update: string | null; remove: string | null };
  relations: Relation[];
}

export interface Context {
  store: Store;
  loaders: Loaders;
}

type Args = Record<string, unknown>;
type Resolver = (parent: Row, args: Args, context: Context) => unknown;
type Fields = Record<string, Resolver>;

/** Returns the context of one request. */
export const createContext = (store: Store): Context => ({ store, loaders: createLoaders(store) });

const maxFirst = 100;

function readFirst(first: unknown): number {
  if (typeof first === 'number' && first >= 1 && first <= maxFirst) return first;
  throw invalid('first must be a whole number from 1 to ' + String(maxFirst) + '.');
}

/** An ID is text to GraphQL, whatever the column holds. Arguments have no prototype, which the checks want. */
function suited(table: Table, values: object): Row {
  const entries = Object.entries(values as Row).map(([property, value]): [string, Json] => {
    const { kind } = columnOf(table, property);
    const isNumber = kind === 'integer' || kind === 'float';
    return [property, isNumber && typeof value === 'string' && /^-?[0-9.eE+-]+$/.test(value) ? Number(value) : value];
  });
  return Object.fromEntries(entries);
}

/** Input objects without members that are undefined. */
const parsed = (schema: z.ZodType<object>, table: Table, values: unknown): Row => schema.parse(suited(table, values as object)) as Row;

function readKey({ table, key }: Resource, args: Args): Row {
  return parsed(key, table, Object.fromEntries(table.key.map((property) => [property, args[property]])));
}

function queryFields(resource: Resource): Fields {
  const { table, row, fields } = resource;
  const list: Resolver = (_, { first, after, filter }, { store }) => {
    const given = Object.entries(filter ?? {}).filter(([, value]) => value !== undefined);
    const wanted = parsed(row.partial(), table, Object.fromEntries(given));
    return store.list(table, { filter: wanted, limit: readFirst(first), cursor: typeof after === 'string' ? after : null });
  };
  const one: Resolver = (_, args, { store }) => store.find(table, readKey(resource, args));
  return { [fields.list]: list, ...(fields.one !== null && { [fields.one]: one }) };
}

function mutationFields(resource: Resource): Fields {
  const { table, create, update, fields } = resource;
  const changing = (change: Resolver): Resolver => async (parent, args, context) => {
    const result = await change(parent, args, context);
    context.loaders.clear();
    return result;
  };
  const inserted = changing((_, { input }, { store }) => store.insert(table, parsed(create, table, input)));
  const updated = changing(async (_, args, { store }) => {
    const row = await store.update(table, readKey(resource, args), parsed(update, table, args['input']));
    if (!row) throw notFound('There is no such row.');
    return row;
  });
  const removed = changing((_, args, { store }) => store.remove(table, readKey(resource, args)));
  return {
    ...(fields.create !== null && { [fields.create]: inserted }),
    ...(fields.update !== null && { [fields.update]: updated }),
    ...(fields.remove !== null && { [fields.remove]: removed }),
  };
}

function relationField({ properties, table, targets, many }: Relation): Resolver {
  return async (parent, { first }, { loaders }) => {
    const values = properties.map((property) => parent[property] ?? null);
    const rows = await loaders.load(table, targets, values, many ? readFirst(first) : 1);
    return many ? rows : (rows[0] ?? null);
  };
}

/** Values pass as they are: the checks of the models know more than a scalar could. Long numbers stay text. */
const scalar = (name: string): GraphQLScalarType =>
  new GraphQLScalarType({
    name,
    parseValue: (value: unknown) => value,
    parseLiteral: (node, variables) => {
      const isLong = (name === 'BigInt' || name === 'Decimal') && (node.kind === Syntax.INT || node.kind === Syntax.FLOAT);
      return isLong ? node.value : valueFromASTUntyped(node, variables);
    },
  });

const merged = (maps: Fields[]): Fields => Object.assign({}, ...maps) as Fields;

/** Returns the resolver map of the schema. */
export function createResolvers() {
  const types = resources.map(({ type, relations }) => [type, Object.fromEntries(relations.map((relation) => [relation.field, relationField(relation)]))] as const);
  const mutations = merged(resources.map(mutationFields));
  return {
    Query: merged(resources.map(queryFields)),
    ...(Object.keys(mutations).length > 0 && { Mutation: mutations }),
    ...Object.fromEntries(types.filter(([, fields]) => Object.keys(fields).length > 0)),
    ...Object.fromEntries(scalars.map((name) => [name, scalar(name)])),
    ...enums,
  };
}
`;

export const graphqlAppSource = String.raw`/** The application: GraphQL over HTTP, health. It opens no port and reads no environment, so that tests can build it. */
import { readFileSync } from 'node:fs';
import { ApolloServer, HeaderMap } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import { ZodError } from 'zod';
import type { Store } from './data/store.js';
import { ApiError } from './errors.js';
import { createContext, createResolvers, type Context } from './graphql/resolvers.js';

/** What clients see of an error; of one that nobody foresaw, nothing but that it happened. */
function formatError(formatted: GraphQLFormattedError, thrown: unknown): GraphQLFormattedError {
  const error = unwrapResolverError(thrown);
  if (error instanceof ApiError) return { ...formatted, message: error.message, extensions: { code: error.code } };
  if (error instanceof ZodError) {
    const issues = error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
    return { ...formatted, message: 'Some values do not suit: see issues.', extensions: { code: 'INVALID', issues } };
  }
  const code = formatted.extensions?.['code'];
  if (code !== 'INTERNAL_SERVER_ERROR') return { ...formatted, extensions: { code } };
  return { ...formatted, message: 'Something went wrong here. Try again later.', extensions: { code: 'INTERNAL' } };
}

function headersOf(request: FastifyRequest): HeaderMap {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

/** Returns the server over a store; it owns no store and does not close it. */
export async function buildApp({ store, logger = false }: { store: Store; logger?: boolean }): Promise<FastifyInstance> {
  const app = Fastify({ logger });
  const apollo = new ApolloServer<Context>({
    typeDefs: readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8'),
    resolvers: createResolvers(),
    formatError,
    maxRecursiveSelections: 1_000,
    stopOnTerminationSignals: false,
    plugins: [
      {
        requestDidStart: async () => ({
          didEncounterErrors: async ({ errors }) => {
            for (const error of errors) {
              const cause = unwrapResolverError(error);
              if (cause !== error && !(cause instanceof ApiError) && !(cause instanceof ZodError)) app.log.error(cause);
            }
          },
        }),
      },
    ],
  });
  await apollo.start();
  app.addHook('onClose', () => apollo.stop());
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { status, headers, body } = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: request.method,
        headers: headersOf(request),
        search: new URL(request.url, 'http://localhost').search,
        body: request.body,
      },
      context: async () => createContext(store),
    });
    for (const [name, value] of headers) reply.header(name, value);
    if (body.kind !== 'complete') throw new Error('Incremental delivery is not offered.');
    await reply.code(status ?? 200).send(body.string);
  };
  app.get('/graphql', answer);
  app.post('/graphql', answer);
  app.get('/health', async (request, reply) => {
    try {
      await store.check();
      return { status: 'ok' };
    } catch (error) {
      request.log.error(error);
      return reply.code(503).send({ status: 'unavailable' });
    }
  });
  return app;
}
`;
