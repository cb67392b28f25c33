/** Generated servers start and answer: the same requests to a store in memory and to PostgreSQL (PGlite) with the generated migration. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PGlite } from '@electric-sql/pglite';
import type { SchemaBody } from '../../../src/domains/databaseSchemas/model.ts';
import { everyType, library } from './bodies.ts';
import { fileAt, generateFiles, inputOf, load, type Json, type Loaded } from './support.ts';

/** What Fastify's inject gives, as far as it is used here. */
interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly location: string | undefined;
}

interface Server {
  readonly send: (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: unknown) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

const body: SchemaBody = {
  enums: [...(library.enums ?? []), ...(everyType.enums ?? [])],
  tables: [...library.tables, ...everyType.tables],
  relationships: library.relationships,
};
const restFiles = generateFiles(inputOf(body, { target: 'rest' }));
const graphqlFiles = generateFiles(inputOf(body, { target: 'graphql' }));
const migration = (direction: string): string => fileAt(restFiles, `migrations/0001_init.${direction}.sql`).content;

let rest: Loaded;
let graphql: Loaded;
let database: PGlite;
beforeAll(async () => {
  // One after the other: two imports at once that meet in a package fail in Jest ("request for … is not in cache").
  rest = await load(restFiles);
  graphql = await load(graphqlFiles);
  database = await PGlite.create();
  await database.exec(migration('up'));
}, 120_000);
afterAll(async () => {
  rest.remove();
  graphql.remove();
  await database.close();
});

const stores = ['memory', 'postgres'] as const;

async function start(code: Loaded, store: (typeof stores)[number]): Promise<Server> {
  if (store === 'postgres') {
    await database.exec(migration('down'));
    await database.exec(migration('up'));
  }
  const opened = store === 'memory' ? new code.memory.MemoryStore(code.models.tables) : new code.postgres.PostgresStore(database);
  const app = await code.app.buildApp({ store: opened });
  return {
    send: async (method, url, payload) => {
      const answer = await app.inject({ method, url, ...(payload !== undefined && { payload }) });
      return { status: answer.statusCode, body: answer.body === '' ? null : answer.json(), location: answer.headers.location };
    },
    close: () => app.close(),
  };
}

describe.each(stores)('the REST API over %s', (store) => {
  let server: Server;
  beforeAll(async () => {
    server = await start(rest, store);
  });
  afterAll(() => server.close());

  test('creates, reads, lists, changes and deletes rows with foreign keys', async () => {
    const { send } = server;
    const ada = await send('POST', '/authors', { name: 'Ada' });
    expect(ada).toEqual({ status: 201, body: { id: 1, name: 'Ada', mentor_id: null }, location: '/authors/1' });
    expect((await send('POST', '/authors', { name: 'Bo', mentor_id: 1 })).body).toEqual({ id: 2, name: 'Bo', mentor_id: 1 });
    const book = (await send('POST', '/books', { author_id: 2, title: 'One', price: '12.50' })).body;
    expect(book).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), author_id: 2, title: 'One', genre: 'novel', price: '12.50' });
    const like = await send('POST', '/book-likes', { book_id: book.id, author_id: 1 });
    expect(like).toMatchObject({ status: 201, body: { stars: 5 }, location: `/book-likes/${book.id}/1` });
    expect((await send('PATCH', `/book-likes/${book.id}/1`, { stars: 2 })).body).toEqual({ book_id: book.id, author_id: 1, stars: 2 });
    expect((await send('GET', '/books?author_id=2')).body).toEqual({ items: [book], nextCursor: null });
    expect((await send('GET', '/books?author_id=1')).body.items).toEqual([]);
    expect((await send('PATCH', `/books/${book.id}`, { genre: 'short story', price: null })).body).toEqual({
      ...book,
      genre: 'short story',
      price: null,
    });
    // No action: the book keeps its author.
    expect(await send('DELETE', '/authors/2')).toMatchObject({ status: 409, body: { error: { code: 'CONFLICT' } } });
    expect((await send('DELETE', `/books/${book.id}`)).status).toBe(204);
    expect((await send('GET', '/book-likes')).body.items).toEqual([]);
    expect((await send('DELETE', '/authors/1')).status).toBe(204);
    expect((await send('GET', '/authors/2')).body).toEqual({ id: 2, name: 'Bo', mentor_id: null });
    expect((await send('GET', '/authors/1')).status).toBe(404);
    expect((await send('DELETE', '/authors/1')).status).toBe(404);
  });

  test('refuses what does not suit, and says why', async () => {
    const { send } = server;
    const refusals: [string, unknown, number, string][] = [
      ['/authors', { name: 'x'.repeat(41) }, 400, 'INVALID'],
      ['/authors', {}, 400, 'INVALID'],
      ['/authors', { name: 'Bo', unknown: 1 }, 400, 'INVALID'],
      ['/authors', { name: 'Bo' }, 409, 'CONFLICT'],
      ['/books', { author_id: 999, title: 'x' }, 409, 'CONFLICT'],
      ['/books', { author_id: 2, title: 'x', genre: 'poem' }, 400, 'INVALID'],
      ['/books', { author_id: 2, title: 'x', price: '1234567.5' }, 400, 'INVALID'],
      ['/books', { author_id: 2, title: null }, 400, 'INVALID'],
    ];
    for (const [url, payload, status, code] of refusals) {
      expect(await send('POST', url, payload)).toMatchObject({ status, body: { error: { code } } });
    }
    for (const url of [
      '/authors/x',
      '/authors?limit=0',
      '/authors?cursor=x',
      '/authors?nothing=1',
      '/books/no-uuid',
      '/visits?cursor=W10',
      '/authors?cursor=WzEsMl0',
    ]) {
      expect(await send('GET', url)).toMatchObject({ status: 400, body: { error: { code: 'INVALID' } } });
    }
    expect((await send('PATCH', '/authors/2', { id: 5 })).status).toBe(400);
    expect((await send('POST', '/visits', { page: '/' })).status).toBe(404);
  });

  test('pages through a list, each row once and in the order of the key', async () => {
    for (let count = 0; count < 7; count += 1) await server.send('POST', '/authors', { name: `Page ${count}` });
    const ids: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Json = (await server.send('GET', `/authors?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)).body;
      ids.push(...page.items.map((row: Json) => row.id));
      cursor = page.nextCursor;
    }
    expect(ids).toHaveLength(8);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });

  test('keeps a value of every type as it was given', async () => {
    const values = {
      small: -3,
      count: 4294967295,
      large: '9223372036854775807',
      price: '12345678.90',
      ratio: 0.1,
      active: false,
      code: 'abc',
      title: '🚀🚀🚀🚀🚀',
      body: 'it\'s "quoted" \\ and\nlong',
      born: '1815-12-10',
      opens: '12:30:00',
      token: '550e8400-e29b-41d4-a716-446655440000',
      settings: { a: [1, null, 'x'], b: { c: true } },
      photo: Buffer.from([0, 1, 254, 255].concat(Array<number>(90).fill(7))).toString('base64'),
      mood: "can't say",
      tags: ['a', '', "b'c", 'd"e,{f}'],
      numbers: [1, -2],
      address: '10.0.0.1',
      mask: '101',
    };
    const created = await server.send('POST', '/every-type', {
      ...values,
      seen_at: '2024-05-01T12:30:00+02:00',
      local_at: '2024-05-01T12:30:00+02:00',
      moments: ['2024-05-01T12:30:00Z'],
    });
    expect(created).toMatchObject({ status: 201, body: { ...values, id: '1' } });
    for (const name of ['seen_at', 'local_at']) expect(new Date(created.body[name]).toISOString()).toBe('2024-05-01T10:30:00.000Z');
    expect((await server.send('GET', '/every-type/1')).body).toEqual(created.body);
    for (const [name, value] of [
      ['small', -3],
      ['large', values.large],
      ['active', 'false'],
      ['mood', "can't say"],
      ['born', '1815-12-10'],
    ] as const) {
      const found = await server.send('GET', `/every-type?${name}=${encodeURIComponent(String(value))}`);
      expect(found.body.items).toEqual([created.body]);
    }
    const empty = (await server.send('POST', '/every-type', {})).body;
    expect(empty).toMatchObject({
      id: '2',
      small: 7,
      price: store === 'memory' ? '0' : '0.00',
      active: true,
      settings: {},
      mood: 'so so',
      tags: [],
      large: null,
    });
    expect(empty.token).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Date(empty.seen_at).getUTCFullYear()).toBeGreaterThan(2020);
  });

  test('lists a table that has no key, tells its health and serves its document', async () => {
    expect((await server.send('GET', '/notes')).body).toEqual({ items: [], nextCursor: null });
    expect(await server.send('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect((await server.send('GET', '/openapi.json')).body.openapi).toBe('3.1.0');
    expect(await server.send('GET', '/nowhere')).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } });
  });
});

describe.each(stores)('the GraphQL API over %s', (store) => {
  let server: Server;
  beforeAll(async () => {
    server = await start(graphql, store);
  });
  afterAll(() => server.close());

  const run = async (query: string, variables?: unknown): Promise<Json> =>
    (await server.send('POST', '/graphql', { query, variables })).body;

  test('creates, reads, lists, changes and deletes rows, with relations both ways', async () => {
    const created = await run(`mutation {
      ada: createAuthors(input: { name: "Ada" }) { id }
      bo: createAuthors(input: { name: "Bo", mentor_id: 1 }) { id mentor { name authors { name } } }
      book: createBooks(input: { author_id: 2, title: "One", genre: short_story, price: 12.5 }) { id genre price author { name } }
    }`);
    expect(created).toEqual({
      data: {
        ada: { id: '1' },
        bo: { id: '2', mentor: { name: 'Ada', authors: [{ name: 'Bo' }] } },
        book: { id: expect.any(String), genre: 'short_story', price: store === 'memory' ? '12.5' : '12.50', author: { name: 'Bo' } },
      },
    });
    const { id } = created.data.book;
    const liked = await run(
      'mutation ($book: ID!) { createBookLikes(input: { book_id: $book, author_id: "1" }) { stars book { title } author { name } } }',
      { book: id },
    );
    expect(liked).toEqual({ data: { createBookLikes: { stars: 5, book: { title: 'One' }, author: { name: 'Ada' } } } });
    const listed = await run(
      '{ authors(first: 1) { items { name books { title } } nextCursor } books(filter: { genre: short_story }) { items { bookLikes { stars } } } }',
    );
    expect(listed.data.authors).toEqual({ items: [{ name: 'Ada', books: [] }], nextCursor: expect.any(String) });
    expect(listed.data.books).toEqual({ items: [{ bookLikes: [{ stars: 5 }] }] });
    const next = await run('query ($after: String) { authors(first: 1, after: $after) { items { name books { title } } nextCursor } }', {
      after: listed.data.authors.nextCursor,
    });
    expect(next.data.authors).toEqual({ items: [{ name: 'Bo', books: [{ title: 'One' }] }], nextCursor: null });
    const changed = await run('mutation ($id: ID!) { updateBooks(id: $id, input: { title: "Two" }) { title } }', { id });
    expect(changed).toEqual({ data: { updateBooks: { title: 'Two' } } });
    expect(await run('query ($id: ID!) { booksByKey(id: $id) { title } authorsByKey(id: 9) { id } }', { id })).toEqual({
      data: { booksByKey: { title: 'Two' }, authorsByKey: null },
    });
    expect(await run('mutation ($id: ID!) { deleteBooks(id: $id) again: deleteBooks(id: $id) }', { id })).toEqual({
      data: { deleteBooks: true, again: false },
    });
    expect((await run('{ bookLikes { items { stars } } visits { items { page } } }')).data).toEqual({
      bookLikes: { items: [] },
      visits: { items: [] },
    });
  });

  test('refuses with a code', async () => {
    const codes: [string, string][] = [
      ['mutation { createAuthors(input: { name: "Bo" }) { id } }', 'CONFLICT'],
      ['mutation { createBooks(input: { author_id: 99, title: "x" }) { id } }', 'CONFLICT'],
      [`mutation { createAuthors(input: { name: "${'x'.repeat(41)}" }) { id } }`, 'INVALID'],
      ['mutation { updateAuthors(id: 99, input: { name: "x" }) { id } }', 'NOT_FOUND'],
      ['{ authors(first: 0) { items { id } } }', 'INVALID'],
      ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ];
    for (const [query, code] of codes) expect((await run(query)).errors?.[0]?.extensions?.code).toBe(code);
  });

  test('keeps long numbers and JSON', async () => {
    const query =
      'mutation { createEveryType(input: { large: 9223372036854775807, price: 1.25, settings: { a: [1, "x"] }, tags: ["a"] }) { id large price settings tags } }';
    expect(await run(query)).toEqual({
      data: { createEveryType: { id: '1', large: '9223372036854775807', price: '1.25', settings: { a: [1, 'x'] }, tags: ['a'] } },
    });
  });
});

test('relations of a list take one query for all rows', async () => {
  const server = await start(graphql, 'postgres');
  for (const name of ['A', 'B', 'C'])
    await server.send('POST', '/graphql', { query: `mutation { createAuthors(input: { name: "${name}" }) { id } }` });
  const texts: string[] = [];
  const counted = { query: (text: string, values?: unknown[]) => (texts.push(text), database.query(text, values)) };
  const app = await graphql.app.buildApp({ store: new graphql.postgres.PostgresStore(counted) });
  const answer = await app.inject({
    method: 'POST',
    url: '/graphql',
    payload: { query: '{ authors { items { books { title } mentor { name } } } }' },
  });
  expect(answer.json().data.authors.items).toHaveLength(3);
  expect(texts).toHaveLength(2);
  await app.close();
  await server.close();
});
