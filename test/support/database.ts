/** The tables that the tests of one Jest worker share. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { findEmulator } from '../../src/data/embedded/binary.ts';
import { provisionTables } from '../../src/data/provision.ts';

/** Where a test finds its tables. */
export interface TestDatabase {
  readonly endpoint: string;
  /** Each worker has tables of its own, such as `t3-projects`. */
  readonly prefix: string;
  readonly client: DynamoDBClient;
}

/** Emulators accept any; these make sure that nothing real is ever sent. */
export const testCredentials = { accessKeyId: 'local', secretAccessKey: 'local' } as const;

/** Returns a client for the test database, or for another endpoint. */
export function testClient(endpoint: string = testEndpoint()): DynamoDBClient {
  return new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: testCredentials });
}

/** Returns the address of the database that the global setup started. */
export function testEndpoint(): string {
  const endpoint = process.env['SNAPINFRA_TEST_ENDPOINT'];
  if (endpoint === undefined || endpoint === '') throw new Error('No test database: run the tests through `npm test`, which starts one.');
  return endpoint;
}

/** Returns the executable of the embedded database. */
export function testEmulator(): string {
  return findEmulator({ bin: process.env['DYNOXIDE_BIN'] });
}

let provisioned: Promise<TestDatabase> | undefined;

async function provision(name = '', { streams = false } = {}): Promise<TestDatabase> {
  const endpoint = testEndpoint();
  const prefix = `t${process.env['JEST_WORKER_ID'] ?? '1'}-${name}`;
  const client = testClient(endpoint);
  await provisionTables({ client, prefix, streams });
  return { endpoint, prefix, client };
}

/**
 * Returns the database of this worker with all tables there. Test files share the tables (create objects with ids of
 * their own, expect those of others, never count or clear everything); for all but a worker's first file this costs
 * four short calls, because Jest gives each file fresh modules.
 */
export function testDatabase(): Promise<TestDatabase> {
  return (provisioned ??= provision());
}

/** Returns tables that nothing else uses, for tests of what goes through all rows. `name` tells them apart, such as `recount-`; without streams unless asked for. */
export function separateTables(name: string, options: { streams?: boolean } = {}): Promise<TestDatabase> {
  return provision(name, options);
}
