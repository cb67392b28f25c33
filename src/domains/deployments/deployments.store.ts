/**
 * The DynamoDB side of deployments. Beside a project's row, one item for each environment names the deployment that is
 * active there (`~#active#<environment>`: '~' sorts after the row, and stays when the owner changes). It is written in the transaction of the success that it tells of, so
 * the last success wins, whoever else reports at the same time.
 */
import type { Context } from '../../context.ts';
import type { Row, Write } from '../../data/connection.ts';
import type { ListSource } from '../../data/page.ts';
import type { ProjectRecord } from '../projects/project.ts';
import type { RecordEdit } from '../revision.ts';
import { deletingStatus, type DeploymentRecord } from './deployment.ts';

/** Which deployments of a project are wanted. */
export interface DeploymentFilter {
  environment?: string | null | undefined;
  status?: string | null | undefined;
}

/** Returns the primary key of a deployment's row. */
export function keyOf({ id, userId }: DeploymentRecord): Row {
  return { id, userId };
}

/** Returns the write that creates a deployment. */
export function putDeployment(deployment: DeploymentRecord): Write {
  return { kind: 'put', table: 'deployments', item: deployment, condition: { exists: false } };
}

/** Returns the write that edits a deployment, if nobody else has edited it since it was read. */
export function updateDeploymentRow(deployment: DeploymentRecord, edit: RecordEdit<DeploymentRecord>): Write {
  return { kind: 'update', table: 'deployments', key: keyOf(deployment), changes: edit.changes, condition: edit.condition };
}

/** Returns the write that fails unless a deployment is there and is still what `equals` says. */
export function checkDeployment(deployment: DeploymentRecord, equals: Partial<DeploymentRecord> = {}): Write {
  return {
    kind: 'check',
    table: 'deployments',
    key: keyOf(deployment),
    condition: { exists: true, equals, notEquals: { status: deletingStatus } },
  };
}

/** True for a deployment; false for one under deletion, and for the blocks of logs that share its partition. */
export function isDeployment(row: Row | null): row is DeploymentRecord {
  return typeof row?.['projectId'] === 'string' && row['status'] !== deletingStatus;
}

/** Returns a deployment's row whoever may see it, one under deletion included, or null. */
export async function loadDeploymentRow(context: Context, id: string): Promise<DeploymentRecord | null> {
  const row = await context.loaders.byId('deployments').load({ id });
  return typeof row?.['projectId'] === 'string' ? (row as DeploymentRecord) : null;
}

/** The deployments of a project, by time of creation. */
export function deploymentsOfProject(
  projectId: string,
  { filter, descending }: { filter: DeploymentFilter; descending: boolean },
): ListSource {
  const wanted = Object.entries(filter).filter(([, value]) => value != null);
  return {
    table: 'deployments',
    index: 'ProjectIdIndex',
    partition: projectId,
    descending,
    filter: (row) => isDeployment(row) && wanted.every(([name, value]) => row[name as keyof DeploymentFilter] === value),
    ...(wanted.length > 0 && { filterKey: JSON.stringify(wanted) }),
  };
}

/** The deployments of an owner: by time of creation, or those with one status, which no index sorts by time. */
export function deploymentsOfOwner(ownerId: string, { status, descending }: { status: string | null; descending: boolean }): ListSource {
  const common = { table: 'deployments', partition: ownerId, descending, filter: isDeployment } as const;
  if (status === null) return { ...common, index: 'UserIdIndex' };
  return { ...common, index: 'UserIdStatusIndex', range: { equals: status } };
}

type Place = { project: ProjectRecord; environment: string };

function activeKey({ project, environment }: Place): Row {
  return { id: project.id, userId: `~#active#${environment}` };
}

/** Returns the write that makes a deployment the active one of its environment. */
export function setActive(place: Place, deploymentId: string): Write {
  return { kind: 'put', table: 'projects', item: { ...activeKey(place), deploymentId } };
}

/** Returns the writes after which a deployment is not the active one; none when it is not. */
export async function clearActive(context: Context, place: Place, deploymentId: string): Promise<Write[]> {
  if ((await readActiveId(context, place)) !== deploymentId) return [];
  return [{ kind: 'delete', table: 'projects', key: activeKey(place), condition: { equals: { deploymentId } } }];
}

async function readActiveId(context: Context, place: Place): Promise<string | null> {
  const item = await context.loaders.byKey('projects').load(activeKey(place));
  return (item?.['deploymentId'] as string | undefined) ?? null;
}

/**
 * Returns the deployment that is active in an environment, or null. Where no success was reported through this API yet,
 * or the active one was rolled back or deleted, that is the newest successful one.
 */
export async function findActive(context: Context, place: Place): Promise<DeploymentRecord | null> {
  const id = await readActiveId(context, place);
  const named = id === null ? null : await loadDeploymentRow(context, id);
  if (named?.status === 'success' && named.projectId === place.project.id) return named;
  return findSuccessful(context, { projectId: place.project.id, environment: place.environment });
}

/** How many rows the search for a successful deployment reads at most; environments alternate, so it mostly reads one page. */
const searchBudget = 5_000;

/** Returns the newest successful deployment of an environment, or null; with `before`, the newest that was created before that one. */
export async function findSuccessful(
  context: Context,
  { projectId, environment, before }: { projectId: string; environment: string; before?: DeploymentRecord },
): Promise<DeploymentRecord | null> {
  let start: Row | undefined;
  let limit = 25;
  for (let read = 0; read < searchBudget; limit = Math.min(4 * limit, 1_000)) {
    const range = before && { to: before.createdAt };
    const { items, next } = await context.connection.query({
      table: 'deployments',
      index: 'ProjectIdIndex',
      partition: projectId,
      range,
      descending: true,
      limit,
      start,
      reason: 'the newest successful deployment of one environment',
    });
    for (const row of items) {
      if (!isEarlierSuccess(row)) continue;
      // The index may lag behind the row.
      const current = await loadDeploymentRow(context, row['id'] as string);
      if (current && isEarlierSuccess(current)) return current;
    }
    if (!next) return null;
    read += items.length;
    start = next;
  }
  return null;

  function isEarlierSuccess(row: Row): boolean {
    if (row['status'] !== 'success' || row['environment'] !== environment) return false;
    if (!before) return true;
    const [created, id] = [row['createdAt'] as string, row['id'] as string];
    return created < before.createdAt || (created === before.createdAt && id < before.id);
  }
}
