/** What becomes of a generation after it was started, as far as people decide it: cancelled, kept longer, deleted. */
import { requireViewer } from '../../auth/access.ts';
import type { Context, Services } from '../../context.ts';
import { extendBody, removeBody } from '../../data/body.ts';
import { connect } from '../../data/connection.ts';
import { isCounted } from '../../data/counters.ts';
import { invalid, refused } from '../../errors.ts';
import type { ActivityEntry } from '../activity/activity.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import { editRecord, requireRevision, type RecordEdit } from '../revision.ts';
import { deletingStatus, isOpen, titleOf, withoutBody, type CodeGenerationRecord } from './codeGeneration.ts';
import { requireGeneration, type GenerationResult } from './codeGenerations.service.ts';
import { loadGenerationRow, removeGeneration, updateGenerationRow } from './codeGenerations.store.ts';
import { putExpiry, removeExpiry } from './expiry.ts';

/** Arguments of a mutation of one generation. */
export interface ChangeGenerationArgs extends MutationArgs {
  id: string;
  expectedRevision?: number | null;
}

/** Answer of codeGenerationDelete. */
export interface GenerationDeletion {
  deletedId: string;
  deletedCounts: { codeGenerations: number };
}

function activityOf(generation: CodeGenerationRecord, action: string, more: Partial<ActivityEntry> = {}): ActivityEntry {
  const { id: entityId, projectId } = generation;
  return { action, entityType: 'code-generation', entityId, projectId, entityName: titleOf(generation), ...more };
}

/** Cancels a generation that has not ended. Whoever works on it notices at its next write, which is refused. */
export async function cancelCodeGeneration(context: Context, args: ChangeGenerationArgs): Promise<GenerationResult> {
  const viewer = requireViewer(context, 'account.read');
  return mutate(context, { name: 'codeGenerationCancel', viewer, args, input: [args.id, args.expectedRevision], plan });

  async function plan(): Promise<MutationPlan<GenerationResult>> {
    const { generation } = await requireGeneration(context, args.id);
    requireRevision('CodeGeneration', generation, args.expectedRevision);
    if (!isOpen(generation)) throw refused('INVALID_TRANSITION', endedMessage(generation), ['id']);
    const edit = cancellation(generation, context.now());
    return {
      result: { codeGeneration: edit.record },
      replayable: { codeGeneration: withoutBody(edit.record) },
      writes: [updateGenerationRow(generation, edit)],
      activity: [
        activityOf(generation, 'cancelled', { changedFields: ['status'], metadata: { from: generation.status, to: 'cancelled' } }),
      ],
      // The copy of what the code would have been made from.
      cleanUp: () => removeBody(context.connection, 'codeGenerations', generation),
    };
  }
}

function endedMessage({ status }: CodeGenerationRecord): string {
  const name = status.toUpperCase().replaceAll('-', '_');
  return `The generation is ${name} and can not be cancelled. Only PENDING and GENERATING ones can; delete it if you do not want it.`;
}

function cancellation(generation: CodeGenerationRecord, now: string): RecordEdit<CodeGenerationRecord> {
  const nothing = { generationInput: null, bodyId: null, bodyChunks: null, leaseOwner: null, leaseUntil: null };
  const edit = editRecord(generation, { status: 'cancelled', finishedAt: now, ...nothing }, now, () => ['status']);
  if (!edit) throw new Error('a cancellation always changes the status');
  return edit;
}

const secondsPerDay = 86_400;
const maxDays = 365;

/** Makes a generation expire later: so many days from now. */
export async function extendCodeGeneration(
  context: Context,
  args: ChangeGenerationArgs & { input: { days: number } },
): Promise<GenerationResult> {
  const viewer = requireViewer(context, 'account.read');
  const { id, input, expectedRevision } = args;
  return mutate(context, { name: 'codeGenerationExtend', viewer, args, input: [id, input, expectedRevision], plan });

  async function plan(): Promise<MutationPlan<GenerationResult>> {
    const { generation } = await requireGeneration(context, id);
    requireRevision('CodeGeneration', generation, expectedRevision);
    const ttl = laterExpiry(context, generation, input.days);
    const edit = editRecord(generation, { ttl }, context.now(), () => ['expiresAt']);
    if (!edit) throw new Error('a later expiry is another one');
    return {
      result: { codeGeneration: edit.record },
      replayable: { codeGeneration: withoutBody(edit.record) },
      // First, so that chunks never expire before their row; where the row is not written after all, they only go later.
      prepare: () => extendBody(context.connection, 'codeGenerations', { ...generation, ttl }),
      writes: [updateGenerationRow(generation, edit), ...(isCounted(generation) ? putExpiry(edit.record) : [])],
      activity: [activityOf(generation, 'extended', { changedFields: ['expiresAt'], metadata: { days: input.days } })],
    };
  }
}

function laterExpiry(context: Context, { ttl }: CodeGenerationRecord, days: number): number {
  const field = ['input', 'days'];
  if (days < 1 || days > maxDays) throw invalid(field, `A generation can be kept 1 to ${maxDays} days from now; ${days} were asked for.`);
  if (ttl === undefined) throw invalid(field, 'This generation never expires, so there is nothing to extend.');
  const later = context.nowSeconds() + days * secondsPerDay;
  if (later <= ttl) {
    throw invalid(
      field,
      `The generation is kept until ${new Date(ttl * 1000).toISOString()} already. Ask for more days, or leave it as it is.`,
    );
  }
  return later;
}

/**
 * Deletes a generation with its files. In one transaction it disappears for everyone and its counter goes down; then its
 * files are removed in the background, and its row last. If the process dies meanwhile, the same deletion again, that of the
 * project, or the maintenance of any instance goes on with it: the row is still there to be found.
 */
export async function deleteCodeGeneration(context: Context, args: ChangeGenerationArgs): Promise<GenerationDeletion> {
  const viewer = requireViewer(context, 'account.read');
  let doomed: CodeGenerationRecord | undefined;
  const result = await mutate(context, { name: 'codeGenerationDelete', viewer, args, input: [args.id, args.expectedRevision], plan });
  if (!args.dryRun) context.services.background.run('code generation removal', remove);
  return result;

  async function remove(signal: AbortSignal): Promise<void> {
    // Not planned where the answer of an earlier call was repeated, whose process may have died before it removed the row.
    const generation = doomed ?? (await loadGenerationRow(context, args.id));
    if (generation?.status !== deletingStatus && !doomed) return;
    if (generation) await removeGeneration(connect(context.services.database, { signal }), generation);
  }

  async function plan(): Promise<MutationPlan<GenerationDeletion>> {
    const { generation, project } = await requireGeneration(context, args.id, { deleting: true });
    doomed = generation;
    const { id, projectId } = generation;
    if (generation.status === deletingStatus)
      return { result: { deletedId: id, deletedCounts: { codeGenerations: 0 } }, writes: [], activity: [] };
    requireRevision('CodeGeneration', generation, args.expectedRevision);
    const edit = editRecord(generation, { status: deletingStatus }, context.now());
    if (!edit) throw new Error('a deletion always changes the status');
    return {
      result: { deletedId: id, deletedCounts: { codeGenerations: 1 } },
      writes: [updateGenerationRow(generation, edit), removeExpiry(id)],
      activity: [activityOf(generation, 'deleted')],
      counts: [{ ownerId: project.userId, projectId, by: isCounted(generation) ? { codeGenerations: -1 } : {} }],
    };
  }
}

/** Removals that gave no sign of life for so long were interrupted. */
const abandonedAfterMs = 5 * 60_000;

/** Goes on with removals that a stop interrupted; with `all`, with every one. Run at the start of the process and now and then. */
export async function resumeGenerationRemovals(services: Services, signal: AbortSignal, { all = false } = {}): Promise<void> {
  const connection = connect(services.database, { signal });
  const latest = new Date(Date.now() - (all ? 0 : abandonedAfterMs)).toISOString();
  const request = { table: 'codeGenerations', index: 'StatusIndex', partition: deletingStatus, range: { to: latest }, limit: 100 } as const;
  const { items } = await connection.query(request);
  for (const item of items) await removeGeneration(connection, item as CodeGenerationRecord);
}
