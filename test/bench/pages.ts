/** What is asked of the servers. */

export const pageNames = ['page', 'project', 'object', 'create', 'typename', 'viewer'] as const;

/** A kind of request. */
export type PageName = (typeof pageNames)[number];

/** The pages that every contestant serves and whose numbers are compared. */
export const comparedPages = ['page', 'project', 'object', 'create'] as const satisfies readonly PageName[];

/** Names for people. */
export const pageTitles: Readonly<Record<PageName, string>> = {
  page: 'the page: 20 projects, newest 5 schemas, deployments and activities of each',
  project: 'one project with three lists',
  object: 'one deployment by id',
  create: 'deploymentCreate',
  typename: '{ __typename }',
  viewer: '{ viewer { id } }',
};

/** One request. */
export interface PageCall {
  readonly page: PageName;
  /** How many projects the page shows. */
  readonly projects?: number;
  readonly projectId?: string;
  readonly deploymentId?: string;
}

const lists = `
  schemas(first: 5) { nodes { id name version tableCount createdAt } }
  deployments(first: 5) { nodes { id status environment version createdAt } }
  activity(first: 5) { nodes { id action entityType entityId createdAt } }`;

/** The operations, the same text for every GraphQL server. */
export const queries: Readonly<Record<PageName, string>> = {
  page: `query Page($projects: Int!) { viewer { id projects(first: $projects) { nodes { id name ${lists} } } } }`,
  project: `query Project($id: ID!) { project(id: $id) { id name ${lists} } }`,
  object: `query Deployment($id: ID!) { deployment(id: $id) { id status environment provider version createdAt } }`,
  create: `mutation Create($input: DeploymentCreateInput!) {
    deploymentCreate(input: $input) { deployment { id status version createdAt } userErrors { message } }
  }`,
  typename: '{ __typename }',
  viewer: '{ viewer { id } }',
};

/** Returns the input of a new deployment. */
export function newDeployment(projectId: string) {
  return { projectId, environment: 'STAGING', provider: 'AWS', version: '2.4.0' };
}

/** Returns the variables of a request's operation. */
export function variablesOf({ page, projects, projectId = '', deploymentId }: PageCall): Record<string, unknown> {
  if (page === 'page') return { projects };
  if (page === 'project') return { id: projectId };
  if (page === 'object') return { id: deploymentId };
  return page === 'create' ? { input: newDeployment(projectId) } : {};
}
