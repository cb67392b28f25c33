/** Entries that clients log by themselves, about what happened outside of this API. */
import { requireProjectAccess, requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { exactNumbers, fitsAttributes } from '../../data/body.ts';
import { isLive } from '../../data/page.ts';
import { notFound } from '../../errors.ts';
import { jsonProblem } from '../json.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { Checks } from '../text.ts';
import { activityRow, type ActivityEntry, type ActivityRecord, type EntityType } from './activity.ts';

/** Input of activityLog, as the SDL's ActivityLogInput. */
export interface ActivityLogInput {
  projectId?: string | null;
  action: string;
  entityType?: string | null;
  entityId?: string | null;
  entityName?: string | null;
  metadata?: Record<string, unknown> | null;
}

const maxMetadataBytes = 16 * 1024;

/** The details are an attribute of the row. */
const metadataDepth = 1;

/** Logs an entry: in the feed of a project, or in the viewer's own. */
export async function logActivity(
  context: Context,
  args: MutationArgs & { input: ActivityLogInput },
): Promise<{ activity: ActivityRecord }> {
  const { input } = args;
  const viewer = requireViewer(context, input.projectId == null ? 'activity.write' : 'account.read');
  return mutate(context, { name: 'activityLog', viewer, args, input, plan });

  async function plan(): Promise<MutationPlan<{ activity: ActivityRecord }>> {
    if (input.projectId != null)
      await requireProjectAccess(context, input.projectId, 'activity.write', { kind: 'project', id: input.projectId });
    checkInput(input);
    const entry = entryFrom(context, input);
    return { result: { activity: activityRow(context, viewer, entry) }, writes: [], activity: [entry] };
  }
}

function entryFrom(context: Context, input: ActivityLogInput): ActivityEntry {
  const id = context.newId('act');
  return {
    id,
    createdAt: context.now(),
    action: input.action.trim(),
    entityType: (input.entityType ?? 'custom') as EntityType,
    entityId: input.entityId ?? id,
    entityName: input.entityName ?? undefined,
    projectId: input.projectId ?? undefined,
    // Marks what its author may delete again.
    metadata: { ...input.metadata, custom: true },
  };
}

/** Deletes an entry that the viewer logged. */
export async function deleteActivity(
  context: Context,
  args: MutationArgs & { id: string },
): Promise<{ deletedId: string; deletedCounts: object }> {
  const viewer = requireViewer(context, 'activity.write');
  return mutate(context, { name: 'activityDelete', viewer, args, input: args.id, plan });

  async function plan(): Promise<MutationPlan<{ deletedId: string; deletedCounts: object }>> {
    const row = (await context.loaders.byId('activity').load({ id: args.id })) as ActivityRecord | null;
    const isOwn = row?.userId === viewer.id && row.metadata?.['custom'] === true && isLive(row, context.nowSeconds());
    if (!isOwn) throw notFound('activity of your own', args.id);
    const key = { id: row.id, createdAt: row.createdAt };
    return {
      result: { deletedId: row.id, deletedCounts: {} },
      writes: [{ kind: 'delete', table: 'activity', key, condition: { exists: true } }],
      activity: [{ action: 'deleted', entityType: 'custom', entityId: row.id, projectId: row.projectId }],
    };
  }
}

function checkInput(input: ActivityLogInput): void {
  const checks = new Checks();
  checks.text(['input', 'action'], input.action, { min: 1, max: 100 });
  checks.text(['input', 'entityId'], input.entityId, { min: 1, max: 200 });
  checks.text(['input', 'entityName'], input.entityName, { min: 1, max: 200 });
  checks.add(['input', 'metadata'], jsonProblem(input.metadata ?? {}));
  if (!fitsAttributes(input.metadata ?? {}, metadataDepth))
    checks.add(['input', 'metadata'], `Every number must be ${exactNumbers}, and objects and lists at most 30 deep within each other.`);
  const bytes = Buffer.byteLength(JSON.stringify(input.metadata ?? {}));
  if (bytes > maxMetadataBytes)
    checks.add(['input', 'metadata'], `The details have ${bytes} bytes of JSON; at most ${maxMetadataBytes} are allowed.`);
  checks.throwIfAny();
}
