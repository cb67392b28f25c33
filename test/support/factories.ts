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
