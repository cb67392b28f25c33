/** What platform admins see of all tenants. Each list reads an index that mixes tenants, and is for nobody else. */
import { requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import type { ListSource } from '../../data/page.ts';
import { RequestError } from '../../errors.ts';
import { normalizeEmail } from '../../auth/email.ts';
import type { ActivityRecord } from '../activity/activity.ts';
import type { MetricEventRecord } from '../analytics/metricEvent.ts';
import type { CodeGenerationRecord } from '../codeGenerations/codeGeneration.ts';
import type { DeploymentRecord } from '../deployments/deployment.ts';
import { isDeployment } from '../deployments/deployments.store.ts';
import { enabledText, type IntegrationRecord } from '../integrations/integration.ts';
import { integrationsByType } from '../integrations/integrations.store.ts';
import { listConnection, type Connection, type PageArgs } from '../list.ts';
import { hiddenStatuses, type ProjectRecord } from '../projects/project.ts';
import { projectsByStatus } from '../projects/projects.store.ts';
import { findAccountAsAdmin, isPlatformAdmin } from '../users/users.service.ts';
import type { UserRecord } from '../users/user.ts';

/** The admin's entry; it holds nothing, the fields below it read. */
export type AdminModel = Record<string, never>;

/** Returns the entry to the admin fields. Throws UNAUTHENTICATED without a viewer, FORBIDDEN for everybody but platform admins. */
export async function requireAdmin(context: Context): Promise<AdminModel> {
  requireViewer(context, 'account.read');
  if (!(await isPlatformAdmin(context))) throw new RequestError('FORBIDDEN', 'Only platform admins who signed in may do this.');
  return {};
}

/** Lists all projects with a status, changed last first. */
export async function listProjectsByStatus(context: Context, args: PageArgs & { status: string }): Promise<Connection<ProjectRecord>> {
  // Internal statuses are no enum values, so nobody can ask for them.
  if (hiddenStatuses.some((hidden) => hidden === args.status)) throw new RequestError('BAD_USER_INPUT', 'There is no such status.');
  return listConnection(context, 'admin.projectsByStatus', { ...projectsByStatus(args.status), descending: true }, args);
}

/** Lists all deployments to an environment, newest first. */
export async function listDeploymentsByEnvironment(
  context: Context,
  args: PageArgs & { environment: string },
): Promise<Connection<DeploymentRecord>> {
  const source: ListSource = {
    table: 'deployments',
    index: 'EnvironmentIndex',
    partition: args.environment,
    descending: true,
    filter: isDeployment,
  };
  return listConnection(context, 'admin.deploymentsByEnvironment', source, args);
}

/** Lists all code generations with a status, changed last first. */
export async function listGenerationsByStatus(
  context: Context,
  args: PageArgs & { status: string },
): Promise<Connection<CodeGenerationRecord>> {
  const source: ListSource = { table: 'codeGenerations', index: 'StatusIndex', partition: args.status, descending: true };
  return listConnection(context, 'admin.codeGenerationsByStatus', source, args);
}

/** Longer than any metric that this API takes; those of the earlier backend may be longer than its rule. */
const maxMetricLength = 500;

/** Lists all events of a metric, newest first. */
export async function listEventsOfMetric(context: Context, args: PageArgs & { metric: string }): Promise<Connection<MetricEventRecord>> {
  const isName = args.metric !== '' && args.metric.length <= maxMetricLength && args.metric.isWellFormed();
  if (!isName) throw new RequestError('BAD_USER_INPUT', `metric must have 1 to ${maxMetricLength} characters.`);
  const source: ListSource = { table: 'analytics', index: 'MetricIndex', partition: args.metric, descending: true };
  return listConnection(context, 'admin.metricEvents', source, args);
}

/** Lists all activities about a kind of object, newest first. */
export async function listActivityByEntityType(
  context: Context,
  args: PageArgs & { entityType: string },
): Promise<Connection<ActivityRecord>> {
  const source: ListSource = { table: 'activity', index: 'EntityTypeIndex', partition: args.entityType, descending: true };
  return listConnection(context, 'admin.activityByEntityType', source, args);
}

/** Lists all integrations of a type, disabled ones first, or only those that are switched on or off. */
export async function listIntegrationsByType(
  context: Context,
  args: PageArgs & { type: string; enabled?: boolean | null },
): Promise<Connection<IntegrationRecord>> {
  const source = integrationsByType(args.type, args.enabled == null ? null : enabledText(args.enabled));
  return listConnection(context, 'admin.integrationsByType', source, args);
}

/** Returns the account with an e-mail address, or null. */
export async function findUserByEmail(context: Context, { email }: { email: string }): Promise<UserRecord | null> {
  const normalized = normalizeEmail(email);
  return normalized.ok ? findAccountAsAdmin(context, { email: normalized.email, typed: email.trim() }) : null;
}
