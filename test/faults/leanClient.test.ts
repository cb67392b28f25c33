/** The lean client when DynamoDB refuses, fails, hangs or goes away. What must hold for both clients is asked of both. */
import { afterEach, beforeEach, describe, expect, it, jest, test } from '@jest/globals';
import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { createDatabase, type ClientKind, type Database, type DatabaseOptions, type Sender } from '../../src/data/client.ts';
import { isTimeout, isUnavailable, TransactionRejected } from '../../src/data/errors.ts';
import { createLeanClient } from '../../src/data/leanClient.ts';
import { testCredentials } from '../support/database.ts';
import { withEnvironment } from '../support/environment.ts';

type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

interface Received {
  readonly at: number;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Error that the SDK rejects with. */
interface SdkError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

let server: Server;
let endpoint: string;
let received: Received[];
let sockets: Set<Socket>;
let connections: number;
let behaviours: Behaviour[];
const opened: { close(): void }[] = [];
const live = new AbortController().signal;

const answer =
  (status: number, body: string, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'R1', ...headers }).end(body);
const serviceError = (status: number, type: string, more: object = {}): Behaviour =>
  answer(status, JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: `${type}!`, ...more }));
const ok = answer(200, '{"Items":[{"id":{"S":"a"}}],"Count":1,"ScannedCount":1}');
const reset: Behaviour = (_, request) => request.socket.resetAndDestroy();
const hangUp: Behaviour = (_, request) => void request.socket.end();
const silence: Behaviour = () => undefined;
const half: Behaviour = (response) => void response.writeHead(200, { 'content-length': '1000' }).write('{"Items":[');
const halfThen =
  (end: Behaviour): Behaviour =>
  (response, request) => {
    half(response, request);
    setTimeout(() => end(response, request), 20);
  };

beforeEach(async () => {
  [received, sockets, connections, behaviours] = [[], new Set(), 0, []];
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ at: performance.now(), url: request.url ?? '', headers: request.headers, body });
      // Each behaviour once, the last one for ever.
      const behave = behaviours.length > 1 ? behaviours.shift() : behaviours[0];
      behave?.(response, request);
    });
  });
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  jest.restoreAllMocks();
  for (const client of opened.splice(0)) client.close();
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

function open(options: Partial<DatabaseOptions> = {}): Database {
  const database = createDatabase({ endpoint, region: 'us-east-1', prefix: '', credentials: testCredentials, ...options });
  opened.push(database);
  return database;
}

/** A lean client that loses patience quickly. */
function openImpatient(at = endpoint): Sender {
  const client = new DynamoDBClient({ endpoint: at, region: 'us-east-1', credentials: testCredentials, maxAttempts: 3 });
  const sender = createLeanClient(client, { maxSockets: 4, connectTimeout: 400, answerTimeout: 400, keepAlive: 1_000 });
  opened.push(sender);
  return sender;
}

function query(sender: Pick<Sender, 'send'>, abortSignal = live) {
  const input = { TableName: 't', KeyConditionExpression: '#a = :v', ExpressionAttributeNames: { '#a': 'id' } };
  return sender.send('Query', { ...input, ExpressionAttributeValues: { ':v': 'a' } }, { abortSignal });
}

async function failure(work: Promise<unknown>): Promise<SdkError> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in outcome) throw new Error(`expected a failure, got ${JSON.stringify(outcome.value)}`);
  return outcome.error as SdkError;
}

/** Jitter is a random part of the delay: none makes tests quick, all of it makes them measurable. */
const setJitter = (part: number) => jest.spyOn(Math, 'random').mockReturnValue(part);

describe.each<ClientKind>(['lean', 'stock'])('%s client', (client) => {
  beforeEach(() => void setJitter(0.02));

  it.each<[name: string, behaviour: Behaviour, status: number, requests: number]>([
    ['ValidationException', serviceError(400, 'ValidationException'), 400, 1],
    ['ResourceNotFoundException', serviceError(400, 'ResourceNotFoundException'), 400, 1],
    ['AccessDeniedException', serviceError(400, 'AccessDeniedException'), 400, 1],
    ['IdempotentParameterMismatchException', serviceError(400, 'IdempotentParameterMismatchException'), 400, 1],
    ['ProvisionedThroughputExceededException', serviceError(400, 'ProvisionedThroughputExceededException'), 400, 3],
    ['ThrottlingException', serviceError(400, 'ThrottlingException'), 400, 3],
    ['RequestLimitExceeded', serviceError(400, 'RequestLimitExceeded'), 400, 3],
    ['TransactionInProgressException', serviceError(400, 'TransactionInProgressException'), 400, 3],
    ['InternalServerError', serviceError(500, 'InternalServerError'), 500, 3],
    ['ServiceUnavailable', serviceError(503, 'ServiceUnavailable'), 503, 3],
    ['SyntaxError', answer(502, '<html><body>Bad Gateway</body></html>', { 'content-type': 'text/html' }), 502, 3],
    ['SyntaxError', answer(200, '{"Items":[{"id"'), 200, 1],
    ['Unknown', answer(500, ''), 500, 3],
  ])('rejects with %s', async (name, behaviour, status, requests) => {
    behaviours = [behaviour];
    const error = await failure(query(open({ client })));
    expect([error.name, error.$metadata?.httpStatusCode, error.$metadata?.attempts]).toEqual([name, status, requests]);
    expect(received).toHaveLength(requests);
    expect(isUnavailable(error)).toBe(status >= 500);
    expect(Object.keys(error)).not.toContain('$response');
  });

  it.each<[string, Behaviour[]]>([
    ['throttling', [serviceError(400, 'ThrottlingException')]],
    ['two internal errors', [serviceError(500, 'InternalServerError'), serviceError(500, 'InternalServerError')]],
    ['a page of HTML', [answer(503, '<html>')]],
    ['a reset before the answer', [reset]],
    ['a reset in the middle of the body', [halfThen(reset)]],
    ['the end of the connection before the answer', [hangUp]],
    ['the end of the connection in the middle of the body', [halfThen(hangUp)]],
  ])('tries again after %s', async (_, failures) => {
    behaviours = [...failures, ok];
    const output = await query(open({ client }));
    expect(output.Items).toEqual([{ id: 'a' }]);
    expect(output.$metadata).toMatchObject({ httpStatusCode: 200, attempts: failures.length + 1, requestId: 'R1' });
    expect(received).toHaveLength(failures.length + 1);
  });

  it('tells why a transaction was cancelled', async () => {
    const reasons = [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Message: 'no', Item: { id: { S: 'a' } } }];
    behaviours = [serviceError(400, 'TransactionCanceledException', { CancellationReasons: reasons })];
    const error = await failure(open({ client }).send('TransactWriteItems', { TransactItems: [] }, { abortSignal: live }));
    if (!(error instanceof TransactionCanceledException)) throw error;
    expect(error.CancellationReasons).toEqual(reasons);
    expect(TransactionRejected.from(error)?.failedAt(1)).toBe(true);
    expect(received).toHaveLength(1);
  });

  it('sends a transaction again with the same token, given or not', async () => {
    behaviours = [reset, serviceError(500, 'InternalServerError'), answer(200, '{}')];
    const database = open({ client });
    await database.send('TransactWriteItems', { TransactItems: [] }, { abortSignal: live });
    await database.send('TransactWriteItems', { TransactItems: [], ClientRequestToken: 'mine' }, { abortSignal: live });
    const tokens = received.map(({ body }) => (JSON.parse(body) as { ClientRequestToken: string }).ClientRequestToken);
    expect(tokens).toEqual([tokens[0], tokens[0], tokens[0], 'mine']);
    expect(tokens[0]).toMatch(/^[\da-f-]{36}$/);
  });

  it('waits longer before each attempt', async () => {
    setJitter(0.999);
    behaviours = [serviceError(500, 'InternalServerError')];
    await failure(query(open({ client })));
    const [first = 0, second = 0, third = 0] = received.map(({ at }) => at);
    // DynamoDB's base delay is 25 ms, doubled; a timer may be a millisecond early.
    expect(second - first).toBeGreaterThanOrEqual(22);
    expect(third - second).toBeGreaterThanOrEqual(46);
  });

  it('stops to try again when the quota of retries is used up, and regains it by successes', async () => {
    setJitter(0);
    behaviours = [serviceError(500, 'InternalServerError')];
    const database = open({ client });
    for (let call = 0; call < 20; call += 1) await failure(query(database));
    // 500 tokens, 14 for a retry (smithy-typescript, `Retry`): 35 retries.
    expect(received).toHaveLength(20 + 35);
    behaviours = [ok];
    for (let call = 0; call < 14; call += 1) await query(database);
    received.length = 0;
    behaviours = [serviceError(500, 'InternalServerError')];
    await failure(query(database));
    expect(received).toHaveLength(2);
  });

  it('sends nothing for a signal that is aborted already', async () => {
    behaviours = [ok];
    const error = await failure(query(open({ client }), AbortSignal.abort(new Error('gone'))));
    expect([error.name, error.message, connections]).toEqual(['AbortError', 'Request aborted', 0]);
    expect(isTimeout(error)).toBe(true);
  });

  it.each<[string, Behaviour]>([
    ['an answer', silence],
    ['the rest of an answer', half],
  ])('stops to wait for %s when the signal is aborted, and closes the connection', async (_, behaviour) => {
    behaviours = [behaviour];
    const controller = new AbortController();
    const work = failure(query(open({ client }), controller.signal));
    while (received.length === 0) await new Promise(setImmediate);
    const closed = once([...sockets][0] as Socket, 'close');
    setTimeout(() => controller.abort(new DOMException('too late', 'TimeoutError')), 50);
    expect((await work).name).toBe('AbortError');
    await closed;
    expect(received).toHaveLength(1);
  });

  it('stops to wait for its next attempt when the signal is aborted', async () => {
    setJitter(0.999);
    behaviours = [serviceError(400, 'ThrottlingException')];
    const controller = new AbortController();
    const work = failure(query(open({ client }), controller.signal));
    setTimeout(() => controller.abort(), 100);
    expect((await work).name).toBe('AbortError');
    expect(received).toHaveLength(1);
  });

  it('keeps its connections for calls one after the other', async () => {
    behaviours = [ok];
    const database = open({ client });
    for (let call = 0; call < 20; call += 1) await query(database);
    expect(received).toHaveLength(20);
    // undici rests a socket for one turn of the event loop after each answer: two take turns.
    expect(connections).toBeLessThanOrEqual(client === 'lean' ? 2 : 1);
  });

  it('asks again for credentials that expire within five minutes, and only then', async () => {
    behaviours = [ok];
    let [asked, lifetime] = [0, 4];
    const credentials = () => {
      asked += 1;
      const expiration = new Date(Date.now() + lifetime * 60_000);
      return Promise.resolve({ accessKeyId: `KEY${asked}`, secretAccessKey: `secret${asked}`, sessionToken: `token${asked}`, expiration });
    };
    const database = open({ client, credentials });
    /** Sends a call; returns how often it asked for credentials, after making sure that it used the newest. */
    const askedByCall = async (): Promise<number> => {
      const before = asked;
      await query(database);
      const { headers } = received.at(-1) as Received;
      expect(headers.authorization).toContain(`Credential=KEY${asked}/`);
      expect(headers['x-amz-security-token']).toBe(`token${asked}`);
      return asked - before;
    };
    expect(await askedByCall()).toBeGreaterThan(0);
    lifetime = 60;
    expect(await askedByCall()).toBeGreaterThan(0);
    expect(await askedByCall()).toBe(0);
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now + 54 * 60_000);
    expect(await askedByCall()).toBe(0);
    clock.mockReturnValue(now + 56 * 60_000);
    expect(await askedByCall()).toBeGreaterThan(0);
    expect(await askedByCall()).toBe(0);
  });

  it('signs what it sends', async () => {
    behaviours = [reset, ok];
    const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 'token' };
    await query(open({ client, credentials, region: 'eu-central-1' }));
    const [lost, sent] = received as [Received, Received];
    expect([sent.body, sent.headers['x-amz-target']]).toEqual([lost.body, 'DynamoDB_20120810.Query']);
    const authorization = sent.headers.authorization ?? '';
    const names = /SignedHeaders=([\w;-]+)/.exec(authorization)?.[1]?.split(';') ?? [];
    expect(names).toEqual(expect.arrayContaining(['content-type', 'host', 'x-amz-date', 'x-amz-security-token', 'x-amz-target']));
    const headers = Object.fromEntries(names.map((name) => [name, String(sent.headers[name])]));
    const time = String(sent.headers['x-amz-date']).replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5');
    const sdk = new SignatureV4({ credentials, region: 'eu-central-1', service: 'dynamodb', sha256: Sha256, applyChecksum: false });
    const signed = await sdk.sign(
      { method: 'POST', path: '/', headers, body: sent.body, protocol: 'http:', hostname: '127.0.0.1' },
      { signingDate: new Date(time) },
    );
    expect(authorization).toBe(signed.headers['authorization']);
  });

  it('follows the clock of the server when its own is wrong', async () => {
    const ahead = 3_600_000;
    const date = new Date(Date.now() + ahead).toUTCString();
    const skewed = { __type: 'com.amazon.coral.service#InvalidSignatureException', message: 'Signature not yet current' };
    behaviours = [answer(400, JSON.stringify(skewed), { date }), answer(200, '{"Items":[],"Count":0}', { date })];
    const database = open({ client });
    await query(database);
    await query(database);
    const offsets = received.map(({ headers }) => {
      const time = String(headers['x-amz-date']).replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5');
      return Math.abs(Math.round((Date.parse(time) - Date.now()) / 60_000));
    });
    expect(offsets).toEqual([0, 60, 60]);
  });

  it('uses the path of an endpoint', async () => {
    behaviours = [ok];
    await query(open({ client, endpoint: `${endpoint}/base` }));
    expect(received[0]?.url).toBe('/base/');
  });

  it('finds the endpoint of AWS in the configuration of the SDK', async () => {
    behaviours = [ok];
    const output = await withEnvironment({ AWS_ENDPOINT_URL_DYNAMODB: endpoint }, () => query(open({ client, endpoint: undefined })));
    expect(output.Count).toBe(1);
  });
});

describe('lean client: time runs out', () => {
  beforeEach(() => void setJitter(0));

  it.each<[string, Behaviour]>([
    ['answers', silence],
    ['ends its answer', half],
  ])('a server that never %s', async (_, behaviour) => {
    behaviours = [behaviour];
    const started = performance.now();
    const error = await failure(query(openImpatient()));
    expect([error.name, error.code, error.$metadata?.attempts]).toEqual(['TimeoutError', 'ETIMEDOUT', 3]);
    expect([isTimeout(error), isUnavailable(error), received.length]).toEqual([true, true, 3]);
    expect(performance.now() - started).toBeGreaterThanOrEqual(1_180);
  });

  it('a server that hangs once is asked again', async () => {
    behaviours = [silence, half, ok];
    expect((await query(openImpatient())).$metadata.attempts).toBe(3);
  });

  describe('a server that accepts connections, but never completes TLS', () => {
    let hanging: ReturnType<typeof createTcpServer>;
    let accepted: Socket[];

    beforeEach(async () => {
      accepted = [];
      hanging = createTcpServer((socket) => void accepted.push(socket.on('error', () => undefined)));
      await once(hanging.listen(0, '127.0.0.1'), 'listening');
    });

    afterEach(() => {
      for (const socket of accepted) socket.destroy();
      hanging.close();
    });

    const address = (): string => `https://127.0.0.1:${(hanging.address() as AddressInfo).port}`;

    it('is given up after the time to connect, three times', async () => {
      const error = await failure(query(openImpatient(address())));
      expect([error.name, error.code, error.$metadata?.attempts, accepted.length]).toEqual(['TimeoutError', 'ETIMEDOUT', 3, 3]);
      expect([isTimeout(error), isUnavailable(error)]).toEqual([true, true]);
    });

    it('is given up at once when the signal is aborted', async () => {
      const controller = new AbortController();
      const work = failure(query(open({ endpoint: address() }), controller.signal));
      while (accepted.length === 0) await new Promise(setImmediate);
      controller.abort();
      // Without the signal it would be a TimeoutError after three attempts.
      expect((await work).name).toBe('AbortError');
      expect(accepted).toHaveLength(1);
    });
  });

  it('more calls than sockets wait for their turn; an aborted one is never sent', async () => {
    const held: (() => void)[] = [];
    behaviours = [(response, request) => void held.push(() => ok(response, request))];
    const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: testCredentials, maxAttempts: 1 });
    const sender = createLeanClient(client, { maxSockets: 2, connectTimeout: 3_000, answerTimeout: 5_000, keepAlive: 1_000 });
    opened.push(sender);
    const controller = new AbortController();
    const calls = [query(sender), query(sender)];
    while (held.length < 2) await new Promise(setImmediate);
    const waiting = [failure(query(sender, controller.signal)), query(sender)] as const;
    controller.abort();
    expect((await waiting[0]).name).toBe('AbortError');
    behaviours = [ok];
    for (const release of held) release();
    expect((await Promise.all([...calls, waiting[1]])).map(({ Count }) => Count)).toEqual([1, 1, 1]);
    expect([received.length, connections]).toEqual([3, 2]);
  });
});

/** Not asked of the stock client: Jest runs tests in another realm, where the SDK does not know Node's errors for errors. */
describe('lean client: no connection', () => {
  beforeEach(() => void setJitter(0));

  it('gives up on a connection that is always reset, by an error that counts as unavailable', async () => {
    behaviours = [reset];
    const error = await failure(query(open()));
    expect([error.name, error.code, error.$metadata?.attempts]).toEqual(['TimeoutError', 'ECONNRESET', 3]);
    expect([isUnavailable(error), isTimeout(error), received.length]).toEqual([true, true, 3]);
  });

  it('gives up where nobody listens', async () => {
    const error = await failure(query(open({ endpoint: 'http://127.0.0.1:1' })));
    expect([error.code, error.$metadata?.attempts, isUnavailable(error)]).toEqual(['ECONNREFUSED', 3, true]);
  });
});

test('closing rejects what is in flight, and what comes later', async () => {
  setJitter(0);
  behaviours = [silence];
  const database = open();
  const work = failure(query(database));
  while (received.length === 0) await new Promise(setImmediate);
  database.close();
  expect((await work).message).toContain('destroyed');
  expect((await failure(query(database))).message).toContain('destroyed');
  expect(received).toHaveLength(1);
});
