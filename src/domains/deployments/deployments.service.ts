/** Reading and creating deployments: authorize → rules → write, with one activity row. What changes one later is in deploymentChanges.service.ts. */
import { findProjectAccess, readableRows, requireProjectAccess, requireViewer, type ProjectAccess } from '../../auth/access.ts';
import type { Viewer } from '../../auth/authenticate.ts';
import type { Context } from '../../context.ts';
import { fitsAttributes } from '../../data/body.ts';
import type { Row } from '../../data/connection.ts';
import { isLive, walkPartition, type ListSource } from '../../data/page.ts';
import { notFound, refused } from '../../errors.ts';
import { isGeneration } from '../codeGenerations/codeGeneration.ts';
import { jsonProblem } from '../json.ts';
import { listConnection, type Connection, type PageArgs } from '../list.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { ownerOfRows, type ProjectRecord } from '../projects/project.ts';
import { Checks } from '../text.ts';
import { titleOf, type DeploymentRecord } from './deployment.ts';
import {
  deploymentsOfOwner,
  deploymentsOfProject,
  findActive,
  findSuccessful,
  isDeployment,
  loadDeploymentRow,
  putDeployment,
  type DeploymentFilter,
} from './deployments.store.ts';

/** A deployment together with its project and the viewer's role there. */
export type DeploymentAccess = ProjectAccess & { deployment: DeploymentRecord };

/** Returns a deployment that the viewer may read, or null. */
export async function findDeployment(context: Context, id: string): Promise<DeploymentRecord | null> {
  const deployment = await loadDeploymentRow(context, id);
  if (!isDeployment(deployment)) return null;
  return (await findProjectAccess(context, deployment.projectId, 'project.read')) && deployment;
}

/** Returns a deployment that the viewer may write. Throws NOT_FOUND or FORBIDDEN. With `deleting`, one under deletion counts too. */
export async function requireDeployment(context: Context, id: string, { deleting = false } = {}): Promise<DeploymentAccess> {
  const deployment = await loadDeploymentRow(context, id);
  if (!deployment || !(deleting || isDeployment(deployment))) throw notFound('deployment', id);
  const access = await requireProjectAccess(context, deployment.projectId, 'deployment.write', { kind: 'deployment', id });
  return { ...access, deployment };
}

/** Arguments of a list of a project's deployments. */
export interface ListDeploymentsArgs extends PageArgs {
  filter?: DeploymentFilter | null;
  orderBy?: { direction?: string } | null | undefined;
}

/** Returns the list of a project's deployments, by time of creation. */
export function deploymentList(projectId: string, args: ListDeploymentsArgs): ListSource {
  const { environment, status } = args.filter ?? {};
  return deploymentsOfProject(projectId, { filter: { environment, status }, descending: args.orderBy?.direction !== 'asc' });
}

/** Lists the deployments of a project that the viewer may read, newest first; null for a project that they may not. */
export async function listProjectDeployments(
  context: Context,
  project: ProjectRecord,
  args: ListDeploymentsArgs,
): Promise<Connection<DeploymentRecord> | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const source = { ...deploymentList(project.id, args), owner: ownerOfRows(project, 'children') };
  return listConnection(context, 'project.deployments', source, args);
}

/** Attributes of a deployment that tell how it went. Logs of the earlier backend, which may be large, are not among them. */
const courseAttributes = [
  ...['id', 'userId', 'projectId', 'environment', 'status', 'createdAt', 'updatedAt'],
  ...['startedAt', 'finishedAt', 'rollbackOfId', 'rolledBackById'],
];

/**
 * Returns how the deployments of a project went that were created in a time (its ends included), newest first, read from
 * ProjectIdIndex. Of more than `limit` rows only the newest are read; `readFrom` is when the oldest of those was created.
 */
export async function readDeploymentsBetween(
  context: Context,
  project: ProjectRecord,
  { from, to, limit }: { from: string; to: string; limit: number },
): Promise<{ deployments: DeploymentRecord[]; readFrom: string | null }> {
  const request = { table: 'deployments', index: 'ProjectIdIndex', partition: project.id, range: { from, to }, descending: true } as const;
  const rows: Row[] = [];
  for await (const page of walkPartition(context.connection, { ...request, limit, attributes: courseAttributes })) {
    rows.push(...page);
    if (rows.length > limit) break;
  }
  const readFrom = rows.length > limit ? String(rows[limit - 1]?.['createdAt']) : null;
  return { deployments: rows.slice(0, limit).filter(isDeployment), readFrom };
}

/** Arguments of the list of a user's deployments. */
export interface ListUserDeploymentsArgs extends PageArgs {
  status?: string | null;
}

/** Lists the deployments of the projects that a user owns, for that user; null for everyone else. */
export async function listUserDeployments(
  context: Context,
  user: { id: string },
  args: ListUserDeploymentsArgs,
): Promise<Connection<DeploymentRecord> | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  const source = deploymentsOfOwner(viewer.id, { status: args.status ?? null, descending: true });
  return listConnection(context, 'user.deployments', { ...source, visible: readableRows(context) }, args);
}

/** Returns the deployment that is active in an environment of a project that the viewer may read, or null. */
export async function findActiveDeployment(
  context: Context,
  project: ProjectRecord,
  environment: string,
): Promise<DeploymentRecord | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  return findActive(context, { project, environment });
}

/** Returns whether a deployment is what runs in its environment. */
export async function isActive(context: Context, deployment: DeploymentRecord): Promise<boolean> {
  if (deployment.status !== 'success') return false;
  const access = await findProjectAccess(context, deployment.projectId, 'project.read');
  return (
    access !== null && (await findActive(context, { project: access.project, environment: deployment.environment }))?.id === deployment.id
  );
}

/** Returns the newest successful deployment of the same environment that was created before this one: what a rollback returns to. */
export async function findPreviousSuccessful(context: Context, deployment: DeploymentRecord): Promise<DeploymentRecord | null> {
  if (!(await findProjectAccess(context, deployment.projectId, 'project.read'))) return null;
  return findSuccessful(context, { projectId: deployment.projectId, environment: deployment.environment, before: deployment });
}

/** Input of a new deployment, as the SDL's DeploymentCreateInput. */
export interface DeploymentInput {
  projectId: string;
  environment: string;
  provider: string;
  version?: string | null;
  codeGenerationId?: string | null;
  url?: string | null;
  metadata?: Record<string, unknown> | null;
}

/** Creates a pending deployment. */
export async function createDeployment(
  context: Context,
  args: MutationArgs & { input: DeploymentInput },
): Promise<{ deployment: DeploymentRecord }> {
  const viewer = requireViewer(context, 'account.read');
  const { input } = args;
  return mutate(context, { name: 'deploymentCreate', viewer, args, input, plan });

  async function plan(): Promise<MutationPlan<{ deployment: DeploymentRecord }>> {
    const { project } = await requireProjectAccess(context, input.projectId, 'deployment.write');
    checkInput(input);
    if (input.codeGenerationId != null) await requireCodeGeneration(context, project, input.codeGenerationId);
    const { projectId, ...fields } = input;
    const deployment = newDeployment(context, { project, viewer, fields });
    return {
      result: { deployment },
      writes: [putDeployment(deployment)],
      activity: [createdActivity(deployment)],
      counts: [{ ownerId: project.userId, projectId, by: { deployments: 1, 'deployments:pending': 1 } }],
    };
  }
}

/** Returns the record of a new deployment; fields that are null or absent are left out. */
export function newDeployment(
  context: Context,
  {
    project,
    viewer,
    fields,
  }: {
    project: ProjectRecord;
    viewer: Viewer;
    fields: Omit<Partial<DeploymentRecord>, 'environment' | 'provider'> & { environment: string; provider: string };
  },
): DeploymentRecord {
  const now = context.now();
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as typeof fields;
  return {
    ...given,
    id: context.newId('dep'),
    userId: project.userId,
    createdById: viewer.id,
    projectId: project.id,
    status: 'pending',
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
}

/** Returns what the activity feed says of a new deployment. */
export function createdActivity(deployment: DeploymentRecord) {
  const { id, projectId, environment, provider } = deployment;
  return {
    action: 'created',
    entityType: 'deployment',
    entityId: id,
    projectId,
    entityName: titleOf(deployment),
    metadata: { environment, provider },
  } as const;
}

const maxMetadataBytes = 16 * 1024;

const unstorable = 'The metadata has a number that can not be kept exactly, or lies too deep. Send large numbers as texts.';

function checkInput({ version, url, metadata }: DeploymentInput): void {
  const checks = new Checks();
  checks.text(['input', 'version'], version, { min: 1, max: 100 });
  checks.text(['input', 'url'], url, { max: 2_000 });
  // The depth is checked first: JSON.stringify of very deep input overflows the stack.
  const problem = jsonProblem(metadata) ?? (fitsAttributes(metadata ?? {}, 1) ? null : unstorable);
  checks.add(['input', 'metadata'], problem);
  const bytes = problem === null ? Buffer.byteLength(JSON.stringify(metadata ?? {})) : 0;
  if (bytes > maxMetadataBytes)
    checks.add(['input', 'metadata'], `The metadata has ${bytes} bytes of JSON; at most ${maxMetadataBytes} are allowed.`);
  checks.throwIfAny();
}

/** A generation of another project looks like one that does not exist. */
async function requireCodeGeneration(context: Context, project: ProjectRecord, id: string): Promise<void> {
  const row = await context.loaders.byId('codeGenerations').load({ id, sort: project.userId });
  if (isGeneration(row) && row.projectId === project.id && isLive(row, context.nowSeconds())) return;
  throw refused('NOT_FOUND', `The project has no code generation with the id "${id}".`, ['input', 'codeGenerationId']);
}
