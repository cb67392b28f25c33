/**
 * No GraphQL at all: a handler for each page, written for that page, with owner-wide reads: what one who knows the page
 * and the tables well would write by hand. It does not follow the client's selection.
 */
import { pick, serve, shown } from './http.ts';
import { startPeer } from './peer.ts';
import { relations, type NewDeployment, type Relation, type Row } from './store.ts';

const perList = 5;

const { port, store } = startPeer();

/** Reads what the owner has, newest first, until every project has its rows or nothing is left. */
async function readNewest(relation: Relation, ownerId: string, projects: readonly Row[]): Promise<Map<string, Row[]>> {
  const found = new Map(projects.map(({ id }) => [id, [] as Row[]]));
  let open = projects.length;
  let start: Record<string, unknown> | undefined;
  do {
    const { rows, next } = await store.listOfOwner(relation, ownerId, { limit: 8 * projects.length, start });
    for (const row of rows) {
      const list = found.get(String(row['projectId']));
      if (!list || list.length === perList) continue;
      list.push(row);
      if (list.length === perList) open -= 1;
    }
    start = next;
  } while (start && open > 0);
  return found;
}

function projectWith(project: Row, lists: readonly (readonly Row[])[]): Record<string, unknown> {
  const shownLists = relations.map((relation, i) => [relation, { nodes: lists[i]?.map((row) => pick(row, shown[relation])) }]);
  return { ...pick(project, shown.project), ...Object.fromEntries(shownLists) };
}

async function page(userId: string, first: number): Promise<unknown> {
  const projects = await store.projects(userId, first);
  const lists = await Promise.all(relations.map((relation) => readNewest(relation, userId, projects)));
  const nodes = projects.map((project) =>
    projectWith(
      project,
      lists.map((list) => list.get(project.id) ?? []),
    ),
  );
  return { data: { viewer: { id: userId, projects: { nodes } } } };
}

async function oneProject(userId: string, id: string): Promise<unknown> {
  const [project, ...lists] = await Promise.all([
    store.project(userId, id),
    ...relations.map((relation) => store.list(relation, id, perList)),
  ]);
  return { data: { project: project && projectWith(project, lists) } };
}

async function create(userId: string, input: NewDeployment): Promise<unknown> {
  const deployment = await store.createDeployment(userId, input);
  return { data: { deploymentCreate: { deployment: deployment && pick(deployment, shown.newDeployment), userErrors: [] } } };
}

serve(port, async ({ userId, url, body }) => {
  const id = url.searchParams.get('id') ?? '';
  if (url.pathname === '/page') return page(userId, Number(url.searchParams.get('projects')));
  if (url.pathname === '/project') return oneProject(userId, id);
  if (url.pathname === '/create') return create(userId, (await body()) as NewDeployment);
  if (url.pathname !== '/deployment') return undefined;
  const deployment = await store.deployment(userId, id);
  return { data: { deployment: deployment && pick(deployment, shown.deployment) } };
});
