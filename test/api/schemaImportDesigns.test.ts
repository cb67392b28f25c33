import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let projectId: string;

beforeAll(async () => {
  harness = await createHarness();
  ada = await harness.signUp();
  projectId = (await fakeProject(harness, ada)).id;
});
afterAll(() => harness.close());

const document = `mutation ($input: SchemaImportInput!) { schemaImport(input: $input) {
  schema { version tables { name fields { name type required } } relationships { fromTable toTable } }
  warnings { code line column } userErrors { __typename code message field ... on ValidationError { line column } } } }`;

async function importAs(format: string, name: string, source: string): Promise<Data> {
  return (await harness.must(ada, document, { input: { projectId, name, format, source } })).schemaImport;
}

const dbml = 'Table users {\n  id int [pk, check: `id > 0`]\n}\nTable posts {\n  id int [pk]\n  user_id int [ref: > users.id]\n}\n';
const prisma =
  'model users {\n  id Int @id\n  posts posts[]\n}\nmodel posts {\n  id Int @id\n  user_id Int?\n  user users? @relation(fields: [user_id], references: [id])\n}\n';

describe('schemaImport of designs', () => {
  test.each([
    ['DBML', dbml, 'int', [{ code: 'CHECK_CONSTRAINT', line: 2, column: 15 }]],
    ['PRISMA', prisma, 'integer', []],
  ])('%s becomes a schema, and the next version of its name', async (format, source, type, warnings) => {
    const field = (name: string, required: boolean) => ({ name, type, required });
    expect(await importAs(format, format, source)).toEqual({
      schema: {
        version: 1,
        tables: [
          { name: 'users', fields: [field('id', true)] },
          { name: 'posts', fields: [field('id', true), field('user_id', false)] },
        ],
        relationships: [{ fromTable: 'posts', toTable: 'users' }],
      },
      warnings,
      userErrors: [],
    });
    expect(await importAs(format, format, source)).toMatchObject({ schema: { version: 2 } });
  });

  test.each([
    ['DBML', 'Table a {\n  id int [pk\n}', 3, 1],
    ['PRISMA', 'model A {\n  id Int @\n}', 2, 11],
  ])('%s that is none is refused at its place', async (format, source, line, column) => {
    const { data } = await harness.run(ada, document, { input: { projectId, name: 'broken', format, source } });
    expect(data.schemaImport).toMatchObject({
      schema: null,
      userErrors: [{ __typename: 'ValidationError', code: 'SYNTAX_ERROR', field: ['input', 'source'], line, column }],
    });
  });
});
