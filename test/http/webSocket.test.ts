import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from 'graphql-ws';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { startTestServer, type TestServer, type TestServerOptions } from './support/testServer.ts';
import { createTickingSchema, type TickingSchema } from './support/ticks.ts';
import { openSocket, type SocketClient, type SocketOptions } from './support/webSocketClient.ts';

interface Ticking extends TickingSchema {
  readonly server: TestServer;
  open(options?: SocketOptions): Promise<SocketClient>;
  /** A socket that may send operations. */
  enter(payload?: object, options?: SocketOptions): Promise<SocketClient>;
}

const started: { close: () => Promise<unknown> }[] = [];
afterAll(() => Promise.all(started.map((server) => server.close())));

async function startTicking(options: TestServerOptions = {}): Promise<Ticking> {
  const ticking = createTickingSchema();
  const server = await startTestServer({ schema: ticking.schema, ...options });
  started.push(server);
  const open = (socketOptions?: SocketOptions): Promise<SocketClient> => openSocket(server.url, socketOptions);
  return {
    ...ticking,
    server,
    open,
    async enter(payload, socketOptions) {
      const client = await open(socketOptions);
      await client.init(payload);
      return client;
    },
  };
}

let ticking: Ticking;
beforeAll(async () => {
  ticking = await startTicking();
});

describe('the protocol', () => {
  let client: Client;
  beforeAll(() => {
    client = createClient({ url: `${ticking.server.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 });
  });
  afterAll(() => client.dispose());

  test('a client of graphql-ws runs queries, mutations and subscriptions', async () => {
    const all: unknown[] = [];
    for await (const { data } of client.iterate({ query: '{ hello }' })) all.push(data);
    for await (const { data } of client.iterate({ query: 'mutation { write }' })) all.push(data);
    for await (const { data } of client.iterate({ query: 'subscription { ticks(count: 2, everyMs: 1) }' })) all.push(data);
    expect(all).toEqual([{ hello: 'world' }, { write: expect.any(Number) }, { ticks: 1 }, { ticks: 2 }]);
  });
});
void connect;
