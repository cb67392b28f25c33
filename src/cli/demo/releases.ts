/** The deployments of a project: every release goes to staging, and what works there to production a day later. */
import { appendDeploymentLog } from '../../domains/deployments/deploymentLogs.service.ts';
import { cancelDeployment, reportDeployment } from '../../domains/deployments/deploymentChanges.service.ts';
import { rollBackDeployment } from '../../domains/deployments/deploymentRollback.service.ts';
import { createDeployment } from '../../domains/deployments/deployments.service.ts';
import type { DemoProject, Person } from './demoProject.ts';
import { randomOf, type Step } from './stage.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

type Outcome = 'success' | 'failed' | 'cancelled' | 'rolled-back' | 'running';

interface Deployment {
  key: string;
  at: number;
  environment: 'staging' | 'production';
  version: string;
  outcome: Outcome;
}

/** What a project is known by while its steps are played. */
export interface ProjectState {
  id: string;
}

/** Returns the steps of all releases up to `now`; the last one is still on its way to production. */
export function releaseSteps(project: DemoProject, state: ProjectState, now: number): Step[] {
  return planReleases(project, now).flatMap((deployment) => deploymentSteps(project, state, deployment));
}

function planReleases({ key, startedDaysAgo, releases }: DemoProject, now: number): Deployment[] {
  const random = randomOf(key);
  const deployments: Deployment[] = [];
  const first = now - (startedDaysAgo - 12) * day;
  const count = Math.floor((now - 2 * day - first) / (releases.everyDays * day)) + 1;
  for (let n = 0; n < count; n += 1) {
    const isLast = n === count - 1;
    const at = isLast ? now - 26 * 60 * minute : first + n * releases.everyDays * day + Math.floor(random() * 8 * 60) * minute;
    const version = `${n < 6 ? 0 : 1}.${n < 6 ? n + 1 : n - 6}.0`;
    const [chance, second] = [random(), random()];
    const staging: Outcome = isLast || n === 0 ? 'success' : chance < 0.12 ? 'failed' : chance < 0.18 ? 'cancelled' : 'success';
    deployments.push({ key: `${version}-staging`, at, environment: 'staging', version, outcome: staging });
    if (staging !== 'success') continue;
    const inProduction: Outcome = isLast ? 'running' : n === 0 ? 'success' : n === 3 ? 'rolled-back' : second < 0.1 ? 'failed' : 'success';
    const later = isLast ? now - 2 * minute : at + day;
    deployments.push({ key: `${version}-production`, at: later, environment: 'production', version, outcome: inProduction });
  }
  return deployments;
}

function deploymentSteps(project: DemoProject, state: ProjectState, { key, at, environment, version, outcome }: Deployment): Step[] {
  const made = { id: '', rollbackId: '' };
  const by: Person =
    environment === 'production' ? project.owner : (project.members.find(({ role }) => role !== 'viewer')?.person ?? project.owner);
  const step = (minutes: number, name: string, act: Step['act']): Step => ({ at: at + minutes * minute, key: `${key}-${name}`, by, act });
  const report = (minutes: number, name: string, input: { status: string; message: string }, of: 'id' | 'rollbackId' = 'id'): Step =>
    step(minutes, name, (context, idempotencyKey) => reportDeployment(context, { id: made[of], input, idempotencyKey }));
  const url = environment === 'production' ? project.fields.deploymentUrl : undefined;
  const input = {
    environment,
    provider: project.releases.provider,
    version,
    ...(url !== undefined && { url }),
    metadata: { branch: 'main', build: buildOf(key) },
  };
  const begin = [
    step(0, 'create', async (context, idempotencyKey) => {
      const { deployment } = await createDeployment(context, { input: { ...input, projectId: state.id }, idempotencyKey });
      made.id = deployment.id;
    }),
    report(0.5, 'start', { status: 'deploying', message: `Deploying ${project.releases.artifact} ${version} to ${environment}` }),
  ];
  if (outcome === 'running') return begin;
  if (outcome === 'cancelled') {
    const reason = 'The tests of the branch are red.';
    return [...begin, step(2, 'cancel', (context, idempotencyKey) => cancelDeployment(context, { id: made.id, reason, idempotencyKey }))];
  }
  const entries = logOf(project, { version, failed: outcome === 'failed' }).map((entry, i) => ({
    ...entry,
    timestamp: new Date(at + (1 + i / 3) * minute).toISOString(),
  }));
  const log = step(4, 'log', (context, idempotencyKey) => appendDeploymentLog(context, { id: made.id, entries, idempotencyKey }));
  if (outcome === 'failed')
    return [
      ...begin,
      log,
      report(5, 'end', { status: 'failed', message: 'Health check failed 5 times; the previous version keeps running.' }),
    ];
  const succeed = report(5, 'end', { status: 'success', message: `${version} is live in ${environment}.` });
  if (outcome === 'success') return [...begin, log, succeed];
  const rollBack = step(95, 'rollback', async (context, idempotencyKey) => {
    made.rollbackId = (await rollBackDeployment(context, { id: made.id, idempotencyKey })).deployment.id;
  });
  return [
    ...begin,
    log,
    succeed,
    rollBack,
    report(98, 'restored', { status: 'success', message: 'The previous version is back.' }, 'rollbackId'),
  ];
}

function buildOf(key: string): number {
  return 1_000 + Math.floor(randomOf(`build ${key}`)() * 9_000);
}

function logOf(
  { releases, schema }: DemoProject,
  { version, failed }: { version: string; failed: boolean },
): { level: string; message: string }[] {
  return [
    { level: 'info', message: `Pulling image ${releases.artifact}:${version}` },
    { level: 'info', message: `Migrating schema "${schema.name}"` },
    { level: 'debug', message: 'Lock on schema_migrations taken' },
    { level: 'info', message: 'Migration finished, nothing pending' },
    { level: 'info', message: 'Starting 3 instances' },
    ...(failed
      ? [
          { level: 'warn', message: 'Instance 2 does not answer /readyz (attempt 3 of 5)' },
          { level: 'error', message: 'Error: connect ECONNREFUSED, pool exhausted after 30 s' },
        ]
      : [{ level: 'info', message: 'All instances answer /readyz' }]),
  ];
}
