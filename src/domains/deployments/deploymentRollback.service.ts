/** Rolling back: one transaction that marks a deployment as taken back and makes a new one of the previous successful version. */
import { requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { refused } from '../../errors.ts';
import { mutate, type MutationPlan } from '../mutation.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { editRecord, requireRevision } from '../revision.ts';
import { transitionProblem, withoutLogs, type DeploymentRecord } from './deployment.ts';
import { activeWrites, changeActivity, countsOf, type ChangeDeploymentArgs } from './deploymentChanges.service.ts';
import { createdActivity, newDeployment, requireDeployment } from './deployments.service.ts';
import { checkDeployment, findActive, findSuccessful, putDeployment, updateDeploymentRow } from './deployments.store.ts';

/** A rollback: the new deployment, and the one that it takes back. */
export interface RollbackResult {
  deployment: DeploymentRecord;
  rolledBack: DeploymentRecord;
}

/**
 * Rolls a deployment back: a new pending deployment of the previous successful version of the same environment is made.
 * A successful one becomes ROLLED_BACK; one that failed half-way stays FAILED, because it never succeeded.
 * Throws INVALID_TRANSITION when it is not one that can be rolled back, or nothing lies before it.
 */
export async function rollBackDeployment(context: Context, args: ChangeDeploymentArgs): Promise<RollbackResult> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { name: 'deploymentRollback', viewer, args, input: [args.id, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<RollbackResult>> {
    const { deployment, project } = await requireDeployment(context, args.id);
    requireRevision('Deployment', deployment, args.expectedRevision);
    const target = await requireRollbackTarget(context, project, deployment);
    const { environment, provider, version, codeGenerationId, metadata } = target;
    const fields = {
      environment,
      provider,
      version: version ?? null,
      codeGenerationId: codeGenerationId ?? null,
      metadata: metadata ?? null,
      rollbackOfId: deployment.id,
    };
    const made = newDeployment(context, { project, viewer, fields });
    const failed = deployment.status === 'failed';
    const edit = editRecord(deployment, { status: failed ? undefined : 'rolled-back', rolledBackById: made.id }, context.now());
    if (!edit) throw new Error('a rollback always links the new deployment');
    const result = { deployment: made, rolledBack: edit.record };
    const moved = countsOf(project, deployment, edit.record);
    return {
      result,
      replayable: { ...result, rolledBack: withoutLogs(edit.record) },
      writes: [
        putDeployment(made),
        updateDeploymentRow(deployment, edit),
        checkDeployment(target, { status: 'success' }),
        ...(await activeWrites(context, project, { deployment, after: edit.record })),
      ],
      activity: [
        changeActivity({ action: 'rolled-back', deployment, after: edit.record, changedFields: edit.changedFields }),
        createdActivity(made),
      ],
      // One change, because a transaction must not write one counter twice.
      counts: [{ ...moved, by: { deployments: 1, ...moved.by, 'deployments:pending': 1 } }],
    };
  }
}

async function requireRollbackTarget(context: Context, project: ProjectRecord, deployment: DeploymentRecord): Promise<DeploymentRecord> {
  const problem = deployment.status === 'failed' ? null : transitionProblem(deployment.status, 'rolled-back');
  if (problem !== null) throw refused('INVALID_TRANSITION', problem, ['id']);
  if (deployment.rolledBackById)
    throw refused('INVALID_TRANSITION', `The deployment was rolled back already, by "${deployment.rolledBackById}".`, ['id']);
  const place = { project, environment: deployment.environment };
  const active = await findActive(context, place);
  if (active && active.id !== deployment.id && active.createdAt > deployment.createdAt) {
    throw refused('INVALID_TRANSITION', `A newer deployment, "${active.id}", is active in this environment. Roll that one back.`, ['id']);
  }
  const target = await findSuccessful(context, { projectId: project.id, environment: deployment.environment, before: deployment });
  if (target) return target;
  throw refused(
    'INVALID_TRANSITION',
    'There is no earlier successful deployment in this environment to return to. Create a new deployment instead.',
    ['id'],
  );
}
