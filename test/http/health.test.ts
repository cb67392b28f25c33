import { describe, expect, test } from '@jest/globals';
import { createDatabaseCheck } from '../../src/http/health.ts';
import { freePort } from './support/serverProcess.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './support/testServer.ts';

interface Health {
  status: string;
  version: string;
  uptime: number;
  services: { dynamodb: { status: string; latencyMs: number } };
}

async function withServer(options: TestServerOptions, use: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await startTestServer(options);
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

/** Returns the status codes of the three probes. */
async function probe(server: TestServer): Promise<Record<string, number>> {
  const statuses = ['/api/health', '/livez', '/readyz'].map(async (path) => [path, (await fetch(`${server.url}${path}`)).status] as const);
  return Object.fromEntries(await Promise.all(statuses));
}

describe('health answers', () => {
  test('while all is well', () =>
    withServer({}, async (server) => {
      expect(await probe(server)).toEqual({ '/api/health': 200, '/livez': 200, '/readyz': 200 });
      const response = await fetch(`${server.url}/api/health`);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const health = (await response.json()) as Health;
      expect(health).toMatchObject({
        status: 'ok',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        services: { dynamodb: { status: 'up' } },
      });
      expect(health.uptime).toBeGreaterThanOrEqual(0);
      expect(health.services.dynamodb.latencyMs).toBeGreaterThan(0);
    }));

  test('without a database: alive, but not ready', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    await withServer({ endpoint }, async (server) => {
      expect(await probe(server)).toEqual({ '/api/health': 503, '/livez': 200, '/readyz': 503 });
      const health = (await (await fetch(`${server.url}/api/health`)).json()) as Health;
      expect(health).toMatchObject({ status: 'unavailable', services: { dynamodb: { status: 'down' } } });
    });
  });

  test('while the process stops: alive, but not ready', () =>
    withServer({ isStopping: () => true }, async (server) => {
      expect(await probe(server)).toEqual({ '/api/health': 503, '/livez': 200, '/readyz': 503 });
      expect(((await (await fetch(`${server.url}/api/health`)).json()) as Health).status).toBe('stopping');
    }));
});

describe('the check of the database', () => {
  test('asks once a second, however many probes come', async () => {
    let [pings, clock] = [0, 0];
    const check = createDatabaseCheck({ ping: () => Promise.resolve((pings += 1)), now: () => clock });
    await Promise.all(Array.from({ length: 50 }, () => check()));
    clock = 999;
    await check();
    expect(pings).toBe(1);
    clock = 1_000;
    await check();
    expect(pings).toBe(2);
  });

  test('says down for a failure and for a ping that never answers, and never rejects', async () => {
    const failing = createDatabaseCheck({ ping: () => Promise.reject(new Error('refused')) });
    expect((await failing()).status).toBe('down');
    const hanging = createDatabaseCheck({ ping: () => new Promise(() => undefined) });
    expect((await hanging()).status).toBe('down');
  });

  test('recovers', async () => {
    let [up, clock] = [false, 0];
    const check = createDatabaseCheck({ ping: () => (up ? Promise.resolve() : Promise.reject(new Error('down'))), now: () => clock });
    expect((await check()).status).toBe('down');
    up = true;
    clock = 1_500;
    expect((await check()).status).toBe('up');
  });
});
