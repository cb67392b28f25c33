/** Opens the database that the configuration names, and makes sure that its tables are there. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { createDatabase, type Database } from '../data/client.ts';
import { checkTables, provisionTables } from '../data/provision.ts';
import { tableIds } from '../data/tables.ts';
import { explainDatabaseError, StartProblem } from './problem.ts';

/** A usable database, and how to end it. */
export interface OpenDatabase {
  readonly database: Database;
  /** Where it is, for people. */
  readonly where: string;
  /** Resolves with a sentence when an embedded database has ended by itself; never for another one. */
  readonly crashed: Promise<string>;
  /** Ends connections, and the emulator where this process runs one. */
  stop(): Promise<void>;
}

/** How a database is opened. */
export interface OpenOptions {
  /** True for tools: where a server runs on the same data directory, its embedded database is used. */
  readonly join?: boolean;
  /** False leaves the tables as they are, unchecked. */
  readonly prepare?: boolean;
}

/** A database that accepts connections but never answers would hold the start up for as long as its retries take. */
const answerTimeoutMs = 10_000;

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException(`no answer within ${answerTimeoutMs / 1_000} s`, 'TimeoutError')), answerTimeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function prepareTables(database: Database, { location, provision, prefix }: Config['database'], log: Logger): Promise<void> {
  if (provision) {
    const created = await provisionTables({ client: database.client, prefix, streams: location.kind !== 'embedded' });
    if (created.length > 0) log.info({ tables: created.length }, 'tables created');
    if (created.length === tableIds.length) return;
  }
  const differences = await checkTables({ client: database.client, prefix });
  if (differences.length === 0) return;
  const advice = 'Deploy the stack in infra/, or correct DYNAMODB_TABLE_PREFIX.';
  if (differences.length === tableIds.length && differences.every((difference) => difference.endsWith('is missing.'))) {
    throw new StartProblem(`The database has none of the ${tableIds.length} tables "${prefix}*". ${advice}`);
  }
  throw new StartProblem(
    `The tables of the database are not as they must be. ${advice}\n${differences.map((line) => `  ${line}`).join('\n')}`,
  );
}

interface Place {
  readonly endpoint?: string;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string };
  readonly where: string;
  readonly crashed: Promise<string>;
  stop(): Promise<void>;
}

const nothingToStop = { crashed: new Promise<never>(() => undefined), stop: () => Promise.resolve() };

const localCredentials = { accessKeyId: 'local', secretAccessKey: 'local' };

async function findPlace({ database: { location, region }, dataDir }: Config, log: Logger, { join = false }: OpenOptions): Promise<Place> {
  if (location.kind === 'aws') return { ...nothingToStop, where: `AWS, ${region}` };
  if (location.kind === 'endpoint') {
    const { endpoint, credentials } = location;
    return { ...nothingToStop, endpoint, where: endpoint, ...(credentials && { credentials }) };
  }
  const { findEmbeddedDatabase, startEmbeddedDatabase } = await import('../data/embedded.ts');
  const running = join ? await findEmbeddedDatabase(dataDir) : null;
  if (running) {
    const where = `embedded, data in ${dataDir}, shared with the running server (process ${running.pid})`;
    return { ...nothingToStop, endpoint: running.endpoint, credentials: localCredentials, where };
  }
  const embedded = await startEmbeddedDatabase({ dataDir, bin: location.bin, log: (line) => log.debug({ line }, 'embedded database') });
  return {
    endpoint: embedded.endpoint,
    credentials: localCredentials,
    where: `embedded, data in ${dataDir}`,
    crashed: embedded.exited.then((sentence) => sentence ?? new Promise<never>(() => undefined)),
    stop: () => embedded.stop(),
  };
}

/** Opens the database. Throws StartProblem (or another error with a message for people) when it cannot be used; then nothing is left running. */
export async function openDatabase(config: Config, log: Logger, options: OpenOptions = {}): Promise<OpenDatabase> {
  const { region, prefix, client } = config.database;
  const { endpoint, credentials, ...place } = await findPlace(config, log, options);
  const database = createDatabase({ endpoint, credentials, region, prefix, client });
  const stop = async (): Promise<void> => {
    database.close();
    await place.stop();
  };
  try {
    if (options.prepare ?? true) await inTime(prepareTables(database, config.database, log));
  } catch (error) {
    await stop();
    throw explainDatabaseError(error, place.where);
  }
  return { database, where: place.where, crashed: place.crashed, stop };
}
