/** Points of operations against the schema of this API. */
import { describe, expect, test } from '@jest/globals';
import { getOperationAST, isObjectType, parse } from 'graphql';
import { createSchema } from '../../../src/graphql/schema.ts';
import { costOf } from '../../../src/limits/cost.ts';
import { fieldCosts } from '../../../src/limits/fieldCosts.ts';

const schema = createSchema();

function cost(text: string, variables?: Record<string, unknown>, operationName?: string): number {
  const document = parse(text);
  const operation = getOperationAST(document, operationName)!;
  return costOf({ schema, document, operation, variables });
}

test.each(Object.keys(fieldCosts))('%s, which has a cost of its own, exists', (key) => {
  const [type, field] = key.split('.') as [string, string];
  const found = schema.getType(type);
  expect(isObjectType(found) && field in found.getFields()).toBe(true);
});

describe('points', () => {
  test.each<[string, string, Record<string, unknown> | undefined, number]>([
    ['nothing costs one', '{ __typename }', undefined, 1],
    ['an object is one', '{ viewer { id username } }', undefined, 1],
    ['a page is 25 objects unless told', '{ viewer { projects { nodes { id } } } }', undefined, 1 + 1 + 25],
    ['first is the size of a page', '{ viewer { projects(first: 10) { nodes { id } } } }', undefined, 1 + 1 + 10],
    ['last, too', '{ viewer { projects(last: 3) { nodes { id } } } }', undefined, 1 + 1 + 3],
    [
      'edges are their nodes',
      '{ viewer { projects(first: 10) { edges { cursor node { id } } pageInfo { hasNextPage } } } }',
      undefined,
      12,
    ],
    [
      'pages in pages multiply',
      '{ viewer { projects(first: 10) { nodes { schemas(first: 5) { nodes { id } } } } } }',
      undefined,
      1 + 1 + 10 * (1 + 1 + 5),
    ],
    ['variables count with their values', 'query ($n: Int) { viewer { projects(first: $n) { nodes { id } } } }', { n: 100 }, 102],
    ['or their defaults', 'query ($n: Int = 50) { viewer { projects(first: $n) { nodes { id } } } }', undefined, 52],
    [
      'fragments count as often as they are spread',
      '{ a: viewer { ...F } b: viewer { ...F } } fragment F on User { projects(first: 10) { nodes { id } } }',
      undefined,
      24,
    ],
    [
      'what is skipped costs nothing',
      'query ($no: Boolean!) { viewer { id projects @include(if: $no) { nodes { id } } } }',
      { no: false },
      1,
    ],
    [
      'each id of nodes(ids:) is an object',
      '{ nodes(ids: ["a", "b", "c"]) { id ... on Project { owner { id } } } }',
      undefined,
      3 * (1 + 1),
    ],
    ['bodies cost more', '{ databaseSchema(id: "sch_1") { tables { name fields { name } } } }', undefined, 1 + 5 + 1],
    ['exports more yet', '{ databaseSchema(id: "sch_1") { export(format: SQL) { text } } }', undefined, 1 + 20],
    ['counting costs by its limit', '{ viewer { projects(first: 1) { countUpTo(limit: 10000) { value } } } }', undefined, 1 + 1 + 10],
    ['a mutation is ten', 'mutation { projectArchive(id: "prj_1") { project { id } } }', undefined, 10 + 1],
    ['a sign-in hashes', 'mutation { signIn(input: { email: "a@b.example", password: "x" }) { accessToken } }', undefined, 100],
  ])('%s', (_, text, variables, points) => {
    expect(cost(text, variables)).toBe(points);
  });
});

describe('too much', () => {
  const page = (arguments_: string, definition = ''): string =>
    `query Q ${definition} { viewer { projects(${arguments_}) { nodes { schemas(${arguments_}) { nodes { project { schemas(${arguments_}) { nodes { id } } } } } } } } }`;
  test.each<[string, string, Record<string, unknown> | undefined]>([
    ['by literals', page('first: 100'), undefined],
    ['by variables', page('first: $n', '($n: Int)'), { n: 100 }],
    ['by default variables', page('first: $n', '($n: Int = 100)'), {}],
    ['by pages from the end', page('last: 100'), undefined],
    ['in a document with a harmless operation', `query Other { viewer { id } } ${page('first: 100')}`, undefined],
  ])('%s', (_, text, variables) => {
    expect(() => cost(text, variables, 'Q')).toThrow(
      expect.objectContaining({
        extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400 } },
        message: expect.stringContaining('at most 20000'),
      }),
    );
  });

  test('the operation that runs counts, not the others', () => {
    expect(cost(`query Other { viewer { id } } ${page('first: 100')}`, undefined, 'Other')).toBe(1);
  });

  test('a field with impossible arguments does not hide the cost of the others', () => {
    const text = 'query ($n: Int) { viewer { projects { countUpTo(limit: $n) { value } nodes { id } } } }';
    expect(() => cost(text, { n: null })).toThrow(
      expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } }),
    );
  });

  test('variables that do not fit are left to execution, which names them all', () => {
    expect(cost('query ($n: Int) { viewer { projects(first: $n) { nodes { id } } } }', { n: 'many' })).toBe(1);
  });

  test.each<[string, string, Record<string, unknown> | undefined]>([
    ['literal', `{ nodes(ids: [${'"a",'.repeat(101)}]) { id } }`, undefined],
    ['variable', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: Array(101).fill('a') }],
    ['default variable', `query ($ids: [ID!]! = [${'"a",'.repeat(101)}]) { nodes(ids: $ids) { id } }`, undefined],
    ['in a fragment', `{ ...F } fragment F on Query { nodes(ids: [${'"a",'.repeat(101)}]) { id } }`, undefined],
  ])('a list argument of 101 entries: %s', (_, text, variables) => {
    expect(() => cost(text, variables)).toThrow('"ids" of nodes has 101 entries; at most 100');
  });

  test('lists inside of inputs have limits of their own', () => {
    const input = { projectId: 'prj_1', name: 'n', tables: Array.from({ length: 150 }, (_, i) => ({ name: `t${i}`, fields: [] })) };
    expect(cost('mutation ($input: SchemaCreateInput!) { schemaCreate(input: $input) { schema { id } } }', { input })).toBe(11);
  });
});
