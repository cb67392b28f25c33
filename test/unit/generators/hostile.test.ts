/** Servers of random schemas with hostile names and every type start, and their tables can be listed in PostgreSQL and through GraphQL. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PGlite } from '@electric-sql/pglite';
import fc from '../../support/fastCheck.ts';
import { runsOr } from '../../support/randomRuns.ts';
import { bodyArbitrary } from '../schemaExport/arbitrary.ts';
import { fileAt, generateFiles, inputOf, load, type Json } from './support.ts';

let database: PGlite;

/** Tells whether the database itself takes a row of defaults, which authors may have made too long for their column. */
async function takesDefaults(table: string): Promise<boolean> {
  await database.exec('BEGIN');
  try {
    await database.query(`INSERT INTO "${table.replaceAll('"', '""')}" DEFAULT VALUES`);
    return true;
  } catch {
    return false;
  } finally {
    await database.exec('ROLLBACK');
  }
}

beforeAll(async () => {
  database = await PGlite.create();
});
afterAll(() => database.close());

test('REST lists every table of a random schema in PostgreSQL and creates a row where all may be left out', async () => {
  for (const body of fc.sample(bodyArbitrary, runsOr(3))) {
    const files = generateFiles(inputOf(body));
    await database.exec('DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; SET search_path TO public;');
    await database.exec(fileAt(files, 'migrations/0001_init.up.sql').content);
    const code = await load(files);
    try {
      const app = await code.app.buildApp({ store: new code.postgres.PostgresStore(database) });
      const document = JSON.parse(fileAt(files, 'openapi.json').content);
      const paths = Object.entries<Json>(document.paths).filter(([path]) => path !== '/health' && !path.includes('{'));
      expect(paths.length).toBeGreaterThan(0);
      for (const [index, [path, item]] of paths.entries()) {
        const listed = await app.inject(path);
        expect({ path, status: listed.statusCode, body: listed.json() }).toEqual({
          path,
          status: 200,
          body: { items: [], nextCursor: null },
        });
        if (item.post) {
          const name = item.post.requestBody.content['application/json'].schema.$ref.split('/').at(-1);
          const needed = document.components.schemas[name].required ?? [];
          const table = (code.models.tables[index] as { name: string }).name;
          const isTaken = needed.length === 0 && (await takesDefaults(table));
          const created = await app.inject({ method: 'POST', url: path, payload: {} });
          expect({ needed, taken: created.statusCode === 201, text: created.body }).toEqual({ needed, taken: isTaken, text: created.body });
          if (created.statusCode !== 201) continue;
          const read = await app.inject(created.headers['location'] ?? '');
          expect(read.json()).toEqual(created.json());
          const next = await app.inject(`${path}?limit=1`);
          expect(next.json()).toEqual({ items: [created.json()], nextCursor: null });
          expect((await app.inject({ method: 'DELETE', url: created.headers['location'] ?? '' })).statusCode).toBe(204);
        }
      }
      await app.close();
    } finally {
      code.remove();
    }
  }
}, 120_000);

test('GraphQL serves every table of a random schema', async () => {
  for (const body of fc.sample(bodyArbitrary, runsOr(2))) {
    const files = generateFiles(inputOf(body, { target: 'graphql' }));
    const code = await load(files);
    try {
      const app = await code.app.buildApp({ store: new code.memory.MemoryStore(code.models.tables) });
      const ask = async (query: string): Promise<Json> =>
        (await app.inject({ method: 'POST', url: '/graphql', payload: { query } })).json();
      const { data } = await ask('{ __schema { queryType { fields { name type { ofType { name } } } } } }');
      const lists = data.__schema.queryType.fields.filter((field: Json) => field.type.ofType !== null).map((field: Json) => field.name);
      expect(lists).toHaveLength(code.models.tables.length);
      const answer = await ask(`{ ${lists.map((name: string) => `${name} { items { __typename } nextCursor }`).join(' ')} }`);
      expect(answer).toEqual({ data: Object.fromEntries(lists.map((name: string) => [name, { items: [], nextCursor: null }])) });
      await app.close();
    } finally {
      code.remove();
    }
  }
}, 120_000);
