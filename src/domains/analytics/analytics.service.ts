/** Recording and listing metric events. */
import { findProjectAccess, readableRows, requireProjectAccess, requireViewer } from '../../auth/access.ts';
import type { Viewer } from '../../auth/authenticate.ts';
import type { Context } from '../../context.ts';
import type { ListSource } from '../../data/page.ts';
import { ttlAttribute } from '../../data/tables.ts';
import { invalid, RequestError } from '../../errors.ts';
import type { ActivityEntry } from '../activity/activity.ts';
import { listConnection, type Connection, type PageArgs } from '../list.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { ownerOfRows, type ProjectRecord } from '../projects/project.ts';
import { Checks } from '../text.ts';
import { piecesOf } from './eventBatch.ts';
import { rollUpOptions, writeRest } from './eventBatches.service.ts';
import { newJournal, putEvent, putJournal } from './eventBatches.store.ts';
import { checkMetric, type MetricEventRecord, type MetricInput } from './metricEvent.ts';
import { planRollUps } from './rollUps.store.ts';

const maxBatch = 100;
const secondsPerDay = 86_400;

/** An idempotency key keeps the answer, and a journal the events of a piece, in one item: DynamoDB takes 400 KB. */
const maxBatchBytes = 350_000;

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
    rolledUp: true,
    [ttlAttribute]: Math.floor(Date.parse(timestamp) / 1000) + context.services.settings.ttlDays.analytics * secondsPerDay,
  };
}

async function planEvents(context: Context, events: MetricEventRecord[]): Promise<MutationPlan<{ events: MetricEventRecord[] }>> {
  requireSize(events);
  const [first = [], ...rest] = piecesOf(events);
  const journals = rest.map((piece) => newJournal(piece, context.now()));
  const rollUps = await planRollUps(context.connection, first, rollUpOptions(context.services));
  return {
    result: { events },
    prepare: rollUps.putNames,
    writes: [...first.map(putEvent), ...rollUps.writes, ...journals.map(putJournal)],
    activity: [trackedActivity(events)],
    cleanUp: () => writeRest(context, journals),
  };
}

function requireSize(events: readonly MetricEventRecord[]): void {
  const bytes = Buffer.byteLength(JSON.stringify(events));
  if (bytes <= maxBatchBytes) return;
  throw invalid(
    'inputs',
    `The events have ${bytes} bytes of JSON together; at most ${maxBatchBytes} are allowed. Send fewer.`,
    'TOO_LARGE',
  );
}

function trackedActivity(events: readonly MetricEventRecord[]): ActivityEntry {
  const metrics = [...new Set(events.map(({ metric }) => metric))];
  const projectIds = new Set(events.map(({ projectId }) => projectId));
  return {
    action: 'tracked',
    entityType: 'metric',
    entityId: events[0]?.id ?? '',
    entityName: metrics.slice(0, 3).join(', '),
    ...(projectIds.size === 1 && { projectId: events[0]?.projectId }),
    metadata: { events: events.length, metrics: metrics.slice(0, 20) },
  };
}

/** Arguments of a list of events. */
export interface ListEventsArgs extends PageArgs {
  metric?: string | null;
  from?: string | null;
  to?: string | null;
}

/** Returns the list of a project's events, newest first. Reading ahead calls it before anything was checked, so it throws nothing. */
export function metricEventList(projectId: string, args: ListEventsArgs): ListSource {
  return { table: 'analytics', index: 'ProjectIdIndex', partition: projectId, descending: true, ...restrictionOf(args) };
}

/** Lists the events of a project that the viewer may read, newest first; null for a project that they may not. */
export async function listProjectEvents(
  context: Context,
  project: ProjectRecord,
  args: ListEventsArgs,
): Promise<Connection<MetricEventRecord> | null> {
  if (!(await findProjectAccess(context, project.id, 'project.read', project))) return null;
  requireRange(args);
  const source = { ...metricEventList(project.id, args), owner: ownerOfRows(project, 'children') };
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
  requireRange(args);
  const list = { table: 'analytics', index: 'UserIdTimestampIndex', partition: user.id, descending: true } as const;
  const source: ListSource = { ...list, ...restrictionOf(args), visible: readableRows(context) };
  return listConnection(context, 'user.metricEvents', source, args);
}

function requireRange({ from, to }: ListEventsArgs): void {
  if (from != null && to != null && from > to) throw new RequestError('BAD_USER_INPUT', '`from` must not be later than `to`.');
}

function restrictionOf({ metric, from, to }: ListEventsArgs): Pick<ListSource, 'range' | 'filter' | 'filterKey'> {
  const bounds = { ...(from != null && { from }), ...(to != null && { to }) };
  return {
    ...(Object.keys(bounds).length > 0 && { range: bounds }),
    ...(metric != null && { filter: (row) => row['metric'] === metric, filterKey: metric }),
  };
}
