import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isPlatformAdmin } from '../../src/domains/users/users.service.ts';
import { createContext } from '../../src/context.ts';
import { fakeProject } from '../support/factories.ts';
import { createHarness, uniqueEmail, type Data, type Harness, type TestUser } from '../support/harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await createHarness();
});
afterAll(() => api.close());

const userFields = 'id email username role revision onboardingCompleted onboardingStep createdAt updatedAt profile { name company role }';
const errorFields =
  '__typename message code field ... on ConflictError { currentRevision changedFields current { id ... on User { username email } } }';
const updateDocument = `mutation ($input: UserUpdateInput!, $revision: Int, $key: String, $dryRun: Boolean! = false) {
  userUpdate(input: $input, expectedRevision: $revision, idempotencyKey: $key, dryRun: $dryRun) { user { ${userFields} } userErrors { ${errorFields} } }
}`;
const onboardingDocument = `mutation ($input: OnboardingUpdateInput!) { onboardingUpdate(input: $input) { user { ${userFields} } userErrors { ${errorFields} } } }`;
const signInDocument = 'mutation ($input: SignInInput!) { signIn(input: $input) { user { id } userErrors { code } } }';

async function update(user: TestUser, variables: Record<string, unknown>): Promise<Data> {
  const { data, errors } = await api.run(user, updateDocument, variables);
  expect(errors).toEqual([]);
  return data.userUpdate;
}

async function viewerOf(user: TestUser): Promise<Data> {
  return (await api.must(user, `{ viewer { ${userFields} } }`)).viewer;
}

async function signsIn(email: string, password: string): Promise<string | null> {
  const { data } = await api.run(null, signInDocument, { input: { email, password } });
  return data.signIn.user?.id ?? null;
}

describe('viewer', () => {
  test('is null for anonymous requests', async () => {
    expect(await api.run(null, '{ viewer { id } }')).toMatchObject({ data: { viewer: null }, errors: [] });
  });

  test('is the signed-in user', async () => {
    const user = await api.signUp({ username: 'Grace' });
    expect(await viewerOf(user)).toEqual({
      id: user.id,
      email: user.email,
      username: 'Grace',
      role: 'USER',
      revision: 1,
      onboardingCompleted: false,
      onboardingStep: null,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      profile: { name: null, company: null, role: null },
    });
  });

  test.each([
    ['a number as text', '4', 4],
    ['a word', 'profile', null],
    ['nothing', undefined, null],
    ['zero', 0, 0],
    ['a fraction', 1.5, null],
  ])('reads an old onboarding step that is %s', async (_, onboardingStep, expected) => {
    const user = await api.signUp();
    const [row] = await api.rows('users', user.id);
    await api.putRow('users', { ...row, onboardingStep });
    expect((await viewerOf(user)).onboardingStep).toBe(expected);
  });

  test('reads an unknown role as UNKNOWN', async () => {
    const user = await api.signUp();
    const [row] = await api.rows('users', user.id);
    await api.putRow('users', { ...row, role: 'super-hero' });
    expect((await viewerOf(user)).role).toBe('UNKNOWN');
  });
});

describe('node', () => {
  test('gives oneself, and nobody else', async () => {
    const [user, stranger] = await Promise.all([api.signUp(), api.signUp()]);
    const document = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on User { email } } }';
    const ids = [user.id, stranger.id, `email#${user.email}`, 'usr_00000000000000000000000000'];
    expect((await api.must(user, document, { ids })).nodes).toEqual([{ id: user.id, email: user.email }, null, null, null]);
    expect((await api.must(null, document, { ids })).nodes).toEqual([null, null, null, null]);
  });
});

describe('other users', () => {
  test('show name and profile to who shares a project with them, and nothing else', async () => {
    const [owner, member] = await Promise.all([api.signUp({ username: 'Owner' }), api.signUp()]);
    await update(owner, { input: { profile: { name: 'O. Wner', company: 'Acme', role: 'CEO' } } });
    const project = await fakeProject(api, owner);
    await api.putRow('teams', {
      projectId: project.id,
      userId: member.id,
      ownerId: owner.id,
      role: 'viewer',
      createdAt: new Date().toISOString(),
    });
    const document = `query ($id: ID!) { project(id: $id) { owner { ${userFields} projects { nodes { id } } activity { nodes { id } } } } }`;
    const { project: seen } = await api.must(member, document, { id: project.id });
    expect(seen.owner).toEqual({
      id: owner.id,
      username: 'Owner',
      profile: { name: 'O. Wner', company: 'Acme', role: 'CEO' },
      ...Object.fromEntries(
        ['email', 'role', 'revision', 'onboardingCompleted', 'onboardingStep', 'createdAt', 'updatedAt', 'projects', 'activity'].map(
          (name) => [name, null],
        ),
      ),
    });
    const keys = await api.run(member, 'query ($id: ID!) { project(id: $id) { owner { id apiKeys { nodes { id } } } } }', {
      id: project.id,
    });
    expect(keys).toMatchObject({ errors: [], data: { project: { owner: { id: owner.id, apiKeys: null } } } });
    const stranger = await api.signUp();
    expect((await api.must(stranger, document, { id: project.id })).project).toBeNull();
  });

  test('never show an API key as a user', async () => {
    const owner = await api.signUp();
    const keyDocument = 'mutation { apiKeyCreate(input: { name: "CI", scopes: [READ] }) { apiKey { id } userErrors { code } } }';
    const { apiKeyCreate } = await api.must(owner, keyDocument);
    const project = {
      id: `prj-${crypto.randomUUID()}`,
      name: 'Odd',
      status: 'draft',
      createdAt: '2024-01-01T00:00:00.000Z',
      updatedAt: '2024-01-01T00:00:00.000Z',
    };
    await api.putRow('projects', { ...project, userId: apiKeyCreate.apiKey.id });
    await api.putRow('teams', { projectId: project.id, userId: owner.id, role: 'viewer', createdAt: project.createdAt });
    const { project: seen } = await api.must(owner, 'query ($id: ID!) { project(id: $id) { id owner { id } } }', { id: project.id });
    expect(seen).toEqual({ id: project.id, owner: null });
  });
});

describe('userUpdate', () => {
  test('changes what is given, leaves the rest, and counts the revision', async () => {
    const user = await api.signUp({ username: 'Before' });
    const first = await update(user, { input: { username: 'After', profile: { name: 'Full Name', company: 'Acme' } } });
    expect(first).toMatchObject({
      userErrors: [],
      user: { username: 'After', email: user.email, revision: 2, profile: { name: 'Full Name', company: 'Acme', role: null } },
    });
    const second = await update(user, { input: { profile: { company: null, role: 'Dev' } }, revision: 2 });
    expect(second.user).toMatchObject({ username: 'After', revision: 3, profile: { name: 'Full Name', company: null, role: 'Dev' } });
    const third = await update(user, { input: { profile: null } });
    expect(third.user.profile).toEqual({ name: null, company: null, role: null });
    expect(await viewerOf(user)).toEqual(third.user);
    const { viewer } = await api.must(user, '{ viewer { activity(first: 3) { nodes { action entityType changedFields } } } }');
    expect(viewer.activity.nodes[2]).toEqual({ action: 'updated', entityType: 'USER', changedFields: ['username', 'profile'] });
  });

  test('without a change writes nothing', async () => {
    const user = await api.signUp({ username: 'Same' });
    expect((await update(user, { input: { username: 'Same', email: user.email.toUpperCase() } })).user.revision).toBe(1);
    expect((await update(user, { input: {} })).user.revision).toBe(1);
    const { viewer } = await api.must(user, '{ viewer { activity { nodes { action } } } }');
    expect(viewer.activity.nodes).toEqual([{ action: 'signed-up' }]);
  });

  test.each([
    [{ username: '' }, ['input', 'username']],
    [{ username: null }, ['input', 'username']],
    [{ username: 'x'.repeat(51) }, ['input', 'username']],
    [{ email: 'nobody' }, ['input', 'email']],
    [{ email: null }, ['input', 'email']],
    [{ profile: { company: 'x'.repeat(121) } }, ['input', 'profile', 'company']],
    [{ profile: { name: 'nul \u0000' } }, ['input', 'profile', 'name']],
  ])('refuses %j', async (input, field) => {
    const user = await api.signUp();
    expect(await update(user, { input })).toMatchObject({
      user: null,
      userErrors: [{ __typename: 'ValidationError', code: 'VALIDATION', field }],
    });
  });

  test('an old revision is a conflict that names what changed, without secrets', async () => {
    const user = await api.signUp();
    await update(user, { input: { username: 'Newer' } });
    const { userErrors } = await update(user, { input: { username: 'Older' }, revision: 1 });
    expect(userErrors).toEqual([
      {
        __typename: 'ConflictError',
        code: 'CONFLICT',
        field: null,
        message: expect.stringContaining('revision 2'),
        currentRevision: 2,
        changedFields: ['username'],
        current: { id: user.id, username: 'Newer', email: user.email },
      },
    ]);
    expect((await viewerOf(user)).username).toBe('Newer');
  });

  test('a dry run answers what would be, and writes nothing', async () => {
    const user = await api.signUp({ username: 'Real' });
    const email = uniqueEmail();
    expect((await update(user, { input: { username: 'Dry', email }, dryRun: true })).user).toMatchObject({
      username: 'Dry',
      email,
      revision: 2,
    });
    expect(await viewerOf(user)).toMatchObject({ username: 'Real', email: user.email, revision: 1 });
    expect(await api.rows('users', `email#${email}`)).toEqual([]);
  });

  test('an idempotency key gives the first answer again, and keeps no secret', async () => {
    const user = await api.signUp();
    const first = await update(user, { input: { username: 'Once' }, key: 'k1' });
    expect(await update(user, { input: { username: 'Once' }, key: 'k1' })).toEqual(first);
    const reused = await update(user, { input: { username: 'Twice' }, key: 'k1' });
    expect(reused.userErrors[0].code).toBe('IDEMPOTENCY_KEY_REUSED');
    const [remembered] = await api.rows('activity', `idempotency#${user.id}#k1`);
    expect(remembered!['answer']).toContain('Once');
    expect(JSON.stringify(remembered)).not.toMatch(/argon2|passwordHash/);
  });

  test('twenty edits at once give every edit its revision', async () => {
    const user = await api.signUp();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => update(user, { input: { username: `Name ${i}` } })));
    const done = answers
      .filter(({ userErrors }: Data) => userErrors.length === 0)
      .map(({ user: { revision } }: Data) => revision as number);
    expect(new Set(done).size).toBe(done.length);
    expect((await viewerOf(user)).revision).toBe(1 + done.length);
    for (const { userErrors } of answers) expect(['CONFLICT', undefined]).toContain(userErrors[0]?.code);
  }, 30_000);

  test('needs a signed-in user', async () => {
    const { data, errors } = await api.run(null, updateDocument, { input: { username: 'Nobody' } });
    expect(data).toBeNull();
    expect(errors[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
  });

  test('works on a row of the earlier backend', async () => {
    const user = await api.signUp();
    const [row] = await api.rows('users', user.id);
    const old = Object.fromEntries(Object.entries(row!).filter(([name]) => name !== 'revision' && name !== 'profile'));
    await api.putRow('users', old);
    expect((await update(user, { input: { username: 'Still here' }, revision: 1 })).user).toMatchObject({
      username: 'Still here',
      revision: 2,
    });
  });
});

describe('a new e-mail address', () => {
  test('is what one signs in with; the old one is free again', async () => {
    const user = await api.signUp();
    const email = uniqueEmail();
    expect((await update(user, { input: { email: email.toUpperCase() } })).user).toMatchObject({ email, revision: 2 });
    expect(await signsIn(email, user.password)).toBe(user.id);
    expect(await signsIn(user.email, user.password)).toBeNull();
    const successor = await api.signUp({ email: user.email, password: 'of somebody else' });
    expect(await signsIn(user.email, 'of somebody else')).toBe(successor.id);
    expect(await signsIn(email, user.password)).toBe(user.id);
  });

  test('must not belong to somebody else', async () => {
    const [user, owner] = await Promise.all([api.signUp(), api.signUp()]);
    const answer = await update(user, { input: { email: owner.email, username: 'Thief' } });
    expect(answer).toMatchObject({ user: null, userErrors: [{ code: 'ALREADY_EXISTS', field: ['input', 'email'] }] });
    expect(await viewerOf(user)).toMatchObject({ email: user.email, username: 'Ada' });
  });

  test('must not belong to somebody of the earlier backend', async () => {
    const user = await api.signUp();
    const email = uniqueEmail();
    await api.putRow('users', {
      id: crypto.randomUUID(),
      email,
      username: 'old',
      createdAt: '2024-01-01T00:00:00.000Z',
      updatedAt: '2024-01-01T00:00:00.000Z',
    });
    expect((await update(user, { input: { email } })).userErrors[0].code).toBe('ALREADY_EXISTS');
  });

  test('that ten people want at once goes to one', async () => {
    const people = await Promise.all(Array.from({ length: 10 }, () => api.signUp()));
    const email = uniqueEmail();
    const answers = await Promise.all(people.map((person) => update(person, { input: { email } })));
    const winners = answers.filter(({ user }: Data) => user !== null);
    expect(winners).toHaveLength(1);
    const [guard] = await api.rows('users', `email#${email}`);
    expect(guard!['ownerId']).toBe(winners[0].user.id);
    const losers = people.filter(({ id }) => id !== winners[0].user.id);
    for (const { id, email: kept, password } of losers.slice(0, 2)) expect(await signsIn(kept, password)).toBe(id);
  }, 30_000);
});

describe('onboardingUpdate', () => {
  test('notes step, profile and the end', async () => {
    const user = await api.signUp();
    const run = async (input: object): Promise<Data> => (await api.must(user, onboardingDocument, { input })).onboardingUpdate.user;
    expect(await run({ step: 2, profile: { name: 'Ada L.' } })).toMatchObject({
      onboardingStep: 2,
      onboardingCompleted: false,
      profile: { name: 'Ada L.' },
    });
    expect(await run({ step: 3, profile: { company: 'Acme' } })).toMatchObject({
      onboardingStep: 3,
      profile: { name: 'Ada L.', company: 'Acme' },
    });
    expect(await run({ completed: true })).toMatchObject({ onboardingStep: 3, onboardingCompleted: true, revision: 4 });
    expect(await run({ step: null })).toMatchObject({ onboardingStep: null });
  });

  test.each([
    [{ step: -1 }, ['input', 'step']],
    [{ step: 101 }, ['input', 'step']],
    [{ completed: null }, ['input', 'completed']],
    [{ profile: { role: 'x'.repeat(121) } }, ['input', 'profile', 'role']],
  ])('refuses %j', async (input, field) => {
    const { data } = await api.run(await api.signUp(), onboardingDocument, { input });
    expect(data.onboardingUpdate).toMatchObject({ user: null, userErrors: [{ code: 'VALIDATION', field }] });
  });
});

describe('platform admins', () => {
  const contextOf = async (token: string | null) => {
    const request = {
      id: 'r',
      log: api.services.log,
      authorization: token ? `Bearer ${token}` : undefined,
      ip: '::1',
      signal: AbortSignal.timeout(5_000),
    };
    return createContext({ services: api.services, request });
  };

  test('are those whose row says so, and no API can say so', async () => {
    const user = await api.signUp();
    expect(await isPlatformAdmin(await contextOf(null))).toBe(false);
    expect(await isPlatformAdmin(await contextOf(user.token))).toBe(false);
    const [row] = await api.rows('users', user.id);
    await api.putRow('users', { ...row, role: 'admin' });
    expect(await isPlatformAdmin(await contextOf(user.token))).toBe(true);
    expect((await viewerOf(user)).role).toBe('ADMIN');
    const document = 'mutation { apiKeyCreate(input: { name: "admin", scopes: [WRITE] }) { secret userErrors { code } } }';
    const { apiKeyCreate } = await api.must(user, document);
    expect(await isPlatformAdmin(await contextOf(apiKeyCreate.secret as string))).toBe(false);
  });
});
