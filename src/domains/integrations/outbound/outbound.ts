/**
 * HTTP calls to providers. Node's own fetch ignores agents and follows redirects anywhere; these calls go through an agent
 * that looks at every address after the name was resolved and before a connection is made.
 */
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type Undici from 'undici';
import type { Agent, buildConnector, Dispatcher } from 'undici';
import { isPublicAddress, isPublicHost } from './addresses.ts';

/** Why a call got no answer that can be used. */
export type OutboundProblem = 'TIMEOUT' | 'UNREACHABLE' | 'ADDRESS_REFUSED' | 'REDIRECT_REFUSED' | 'ANSWER_TOO_LARGE';

/** A call that failed before there was an answer. Neither the message nor the properties hold anything of the request. */
export class OutboundFailed extends Error {
  override readonly name = 'OutboundFailed';

  constructor(readonly problem: OutboundProblem) {
    super(`The outbound call failed: ${problem}`);
  }
}

/** A call. */
export interface OutboundRequest {
  url: URL;
  method?: 'GET' | 'POST';
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  signal: AbortSignal;
  /** True for addresses that the operator configured, which may be private ones. */
  trusted: boolean;
}

/** An answer: status, headers in lower case, and the whole body as text. */
export interface OutboundAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  text: string;
}

/** Makes calls. */
export type Outbound = (request: OutboundRequest) => Promise<OutboundAnswer>;

/** Limits of calls; those of the tests are smaller. */
export interface OutboundOptions {
  /** Largest body of an answer, in bytes; 1 MB unless given. */
  maxBytes?: number;
  /** How names are resolved; the system's way unless given. */
  lookup?: (host: string, callback: (error: Error | null, addresses: LookupAddress[]) => void) => void;
}

const maxRedirects = 3;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Returns the function that makes calls. Opens nothing before the first one; connections are kept for the next call to the same host. */
export function createOutbound(options: OutboundOptions = {}): Outbound {
  const { maxBytes = 1_048_576 } = options;
  const resolve = options.lookup ?? ((host, callback) => systemLookup(host, { all: true }, callback));
  let agents: { guarded: Agent; trusted: Agent } | undefined;

  return async (request) => {
    // Loaded with the first call: most processes never make one. The bundle gives CommonJS packages a default export only.
    const { default: undici } = await import('undici');
    agents ??= createAgents(undici, resolve);
    const dispatcher = request.trusted ? agents.trusted : agents.guarded;
    let { url } = request;
    for (let hops = 0; ; hops += 1) {
      const answer = await callOnce({ ...request, url }, { call: undici.request, dispatcher, maxBytes });
      if (!redirects.has(answer.status)) return answer;
      url = nextUrl(url, answer.headers['location']);
      // A redirected POST would have to be repeated or turned into a GET; no provider needs either.
      if (hops === maxRedirects || request.method === 'POST') throw new OutboundFailed('REDIRECT_REFUSED');
    }
  };
}

/** Credentials go along with a redirect, so it must stay with the same host, port and scheme. */
function nextUrl(from: URL, location: string | undefined): URL {
  const next = location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : null;
  if (next?.origin !== from.origin) throw new OutboundFailed('REDIRECT_REFUSED');
  return next;
}

interface CallMeans {
  call: typeof Undici.request;
  dispatcher: Dispatcher;
  maxBytes: number;
}

async function callOnce(request: OutboundRequest, { call, dispatcher, maxBytes }: CallMeans): Promise<OutboundAnswer> {
  const { url, method = 'GET', headers, body, signal } = request;
  try {
    const answer = await call(url, { method, headers, body: body ?? null, signal, dispatcher });
    // A body that is given up reports that as an error, which would end the process if nobody listened.
    answer.body.on('error', () => undefined);
    const declared = Number(answer.headers['content-length'] ?? 0);
    if (declared > maxBytes) {
      answer.body.destroy();
      throw new OutboundFailed('ANSWER_TOO_LARGE');
    }
    return { status: answer.statusCode, headers: plainHeaders(answer.headers), text: await readBody(answer.body, maxBytes) };
  } catch (error) {
    throw explain(error, signal);
  }
}

async function readBody(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early destroys the stream, and with it the connection.
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new OutboundFailed('ANSWER_TOO_LARGE');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Errors of the HTTP client can quote the request, so nothing of them is kept but the kind. */
function explain(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof OutboundFailed) return error;
  if (signal.aborted) return signal.reason;
  const code = (error as { code?: unknown }).code;
  return new OutboundFailed(typeof code === 'string' && code.includes('TIMEOUT') ? 'TIMEOUT' : 'UNREACHABLE');
}

const connectTimeoutMs = 5_000;

function createAgents(undici: typeof Undici, resolve: NonNullable<OutboundOptions['lookup']>): { guarded: Agent; trusted: Agent } {
  const limits = { connections: 16, keepAliveTimeout: 5_000, keepAliveMaxTimeout: 5_000, maxHeaderSize: 32_768 };
  const connect = undici.buildConnector({ lookup: guardedLookup(resolve), timeout: connectTimeoutMs });
  return {
    guarded: new undici.Agent({ ...limits, connect: guardedConnector(connect) }),
    trusted: new undici.Agent({ ...limits, connect: { timeout: connectTimeoutMs } }),
  };
}

/** Refuses hosts that are addresses by themselves: for those nothing is looked up. */
function guardedConnector(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    if (isPublicHost(options.hostname)) connect(options, callback);
    else callback(new OutboundFailed('ADDRESS_REFUSED'), null);
  };
}

/** Looks a name up and refuses it when any of its addresses is not public; the connection is made to the addresses that were checked. */
function guardedLookup(resolve: NonNullable<OutboundOptions['lookup']>): LookupFunction {
  return (host, options, callback) => {
    resolve(host, (error, addresses) => {
      const [first] = error ? [] : addresses;
      if (error || !first) callback(error ?? new Error('The name has no address.'), '', 0);
      else if (!addresses.every(({ address }) => isPublicAddress(address))) callback(new OutboundFailed('ADDRESS_REFUSED'), '', 0);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
