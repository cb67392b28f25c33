/** The process-wide connection to DynamoDB: one SDK client with throwing timeouts, the lean client beside it, and the physical table names. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
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
import type { DatabaseCall } from './connection.ts';
import { createLeanClient } from './leanClient.ts';
import { tableName, type TableId } from './tables.ts';

/** Where the tables are. Without `endpoint` the SDK finds AWS by region and its default credential chain. */
export interface DatabaseOptions {
  endpoint?: string | undefined;
  region: string;
  /** Prefix of every table name, `snapinfra-` by default configuration. */
  prefix: string;
  /** Of a fixed identity, or a function that the SDK asks again five minutes before they expire. */
  credentials?: DynamoDBClientConfig['credentials'] | undefined;
  /** Milliseconds that DynamoDB may take for the first byte of an answer, and between any two chunks of it; 5,000 unless given. */
  answerTimeoutMs?: number | undefined;
  /** `stock`: requests go through lib-dynamodb too, at several times the CPU; `lean` by default. */
  client?: ClientKind | undefined;
}

/** Which client sends the operations of requests; the management of tables always goes through the SDK's. */
export type ClientKind = 'lean' | 'stock';

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

/** True for operations whose capacity units are write units. */
export function isWriteOperation(operation: Operation): boolean {
  return operation === 'TransactWriteItems' || operation === 'BatchWriteItem';
}

/** Sends an operation; rejects with the SDK's errors. */
export type Send = <O extends Operation>(
  operation: O,
  input: Operations[O]['input'],
  options: { abortSignal: AbortSignal },
) => Promise<Operations[O]['output']>;

/** What sends the operations of requests. */
export interface Sender {
  send: Send;
  /** Closes all sockets; calls in flight are rejected. */
  close(): void;
}

/** A connection that all requests share. */
export interface Database {
  /** For the management of tables. */
  readonly client: DynamoDBClient;
  send: Send;
  /** Sees every call after it was answered, whoever made it. Must not throw. */
  readonly onCall?: ((call: DatabaseCall) => void) | undefined;
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

/** Not shorter: under a burst of work the event loop notices an open connection only later. */
const connectTimeout = 3_000;

const defaultAnswerTimeout = 5_000;

/** As long as the SDK for Java keeps idle connections to DynamoDB (`connectionMaxIdleTime`); one that the server closed is a retry. */
const keepAlive = 60_000;

/**
 * Opens a connection; no request is sent yet. Three attempts a call; `requestTimeout` only warns unless
 * `throwOnRequestTimeout` is set beside it (smithy-typescript, NodeHttpHandler).
 */
export function createDatabase(options: DatabaseOptions): Database {
  const isLean = options.client !== 'stock';
  const answerTimeout = options.answerTimeoutMs ?? defaultAnswerTimeout;
  const client = new DynamoDBClient({
    region: options.region,
    ...(options.endpoint && { endpoint: options.endpoint }),
    ...(options.credentials && { credentials: options.credentials }),
    maxAttempts: 3,
    // The lean client resolves the address once: it must not depend on the account of the credentials.
    ...(isLean && { retryMode: 'standard', accountIdEndpointMode: 'disabled' }),
    requestHandler: {
      connectionTimeout: connectTimeout,
      requestTimeout: answerTimeout,
      throwOnRequestTimeout: true,
      socketTimeout: answerTimeout,
      httpAgent: new HttpAgent({ keepAlive: true, maxSockets }),
      httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets }),
    },
  });
  const sender = isLean ? createLeanClient(client, { maxSockets, connectTimeout, answerTimeout, keepAlive }) : createStockSender(client);
  return {
    client,
    send: sender.send,
    prefix: options.prefix,
    sortsTiesByKey: options.endpoint !== undefined,
    name: (table) => tableName(table, options.prefix),
    close() {
      sender.close();
      client.destroy();
    },
  };
}

function createStockSender(client: DynamoDBClient): Sender {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const commands: {
    [O in Operation]: (input: Operations[O]['input'], options: { abortSignal: AbortSignal }) => Promise<Operations[O]['output']>;
  } = {
    GetItem: (input, options) => documents.send(new GetCommand(input), options),
    BatchGetItem: (input, options) => documents.send(new BatchGetCommand(input), options),
    Query: (input, options) => documents.send(new QueryCommand(input), options),
    TransactWriteItems: (input, options) => documents.send(new TransactWriteCommand(input), options),
    BatchWriteItem: (input, options) => documents.send(new BatchWriteCommand(input), options),
  };
  return {
    send: (operation, input, options) => commands[operation](input, options),
    // Its sockets are the client's.
    close: () => undefined,
  };
}
