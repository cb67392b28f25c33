/** A reader of event streams, by hand: also of those that a proper client would not ask for. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { Result } from './webSocketClient.ts';

/** An open event stream. */
export interface EventStreamClient {
  readonly status: number;
  header(name: string): string | undefined;
  /** Reads what is no stream. */
  text(): Promise<string>;
  /** Reads up to the next event, over comments. Null at the end. */
  next(): Promise<{ event: string; data: Result | null } | null>;
  /** Reads to the end. */
  rest(): Promise<{ event: string; data: Result | null }[]>;
  /** Pieces between empty lines that were comments. */
  comments(): number;
  leave(): void;
}

/** Headers of an ordinary request for a stream. */
export const streamHeaders = { accept: 'text/event-stream', 'content-type': 'application/json' };

/** Sends an operation with POST. */
export function postForStream(url: string, body: unknown, headers: Record<string, string> = {}): Promise<EventStreamClient> {
  return openStream(url, { method: 'POST', headers: { ...streamHeaders, ...headers }, body: JSON.stringify(body) });
}

/** A request for a stream. */
export interface StreamRequest {
  readonly method?: string;
  readonly search?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Sends a request to `/graphql/stream` on a connection of its own: fetch would open a spare one for a client that leaves. */
export async function openStream(
  url: string,
  { method = 'GET', search = '', headers = {}, body }: StreamRequest,
): Promise<EventStreamClient> {
  const outgoing = request(`${url}/graphql/stream${search}`, { method, headers, agent: false });
  outgoing.on('error', () => undefined);
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const chunks = incoming.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string, undefined>;
  let [buffered, comments] = ['', 0];

  async function piece(): Promise<string | null> {
    while (!buffered.includes('\n\n')) {
      const chunk = await chunks.next();
      if (chunk.done) return null;
      buffered += chunk.value;
    }
    const end = buffered.indexOf('\n\n');
    const text = buffered.slice(0, end);
    buffered = buffered.slice(end + 2);
    return text;
  }

  async function next(): Promise<{ event: string; data: Result | null } | null> {
    for (;;) {
      const text = await piece();
      if (text === null) return null;
      const parts = /^event: (\w+)\ndata: (.*)$/.exec(text);
      if (parts) return { event: parts[1] ?? '', data: parts[2] ? (JSON.parse(parts[2]) as Result) : null };
      comments += 1;
    }
  }

  return {
    status: incoming.statusCode ?? 0,
    header: (name) => incoming.headers[name] as string | undefined,
    text: async () => {
      for (let chunk = await chunks.next(); !chunk.done; chunk = await chunks.next()) buffered += chunk.value;
      return buffered;
    },
    next,
    async rest() {
      const all = [];
      for (let event = await next(); event; event = await next()) all.push(event);
      return all;
    },
    comments: () => comments,
    leave: () => void outgoing.destroy(),
  };
}
