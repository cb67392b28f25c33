/** A REST backend: one resource an address, so a page is one call for its projects and one for each of their lists. */
import { pick, serve, shown } from './http.ts';
import { startPeer } from './peer.ts';
import { relations, type NewDeployment } from './store.ts';

const { port, store } = startPeer();

serve(port, async ({ userId, url, body }) => {
  const [, resource, id, list] = url.pathname.split('/');
  const first = Number(url.searchParams.get('first') ?? 25);
  if (resource === 'projects' && id === undefined) {
    return (await store.projects(userId, first)).map((project) => pick(project, shown.project));
  }
  const relation = relations.find((name) => name === list);
  if (resource === 'projects' && id !== undefined && relation) {
    return (await store.list(relation, id, first)).map((row) => pick(row, shown[relation]));
  }
  if (resource === 'projects' && id !== undefined && list === undefined) {
    const project = await store.project(userId, id);
    return project ? pick(project, shown.project) : undefined;
  }
  if (resource === 'deployments' && id === undefined) {
    const deployment = await store.createDeployment(userId, (await body()) as NewDeployment);
    return deployment ? pick(deployment, shown.newDeployment) : undefined;
  }
  const deployment = resource === 'deployments' && id !== undefined ? await store.deployment(userId, id) : null;
  return deployment ? pick(deployment, shown.deployment) : undefined;
});
