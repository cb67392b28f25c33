/** Sources of the generated HTTP server. */
export const crudSource = String.raw`/** The five routes of a table: list, read, create, change, delete. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { invalid, notFound } from '../errors.js';
import { columnOf, isComparable, type Json, type Kind, type Row, type Store, type Table } from '../data/store.js';

/** What the routes of a table are made of. */
export interface Resource {
  /** First segment of the paths, such as /users. */
  path: string;
  table: Table;
  /** Checks for a new row, for changes and for the key; a table without a key has none of the last two. */
  create: z.ZodType<object>;
  update: z.ZodType<object>;
  key: z.ZodObject;
  row: z.ZodObject;
}

const defaultLimit = 25;
const maxLimit = 100;

/** Text of a path or query as the value that it stands for; what is no such value is left to the checks. */
function fromText(text: string, kind: Kind): Json {
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (kind !== 'integer' && kind !== 'float') return text;
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

const isText = (value: unknown): value is string => typeof value === 'string';

function readKey(request: FastifyRequest, { table, key }: Resource): Row {
  const given = request.params as Record<string, string>;
  const values = table.key.map((property) => [property, fromText(given[property] ?? '', columnOf(table, property).kind)]);
  return key.parse(Object.fromEntries(values)) as Row;
}

function readLimit(given: unknown): number {
  const limit = given === undefined ? defaultLimit : isText(given) && /^[0-9]{1,9}$/.test(given) ? Number(given) : 0;
  if (limit < 1 || limit > maxLimit) throw invalid('limit must be a whole number from 1 to ' + String(maxLimit) + '.');
  return limit;
}

/** Equality filters: every query parameter but limit and cursor names a property. */
function readFilter(query: Record<string, unknown>, { table, row }: Resource): Row {
  const filter: Row = {};
  for (const [property, given] of Object.entries(query)) {
    if (property === 'limit' || property === 'cursor') continue;
    const column = table.columns.find((one) => one.property === property);
    if (!column || !isComparable(column) || !isText(given)) throw invalid('There is no filter ' + property + ', or it is given twice.');
    filter[property] = fromText(given, column.kind);
  }
  return row.partial().parse(filter) as Row;
}

/** Adds the routes of a table; without a key it can be listed only. */
export function addRoutes(app: FastifyInstance, store: Store, resource: Resource): void {
  const { path, table, create, update } = resource;
  app.get(path, async (request) => {
    const query = request.query as Record<string, unknown>;
    const cursor = query['cursor'];
    if (cursor !== undefined && !isText(cursor)) throw invalid('cursor is given twice.');
    return store.list(table, { filter: readFilter(query, resource), limit: readLimit(query['limit']), cursor: cursor ?? null });
  });
  if (table.key.length === 0) return;
  const one = path + table.key.map((property) => '/:' + property).join('');
  const missing = () => notFound('There is no such row.');

  app.get(one, async (request) => {
    const row = await store.find(table, readKey(request, resource));
    if (!row) throw missing();
    return row;
  });
  app.post(path, async (request, reply) => {
    const row = await store.insert(table, create.parse(request.body) as Row);
    const key = table.key.map((property) => encodeURIComponent(String(row[property])));
    return reply.code(201).header('location', [path, ...key].join('/')).send(row);
  });
  app.patch(one, async (request) => {
    const row = await store.update(table, readKey(request, resource), update.parse(request.body) as Row);
    if (!row) throw missing();
    return row;
  });
  app.delete(one, async (request, reply) => {
    if (!(await store.remove(table, readKey(request, resource)))) throw missing();
    return reply.code(204).send();
  });
}
`;

export const appSource = String.raw`/** The application: routes, errors as JSON, health. It opens no port and reads no environment, so that tests can build it. */
import { readFileSync } from 'node:fs';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { ZodError } from 'zod';
import type { Store } from './data/store.js';
import { ApiError } from './errors.js';
import { addRoutes } from './http/crud.js';
import { resources } from './routes.js';

interface ErrorBody {
  error: { code: string; message: string; issues?: { path: string; message: string }[] };
}

function toBody(error: unknown): { status: number; body: ErrorBody } {
  if (error instanceof ApiError) return { status: error.status, body: { error: { code: error.code, message: error.message } } };
  if (error instanceof ZodError) {
    const issues = error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
    return { status: 400, body: { error: { code: 'INVALID', message: 'Some values do not suit: see issues.', issues } } };
  }
  const { statusCode, message } = error as Partial<FastifyError>;
  if (statusCode !== undefined && statusCode < 500) return { status: statusCode, body: { error: { code: 'INVALID', message: message ?? 'The request is not valid.' } } };
  return { status: 500, body: { error: { code: 'INTERNAL', message: 'Something went wrong here. Try again later.' } } };
}

/** Returns the server over a store. */
export function buildApp({ store, logger = false }: { store: Store; logger?: boolean }): FastifyInstance {
  const app = Fastify({ logger, routerOptions: { maxParamLength: 1_000 } });
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = toBody(error);
    if (status >= 500) request.log.error(error);
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: { code: 'NOT_FOUND', message: 'There is no route ' + request.method + ' ' + request.url + '.' } }),
  );
  app.get('/health', async (request, reply) => {
    try {
      await store.check();
      return { status: 'ok' };
    } catch (error) {
      request.log.error(error);
      return reply.code(503).send({ status: 'unavailable' });
    }
  });
  const document = readFileSync(new URL('../openapi.json', import.meta.url), 'utf8');
  app.get('/openapi.json', (_request, reply) => reply.type('application/json').send(document));
  for (const resource of resources) addRoutes(app, store, resource);
  return app;
}
`;

export const mainSource = String.raw`/** Starts the server and stops it gracefully: requests in flight are answered first. */
import { buildApp } from './app.js';
import { readConfig } from './config.js';
import { openStore } from './data/connect.js';

const config = readConfig(process.env);
const store = await openStore(config.databaseUrl);
const app = buildApp({ store, logger: true });
if (config.databaseUrl === undefined) app.log.warn('DATABASE_URL is not set: rows are kept in memory and end with this process.');

async function stop(): Promise<void> {
  await app.close();
  await store.close();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stop().catch((error: unknown) => {
      app.log.error(error);
      process.exitCode = 1;
    });
  });
}

await app.listen({ host: config.host, port: config.port });
`;

export const configSource = String.raw`/** Settings from the environment. */
import { z } from 'zod';

const environment = z.object({
  HOST: z.string().default('0.0.0.0'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3_000),
  DATABASE_URL: z.string().optional(),
});

export interface Config {
  host: string;
  port: number;
  /** Undefined where rows are kept in memory. */
  databaseUrl: string | undefined;
}

/** Returns the settings; throws an error that names the variables that do not suit. */
export function readConfig(variables: NodeJS.ProcessEnv): Config {
  const read = environment.safeParse(variables);
  if (!read.success) throw new Error('Environment: ' + z.prettifyError(read.error));
  const { HOST, PORT, DATABASE_URL } = read.data;
  return { host: HOST, port: PORT, databaseUrl: DATABASE_URL === '' ? undefined : DATABASE_URL };
}
`;
