import { startTestDatabase } from './testDatabaseServer.ts';
import type { TestDatabaseServer } from './testDatabaseServer.ts';

declare global {
  /** Handed from the global setup to the global teardown, which run in one process. */
  var snapinfraTestDatabase: TestDatabaseServer | undefined;
}

/** Starts the database of this test run; the workers inherit its address through the environment. */
export default async function globalSetup(): Promise<void> {
  const server = await startTestDatabase();
  globalThis.snapinfraTestDatabase = server;
  process.env['SNAPINFRA_TEST_ENDPOINT'] = server.endpoint;
  // Node 20 is supported on purpose: without the SDK's reminder of 2027 in every test file.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  process.stdout.write(`Test database: ${server.description}\n`);
}
