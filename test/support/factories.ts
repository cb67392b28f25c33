/** Makes what a test needs through the API: `fakeX(harness, user, overrides)` returns the object, and makes missing parents. */
import type { Data, Harness, TestUser } from './harness.ts';

/** Creates a project. */
export async function fakeProject(harness: Harness, user: TestUser, overrides: Record<string, unknown> = {}): Promise<Data> {
  const data = await harness.must(
    user,
    `mutation ($input: ProjectCreateInput!) { projectCreate(input: $input) { project { id name revision status createdAt } userErrors { message code field } } }`,
    { input: { name: 'Shop', ...overrides } },
  );
  return data.projectCreate.project;
}

let schemas = 0;

/** Creates a schema; without `projectId`, in a project of its own. */
export async function fakeSchema(harness: Harness, user: TestUser, overrides: Record<string, unknown> = {}): Promise<Data> {
  schemas += 1;
  const projectId = overrides['projectId'] ?? (await fakeProject(harness, user)).id;
  const data = await harness.must(
    user,
    `mutation ($input: SchemaCreateInput!) { schemaCreate(input: $input) { schema { id name version revision } userErrors { message code field } } }`,
    { input: { name: `main-${schemas}`, ...overrides, projectId } },
  );
  return { ...data.schemaCreate.schema, projectId };
}
