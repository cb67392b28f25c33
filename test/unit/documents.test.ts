/** Every GraphQL operation that the documents show is valid against the schema. */
import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, validate } from 'graphql';
import { createSchema } from '../../src/graphql/schema.ts';
import { packageRoot } from '../../src/root.ts';

const root = fileURLToPath(packageRoot);
const schema = createSchema();

/** Returns the paths of all documents: at the top, and below folders that are written for people. */
function documents(): string[] {
  const below = ['docs', 'examples', 'infra', 'test/bench/results'].flatMap((folder) => markdownIn(folder));
  return [...readdirSync(root).filter((name) => name.endsWith('.md')), ...below];
}

function markdownIn(folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : markdownIn(path);
      return entry.name.endsWith('.md') ? [path] : [];
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Returns the operations in a document: blocks of GraphQL, templates marked as such, queries in JavaScript and in JSON for curl. */
function operationsIn(text: string): string[] {
  const blocks = [...text.matchAll(/^ *```(\w+)[^\n]*\n([\s\S]*?)^ *```/gm)].map(([, language = '', body = '']) => ({ language, body }));
  return blocks.flatMap(({ language, body }) => {
    if (language === 'graphql') return [body];
    const templates = [...body.matchAll(/\/\* GraphQL \*\/\s*`([^`]*)`|\b(?:graphql|gql)\(?`([^`]*)`|query: '([^']*)'/g)];
    const inJson = [...body.matchAll(/"query":\s*"((?:[^"\\]|\\.)*)"/g)].map(([, json = '']) => JSON.parse(`"${json}"`) as string);
    return [...templates.map(([, ...texts]) => texts.find(Boolean) ?? ''), ...inJson];
  });
}

const shown = documents().flatMap((path) =>
  operationsIn(readFileSync(join(root, path), 'utf8')).map((operation) => ({ path, operation, begin: operation.trim().slice(0, 60) })),
);

describe('operations that the documents show', () => {
  test('are found', () => {
    expect(shown.filter(({ path }) => path === 'README.md').length).toBeGreaterThan(8);
  });

  test.each(shown)('$path: $begin', ({ operation }) => {
    expect(validate(schema, parse(operation)).map(({ message }) => message)).toEqual([]);
  });
});
