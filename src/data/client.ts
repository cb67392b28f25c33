/** The process-wide connection to DynamoDB: one SDK client with throwing timeouts, and the physical table names. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
  type BatchGetCommandInput,
  type BatchGetCommandOutput,
  type BatchWriteCommandInput,
  type BatchWriteCommandOutput,
  type GetCommandInput,
  type GetCommandOutput,
  type QueryCommandInput,
  type QueryCommandOutput,
  type TransactWriteCommandInput,
  type TransactWriteCommandOutput,
} from '@aws-sdk/lib-dynamodb';
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

/** The operations that requests use: what goes in and what comes out. Items are plain JavaScript values, bytes are Uint8Array. */
export interface Operations {
  GetItem: { input: GetCommandInput; output: GetCommandOutput };
  BatchGetItem: { input: BatchGetCommandInput; output: BatchGetCommandOutput };
  Query: { input: QueryCommandInput; output: QueryCommandOutput };
  TransactWriteItems: { input: TransactWriteCommandInput; output: TransactWriteCommandOutput };
  BatchWriteItem: { input: BatchWriteCommandInput; output: BatchWriteCommandOutput };
}

/** Name of an operation. */
export type Operation = keyof Operations;

/** Sends an operation; rejects with the SDK's errors. */
export type Send = <O extends Operation>(
  operation: O,
  input: Operations[O]['input'],
  options: { abortSignal: AbortSignal },
) => Promise<Operations[O]['output']>;

/** A connection that all requests share. */
export interface Database {
  /** For the management of tables. */
  readonly client: DynamoDBClient;
  send: Send;
  readonly prefix: string;
  /**
   * True for emulators, which sort items of an index with equal sort keys by their primary key (measured). DynamoDB's guide
   * promises no order of those.
   */
  readonly sortsTiesByKey: boolean;
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
  return {
    client,
    send: stockSend(documents),
    prefix: options.prefix,
    sortsTiesByKey: options.endpoint !== undefined,
    name: (table) => tableName(table, options.prefix),
    close: () => client.destroy(),
  };
}

function stockSend(documents: DynamoDBDocumentClient): Send {
  const commands: {
    [O in Operation]: (input: Operations[O]['input'], options: { abortSignal: AbortSignal }) => Promise<Operations[O]['output']>;
  } = {
    GetItem: (input, options) => documents.send(new GetCommand(input), options),
    BatchGetItem: (input, options) => documents.send(new BatchGetCommand(input), options),
    Query: (input, options) => documents.send(new QueryCommand(input), options),
    TransactWriteItems: (input, options) => documents.send(new TransactWriteCommand(input), options),
    BatchWriteItem: (input, options) => documents.send(new BatchWriteCommand(input), options),
  };
  return (operation, input, options) => commands[operation](input, options);
}
