/** Recording and listing metric events. */
import { findProjectAccess, readableRows, requireProjectAccess, requireViewer } from '../../auth/access.ts';
import type { Viewer } from '../../auth/authenticate.ts';
import type { Context } from '../../context.ts';
import type { Write } from '../../data/connection.ts';
import type { ListSource } from '../../data/page.ts';
import { ttlAttribute } from '../../data/tables.ts';
import { invalid, RequestError } from '../../errors.ts';
import { listConnection, type Connection, type PageArgs } from '../list.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { Checks } from '../text.ts';
import { checkMetric, type MetricEventRecord, type MetricInput } from './metricEvent.ts';

const maxBatch = 100;
const secondsPerDay = 86_400;

/**
 * Events that the transaction of a batch writes itself: DynamoDB takes 100 writes, and the activity and the idempotency
 * key need two. The few events beyond are written just before, and taken back if the transaction is refused.
 */
const maxInTransaction = 98;

/** Returns an event that the viewer may see, or null. */
export async function findMetricEvent(context: Context, id: string): Promise<MetricEventRecord | null> {
  const event = (await context.loaders.byId('analytics').load({ id })) as MetricEventRecord | null;
  if (!event?.projectId || (event.ttl !== undefined && event.ttl <= context.nowSeconds())) return null;
  return (await findProjectAccess(context, event.projectId, 'project.read')) ? event : null;
}

/** Records one event. */
export async function trackMetric(context: Context, args: MutationArgs & { input: MetricInput }): Promise<{ event: MetricEventRecord }> {
  const { events } = await track(context, { name: 'metricTrack', args, inputs: [args.input], fieldOf: () => ['input'] });
  return { event: events[0] as MetricEventRecord };
}

/** Records up to 100 events, all or none. */
export async function trackMetrics(
  context: Context,
  args: MutationArgs & { inputs: readonly MetricInput[] },
): Promise<{ events: MetricEventRecord[] }> {
  return track(context, { name: 'metricTrackBatch', args, inputs: args.inputs, fieldOf: (i) => ['inputs', String(i)] });
}

interface Tracking {
  name: string;
  args: MutationArgs;
  inputs: readonly MetricInput[];
  fieldOf: (i: number) => string[];
}

async function track(context: Context, { name, args, inputs, fieldOf }: Tracking): Promise<{ events: MetricEventRecord[] }> {
  const viewer = requireViewer(context, 'metric.send');
  return mutate(context, { name, viewer, args, input: inputs, plan });

  async function plan(): Promise<MutationPlan<{ events: MetricEventRecord[] }>> {
    if (inputs.length === 0 || inputs.length > maxBatch) throw invalid('inputs', `Send 1 to ${maxBatch} events; ${inputs.length} came.`);
    const projects = await requireProjects(context, inputs);
    const checks = new Checks();
    const limits = { now: context.now(), oldestMs: context.services.settings.ttlDays.analytics * secondsPerDay * 1000 };
    inputs.forEach((input, i) => checkMetric(checks, fieldOf(i), input, limits));
    checks.throwIfAny();
    const events = inputs.map((input) => newEvent(context, viewer, { input, project: projects.get(input.projectId) as ProjectRecord }));
    return planEvents(context, events);
  }
}

async function requireProjects(context: Context, inputs: readonly MetricInput[]): Promise<Map<string, ProjectRecord>> {
  const ids = [...new Set(inputs.map(({ projectId }) => projectId))];
  const accesses = await Promise.all(ids.map((id) => requireProjectAccess(context, id, 'metric.write')));
  return new Map(accesses.map(({ project }) => [project.id, project]));
}

function newEvent(context: Context, viewer: Viewer, { input, project }: { input: MetricInput; project: ProjectRecord }): MetricEventRecord {
  const timestamp = input.timestamp ?? context.now();
  return {
    id: context.newId('evt'),
    timestamp,
    userId: project.userId,
    projectId: project.id,
    metric: input.metric,
    value: input.value,
    ...(input.dimensions && { dimensions: input.dimensions }),
    createdById: viewer.id,
    [ttlAttribute]: Math.floor(Date.parse(timestamp) / 1000) + context.services.settings.ttlDays.analytics * secondsPerDay,
  };
}

function planEvents(context: Context, events: MetricEventRecord[]): MutationPlan<{ events: MetricEventRecord[] }> {
  const { connection } = context;
  const beyond = events.slice(maxInTransaction);
  const metrics = [...new Set(events.map(({ metric }) => metric))];
  const [first] = events;
  const projectIds = new Set(events.map(({ projectId }) => projectId));
  return {
    result: { events },
    prepare: () => connection.writeAll(beyond.map((put) => ({ table: 'analytics', put }))),
    undo: () => connection.writeAll(beyond.map(({ id, timestamp }) => ({ table: 'analytics', delete: { id, timestamp } }))),
    writes: events
      .slice(0, maxInTransaction)
      .map((item): Write => ({ kind: 'put', table: 'analytics', item, condition: { exists: false } })),
    activity: [
      {
        action: 'tracked',
        entityType: 'metric',
        entityId: first?.id ?? '',
        entityName: metrics.slice(0, 3).join(', '),
        ...(projectIds.size === 1 && { projectId: first?.projectId }),
        metadata: { events: events.length, metrics: metrics.slice(0, 20) },
      },
    ],
  };
}

/** Arguments of a list of events. */
export interface ListEventsArgs extends PageArgs {
  metric?: string | null;
  from?: string | null;
  to?: string | null;
}

/** Lists the events of a project that the viewer may read, newest first; null for a project that they may not. */
export async function listProjectEvents(
  context: Context,
  project: ProjectRecord,
  args: ListEventsArgs,
): Promise<Connection<MetricEventRecord> | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  const source: ListSource = {
    table: 'analytics',
    index: 'ProjectIdIndex',
    partition: project.id,
    descending: true,
    ...restrictionOf(args),
  };
  return listConnection(context, 'project.metricEvents', source, args);
}

/** Lists the events of all projects that a user owns, newest first, for that user; null for everyone else. */
export async function listUserEvents(
  context: Context,
  user: { id: string },
  args: ListEventsArgs,
): Promise<Connection<MetricEventRecord> | null> {
  const viewer = requireViewer(context, 'account.read');
  if (viewer.id !== user.id) return null;
  const list = { table: 'analytics', index: 'UserIdTimestampIndex', partition: user.id, descending: true } as const;
  const source: ListSource = { ...list, ...restrictionOf(args), visible: readableRows(context) };
  return listConnection(context, 'user.metricEvents', source, args);
}

function restrictionOf({ metric, from, to }: ListEventsArgs): Pick<ListSource, 'range' | 'filter' | 'filterKey'> {
  if (from != null && to != null && from > to) throw new RequestError('BAD_USER_INPUT', '`from` must not be later than `to`.');
  const bounds = { ...(from != null && { from }), ...(to != null && { to }) };
  return {
    ...(Object.keys(bounds).length > 0 && { range: bounds }),
    ...(metric != null && { filter: (row) => row['metric'] === metric, filterKey: metric }),
  };
}
