import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createExplorerStorage, type KeyValueStorage } from '../../src/explorer/sessionHeaders.ts';
import { startTestServer, type TestServer } from './support/testServer.ts';

let server: TestServer;
let page: string;
const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
beforeAll(async () => {
  server = await startTestServer();
  page = await (await fetch(`${server.url}/graphql`, { headers: browser })).text();
});
afterAll(() => server.close());

/** Returns what the page refers to: the values of src and href. */
function references(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1]!);
}

describe('GET /graphql in a browser', () => {
  test('is the explorer page', async () => {
    const response = await fetch(`${server.url}/graphql?query=%7B__typename%7D`, { headers: browser });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page).toContain('<title>Snapinfra API explorer</title>');
    expect(await response.text()).toBe(page);
  });

  test('is a GraphQL answer for clients that also accept a page', async () => {
    const headers = { accept: 'application/json, text/html;q=0.5', 'apollo-require-preflight': '1' };
    const response = await fetch(`${server.url}/graphql?query=%7B__typename%7D`, { headers });
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });

  test('works without internet: everything comes from this server', async () => {
    expect(page).not.toMatch(/https?:/);
    const paths = references(page);
    expect(paths.map((path) => path.replace(/-[A-Z0-9]{8}/, '')).sort()).toEqual([
      '/explorer/explorer.css',
      '/explorer/explorer.js',
      '/explorer/icon.svg',
    ]);
    for (const path of paths) {
      const response = await fetch(`${server.url}${path}`);
      expect(response.status).toBe(200);
      const text = await response.text();
      if (!path.endsWith('.css')) continue;
      const urls = [...text.matchAll(/url\(["']?([^"')]{0,20})/g)].map((match) => match[1]!);
      expect(urls.length).toBeGreaterThan(0);
      expect(urls.filter((url) => !url.startsWith('data:'))).toEqual([]);
      expect(text).not.toMatch(/@import/);
    }
  });

  test('may load and call nothing else, by its content security policy', async () => {
    const policy = (await fetch(`${server.url}/graphql`, { headers: browser })).headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'"]));
    expect(policy).not.toMatch(/https?:|\*/);
    expect(page).not.toMatch(/<script(?![^>]* src=)|<style| on\w+=/);
  });
});

describe('the files of the page', () => {
  const script = () => references(page).find((path) => path.endsWith('.js'))!;

  test('are kept for a year under a name that changes with the content, and compressed', async () => {
    const response = await fetch(`${server.url}${script()}`, { headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(response.headers.get('vary')).toContain('accept-encoding');
    const plain = await fetch(`${server.url}${script()}`, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(await plain.text()).toBe(await response.text());
  });

  test.each(['page', 'script'])('the %s is not sent again when the browser has it', async (which) => {
    const url = `${server.url}${which === 'page' ? '/graphql' : script()}`;
    const first = await fetch(url, { headers: browser });
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^".+"$/);
    const second = await fetch(url, { headers: { ...browser, 'if-none-match': etag } });
    expect(second.status).toBe(304);
    expect(await second.text()).toBe('');
  });

  test.each(['index.html', 'explorer-00000000.js', '%2e%2e%2fmain.js', 'explorer-AAAAAAAA.js.map'])('%s is not there', async (name) => {
    const response = await fetch(`${server.url}/explorer/${name}`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch(/json/);
  });
});

/** Returns a storage like the browser's, over a Map that the test can look into. */
function mapStorage(): KeyValueStorage & { values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    get length() {
      return values.size;
    },
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
    key: (index) => [...values.keys()][index] ?? null,
  };
}

describe('what the explorer keeps', () => {
  const tabs = JSON.stringify({ tabs: [{ query: '{ viewer { id } }', headers: '{"Authorization":"Bearer token"}' }], activeTabIndex: 0 });

  test('headers stay in the tab, the rest stays for good', () => {
    const [lasting, session] = [mapStorage(), mapStorage()];
    const storage = createExplorerStorage(lasting, session);
    storage.setItem('graphiql:tabState', tabs);
    storage.setItem('graphiql:headers', '{"Authorization":"Bearer token"}');
    storage.setItem('graphiql:theme', 'dark');
    expect([...lasting.values.values()].join('')).not.toContain('token');
    expect(JSON.parse(lasting.values.get('graphiql:tabState')!)).toEqual({ tabs: [{ query: '{ viewer { id } }' }], activeTabIndex: 0 });
    expect(storage.getItem('graphiql:tabState')).toBe(tabs);
    const nextSession = createExplorerStorage(lasting, mapStorage());
    expect(nextSession.getItem('graphiql:tabState')).toContain('viewer');
    expect(nextSession.getItem('graphiql:headers')).toBeNull();
    expect(nextSession.getItem('graphiql:theme')).toBe('dark');
  });

  test('removing and clearing leave nothing behind, and nothing of others is touched', () => {
    const [lasting, session] = [mapStorage(), mapStorage()];
    lasting.setItem('of-another-page', '1');
    const storage = createExplorerStorage(lasting, session);
    storage.setItem('graphiql:a', '1');
    storage.setItem('graphiql:b', '2');
    expect(storage.length).toBe(2);
    storage.removeItem('graphiql:a');
    expect(storage.getItem('graphiql:a')).toBeNull();
    storage.clear();
    expect(storage.length).toBe(0);
    expect([...lasting.values.keys()]).toEqual(['of-another-page']);
  });
});
