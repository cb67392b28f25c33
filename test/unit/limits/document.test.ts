/** The shape of documents: depth, aliases, root mutations, fields, with fragments written out. */
import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { checkDocument } from '../../../src/limits/document.ts';
import { operationLimits } from '../../../src/limits/limits.ts';

const nested = (depth: number, leaf = 'id'): string => `${'a { '.repeat(depth - 1)}${leaf}${' }'.repeat(depth - 1)}`;
const aliases = (count: number): string => Array.from({ length: count }, (_, i) => `a${i}: __typename`).join(' ');
const check = (text: string) => checkDocument(parse(text));

describe('what is within the limits', () => {
  test.each([
    ['12 fields deep', `{ ${nested(12)} }`],
    ['12 fields deep, with fragments between', `{ ...F } fragment F on Query { ... on Query { ... { ${nested(12)} } } }`],
    ['30 aliases', `{ ${aliases(30)} }`],
    ['30 aliases in two operations each', `query A { ${aliases(30)} } query B { ${aliases(30)} }`],
    ['15 aliases in a fragment that is spread twice', `{ a { ...F } b { ...F } } fragment F on Query { ${aliases(15)} }`],
    ['5 root mutations', 'mutation { a b c d e }'],
    ['6 root fields of a query', '{ a b c d e f }'],
    ['the introspection of tools, however deep', `{ __schema { ${nested(14)} } }`],
    ['fragments that are not used', `{ id } fragment F on Query { ${nested(13)} ${aliases(31)} }`],
  ])('%s', (_, text) => {
    expect(() => check(text)).not.toThrow();
  });
});

describe('what is not', () => {
  test.each([
    ['13 fields deep', `{ ${nested(13)} }`, '13 fields deep; at most 12'],
    ['13 fields deep by fragments', `{ a { ...F } } fragment F on T { ${nested(12)} }`, '13 fields deep'],
    ['13 fields deep by inline fragments', `{ a { ... { ... on T { ${nested(12)} } } } }`, '13 fields deep'],
    ['13 fields deep in an operation that does not run', `query A { id } query B { ${nested(13)} }`, '13 fields deep'],
    ['31 aliases', `{ ${aliases(31)} }`, '31 aliases; at most 30'],
    ['16 aliases in a fragment that is spread twice', `{ a { ...F } b { ...F } } fragment F on Query { ${aliases(16)} }`, '32 aliases'],
    ['aliases below introspection', `{ __schema { ${aliases(31)} } }`, '31 aliases'],
    ['6 root mutations', 'mutation { a b c d e f }', '6 root fields; at most 5'],
    ['6 root mutations by fragments', 'mutation { ...F ... on M { d e f } } fragment F on M { a b c }', '6 root fields'],
    ['a fragment that is spread 2^12 times', fanOut(13), '8192 fields'],
  ])('%s', (_, text, message) => {
    expect(() => check(text)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400 } },
      }),
    );
  });

  test('spreads without end are measured in no time: each fragment once', () => {
    // Written out, it has 2^150 fields; a walk that follows every spread would never end.
    expect(() => check(fanOut(150))).toThrow('fields once its fragments are written out');
  });

  test('fragments that spread each other in a circle end', () => {
    expect(() => check('{ ...A } fragment A on Query { ...B id } fragment B on Query { ...A name }')).not.toThrow();
  });
});

test('tells whether a document asks for the schema, also by a fragment', () => {
  expect(check('{ id }').introspects).toBe(false);
  expect(check('{ __typename }').introspects).toBe(false);
  expect(check('{ ...F } fragment F on Query { __type(name: "A") { name } }').introspects).toBe(true);
});

test('a document that was measured is not measured again', () => {
  const document = parse(`{ ${nested(3)} }`);
  expect(checkDocument(document)).toBe(checkDocument(document));
});

/** A chain of fragments of which each spreads the next one twice. */
function fanOut(length: number): string {
  const links = Array.from({ length }, (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`);
  return `{ ...F0 } ${links.join(' ')} fragment F${length} on Query { id }`;
}

test('the limits are those of the contract', () => {
  expect(operationLimits).toMatchObject({ tokens: 1_000, depth: 12, aliases: 30, rootMutations: 5, listEntries: 100, variableDepth: 64 });
});
