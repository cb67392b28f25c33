import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { hash as bcryptHash } from '@node-rs/bcrypt';
import { hash as argon2Hash, parseOptions } from '@node-rs/argon2';
import { HashingBusy, type PasswordHasher } from '../../src/auth/passwords.ts';
import { connect, type Row } from '../../src/data/connection.ts';
import { createHarness, uniqueEmail, type Answer, type Data, type Harness, type TestUser } from '../support/harness.ts';

let api: Harness;
/** A second instance of the server on the same tables, with caches of its own. */
let other: Harness;

beforeAll(async () => {
  [api, other] = await Promise.all([createHarness(), createHarness()]);
});
afterAll(async () => {
  await api.close();
  await other.close();
});

const tokens = 'accessToken refreshToken expiresAt user { id email username } userErrors { __typename message code field }';
const signUpDocument = `mutation ($input: SignUpInput!) { signUp(input: $input) { ${tokens} } }`;
const signInDocument = `mutation ($input: SignInInput!) { signIn(input: $input) { ${tokens} } }`;
const refreshDocument = `mutation ($token: String!, $key: String) { sessionRefresh(refreshToken: $token, idempotencyKey: $key) { ${tokens} } }`;
const signOutDocument = 'mutation ($everywhere: Boolean!) { signOut(everywhere: $everywhere) { user { id } userErrors { code } } }';
const passwordDocument =
  'mutation ($input: PasswordChangeInput!) { passwordChange(input: $input) { user { id } userErrors { __typename message code field } } }';
const viewerDocument = '{ viewer { id email } }';

async function signIn(email: string, password: string, on: Harness = api): Promise<Data> {
  const { data, errors } = await on.run(null, signInDocument, { input: { email, password } });
  expect(errors).toEqual([]);
  return data.signIn;
}

async function refresh(token: string, key?: string, on: Harness = api): Promise<Data> {
  const { data, errors } = await on.run(null, refreshDocument, { token, key });
  expect(errors).toEqual([]);
  return data.sessionRefresh;
}

async function userRow(id: string): Promise<Row> {
  const [row] = await api.rows('users', id);
  return row!;
}

function problemOf({ errors }: Answer): { code: unknown; message: string | undefined } {
  return { code: errors[0]?.extensions?.['code'], message: errors[0]?.message };
}

async function expectSignedOut(token: string, on: Harness = api): Promise<void> {
  const answer = await on.run({ token }, viewerDocument);
  expect(answer.data).toEqual({ viewer: null });
  expect(problemOf(answer)).toEqual({ code: 'UNAUTHENTICATED', message: 'This session has ended. Sign in again.' });
}

async function expectSignedIn(token: string, id: string, on: Harness = api): Promise<void> {
  expect((await on.must({ token }, viewerDocument)).viewer.id).toBe(id);
}

const invalidCredentials = {
  accessToken: null,
  refreshToken: null,
  expiresAt: null,
  user: null,
  userErrors: [
    { __typename: 'GenericError', code: 'INVALID_CREDENTIALS', message: 'The e-mail address or the password is wrong.', field: null },
  ],
};
const invalidToken = {
  accessToken: null,
  refreshToken: null,
  user: null,
  userErrors: [{ code: 'INVALID_TOKEN', field: ['refreshToken'] }],
};

describe('signUp', () => {
  test('makes an account, signs in, and lets the rest of the operation see it', async () => {
    const email = uniqueEmail();
    const document = `mutation ($input: SignUpInput!) {
      signUp(input: $input) { ${tokens.replace('username', 'username onboardingCompleted onboardingStep role revision createdAt profile { name } projects { nodes { id } } apiKeys { totalCount }')} }
    }`;
    const { signUp } = await api.must(null, document, {
      input: { email: ` ${email.toUpperCase()} `, password: 'päss wörd', username: 'Zoë' },
    });
    expect(signUp.user).toEqual({
      id: expect.stringMatching(/^usr_[0-9a-z]{26}$/),
      email,
      username: 'Zoë',
      onboardingCompleted: false,
      onboardingStep: null,
      role: 'USER',
      revision: 1,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      profile: { name: null },
      projects: { nodes: [] },
      apiKeys: { totalCount: 0 },
    });
    const minutes = (Date.parse(signUp.expiresAt) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(14.9);
    expect(minutes).toBeLessThanOrEqual(15);
    await expectSignedIn(signUp.accessToken, signUp.user.id);
    await expectSignedIn(signUp.accessToken, signUp.user.id, other);
  });

  test('stores argon2id with at least 19 MiB and 2 passes, and neither password nor tokens', async () => {
    const user = await api.signUp({ password: 'correct horse battery' });
    const row = await userRow(user.id);
    const { algorithm, memoryCost, timeCost, parallelism } = parseOptions(row['passwordHash'] as string) as unknown as Record<
      string,
      number
    >;
    expect(row['passwordHash']).toMatch(/^\$argon2id\$v=19\$/);
    expect({ memoryCost: memoryCost! >= 19_456, timeCost: timeCost! >= 2, parallelism, algorithm }).toEqual({
      memoryCost: true,
      timeCost: true,
      parallelism: 1,
      algorithm: 2,
    });
    const [, sessionId] = /^rt_([\w-]+)\./.exec(user.refreshToken) ?? [];
    const [session] = await api.rows('activity', `session#${sessionId}`);
    expect(session).toMatchObject({ ownerId: user.id, createdAt: '-', ttl: expect.any(Number) });
    for (const secret of [user.password, user.refreshToken, user.token]) expect(JSON.stringify([row, session])).not.toContain(secret);
  });

  test.each([
    ['email', { email: 'no-address' }, /one @/],
    ['email', { email: 'a b@example.com' }, /space/],
    ['password', { password: '1234567' }, /at least 8/],
    ['password', { password: 'x'.repeat(129) }, /at most 128/],
    ['password', { password: 'nul\u0000nul-nul' }, /cannot be stored/],
    ['password', { password: 'lone \ud800 surrogate' }, /cannot be stored/],
    ['username', { username: '  ' }, /empty/],
    ['username', { username: 'x'.repeat(51) }, /at most 50/],
    ['username', { username: 'line\nbreak' }, /control/],
    ['username', { username: 'half \udc00' }, /surrogate/],
  ])('refuses a bad %s: %j', async (field, change, message) => {
    const input = { email: uniqueEmail(), password: 'long enough', username: 'Ada', ...change };
    const { data, errors } = await api.run(null, signUpDocument, { input });
    expect(errors).toEqual([]);
    expect(data.signUp).toMatchObject({ accessToken: null, refreshToken: null, user: null });
    expect(data.signUp.userErrors).toEqual([
      { __typename: 'ValidationError', code: 'VALIDATION', field: ['input', field], message: expect.stringMatching(message) },
    ]);
  });

  test('tells all problems at once', async () => {
    const { data } = await api.run(null, signUpDocument, { input: { email: '', password: 'x', username: '' } });
    expect(data.signUp.userErrors.map(({ field }: Data) => field[1])).toEqual(['email', 'password', 'username']);
  });

  test('refuses an address in use, however it is spelled', async () => {
    const user = await api.signUp();
    const { data } = await api.run(null, signUpDocument, {
      input: { email: user.email.toUpperCase(), password: 'another one', username: 'Eve' },
    });
    expect(data.signUp).toMatchObject({
      accessToken: null,
      user: null,
      userErrors: [{ code: 'ALREADY_EXISTS', field: ['input', 'email'] }],
    });
  });

  test('fifty at once with one address make one account', async () => {
    const email = uniqueEmail();
    const attempts = Array.from({ length: 50 }, (_, i) =>
      (i % 2 ? api : other).run(null, signUpDocument, { input: { email, password: `password ${i}`, username: `Racer ${i}` } }),
    );
    const answers = await Promise.all(attempts);
    const payloads = answers.map(({ data, errors }) => {
      expect(errors).toEqual([]);
      return data.signUp;
    });
    const winners = payloads.filter(({ user }: Data) => user !== null);
    expect(winners).toHaveLength(1);
    for (const { userErrors } of payloads.filter(({ user }: Data) => user === null)) expect(userErrors[0].code).toBe('ALREADY_EXISTS');
    const [guard] = await api.rows('users', `email#${email}`);
    expect(guard).toEqual({ id: `email#${email}`, ownerId: winners[0].user.id });
    expect(await idsInEmailIndex(email)).toEqual([winners[0].user.id]);
  }, 30_000);

  test('a full hashing queue is a retryable error', async () => {
    const { passwords } = api.services.auth;
    const full = jest.spyOn(passwords, 'hash').mockRejectedValueOnce(new HashingBusy());
    const answer = await api.run(null, signUpDocument, { input: { email: uniqueEmail(), password: 'long enough', username: 'Ada' } });
    full.mockRestore();
    expect(answer.errors[0]?.extensions).toMatchObject({ code: 'THROTTLED', retryable: true });
  });
});

/** Returns the ids that EmailIndex has for an address. */
async function idsInEmailIndex(email: string): Promise<unknown[]> {
  const connection = connect(api.database, { signal: AbortSignal.timeout(10_000) });
  const { items } = await connection.query({ table: 'users', index: 'EmailIndex', partition: email });
  return items.map(({ id }) => id);
}

describe('signIn', () => {
  let user: TestUser;
  beforeAll(async () => {
    user = await api.signUp({ password: 'Ünïcödé password' });
  });

  test('gives tokens of a new session', async () => {
    const answer = await signIn(user.email.toUpperCase(), user.password);
    expect(answer).toMatchObject({ user: { id: user.id, email: user.email }, userErrors: [] });
    expect(answer.refreshToken).not.toBe(user.refreshToken);
    await expectSignedIn(answer.accessToken, user.id);
    await expectSignedIn(user.token, user.id);
  });

  test('takes the password in another Unicode form', async () => {
    expect((await signIn(user.email, user.password.normalize('NFD'))).user.id).toBe(user.id);
  });

  test('a wrong password and an unknown address get the same answer', async () => {
    expect(await signIn(user.email, 'wrong password')).toEqual(invalidCredentials);
    expect(await signIn(uniqueEmail(), 'wrong password')).toEqual(invalidCredentials);
  });

  test.each(['', ' ', '@', 'x'.repeat(100_000), 'nul\u0000@example.com', 'half\ud800@example.com', 'usr_1', 'email#a@b.example'])(
    'the address %# is nobody’s',
    async (email) => {
      expect(await signIn(email, 'whatever it is')).toEqual(invalidCredentials);
    },
  );

  test('a wrong password and an unknown address cost the same work: one verification and as many reads', async () => {
    const work = async (email: string): Promise<{ verified: number; hashed: number; reads: number }> => {
      const counted = countHashing(api.services.auth.passwords);
      const { data, calls } = await api.run(null, signInDocument, { input: { email, password: 'wrong password' } });
      expect(data.signIn).toEqual(invalidCredentials);
      return { ...counted(), reads: calls.length };
    };
    const expected = { verified: 1, hashed: 0, reads: 2 };
    expect(await work(user.email)).toEqual(expected);
    expect(await work(uniqueEmail())).toEqual(expected);
  });

  test('after twenty failures no password is hashed any more, while others may go on', async () => {
    const victim = await api.signUp();
    for (let i = 0; i < 20; i += 1) expect(await signIn(victim.email, `guess ${i} guess`, other)).toEqual(invalidCredentials);
    const counted = countHashing(other.services.auth.passwords);
    const answer = await other.run(null, signInDocument, { input: { email: victim.email, password: victim.password } });
    expect(answer.errors[0]).toMatchObject({
      message: expect.stringMatching(/Try again in \d+ seconds/),
      extensions: { code: 'RATE_LIMITED', retryable: true },
    });
    expect(counted()).toEqual({ verified: 0, hashed: 0 });
    expect((await signIn(user.email, user.password, other)).user.id).toBe(user.id);
  }, 30_000);

  test('fifty right ones at once all get in', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => signIn(user.email, user.password)));
    expect(new Set(answers.map(({ accessToken, user: found }: Data) => found.id && accessToken)).size).toBe(50);
  }, 30_000);

  test('a password that changes while the old one is verified does not let the old one in', async () => {
    const changing = await api.signUp();
    const { passwords } = other.services.auth;
    const verify = passwords.verify.bind(passwords);
    const slow = jest.spyOn(passwords, 'verify').mockImplementationOnce(async (attempt) => {
      const outcome = await verify(attempt);
      await api.must(changing, passwordDocument, { input: { currentPassword: changing.password, newPassword: 'brand new password' } });
      return outcome;
    });
    expect(await signIn(changing.email, changing.password, other)).toEqual(invalidCredentials);
    slow.mockRestore();
  });
});

/** Counts password work until the returned function is called. */
function countHashing(passwords: PasswordHasher): () => { verified: number; hashed: number } {
  const verify = jest.spyOn(passwords, 'verify');
  const hash = jest.spyOn(passwords, 'hash');
  return () => {
    const counts = { verified: verify.mock.calls.length, hashed: hash.mock.calls.length };
    verify.mockRestore();
    hash.mockRestore();
    return counts;
  };
}

describe('users of the earlier backend', () => {
  async function oldUser(overrides: Row = {}): Promise<{ id: string; email: string }> {
    const row = {
      id: `user_${crypto.randomUUID()}`,
      email: uniqueEmail(),
      username: 'old hand',
      passwordHash: await bcryptHash('old password', { cost: 4 }),
      onboardingCompleted: true,
      onboardingStep: 3,
      profile: { name: 'Old Hand', company: 'Acme', role: 'CTO' },
      createdAt: '2024-01-02T03:04:05.678Z',
      updatedAt: '2024-01-02T03:04:05.678Z',
      ...overrides,
    };
    await api.putRow('users', row);
    return row;
  }

  test('sign in with their bcrypt password, which becomes argon2id, and get their guard row', async () => {
    const { id, email } = await oldUser();
    const first = await signIn(email, 'old password');
    expect(first.user).toEqual({ id, email, username: 'old hand' });
    expect((await userRow(id))['passwordHash']).toMatch(/^\$argon2id\$/);
    expect(await api.rows('users', `email#${email}`)).toEqual([{ id: `email#${email}`, ownerId: id }]);
    expect((await signIn(email, 'old password')).user.id).toBe(id);
    const { viewer } = await api.must(
      { token: first.accessToken },
      '{ viewer { id email username role revision onboardingCompleted onboardingStep createdAt updatedAt profile { name company role } apiKeys { totalCount } } }',
    );
    expect(viewer).toMatchObject({
      id,
      role: 'USER',
      revision: 1,
      onboardingCompleted: true,
      onboardingStep: 3,
      profile: { name: 'Old Hand', company: 'Acme', role: 'CTO' },
      apiKeys: { totalCount: 0 },
    });
  });

  test('sign in ten times at once for the first time', async () => {
    const { id, email } = await oldUser();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => signIn(email, 'old password', i % 2 ? api : other)));
    for (const answer of answers) expect(answer.user?.id).toBe(id);
  }, 20_000);

  test('keep a password that is shorter than today’s rule', async () => {
    const { id, email } = await oldUser({ passwordHash: await bcryptHash('short', { cost: 4 }) });
    expect((await signIn(email, 'short')).user.id).toBe(id);
    expect((await userRow(id))['passwordHash']).toMatch(/^\$2/);
  });

  test('are found by an address with capitals, which becomes canonical', async () => {
    const typed = `Bob.${uniqueEmail()}`;
    const { id } = await oldUser({ email: typed });
    const { data } = await api.run(null, signUpDocument, { input: { email: typed, password: 'long enough', username: 'Eve' } });
    expect(data.signUp.userErrors[0].code).toBe('ALREADY_EXISTS');
    expect((await signIn(typed, 'old password')).user).toEqual({ id, email: typed.toLowerCase(), username: 'old hand' });
    expect((await signIn(typed.toLowerCase(), 'old password')).user.id).toBe(id);
  });

  test('keep their address: nobody can sign up with it', async () => {
    const { email } = await oldUser();
    const { data } = await api.run(null, signUpDocument, { input: { email, password: 'long enough', username: 'Eve' } });
    expect(data.signUp.userErrors[0].code).toBe('ALREADY_EXISTS');
  });

  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['plain text', 'old password'],
    ['a truncated bcrypt hash', '$2b$10$abc'],
    ['an argon2i hash', '$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA'],
    ['something else', 'pbkdf2$1000$abc'],
  ])('with the password hash %s can not sign in', async (_, passwordHash) => {
    const { email } = await oldUser({ passwordHash });
    expect(await signIn(email, 'old password')).toEqual(invalidCredentials);
  });

  test('an argon2id hash of lower cost is replaced', async () => {
    const weak = await argon2Hash('old password', { memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    const { id, email } = await oldUser({ passwordHash: weak });
    expect((await signIn(email, 'old password')).user.id).toBe(id);
    expect((await userRow(id))['passwordHash']).toMatch(/m=19456,t=2,p=1/);
  });
});

describe('sessionRefresh', () => {
  test('gives new tokens; the new refresh token works once again', async () => {
    const user = await api.signUp();
    const first = await refresh(user.refreshToken);
    expect(first).toMatchObject({ user: { id: user.id }, userErrors: [] });
    await expectSignedIn(first.accessToken, user.id);
    const second = await refresh(first.refreshToken, undefined, other);
    expect(second.userErrors).toEqual([]);
    expect(new Set([user.refreshToken, first.refreshToken, second.refreshToken]).size).toBe(3);
  });

  test('works with an expired access token in the header', async () => {
    const user = await api.signUp();
    const { data, errors } = await api.run({ token: 'not.a.token' }, refreshDocument, { token: user.refreshToken });
    expect(errors).toEqual([]);
    expect(data.sessionRefresh.user.id).toBe(user.id);
  });

  test('a token that comes a second time ends the session, also for the thief', async () => {
    const user = await api.signUp();
    const stolen = await refresh(user.refreshToken);
    expect(await refresh(user.refreshToken)).toMatchObject(invalidToken);
    expect(await refresh(stolen.refreshToken)).toMatchObject(invalidToken);
    await expectSignedOut(user.token);
    await expectSignedOut(stolen.accessToken);
    const again = await signIn(user.email, user.password);
    const { viewer } = await api.must({ token: again.accessToken }, '{ viewer { activity { nodes { action entityType metadata } } } }');
    expect(viewer.activity.nodes[1]).toEqual({
      action: 'revoked',
      entityType: 'SESSION',
      metadata: { reason: 'refresh token used twice' },
    });
  });

  test('only the session of the reused token ends', async () => {
    const user = await api.signUp();
    const elsewhere = await signIn(user.email, user.password);
    await refresh(user.refreshToken);
    await refresh(user.refreshToken);
    await expectSignedIn(elsewhere.accessToken, user.id);
  });

  test('of two at once with one token, at most one gets through, and the session ends', async () => {
    const user = await api.signUp();
    const answers = await Promise.all([refresh(user.refreshToken), refresh(user.refreshToken, undefined, other)]);
    expect(answers.filter(({ userErrors }) => userErrors.length === 0).length).toBeLessThanOrEqual(1);
    const [winner] = answers.filter(({ userErrors }) => userErrors.length === 0);
    if (winner) expect(await refresh(winner.refreshToken)).toMatchObject(invalidToken);
  });

  test('with an idempotency key, a repetition gives the same token, also at once', async () => {
    const user = await api.signUp();
    const answers = await Promise.all(Array.from({ length: 5 }, (_, i) => refresh(user.refreshToken, 'try-1', i % 2 ? api : other)));
    expect(new Set(answers.map(({ refreshToken }) => refreshToken as string)).size).toBe(1);
    expect((await refresh(answers[0].refreshToken)).userErrors).toEqual([]);
    expect(await refresh(user.refreshToken, 'try-1')).toMatchObject(invalidToken);
  });

  test.each([
    ['nothing', () => ''],
    ['an access token', ({ token }: TestUser) => token],
    ['another secret', ({ refreshToken }: TestUser) => `${refreshToken.slice(0, -4)}AAAA`],
    ['another family', ({ refreshToken }: TestUser) => refreshToken.replace(/\.[\w-]{22}\./, `.${'A'.repeat(22)}.`)],
    ['another session', ({ refreshToken }: TestUser) => refreshToken.replace(/^rt_[\w-]+/, `rt_${crypto.randomUUID()}`)],
  ])('refuses %s', async (what, change) => {
    const user = await api.signUp();
    expect(await refresh(change(user))).toMatchObject(invalidToken);
    // A guessed secret with the right family counts as reuse; without the family nobody can end a session.
    if (what !== 'another secret') expect((await refresh(user.refreshToken)).userErrors).toEqual([]);
  });

  test('an expired session is over', async () => {
    const user = await api.signUp();
    const sessionId = /^rt_([\w-]+)\./.exec(user.refreshToken)![1]!;
    const [session] = await api.rows('activity', `session#${sessionId}`);
    await api.putRow('activity', { ...session, expiresAt: Date.now() - 1 });
    expect(await refresh(user.refreshToken)).toMatchObject(invalidToken);
    await expectSignedOut(user.token);
  });
});

describe('signOut', () => {
  test('ends this session at once, and no other', async () => {
    const user = await api.signUp();
    const elsewhere = await signIn(user.email, user.password);
    await expectSignedIn(user.token, user.id);
    expect((await api.must(user, signOutDocument, { everywhere: false })).signOut).toEqual({ user: { id: user.id }, userErrors: [] });
    await expectSignedOut(user.token);
    expect(await refresh(user.refreshToken)).toMatchObject(invalidToken);
    await expectSignedIn(elsewhere.accessToken, user.id);
    expect((await refresh(elsewhere.refreshToken)).userErrors).toEqual([]);
  });

  test('everywhere ends all sessions, and a new sign-in works', async () => {
    const user = await api.signUp();
    const elsewhere = await signIn(user.email, user.password, other);
    await expectSignedIn(elsewhere.accessToken, user.id);
    await api.must(user, signOutDocument, { everywhere: true });
    await expectSignedOut(user.token);
    await expectSignedOut(elsewhere.accessToken);
    expect(await refresh(elsewhere.refreshToken)).toMatchObject(invalidToken);
    await expectSignedIn((await signIn(user.email, user.password)).accessToken, user.id);
  });

  test.each([false, true])('with everywhere = %s is noticed by another instance within 30 seconds', async (everywhere) => {
    const user = await api.signUp();
    await expectSignedIn(user.token, user.id, other);
    await api.must(user, signOutDocument, { everywhere });
    const clock = performance.now.bind(performance);
    const later = jest.spyOn(performance, 'now').mockImplementation(() => clock() + 30_001);
    try {
      await expectSignedOut(user.token, other);
    } finally {
      later.mockRestore();
    }
  });

  test('needs a session', async () => {
    expect(problemOf(await api.run(null, signOutDocument, { everywhere: false })).code).toBe('UNAUTHENTICATED');
  });

  test('anonymous mutations still work with a token that was signed out', async () => {
    const user = await api.signUp();
    await api.must(user, signOutDocument, { everywhere: false });
    const { data, errors } = await api.run(user, signInDocument, { input: { email: user.email, password: user.password } });
    expect(errors).toEqual([]);
    expect(data.signIn.user.id).toBe(user.id);
  });
});

describe('passwordChange', () => {
  test('changes the password and ends all other sessions, on all instances', async () => {
    const user = await api.signUp();
    const elsewhere = await signIn(user.email, user.password, other);
    await expectSignedIn(elsewhere.accessToken, user.id);
    await expectSignedIn(user.token, user.id, other);
    const { passwordChange } = await api.must(user, passwordDocument, {
      input: { currentPassword: user.password, newPassword: 'another password' },
    });
    expect(passwordChange).toEqual({ user: { id: user.id }, userErrors: [] });
    await expectSignedIn(user.token, user.id);
    await expectSignedIn(user.token, user.id, other);
    await expectSignedOut(elsewhere.accessToken);
    expect(await refresh(elsewhere.refreshToken)).toMatchObject(invalidToken);
    expect((await refresh(user.refreshToken)).userErrors).toEqual([]);
    expect(await signIn(user.email, user.password)).toEqual(invalidCredentials);
    expect((await signIn(user.email, 'another password')).user.id).toBe(user.id);
  });

  test('on an instance with the old state in its cache, the session that stays is never refused', async () => {
    const user = await api.signUp();
    await expectSignedIn(user.token, user.id, other);
    await api.must(user, passwordDocument, { input: { currentPassword: user.password, newPassword: 'another password' } });
    other.services.auth.caches.accounts.forget(user.id);
    await expectSignedIn(user.token, user.id, other);
  });

  test.each([
    [
      'a wrong current password',
      { currentPassword: 'wrong password' },
      { code: 'INVALID_CREDENTIALS', field: ['input', 'currentPassword'] },
    ],
    ['no current password', { currentPassword: null }, { code: 'INVALID_CREDENTIALS', field: ['input', 'currentPassword'] }],
    ['a short new password', { newPassword: 'short' }, { code: 'VALIDATION', field: ['input', 'newPassword'] }],
  ])('refuses %s', async (_, change, expected) => {
    const user = await api.signUp();
    const input = { currentPassword: user.password, newPassword: 'another password', ...change };
    const { data } = await api.run(user, passwordDocument, { input });
    expect(data.passwordChange).toMatchObject({ user: null, userErrors: [expected] });
    expect((await signIn(user.email, user.password)).user.id).toBe(user.id);
  });

  test('guessing the current password is limited', async () => {
    const user = await api.signUp();
    const guess = () => api.run(user, passwordDocument, { input: { currentPassword: 'wrong password', newPassword: 'another password' } });
    const answers: Answer[] = [];
    for (let i = 0; i < 21; i += 1) answers.push(await guess());
    expect(answers.slice(0, 20).every(({ errors }) => errors.length === 0)).toBe(true);
    expect(problemOf(answers[20]!).code).toBe('RATE_LIMITED');
  }, 30_000);

  test('of two changes at once, one wins', async () => {
    const user = await api.signUp();
    const change = (newPassword: string, on: Harness) =>
      on.run(user, passwordDocument, { input: { currentPassword: user.password, newPassword } });
    const answers = await Promise.all([change('first new password', api), change('second new password', other)]);
    const errors = answers.flatMap(({ data }) => data.passwordChange.userErrors.map(({ code }: Data) => code as string));
    expect(errors).toHaveLength(1);
    expect(['CONFLICT', 'INVALID_CREDENTIALS']).toContain(errors[0]);
  });
});

describe('credentials', () => {
  const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const secret = 'test-secret-of-at-least-32-characters';

  function forge(user: TestUser, change: { header?: object; payload?: object; key?: string }): string {
    const [header, payload] = user.token
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object);
    const input = `${base64url({ ...header, ...change.header })}.${base64url({ ...payload, ...change.payload })}`;
    return `${input}.${createHmac('sha256', change.key ?? secret)
      .update(input)
      .digest('base64url')}`;
  }

  test('the forge itself makes good tokens', async () => {
    const user = await api.signUp();
    await expectSignedIn(forge(user, {}), user.id);
  });

  test.each([
    ['signed with another secret', { key: 'another-secret-of-at-least-32-characters' }],
    ['of another issuer', { payload: { iss: 'https://evil.example' } }],
    ['for another audience', { payload: { aud: 'somebody-else' } }],
    ['of another type', { header: { typ: 'JWT' } }],
    ['without an end', { payload: { exp: undefined } }],
    ['without a subject', { payload: { sub: undefined } }],
    ['without a session', { payload: { sid: undefined } }],
    ['with the algorithm none', { header: { alg: 'none' } }],
    ['with another algorithm', { header: { alg: 'HS512' } }],
    ['that lives for a year', { payload: { iat: 1_700_000_000, exp: 4_000_000_000 } }],
  ])('a token %s is refused', async (_, change) => {
    const user = await api.signUp();
    const answer = await api.run({ token: forge(user, change) }, viewerDocument);
    expect(answer.data).toEqual({ viewer: null });
    expect(problemOf(answer).code).toBe('UNAUTHENTICATED');
  });

  test('a token of one user with the session of another is refused', async () => {
    const [a, b] = await Promise.all([api.signUp(), api.signUp()]);
    await expectSignedOut(forge(a, { payload: { sub: b.id } }));
  });

  test('an expired token says how to go on', async () => {
    const user = await api.signUp();
    const now = Math.floor(Date.now() / 1000);
    const answer = await api.run({ token: forge(user, { payload: { iat: now - 800, exp: now - 60 } }) }, viewerDocument);
    expect(problemOf(answer)).toEqual({ code: 'UNAUTHENTICATED', message: expect.stringContaining('sessionRefresh') });
  });

  test.each(['x', 'a.b.c', 'x'.repeat(20_000)])('text that is no token (%#) is refused', async (token) => {
    expect(problemOf(await api.run({ token }, viewerDocument))).toEqual({
      code: 'UNAUTHENTICATED',
      message: 'The access token is not valid. Sign in again.',
    });
  });

  test('a header of another form says what is expected', async () => {
    const answer = await api.run({ token: 'two words' }, viewerDocument);
    expect(problemOf(answer).message).toContain('Bearer <access token or API key>');
  });

  test('the token of a user whose row is gone is refused', async () => {
    const user = await api.signUp();
    await api.deleteRow('users', { id: user.id });
    await expectSignedOut(user.token);
  });
});

describe('activity', () => {
  test('every write leaves a row, and none holds a secret', async () => {
    const user = await api.signUp();
    await api.must(user, passwordDocument, { input: { currentPassword: user.password, newPassword: 'another password' } });
    await api.must(user, signOutDocument, { everywhere: true });
    const { accessToken } = await signIn(user.email, 'another password');
    const { viewer } = await api.must(
      { token: accessToken },
      '{ viewer { activity { nodes { action entityType entityId entityName metadata actorId } } } }',
    );
    const rows = viewer.activity.nodes as Data[];
    expect(rows.map(({ action, entityType }) => `${entityType} ${action}`)).toEqual([
      'SESSION signed-in',
      'SESSION signed-out',
      'USER password-changed',
      'USER signed-up',
    ]);
    expect(rows.every(({ actorId }) => actorId === user.id)).toBe(true);
    expect(JSON.stringify(rows)).not.toMatch(/password(?!-changed)|argon2|rt_/);
  });
});
