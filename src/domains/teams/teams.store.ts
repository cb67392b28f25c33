/**
 * The DynamoDB side of teams. A project's partition of the teams table has its members and its invitations. Beside them,
 * each invitation has a pointer item that finds it by its id, and each project an item `~#team` in the projects table
 * that counts its members, so that no race exceeds their limit. No index lists either.
 */
import type { Context } from '../../context.ts';
import type { Connection, Row, Write } from '../../data/connection.ts';
import { prefixOf } from '../../data/ids.ts';
import { readPartition, type ListSource } from '../../data/page.ts';
import { isVisibleStatus, type ProjectRecord } from '../projects/project.ts';
import type { RecordEdit } from '../revision.ts';
import { inviteeKey, isInvitationRow, isOpen, type InvitationRecord } from './invitation.ts';
import { isMemberRow, maxMembers, type MemberRecord } from './member.ts';

/** Who is in a project, its owner not counted unless the earlier backend gave them a row, and who is invited. */
export interface Team {
  members: MemberRecord[];
  /** Those that have expired included. */
  invitations: InvitationRecord[];
}

/** Reads the whole team of a project, consistently: 200 members and about as many invitations at most. */
export async function readTeam(connection: Connection, projectId: string): Promise<Team> {
  return splitTeam(await readPartition(connection, { table: 'teams', partition: projectId, consistent: true }));
}

/** Reads the whole team of a project for a list; several lists of one request share the read. */
export async function loadTeam(context: Context, projectId: string): Promise<Team> {
  const source: ListSource = { table: 'teams', partition: projectId, descending: false };
  const { rows } = await context.loaders.pages.load({ source, page: { size: teamPage, forward: true } });
  return splitTeam(rows);
}

/** More than a team can have. */
const teamPage = 10 * maxMembers;

function splitTeam(rows: readonly Row[]): Team {
  return { members: rows.filter(isMemberRow) as MemberRecord[], invitations: rows.filter(isInvitationRow) as InvitationRecord[] };
}

/** Returns a membership whoever may see it, read consistently, or null. */
export async function loadMember(context: Context, projectId: string, userId: string): Promise<MemberRecord | null> {
  const row = await context.loaders.byKey('teams').load({ projectId, userId });
  return row && isMemberRow(row) ? (row as MemberRecord) : null;
}

/** Returns a project that exists as far as users can tell, whoever may see it, or null. */
export async function loadVisibleProject(context: Context, id: string, ownerId?: string): Promise<ProjectRecord | null> {
  const row = await context.loaders.byId('projects').load({ id, sort: ownerId });
  return row && isVisibleStatus(row['status']) ? (row as ProjectRecord) : null;
}

function memberKey({ projectId, userId }: MemberRecord): Row {
  return { projectId, userId };
}

/** Returns the write that makes somebody a member; it fails when they are one already. */
export function putMember(member: MemberRecord): Write {
  return { kind: 'put', table: 'teams', item: member, condition: { exists: false } };
}

/** Returns the write that edits a membership, if nobody else has edited it since it was read. */
export function updateMember(member: MemberRecord, { changes, condition }: RecordEdit<MemberRecord>): Write {
  return { kind: 'update', table: 'teams', key: memberKey(member), changes, condition };
}

/** Returns the write that ends a membership, if nobody has changed it since it was read. */
export function deleteMember(member: MemberRecord): Write {
  const { role, revision } = member;
  return { kind: 'delete', table: 'teams', key: memberKey(member), condition: { exists: true, equals: { role, revision } } };
}

/** The memberships of a user, newest first. Those of the owner themself, from the earlier backend, do not count. */
export function membershipsOf(context: Context, userId: string): ListSource {
  return { table: 'teams', index: 'UserIdIndex', partition: userId, descending: true, visible };

  async function visible(rows: readonly Row[]): Promise<boolean[]> {
    const projects = await Promise.all(rows.map((row) => projectOf(context, row)));
    return projects.map((project) => project !== null && project.userId !== userId);
  }
}

/** The open invitations to an e-mail address, newest first. */
export function invitationsTo(context: Context, email: string): ListSource {
  const now = context.now();
  const visible = (rows: readonly Row[]): Promise<boolean[]> =>
    Promise.all(rows.map(async (row) => (await projectOf(context, row)) !== null));
  const filter = (row: Row): boolean => isOpen(row, now);
  return { table: 'teams', index: 'UserIdIndex', partition: inviteeKey(email), descending: true, filter, visible };
}

function projectOf(context: Context, row: Row): Promise<ProjectRecord | null> {
  return loadVisibleProject(context, String(row['projectId']), row['ownerId'] as string | undefined);
}

function pointerKey(id: string): Row {
  return { projectId: id, userId: '-' };
}

/** Returns an invitation whoever may see it, also one that has expired; null when it was answered, revoked or replaced. */
export async function loadInvitation(context: Context, id: string): Promise<InvitationRecord | null> {
  if (prefixOf(id) !== 'inv') return null;
  const pointer = await context.loaders.byKey('teams').load(pointerKey(id));
  if (!pointer) return null;
  const row = await context.loaders.byKey('teams').load({ projectId: pointer['target'], userId: inviteeKey(String(pointer['email'])) });
  return row?.['id'] === id ? (row as InvitationRecord) : null;
}

/** Returns the writes that send an invitation, in place of an earlier one to the same address. */
export function putInvitation(invitation: InvitationRecord, earlier: InvitationRecord | undefined): Write[] {
  const { id, projectId, email } = invitation;
  return [
    {
      kind: 'put',
      table: 'teams',
      item: invitation,
      condition: earlier ? { exists: true, equals: { id: earlier.id } } : { exists: false },
    },
    { kind: 'put', table: 'teams', item: { ...pointerKey(id), target: projectId, email }, condition: { exists: false } },
    ...(earlier ? [deletePointer(earlier)] : []),
  ];
}

/** Returns the writes that remove an invitation; they fail when it was answered, revoked or replaced since it was read. */
export function deleteInvitation({ id, projectId, userId }: InvitationRecord): Write[] {
  return [
    { kind: 'delete', table: 'teams', key: { projectId, userId }, condition: { exists: true, equals: { id } } },
    deletePointer({ id }),
  ];
}

function deletePointer({ id }: Pick<InvitationRecord, 'id'>): Write {
  return { kind: 'delete', table: 'teams', key: pointerKey(id) };
}

function teamCountKey(projectId: string): Row {
  return { id: projectId, userId: '~#team' };
}

/** The number of a project's members; `stored` is false while nothing but the rows of the earlier backend tells it. */
export interface TeamCount {
  members: number;
  stored: boolean;
}

/** Returns how many members a project has, its owner not counted. */
export async function readTeamCount(connection: Connection, project: ProjectRecord): Promise<TeamCount> {
  const item = await connection.get('projects', teamCountKey(project.id), { consistent: true });
  if (typeof item?.['members'] === 'number') return { members: item['members'], stored: true };
  const { members } = await readTeam(connection, project.id);
  return { members: members.filter(({ userId }) => userId !== project.userId).length, stored: false };
}

/** Returns the write that sets a stored number of members right; it fails when it was changed since it was read. */
export function correctTeamCount(projectId: string, stored: number, members: number): Write {
  const condition = { exists: true, equals: { members: stored } };
  return { kind: 'update', table: 'projects', key: teamCountKey(projectId), changes: { set: { members } }, condition };
}

/** Returns the write that counts one member more (`by` 1) or less (-1). It fails when that would exceed the limit. */
export function countMember(projectId: string, { members, stored }: TeamCount, by: 1 | -1): Write {
  const key = teamCountKey(projectId);
  if (!stored) return { kind: 'put', table: 'projects', item: { ...key, members: members + by }, condition: { exists: false } };
  const condition = { exists: true, ...(by === 1 && { absentOrBelow: { members: maxMembers } }) };
  return { kind: 'update', table: 'projects', key, changes: { add: { members: by } }, condition };
}
