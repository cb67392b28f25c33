import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort, startServerProcess, temporaryDataDir } from '../http/support/serverProcess.ts';

// Processes start on a machine that may be busy with other tests.
jest.setTimeout(60_000);

let data: ReturnType<typeof temporaryDataDir>;
beforeAll(() => {
  data = temporaryDataDir();
});
afterAll(() => data.remove());

const entry = fileURLToPath(new URL('../../dist/admin.js', import.meta.url));

/** Runs the built tool as `npm run admin` does. */
function adminProcess(args: string[], env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> {
  const { PATH = '', DYNOXIDE_BIN = '' } = process.env; // eslint-disable-line no-restricted-properties -- what finds programs
  const options = { env: { PATH, DYNOXIDE_BIN, DATA_DIR: data.dataDir, ...env } };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [entry, ...args], options, (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }));
  });
}

test('the built tool shares the embedded database of a running server, and opens it alone when there is none', async () => {
  expect(await adminProcess(['check'])).toMatchObject({ code: 1, err: expect.stringContaining('differs from the catalogue') });
  const server = startServerProcess({ PORT: String(await freePort()), DATA_DIR: data.dataDir });
  try {
    await server.ready;
    const { signUp } = await server.run<{ signUp: { accessToken: string } }>(
      'mutation { signUp(input: { email: "ops@example.com", password: "correct horse battery", username: "Ops" }) { accessToken } }',
    );
    const headers = { authorization: `Bearer ${signUp.accessToken}` };
    const role = async (): Promise<string> => (await server.run<{ viewer: { role: string } }>('{ viewer { role } }', headers)).viewer.role;
    expect(await role()).toBe('USER');
    expect(await adminProcess(['grant', 'ops@example.com'])).toMatchObject({ code: 0, err: '' });
    expect(await role()).toBe('ADMIN');
    expect(await adminProcess(['check'])).toEqual({ code: 0, out: '12 tables and 28 indexes match the catalogue.\n', err: '' });
  } finally {
    server.signal('SIGTERM');
    await server.ended;
  }
  expect(await adminProcess(['revoke', 'ops@example.com'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('is no platform admin now'),
  });
});

test('a configuration that cannot be used is one clear message', async () => {
  const { code, out, err } = await adminProcess(['check'], { NODE_ENV: 'production', JWT_SECRET: 'hunter2' });
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^The configuration cannot be used:\n {2}JWT_SECRET must be/);
  expect(err).not.toContain('hunter2');
});

test('a database that does not answer is one line', async () => {
  const { code, err } = await adminProcess(['grant', 'a@example.com'], { DYNAMODB_ENDPOINT: `http://127.0.0.1:${await freePort()}` });
  expect(code).toBe(1);
  expect(err).toMatch(/^The database at .* does not answer \(ECONNREFUSED\).*\n$/);
});
