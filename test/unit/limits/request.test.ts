/** What is refused before anything is parsed. */
import { describe, expect, test } from '@jest/globals';
import { checkRequest } from '../../../src/limits/operation.ts';

const refusedAs = (code: string, message: string) =>
  expect.objectContaining({ message: expect.stringContaining(message), extensions: { code, http: { status: 400 } } });

describe('documents', () => {
  test.each([
    ['1,000 tokens', `{ ${'a '.repeat(998)}}`],
    ['comments and commas, which are no tokens', `{ a ${',# many\n'.repeat(5_000)} }`],
    ['64 brackets', `${'{a'.repeat(64)}${'}'.repeat(64)}`],
    ['brackets in strings', `{ a(b: "${'{'.repeat(500)}", c: """${'['.repeat(500)}""") }`],
    ['brackets one after the other', `{ ${'a(b: 1) '.repeat(100)} }`],
    ['text that is no GraphQL, up to its mistake', `{ a ? ${'{'.repeat(5_000)}`],
    ['a string that does not end', '{ a(b: "'],
    ['long strings', `{ a(b: "${'x'.repeat(100_000)}", c: """${'# no comment\n'.repeat(10_000)}""") }`],
    ['names of 200 characters', `{ ${'a'.repeat(200)} }`],
    ['nothing', ''],
  ])('%s may be parsed', (_, query) => {
    expect(() => checkRequest({ query })).not.toThrow();
  });

  test.each([
    ['1,001 tokens', `{ ${'a '.repeat(999)}}`, 'more than 1000 tokens'],
    ['65 braces', `${'{a'.repeat(65)}${'}'.repeat(65)}`, 'more than 64 brackets'],
    ['lists in lists', `{ a(b: ${'['.repeat(80)}${']'.repeat(80)}) }`, 'more than 64 brackets'],
    ['braces that never end', '{'.repeat(100_000), 'more than 64 brackets'],
    ['names without an end', `{ ${'a'.repeat(201)} }`, 'a name or number of more than 200 characters'],
    ['numbers without an end', `{ a(b: ${'1'.repeat(201)}) }`, 'a name or number of more than 200 characters'],
    ['comments without an end', `{ a } ${'#\n'.repeat(40_000)}`, 'more than 65536 characters of comments'],
    ['one long comment', `# ${'x'.repeat(70_000)}\n{ a }`, 'more than 65536 characters of comments'],
    ['white space between tokens', `{ ${`a${' '.repeat(700)}`.repeat(100)} }`, 'more than 65536 characters of comments'],
    ['commas', `{ a ${','.repeat(70_000)} b }`, 'more than 65536 characters of comments'],
    ['a hundred thousand directives', `{ a ${'@x '.repeat(100_000)} }`, 'more than 1000 tokens'],
  ])('%s may not', (_, query, message) => {
    expect(() => checkRequest({ query })).toThrow(refusedAs('QUERY_TOO_COMPLEX', message));
  });
});

describe('variables', () => {
  const nest = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);

  test.each([
    ['64 levels', nest(64)],
    ['none', undefined],
    ['null', null],
    ['long lists', { a: Array.from({ length: 10_000 }, () => [1]) }],
    ['a value that is called constructor', { a: 'constructor' }],
  ])('%s', (_, variables) => {
    expect(() => checkRequest({ variables })).not.toThrow();
  });

  test.each([
    ['65 levels', nest(65), 'deeper than 64 levels'],
    ['a hundred thousand levels', nestedLists(100_000), 'deeper than 64 levels'],
    ['251 variables', Object.fromEntries(Array.from({ length: 251 }, (_, i) => [`v${i}`, i])), '251 variables; at most 250'],
    ['__proto__', JSON.parse('{"a": [{"__proto__": {"b": 1}}]}'), '"__proto__"'],
    ['constructor', { input: { constructor: { prototype: {} } } }, '"constructor"'],
  ])('%s are refused', (_, variables, message) => {
    expect(() => checkRequest({ variables })).toThrow(refusedAs('BAD_USER_INPUT', message));
  });
});

function nestedLists(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return { a: value };
}
