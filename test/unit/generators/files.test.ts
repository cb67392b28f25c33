/** What every generation holds: the same bytes for the same input, safe paths, SQL that runs, documents that agree with the code. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PGlite } from '@electric-sql/pglite';
import { Validator } from '@seriousme/openapi-schema-validator';
import { buildSchema, parse } from 'graphql';
import initSqlJs from 'sql.js';
import { z } from 'zod';
import {
  defaultTarget,
  generationProblem,
  generationTargets,
  generationTypes,
  type ArchitectureInput,
  type GenerationInput,
} from '../../../src/domains/codeGenerations/generators/index.ts';
import type { SchemaBody, SqlDialect } from '../../../src/domains/databaseSchemas/model.ts';
import fc from '../../support/fastCheck.ts';
import { runsOr } from '../../support/randomRuns.ts';
import { bodyArbitrary } from '../schemaExport/arbitrary.ts';
import { plainBodyArbitrary, sampleShop } from '../schemaExport/bodies.ts';
import { everyType, library } from './bodies.ts';
import { readSamples } from './samples.ts';
import { fileAt, generateFiles, inputOf, load, type Json } from './support.ts';

const architecture: ArchitectureInput = {
  name: 'Web shop',
  nodes: [
    { id: 'u', type: 'user', label: 'Customer' },
    { id: 'g', type: 'api-gateway', label: 'API "Gateway" ${x} %{y}' },
    { id: 's1', type: 'service', label: 'Orders' },
    { id: 's2', type: 'service', label: 'Orders' },
    { id: 'd', type: 'database', label: 'Bücher', data: { technology: 'MySQL' } },
    { id: 'm', type: 'mongodb', label: '*/ catalog' },
    { id: 'c', type: 'cache', label: 'default' },
    { id: 'mc', type: 'memcached', label: '名前' },
    { id: 'q', type: 'queue', label: 'Events' },
    { id: 'k', type: 'kafka', label: 'Stream' },
    { id: 'o', type: 'storage', label: '1st images' },
    { id: 'e', type: 'elasticsearch', label: 'Search' },
    { id: 'y', type: 'dynamodb', label: 'Sessions' },
    { id: 'x', type: 'stripe', label: 'Stripe' },
  ],
  edges: [
    ['u', 'g'],
    ['g', 's1'],
    ['g', 's2'],
    ['s1', 's2'],
    ['s2', 's1'],
    ...['d', 'm', 'c', 'mc', 'q', 'k', 'o', 'e', 'y', 'x', 'nowhere'].map((target) => ['s1', target]),
  ].map(([source = '', target = ''], index) => ({ id: `e${index}`, source, target })),
};

/** The same value with the members of all objects in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, shuffled(member)]),
  );
}

const everything = generationTypes.flatMap((type) => generationTargets.map((target) => ({ type, target })));
const dialects: SqlDialect[] = ['postgres', 'mysql', 'sqlite', 'mssql'];

describe('every generation', () => {
  test('gives the same bytes for the same input, whatever the order of its members', () => {
    for (const { type, target } of everything) {
      const input = inputOf(library, { type, target, architecture });
      const files = generateFiles(input);
      expect(generateFiles(structuredClone(input))).toEqual(files);
      expect(generateFiles(shuffled(input) as GenerationInput)).toEqual(files);
    }
  });

  test('has sorted paths that every file system takes, for any names', () => {
    fc.assert(
      fc.property(bodyArbitrary, fc.constantFrom(...everything), fc.constantFrom(...dialects), (body, choice, dialect) => {
        const paths = generateFiles(inputOf(body, { ...choice, dialect, architecture })).map(({ path }) => path);
        expect(paths).toEqual([...paths].sort((a, b) => (a < b ? -1 : 1)));
        expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(paths.length);
        for (const path of paths) expect(path).toMatch(/^(?!\/)(?!.*\.\.)[A-Za-z0-9_./-]{1,120}$/);
      }),
      { numRuns: runsOr(30) },
    );
  });

  test('tells files apart whose tables have nearly the same name', () => {
    const tables = ['a b', 'a_b', 'a-b-2', 'A.B'].map((name) => ({ ...library.tables[0]!, id: name, name }));
    const paths = generateFiles(inputOf({ ...library, tables, relationships: [] })).map(({ path }) => path);
    const models = ['a-b', 'a-b-2', 'a-b-2-2', 'a-b-3'].map((name) => `src/models/${name}.ts`);
    expect(new Set(paths.filter((path) => path.startsWith('src/models/a')))).toEqual(new Set(models));
  });

  test('names the language of each file', () => {
    const languages = generateFiles(inputOf(library, { type: 'full-stack', architecture })).map(
      ({ path, language }) => `${path.split(/[./]/u).at(-1) ?? ''} ${language}`,
    );
    expect([...new Set(languages)].sort()).toEqual(
      [
        'Dockerfile dockerfile',
        'conf plaintext',
        'dockerignore plaintext',
        'example plaintext',
        'gitignore plaintext',
        'graphql graphql',
        'json json',
        'md markdown',
        'prisma prisma',
        'sql sql',
        'tf hcl',
        'ts typescript',
        'yaml yaml',
      ].sort(),
    );
  });

  test('pins exact versions of all packages', () => {
    for (const file of generateFiles(inputOf(library, { type: 'full-stack' })).filter(({ path }) => path.endsWith('package.json'))) {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(file.content) as Record<string, Record<string, string>>;
      for (const version of Object.values({ ...dependencies, ...devDependencies })) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });
});

describe('what widens a target', () => {
  const paths = (changes: Partial<GenerationInput>): string[] => generateFiles(inputOf(library, changes)).map(({ path }) => path);

  test('a service adds Compose with a build of itself and its migration', () => {
    expect(paths({ type: 'service' })).toEqual([...paths({ type: 'api' }), 'compose.yaml'].sort());
    const compose = fileAt(generateFiles(inputOf(library, { type: 'service', architecture })), 'compose.yaml').content;
    expect(compose).toMatch(/^ {2}api:\n {4}build: "\."$/m);
    expect(compose).toContain('postgres://app:${DATABASE_PASSWORD:-app}@database:5432/app');
    expect(compose).toContain('REDIS_URL: "redis://default-2:6379"');
  });

  test('a full stack holds every target in a folder of its own', () => {
    const all = paths({ type: 'full-stack', target: 'sql' });
    expect(new Set(all.map((path) => path.split('/')[0]))).toEqual(
      new Set(['.gitignore', 'README.md', 'database', 'graphql', 'infrastructure', 'package.json', 'prisma', 'rest', 'types']),
    );
    expect(all.filter((path) => path.startsWith('rest/')).map((path) => path.slice(5))).toEqual(paths({ target: 'rest' }));
  });
});

describe('what cannot be generated', () => {
  const empty: SchemaBody = { tables: [], relationships: [] };
  test.each<[Partial<GenerationInput>, RegExp]>([
    [{ schema: null }, /target "rest" is generated from a schema/],
    [{ ...inputOf(empty), target: 'graphql' }, /"Sample shop" has no table/],
    [{ schema: null, target: 'infrastructure' }, /an architecture or a schema/],
    [{ schema: null, target: 'infrastructure', architecture: { name: 'x', nodes: [], edges: [] } }, /an architecture or a schema/],
    [{ schema: null, type: 'full-stack', target: 'infrastructure', architecture }, /A full stack is generated from a schema/],
  ])('%#', (changes, message) => {
    const input = inputOf(library, changes);
    expect(generationProblem(input)).toMatch(message);
    expect(() => generateFiles(input)).toThrow(message);
  });

  test('everything else has no problem', () => {
    for (const choice of everything) expect(generationProblem(inputOf(library, choice))).toBeNull();
    expect(generationProblem(inputOf(empty, { schema: null, target: 'infrastructure', architecture }))).toBeNull();
    expect(generationTypes.map(defaultTarget)).toEqual(['rest', 'typescript', 'rest', 'rest', 'rest']);
  });

  test('more than four megabytes are refused', () => {
    const tables = Array.from({ length: 400 }, (_, table) => ({
      id: `t${table}`,
      name: `table_${table}`,
      fields: Array.from({ length: 40 }, (__, field) => ({
        name: `a_rather_long_name_of_a_field_${field}`,
        type: 'integer',
        required: false,
      })),
      indexes: [],
    }));
    expect(() => generateFiles(inputOf({ tables, relationships: [] }, { type: 'full-stack' }))).toThrow(/4 MB are allowed/);
  });
});

describe('SQL', () => {
  let postgres: PGlite;
  beforeAll(async () => {
    postgres = await PGlite.create();
  });
  afterAll(() => postgres.close());

  const scripts = (body: SchemaBody, dialect: SqlDialect): [string, string] => {
    const files = generateFiles(inputOf(body, { target: 'sql', dialect }));
    return [fileAt(files, 'migrations/0001_init.up.sql').content, fileAt(files, 'migrations/0001_init.down.sql').content];
  };

  async function objectsLeft(): Promise<number> {
    const { rows } = await postgres.query<{ count: number }>(
      `SELECT (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'public'::regnamespace) + (SELECT count(*)::int FROM pg_type WHERE typnamespace = 'public'::regnamespace) AS count`,
    );
    return rows[0]?.count ?? -1;
  }

  test('runs up, down and up in PostgreSQL, and down leaves nothing', async () => {
    const random = fc.sample(plainBodyArbitrary, runsOr(6));
    for (const body of [sampleShop, everyType, library, ...random]) {
      const [up, down] = scripts(body, 'postgres');
      await postgres.exec(up);
      expect(await objectsLeft()).toBeGreaterThan(0);
      await postgres.exec(down);
      expect(await objectsLeft()).toBe(0);
      await postgres.exec(up);
      await postgres.exec(down);
    }
  }, 60_000);

  test('runs up, down and up in SQLite, and down leaves nothing', async () => {
    const { Database } = await initSqlJs();
    for (const body of [sampleShop, everyType, library]) {
      const [up, down] = scripts(body, 'sqlite');
      const database = new Database();
      database.run('PRAGMA foreign_keys = ON');
      const tables = (): number =>
        database.exec("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")[0]?.values[0]?.[0] as number;
      database.run(up);
      expect(tables()).toBeGreaterThan(0);
      database.run(down);
      expect(tables()).toBe(0);
      database.run(up);
      database.close();
    }
  });

  test('drops the tables of SQL Server after the keys that tie them', () => {
    const [, down] = scripts(sampleShop, 'mssql');
    expect(down).toBe('ALTER TABLE [customers] DROP CONSTRAINT [customers_last_order];\nDROP TABLE [orders];\nDROP TABLE [customers];\n');
  });
});

describe('OpenAPI', () => {
  const body: SchemaBody = {
    ...library,
    tables: [...library.tables, ...everyType.tables],
    enums: [...(library.enums ?? []), ...(everyType.enums ?? [])],
  };
  const files = generateFiles(inputOf(body));
  const document = JSON.parse(fileAt(files, 'openapi.json').content);

  test('is valid, for random bodies too', async () => {
    const random = fc
      .sample(bodyArbitrary, runsOr(6))
      .map((one) => JSON.parse(fileAt(generateFiles(inputOf(one)), 'openapi.json').content) as object);
    for (const one of [document, ...random]) expect(await new Validator().validate(one)).toEqual({ valid: true });
  });

  test('has the routes of the server, no more and no less', async () => {
    const code = await load(files);
    try {
      const app = await code.app.buildApp({ store: new code.memory.MemoryStore(code.models.tables) });
      await app.ready();
      const operations = Object.entries<object>(document.paths).flatMap(([path, item]) =>
        Object.keys(item)
          .filter((method) => method !== 'parameters')
          .map((method) => ({ method: method.toUpperCase(), url: path.replace(/\{(\w+)\}/gu, ':$1') })),
      );
      for (const operation of operations) expect({ ...operation, there: app.hasRoute(operation) }).toEqual({ ...operation, there: true });
      const served = app.printRoutes().match(/\b(?:GET|POST|PATCH|DELETE)\b/gu);
      // The document itself is served beside them.
      expect(served).toHaveLength(operations.length + 1);
      await app.close();

      const schemas = code.models as unknown as Record<string, z.ZodType>;
      for (const [name, schema] of Object.entries<Json>(document.components.schemas).filter(([key]) => key !== 'ApiError')) {
        const checked = z.toJSONSchema(schemas[name]!, { io: 'input', unrepresentable: 'any' }) as Json;
        expect(Object.keys(schema.properties)).toEqual(Object.keys(checked.properties ?? {}));
        expect({ name, required: schema.required ?? [] }).toEqual({ name, required: checked.required ?? [] });
      }
    } finally {
      code.remove();
    }
  }, 60_000);
});

describe('GraphQL', () => {
  test('the schema is valid, for random bodies too', () => {
    fc.assert(
      fc.property(bodyArbitrary, (body) => {
        const files = generateFiles(inputOf(body, { target: 'graphql' }));
        expect(buildSchema(fileAt(files, 'schema.graphql').content).getQueryType()).toBeTruthy();
      }),
      { numRuns: runsOr(60) },
    );
  });

  test('has relations both ways, pages and inputs', () => {
    const sdl = fileAt(generateFiles(inputOf(library, { target: 'graphql' })), 'schema.graphql').content;
    expect(parse(sdl).definitions.length).toBeGreaterThan(10);
    for (const line of [
      '  author: Authors!',
      '  books(first: Int! = 25): [Books!]!',
      '  mentor: Authors',
      '  items: [BookLikes!]!',
      '  bookLikesByKey(book_id: ID!, author_id: ID!): BookLikes',
      '  createBooks(input: BooksCreateInput!): Books!',
      '  short_story',
    ]) {
      expect(sdl.split('\n')).toContain(line);
    }
  });
});

describe('infrastructure', () => {
  const files = generateFiles(inputOf(library, { target: 'infrastructure', architecture }));

  test('Compose names only services and volumes that are there', () => {
    const compose = fileAt(files, 'compose.yaml').content;
    const section = (name: string): string => new RegExp(`^${name}:\\n((?: .*\\n)+)`, 'mu').exec(compose)?.[1] ?? '';
    const services = new Set([...section('services').matchAll(/^ {2}([\w-]+):$/gmu)].map(([, name]) => name));
    const volumes = new Set([...section('volumes').matchAll(/^ {2}([\w-]+): \{\}$/gmu)].map(([, name]) => name));
    expect([...services].sort()).toEqual(
      [
        'storage-1st-images',
        'api-gateway-x-y',
        'bucher',
        'cache',
        'catalog',
        'database',
        'default-2',
        'events',
        'orders',
        'orders-2',
        'search',
        'sessions',
        'stream',
      ].sort(),
    );
    const needed = [...compose.matchAll(/^ {6}([\w-]+):\n {8}condition/gmu)].map(([, name]) => name);
    expect(needed.length).toBeGreaterThan(8);
    for (const name of needed) expect(services).toContain(name);
    for (const [, name] of compose.matchAll(/^ {6}- "([\w-]+):\//gmu)) expect(volumes).toContain(name);
    expect(compose).toContain('ORDERS_2_URL: "http://orders-2:3000"');
  });

  test('a schema alone gets a service over its database', () => {
    const alone = generateFiles(inputOf(library, { target: 'infrastructure' }));
    expect(fileAt(alone, 'compose.yaml').content).toContain('./database/0001_init.sql:/docker-entrypoint-initdb.d/0001_init.sql:ro');
    expect(fileAt(alone, 'terraform/data.tf').content).toContain('engine                      = "postgres"');
  });

  test('labels cannot become templates of Terraform', () => {
    const gateways = fileAt(files, 'terraform/gateways.tf').content;
    expect(gateways).toContain('Title = "API \\"Gateway\\" $${x} %%{y}"');
  });

  const hasTerraform = ((): boolean => {
    try {
      return execFileSync('terraform', ['version'], { stdio: ['ignore', 'pipe', 'ignore'] }).length > 0;
    } catch {
      return false;
    }
  })();

  (hasTerraform ? test : test.skip)('Terraform parses its files and would not format them otherwise (needs terraform)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'terraform-'));
    try {
      for (const { path, content } of files.filter((file) => file.path.endsWith('.tf')))
        writeFileSync(join(folder, path.replace('terraform/', '')), content);
      expect(execFileSync('terraform', ['fmt', '-check', '-diff', folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toBe(
        '',
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const samples = await readSamples();

(samples.length > 0 ? test : test.skip)(
  'servers of the samples start and answer (needs the files of ../shared/samples)',
  async () => {
    for (const { name, body } of samples) {
      const code = await load(generateFiles(inputOf(body)));
      try {
        const app = await code.app.buildApp({ store: new code.memory.MemoryStore(code.models.tables) });
        const paths = Object.keys((await app.inject('/openapi.json')).json().paths).filter(
          (path) => !path.includes('{') && path !== '/health',
        );
        expect({ name, tables: paths.length }).toEqual({ name, tables: body.tables.length });
        for (const path of paths) expect((await app.inject(path)).json()).toEqual({ items: [], nextCursor: null });
        await app.close();
      } finally {
        code.remove();
      }
    }
  },
  60_000,
);
