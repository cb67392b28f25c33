/** A deployment: its record and its rules. */
import type { Edit } from '../projects/project.ts';
import type { LogEntry } from './deploymentLog.ts';

/** Statuses that clients see, as stored; rows of the earlier backend never have `cancelled`. */
export const statuses = ['pending', 'deploying', 'success', 'failed', 'cancelled', 'rolled-back'] as const;

/** A status that this version knows. */
export type DeploymentStatus = (typeof statuses)[number];

/**
 * Where a deployment may go from each status. A program may report the end of a deployment whose start it never
 * reported. What ended stays as it ended, except that what was released can be rolled back.
 */
export const transitions: Readonly<Record<DeploymentStatus, readonly DeploymentStatus[]>> = {
  pending: ['deploying', 'success', 'failed', 'cancelled'],
  deploying: ['success', 'failed', 'cancelled'],
  success: ['rolled-back'],
  failed: [],
  cancelled: [],
  'rolled-back': [],
};

/** Internal status of a deployment whose logs are being removed: it is gone for everyone. */
export const deletingStatus = 'deleting';

/** A row of the deployments table. Rows of the earlier backend lack `revision`, `createdById`, `edits` and the times. */
export type DeploymentRecord = {
  id: string;
  /** The owner of the project; in rows of the earlier backend, the creator. */
  userId: string;
  projectId: string;
  environment: string;
  status: string;
  provider: string;
  version?: string | null;
  url?: string | null;
  codeGenerationId?: string | null;
  metadata?: Record<string, unknown> | null;
  /** The deployment that this one takes back. */
  rollbackOfId?: string;
  /** The deployment that takes this one back. */
  rolledBackById?: string;
  /** When work began, as far as it was reported. */
  startedAt?: string;
  /** When it succeeded, failed or was cancelled. */
  finishedAt?: string;
  /** Log entries that the earlier backend kept on the row. */
  logs?: LogEntry[];
  createdById?: string;
  createdAt: string;
  updatedAt: string;
  revision?: number;
  edits?: Edit[];
};

/** Returns the statuses that a deployment may take next; none for one that this version does not know. */
export function allowedTransitions(status: string): readonly DeploymentStatus[] {
  return Object.hasOwn(transitions, status) ? transitions[status as DeploymentStatus] : [];
}

/** Returns why a deployment may not go from one status to another, or null when it may. */
export function transitionProblem(from: string, to: string): string | null {
  const allowed = allowedTransitions(from);
  if ((allowed as readonly string[]).includes(to)) return null;
  const name = (status: string): string => status.toUpperCase().replaceAll('-', '_');
  const next = allowed.length > 0 ? `From there it can become ${allowed.map(name).join(', ')}.` : 'That is final.';
  return `The deployment is ${name(from)} and can not become ${name(to)}. ${next}`;
}

/** Returns the times that go with taking a status. */
export function timesOf(to: DeploymentStatus, now: string): Pick<DeploymentRecord, 'startedAt' | 'finishedAt'> {
  if (to === 'deploying') return { startedAt: now };
  return to === 'success' || to === 'failed' || to === 'cancelled' ? { finishedAt: now } : {};
}

/** When a deployment was asked for, began and ended. Seconds have fractions of milliseconds; null for what is not known. */
export interface DeploymentTiming {
  queuedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  queuedSeconds: number | null;
  durationSeconds: number | null;
}

/** Returns the times of a deployment. Its duration counts from the reported start, or else from when it was asked for. */
export function timingOf(deployment: Pick<DeploymentRecord, 'createdAt' | 'startedAt' | 'finishedAt'>): DeploymentTiming {
  const { createdAt: queuedAt, startedAt = null, finishedAt = null } = deployment;
  return {
    queuedAt,
    startedAt,
    finishedAt,
    queuedSeconds: secondsBetween(queuedAt, startedAt),
    durationSeconds: secondsBetween(startedAt ?? queuedAt, finishedAt),
  };
}

function secondsBetween(from: string, to: string | null): number | null {
  const milliseconds = to === null ? NaN : Date.parse(to) - Date.parse(from);
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) / 1000 : null;
}

/** Returns a deployment without the log that the earlier backend kept on the row, which may be large. */
export function withoutLogs(deployment: DeploymentRecord): DeploymentRecord {
  const rest = { ...deployment };
  delete rest.logs;
  return rest;
}

/** Returns how the activity feed names a deployment, such as `1.4.0 (production)`. */
export function titleOf({ version, environment }: Pick<DeploymentRecord, 'version' | 'environment'>): string {
  return version ? `${version} (${environment})` : environment;
}
