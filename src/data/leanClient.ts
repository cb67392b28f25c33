/**
 * The five operations of requests with a fraction of the SDK's CPU. Everything that decides comes from the SDK's client and its
 * public parts: region, endpoint rules, credentials and their rotation, retry strategy and its quota, errors and their classes.
 * What is replaced is what costs: building a middleware stack for each call, two conversions of values, signing, HTTP.
 * `DYNAMODB_CLIENT=stock` goes back to the SDK for all of it. The header x-amz-crc32 is not checked, as in the SDK.
 */
import { BatchGetItem$, BatchWriteItem$, GetItem$, Query$, QueryCommand, TransactWriteItems$ } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { isIdentityExpired } from '@smithy/core';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { HttpResponse } from '@smithy/core/protocols';
import { retryMiddleware } from '@smithy/core/retry';
import type {
  $ClientProtocol,
  AwsCredentialIdentity,
  HandlerExecutionContext,
  ResponseMetadata,
  RetryStrategyV2,
  RetryToken,
  SerdeFunctions,
} from '@smithy/types';
import { SMITHY_CONTEXT_KEY } from '@smithy/types';
import type { Operation, Operations, Sender } from './client.ts';
import { readAnswer, requestText } from './lean/attributeValues.ts';
import { amzDate, createSigner, type Signer } from './lean/signature.ts';
import { createTransport, type HttpAnswer, type Transport, type TransportOptions } from './lean/transport.ts';

/** Where requests go, what signs them, and what decides about retries. */
interface Target {
  readonly host: string;
  readonly path: string;
  readonly transport: Transport;
  readonly signer: Signer;
  readonly retries: RetryStrategyV2;
  /** What a call begins with: it stands for no retry. */
  readonly firstToken: RetryToken;
}

/** An operation on its way: the same body in every attempt. */
interface Call<O extends Operation> {
  readonly operation: O;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

const schemas = {
  GetItem: GetItem$,
  BatchGetItem: BatchGetItem$,
  Query: Query$,
  TransactWriteItems: TransactWriteItems$,
  BatchWriteItem: BatchWriteItem$,
};

/** Shown in CloudTrail; the SDK's own one is assembled anew for each call. */
const userAgent = 'snapinfra-api';

/** From here on the server refuses a signature or soon will; the SDK corrects the clock from the same threshold on. */
const clockSkewMs = 240_000;

/** An error as the SDK decorates it. */
interface ServiceError extends Error {
  $metadata?: ResponseMetadata & { clockSkewCorrected?: boolean };
}

function headerOf({ headers }: HttpAnswer, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function metadataOf(answer: HttpAnswer): ResponseMetadata {
  const requestId = headerOf(answer, 'x-amzn-requestid');
  return { httpStatusCode: answer.statusCode, ...(requestId !== undefined && { requestId }), attempts: 1, totalRetryDelay: 0 };
}

/** Returns the error that an answer stands for, made by the SDK's protocol: an exception of the service, or why it is no JSON. */
async function errorOf(client: DynamoDBClient, operation: Operation, answer: HttpAnswer): Promise<ServiceError> {
  const [, namespace, name, traits, input, output] = schemas[operation];
  const headers = Object.fromEntries(Object.keys(answer.headers).map((header) => [header, headerOf(answer, header) ?? '']));
  const response = new HttpResponse({ statusCode: answer.statusCode, headers, body: answer.body });
  // The client's constructor has made an object of the class that its type allows too, and has given it the context for reading.
  const protocol = client.config.protocol as $ClientProtocol<unknown, HttpResponse>;
  const context = client.config as unknown as HandlerExecutionContext & SerdeFunctions;
  try {
    await protocol.deserializeResponse({ namespace, name, traits, input, output }, context, response);
    return new Error(`The answer of DynamoDB to ${operation} could not be read.`);
  } catch (thrown) {
    const error = thrown as ServiceError;
    error.$metadata ??= metadataOf(answer);
    // Where the retry middleware looks for Retry-After; hidden, because logs would show the whole answer.
    Object.defineProperty(error, '$response', { value: response, enumerable: false });
    return error;
  }
}

/** Returns the output of a successful answer, or undefined when it is no JSON. */
function outputOf<O extends Operation>(operation: O, answer: HttpAnswer): Operations[O]['output'] | undefined {
  if (answer.statusCode >= 300) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(answer.body.toString() || '{}');
  } catch {
    return undefined;
  }
  const output = readAnswer(operation, json);
  output['$metadata'] = metadataOf(answer);
  return output as unknown as Operations[O]['output'];
}

async function findTarget(client: DynamoDBClient, limits: TransportOptions): Promise<Target> {
  // Only ARNs in place of table names would have a part in it, and the catalogue has none.
  const { url, properties } = await getEndpointFromInstructions({}, QueryCommand, client.config);
  const [scheme] = (properties?.['authSchemes'] ?? []) as { signingRegion?: string }[];
  const retries = await client.config.retryStrategy();
  if (!('recordSuccess' in retries)) throw new TypeError('The lean client needs a retry strategy of version 2, such as the standard one.');
  return {
    host: url.host,
    path: url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`,
    transport: createTransport(url.origin, limits),
    signer: createSigner({ region: scheme?.signingRegion ?? (await client.config.region()), service: 'dynamodb' }),
    retries,
    firstToken: await retries.acquireInitialRetryToken(''),
  };
}

/** Returns the headers that are signed, sorted by name. */
function signedHeaders(operation: Operation, host: string, timestamp: string, sessionToken: string | undefined): [string, string][] {
  const headers: [string, string][] = [
    ['content-type', 'application/x-amz-json-1.0'],
    ['host', host],
    ['x-amz-date', timestamp],
  ];
  if (sessionToken !== undefined) headers.push(['x-amz-security-token', sessionToken]);
  headers.push(['x-amz-target', `DynamoDB_20120810.${operation}`]);
  return headers;
}

/** Returns what the SDK fills in where it is missing: without a token of its own, a transaction sent again could be applied twice. */
function completed<O extends Operation>(operation: O, input: Operations[O]['input']): Operations[O]['input'] {
  if (operation !== 'TransactWriteItems') return input;
  const { ClientRequestToken = crypto.randomUUID() } = input as Operations['TransactWriteItems']['input'];
  return { ...input, ClientRequestToken };
}

/** Opens the lean way to the DynamoDB of an SDK client, whose endpoint the first call resolves for good. */
export function createLeanClient(client: DynamoDBClient, limits: TransportOptions): Sender {
  let target: Target | undefined;
  let opening: Promise<Target> | undefined;
  let credentials: AwsCredentialIdentity | undefined;
  let clockOffset = 0;
  let closed = false;
  const retry = retryMiddleware(client.config);

  async function open(): Promise<Target> {
    opening ??= findTarget(client, limits);
    try {
      target = await opening;
      if (closed) target.transport.close();
      return target;
    } catch (error) {
      // No region, an unreadable file: the next call may find it mended.
      opening = undefined;
      throw error;
    }
  }

  /** The client's provider has them in memory, but takes several turns of the event loop to say so; it renews them five minutes early. */
  async function renewCredentials(): Promise<AwsCredentialIdentity> {
    credentials = await client.config.credentials();
    return credentials;
  }

  /** Marks an error for a retry, where the server's clock shows that this machine's clock made the signature invalid. */
  function learnClock(error: ServiceError, answer: HttpAnswer, usedOffset: number): void {
    const offset = Date.parse(headerOf(answer, 'date') ?? '') - Date.now();
    if (!(Math.abs(offset - usedOffset) >= clockSkewMs)) return;
    clockOffset = offset;
    if (error.$metadata) error.$metadata.clockSkewCorrected = true;
  }

  async function attempt<O extends Operation>({ operation, body, signal }: Call<O>) {
    const { host, path, transport, signer } = target ?? (await open());
    const identity = credentials && !isIdentityExpired(credentials) ? credentials : await renewCredentials();
    const usedOffset = clockOffset;
    const timestamp = amzDate(Date.now() + usedOffset);
    const signed = signedHeaders(operation, host, timestamp, identity.sessionToken);
    const authorization = signer.sign({ method: 'POST', path, query: '', headers: signed, body }, identity, timestamp);
    const headers = ['user-agent', userAgent, 'authorization', authorization];
    for (const [name, value] of signed) headers.push(name, value);
    const response = await transport.post({ path, headers, body, signal });
    const output = outputOf(operation, response);
    if (output) return { response, output };
    const error = await errorOf(client, operation, response);
    learnClock(error, response, usedOffset);
    throw error;
  }

  /** Hands a call whose first attempt failed to the SDK's retry middleware, which sees that failure as its own first attempt. */
  async function retried<O extends Operation>(call: Call<O>, first: ReturnType<typeof attempt<O>>): Promise<Operations[O]['output']> {
    let pending: typeof first | undefined = first;
    const next = (): typeof first => {
      const current = pending ?? attempt(call);
      pending = undefined;
      return current;
    };
    const context = { [SMITHY_CONTEXT_KEY]: { abortSignal: call.signal } } as unknown as HandlerExecutionContext;
    const { output } = await retry(next, context)({ input: call, request: undefined });
    return output;
  }

  return {
    async send(operation, input, { abortSignal: signal }) {
      const body = Buffer.from(requestText(operation, completed(operation, input)));
      const call = { operation, body, signal };
      const first = attempt(call);
      try {
        const { output } = await first;
        target?.retries.recordSuccess(target.firstToken);
        return output;
      } catch {
        return retried(call, first);
      }
    },
    close() {
      closed = true;
      target?.transport.close();
    },
  };
}
