/** Moving deployments on: reports, cancellation, deletion. Each is one transaction with its counters and its activity row. */
import { requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { connect, type Write } from '../../data/connection.ts';
import { isCounted, type CountChange } from '../../data/counters.ts';
import { invalid, refused } from '../../errors.ts';
import type { ActivityEntry } from '../activity/activity.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { editRecord, requireRevision, type RecordEdit } from '../revision.ts';
import {
  deletingStatus,
  timesOf,
  titleOf,
  transitionProblem,
  withoutLogs,
  type DeploymentRecord,
  type DeploymentStatus,
} from './deployment.ts';
import { messageProblem, prepareEntries } from './deploymentLog.ts';
import { appendWrites, removeDeployment } from './deploymentLogs.store.ts';
import { requireDeployment } from './deployments.service.ts';
import { checkDeployment, clearActive, loadDeploymentRow, setActive, updateDeploymentRow } from './deployments.store.ts';

/** Arguments of a mutation of one deployment. */
export interface ChangeDeploymentArgs extends MutationArgs {
  id: string;
  expectedRevision?: number | null;
}

/** What a pipeline reports. */
export interface ReportInput {
  status?: string | null;
  url?: string | null;
  message?: string | null;
}

/** A deployment after a report, and how many secrets were taken out of the message. */
export interface ReportResult {
  deployment: DeploymentRecord;
  redactedCount: number;
}

/** Takes what a pipeline reports: a new status, the address, a message for the log. Throws INVALID_TRANSITION for a status that can not follow. */
export async function reportDeployment(context: Context, args: ChangeDeploymentArgs & { input: ReportInput }): Promise<ReportResult> {
  return changeStatus(context, args, {
    name: 'deploymentReport',
    action: 'reported',
    input: args.input,
    fields: { status: ['input', 'status'], message: ['input', 'message'] },
  });
}

/** Cancels a deployment that has not ended. */
export async function cancelDeployment(
  context: Context,
  args: ChangeDeploymentArgs & { reason?: string | null },
): Promise<{ deployment: DeploymentRecord }> {
  const input = { status: 'cancelled', message: args.reason ?? null };
  return changeStatus(context, args, {
    name: 'deploymentCancel',
    action: 'cancelled',
    input,
    fields: { status: ['id'], message: ['reason'] },
  });
}

interface StatusChange {
  name: string;
  action: string;
  input: ReportInput;
  /** Paths of the arguments that errors name. */
  fields: { status: string[]; message: string[] };
}

async function changeStatus(
  context: Context,
  args: ChangeDeploymentArgs,
  { name, action, input, fields }: StatusChange,
): Promise<ReportResult> {
  const viewer = requireViewer(context, 'account.read');
  let attempts = 0;
  return mutate(context, { name, viewer, args, input: [args.id, input, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<ReportResult>> {
    const { deployment, project } = await requireDeployment(context, args.id);
    requireRevision('Deployment', deployment, args.expectedRevision);
    checkReport(deployment, input, fields);
    const edit = editDeployment(deployment, input, context.now());
    const message = prepareMessage(context, input);
    const after = edit?.record ?? deployment;
    const result = { deployment: after, redactedCount: message.redactedCount };
    const logWrites = await appendWrites(context, { deployment, entries: message.entries, attempts });
    attempts += 1;
    if (!edit && logWrites.length === 0) return { result, writes: [], activity: [] };
    return {
      result,
      // The inline log of a row of the earlier backend may be large.
      replayable: { ...result, deployment: withoutLogs(after) },
      writes: [
        edit ? updateDeploymentRow(deployment, edit) : checkDeployment(deployment),
        ...logWrites,
        ...(await activeWrites(context, project, { deployment, after })),
      ],
      activity: [changeActivity({ action, deployment, after, changedFields: edit?.changedFields ?? [] })],
      counts: [countsOf(project, deployment, after)],
    };
  }
}

function checkReport(deployment: DeploymentRecord, { status, url, message }: ReportInput, fields: StatusChange['fields']): void {
  if (status == null && url == null && message == null) throw invalid('input', 'Nothing is reported. Send a status, a url or a message.');
  const problem = status == null ? null : transitionProblem(deployment.status, status);
  if (problem !== null) throw refused('INVALID_TRANSITION', problem, fields.status);
  const textProblem = message == null ? null : messageProblem(message);
  if (textProblem !== null) throw invalid(fields.message, textProblem);
  if (url != null && url.length > 2_000) throw invalid(['input', 'url'], `The URL has ${url.length} characters; at most 2000 are allowed.`);
}

/** Returns the edit of a report, with the times that go with the new status; null when it changes nothing. */
function editDeployment(deployment: DeploymentRecord, { status, url }: ReportInput, now: string): RecordEdit<DeploymentRecord> | null {
  const edit = editRecord(deployment, { status: status ?? undefined, url: url ?? undefined }, now);
  if (!edit || status == null) return edit;
  const times = timesOf(status as DeploymentStatus, now);
  return { ...edit, record: { ...edit.record, ...times }, changes: { ...edit.changes, set: { ...edit.changes.set, ...times } } };
}

function prepareMessage(context: Context, { status, message }: ReportInput): ReturnType<typeof prepareEntries> {
  if (message == null || message === '') return { entries: [], redactedCount: 0 };
  return prepareEntries([{ level: status === 'failed' ? 'error' : 'info', message }], context.now());
}

/** Returns the writes that go with a new status: a success makes the deployment the active one of its environment; rolled back or deleted, it is so no longer. */
export async function activeWrites(
  context: Context,
  project: ProjectRecord,
  { deployment, after }: { deployment: DeploymentRecord; after: DeploymentRecord },
): Promise<Write[]> {
  if (deployment.status === after.status) return [];
  const place = { project, environment: deployment.environment };
  if (after.status === 'success') return [setActive(place, deployment.id)];
  return deployment.status === 'success' ? clearActive(context, place, deployment.id) : [];
}

/** Returns the change of counters that goes with a new status. */
export function countsOf(project: ProjectRecord, before: DeploymentRecord, after: DeploymentRecord): CountChange {
  const by =
    before.status === after.status || !isCounted(before)
      ? {}
      : { [`deployments:${before.status}`]: -1, [`deployments:${after.status}`]: 1 };
  return { ownerId: project.userId, projectId: project.id, by };
}

interface ChangeOf {
  action: string;
  deployment: DeploymentRecord;
  after: DeploymentRecord;
  changedFields: readonly string[];
}

/** Returns what the activity feed says of a changed deployment. */
export function changeActivity({ action, deployment, after, changedFields }: ChangeOf): ActivityEntry {
  const { id: entityId, projectId } = deployment;
  const metadata =
    deployment.status === after.status ? undefined : { environment: deployment.environment, from: deployment.status, to: after.status };
  return { action, entityType: 'deployment', entityId, projectId, entityName: titleOf(deployment), changedFields, metadata };
}

/**
 * Deletes a deployment with its logs. In one transaction it disappears for everyone and its counters go down; then its
 * logs are removed in the background, and its row last. If the process dies meanwhile, the same deletion again, or that of the
 * project, goes on with it: the row is still there to be found.
 */
export async function deleteDeployment(
  context: Context,
  args: ChangeDeploymentArgs,
): Promise<{ deletedId: string; deletedCounts: { deployments: number } }> {
  const viewer = requireViewer(context, 'account.read');
  let doomed: DeploymentRecord | undefined;
  const result = await mutate(context, { name: 'deploymentDelete', viewer, args, input: [args.id, args.expectedRevision], plan });
  if (!args.dryRun) context.services.background.run('deployment removal', remove);
  return result;

  async function remove(signal: AbortSignal): Promise<void> {
    // Not planned where the answer of an earlier call was repeated, whose process may have died before it removed the row.
    const deployment = doomed ?? (await loadDeploymentRow(context, args.id));
    if (deployment) await removeDeployment(connect(context.services.database, { signal }), deployment);
  }

  async function plan(): Promise<MutationPlan<{ deletedId: string; deletedCounts: { deployments: number } }>> {
    const { deployment, project } = await requireDeployment(context, args.id, { deleting: true });
    doomed = deployment;
    if (deployment.status === deletingStatus)
      return { result: { deletedId: deployment.id, deletedCounts: { deployments: 0 } }, writes: [], activity: [] };
    requireRevision('Deployment', deployment, args.expectedRevision);
    const edit = editRecord(deployment, { status: deletingStatus }, context.now());
    if (!edit) throw new Error('a deletion always changes the status');
    const { id, projectId, status } = deployment;
    return {
      result: { deletedId: id, deletedCounts: { deployments: 1 } },
      writes: [updateDeploymentRow(deployment, edit), ...(await activeWrites(context, project, { deployment, after: edit.record }))],
      activity: [{ action: 'deleted', entityType: 'deployment', entityId: id, projectId, entityName: titleOf(deployment) }],
      counts: [{ ownerId: project.userId, projectId, by: isCounted(deployment) ? { deployments: -1, [`deployments:${status}`]: -1 } : {} }],
    };
  }
}
