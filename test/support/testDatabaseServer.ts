/** Chooses and starts the DynamoDB that the tests use. Runs once for a whole test run, in Jest's own process. */
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { request } from 'node:http';
import { homedir } from 'node:os';
import { startEmbeddedDatabase } from '../../src/data/embedded.ts';

/** A running DynamoDB. */
export interface TestDatabaseServer {
  readonly endpoint: string;
  /** What it is, for the line that says which one ran. */
  readonly description: string;
  stop(): Promise<void>;
}

const image = 'amazon/dynamodb-local:3.3.1';
const portOfImage = 8000;
const pingTimeoutMs = 500;

function cause(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Where a container runtime may listen: DOCKER_HOST alone where set, else the usual sockets of Docker and Podman. */
function runtimeAddresses(): ({ socketPath: string } | { host: string; port: number })[] {
  const dockerHost = process.env['DOCKER_HOST'];
  if (dockerHost !== undefined && dockerHost !== '') {
    const url = new URL(dockerHost);
    if (url.protocol === 'unix:') return [{ socketPath: url.pathname }];
    return url.protocol === 'tcp:' || url.protocol === 'http:' ? [{ host: url.hostname, port: Number(url.port || 2375) }] : [];
  }
  const runtimeDir = process.env['XDG_RUNTIME_DIR'];
  return ['/var/run/docker.sock', `${homedir()}/.docker/run/docker.sock`, ...(runtimeDir ? [`${runtimeDir}/podman/podman.sock`] : [])].map(
    (socketPath) => ({ socketPath }),
  );
}

function pings(address: { socketPath: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((done) => {
    const ping = request({ ...address, path: '/_ping', timeout: pingTimeoutMs }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => done(false));
    ping.end();
  });
}

async function containerRuntimeAnswers(): Promise<boolean> {
  return (await Promise.all(runtimeAddresses().map(pings))).includes(true);
}

async function useGiven(endpoint: string): Promise<TestDatabaseServer> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
    requestHandler: { requestTimeout: 5_000 },
  });
  try {
    await client.send(new ListTablesCommand({ Limit: 1 }));
  } catch (error) {
    throw new Error(`DYNAMODB_ENDPOINT is ${endpoint}, but no DynamoDB answers there: ${cause(error)}. Start it, or unset the variable.`, {
      cause: error,
    });
  } finally {
    client.destroy();
  }
  return { endpoint, description: `${endpoint} (DYNAMODB_ENDPOINT)`, stop: () => Promise.resolve() };
}

async function startContainer(): Promise<TestDatabaseServer> {
  // Loaded here only: it takes a second, and most runs do without.
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(image)
    // One database for all credentials and regions; without -sharedDb each pair has its own.
    .withCommand(['-jar', 'DynamoDBLocal.jar', '-inMemory', '-sharedDb'])
    .withExposedPorts(portOfImage)
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(120_000)
    .start();
  const endpoint = `http://${container.getHost()}:${container.getMappedPort(portOfImage)}`;
  return {
    endpoint,
    description: `${image} in a container at ${endpoint}`,
    stop: async () => {
      await container.stop();
    },
  };
}

async function startEmbedded(why: string): Promise<TestDatabaseServer> {
  const database = await startEmbeddedDatabase({ dataDir: 'memory', bin: process.env['DYNOXIDE_BIN'] });
  const { endpoint } = database;
  return { endpoint, description: `embedded, in memory, at ${endpoint} (${why})`, stop: () => database.stop() };
}

/**
 * Starts the test database, or uses a given one: `DYNAMODB_ENDPOINT` where set; a container when SNAPINFRA_TEST_DB=container
 * or a container runtime answers; else the embedded database. Rejects when what was asked for explicitly is not to be had.
 */
export async function startTestDatabase(): Promise<TestDatabaseServer> {
  const { DYNAMODB_ENDPOINT: endpoint, SNAPINFRA_TEST_DB: choice = '' } = process.env;
  if (!['', 'container', 'embedded'].includes(choice)) {
    throw new Error(`SNAPINFRA_TEST_DB is ${JSON.stringify(choice)}; it can be "container" or "embedded", or unset.`);
  }
  if (endpoint !== undefined && endpoint !== '') return useGiven(endpoint);
  if (choice === 'embedded') return startEmbedded('SNAPINFRA_TEST_DB=embedded');
  if (choice === 'container') {
    return startContainer().catch((error: unknown) => {
      throw new Error(`SNAPINFRA_TEST_DB=container, but the container did not start: ${cause(error)}`, { cause: error });
    });
  }
  if (!(await containerRuntimeAnswers())) return startEmbedded('no container runtime answers');
  return startContainer().catch((error: unknown) => startEmbedded(`the container did not start: ${cause(error)}`));
}
