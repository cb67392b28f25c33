import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;

beforeAll(async () => {
  harness = await createHarness();
  ada = await harness.signUp();
});
afterAll(() => harness.close());

const create = `mutation ($input: DocumentationPageCreateInput!) { documentationPageCreate(input: $input) { documentationPage { id order } userErrors { message } } }`;
const move = `mutation ($id: ID!, $after: ID, $rev: Int, $key: String, $dryRun: Boolean! = false) { documentationPageMove(id: $id, after: $after, expectedRevision: $rev, idempotencyKey: $key, dryRun: $dryRun) { documentationPage { id title order revision content } userErrors { __typename message code field } } }`;
const list = `query ($id: ID!) { project(id: $id) { documentation(first: 100) { nodes { id title order revision } } } }`;
const newProject = async (): Promise<string> => (await fakeProject(harness, ada)).id;
const pagesOf = async (id: string): Promise<Data[]> => (await harness.must(ada, list, { id })).project.documentation.nodes;
const titlesOf = async (id: string): Promise<string[]> => (await pagesOf(id)).map(({ title }) => title);

async function made(projectId: string, names: string[]): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const title of names)
    ids.set(title, (await harness.must(ada, create, { input: { projectId, title } })).documentationPageCreate.documentationPage.id);
  return ids;
}

/** A project of the earlier backend with pages that have these orders (null: none), named `p0`, `p1`, … in the order of the list. */
async function oldPages(orders: readonly (number | null)[]): Promise<{ projectId: string; ids: Map<string, string> }> {
  const projectId = crypto.randomUUID();
  await harness.putRow('projects', {
    id: projectId,
    userId: ada.id,
    name: 'Legacy',
    status: 'active',
    createdAt: '2024-01-01T00:00:00.000Z',
    updatedAt: '2024-01-01T00:00:00.000Z',
  });
  const names = orders.map((_, i) => `p${String(i)}`);
  // Ids that sort like the names, so that pages of equal order have a known sequence.
  const ids = new Map(names.map((title, i) => [title, `${crypto.randomUUID().slice(0, 24)}${String(i).padStart(12, '0')}`]));
  const put = (order: number | null, i: number): Promise<void> =>
    harness.putRow('documentation', {
      id: ids.get(`p${String(i)}`),
      userId: ada.id,
      projectId,
      title: `p${String(i)}`,
      content: 'old',
      category: 'c',
      ...(order !== null && { order }),
      createdAt: `2024-01-01T00:00:00.${String(i).padStart(3, '0')}Z`,
      updatedAt: '2024-01-01T00:00:00.000Z',
    });
  await Promise.all(orders.map(put));
  return { projectId, ids };
}

/** Moves a name behind another (null: to the front), in a model of the list. */
function moved(names: string[], name: string, after: string | null): string[] {
  const rest = names.filter((other) => other !== name);
  const place = after === null ? 0 : rest.indexOf(after) + 1;
  return rest.toSpliced(place, 0, name);
}

/** Makes moves one after the other and holds the list against the model after each. */
async function playMoves(projectId: string, ids: Map<string, string>, moves: [number, number][]): Promise<void> {
  let model = await titlesOf(projectId);
  for (const [from, to] of moves) {
    const name = model[from % model.length]!;
    const others = [null, ...model.filter((other) => other !== name)];
    const after = others[to % others.length] ?? null;
    await harness.must(ada, move, { id: ids.get(name), after: after === null ? null : ids.get(after) });
    model = moved(model, name, after);
    expect(await titlesOf(projectId)).toEqual(model);
  }
}

describe('documentationPageMove', () => {
  test('moves a page behind another, to the front and to the end, and writes this page only', async () => {
    const projectId = await newProject();
    const ids = await made(projectId, ['a', 'b', 'c', 'd']);
    for (const [name, after, expected] of [
      ['a', 'c', 'bcad'],
      ['d', null, 'dbca'],
      ['d', 'a', 'bcad'],
      ['b', 'c', 'cbad'],
    ] as const) {
      const before = await pagesOf(projectId);
      const { documentationPageMove } = await harness.must(ada, move, { id: ids.get(name), after: after && ids.get(after) });
      const page = before.find(({ title }) => title === name);
      expect(documentationPageMove.documentationPage).toMatchObject({ title: name, revision: Number(page.revision) + 1, content: '' });
      const now = await pagesOf(projectId);
      expect(now.map(({ title }) => title).join('')).toBe(expected);
      expect(now.filter(({ title }) => title !== name)).toEqual(before.filter(({ title }) => title !== name));
    }
    const { project } = await harness.must(
      ada,
      'query ($id: ID!) { project(id: $id) { activity(first: 1) { nodes { action entityId changedFields } } } }',
      { id: projectId },
    );
    expect(project.activity.nodes).toEqual([{ action: 'moved', entityId: ids.get('b'), changedFields: ['order'] }]);
  });

  test('a page that is there already stays as it is', async () => {
    const projectId = await newProject();
    const ids = await made(projectId, ['a', 'b']);
    const before = await pagesOf(projectId);
    await harness.must(ada, move, { id: ids.get('b'), after: ids.get('a') });
    await harness.must(ada, move, { id: ids.get('a'), after: null });
    expect(await pagesOf(projectId)).toEqual(before);
  });

  test('refuses places that do not exist', async () => {
    const projectId = await newProject();
    const [ids, others] = [await made(projectId, ['a']), await made(await newProject(), ['x'])];
    const errorOf = async (variables: Data): Promise<Data> =>
      (await harness.run(ada, move, variables)).data.documentationPageMove.userErrors[0];
    expect(await errorOf({ id: ids.get('a'), after: ids.get('a') })).toMatchObject({ __typename: 'ValidationError', field: ['after'] });
    expect(await errorOf({ id: ids.get('a'), after: others.get('x') })).toMatchObject({ code: 'NOT_FOUND', field: ['after'] });
    expect(await errorOf({ id: 'doc_none', after: null })).toMatchObject({ code: 'NOT_FOUND', field: ['id'] });
  });

  test('answers the same key once, and a dry run moves nothing', async () => {
    const projectId = await newProject();
    const ids = await made(projectId, ['a', 'b', 'c']);
    const dry = await harness.must(ada, move, { id: ids.get('c'), after: null, dryRun: true });
    expect(dry.documentationPageMove.documentationPage.revision).toBe(2);
    expect(await titlesOf(projectId)).toEqual(['a', 'b', 'c']);
    const key = crypto.randomUUID();
    const first = await harness.must(ada, move, { id: ids.get('c'), after: null, key });
    await harness.must(ada, move, { id: ids.get('a'), after: null });
    expect(await harness.must(ada, move, { id: ids.get('c'), after: null, key })).toEqual(first);
    expect(await titlesOf(projectId)).toEqual(['a', 'c', 'b']);
  });

  test('50 moves in random order keep the list equal to a model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(1_000), fc.nat(1_000)), { minLength: 50, maxLength: 50 }), async (moves) => {
        const projectId = await newProject();
        await playMoves(projectId, await made(projectId, ['a', 'b', 'c', 'd', 'e', 'f', 'g']), moves);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  }, 60_000);

  test('moves among pages of the earlier backend, with equal orders and without, keep the list equal to a model', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.integer({ min: 0, max: 1 })), { minLength: 3, maxLength: 7 }),
        fc.array(fc.tuple(fc.nat(1_000), fc.nat(1_000)), { minLength: 6, maxLength: 6 }),
        async (orders, moves) => {
          const { projectId, ids } = await oldPages(orders);
          await playMoves(projectId, ids, moves);
        },
      ),
      { numRuns: 6, endOnFailure: true },
    );
  }, 60_000);

  test('makes room between pages that have none, for more pages than a transaction takes', async () => {
    const { projectId, ids } = await oldPages([...Array.from({ length: 120 }, () => 5), 6]);
    const document = `query ($id: ID!, $after: String) { project(id: $id) { documentation(first: 100, after: $after) { nodes { title revision } pageInfo { endCursor } } } }`;
    const all = async (): Promise<Data[]> => {
      const { nodes, pageInfo } = (await harness.must(ada, document, { id: projectId })).project.documentation;
      return [...nodes, ...(await harness.must(ada, document, { id: projectId, after: pageInfo.endCursor })).project.documentation.nodes];
    };
    const before = (await all()).map(({ title }) => title as string);
    const [name, after] = [before[3]!, before[110]!];
    await harness.must(ada, move, { id: ids.get(name), after: ids.get(after) });
    const now = await all();
    expect(now.map(({ title }) => title)).toEqual(moved(before, name, after));
    expect(now.filter(({ revision }) => revision > 1).map(({ title }) => title)).toEqual([name]);
  });

  test('new pages at the end of an old project follow the ones without an order', async () => {
    const { projectId } = await oldPages([null, null]);
    await made(projectId, ['new']);
    expect(await titlesOf(projectId)).toEqual(['p0', 'p1', 'new']);
  });

  test('12 moves at once to one place leave every page in the list, each with its own order', async () => {
    const projectId = await newProject();
    const names = Array.from({ length: 12 }, (_, i) => `p${String(i)}`);
    const ids = await made(projectId, ['target', ...names]);
    const answers = await Promise.all(names.map((name) => harness.run(ada, move, { id: ids.get(name), after: ids.get('target') })));
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    const pages = await pagesOf(projectId);
    expect(pages[0].title).toBe('target');
    expect(new Set(pages.map(({ order }) => order)).size).toBe(13);
    expect(pages.map(({ title }) => title).sort()).toEqual(['target', ...names].sort());
  });
});
