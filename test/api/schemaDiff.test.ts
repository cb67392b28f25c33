import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeProject, fakeSchema } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let stranger: TestUser;
let base: Data;
let head: Data;

const fields = [{ name: 'id', type: 'integer', required: true }];
const tables = [{ name: 'users', fields, indexes: [{ name: 'users_pkey', fields: ['id'], type: 'PRIMARY' }] }];

beforeAll(async () => {
  harness = await createHarness();
  [ada, stranger] = await Promise.all([harness.signUp(), harness.signUp()]);
  base = await fakeSchema(harness, ada, { tables });
  const { schemaVersionCreate } = await harness.must(
    ada,
    'mutation ($id: ID!) { schemaVersionCreate(id: $id) { schema { id revision tables { id } } userErrors { message } } }',
    { id: base.id },
  );
  head = schemaVersionCreate.schema;
  await harness.must(
    ada,
    'mutation ($id: ID!, $tables: [SchemaTableInput!]!) { schemaUpdate(id: $id, expectedRevision: 1, input: { tables: $tables }) { userErrors { message } } }',
    {
      id: head.id,
      tables: [{ ...tables[0], id: head.tables[0].id, name: 'people', fields: [...fields, { name: 'email', type: 'text' }] }],
    },
  );
});
afterAll(() => harness.close());

const whole = `query ($base: ID!, $head: ID!, $dialect: SqlDialect! = POSTGRES) {
  schemaDiff(baseId: $base, headId: $head, dialect: $dialect) {
    base { id version } head { id version } changes { kind path before after severity } forwardSql backwardSql warnings { code construct message }
  }
}`;

describe('schemaDiff', () => {
  test('says what changed between two versions, and how to get there and back', async () => {
    const { schemaDiff } = await harness.must(ada, whole, { base: base.id, head: head.id });
    expect(schemaDiff).toEqual({
      base: { id: base.id, version: 1 },
      head: { id: head.id, version: 2 },
      changes: [
        { kind: 'TABLE_RENAMED', path: 'tables.people', before: 'users', after: 'people', severity: 'RISKY' },
        { kind: 'FIELD_ADDED', path: 'tables.people.fields.email', before: null, after: 'text', severity: 'SAFE' },
      ],
      forwardSql: 'ALTER TABLE "users" RENAME TO "people";\nALTER TABLE "people" ADD COLUMN "email" text;\n',
      backwardSql: 'ALTER TABLE "people" RENAME TO "users";\nALTER TABLE "users" DROP COLUMN "email";\n',
      warnings: [
        {
          code: 'DATA_LOST',
          construct: 'column',
          message: 'backwardSql drops the column "users.email" with its values. Copy what you still need first.',
        },
      ],
    });
    expect((await harness.must(ada, whole, { base: base.id, head: head.id })).schemaDiff).toEqual(schemaDiff);
  });

  test.each([
    ['MYSQL', 'RENAME TABLE `users` TO `people`;'],
    ['SQLITE', 'ALTER TABLE "users" RENAME TO "people";'],
  ])('writes %s', async (dialect, first) => {
    const { schemaDiff } = await harness.must(ada, whole, { base: base.id, head: head.id, dialect });
    expect(schemaDiff.forwardSql.split('\n')[0]).toBe(first);
  });

  test('names the dialects it has when asked for another', async () => {
    const { errors } = await harness.run(ada, whole, { base: base.id, head: head.id, dialect: 'MSSQL' });
    expect(errors[0]).toMatchObject({
      message: 'schemaDiff writes no SQL for MSSQL. Ask for POSTGRES, MYSQL or SQLITE.',
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  test('is null unless the viewer may read both, whichever is foreign, and for ids that lead nowhere', async () => {
    const own = await fakeSchema(harness, stranger, { tables });
    const pairs = [
      { base: own.id, head: head.id },
      { base: base.id, head: own.id },
      { base: own.id, head: 'sch_01890000000000000000000000' },
    ];
    // Without the check of the second: the foreign tables are in the answer.
    for (const pair of pairs) expect(await harness.must(stranger, whole, pair)).toEqual({ schemaDiff: null });
    expect(await harness.must(ada, whole, { base: base.id, head: own.id })).toEqual({ schemaDiff: null });
  });

  test('compares schemas of two projects, and a schema with itself', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const other = await fakeSchema(harness, ada, { projectId, tables });
    for (const pair of [
      { base: base.id, head: other.id },
      { base: head.id, head: head.id },
    ]) {
      const { schemaDiff } = await harness.must(ada, whole, pair);
      expect(schemaDiff).toMatchObject({ changes: [], forwardSql: '', backwardSql: '', warnings: [] });
    }
  });
});
