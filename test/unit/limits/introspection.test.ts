/** Questions about the schema: those of tools pass, those that go around and around do not. */
import { describe, expect, test } from '@jest/globals';
import { execute, getIntrospectionQuery, parse, type ExecutionResult, type IntrospectionQuery } from 'graphql';
import { createSchema } from '../../../src/graphql/schema.ts';
import { checkDocument } from '../../../src/limits/document.ts';
import { introspectionWork } from '../../../src/limits/introspection.ts';
import { operationLimits } from '../../../src/limits/limits.ts';

const everything = {
  descriptions: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
  // Twelve wrappers: more than any type has.
  typeDepth: 12,
};

describe('passes', () => {
  test.each([
    ['what GraphiQL and Apollo Sandbox ask', getIntrospectionQuery(everything)],
    ['what older tools ask', getIntrospectionQuery()],
    ['one type', '{ __type(name: "Project") { name fields { name type { name kind ofType { name kind } } } } }'],
    ['the types of fields', '{ __schema { types { fields { type { fields { name description } } } } } }'],
    [
      'fields of the API that are called like those of the introspection',
      `{ a { types { fields { args { ${'b { fields { c } } '.repeat(9)} } } } } }`,
    ],
  ])('%s', (_, text) => {
    expect(() => checkDocument(parse(text))).not.toThrow();
  });
});

describe('is refused', () => {
  const around = '__schema { types { fields { type { fields { name description } } } } }';

  test.each([
    ['the schema four times', `{ ${['a', 'b', 'c', 'd'].map((alias) => `${alias}: ${around}`).join(' ')} }`],
    [
      'four times by a fragment',
      `{ ${['a', 'b', 'c', 'd'].map((alias) => `${alias}: __schema { ...F } `).join(' ')} } fragment F on __Schema { types { fields { type { fields { name description } } } } }`,
    ],
    [
      'its lists four times',
      `{ __schema { types { ${['a', 'b', 'c', 'd'].map((alias) => `${alias}: fields { type { fields { name description } } }`).join(' ')} } } }`,
    ],
    [
      'in an operation that does not run',
      `query A { id } query B { ${'a: b: c: d: '
        .split(' ')
        .filter(Boolean)
        .map((alias) => `${alias} ${around}`)
        .join(' ')} }`,
    ],
  ])('%s', (_, text) => {
    expect(() => checkDocument(parse(text))).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('asks for the schema several times over'),
        extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400 } },
      }),
    );
  });
});

test('there is room for the schema to grow by half', () => {
  expect(checkDocument(parse(getIntrospectionQuery(everything))).introspection * 1.5).toBeLessThan(operationLimits.introspection);
});

test('lists are taken to be as long as this schema has them', () => {
  const { data } = execute({ schema: createSchema(), document: parse(getIntrospectionQuery()) }) as ExecutionResult<IntrospectionQuery>;
  const types = data!.__schema.types as unknown as readonly Partial<Record<string, readonly { args?: readonly unknown[] }[]>>[];
  const perType = (field: string): number => types.reduce((sum, type) => sum + (type[field]?.length ?? 0), 0) / types.length;
  const fields = types.flatMap((type) => type['fields'] ?? []);
  const real: Record<string, number> = {
    types: types.length,
    directives: data!.__schema.directives.length,
    args: fields.reduce((sum, { args }) => sum + args!.length, 0) / fields.length,
    ...Object.fromEntries(['fields', 'inputFields', 'enumValues', 'possibleTypes', 'interfaces'].map((name) => [name, perType(name)])),
  };
  for (const [name, length] of Object.entries(real)) {
    const assumed = introspectionWork(name, 0);
    // A tenth of room for a schema that grows; when this fails, adapt the lengths.
    expect({ name, fits: length <= assumed * 1.1 }).toEqual({ name, fits: true });
  }
});
