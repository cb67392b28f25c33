import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeProject, fakeSchema } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let bob: TestUser;
let projectId: string;

beforeAll(async () => {
  harness = await createHarness();
  [ada, bob] = await Promise.all([harness.signUp(), harness.signUp({ username: 'Bob' })]);
  projectId = (await fakeProject(harness, ada)).id;
});
afterAll(() => harness.close());

const errors =
  'userErrors { __typename message code field ... on ValidationError { line column } ... on ConflictError { currentRevision changedFields current { id } } }';
const body =
  'tables { id name description fields { name type required unique defaultValue description autoIncrement } indexes { name fields type } } relationships { id fromTable fromField toTable toField type fromFields toFields onDelete } enums { name values }';
const schema = `schema { id name version revision description tableCount createdAt ${body} }`;
const create = `mutation ($input: SchemaCreateInput!, $key: String, $dryRun: Boolean! = false) { schemaCreate(input: $input, idempotencyKey: $key, dryRun: $dryRun) { ${schema} ${errors} } }`;
const update = `mutation ($id: ID!, $input: SchemaUpdateInput!, $rev: Int!) { schemaUpdate(id: $id, input: $input, expectedRevision: $rev) { ${schema} ${errors} } }`;
const nextVersion = `mutation ($id: ID!) { schemaVersionCreate(id: $id) { ${schema} ${errors} } }`;
const remove = `mutation ($id: ID!, $rev: Int) { schemaDelete(id: $id, expectedRevision: $rev) { deletedId deletedCounts { schemas projects } ${errors} } }`;
const importSchema = `mutation ($input: SchemaImportInput!, $key: String, $dryRun: Boolean! = false) { schemaImport(input: $input, idempotencyKey: $key, dryRun: $dryRun) { ${schema} warnings { code message line column construct } ${errors} } }`;
const read = `query ($id: ID!) { databaseSchema(id: $id) { id name version revision tableCount ${body} project { id } createdBy { id } } node(id: $id) { __typename id } }`;

const shop = {
  tables: [
    {
      name: 'customers',
      fields: [
        { name: 'id', type: 'uuid', required: true },
        { name: 'email', type: 'varchar(255)', unique: true },
      ],
      indexes: [{ fields: ['id'], type: 'PRIMARY' }],
    },
    {
      name: 'orders',
      fields: [
        { name: 'id', type: 'uuid', required: true },
        { name: 'customer_id', type: 'uuid', required: true },
        { name: 'total', type: 'numeric(10,2)', defaultValue: '0' },
      ],
      indexes: [
        { fields: ['id'], type: 'PRIMARY' },
        { name: 'by_customer', fields: ['customer_id'] },
      ],
    },
  ],
  relationships: [{ fromTable: 'orders', fromField: 'customer_id', toTable: 'customers', toField: 'id', onDelete: 'CASCADE' }],
  enums: [{ name: 'order_status', values: ['open', 'paid'] }],
};

let names = 0;
const uniqueName = (): string => `schema-${(names += 1)}`;

function wideTables(count: number, columns: number): Data[] {
  return Array.from({ length: count }, (_, t) => ({
    name: `table_${t}`,
    fields: Array.from({ length: columns }, (__, f) => ({
      name: `column_${f}`,
      type: 'text',
      description: randomBytes(80).toString('base64'),
    })),
  }));
}

describe('schemaCreate', () => {
  test('stores a design and reads it back whole', async () => {
    const name = uniqueName();
    const { schemaCreate } = await harness.must(ada, create, { input: { projectId, name, description: 'A shop', ...shop } });
    expect(schemaCreate.schema).toMatchObject({ name, version: 1, revision: 1, tableCount: 2, description: 'A shop' });
    const { databaseSchema, node } = await harness.must(ada, read, { id: schemaCreate.schema.id });
    expect(databaseSchema).toMatchObject({
      tables: [
        {
          name: 'customers',
          fields: [
            { name: 'id', type: 'uuid', required: true, unique: false },
            { name: 'email', unique: true, required: false },
          ],
          indexes: [{ name: 'customers_pkey', type: 'PRIMARY', fields: ['id'] }],
        },
        { name: 'orders', indexes: [{ type: 'PRIMARY' }, { name: 'by_customer', type: 'BTREE' }] },
      ],
      relationships: [
        {
          fromTable: 'orders',
          toTable: 'customers',
          type: 'ONE_TO_MANY',
          onDelete: 'CASCADE',
          fromFields: ['customer_id'],
          toFields: ['id'],
        },
      ],
      enums: [{ name: 'order_status', values: ['open', 'paid'] }],
      project: { id: projectId },
      createdBy: { id: ada.id },
    });
    expect(node).toEqual({ __typename: 'DatabaseSchema', id: databaseSchema.id });
    expect(new Set(databaseSchema.tables.map(({ id }: Data) => id)).size).toBe(2);
  });

  test.each([
    ['a table without a name', { tables: [{ name: '', fields: [] }] }],
    [
      'two tables of one name',
      {
        tables: [
          { name: 'a', fields: [{ name: 'x', type: 'int' }] },
          { name: 'a', fields: [{ name: 'x', type: 'int' }] },
        ],
      },
    ],
    [
      'two columns of one name',
      {
        tables: [
          {
            name: 'a',
            fields: [
              { name: 'x', type: 'int' },
              { name: 'x', type: 'int' },
            ],
          },
        ],
      },
    ],
    [
      'a relationship to a table that is not there',
      { ...shop, relationships: [{ fromTable: 'orders', fromField: 'customer_id', toTable: 'nowhere', toField: 'id' }] },
    ],
    [
      'an index over a column that is not there',
      { tables: [{ name: 'a', fields: [{ name: 'x', type: 'int' }], indexes: [{ fields: ['y'] }] }] },
    ],
    ['a type that breaks out of the statement', { tables: [{ name: 'a', fields: [{ name: 'x', type: 'int); DROP TABLE a; --' }] }] }],
  ])('refuses %s and writes nothing', async (_, input) => {
    const { data, calls } = await harness.run(ada, create, { input: { projectId, name: uniqueName(), ...input } });
    expect(data.schemaCreate.schema).toBeNull();
    expect(data.schemaCreate.userErrors[0]).toMatchObject({ __typename: 'ValidationError', code: 'VALIDATION' });
    expect(data.schemaCreate.userErrors[0].field.slice(0, 1)).toEqual(['input']);
    expect(calls.filter(({ writeUnits }) => writeUnits > 0)).toEqual([]);
  });

  test('refuses a name that the project has, also when two come at once', async () => {
    const input = { projectId, name: uniqueName(), ...shop };
    const answers = await Promise.all(Array.from({ length: 5 }, () => harness.run(ada, create, { input })));
    expect(answers.filter(({ data }) => data.schemaCreate.schema)).toHaveLength(1);
    expect(answers.filter(({ data }) => data.schemaCreate.userErrors[0]?.code === 'ALREADY_EXISTS')).toHaveLength(4);
  });

  test('refuses UNKNOWN, which is only ever returned', async () => {
    const { errors: top } = await harness.run(ada, create, {
      input: {
        projectId,
        name: uniqueName(),
        tables: [{ name: 'a', fields: [{ name: 'x', type: 'int' }], indexes: [{ fields: ['x'], type: 'UNKNOWN' }] }],
      },
    });
    expect(top[0]?.message).toContain('UNKNOWN is only ever returned');
  });

  test('is NOT_FOUND in a project of somebody else', async () => {
    const { data } = await harness.run(bob, create, { input: { projectId, name: uniqueName(), ...shop } });
    expect(data.schemaCreate.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
});

describe('large bodies', () => {
  const list = 'query ($id: ID!) { project(id: $id) { schemas(first: 25) { nodes { id name tableCount } } } }';

  test('over the item limit are read back whole, and lists do not read them', async () => {
    const project = await fakeProject(harness, ada);
    const tables = wideTables(100, 60);
    expect(JSON.stringify(tables).length).toBeGreaterThan(800_000);
    const { schemaCreate } = await harness.must(ada, create, { input: { projectId: project.id, name: 'huge', tables } });
    const items = await harness.rows('schemas', schemaCreate.schema.id);
    expect(items.length).toBeGreaterThan(2);
    const { databaseSchema } = await harness.must(ada, read, { id: schemaCreate.schema.id });
    expect(databaseSchema.tables.map(({ name, fields }: Data) => [name, fields.map(({ description }: Data) => description)])).toEqual(
      tables.map(({ name, fields }) => [name, fields.map(({ description }: Data) => description)]),
    );
    const { calls } = await harness.run(ada, list, { id: project.id });
    const listing = calls.find(({ index }) => index === 'ProjectIdIndex');
    expect(listing?.readUnits).toBeLessThanOrEqual(1);
  });

  test('an update replaces the chunks and leaves none behind', async () => {
    const created = await fakeSchema(harness, ada, { tables: wideTables(40, 60) });
    const before = (await harness.rows('schemas', created.id)).length;
    await harness.must(ada, update, { id: created.id, rev: 1, input: { tables: wideTables(20, 60) } });
    const { databaseSchema } = await harness.must(ada, read, { id: created.id });
    expect(databaseSchema.tables).toHaveLength(20);
    await harness.must(ada, update, { id: created.id, rev: 2, input: { tables: shop.tables } });
    expect((await harness.must(ada, read, { id: created.id })).databaseSchema.tables).toHaveLength(2);
    expect(before).toBeGreaterThan(1);
    expect(await harness.rows('schemas', created.id)).toHaveLength(1);
  });

  test('over 4 MB are refused before any write', async () => {
    const tables = wideTables(100, 400);
    const { data, calls } = await harness.run(ada, create, { input: { projectId, name: uniqueName(), tables } });
    expect(data.schemaCreate.userErrors).toMatchObject([{ __typename: 'ValidationError', code: 'TOO_LARGE', field: ['input', 'tables'] }]);
    expect(calls.filter(({ writeUnits }) => writeUnits > 0)).toEqual([]);
  });
});

describe('schemaUpdate', () => {
  test('changes what is given and counts the revision', async () => {
    const created = await fakeSchema(harness, ada, shop);
    const { schemaUpdate } = await harness.must(ada, update, {
      id: created.id,
      rev: 1,
      input: { relationships: [], description: 'now without' },
    });
    expect(schemaUpdate.schema).toMatchObject({ revision: 2, relationships: [], tableCount: 2, description: 'now without', version: 1 });
    expect((await harness.must(ada, read, { id: created.id })).databaseSchema).toMatchObject({
      revision: 2,
      relationships: [],
      enums: [{ name: 'order_status' }],
    });
  });

  test('against a stale revision changes nothing and names the changed fields', async () => {
    const created = await fakeSchema(harness, ada, shop);
    await harness.must(ada, update, { id: created.id, rev: 1, input: { relationships: [] } });
    const { data } = await harness.run(ada, update, { id: created.id, rev: 1, input: { tables: [] } });
    expect(data.schemaUpdate.userErrors).toMatchObject([
      { __typename: 'ConflictError', currentRevision: 2, changedFields: ['relationships'], current: { id: created.id } },
    ]);
    expect((await harness.must(ada, read, { id: created.id })).databaseSchema.tableCount).toBe(2);
  });

  test('renames a schema with one version, frees the old name, and refuses a taken one', async () => {
    const created = await fakeSchema(harness, ada, shop);
    const other = await fakeSchema(harness, ada, { ...shop, projectId: created.projectId });
    const { data } = await harness.run(ada, update, { id: created.id, rev: 1, input: { name: other.name } });
    expect(data.schemaUpdate.userErrors).toMatchObject([{ code: 'ALREADY_EXISTS', field: ['input', 'name'] }]);
    await harness.must(ada, update, { id: created.id, rev: 1, input: { name: 'renamed' } });
    await harness.must(ada, create, { input: { projectId: created.projectId, name: created.name } });
    await harness.must(ada, nextVersion, { id: other.id });
    const refused = await harness.run(ada, update, { id: other.id, rev: 1, input: { name: 'free' } });
    expect(refused.data.schemaUpdate.userErrors).toMatchObject([{ code: 'VALIDATION', field: ['input', 'name'] }]);
  });
});

describe('versions', () => {
  test('count up, are found by name and number, and list latest first', async () => {
    const first = await fakeSchema(harness, ada, shop);
    const answers = await Promise.all(Array.from({ length: 4 }, () => harness.must(ada, nextVersion, { id: first.id })));
    expect(answers.map(({ schemaVersionCreate }) => schemaVersionCreate.schema.version).sort()).toEqual([2, 3, 4, 5]);
    const { project } = await harness.must(
      ada,
      'query ($id: ID!, $name: String!) { project(id: $id) { latest: schema(name: $name) { version tables { name } versions { totalCount nodes { version } } } third: schema(name: $name, version: 3) { version } none: schema(name: $name, version: 9) { version } schemas { totalCount nodes { version } } } }',
      { id: first.projectId, name: first.name },
    );
    expect(project).toMatchObject({
      latest: { version: 5, tables: [{ name: 'customers' }, { name: 'orders' }], versions: { totalCount: 5 } },
      third: { version: 3 },
      none: null,
      schemas: { totalCount: 5 },
    });
    expect(project.latest.versions.nodes.map(({ version }: Data) => version)).toEqual([5, 4, 3, 2, 1]);
    expect(project.schemas.nodes.map(({ version }: Data) => version)).toEqual([5, 4, 3, 2, 1]);
  });

  test('numbers are never given twice; with the last version the name is free', async () => {
    const first = await fakeSchema(harness, ada, shop);
    const { schemaVersionCreate } = await harness.must(ada, nextVersion, { id: first.id });
    const deleted = await harness.must(ada, remove, { id: schemaVersionCreate.schema.id });
    expect(deleted.schemaDelete).toMatchObject({ deletedId: schemaVersionCreate.schema.id, deletedCounts: { schemas: 1, projects: 0 } });
    expect((await harness.must(ada, nextVersion, { id: first.id })).schemaVersionCreate.schema.version).toBe(3);
    const stale = await harness.run(ada, remove, { id: first.id, rev: 7 });
    expect(stale.data.schemaDelete.userErrors).toMatchObject([{ __typename: 'ConflictError' }]);
  });
});

describe('schemaImport', () => {
  const ddl = `-- a clinic
CREATE TABLE patients (id serial PRIMARY KEY, name varchar(80) NOT NULL, born date CHECK (born > '1900-01-01'));
CREATE TABLE visits (
  id serial PRIMARY KEY,
  patient_id int NOT NULL REFERENCES patients (id) ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX visits_by_patient ON visits (patient_id);
`;

  test('reads tables, keys and references, and names what it drops', async () => {
    const { schemaImport } = await harness.must(ada, importSchema, {
      input: { projectId, name: uniqueName(), format: 'SQL', dialect: 'POSTGRES', source: ddl },
    });
    expect(schemaImport.schema).toMatchObject({
      version: 1,
      tableCount: 2,
      relationships: [
        { fromTable: 'visits', fromField: 'patient_id', toTable: 'patients', toField: 'id', type: 'ONE_TO_MANY', onDelete: 'CASCADE' },
      ],
    });
    expect(schemaImport.warnings).toEqual([expect.objectContaining({ construct: expect.stringMatching(/check/i), line: 2 })]);
  });

  test('makes one schema for one idempotency key, and the next version without', async () => {
    const input = { projectId: (await fakeProject(harness, ada)).id, name: 'clinic', format: 'SQL', source: ddl };
    const key = crypto.randomUUID();
    const [one, two] = [await harness.must(ada, importSchema, { input, key }), await harness.must(ada, importSchema, { input, key })];
    expect(two).toEqual(one);
    expect((await harness.must(ada, importSchema, { input })).schemaImport.schema.version).toBe(2);
  });

  test('a syntax error has line and column, and writes nothing', async () => {
    const { data, calls } = await harness.run(ada, importSchema, {
      input: { projectId, name: uniqueName(), format: 'SQL', source: 'CREATE TABLE a (id int);\nCREATE TABLE b (id int,,);' },
    });
    expect(data.schemaImport).toMatchObject({
      schema: null,
      warnings: [],
      userErrors: [{ __typename: 'ValidationError', code: 'SYNTAX_ERROR', field: ['input', 'source'], line: 2, column: 24 }],
    });
    expect(calls.filter(({ writeUnits }) => writeUnits > 0)).toEqual([]);
  });

  test.each(['POSTGRES', 'MYSQL', 'SQLITE'])('exports to %s what it imported', async (dialect) => {
    const { schemaImport } = await harness.must(ada, importSchema, {
      input: { projectId, name: uniqueName(), format: 'SQL', source: ddl },
    });
    const data = await harness.must(
      ada,
      'query ($id: ID!, $dialect: SqlDialect) { databaseSchema(id: $id) { sql: export(format: SQL, dialect: $dialect) { text fileName warnings { code } } dbml: export(format: DBML) { text } mermaid: export(format: MERMAID) { text } problems { rule severity path message } } }',
      { id: schemaImport.schema.id, dialect },
    );
    expect(data.databaseSchema.sql.text).toMatch(/CREATE TABLE .visits./);
    expect(data.databaseSchema.sql.fileName).toMatch(/\.sql$/);
    expect(data.databaseSchema.dbml.text).toMatch(/Table .*patients/);
    expect(data.databaseSchema.mermaid.text).toMatch(/^erDiagram/m);
    expect(Array.isArray(data.databaseSchema.problems)).toBe(true);
  });
});

describe('rows of the earlier backend', () => {
  test('read correctly through every field, and get a next version', async () => {
    const id = crypto.randomUUID();
    const createdAt = '2024-03-01T10:00:00.000Z';
    const project = await fakeProject(harness, ada);
    await harness.putRow('schemas', {
      id,
      userId: 'user_2abc',
      projectId: project.id,
      name: 'legacy',
      version: 3,
      createdAt,
      updatedAt: createdAt,
      tables: [
        {
          id: '1',
          name: 'a',
          fields: [{ name: 'id', type: 'uuid', required: true }],
          indexes: [{ name: 'i', fields: ['id'], type: 'rtree' }],
        },
      ],
      relationships: [{ id: 'r', fromTable: 'a', fromField: 'id', toTable: 'a', toField: 'id', type: 'many-to-many' }],
    });
    const { databaseSchema } = await harness.must(
      ada,
      `query ($id: ID!) { databaseSchema(id: $id) { id name version revision description tableCount ${body} versions { nodes { id } } export(format: SQL) { text } problems { rule } project { id } createdBy { id } createdAt updatedAt } }`,
      { id },
    );
    expect(databaseSchema).toMatchObject({
      id,
      name: 'legacy',
      version: 3,
      revision: 1,
      tableCount: 1,
      enums: [],
      createdBy: null,
      tables: [
        { id: '1', fields: [{ name: 'id', unique: false, defaultValue: null, autoIncrement: false }], indexes: [{ type: 'UNKNOWN' }] },
      ],
      relationships: [{ type: 'MANY_TO_MANY', fromFields: ['id'] }],
      versions: { nodes: [{ id }] },
    });
    const { schemaVersionCreate } = await harness.must(ada, nextVersion, { id });
    expect(schemaVersionCreate.schema).toMatchObject({ name: 'legacy', version: 4 });
    expect(
      (await harness.run(ada, create, { input: { projectId: project.id, name: 'legacy' } })).data.schemaCreate.userErrors,
    ).toMatchObject([{ code: 'ALREADY_EXISTS' }]);
    expect((await harness.must(ada, update, { id, rev: 1, input: { description: 'kept' } })).schemaUpdate.schema).toMatchObject({
      revision: 2,
      tableCount: 1,
    });
  });
});

describe('tenancy', () => {
  test('a stranger finds a schema by no path', async () => {
    const created = await fakeSchema(harness, ada, shop);
    expect(await harness.must(bob, read, { id: created.id })).toEqual({ databaseSchema: null, node: null });
    for (const [document, variables] of [
      [update, { id: created.id, rev: 1, input: { tables: [] } }],
      [nextVersion, { id: created.id }],
      [remove, { id: created.id }],
    ] as const) {
      const { data } = await harness.run(bob, document, variables);
      expect(Object.values<Data>(data)[0].userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    }
    expect((await harness.must(bob, '{ viewer { schemas { nodes { id } } } }')).viewer.schemas.nodes).toEqual([]);
    expect((await harness.must(ada, '{ viewer { schemas(first: 1) { nodes { id } } } }')).viewer.schemas.nodes).toEqual([
      { id: created.id },
    ]);
  });
});
