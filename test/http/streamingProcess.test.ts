/** WebSockets and event streams of the built server, when it is told to stop. */
import { expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { testDatabase } from '../support/database.ts';
import { postForStream } from './support/eventStreamClient.ts';
import { freePort, startServerProcess } from './support/serverProcess.ts';
import { openSocket } from './support/webSocketClient.ts';

// Processes start on a machine that may be busy with other tests.
jest.setTimeout(60_000);

test('SIGTERM: open sockets get 1001, silent connections are closed, and the process ends with code 0', async () => {
  const { endpoint, prefix } = await testDatabase();
  const server = startServerProcess({ PORT: String(await freePort()), DYNAMODB_ENDPOINT: endpoint, DYNAMODB_TABLE_PREFIX: prefix });
  await server.ready;
  const { port, hostname } = new URL(server.url);
  // As browsers open them ahead; without closing it, the process waited its 20 s of grace, and ended with code 1.
  const silent = connect(Number(port), hostname);
  silent.on('error', () => undefined);
  await once(silent, 'connect');
  const [entered, waiting] = await Promise.all([openSocket(server.url), openSocket(server.url)]);
  await entered.init();
  expect(await entered.run('{ __typename }')).toMatchObject({ data: { __typename: 'Query' } });
  const stream = await postForStream(server.url, { query: '{ __typename }' });
  expect((await stream.rest()).map(({ event }) => event)).toEqual(['next', 'complete']);
  server.signal('SIGTERM');
  const ends = await Promise.all([entered.closed, waiting.closed]);
  // The second has not sent connection_init, so it may be closed for that before.
  expect(ends[0]).toEqual({ code: 1001, reason: 'The server is going away. Connect again.' });
  expect([1001, 4408]).toContain(ends[1].code);
  expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
});
