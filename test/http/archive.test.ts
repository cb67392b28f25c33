/** Archives of generations over HTTP: signed links, what they lead to, and what becomes of bad ones. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import { createHash } from 'node:crypto';
import { signLink } from '../../src/domains/codeGenerations/archiveLink.ts';
import { startDatabaseProxy } from '../support/databaseProxy.ts';
import { testDatabase } from '../support/database.ts';
import { until } from '../support/generations.ts';
import type { Data } from '../support/harness.ts';
import { signUpAt, type SignedUp } from './support/accounts.ts';
import { startTestServer, testSecret, type TestServer } from './support/testServer.ts';

let server: TestServer;
let ada: SignedUp;
let projectId: string;
let generation: Data;

const inAnHour = (): number => Math.floor(Date.now() / 1000) + 3_600;
const errors = 'userErrors { message code }';
const read =
  'query ($id: ID!) { codeGeneration(id: $id) { id status archive { url expiresAt fileName sizeBytes sha256 } files(first: 100) { nodes { path content } } } }';

async function start(): Promise<string> {
  const document = `mutation ($input: CodeGenerationStartInput!) { codeGenerationStart(input: $input) { codeGeneration { id } ${errors} } }`;
  const { codeGenerationStart } = await ada.run<Data>(document, { input: { projectId, type: 'MODEL' } });
  return codeGenerationStart.codeGeneration.id;
}

beforeAll(async () => {
  server = await startTestServer();
  ada = await signUpAt(server);
  const { projectCreate } = await ada.run<Data>(
    `mutation { projectCreate(input: { name: "Shop für \\"alle\\"" }) { project { id } ${errors} } }`,
  );
  projectId = projectCreate.project.id;
  const fields = '[{ name: "id", type: "uuid", required: true }, { name: "naïve", type: "text" }]';
  await ada.run(
    `mutation ($id: ID!) { schemaCreate(input: { projectId: $id, name: "main", tables: [{ name: "users", fields: ${fields} }] }) { schema { id } ${errors} } }`,
    { id: projectId },
  );
  const id = await start();
  generation = await until(async () => {
    const { codeGeneration } = await ada.run<Data>(read, { id });
    return codeGeneration.status === 'COMPLETED' ? codeGeneration : null;
  });
});
afterAll(() => server.close());

describe('a good link', () => {
  test('is absolute, works without credentials, and gives the files as told, byte for byte each time', async () => {
    const { url, sizeBytes, sha256, expiresAt } = generation.archive;
    expect(new URL(url as string).origin).toBe(server.url);
    expect(Math.abs(Date.parse(expiresAt as string) / 1000 - inAnHour())).toBeLessThan(600);
    const bytes = Buffer.from(await (await fetch(url as string)).arrayBuffer());
    expect(bytes.length).toBe(sizeBytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    const files = Object.entries(unzipSync(bytes)).map(([path, content]) => ({ path, content: Buffer.from(content).toString() }));
    expect(files).toEqual(generation.files.nodes);
    expect(files.length).toBeGreaterThan(1);
    expect(Buffer.from(await (await fetch(url as string)).arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('says what it sends, and keeps the usual headers', async () => {
    const { url, fileName, sizeBytes, sha256 } = generation.archive;
    expect(fileName).toBe('Shop-für-alle-typescript.zip');
    const response = await fetch(url as string);
    await response.arrayBuffer();
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/zip',
      'content-length': String(sizeBytes),
      'content-disposition': `attachment; filename="Shop-f_r-alle-typescript.zip"; filename*=UTF-8''Shop-f%C3%BCr-alle-typescript.zip`,
      'cache-control': 'private, max-age=3600',
      etag: `"${sha256}"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-request-id': expect.any(String),
    });
  });

  test('answers HEAD with the same headers and no body, and 304 to who has the archive', async () => {
    const { url, sizeBytes, sha256 } = generation.archive;
    const head = await fetch(url as string, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String(sizeBytes), '']);
    const same = await fetch(url as string, { headers: { 'if-none-match': `"${sha256}"` } });
    expect([same.status, await same.text()]).toEqual([304, '']);
  });

  test('begins with the origin that the client knows, as far as proxies are trusted', async () => {
    const proxied = { 'x-forwarded-host': 'api.example.com', 'x-forwarded-proto': 'https', ...ada.header };
    const body = { query: read, variables: { id: generation.id } };
    const originAt = async (target: TestServer): Promise<string> => {
      const { data } = (await (await target.post(body, proxied)).json()) as Data;
      return new URL(data.codeGeneration.archive.url as string).origin;
    };
    const trusting = await startTestServer({ trustProxy: 1 });
    const published = await startTestServer({ trustProxy: 1, publicUrl: 'https://public.example.com' });
    try {
      expect([await originAt(server), await originAt(trusting), await originAt(published)]).toEqual([
        ...[server.url, 'https://api.example.com', 'https://public.example.com'],
      ]);
    } finally {
      await Promise.all([trusting.close(), published.close()]);
    }
  });
});

/** Fetches and returns status and message of the JSON error. */
async function refused(url: string, init: RequestInit = {}): Promise<{ status: number; message: string; retryable: boolean }> {
  const response = await fetch(url, init);
  const { errors: all } = (await response.json()) as Data;
  expect(response.headers.get('cache-control')).toBe('no-store');
  return { status: response.status, message: all[0].message, retryable: all[0].extensions.retryable };
}

describe('a bad link', () => {
  const altered = (change: (url: URL) => void): string => {
    const url = new URL(generation.archive.url as string);
    change(url);
    return url.href;
  };
  test.each([
    ['without a signature', (url: URL) => url.searchParams.delete('signature')],
    ['without an expiry', (url: URL) => url.searchParams.delete('expires')],
    ['with a later expiry', (url: URL) => url.searchParams.set('expires', String(inAnHour() + 10))],
    ['with an expiry in other words', (url: URL) => url.searchParams.set('expires', `0${url.searchParams.get('expires') ?? ''}`)],
    ['for another generation', (url: URL) => (url.pathname = url.pathname.replace(/gen_\w+/, 'gen_01jd3kq7m8e0h8x2v5w9y4z6ab'))],
    ['with two signatures', (url: URL) => url.searchParams.append('signature', 'x')],
    ['with half of a signature', (url: URL) => url.searchParams.set('signature', url.searchParams.get('signature')?.slice(0, 20) ?? '')],
    ['with more behind the signature', (url: URL) => url.searchParams.set('signature', `${url.searchParams.get('signature') ?? ''}=`)],
  ])('%s is refused', async (_, change) => {
    expect(await refused(altered(change))).toMatchObject({ status: 403, message: expect.stringContaining('not valid'), retryable: false });
  });

  const signed = (id: string, expires: number, secret = testSecret): string => signLink(secret, { id, expires, origin: server.url });

  test('that has ended says so; one signed with another secret does not', async () => {
    const { id } = generation;
    expect(await refused(signed(id, inAnHour() - 3_601))).toMatchObject({ status: 403, message: expect.stringContaining('an hour') });
    expect(await refused(signed(id, inAnHour(), 'another secret of at least 32 bytes'))).toMatchObject({
      status: 403,
      message: expect.stringContaining('not valid'),
    });
    expect((await fetch(signed(id, inAnHour()), { method: 'HEAD' })).status).toBe(200);
  });

  test.each(['POST', 'DELETE', 'PUT'])('%s is not taken', async (method) => {
    expect(await refused(generation.archive.url as string, { method })).toMatchObject({ status: 404 });
  });

  test('of what is not there (any more) is told apart from a bad one', async () => {
    const id = await start();
    await until(async () => ((await ada.run<Data>(read, { id })).codeGeneration.archive ? true : null));
    expect((await fetch(signed(id, inAnHour()), { method: 'HEAD' })).status).toBe(200);
    await ada.run(`mutation ($id: ID!) { codeGenerationDelete(id: $id) { deletedId ${errors} } }`, { id });
    for (const gone of [id, 'gen_01jd3kq7m8e0h8x2v5w9y4z6ab', 'x%2F..%2Fy', ada.id])
      expect(await refused(signed(gone, inAnHour()))).toMatchObject({ status: 404, message: expect.stringContaining('gone') });
  });
});

test('a database that does not answer ends the request at its deadline', async () => {
  const proxy = await startDatabaseProxy({ target: (await testDatabase()).endpoint });
  const slow = await startTestServer({ endpoint: proxy.endpoint, operationTimeoutMs: 300 });
  try {
    proxy.configure({ intercept: () => 'hang' });
    const link = signLink(testSecret, { id: generation.id, expires: inAnHour(), origin: slow.url });
    expect(await refused(link)).toMatchObject({ status: 503, retryable: true, message: expect.stringMatching(/took too long/) });
  } finally {
    proxy.configure({ intercept: undefined });
    await slow.close();
    await proxy.close();
  }
});
