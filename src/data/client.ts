/** The process-wide connection to DynamoDB: one SDK client with throwing timeouts, and the physical table names. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { tableName, type TableId } from './tables.ts';

/** Where the tables are. Without `endpoint` the SDK finds AWS by region and its default credential chain. */
export interface DatabaseOptions {
  endpoint?: string | undefined;
  region: string;
  /** Prefix of every table name, `snapinfra-` by default configuration. */
  prefix: string;
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
}

/** A connection that all requests share. */
export interface Database {
  readonly client: DynamoDBClient;
  readonly documents: DynamoDBDocumentClient;
  readonly prefix: string;
  /** Returns the physical name of a table. */
  name(table: TableId): string;
  /** Closes all sockets. */
  close(): void;
}

const maxSockets = 128;

/**
 * Opens a connection; no request is sent yet. Three attempts a call; `requestTimeout` only warns unless
 * `throwOnRequestTimeout` is set beside it (smithy-typescript, NodeHttpHandler).
 */
export function createDatabase(options: DatabaseOptions): Database {
  const client = new DynamoDBClient({
    region: options.region,
    ...(options.endpoint && { endpoint: options.endpoint }),
    ...(options.credentials && { credentials: options.credentials }),
    maxAttempts: 3,
    requestHandler: {
      // Not shorter: under a burst of work the event loop notices an open connection only later.
      connectionTimeout: 3_000,
      requestTimeout: 5_000,
      throwOnRequestTimeout: true,
      socketTimeout: 5_000,
      httpAgent: new HttpAgent({ keepAlive: true, maxSockets }),
      httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets }),
    },
  });
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  return { client, documents, prefix: options.prefix, name: (table) => tableName(table, options.prefix), close: () => client.destroy() };
}
