import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { projectPermissions, roleAllows, type ProjectAction } from '../../src/auth/permissions.ts';
import { fakeProject } from '../support/factories.ts';
import { createHarness, uniqueEmail, type Answer, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let bob: TestUser;

beforeAll(async () => {
  harness = await createHarness();
  [ada, bob] = await Promise.all([harness.signUp(), harness.signUp({ username: 'Bob' })]);
});
afterAll(() => harness.close());

const errors = 'userErrors { __typename message code field }';
const invitationFields = 'id email role status createdAt expiresAt projectName inviterName project { id } invitedBy { id }';
const memberFields =
  'userId projectId name email role createdAt revision viewerCanUpdate viewerCanRemove user { id username } invitedBy { id } project { id }';

const invite = `mutation ($projectId: ID!, $email: String!, $role: ProjectRole!, $key: String, $dryRun: Boolean! = false) {
  memberInvite(projectId: $projectId, input: { email: $email, role: $role }, idempotencyKey: $key, dryRun: $dryRun) { invitation { ${invitationFields} } ${errors} } }`;
const accept = `mutation ($id: ID!) { invitationAccept(id: $id) { member { ${memberFields} } invitation { id status } ${errors} } }`;
const decline = `mutation ($id: ID!) { invitationDecline(id: $id) { deletedId invitation { id status } ${errors} } }`;
const revoke = `mutation ($id: ID!) { invitationRevoke(id: $id) { deletedId invitation { id status } ${errors} } }`;
const resend = `mutation ($id: ID!) { invitationResend(id: $id) { invitation { ${invitationFields} } ${errors} } }`;
const setRole = `mutation ($projectId: ID!, $userId: ID!, $role: ProjectRole!) { memberRoleUpdate(projectId: $projectId, userId: $userId, role: $role) { member { ${memberFields} } ${errors} } }`;
const remove = `mutation ($projectId: ID!, $userId: ID!) { memberRemove(projectId: $projectId, userId: $userId) { deletedId deletedCounts { members } ${errors} } }`;
const received = `{ viewer { invitations { totalCount nodes { ${invitationFields} } } } }`;
const memberships = '{ viewer { memberships { totalCount nodes { role projectId project { id name viewerRole } } } } }';
const people = `query ($id: ID!) { project(id: $id) { stats { members } members { totalCount nodes { ${memberFields} } } invitations { totalCount nodes { ${invitationFields} } } } }`;

/** Invites somebody and returns the invitation. */
async function fakeInvitation(projectId: string, email: string, role = 'DEVELOPER', by: TestUser = ada): Promise<Data> {
  return (await harness.must(by, invite, { projectId, email, role })).memberInvite.invitation;
}

/** Makes somebody a member. */
async function join(projectId: string, user: TestUser, role = 'DEVELOPER', by: TestUser = ada): Promise<Data> {
  const { id } = await fakeInvitation(projectId, user.email, role, by);
  return (await harness.must(user, accept, { id })).invitationAccept.member;
}

async function read(user: TestUser, id: string): Promise<Data> {
  return (await harness.must(user, people, { id })).project;
}

const codeOf = (answer: Answer, field: string): string | undefined => answer.data[field].userErrors[0]?.code;
const ago = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();

/** Lets an invitation expire by changing its row. */
async function expire(projectId: string, email: string): Promise<void> {
  const rows = await harness.rows('teams', projectId);
  const row = rows.find(({ userId }) => userId === `invite#${email}`);
  await harness.putRow('teams', { ...row, expiresAt: ago(1) });
}

describe('memberInvite', () => {
  test('sends an invitation that admins and the invited see', async () => {
    const { id: projectId } = await fakeProject(harness, ada, { name: 'Shared' });
    const before = Date.now();
    const invitation = await fakeInvitation(projectId, bob.email.toUpperCase(), 'VIEWER');
    expect(invitation).toMatchObject({
      email: bob.email,
      role: 'VIEWER',
      status: 'PENDING',
      projectName: 'Shared',
      inviterName: 'Ada',
      project: { id: projectId },
      invitedBy: { id: ada.id },
    });
    expect(invitation.id).toMatch(/^inv_[0-9a-z]{26}$/);
    const days = (Date.parse(invitation.expiresAt) - before) / 86_400_000;
    expect(days).toBeGreaterThan(6.99);
    expect(days).toBeLessThan(7.01);
    expect((await read(ada, projectId)).invitations).toMatchObject({ totalCount: 1, nodes: [{ id: invitation.id, email: bob.email }] });
  });

  test('the invited see the project’s name, the inviter’s name and the role, and nothing else of the project', async () => {
    const { id: projectId } = await fakeProject(harness, ada, { name: 'Half open' });
    const person = await harness.signUp();
    const { id } = await fakeInvitation(projectId, person.email, 'VIEWER');
    const { viewer } = await harness.must(person, received);
    expect(viewer.invitations).toMatchObject({ totalCount: 1 });
    expect(viewer.invitations.nodes).toEqual([
      expect.objectContaining({
        id,
        email: person.email,
        role: 'VIEWER',
        projectName: 'Half open',
        inviterName: 'Ada',
        project: null,
        invitedBy: null,
      }),
    ]);
    expect((await harness.must(person, people, { id: projectId })).project).toBeNull();
  });

  test('reaches an address without an account, who sees it after signing up', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const email = uniqueEmail();
    const { id } = await fakeInvitation(projectId, email);
    const person = await harness.signUp({ email });
    expect((await harness.must(person, received)).viewer.invitations.nodes).toMatchObject([{ id }]);
    expect((await harness.must(person, accept, { id })).invitationAccept.member).toMatchObject({
      userId: person.id,
      email,
      role: 'DEVELOPER',
      projectId,
    });
  });

  test('again replaces the invitation: new id, new role, extended; the old id is gone', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const person = await harness.signUp();
    const first = await fakeInvitation(projectId, person.email, 'VIEWER');
    const second = await fakeInvitation(projectId, person.email, 'ADMIN');
    expect(second.id).not.toBe(first.id);
    expect(codeOf(await harness.run(person, accept, { id: first.id }), 'invitationAccept')).toBe('NOT_FOUND');
    expect((await read(ada, projectId)).invitations.nodes).toMatchObject([{ id: second.id, role: 'ADMIN' }]);
    expect(await harness.rows('teams', first.id)).toEqual([]);
    expect((await harness.must(person, accept, { id: second.id })).invitationAccept.member.role).toBe('ADMIN');
  });

  test('twenty times at once leaves one invitation', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const person = await harness.signUp();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => harness.run(ada, invite, { projectId, email: person.email, role: 'VIEWER' })),
    );
    expect(answers.every((answer) => [undefined, 'CONFLICT'].includes(codeOf(answer, 'memberInvite')))).toBe(true);
    expect((await read(ada, projectId)).invitations.totalCount).toBe(1);
    expect((await harness.must(person, received)).viewer.invitations.totalCount).toBe(1);
  });

  test.each([
    ['an address that is none', 'nobody', 'VIEWER', 'VALIDATION', ['input', 'email']],
    ['the role OWNER', 'somebody@example.com', 'OWNER', 'VALIDATION', ['input', 'role']],
  ])('refuses %s', async (_, email, role, code, field) => {
    const { id: projectId } = await fakeProject(harness, ada);
    const { data } = await harness.run(ada, invite, { projectId, email, role });
    expect(data.memberInvite).toMatchObject({ invitation: null, userErrors: [{ code, field }] });
  });

  test('refuses the owner and members', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    await join(projectId, bob);
    for (const email of [ada.email, bob.email.toUpperCase()]) {
      expect(codeOf(await harness.run(ada, invite, { projectId, email, role: 'VIEWER' }), 'memberInvite')).toBe('ALREADY_EXISTS');
    }
  });

  test('with an idempotency key sends once; dryRun sends nothing', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const variables = { projectId, email: uniqueEmail(), role: 'VIEWER', key: crypto.randomUUID() };
    const [one, two] = [await harness.must(ada, invite, variables), await harness.must(ada, invite, variables)];
    expect(one.memberInvite.invitation.id).toBe(two.memberInvite.invitation.id);
    await harness.must(ada, invite, { projectId, email: uniqueEmail(), role: 'VIEWER', dryRun: true });
    expect((await read(ada, projectId)).invitations.totalCount).toBe(1);
  });

  test('leaves an activity without the address, which all members could read', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const { id } = await fakeInvitation(projectId, bob.email);
    const { project } = await harness.must(
      ada,
      'query ($id: ID!) { project(id: $id) { activity(first: 1) { nodes { action entityType entityId entityName metadata entity { id } } } } }',
      { id: projectId },
    );
    expect(project.activity.nodes).toEqual([
      { action: 'created', entityType: 'INVITATION', entityId: id, entityName: null, metadata: { role: 'developer' }, entity: { id } },
    ]);
    expect(JSON.stringify(project)).not.toContain(bob.email);
  });
});

describe('an invitation', () => {
  test('is accepted once: membership, counters, activity, lists', async () => {
    const { id: projectId } = await fakeProject(harness, ada, { name: 'Joined' });
    const person = await harness.signUp({ username: 'Eve' });
    const { id } = await fakeInvitation(projectId, person.email, 'DEVELOPER');
    const { member, invitation } = (await harness.must(person, accept, { id })).invitationAccept;
    expect(member).toMatchObject({
      userId: person.id,
      role: 'DEVELOPER',
      name: 'Eve',
      email: person.email,
      project: { id: projectId },
      invitedBy: { id: ada.id },
      revision: 1,
      viewerCanUpdate: false,
      viewerCanRemove: true,
    });
    expect(invitation).toEqual({ id, status: 'ACCEPTED' });
    const project = await read(ada, projectId);
    expect(project.stats.members).toBe(1);
    expect(project.invitations.totalCount).toBe(0);
    expect(project.members).toMatchObject({
      totalCount: 2,
      nodes: [
        { userId: ada.id, role: 'OWNER', email: ada.email },
        { userId: person.id, role: 'DEVELOPER', viewerCanUpdate: true, viewerCanRemove: true },
      ],
    });
    expect((await harness.must(person, memberships)).viewer.memberships).toEqual({
      totalCount: 1,
      nodes: [{ role: 'DEVELOPER', projectId, project: { id: projectId, name: 'Joined', viewerRole: 'DEVELOPER' } }],
    });
    expect((await harness.must(person, received)).viewer.invitations.totalCount).toBe(0);
    expect(codeOf(await harness.run(person, accept, { id }), 'invitationAccept')).toBe('NOT_FOUND');
    const feed = await harness.must(ada, 'query ($id: ID!) { project(id: $id) { activity(first: 5) { nodes { action entityType } } } }', {
      id: projectId,
    });
    expect(feed.project.activity.nodes).toEqual(
      expect.arrayContaining([
        { action: 'joined', entityType: 'MEMBER' },
        { action: 'accepted', entityType: 'INVITATION' },
      ]),
    );
  });

  test('accepted ten times at once makes one member', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const person = await harness.signUp();
    const { id } = await fakeInvitation(projectId, person.email);
    const answers = await Promise.all(Array.from({ length: 10 }, () => harness.run(person, accept, { id })));
    const codes = answers.map((answer) => codeOf(answer, 'invitationAccept'));
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    // A loser finds the invitation gone, or itself a member between its two reads.
    expect(codes.filter((code) => code === 'NOT_FOUND' || code === 'ALREADY_EXISTS')).toHaveLength(9);
    expect(await read(ada, projectId)).toMatchObject({ stats: { members: 1 }, members: { totalCount: 2 } });
  });

  test.each(Array.from({ length: 5 }, (_, round) => round))('revoked while it is accepted ends one way (round %d)', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const person = await harness.signUp();
    const { id } = await fakeInvitation(projectId, person.email);
    const [accepted, revoked] = await Promise.all([harness.run(person, accept, { id }), harness.run(ada, revoke, { id })]);
    const codes = [codeOf(accepted, 'invitationAccept'), codeOf(revoked, 'invitationRevoke')];
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(codes).toContain('NOT_FOUND');
    const joined = codes[0] === undefined ? 1 : 0;
    expect(await read(ada, projectId)).toMatchObject({
      stats: { members: joined },
      members: { totalCount: 1 + joined },
      invitations: { totalCount: 0 },
    });
  });

  test('is answered by nobody but the invited, and seen by nobody else', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    await join(projectId, bob, 'DEVELOPER');
    const [person, stranger] = [await harness.signUp(), await harness.signUp()];
    const { id } = await fakeInvitation(projectId, person.email);
    const node = 'query ($id: ID!) { node(id: $id) { id ... on Invitation { email } } }';
    for (const other of [stranger, bob, ada]) {
      expect(codeOf(await harness.run(other, accept, { id }), 'invitationAccept')).toBe('NOT_FOUND');
      expect(codeOf(await harness.run(other, decline, { id }), 'invitationDecline')).toBe('NOT_FOUND');
    }
    expect(codeOf(await harness.run(stranger, revoke, { id }), 'invitationRevoke')).toBe('NOT_FOUND');
    expect(codeOf(await harness.run(bob, revoke, { id }), 'invitationRevoke')).toBe('FORBIDDEN');
    expect((await harness.must(bob, people, { id: projectId })).project.invitations).toBeNull();
    for (const other of [stranger, bob]) expect((await harness.must(other, node, { id })).node).toBeNull();
    for (const one of [ada, person]) expect((await harness.must(one, node, { id })).node).toEqual({ id, email: person.email });
  });

  test('declined is gone, and can be sent anew', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const person = await harness.signUp();
    const { id } = await fakeInvitation(projectId, person.email);
    expect((await harness.must(person, decline, { id })).invitationDecline).toMatchObject({
      deletedId: id,
      invitation: { id, status: 'DECLINED' },
    });
    expect((await harness.must(person, received)).viewer.invitations.totalCount).toBe(0);
    expect(await harness.rows('teams', id)).toEqual([]);
    await join(projectId, person);
  });

  test('that expired never appears and can not be accepted; sent anew it can', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const person = await harness.signUp();
    const { id } = await fakeInvitation(projectId, person.email);
    await expire(projectId, person.email);
    expect((await harness.must(person, received)).viewer.invitations).toEqual({ totalCount: 0, nodes: [] });
    expect((await read(ada, projectId)).invitations).toEqual({ totalCount: 0, nodes: [] });
    expect((await harness.must(person, 'query ($id: ID!) { node(id: $id) { id } }', { id })).node).toBeNull();
    const { data } = await harness.run(person, accept, { id });
    expect(data.invitationAccept.userErrors).toMatchObject([{ code: 'INVALID_TRANSITION', message: expect.stringMatching(/expired/) }]);
    const again = (await harness.must(ada, resend, { id })).invitationResend.invitation;
    expect(again.id).not.toBe(id);
    expect(again.role).toBe('DEVELOPER');
    await harness.must(person, accept, { id: again.id });
  });

  test('is not answered by an API key', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const person = await harness.signUp();
    const { id } = await fakeInvitation(projectId, person.email);
    const { apiKeyCreate } = await harness.must(
      person,
      `mutation { apiKeyCreate(input: { name: "k", scopes: [WRITE] }) { secret ${errors} } }`,
    );
    const { errors: top } = await harness.run({ token: apiKeyCreate.secret }, accept, { id });
    expect(top[0]?.extensions?.['code']).toBe('FORBIDDEN');
  });

  test('ends with the project', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const person = await harness.signUp();
    const { id } = await fakeInvitation(projectId, person.email);
    await harness.must(ada, `mutation ($id: ID!) { projectDelete(id: $id) { ${errors} } }`, { id: projectId });
    expect((await harness.must(person, received)).viewer.invitations.totalCount).toBe(0);
    expect(codeOf(await harness.run(person, accept, { id }), 'invitationAccept')).toBe('NOT_FOUND');
    await harness.settled();
    expect(await harness.rows('teams', projectId)).toEqual([]);
    expect(await harness.rows('teams', id)).toEqual([]);
    expect(await harness.rows('projects', projectId)).toEqual([]);
  });
});

describe('the limit of 200 members', () => {
  async function fill(projectId: string, count: number): Promise<void> {
    const createdAt = new Date().toISOString();
    const rows = Array.from({ length: count }, (_, i) => ({
      projectId,
      userId: `filler-${i}`,
      role: 'viewer',
      email: `filler-${i}@example.com`,
      name: 'F',
      createdAt,
    }));
    await Promise.all(rows.map((row) => harness.putRow('teams', row)));
  }

  test('stops invitations', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    await fill(projectId, 199);
    const { id } = await fakeInvitation(projectId, bob.email);
    expect(codeOf(await harness.run(ada, invite, { projectId, email: uniqueEmail(), role: 'VIEWER' }), 'memberInvite')).toBe(
      'QUOTA_EXCEEDED',
    );
    expect((await harness.must(ada, resend, { id })).invitationResend.invitation.email).toBe(bob.email);
  });

  test('holds when many accept at once', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const candidates = await Promise.all(Array.from({ length: 8 }, () => harness.signUp()));
    const ids: string[] = [];
    for (const { email } of candidates) ids.push((await fakeInvitation(projectId, email)).id);
    // The count as it is after 197 have joined; their rows do not matter here.
    await harness.putRow('projects', { id: projectId, userId: '~#team', members: 197 });
    const answers = await Promise.all(candidates.map((person, i) => harness.run(person, accept, { id: ids[i] })));
    const codes = answers.map((answer) => codeOf(answer, 'invitationAccept'));
    expect(codes.filter((code) => code === undefined)).toHaveLength(3);
    expect(codes.filter((code) => code === 'QUOTA_EXCEEDED')).toHaveLength(5);
    expect(await read(ada, projectId)).toMatchObject({ members: { totalCount: 4 }, stats: { members: 3 } });
  });

  test('counts the members of the earlier backend', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const { id } = await fakeInvitation(projectId, bob.email);
    await fill(projectId, 200);
    expect(codeOf(await harness.run(bob, accept, { id }), 'invitationAccept')).toBe('QUOTA_EXCEEDED');
    await harness.must(ada, remove, { projectId, userId: 'filler-0' });
    await harness.must(bob, accept, { id });
    expect((await read(ada, projectId)).members.totalCount).toBe(201);
  });
});

describe('memberRoleUpdate and memberRemove', () => {
  let projectId: string;
  let admin: TestUser;
  let other: TestUser;
  let developer: TestUser;
  let viewer: TestUser;

  beforeAll(async () => {
    projectId = (await fakeProject(harness, ada)).id;
    [admin, other, developer, viewer] = (await Promise.all(Array.from({ length: 4 }, () => harness.signUp()))) as [
      TestUser,
      TestUser,
      TestUser,
      TestUser,
    ];
    await join(projectId, admin, 'ADMIN');
    await join(projectId, other, 'ADMIN');
    await join(projectId, developer, 'DEVELOPER');
    await join(projectId, viewer, 'VIEWER');
  });

  test('change a role from the next request on, and count the revision', async () => {
    const person = await harness.signUp();
    await join(projectId, person, 'VIEWER');
    const role = async (): Promise<Data> =>
      (
        await harness.must(
          person,
          'query ($id: ID!) { project(id: $id) { viewerRole viewerCanDeploy viewerCanInvite viewerCanUpdate viewerCanDelete } }',
          { id: projectId },
        )
      ).project;
    expect(await role()).toEqual({
      viewerRole: 'VIEWER',
      viewerCanDeploy: false,
      viewerCanInvite: false,
      viewerCanUpdate: false,
      viewerCanDelete: false,
    });
    const { member } = (await harness.must(admin, setRole, { projectId, userId: person.id, role: 'ADMIN' })).memberRoleUpdate;
    expect(member).toMatchObject({ role: 'ADMIN', revision: 2 });
    expect(await role()).toEqual({
      viewerRole: 'ADMIN',
      viewerCanDeploy: true,
      viewerCanInvite: true,
      viewerCanUpdate: true,
      viewerCanDelete: false,
    });
  });

  test('to the same role writes nothing', async () => {
    const { data, calls } = await harness.run(ada, setRole, { projectId, userId: developer.id, role: 'DEVELOPER' });
    expect(data.memberRoleUpdate.member).toMatchObject({ revision: 1 });
    expect(calls.some(({ operation }) => operation === 'TransactWriteItems')).toBe(false);
  });

  test('obey who manages whom', async () => {
    const cases: [string, TestUser, string, Record<string, unknown>, string | undefined][] = [
      ['an admin, of another admin', admin, setRole, { userId: other.id, role: 'VIEWER' }, 'FORBIDDEN'],
      ['an admin, of the owner', admin, setRole, { userId: ada.id, role: 'VIEWER' }, 'FORBIDDEN'],
      ['the owner, of themself', ada, setRole, { userId: ada.id, role: 'ADMIN' }, 'FORBIDDEN'],
      ['an admin, making an owner', admin, setRole, { userId: developer.id, role: 'OWNER' }, 'VALIDATION'],
      ['a developer', developer, setRole, { userId: viewer.id, role: 'DEVELOPER' }, 'FORBIDDEN'],
      ['a viewer, of themself', viewer, setRole, { userId: viewer.id, role: 'ADMIN' }, 'FORBIDDEN'],
      ['a stranger', bob, setRole, { userId: viewer.id, role: 'ADMIN' }, 'NOT_FOUND'],
      ['of nobody', ada, setRole, { userId: bob.id, role: 'ADMIN' }, 'NOT_FOUND'],
      ['removal of an admin by an admin', admin, remove, { userId: other.id }, 'FORBIDDEN'],
      ['removal of the owner', admin, remove, { userId: ada.id }, 'FORBIDDEN'],
      ['removal by a developer', developer, remove, { userId: viewer.id }, 'FORBIDDEN'],
      ['removal by a stranger', bob, remove, { userId: viewer.id }, 'NOT_FOUND'],
      ['the owner leaving', ada, remove, { userId: ada.id }, 'FORBIDDEN'],
      ['a stranger leaving', bob, remove, { userId: bob.id }, 'NOT_FOUND'],
      ['an admin stepping down', other, setRole, { userId: other.id, role: 'DEVELOPER' }, undefined],
      ['the owner, making an admin', ada, setRole, { userId: other.id, role: 'ADMIN' }, undefined],
    ];
    for (const [name, caller, document, variables, code] of cases) {
      const { data } = await harness.run(caller, document, { projectId, ...variables });
      const answer = data.memberRoleUpdate ?? data.memberRemove;
      expect([name, answer.userErrors[0]?.code]).toEqual([name, code]);
    }
  });

  test('abilities on a member say the same', async () => {
    const seen = async (user: TestUser): Promise<Data> => {
      const { members } = await read(user, projectId);
      return Object.fromEntries(members.nodes.map((one: Data) => [one.userId, [one.viewerCanUpdate, one.viewerCanRemove]]));
    };
    expect(await seen(ada)).toMatchObject({ [ada.id]: [false, false], [admin.id]: [true, true], [viewer.id]: [true, true] });
    expect(await seen(admin)).toMatchObject({
      [ada.id]: [false, false],
      [admin.id]: [true, true],
      [other.id]: [false, false],
      [developer.id]: [true, true],
    });
    expect(await seen(viewer)).toMatchObject({ [ada.id]: [false, false], [developer.id]: [false, false], [viewer.id]: [false, true] });
  });

  test('removal acts on the next request', async () => {
    const person = await harness.signUp();
    await join(projectId, person, 'DEVELOPER');
    const before = (await read(ada, projectId)).stats.members;
    const { memberRemove } = await harness.must(admin, remove, { projectId, userId: person.id });
    expect(memberRemove).toMatchObject({ deletedId: person.id, deletedCounts: { members: 1 } });
    expect((await harness.must(person, people, { id: projectId })).project).toBeNull();
    expect((await harness.must(person, memberships)).viewer.memberships.totalCount).toBe(0);
    expect((await read(ada, projectId)).stats.members).toBe(before - 1);
    expect(codeOf(await harness.run(admin, remove, { projectId, userId: person.id }), 'memberRemove')).toBe('NOT_FOUND');
  });

  test('ten removals at once count one', async () => {
    const person = await harness.signUp();
    await join(projectId, person);
    const before = (await read(ada, projectId)).stats.members;
    const answers = await Promise.all(Array.from({ length: 10 }, () => harness.run(ada, remove, { projectId, userId: person.id })));
    expect(answers.filter((answer) => codeOf(answer, 'memberRemove') === undefined)).toHaveLength(1);
    expect((await read(ada, projectId)).stats.members).toBe(before - 1);
  });

  test('a member leaves by themself, and can be invited again', async () => {
    const person = await harness.signUp();
    await join(projectId, person, 'VIEWER');
    expect((await harness.must(person, remove, { projectId, userId: person.id })).memberRemove.deletedId).toBe(person.id);
    expect((await harness.must(person, people, { id: projectId })).project).toBeNull();
    await join(projectId, person, 'ADMIN');
  });

  test('pages of members are exact, filtered by role too', async () => {
    const list =
      'query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $role: ProjectRole) { project(id: $id) { members(first: $first, after: $after, last: $last, before: $before, role: $role) { totalCount nodes { userId } pageInfo { hasNextPage hasPreviousPage endCursor startCursor } } } }';
    const page = async (variables: Record<string, unknown>): Promise<Data> =>
      (await harness.must(viewer, list, { id: projectId, ...variables })).project.members;
    const all = await page({ first: 100 });
    expect(all.nodes[0].userId).toBe(ada.id);
    const first = await page({ first: 2 });
    expect(first).toMatchObject({ nodes: all.nodes.slice(0, 2), pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    expect((await page({ first: 100, after: first.pageInfo.endCursor })).nodes).toEqual(all.nodes.slice(2));
    const end = await page({ last: 2 });
    expect(end).toMatchObject({ nodes: all.nodes.slice(-2), pageInfo: { hasNextPage: false, hasPreviousPage: true } });
    expect((await page({ role: 'OWNER' })).nodes).toEqual([{ userId: ada.id }]);
    expect((await page({ role: 'VIEWER' })).nodes).toContainEqual({ userId: viewer.id });
  });
});

describe('members may exactly what the permission table says', () => {
  type Objects = { project: string; schema: string; deployment: string };
  const attempts: Partial<Record<ProjectAction, { document: string; variables: (on: Objects) => Record<string, unknown> }>> = {
    'project.read': { document: 'query ($id: ID!) { project(id: $id) { id } }', variables: ({ project }) => ({ id: project }) },
    'project.update': {
      document: `mutation ($id: ID!) { projectUpdate(id: $id, input: { description: "x" }) { ${errors} } }`,
      variables: ({ project }) => ({ id: project }),
    },
    'project.delete': {
      document: `mutation ($id: ID!) { projectDelete(id: $id, dryRun: true) { ${errors} } }`,
      variables: ({ project }) => ({ id: project }),
    },
    'project.transfer': {
      document: `mutation ($id: ID!, $user: ID!) { ownershipTransfer(projectId: $id, userId: $user, dryRun: true) { ${errors} } }`,
      variables: ({ project }) => ({ id: project, user: 'heir' }),
    },
    'schema.write': {
      document: `mutation ($id: ID!) { schemaUpdate(id: $id, input: { description: "x" }, expectedRevision: 1, dryRun: true) { ${errors} } }`,
      variables: ({ schema }) => ({ id: schema }),
    },
    'deployment.write': {
      document: `mutation ($id: ID!) { deploymentReport(id: $id, input: { message: "x" }) { ${errors} } }`,
      variables: ({ deployment }) => ({ id: deployment }),
    },
    'member.write': {
      document: `mutation ($id: ID!) { memberInvite(projectId: $id, input: { email: "a@example.com", role: VIEWER }, dryRun: true) { ${errors} } }`,
      variables: ({ project }) => ({ id: project }),
    },
  };
  const objects = {} as Objects;
  const members = {} as Record<'viewer' | 'developer' | 'admin', TestUser>;
  let stranger: TestUser;

  beforeAll(async () => {
    objects.project = (await fakeProject(harness, ada)).id;
    stranger = await harness.signUp();
    for (const role of ['viewer', 'developer', 'admin'] as const) {
      members[role] = await harness.signUp();
      await join(objects.project, members[role], role.toUpperCase());
    }
    const made = await harness.must(
      ada,
      `mutation ($id: ID!) {
        schemaCreate(input: { projectId: $id, name: "main", tables: [] }) { schema { id } ${errors} }
        deploymentCreate(input: { projectId: $id, environment: STAGING, provider: AWS, version: "1" }) { deployment { id } ${errors} } }`,
      { id: objects.project },
    );
    objects.schema = made.schemaCreate.schema.id;
    objects.deployment = made.deploymentCreate.deployment.id;
  });

  const table = (['viewer', 'developer', 'admin'] as const).flatMap((role) =>
    Object.keys(attempts).map((action) => ({ role, action: action as ProjectAction })),
  );
  test.each(table)('$role: $action', async ({ role, action }) => {
    const { document, variables } = attempts[action]!;
    const { data, errors: top } = await harness.run(members[role], document, variables(objects));
    expect(top).toEqual([]);
    const answer = Object.values(data)[0] as Data;
    const refusal = answer === null ? 'hidden' : answer.userErrors?.[0]?.code === 'FORBIDDEN' ? 'FORBIDDEN' : 'allowed';
    expect(refusal).toBe(roleAllows(role, action) ? 'allowed' : 'FORBIDDEN');
    expect(projectPermissions[action].role === 'viewer' || role !== 'viewer' || refusal === 'FORBIDDEN').toBe(true);
  });

  test('a stranger sees nothing', async () => {
    for (const { document, variables } of Object.values(attempts)) {
      const { data } = await harness.run(stranger, document, variables(objects));
      const answer = Object.values(data)[0] as Data;
      expect(answer === null || answer.userErrors[0].code === 'NOT_FOUND').toBe(true);
    }
    const { nodes } = await harness.must(stranger, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      ids: [objects.project, objects.schema, objects.deployment],
    });
    expect(nodes).toEqual([null, null, null]);
  });

  test('members see the schemas and deployments of the project like their own', async () => {
    const { project } = await harness.must(
      members.viewer,
      'query ($id: ID!) { project(id: $id) { schemas { nodes { id } } deployments { nodes { id } } owner { id email } } }',
      { id: objects.project },
    );
    expect(project).toEqual({
      schemas: { nodes: [{ id: objects.schema }] },
      deployments: { nodes: [{ id: objects.deployment }] },
      owner: { id: ada.id, email: null },
    });
  });
});

describe('rows of the earlier backend', () => {
  const createdAt = '2024-03-01T10:00:00.000Z';

  test('read through every field; an unknown role may do nothing, and an owner’s row is not listed twice', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const [odd, false_] = [await harness.signUp(), await harness.signUp()];
    await harness.putRow('teams', { projectId, userId: ada.id, email: 'old@example.com', name: 'Ada', role: 'owner', createdAt });
    await harness.putRow('teams', { projectId, userId: odd.id, email: 'odd@example.com', name: 'Odd', role: 'guest', createdAt });
    await harness.putRow('teams', { projectId, userId: false_.id, email: 'f@example.com', name: 'False', role: 'owner', createdAt });
    await harness.putRow('teams', { projectId, userId: 'user_gone', email: 'gone@example.com', name: 'Gone', role: 'viewer', createdAt });
    const { members } = await read(ada, projectId);
    expect(members.totalCount).toBe(4);
    expect(members.nodes[0]).toMatchObject({ userId: ada.id, role: 'OWNER', email: ada.email, createdAt });
    expect(members.nodes.filter(({ role }: Data) => role === 'OWNER')).toHaveLength(1);
    expect(members.nodes).toEqual(
      expect.arrayContaining([
        {
          userId: 'user_gone',
          projectId,
          name: 'Gone',
          email: 'gone@example.com',
          role: 'VIEWER',
          createdAt,
          revision: 1,
          viewerCanUpdate: true,
          viewerCanRemove: true,
          user: null,
          invitedBy: null,
          project: { id: projectId },
        },
        expect.objectContaining({ userId: odd.id, role: 'UNKNOWN', email: odd.email }),
        expect.objectContaining({ userId: false_.id, role: 'UNKNOWN' }),
      ]),
    );
    for (const person of [odd, false_]) expect((await harness.must(person, people, { id: projectId })).project).toBeNull();
    expect((await harness.must(odd, memberships)).viewer.memberships.nodes).toEqual([{ role: 'UNKNOWN', projectId, project: null }]);
    expect((await harness.must(ada, memberships)).viewer.memberships.nodes.map((one: Data) => one.projectId)).not.toContain(projectId);
    expect((await harness.must(ada, setRole, { projectId, userId: odd.id, role: 'VIEWER' })).memberRoleUpdate.member).toMatchObject({
      role: 'VIEWER',
      revision: 2,
    });
    expect((await harness.must(odd, people, { id: projectId })).project.members.totalCount).toBe(4);
  });

  test('members of a project are invited, counted and removed', async () => {
    const { id: projectId } = await fakeProject(harness, ada);
    const old = await harness.signUp();
    await harness.putRow('teams', { projectId, userId: old.id, email: old.email, name: 'Old', role: 'developer', createdAt });
    expect(codeOf(await harness.run(ada, invite, { projectId, email: old.email, role: 'VIEWER' }), 'memberInvite')).toBe('ALREADY_EXISTS');
    await join(projectId, bob);
    await harness.must(ada, remove, { projectId, userId: old.id });
    expect((await read(ada, projectId)).members.nodes.map((one: Data) => one.userId)).toEqual([ada.id, bob.id]);
  });
});

test('people who share nothing see nothing of each other’s memberships and invitations', async () => {
  const { id: projectId } = await fakeProject(harness, ada);
  await join(projectId, bob);
  const { project } = await harness.must(
    bob,
    'query ($id: ID!) { project(id: $id) { owner { memberships { nodes { projectId } } invitations { nodes { id } } } } }',
    { id: projectId },
  );
  expect(project.owner).toEqual({ memberships: null, invitations: null });
});
