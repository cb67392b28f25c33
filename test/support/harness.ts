/** Runs GraphQL operations against the real schema on the test database, as one person or another. */
import {
  createSourceEventStream,
  execute,
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLFormattedError,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import pino from 'pino';
import { createDatabase, type Database } from '../../src/data/client.ts';
import { connect, type DatabaseCall, type Row } from '../../src/data/connection.ts';
import type { TableId } from '../../src/data/tables.ts';
import { createContext, createServices, type RequestInfo, type Services, type ServicesOptions, type Settings } from '../../src/context.ts';
import { formatError } from '../../src/graphql/formatError.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { testCredentials, testDatabase } from './database.ts';

/** The data of an answer; tests know the shape that they asked for. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the shape follows from the query text, which TypeScript cannot read
export type Data = any;

/** An answer as a client sees it, plus the DynamoDB calls behind it. */
export interface Answer {
  data: Data;
  errors: readonly GraphQLFormattedError[];
  calls: DatabaseCall[];
}

/** A person (or program) with credentials. */
export interface Caller {
  /** Access token or API key; null for anonymous calls. */
  token: string | null;
}

/** A signed-up person. */
export interface TestUser extends Caller {
  id: string;
  email: string;
  password: string;
  token: string;
  refreshToken: string;
}

/** A subscription. */
export interface Following {
  /** Waits for the next event. Null when the subscription is over. */
  next(): Promise<Omit<Answer, 'calls'> | null>;
  /** Waits for the next event, which must be one without errors, and returns its data. */
  must(): Promise<Data>;
  end(): void;
}

/** A test's access to the API. */
export interface Harness {
  services: Services;
  database: Database;
  /** Runs an operation. A document that is not valid against the schema throws: that is a mistake of the test. */
  run(caller: Caller | null, document: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** Runs an operation that must succeed: throws on top-level errors and on userErrors anywhere at the root; returns the data. */
  must(caller: Caller | null, document: string, variables?: Record<string, unknown>): Promise<Data>;
  /** Subscribes; each event is answered in a context of its own, as the server does. */
  follow(caller: Caller | null, document: string, variables?: Record<string, unknown>): Promise<Following>;
  /** Signs up somebody new. */
  signUp(overrides?: { email?: string; password?: string; username?: string }): Promise<TestUser>;
  /** Puts a row straight into a table, as the earlier backend would have. */
  putRow(table: TableId, row: Row): Promise<void>;
  /** Deletes an item straight from a table. */
  deleteRow(table: TableId, key: Row): Promise<void>;
  /** Returns all items of a partition, straight from the table. */
  rows(table: TableId, partition: string): Promise<Row[]>;
  /** Waits until all background work has ended. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Settings of the tests; cheap where cost does not matter. */
export const testSettings: Settings = {
  jwtSecret: 'test-secret-of-at-least-32-characters',
  encryptionKey: Buffer.alloc(32, 1),
  deletionSettleMs: 20,
  ttlDays: { activity: 365, analytics: 90, codeGenerations: 30 },
};

/** Apollo Server marks errors of the library, such as variables that do not fit, before it formats them. */
function withApolloCode(error: GraphQLError): GraphQLFormattedError {
  const ofLibrary = error.originalError == null || error.originalError instanceof GraphQLError;
  return ofLibrary ? { ...error.toJSON(), extensions: { code: 'BAD_USER_INPUT', ...error.extensions } } : error.toJSON();
}

const schema = createSchema();

/** Tests send the same documents again and again. */
const documents = new LRUCache<string, DocumentNode>({ max: 500 });

function parseValid(document: string): DocumentNode {
  const known = documents.get(document);
  if (known) return known;
  const ast = parse(document);
  const mistakes = validate(schema, ast);
  if (mistakes.length > 0) throw new Error(mistakes.map((mistake) => mistake.message).join('\n'));
  documents.set(document, ast);
  return ast;
}

function toGraphqlError(error: unknown): GraphQLError {
  return error instanceof GraphQLError ? error : new GraphQLError('', { originalError: error as Error });
}

let signUps = 0;

/** Returns an e-mail address that no other test uses. */
export function uniqueEmail(): string {
  signUps += 1;
  return `person-${process.pid}-${Date.now().toString(36)}-${signUps}@example.com`;
}

/** Opens the API on this worker's tables, or on others; with a change feed of its own, or one that hears of other instances. */
export async function createHarness(
  settings: Partial<Settings> = {},
  tables = testDatabase(),
  changes: Pick<ServicesOptions, 'changes' | 'onWritten'> = {},
): Promise<Harness> {
  const { endpoint, prefix } = await tables;
  const database = createDatabase({ endpoint, prefix, region: 'us-east-1', credentials: testCredentials });
  const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
  const services = createServices({ database, settings: { ...testSettings, ...settings }, log, ...changes });

  function requestOf(caller: Caller | null, signal: AbortSignal, onCall?: (call: DatabaseCall) => void): RequestInfo {
    const authorization = caller?.token ? `Bearer ${caller.token}` : undefined;
    return { id: crypto.randomUUID(), log, authorization, ip: '203.0.113.7', userAgent: 'test', signal, onCall };
  }

  function shown({ data, errors = [] }: ExecutionResult, requestId: string): Omit<Answer, 'calls'> {
    const site = { requestId, log };
    return {
      data: data ? JSON.parse(JSON.stringify(data)) : null,
      errors: errors.map((error) => formatError(withApolloCode(error), error, site)),
    };
  }

  async function run(caller: Caller | null, document: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    const calls: DatabaseCall[] = [];
    const request = requestOf(caller, AbortSignal.timeout(20_000), (call) => calls.push(call));
    const contextValue = await createContext({ services, request });
    const result: ExecutionResult = await execute({ schema, document: parseValid(document), contextValue, variableValues: variables });
    return { ...shown(result, request.id), calls };
  }

  async function follow(caller: Caller | null, document: string, variables: Record<string, unknown> = {}): Promise<Following> {
    const life = new AbortController();
    const request = requestOf(caller, life.signal);
    const contextValue = await createContext({ services, request });
    const args = { schema, document: parseValid(document), variableValues: variables };
    const source = await createSourceEventStream({ ...args, contextValue });
    const events = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : null;
    let refusal = events ? null : shown(source as ExecutionResult, request.id);

    async function next(): Promise<Omit<Answer, 'calls'> | null> {
      if (!events) {
        const answer = refusal;
        refusal = null;
        return answer;
      }
      try {
        const { value: rootValue, done } = await events.next();
        if (done) return null;
        const own = await createContext({ services, request });
        return shown(await execute({ ...args, contextValue: own, rootValue }), request.id);
      } catch (error) {
        return shown({ errors: [toGraphqlError(error)] }, request.id);
      }
    }

    return {
      next,
      must: async () => {
        const event = await next();
        if (!event || event.errors.length > 0) throw new Error(`no event: ${JSON.stringify(event)}`);
        return event.data;
      },
      end: () => life.abort(),
    };
  }

  async function must(caller: Caller | null, document: string, variables?: Record<string, unknown>): Promise<Data> {
    const { data, errors } = await run(caller, document, variables);
    const refusals = Object.values((data ?? {}) as Record<string, { userErrors?: unknown[] } | null>).flatMap(
      (field) => field?.userErrors ?? [],
    );
    if (errors.length > 0 || refusals.length > 0)
      throw new Error(`unexpected errors: ${JSON.stringify([...errors, ...refusals], null, 2)}`);
    return data;
  }

  async function signUp(overrides: { email?: string; password?: string; username?: string } = {}): Promise<TestUser> {
    const input = { email: uniqueEmail(), password: 'correct horse battery', username: 'Ada', ...overrides };
    const { signUp: answer } = await must(
      null,
      'mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken refreshToken user { id } userErrors { message code field } } }',
      { input },
    );
    return {
      id: answer.user.id,
      email: input.email,
      password: input.password,
      token: answer.accessToken,
      refreshToken: answer.refreshToken,
    };
  }

  return {
    services,
    database,
    run,
    must,
    follow,
    signUp,
    putRow: async (table, row) => {
      await connect(database, { signal: AbortSignal.timeout(10_000) }).writeAll([{ table, put: row }]);
    },
    deleteRow: async (table, key) => {
      await connect(database, { signal: AbortSignal.timeout(10_000) }).writeAll([{ table, delete: key }]);
    },
    rows: async (table, partition) => {
      const connection = connect(database, { signal: AbortSignal.timeout(10_000) });
      return (await connection.query({ table, partition, consistent: true })).items;
    },
    settled: () => services.background.settled(),
    close: async () => {
      await services.background.stop();
      database.close();
    },
  };
}
