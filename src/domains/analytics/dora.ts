/**
 * The four key measures of software delivery (DORA, dora.dev; Forsgren, Humble, Kim: "Accelerate", 2018), as far as
 * deployments tell them.
 */
import { timingOf, type DeploymentRecord } from '../deployments/deployment.ts';
import { dayMs } from './rollUp.ts';

/** The part of a deployment that the measures need. */
export type MeasuredDeployment = Pick<
  DeploymentRecord,
  'id' | 'status' | 'createdAt' | 'updatedAt' | 'finishedAt' | 'rollbackOfId' | 'rolledBackById'
>;

/** The measures of some deployments of one environment. Times in seconds. */
export interface DoraMeasures {
  deploymentFrequency: number;
  frequencyBand: FrequencyBand;
  leadTime: number | null;
  changeFailureRate: number | null;
  timeToRestore: number | null;
  succeeded: number;
  failed: number;
  rolledBack: number;
  restored: number;
  unrestored: number;
}

/** How often something is released. */
export type FrequencyBand = 'daily' | 'weekly' | 'monthly' | 'rarely' | 'never';

/** Statuses of deployments that reached their environment or failed on the way; one that was cancelled tried neither. */
const released = ['success', 'rolled-back'];

/** Returns the measures of deployments (in any order) over a time of `rangeMs` milliseconds. */
export function measure(deployments: readonly MeasuredDeployment[], rangeMs: number): DoraMeasures {
  const has = (...statuses: string[]): MeasuredDeployment[] => deployments.filter(({ status }) => statuses.includes(status));
  const reached = has(...released);
  const [failed, rolledBack] = [has('failed').length, has('rolled-back').length];
  const finished = reached.length + failed;
  const frequency = reached.length / (rangeMs / dayMs);
  // A rollback brings back what was there: no change waited for it.
  const changes = reached.filter(({ rollbackOfId }) => rollbackOfId === undefined);
  const { restored, unrestored } = outagesOf(deployments);
  return {
    deploymentFrequency: frequency,
    frequencyBand: bandOf(frequency),
    leadTime: median(changes.flatMap((deployment) => leadSeconds(deployment) ?? [])),
    changeFailureRate: finished === 0 ? null : (failed + rolledBack) / finished,
    timeToRestore: median(restored),
    succeeded: reached.length - rolledBack,
    failed,
    rolledBack,
    restored: restored.length,
    unrestored,
  };
}

function bandOf(perDay: number): FrequencyBand {
  if (perDay >= 1) return 'daily';
  if (perDay >= 1 / 7) return 'weekly';
  if (perDay >= 1 / 30) return 'monthly';
  return perDay > 0 ? 'rarely' : 'never';
}

function leadSeconds({ createdAt, finishedAt }: MeasuredDeployment): number | null {
  return timingOf({ createdAt, ...(finishedAt !== undefined && { finishedAt }) }).durationSeconds;
}

/**
 * Returns how long each outage took, in seconds, and whether one goes on. An outage begins with a failure, or when a
 * release was rolled back, and ends with the next success; failures in between belong to it.
 */
function outagesOf(deployments: readonly MeasuredDeployment[]): { restored: number[]; unrestored: number } {
  const byId = new Map(deployments.map((deployment) => [deployment.id, deployment]));
  const moments = deployments.flatMap((deployment) => momentsOf(deployment, byId)).sort((a, b) => a.at - b.at);
  const restored: number[] = [];
  let since: number | null = null;
  for (const { at, isFailure } of moments) {
    if (isFailure) since ??= at;
    else if (since !== null) {
      restored.push((at - since) / 1000);
      since = null;
    }
  }
  return { restored, unrestored: since === null ? 0 : 1 };
}

interface Moment {
  at: number;
  isFailure: boolean;
}

/** Rows of the earlier backend do not say when they ended; they were not changed after it. */
function momentsOf(deployment: MeasuredDeployment, byId: ReadonlyMap<string, MeasuredDeployment>): Moment[] {
  const { status, finishedAt, updatedAt, rolledBackById } = deployment;
  const end = Date.parse(finishedAt ?? updatedAt);
  if (status === 'failed') return [{ at: end, isFailure: true }];
  if (status === 'success') return [{ at: end, isFailure: false }];
  if (status !== 'rolled-back') return [];
  const rollback = byId.get(rolledBackById ?? '');
  const taken = Date.parse(rollback?.createdAt ?? updatedAt);
  return [...(finishedAt === undefined ? [] : [{ at: end, isFailure: false }]), { at: taken, isFailure: true }];
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) return null;
  return sorted.length % 2 === 1 || low === undefined ? high : (low + high) / 2;
}
