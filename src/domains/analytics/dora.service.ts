/** The DORA measures of an environment of a project. */
import { findProjectAccess } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { RequestError } from '../../errors.ts';
import { readDeploymentsBetween } from '../deployments/deployments.service.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { measure, type DoraMeasures } from './dora.ts';
import { dayMs } from './rollUp.ts';

/** Arguments of `Project.dora`. */
export interface DoraArgs {
  from?: string | null;
  to?: string | null;
  environment: string;
}

/** The measures, and of which time. */
export interface Dora extends DoraMeasures {
  environment: string;
  from: string;
  to: string;
  complete: boolean;
}

const usualDays = 30;
const maxDays = 366;

/** Rows that are read at most: those of all environments, because no index sorts the deployments of one. */
const budget = 2_000;

/** Returns the measures of a project that the viewer may read; null for a project that they may not. Throws BAD_USER_INPUT. */
export async function readDora(context: Context, project: ProjectRecord, args: DoraArgs): Promise<Dora | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const { environment } = args;
  const to = args.to ?? context.now();
  const asked = args.from ?? new Date(Date.parse(to) - usualDays * dayMs).toISOString();
  requireRange(asked, to);
  const { deployments, readFrom } = await readDeploymentsBetween(context, project, { from: asked, to, limit: budget });
  const from = readFrom ?? asked;
  // A range of which only one instant was read would have an endless frequency.
  const rangeMs = Math.max(1_000, Date.parse(to) - Date.parse(from));
  const measures = measure(
    deployments.filter((deployment) => deployment.environment === environment),
    rangeMs,
  );
  return { ...measures, environment, from, to, complete: readFrom === null };
}

function requireRange(from: string, to: string): void {
  if (from >= to) throw new RequestError('BAD_USER_INPUT', '`from` must be earlier than `to`.');
  const days = Math.ceil((Date.parse(to) - Date.parse(from)) / dayMs);
  if (days > maxDays) throw new RequestError('BAD_USER_INPUT', `The range has ${days} days; at most ${maxDays} are measured at once.`);
}
