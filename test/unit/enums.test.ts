import { describe, expect, test } from '@jest/globals';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { graphql, isEnumType, Kind, parse } from 'graphql';
import { enumResolvers, readUnknownValues, storedEnumValue } from '../../src/graphql/enums.ts';
import { createSchema, readTypeDefs } from '../../src/graphql/schema.ts';

test.each([
  ['ROLLED_BACK', 'rolled-back'],
  ['FULL_STACK', 'full-stack'],
  ['ONE_TO_MANY', 'one-to-many'],
  ['LAST_24_HOURS', 'last-24-hours'],
  ['AWS', 'aws'],
])('%s is stored as %s', (name, stored) => {
  expect(storedEnumValue(name)).toBe(stored);
});

const typeDefs = parse(`
  enum Status { PENDING ROLLED_BACK UNKNOWN }
  enum Direction { ASC DESC }
  type Query { echo(status: Status, direction: Direction): String  status(stored: String): Status  list: [Status!]! }
`);
const schema = readUnknownValues(
  makeExecutableSchema({
    typeDefs,
    resolvers: {
      ...enumResolvers([typeDefs]),
      Query: {
        echo: (_: unknown, args: Record<string, unknown>) => JSON.stringify(args),
        status: (_: unknown, { stored }: { stored: string | null }) => stored,
        list: () => ['pending', 'paused', 'rolled-back', 'PENDING', ''],
      },
    },
  }),
);
const run = (source: string, variableValues?: Record<string, unknown>) =>
  graphql({ schema, source, variableValues: variableValues ?? null });

describe('output', () => {
  test('knows stored values, and reads all others as UNKNOWN, alone and in lists', async () => {
    expect((await run('{ list }')).data).toEqual({ list: ['PENDING', 'UNKNOWN', 'ROLLED_BACK', 'UNKNOWN', 'UNKNOWN'] });
    expect((await run('{ a: status(stored: "rolled-back") b: status(stored: "exploded") }')).data).toEqual({
      a: 'ROLLED_BACK',
      b: 'UNKNOWN',
    });
  });

  test('leaves null alone', async () => {
    expect(await run('{ status }')).toEqual({ data: { status: null } });
  });
});

describe('input', () => {
  test('gives resolvers stored values, from literals and variables', async () => {
    expect((await run('{ echo(status: ROLLED_BACK, direction: ASC) }')).data?.['echo']).toBe('{"status":"rolled-back","direction":"asc"}');
    expect((await run('query ($s: Status) { echo(status: $s) }', { s: 'PENDING' })).data?.['echo']).toBe('{"status":"pending"}');
  });

  test.each([
    ['a literal UNKNOWN', '{ echo(status: UNKNOWN) }', undefined, /UNKNOWN is only ever returned.*PENDING, ROLLED_BACK/],
    ['a variable UNKNOWN', 'query ($s: Status) { echo(status: $s) }', { s: 'UNKNOWN' }, /UNKNOWN is only ever returned/],
    ['a stored value', 'query ($s: Status) { echo(status: $s) }', { s: 'rolled-back' }, /does not exist/],
    ['a text literal', '{ echo(status: "PENDING") }', undefined, /cannot represent non-enum/],
    ['a name of Object', 'query ($s: Status) { echo(status: $s) }', { s: 'constructor' }, /does not exist/],
  ])('refuses %s', async (_, source, variables, message) => {
    const { errors } = await run(source, variables);
    expect(errors?.[0]?.message).toMatch(message);
  });
});

test('every enum that is given out has UNKNOWN, and every value of it is stored in its own way', () => {
  const full = createSchema();
  const enums = Object.values(full.getTypeMap()).filter((type) => isEnumType(type) && !type.name.startsWith('__'));
  expect(enums.length).toBeGreaterThan(20);
  for (const type of enums) {
    if (!isEnumType(type)) continue;
    const stored = type.getValues().map(({ value }) => value as string);
    expect(new Set(stored).size).toBe(stored.length);
    for (const { name, value } of type.getValues()) expect(value).toBe(storedEnumValue(name));
    if (type.getValue('UNKNOWN')) expect(type.serialize('no such value')).toBe('UNKNOWN');
  }
  const given = new Set<string>();
  for (const { definitions } of readTypeDefs()) {
    for (const definition of definitions) {
      if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
      for (const field of definition.fields ?? []) given.add(JSON.stringify(field.type).match(/"value":"(\w+)"/)?.[1] ?? '');
    }
  }
  const incomplete = enums.filter((type) => isEnumType(type) && given.has(type.name) && !type.getValue('UNKNOWN'));
  expect(incomplete.map(({ name }) => name)).toEqual([]);
});

test('every type has the name that the SDL gives it, scalars of the library included', () => {
  for (const [name, type] of Object.entries(createSchema().getTypeMap())) expect(type.name).toBe(name);
});
