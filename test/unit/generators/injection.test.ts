/** Names, values and texts of a design that try to be code: the servers that are generated from it hold them as text. */
import { afterEach, expect, test } from '@jest/globals';
import type { SchemaBody, SchemaField } from '../../../src/domains/databaseSchemas/model.ts';
import { validateSchemaBody } from '../../../src/domains/databaseSchemas/validation.ts';
import { generateFiles, inputOf, load } from './support.ts';

/** Set by a payload that runs. */
const trace = globalThis as { hasRun?: string };
afterEach(() => {
  delete trace.hasRun;
});

/** Ends what a generator may have put it in, runs, and hides the rest. */
const payloads = {
  'single quotes': `x'; globalThis.hasRun = 'single'; //`,
  'double quotes': 'x"; globalThis.hasRun = "double"; //',
  'a template': 'x${(globalThis.hasRun = 1)}`; globalThis.hasRun = 2; //',
  'a comment': 'x */ globalThis.hasRun = 3; /*',
  'a line': 'x\u2028globalThis.hasRun = 4;',
  'an escape': `x\\'; globalThis.hasRun = 'escape'; //`,
};

const field = (name: string, type: string, more: Partial<SchemaField> = {}): SchemaField => ({ name, type, required: false, ...more });

function bodyOf(text: string): SchemaBody {
  return {
    enums: [{ name: `enum ${text}`, values: [text, 'b'] }],
    tables: [
      {
        id: 't1',
        name: text,
        description: text,
        fields: [field('id', 'int', { required: true, description: text }), field(`field ${text}`, 'text', { description: text })],
        indexes: [{ name: 'pk', fields: ['id'], type: 'primary' }],
      },
      {
        id: 't2',
        name: `other ${text}`,
        fields: [field('id', 'int', { required: true }), field(`ref ${text}`, 'int'), field('kind', `enum ${text}`)],
        indexes: [],
      },
    ],
    relationships: [{ id: text, fromTable: `other ${text}`, fromField: `ref ${text}`, toTable: text, toField: 'id', type: 'many-to-one' }],
  };
}

test('a payload that runs is noticed', async () => {
  const files = [
    ...['app', 'models/index', 'data/memory', 'data/postgres'].map((name) => ({
      path: `src/${name}.ts`,
      language: 'typescript',
      content: 'export {};',
    })),
  ].map((file) => (file.path === 'src/app.ts' ? { ...file, content: `export const a = 'x${payloads['single quotes'].slice(1)}` } : file));
  (await load(files)).remove();
  expect(trace.hasRun).toBe('single');
});

const cases = Object.entries(payloads).flatMap(([name, text]) => (['rest', 'graphql'] as const).map((target) => ({ name, text, target })));

test.each(cases)('names that end $name do not run in $target', async ({ text, target }) => {
  const body = bodyOf(text);
  expect(validateSchemaBody(body)).toEqual([]);
  const files = generateFiles(inputOf(body, { target }));
  expect(files.some(({ content }) => content.includes('hasRun'))).toBe(true);
  const code = await load(files);
  try {
    const app = await code.app.buildApp({ store: new code.memory.MemoryStore(code.models.tables) });
    await app.ready();
    await app.close();
    expect((code.models.tables as { name: string }[]).map(({ name }) => name)).toContain(text);
  } finally {
    code.remove();
  }
  expect(trace.hasRun).toBeUndefined();
});
