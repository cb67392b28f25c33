/** DynamoDB Streams as the readers need it. The SDK's client is loaded by the first who opens it: most processes never do. */
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import type {
  DescribeStreamInput,
  DescribeStreamOutput,
  GetRecordsInput,
  GetRecordsOutput,
  GetShardIteratorInput,
  GetShardIteratorOutput,
} from '@aws-sdk/client-dynamodb-streams';
import type { Database } from '../../client.ts';
import { isLocalEndpoint } from '../../provision.ts';
import type { TableId } from '../../tables.ts';

/** The calls of a reader. All of them reject with the SDK's errors, once: who calls decides about another attempt. */
export interface StreamsClient {
  /** Returns the ARN of the stream that a table writes to at present, or null where it has none. */
  latestStream(table: TableId, signal?: AbortSignal): Promise<string | null>;
  describeStream(input: DescribeStreamInput, signal: AbortSignal): Promise<DescribeStreamOutput>;
  getShardIterator(input: GetShardIteratorInput, signal: AbortSignal): Promise<GetShardIteratorOutput>;
  getRecords(input: GetRecordsInput, signal: AbortSignal): Promise<GetRecordsOutput>;
  /** Closes all sockets. */
  close(): void;
}

const answerTimeoutMs = 5_000;

/** Returns the ARN of the stream that a table writes to at present, or null. AWS names the latest stream also when it was switched off. */
export async function latestStream(database: Database, table: TableId, abortSignal?: AbortSignal): Promise<string | null> {
  const command = new DescribeTableCommand({ TableName: database.name(table) });
  const { Table: description } = await database.client.send(command, abortSignal ? { abortSignal } : {});
  return (description?.StreamSpecification?.StreamEnabled && description.LatestStreamArn) || null;
}

/** Returns the address of the streams beside a local DynamoDB, which answers both; on AWS they have one of their own, which the SDK knows. */
async function localEndpoint({ client }: Database): Promise<string | undefined> {
  const endpoint = await client.config.endpoint?.();
  if (!endpoint || !isLocalEndpoint(endpoint.hostname)) return undefined;
  return `${endpoint.protocol}//${endpoint.hostname}${endpoint.port === undefined ? '' : `:${endpoint.port}`}${endpoint.path}`;
}

/** Opens the streams of a database's tables, with its region and credentials; no request is sent yet. */
export async function openStreamsClient(database: Database): Promise<StreamsClient> {
  const sdk = await import('@aws-sdk/client-dynamodb-streams');
  const endpoint = await localEndpoint(database);
  const client = new sdk.DynamoDBStreamsClient({
    region: await database.client.config.region(),
    credentials: database.client.config.credentials,
    ...(endpoint !== undefined && { endpoint }),
    // Readers try again by themselves, for as long as it takes.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: answerTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: answerTimeoutMs,
    },
  });
  return {
    latestStream: (table, signal) => latestStream(database, table, signal),
    describeStream: (input, abortSignal) => client.send(new sdk.DescribeStreamCommand(input), { abortSignal }),
    getShardIterator: (input, abortSignal) => client.send(new sdk.GetShardIteratorCommand(input), { abortSignal }),
    getRecords: (input, abortSignal) => client.send(new sdk.GetRecordsCommand(input), { abortSignal }),
    close: () => client.destroy(),
  };
}
