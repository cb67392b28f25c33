/**
 * Hostile values through every argument of every mutation, as the schema names them: a new argument is tried without a new test.
 * What role, tenant and key a caller has is the matter of roles.test.ts and tenancy.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GraphQLObjectType, isEnumType, type GraphQLField } from 'graphql';
import { createSchema } from '../../src/graphql/schema.ts';
import {
  fakeArchitecture,
  fakeDeployment,
  fakeIntegration,
  fakeInvitation,
  fakePage,
  fakeProject,
  fakeSchema,
} from '../support/factories.ts';
import { createHarness, type Answer, type Harness, type TestUser } from '../support/harness.ts';
import { inputPaths, mutationDocument, variablesFor, type InputPath } from '../support/inputPaths.ts';

const schema = createSchema();
const mutations = Object.values((schema.getMutationType() ?? new GraphQLObjectType({ name: 'None', fields: {} })).getFields());

let harness: Harness;
let ada: TestUser;
let ids: Record<string, string>;

beforeAll(async () => {
  harness = await createHarness();
  ada = await harness.signUp();
  const projectId = (await fakeProject(harness, ada)).id;
  const made = { projectId };
  ids = {
    project: projectId,
    schema: (await fakeSchema(harness, ada, made)).id,
    architecture: (await fakeArchitecture(harness, ada, made)).id,
    deployment: (await fakeDeployment(harness, ada, made)).id,
    documentation: (await fakePage(harness, ada, made)).id,
    integration: (await fakeIntegration(harness, ada, made)).id,
    invitation: (await fakeInvitation(harness, ada, { projectId, email: 'somebody@example.com' })).id,
  };
});
afterAll(() => harness.close());

/** Mutations that would end what the other cases need: they are only tried as a dry run, or by somebody else. */
const isFinal = (name: string): boolean => /Delete|Revoke|Resend|Cancel|Transfer|Remove|signOut|passwordChange|Sync$|Test$/.test(name);

/** Returns a value that a mutation takes without complaint, or undefined. */
function usualValue(mutation: string, { path, type }: InputPath): unknown {
  const name = String(path.findLast((step) => typeof step === 'string'));
  if (type === 'ID') {
    const kind = Object.keys(ids).find((each) => mutation.startsWith(each) || mutation.startsWith(each.replace('integration', 'none')));
    return name === 'projectId' ? ids['project'] : (ids[kind ?? ''] ?? ids['project']);
  }
  const byType: Record<string, unknown> = {
    Int: 1,
    Float: 1,
    Boolean: true,
    DateTime: '2026-01-31T12:00:00.000Z',
    JSON: {},
    JSONObject: {},
  };
  if (type in byType) return byType[type];
  if (type === 'URL') return 'https://example.com/';
  if (type === 'EmailAddress' || name === 'email') return 'somebody-else@example.com';
  return type === 'String' ? 'usual' : undefined;
}

async function call(field: GraphQLField<unknown, unknown>, target?: InputPath['path'], value?: unknown): Promise<Answer> {
  const variables = variablesFor(field, { usual: (at) => usualValue(field.name, at), ...(target && { target, value }) });
  if (isFinal(field.name) && field.args.some(({ name }) => name === 'dryRun')) variables['dryRun'] = true;
  // What has no dry run ends the session of somebody else.
  const caller = field.name === 'signOut' || field.name === 'passwordChange' ? null : ada;
  return harness.run(caller, mutationDocument(field, variables), variables);
}

const codesOf = (answer: Answer): unknown[] => [
  ...answer.errors.map(({ extensions }) => extensions?.['code']),
  ...(answer.data?.result?.userErrors ?? []).map(({ code }: { code: string }) => code),
];

const textTypes = ['String', 'ID', 'EmailAddress', 'URL'];
const texts = mutations.flatMap((field) => inputPaths(field).flatMap((at) => (textTypes.includes(at.type) ? [{ field, at }] : [])));
const nameOf = ({ field, at }: { field: { name: string }; at: InputPath }): string => `${field.name} ${at.path.join('.')}`;

/** Returns a text of nothing but letters that is wrong in one place, so that no other rule refuses it. */
const damaged = { NUL: 'usu\u0000al', 'half a surrogate pair': 'usu\ud800al', 'the other half': '\udc00usual' };

describe('every text of every mutation', () => {
  test('is found in the schema', () => {
    expect(mutations.length).toBeGreaterThan(40);
    expect(texts.length).toBeGreaterThan(200);
    expect(texts.map(nameOf)).toEqual(expect.arrayContaining(['projectCreate input.name', 'schemaCreate input.tables.0.fields.0.name']));
  });

  // Without the rules of text.ts: DynamoDB keeps the NUL, and refuses the surrogate with a ValidationException, masked as INTERNAL_SERVER_ERROR.
  test.each(Object.entries(damaged))('refuses %s', async (_, text) => {
    const [taken, faults] = [[] as string[], [] as string[]];
    for (const each of texts) {
      const codes = codesOf(await call(each.field, each.at.path, text));
      // A dry run keeps no answer, and does not look at the key that it would be kept under.
      const isLookedAt = each.at.path[0] !== 'idempotencyKey' || !isFinal(each.field.name);
      if (codes.length === 0 && isLookedAt) taken.push(nameOf(each));
      if (codes.includes('INTERNAL_SERVER_ERROR')) faults.push(nameOf(each));
    }
    expect({ taken, faults }).toEqual({ taken: [], faults: [] });
  });

  const odd = [
    '',
    'x'.repeat(3_000),
    '#pk = :v OR attribute_exists(#pk)',
    '__proto__',
    'email#somebody@example.com#body#0001',
    ' \t\n',
    '𝒳'.repeat(2_100),
  ];
  /** Each argument gets two of the texts, its neighbours others; all seven with EVERY_TEXT=1. */
  // eslint-disable-next-line no-restricted-properties -- how long one wants to look is no setting of the server
  const rounds = process.env['EVERY_TEXT'] === '1' ? odd.length : 2;

  // Without the rules of keyText.ts: ValidationException of DynamoDB ("One or more parameter values were invalid"), masked.
  test('empty, long or odd: taken or refused, never a fault', async () => {
    const faults = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const [place, each] of texts.entries()) {
        const codes = codesOf(await call(each.field, each.at.path, odd[(place + round) % odd.length]));
        if (codes.includes('INTERNAL_SERVER_ERROR')) faults.push(nameOf(each));
      }
    }
    expect(faults).toEqual([]);
  });

  test('the usual value is taken by most, so that it was the hostile one that was refused', async () => {
    let taken = 0;
    for (const field of mutations) if (codesOf(await call(field)).length === 0) taken += 1;
    expect(taken).toBeGreaterThan(mutations.length / 2);
  });
});

describe('every JSON value of every mutation', () => {
  const values = mutations.flatMap((field) => inputPaths(field).flatMap((at) => (/^JSON/.test(at.type) ? [{ field, at }] : [])));
  const polluting = [
    '{"__proto__": {"polluted": true}}',
    '{"a": [{"constructor": {"prototype": {"polluted": true}}}]}',
    '{"prototype": 1}',
  ];

  test('is found in the schema', () => {
    expect(values.map(nameOf)).toEqual(expect.arrayContaining(['deploymentCreate input.metadata', 'settingsUpdate input.preferences']));
  });

  // Without the rule of json.ts the reserved key is stored, and a literal may reach a prototype.
  test.each(polluting)('refuses %s as a variable, and pollutes nothing', async (text) => {
    const taken = [];
    for (const each of values) if (codesOf(await call(each.field, each.at.path, JSON.parse(text))).length === 0) taken.push(nameOf(each));
    expect(taken).toEqual([]);
    expect({}).not.toHaveProperty('polluted');
  });

  test.each(polluting)('refuses %s as a literal, and pollutes nothing', async (text) => {
    const literal = text.replaceAll('"', '');
    const codes = [];
    for (const { field, at } of values) {
      const marker = 'replaced by the literal';
      const variables = variablesFor(field, { usual: (path) => usualValue(field.name, path), target: at.path, value: marker });
      const args = Object.entries(variables).map(
        ([name, value]) => `${name}: ${graphqlLiteral(value).replace(JSON.stringify(marker), literal)}`,
      );
      const answer = await harness.run(ada, `mutation { result: ${field.name}(${args.join(', ')}) { userErrors { code message field } } }`);
      codes.push(codesOf(answer).length === 0 ? nameOf({ field, at }) : 'refused');
    }
    expect(new Set(codes)).toEqual(new Set(['refused']));
    expect({}).not.toHaveProperty('polluted');
  });
});

/** Returns a value as GraphQL writes it; texts of capital letters are enum values here. */
function graphqlLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(graphqlLiteral).join(', ')}]`;
  if (typeof value === 'string' && /^[A-Z][A-Z_]+$/.test(value)) return value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, entry]) => `${name}: ${graphqlLiteral(entry)}`)
    .join(', ')} }`;
}

/** Fields of the whole schema that take a value of a type, with where. */
function takers(wanted: (type: string) => boolean): { field: GraphQLField<unknown, unknown>; at: InputPath }[] {
  return mutations.flatMap((field) => inputPaths(field).flatMap((at) => (wanted(at.type) ? [{ field, at }] : [])));
}

describe('every date of every mutation', () => {
  test.each([
    ['before 1970', '1969-12-31T23:59:59.999Z'],
    ['after 9999', '+010000-01-01T00:00:00.000Z'],
    ['a day that does not exist', '2026-02-30T00:00:00.000Z'],
    ['no date', 'yesterday'],
    ['a number', 1_700_000_000_000],
    ['in the far past by its zone', '1970-01-01T00:00:00+01:00'],
  ])('refuses one %s', async (_, value) => {
    const dates = takers((type) => type === 'DateTime');
    expect(dates.length).toBeGreaterThan(3);
    for (const { field, at } of dates)
      expect([nameOf({ field, at }), codesOf(await call(field, at.path, value))]).toEqual([nameOf({ field, at }), ['BAD_USER_INPUT']]);
  });

  test.each(['1970-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'])('reads %s', async (value) => {
    // What a field makes of it is its own matter; the text is a date.
    for (const { field, at } of takers((type) => type === 'DateTime'))
      expect(codesOf(await call(field, at.path, value))).not.toContain('BAD_USER_INPUT');
  });
});

describe('every enum of every mutation', () => {
  test.each(['UNKNOWN', 'draft', 'ACTIVE ', '__proto__', 'constructor', '', 0, true, { toString: 'DRAFT' }])(
    'refuses %p',
    async (value) => {
      const enums = takers((type) => isEnumType(schema.getType(type)));
      expect(enums.length).toBeGreaterThan(15);
      for (const { field, at } of enums)
        expect([nameOf({ field, at }), codesOf(await call(field, at.path, value))]).toEqual([nameOf({ field, at }), ['BAD_USER_INPUT']]);
    },
  );
});

test('250 ids through one field: each finds its object, in order, and is read once', async () => {
  const create =
    'mutation ($inputs: [ProjectCreateInput!]!) { projectBulkCreate(inputs: $inputs) { projects { id } userErrors { code } } }';
  const made: string[] = [];
  for (let round = 0; round < 10; round += 1) {
    const inputs = Array.from({ length: 25 }, (_, i) => ({ name: `P${round * 25 + i}` }));
    const data = await harness.must(ada, create, { inputs });
    made.push(...data.projectBulkCreate.projects.map(({ id }: { id: string }) => id));
  }
  const [a, b, c] = [made.slice(0, 100), made.slice(100, 200), [...made.slice(200), 'prj_none', ...made.slice(0, 49)]];
  const query = 'query ($a: [ID!]!, $b: [ID!]!, $c: [ID!]!) { a: nodes(ids: $a) { id } b: nodes(ids: $b) { id } c: nodes(ids: $c) { id } }';
  const { data, errors, calls } = await harness.run(ada, query, { a, b, c });
  expect(errors).toEqual([]);
  const found = (list: ({ id: string } | null)[]): (string | null)[] => list.map((node) => node?.id ?? null);
  expect([found(data.a), found(data.b), found(data.c)]).toEqual([a, b, c.map((id) => (id === 'prj_none' ? null : id))]);
  // Ids that come twice are read once. Without the loader: 300.
  expect(calls.length).toBeLessThanOrEqual(made.length + 1);
});
