import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { failure, silence, startAiServer, until, whole, type AiServer } from '../support/aiServer.ts';
import { fakeMember, fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let endpoint: AiServer;
let harness: Harness;
let ada: TestUser;
let projectId: string;

const errors = 'userErrors { code message field }';
const body = `tables { id name description fields { name type required unique defaultValue description autoIncrement } indexes { name fields type } }
  relationships { id fromTable fromField toTable toField type name fromFields toFields onDelete onUpdate } enums { name values }`;
const generate = `mutation ($input: AiGenerateSchemaInput!, $key: String) { aiGenerateSchema(input: $input, idempotencyKey: $key) {
  proposal { ${body} problems { rule severity path } warnings { code construct } } schema { id name version tables { name } } model
  usage { promptTokens totalTokens } ${errors} } }`;

const field = (name: string, type: string, more: object = {}) => ({
  ...{ name, type, primary: false, required: true, unique: false, foreign: null, default: null, description: null },
  ...more,
});
const shop = {
  schemas: [
    {
      name: 'customers',
      description: 'Who buys',
      fields: [field('id', 'uuid', { primary: true, default: 'gen_random_uuid()' }), field('email', 'varchar(320)', { unique: true })],
      indexes: [],
    },
    {
      name: 'orders',
      description: null,
      fields: [field('id', 'uuid', { primary: true }), field('customer_id', 'uuid', { foreign: 'customers.id' })],
      indexes: [{ name: 'orders_customer_id_idx', columns: ['customer_id'], unique: false }],
    },
  ],
};
/** Two mistakes: a reference to a table that is not there, and a type that is none. */
const broken = {
  schemas: [
    { name: 'orders', fields: [field('id', "int'; drop", { primary: true }), field('customer_id', 'uuid', { foreign: 'people.id' })] },
  ],
};

beforeAll(async () => {
  endpoint = await startAiServer();
  harness = await createHarness({ ai: { baseUrl: endpoint.baseUrl, model: 'model-1', timeoutMs: 60_000 } });
  ada = await harness.signUp();
  projectId = (await fakeProject(harness, ada)).id;
});
beforeEach(() => {
  endpoint.reset();
});
afterAll(async () => {
  await harness.close();
  await endpoint.close();
});

async function design(input: Data = {}, { by = ada, key }: { by?: TestUser; key?: string } = {}): Promise<Data> {
  const { data, errors: top } = await harness.run(by, generate, { input: { prompt: 'a shop', ...input }, key });
  expect(top).toEqual([]);
  return data.aiGenerateSchema;
}

const said = (value: unknown) => whole(JSON.stringify(value));

describe('a proposal', () => {
  test('is asked for with a JSON schema, and fits schemaCreate as it is', async () => {
    endpoint.script(said(shop));
    const { proposal, schema, userErrors, model, usage } = await design({ projectId });
    expect([userErrors, schema, model, usage]).toEqual([[], null, 'model-1', { promptTokens: 11, totalTokens: 18 }]);
    expect(endpoint.chats[0]!.body.response_format).toMatchObject({ type: 'json_schema', json_schema: { strict: true } });
    const { problems, warnings, ...rest } = proposal;
    expect([problems, warnings]).toEqual([[], []]);
    expect(rest.relationships).toMatchObject([
      { fromTable: 'orders', fromField: 'customer_id', toTable: 'customers', toField: 'id', type: 'ONE_TO_MANY' },
    ]);
    const create = `mutation ($input: SchemaCreateInput!) { schemaCreate(input: $input) { schema { ${body} } ${errors} } }`;
    const { schemaCreate } = await harness.must(ada, create, { input: { projectId, name: 'taken over', ...rest } });
    expect(schemaCreate.schema).toEqual(rest);
  });

  test('needs no project', async () => {
    endpoint.script(said(shop));
    expect((await design()).proposal.tables.map(({ name }: Data) => name)).toEqual(['customers', 'orders']);
  });

  const fenced = `Here it is, with {braces}:\n\`\`\`json\n${JSON.stringify(shop, null, 2)}\n\`\`\`\nTell me {more}.`;
  test.each([
    ['in a code fence, with words around it', fenced],
    ['with words around it', `Sure!\n${JSON.stringify(shop)}\nEnjoy.`],
    ['with a byte order mark', `\uFEFF${JSON.stringify(shop)}`],
    [
      'in the shape of this API',
      JSON.stringify({
        tables: [
          { name: 'customers', fields: [{ name: 'id', type: 'int' }] },
          { name: 'orders', fields: [{ name: 'id', type: 'int' }] },
        ],
      }),
    ],
  ])('is read %s', async (_, text) => {
    endpoint.script(whole(text));
    const { proposal, userErrors } = await design();
    expect(userErrors).toEqual([]);
    expect(proposal.tables.map(({ name }: Data) => name)).toEqual(['customers', 'orders']);
    expect(endpoint.chats).toHaveLength(1);
  });

  test('comes from an endpoint without structured outputs, too, which is asked for them once', async () => {
    const plain = await startAiServer();
    const on = await createHarness({ ai: { baseUrl: plain.baseUrl, model: 'm' } });
    plain.script(failure(400, { param: 'response_format' }), said(shop), said(shop));
    for (let i = 0; i < 2; i += 1) {
      const { aiGenerateSchema } = await on.must(ada, generate, { input: { prompt: 'a shop' } });
      expect(aiGenerateSchema.proposal.tables).toHaveLength(2);
    }
    expect(plain.chats.map(({ body: { response_format: format } }) => format !== undefined)).toEqual([true, false, false]);
    await on.close();
    await plain.close();
  });

  test('of another question that was refused says nothing about structured outputs', async () => {
    endpoint.script(failure(400, { code: 'content_filter' }), failure(400, { code: 'content_filter' }), said(shop));
    expect((await design()).userErrors).toMatchObject([{ code: 'AI_REFUSED' }]);
    await design();
    expect(endpoint.chats.at(-1)!.body).toHaveProperty('response_format');
  });

  const sample = new URL('../../../shared/samples/ai-backend-social-media.json', import.meta.url);
  (existsSync(sample) ? test : test.skip)('is read from a real answer of an assistant', async () => {
    endpoint.script(whole(readFileSync(sample, 'utf8')));
    const { proposal, userErrors } = await design();
    expect(userErrors).toEqual([]);
    expect(proposal.tables.map(({ name }: Data) => name)).toEqual(['users', 'posts']);
    expect(proposal.relationships).toMatchObject([{ fromTable: 'posts', fromField: 'user_id', toTable: 'users', toField: 'id' }]);
    expect(endpoint.chats).toHaveLength(1);
  });
});

test('the example of the README answers what is written there', async () => {
  const page = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('\n## The assistant\n'));
  const [, document = '', shown = ''] = /```graphql\n([\s\S]*?)```\s+```json\n([\s\S]*?)```/.exec(section) ?? [];
  const ids = field('id', 'uuid', { primary: true });
  const notes = [ids, field('title', 'text'), field('author_id', 'uuid', { foreign: 'authors.id' })];
  const indexes = [{ name: 'notes_author_id_idx', columns: ['author_id'], unique: false }];
  endpoint.script(
    said({
      schemas: [
        { name: 'authors', description: null, fields: [ids], indexes: [] },
        { name: 'notes', description: null, fields: notes, indexes },
      ],
    }),
  );
  expect(await harness.must(ada, document)).toEqual(JSON.parse(shown));
});

describe('a proposal with mistakes', () => {
  test('goes back once with all of them, and is taken when it is corrected', async () => {
    endpoint.script(said(broken), said(shop));
    const { proposal, userErrors, usage } = await design();
    expect([userErrors, proposal.tables.length, usage]).toEqual([[], 2, { promptTokens: 22, totalTokens: 36 }]);
    const [, answer, request] = endpoint.chats[1]!.body.messages.slice(-3);
    expect(answer).toEqual({ role: 'assistant', content: JSON.stringify(broken) });
    expect(request.content).toContain('does not create the table "people"');
    expect(request.content).toContain('is no SQL type');
  });

  test.each<[string, string, RegExp]>([
    ['mistakes', JSON.stringify(broken), /no SQL type.*"people"/s],
    ['no JSON', 'I would rather talk about the weather.', /not JSON/],
    ['JSON without tables', '{"answer": 42}', /no tables/],
    ['an empty list', '{"schemas": []}', /no tables/],
    ['a table without fields', '{"schemas": [{"name": "a"}]}', /"a" has no "fields"/],
    ['the same table twice', JSON.stringify({ schemas: [shop.schemas[0], shop.schemas[0]] }), /customers/],
  ])('%s again are AI_INVALID_ANSWER, which names the first', async (_, text, expected) => {
    endpoint.script(whole(text), whole(text), silence);
    const { proposal, userErrors } = await design();
    expect(proposal).toBeNull();
    expect(userErrors).toMatchObject([{ code: 'AI_INVALID_ANSWER', message: expect.stringMatching(expected) }]);
    expect(endpoint.chats).toHaveLength(2);
  });

  test('an answer that was cut off says so', async () => {
    const half = JSON.stringify(shop).slice(0, 200);
    endpoint.script(whole(half, { finish: 'length' }), whole(half, { finish: 'length' }));
    expect((await design()).userErrors).toMatchObject([{ code: 'AI_INVALID_ANSWER', message: expect.stringContaining('cut off') }]);
  });
});

describe('save', () => {
  const save = (name: string) => ({ projectId, save: true, name });

  test('stores the proposal with its activity; the name gets its next version', async () => {
    for (const version of [1, 2]) {
      endpoint.script(said(shop));
      const { schema, proposal, userErrors } = await design(save('designed'));
      expect(userErrors).toEqual([]);
      expect(schema).toMatchObject({ name: 'designed', version, tables: [{ name: 'customers' }, { name: 'orders' }] });
      expect(proposal.tables).toHaveLength(2);
    }
    const { project } = await harness.must(
      ada,
      'query ($id: ID!) { project(id: $id) { activity { nodes { action entityType entityName } } } }',
      { id: projectId },
    );
    const made = project.activity.nodes.filter(({ entityName }: Data) => entityName === 'designed');
    expect(made.map(({ entityType }: Data) => entityType)).toHaveLength(2);
  });

  test('an idempotency key gives the stored schema again without asking the model', async () => {
    endpoint.script(said(shop));
    const first = await design(save('once'), { key: 'k1' });
    const again = await design(save('once'), { key: 'k1' });
    expect([again.schema.id, again.schema.version, again.proposal]).toEqual([first.schema.id, 1, null]);
    expect(endpoint.chats).toHaveLength(1);
    expect((await design({ ...save('once'), prompt: 'other' }, { key: 'k1' })).userErrors).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
  });

  test('what cannot be stored does not reach the model', async () => {
    const developer = await fakeMember(harness, { projectId, role: 'developer' });
    const viewer = await fakeMember(harness, { projectId, role: 'viewer' });
    const stranger = await harness.signUp();
    const refusals = [
      await design(save('x'), { by: viewer }),
      await design({ projectId }, { by: viewer }),
      await design(save('x'), { by: stranger }),
      await design({ save: true, projectId }),
      await design({ save: true, name: 'x' }),
      await design({ projectId, save: true, name: '' }),
      await design({ prompt: ' ' }),
      await design({ prompt: 'x'.repeat(20_001) }),
      await design({}, { key: 'k' }),
    ];
    expect(refusals.map(({ userErrors: [first] }) => [first.code, first.field])).toEqual([
      ['FORBIDDEN', null],
      ['FORBIDDEN', null],
      ['NOT_FOUND', ['id']],
      ['VALIDATION', ['input', 'name']],
      ['VALIDATION', ['input', 'projectId']],
      ['VALIDATION', ['input', 'name']],
      ['VALIDATION', ['input', 'prompt']],
      ['VALIDATION', ['input', 'prompt']],
      ['VALIDATION', ['idempotencyKey']],
    ]);
    expect(endpoint.chats).toHaveLength(0);
    endpoint.script(said(shop));
    expect((await design(save('of a developer'), { by: developer })).schema.version).toBe(1);
  });

  test('a role that was lost while the model thought stores nothing', async () => {
    const developer = await fakeMember(harness, { projectId, role: 'developer' });
    let release = (): void => undefined;
    const thought = new Promise<void>((resolve) => (release = resolve));
    endpoint.script(async (...args) => {
      await thought;
      await said(shop)(...args);
    });
    const saving = design(save('too late'), { by: developer });
    await until(() => endpoint.chats.length === 1);
    await harness.must(ada, `mutation ($id: ID!, $user: ID!) { memberRemove(projectId: $id, userId: $user) { ${errors} } }`, {
      id: projectId,
      user: developer.id,
    });
    release();
    const { schema, userErrors } = await saving;
    expect([schema, userErrors[0]?.code]).toEqual([null, 'NOT_FOUND']);
  });
});
