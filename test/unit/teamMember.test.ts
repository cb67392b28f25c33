import { describe, expect, test } from '@jest/globals';
import type { Role } from '../../src/auth/permissions.ts';
import { expiryOf, inviteeKey, isInvitationRow, isOpen } from '../../src/domains/teams/invitation.ts';
import { isMemberRow, knownRole, membersOf, removalProblem, roleChangeProblem, type MemberRecord } from '../../src/domains/teams/member.ts';

const targets: (Role | null)[] = ['owner', 'admin', 'developer', 'viewer', null];

/** Whom each role may change the role of and remove: others, then themself. */
const managed: Record<Role, { change: (Role | null)[]; remove: (Role | null)[]; changesSelf: boolean; leaves: boolean }> = {
  owner: {
    change: ['admin', 'developer', 'viewer', null],
    remove: ['admin', 'developer', 'viewer', null],
    changesSelf: false,
    leaves: false,
  },
  admin: { change: ['developer', 'viewer', null], remove: ['developer', 'viewer', null], changesSelf: true, leaves: true },
  developer: { change: [], remove: [], changesSelf: false, leaves: true },
  viewer: { change: [], remove: [], changesSelf: false, leaves: true },
};
const actors = Object.keys(managed) as Role[];

describe.each(actors)('%s', (actor) => {
  const { change, remove, changesSelf, leaves } = managed[actor];

  test.each(targets)('and the role of %s', (target) => {
    expect(roleChangeProblem({ actor, target, isSelf: false }) === null).toBe(change.includes(target));
  });

  test.each(targets)('and the removal of %s', (target) => {
    expect(removalProblem({ actor, target, isSelf: false }) === null).toBe(remove.includes(target));
  });

  test('and themself', () => {
    expect(roleChangeProblem({ actor, target: actor, isSelf: true }) === null).toBe(changesSelf);
    expect(removalProblem({ actor, target: actor, isSelf: true }) === null).toBe(leaves);
  });
});

test('a role that is not known removes nobody, but can be left', () => {
  expect(removalProblem({ actor: null, target: 'viewer', isSelf: false })).toMatch(/ADMIN/);
  expect(removalProblem({ actor: null, target: null, isSelf: true })).toBeNull();
});

test.each([
  ['viewer', 'viewer'],
  ['developer', 'developer'],
  ['admin', 'admin'],
  ['owner', null],
  ['ADMIN', null],
  ['', null],
  [undefined, null],
  [7, null],
])('the stored role %p gives %p', (stored, role) => {
  expect(knownRole(stored)).toBe(role);
});

describe('the members of a project', () => {
  const project = { id: 'p', userId: 'o', name: 'P', status: 'draft', createdAt: '2026-01-01', updatedAt: '2026-01-01' };
  const row = (userId: string, role: string, createdAt: string): MemberRecord => ({ projectId: 'p', userId, role, createdAt });

  test('begin with the owner, then by time of joining', () => {
    const members = membersOf(project, [
      row('b', 'viewer', '2026-03-01'),
      row('a', 'admin', '2026-02-01'),
      row('c', 'viewer', '2026-02-01'),
    ]);
    expect(members.map(({ userId, role }) => [userId, role])).toEqual([
      ['o', 'owner'],
      ['a', 'admin'],
      ['c', 'viewer'],
      ['b', 'viewer'],
    ]);
  });

  test('have one owner, whatever the rows say', () => {
    const members = membersOf(project, [row('o', 'viewer', '2025-01-01'), row('x', 'owner', '2025-01-01')]);
    expect(members.map(({ userId, role }) => [userId, role])).toEqual([
      ['o', 'owner'],
      ['x', 'unknown'],
    ]);
  });

  test('show since when the owner is the owner', () => {
    expect(membersOf(project, [])[0]?.createdAt).toBe('2026-01-01');
    expect(membersOf({ ...project, ownedSince: '2026-05-01' }, [])[0]?.createdAt).toBe('2026-05-01');
    expect(membersOf(project, [row('o', 'owner', '2025-01-01')])[0]?.createdAt).toBe('2025-01-01');
  });
});

describe('invitations', () => {
  test('expire after seven days', () => {
    expect(expiryOf('2026-02-25T10:00:00.000Z')).toBe('2026-03-04T10:00:00.000Z');
  });

  test.each([
    ['before its end', { id: 'inv_1', expiresAt: '2026-01-02T00:00:00.000Z' }, true],
    ['at its end', { id: 'inv_1', expiresAt: '2026-01-01T00:00:00.000Z' }, false],
    ['after its end', { id: 'inv_1', expiresAt: '2025-12-31T00:00:00.000Z' }, false],
    ['without an end', { id: 'inv_1' }, false],
    ['without an id', { expiresAt: '2026-01-02T00:00:00.000Z' }, false],
  ])('one %s', (_, row, open) => {
    expect(isOpen(row, '2026-01-01T00:00:00.000Z')).toBe(open);
  });

  test('and members are told apart by their key', () => {
    const invitation = { projectId: 'p', userId: inviteeKey('a@example.com'), id: 'inv_1' };
    const member = { projectId: 'p', userId: 'usr_1', role: 'viewer' };
    expect([isInvitationRow(invitation), isMemberRow(invitation)]).toEqual([true, false]);
    expect([isInvitationRow(member), isMemberRow(member)]).toEqual([false, true]);
  });
});
