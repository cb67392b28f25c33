/** Following the deployments of a project. */
import type { Context } from '../../context.ts';
import { createSent, follow, requireFollowed, type Followed } from '../subscription.ts';
import type { DeploymentRecord } from './deployment.ts';
import { isDeployment, loadDeploymentRow } from './deployments.store.ts';

/** As many of the newest deployments are looked at when changes may have been missed. */
const lookedAt = 25;

/** Follows the deployments of a project that the viewer may read: the newest one now (null for none), then each that is created or changes. */
export function followDeployments(context: Context, projectId: string) {
  const sent = createSent();
  const startedAt = context.now();

  async function load(now: Context, ids: readonly string[]): Promise<DeploymentRecord[]> {
    const rows = await Promise.all(ids.map((id) => loadDeploymentRow(now, id)));
    return rows.filter((row): row is DeploymentRecord => isDeployment(row) && row.projectId === projectId);
  }

  const followed: Followed<DeploymentRecord | null> = {
    topic: { kind: 'deployment', projectId },
    async first(now) {
      await requireFollowed(now, projectId);
      const [newest = null] = await load(now, await newestIds(now, projectId, 1));
      if (newest) sent.isNews(newest);
      return [newest];
    },
    async next(now, changes) {
      await requireFollowed(now, projectId);
      const ids = changes ? changes.map(({ id }) => id) : (await newestIds(now, projectId, lookedAt)).reverse();
      const deployments = await load(now, ids);
      // Who looks at all of them has not seen most before: what did not change since the start is no news.
      return deployments.filter((deployment) => sent.isNews(deployment) && (changes !== null || deployment.updatedAt >= startedAt));
    },
  };
  return follow(context, 'deploymentUpdated', followed);
}

async function newestIds({ connection }: Context, projectId: string, limit: number): Promise<string[]> {
  const reason = 'the newest deployments of a project that somebody follows';
  const request = { table: 'deployments', index: 'ProjectIdIndex', partition: projectId, descending: true, limit, reason } as const;
  const { items } = await connection.query({ ...request, attributes: ['id'] });
  return items.map(({ id }) => String(id));
}
