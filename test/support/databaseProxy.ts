/**
 * An HTTP proxy in front of a DynamoDB endpoint, for benchmarks and fault tests: it can hold calls back, answer them with
 * errors, lose them or their answers, and it can record what was called, when, and what DynamoDB charged for it.
 * It does not sign anew what it changes, so it is for endpoints that check no signatures.
 */
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A call on its way to DynamoDB. */
export interface ProxiedCall {
  /** Such as `Query` or `TransactWriteItems`. */
  readonly operation: string;
  /** Physical name of the table; null where the operation names several or none. */
  readonly table: string | null;
  readonly index: string | null;
  /** The request as sent. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** What DynamoDB itself would have answered, such as `{ status: 400, type: 'ThrottlingException' }`. */
export interface ErrorAnswer {
  readonly status: number;
  readonly type: string;
  readonly message?: string;
  /** What else the answer says, such as `{ CancellationReasons: [{ Code: 'TransactionConflict' }] }`. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * What happens to a call: it is forwarded, at once, after a time or after something else; it is answered with an error and never forwarded;
 * `drop` closes the connection without forwarding it; `drop-answer` forwards it and closes the connection in place of an answer;
 * `hang` keeps it until the client leaves. `unprocessed` forwards every second item of a batch and answers that the others
 * are unprocessed; of a batch of one, that one is.
 */
export type Interception =
  | 'forward'
  | { readonly delayMs: number }
  | { readonly after: Promise<unknown> }
  | ErrorAnswer
  | 'drop'
  | 'drop-answer'
  | 'hang'
  | 'unprocessed';

/** Decides about a call. */
export type Intercept = (call: ProxiedCall) => Interception;

/** A call that was answered, also with an error. Times are milliseconds of `performance.now()` in the proxy's process. */
export interface RecordedCall {
  readonly operation: string;
  readonly table: string | null;
  readonly index: string | null;
  readonly start: number;
  readonly end: number;
  readonly status: number;
  /** Capacity units as DynamoDB reports them; those of writes are write units. */
  readonly units: number;
  /** Items that came back. */
  readonly items: number;
  /** Size of the answer. */
  readonly bytes: number;
}

/** How the proxy behaves from now on; what is absent stays. */
export interface ProxyBehaviour {
  readonly intercept?: Intercept | undefined;
  /** True asks DynamoDB for the consumed capacity of every call and keeps a record of it. */
  readonly record?: boolean;
}

/** A running proxy. */
export interface DatabaseProxy {
  /** Use this in place of the target. */
  readonly endpoint: string;
  configure(behaviour: ProxyBehaviour): void;
  /** Returns how many calls wait for their answers: of clients that left, none does. */
  pending(): number;
  /** Returns what was recorded since the last time, in the order of the answers. */
  take(): RecordedCall[];
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function parse(body: Buffer): Record<string, unknown> {
  return body.length === 0 ? {} : (JSON.parse(body.toString()) as Record<string, unknown>);
}

/** Operations that report no capacity and refuse to be asked for it begin with these words. */
const managementOperation = /^(Create|Delete|Describe|List|Update)(Table|Time|Continuous|Global|Tags)/;

function describeCall(request: IncomingMessage, body: Buffer): ProxiedCall {
  const operation = String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
  const input = parse(body);
  const nameIn = (key: string): string | null => (typeof input[key] === 'string' ? input[key] : null);
  return { operation, table: nameIn('TableName') ?? onlyTable(input['RequestItems']), index: nameIn('IndexName'), input };
}

function onlyTable(requestItems: unknown): string | null {
  const names = Object.keys((requestItems as object | undefined) ?? {});
  return names.length === 1 ? (names[0] ?? null) : null;
}

function unitsOf(consumed: unknown): number {
  const all = (consumed === undefined ? [] : [consumed].flat()) as { CapacityUnits?: number }[];
  return all.reduce((sum, { CapacityUnits: units = 0 }) => sum + units, 0);
}

function itemsOf(output: Record<string, unknown>): number {
  const responses = Object.values((output['Responses'] as Record<string, unknown[]> | undefined) ?? {});
  return ((output['Items'] as unknown[] | undefined) ?? responses.flat()).length + (output['Item'] === undefined ? 0 : 1);
}

function without<T extends object>(headers: T, names: readonly string[]): Partial<T> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name))) as Partial<T>;
}

/** Forwards a request with this body; rejects when the target does not answer. */
function forward(target: URL, agent: Agent, request: IncomingMessage, body: Buffer): Promise<Answer> {
  const headers = without(request.headers, ['transfer-encoding']);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      host: target.hostname,
      port: target.port,
      method: request.method,
      path: request.url,
      agent,
      headers: { ...headers, host: target.host, 'content-length': body.length },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      readAll(response).then((answer) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body: answer }), reject);
    });
    outgoing.end(body);
  });
}

type Batch = Readonly<Record<string, unknown[] | { readonly Keys: unknown[] }>>;

/** Returns a batch with the items of each table replaced; tables without items are left out: DynamoDB refuses those. */
function mapItems(batch: Batch, map: (items: unknown[]) => unknown[]): Batch {
  const tables = Object.entries(batch).map(([table, request]) => {
    const items = map(Array.isArray(request) ? request : request.Keys);
    return [table, items, Array.isArray(request) ? items : { ...request, Keys: items }] as const;
  });
  return Object.fromEntries(tables.filter(([, items]) => items.length > 0).map(([table, , request]) => [table, request]));
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

const emptyAnswer: Answer = { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: json({ Responses: {} }) };

/** Keeps a call without an answer until its client gives up. */
function hang(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.once('close', resolve));
}

function errorAnswer({ status, type, message = `${type} made by the proxy`, details }: ErrorAnswer): Answer {
  const body = json({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message, ...details });
  return { status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body };
}

function sendAnswer(response: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  const kept = without(headers, ['transfer-encoding', 'connection', 'keep-alive']);
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.writeHead(status, { ...kept, 'content-length': body.length }).end(body, resolve);
  });
}

/**
 * Starts a proxy on a free loopback port. Without a behaviour it forwards everything and records nothing.
 * A target that does not answer becomes a status 502 with the reason.
 */
export async function startDatabaseProxy({ target, ...first }: ProxyBehaviour & { target: string }): Promise<DatabaseProxy> {
  const url = new URL(target);
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  let intercept: Intercept | undefined = first.intercept;
  let record = first.record ?? false;
  let records: RecordedCall[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const start = performance.now();
    const body = await readAll(request);
    if (!record && !intercept) return sendAnswer(response, await forward(url, agent, request, body));
    const call = describeCall(request, body);
    const decision = intercept?.(call) ?? 'forward';
    if (decision === 'drop') return void response.destroy();
    if (decision === 'hang') return hang(response);
    const isRecorded = record && !managementOperation.test(call.operation);
    const forwarded = isRecorded ? withCapacity(call.input) : body;
    const answer = decision === 'unprocessed' ? await answerHalf(call, request) : await answerTo(decision, { request, body: forwarded });
    if (decision === 'drop-answer') return void response.destroy();
    await sendAnswer(response, answer);
    if (isRecorded) records.push(recordOf(call, answer, start));
  }

  async function answerTo(decision: Interception, { request, body }: { request: IncomingMessage; body: Buffer }): Promise<Answer> {
    if (typeof decision === 'object' && 'status' in decision) return errorAnswer(decision);
    if (typeof decision === 'object') await ('after' in decision ? decision.after : sleep(decision.delayMs));
    return forward(url, agent, request, body);
  }

  /** Batches name their items by table: `Keys` to read, or a list of writes. */
  async function answerHalf({ operation, input }: ProxiedCall, request: IncomingMessage): Promise<Answer> {
    const isRead = operation === 'BatchGetItem';
    const half = (wanted: (i: number, length: number) => boolean): Batch =>
      mapItems(input['RequestItems'] as Batch, (list) => list.filter((_, i) => wanted(i, list.length)));
    const taken = half((i, length) => i % 2 === 0 && length > 1);
    const left = half((i, length) => i % 2 === 1 || length === 1);
    const leftOver = { [isRead ? 'UnprocessedKeys' : 'UnprocessedItems']: left };
    const answer =
      Object.keys(taken).length === 0 ? emptyAnswer : await forward(url, agent, request, json({ ...input, RequestItems: taken }));
    return answer.status === 200 ? { ...answer, body: json({ ...parse(answer.body), ...leftOver }) } : answer;
  }

  let pending = 0;
  const server = createServer((request, response) => {
    pending += 1;
    response.once('close', () => (pending -= 1));
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      response.writeHead(502).end(error instanceof Error ? error.message : String(error));
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    configure: (behaviour) => {
      intercept = 'intercept' in behaviour ? behaviour.intercept : intercept;
      record = behaviour.record ?? record;
    },
    pending: () => pending,
    take: () => {
      const taken = records;
      records = [];
      return taken;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function withCapacity(input: Readonly<Record<string, unknown>>): Buffer {
  return json({ ...input, ReturnConsumedCapacity: input['ReturnConsumedCapacity'] ?? 'TOTAL' });
}

function recordOf({ operation, table, index }: ProxiedCall, { status, body }: Answer, start: number): RecordedCall {
  const output = parse(body);
  return {
    ...{ operation, table, index, start, end: performance.now(), status },
    units: unitsOf(output['ConsumedCapacity']),
    items: itemsOf(output),
    bytes: body.length,
  };
}
