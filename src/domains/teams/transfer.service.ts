/** Giving a project to another owner; and going on with transfers that a stop interrupted. */
import { requireProjectAccess, requireViewer } from '../../auth/access.ts';
import type { Context, Services } from '../../context.ts';
import { connect } from '../../data/connection.ts';
import { refused } from '../../errors.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { editRecord, requireRevision } from '../revision.ts';
import { findContact } from '../users/users.service.ts';
import { moveContents } from './contents.ts';
import { isCountedMember, type MemberRecord } from './member.ts';
import { deleteMember, loadMember } from './teams.store.ts';
import { findMarkers, moveProject, putMarker, readProjectItems, type TransferMarker } from './transfer.store.ts';

/** Arguments of ownershipTransfer. */
export interface TransferArgs extends MutationArgs {
  projectId: string;
  userId: string;
  expectedRevision?: number | null;
}

/** Longer than the deadline of any request. */
const defaultSettleMs = 15_000;

/** How long a transfer may show no sign of life before another process takes it up. */
const abandonedAfterMs = 5 * 60_000;

/** Gives a project to one of its members. When this returns they own it; what it holds follows in the background. */
export async function transferOwnership(context: Context, args: TransferArgs): Promise<{ project: ProjectRecord }> {
  const viewer = requireViewer(context, 'account.read');
  const { projectId, userId } = args;
  const noted: { marker?: TransferMarker } = {};
  const result = await mutate(context, {
    name: 'ownershipTransfer',
    viewer,
    args,
    input: [projectId, userId, args.expectedRevision],
    plan,
  });
  if (noted.marker && !args.dryRun) startMoving(context.services, noted.marker);
  return result;

  async function plan(): Promise<MutationPlan<{ project: ProjectRecord }>> {
    delete noted.marker;
    const { project: before } = await requireProjectAccess(context, projectId, 'project.transfer');
    requireRevision('Project', before, args.expectedRevision);
    const { member, name } = await requireHeir(context, before, userId);
    const formerOwner = await planFormerOwner(context, before, userId);
    const now = context.now();
    const edit = editRecord(before, { userId }, now, () => ['owner']);
    if (!edit) throw new Error('the new owner is not the old one');
    // Its rows follow later, and those of the former owner's activity never.
    const after: ProjectRecord = { ...edit.record, createdById: before.createdById ?? before.userId, ownedSince: now };
    delete after.uniform;
    // Last, because the transaction fails when anything of this changes until it is committed.
    const items = await readProjectItems(context.connection, projectId);
    const { marker, write } = putMarker({ after, items }, now);
    noted.marker = marker;
    return {
      result: { project: after },
      writes: [
        ...moveProject({ before, after, items, moreMembers: isCountedMember(member) ? 0 : 1 }),
        deleteMember(member),
        formerOwner,
        write,
      ],
      activity: [
        {
          action: 'transferred',
          entityType: 'project',
          entityId: projectId,
          projectId,
          entityName: after.name,
          changedFields: ['owner'],
          metadata: { from: before.userId, to: userId },
        },
        {
          action: 'updated',
          entityType: 'member',
          entityId: userId,
          projectId,
          entityName: name,
          changedFields: ['role'],
          metadata: { from: member.role, to: 'owner' },
        },
      ],
    };
  }
}

/** Returns the membership and name of the person who gets a project. Throws for people who can not. */
async function requireHeir(context: Context, project: ProjectRecord, userId: string): Promise<{ member: MemberRecord; name: string }> {
  if (userId === project.userId) throw refused('INVALID_TRANSITION', 'You own this project already. Name another member.', ['userId']);
  const member = await loadMember(context, project.id, userId);
  if (!member)
    throw refused('NOT_FOUND', `The project has no member with the user id "${userId}". Invite them first; they have to accept.`, [
      'userId',
    ]);
  const contact = await findContact(context, userId);
  if (!contact) throw refused('NOT_FOUND', 'The account of this member is gone. Name another member.', ['userId']);
  return { member, name: contact.name };
}

/** Returns the write that makes the owner until now an admin. The earlier backend may have given them a row. */
async function planFormerOwner(context: Context, project: ProjectRecord, ownerId: string) {
  const { id: projectId, userId } = project;
  const [row, contact] = [await loadMember(context, projectId, userId), await findContact(context, userId)];
  const now = context.now();
  const item: MemberRecord = {
    projectId,
    userId,
    ...contact,
    role: 'admin',
    ownerId,
    createdAt: now,
    updatedAt: now,
    revision: (row?.revision ?? 0) + 1,
  };
  const condition = row ? { exists: true, equals: { role: row.role, revision: row.revision } } : { exists: false };
  return { kind: 'put', table: 'teams', item, condition } as const;
}

function startMoving(services: Services, marker: TransferMarker): void {
  services.background.run('ownership transfer', (signal) => move(services, marker, signal));
}

async function move(services: Services, marker: TransferMarker, signal: AbortSignal): Promise<void> {
  const { database, settings, log } = services;
  const settleMs = settings.deletionSettleMs ?? defaultSettleMs;
  await moveContents(connect(database, { signal }), marker, { settleMs, log, signal });
}

/**
 * Goes on with every transfer whose contents have not followed yet. Run at the start of the process and now and then.
 * Only one without a sign of life for five minutes counts as interrupted, unless `all`.
 */
export async function resumeTransfers(services: Services, signal: AbortSignal, { all = false } = {}): Promise<void> {
  const connection = connect(services.database, { signal });
  const latest = new Date(Date.now() - (all ? 0 : abandonedAfterMs)).toISOString();
  for (const marker of await findMarkers(connection, latest)) await move(services, marker, signal);
}
