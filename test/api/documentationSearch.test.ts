import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let bob: TestUser;
let projectId: string;

const create = `mutation ($input: DocumentationPageCreateInput!) { documentationPageCreate(input: $input) { documentationPage { id } userErrors { message } } }`;
const search = `query ($id: ID!, $query: String!, $first: Int, $after: String) { project(id: $id) { documentationSearch(query: $query, first: $first, after: $after) { totalCount nodes { score snippet matchedWords highlights { start end } page { id title } } edges { cursor } pageInfo { hasNextPage endCursor scannedCount scanLimitReached } } } }`;

async function made(project: string, input: Record<string, unknown>): Promise<void> {
  await harness.must(ada, create, { input: { projectId: project, ...input } });
}

async function found(query: string, variables: Data = {}): Promise<Data> {
  return (await harness.must(ada, search, { id: projectId, query, ...variables })).project.documentationSearch;
}

const titles = async (query: string): Promise<string[]> => (await found(query)).nodes.map(({ page }: Data) => page.title);

const filler = 'The orders service keeps what customers bought and tells the warehouse about it. '.repeat(30);

beforeAll(async () => {
  harness = await createHarness();
  [ada, bob] = await Promise.all([harness.signUp(), harness.signUp({ username: 'Bob' })]);
  projectId = (await fakeProject(harness, ada)).id;
  await made(projectId, {
    title: 'Deep',
    content: `# Intro\n\n${filler}\n\nAsk the [**webhook** endpoint](https://example.com) for retries.\n\n${filler}`,
  });
  await made(projectId, { title: 'Labelled', tags: ['webhook'], content: 'Nothing about it.' });
  await made(projectId, { title: 'Webhook signatures', content: 'How requests are signed.' });
  await made(projectId, { title: 'Other', category: 'webhook', content: 'Something else.' });
  await made(projectId, { title: 'Crème brûlée', content: 'Straße, naïve, 数据库迁移指南.' });
  await made(projectId, { title: 'Authentication', content: 'Tokens expire after an hour. Refresh tokens rotate.' });
  await made(projectId, { title: 'Tokens', content: 'Nothing on that.' });
});
afterAll(() => harness.close());

describe('project.documentationSearch', () => {
  test('ranks title over tags over category over text', async () => {
    expect(await titles('webhook')).toEqual(['Webhook signatures', 'Labelled', 'Other', 'Deep']);
    const { nodes } = await found('webhook');
    expect(nodes.map(({ score }: Data) => score)).toEqual([...nodes.map(({ score }: Data) => score)].sort((a, b) => b - a));
    expect(nodes.at(-1).score).toBeGreaterThan(0);
  });

  test.each([
    ['a beginning', 'webh', 'Webhook signatures'],
    ['a missing letter', 'webhok', 'Webhook signatures'],
    ['swapped letters', 'wehbook', 'Webhook signatures'],
    ['two mistakes in a long word', 'autentikation', 'Authentication'],
    ['another case', 'WEBHOOK', 'Webhook signatures'],
    ['no accents', 'creme brulee', 'Crème brûlée'],
    ['a word in a text without spaces', '迁移', 'Crème brûlée'],
  ])('finds %s', async (_, query, title) => {
    expect((await titles(query))[0]).toBe(title);
  });

  test('does not take short words and other words for mistakes', async () => {
    expect(await titles('xyzzy')).toEqual([]);
    expect(await titles('hou')).toEqual(['Authentication']);
    expect(await titles('hot')).toEqual([]);
  });

  test('pages with all words come before those with one', async () => {
    expect(await titles('refresh tokens')).toEqual(['Authentication', 'Tokens']);
  });

  test('shows the place in the text without Markdown, with the words marked', async () => {
    const hit = (await found('webhook retries')).nodes.find(({ page }: Data) => page.title === 'Deep');
    expect(hit.snippet).toContain('Ask the webhook endpoint for retries.');
    expect(hit.snippet.length).toBeLessThanOrEqual(220);
    expect(hit.highlights.map(({ start, end }: Data) => hit.snippet.slice(start, end))).toEqual(['webhook', 'retries']);
    expect(hit.matchedWords.sort()).toEqual(['retries', 'webhook']);
  });

  test('shows the beginning when only the title fits', async () => {
    const [hit] = (await found('signatures')).nodes;
    expect(hit).toMatchObject({ snippet: 'How requests are signed.', highlights: [], matchedWords: ['signatures'] });
  });

  test('pages through the hits', async () => {
    const first = await found('webhook', { first: 3 });
    expect(first).toMatchObject({ totalCount: 4, pageInfo: { hasNextPage: true, scannedCount: 7, scanLimitReached: false } });
    const rest = await found('webhook', { first: 3, after: first.pageInfo.endCursor });
    expect(rest.nodes.map(({ page }: Data) => page.title)).toEqual(['Deep']);
    const { errors } = await harness.run(ada, search, { id: projectId, query: 'another', after: first.pageInfo.endCursor });
    expect(errors[0]?.extensions?.['code']).toBe('BAD_CURSOR');
  });

  test.each(['', ' ', '!?', '***'])('finds nothing for %j', async (query) => {
    expect(await titles(query)).toEqual([]);
  });

  test('refuses endless queries and broken text', async () => {
    for (const query of ['x'.repeat(201), 'a\0b', '\ud83d']) {
      const { errors } = await harness.run(ada, search, { id: projectId, query });
      expect(errors[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
    }
  });

  test('strangers find nothing', async () => {
    expect((await harness.must(bob, search, { id: projectId, query: 'webhook' })).project).toBeNull();
  });

  test('reads 8 MB of text at most and says when there is more', async () => {
    const large = (await fakeProject(harness, ada)).id;
    for (let i = 0; i < 3; i += 1) {
      const content = `${randomBytes(1_000).toString('hex')} `.repeat(1_700);
      await made(large, { title: `Volume ${String(i)}`, content: `${content} needle${String(i)}` });
    }
    const { documentationSearch } = (await harness.must(ada, search, { id: large, query: 'needle' })).project;
    expect(documentationSearch.nodes.map(({ page }: Data) => page.title)).toEqual(['Volume 0', 'Volume 1']);
    expect(documentationSearch.pageInfo).toMatchObject({ scannedCount: 2, scanLimitReached: true });
    const byTitle = (await harness.must(ada, search, { id: large, query: 'volume 2' })).project.documentationSearch;
    expect(byTitle.nodes[0].page.title).toBe('Volume 2');
  }, 30_000);
});
