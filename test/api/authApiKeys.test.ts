import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { issueApiKey } from '../../src/auth/apiKeys.ts';
import { sha256Hex } from '../../src/auth/hashes.ts';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Answer, type Caller, type Data, type Harness, type TestUser } from '../support/harness.ts';

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

const keyFields = 'id name scopes hint createdAt expiresAt lastUsedAt revokedAt';
const createDocument = `mutation ($input: ApiKeyCreateInput!, $key: String, $dryRun: Boolean! = false) {
  apiKeyCreate(input: $input, idempotencyKey: $key, dryRun: $dryRun) { secret apiKey { ${keyFields} } userErrors { __typename message code field } }
}`;
const revokeDocument = `mutation ($id: ID!, $dryRun: Boolean! = false) { apiKeyRevoke(id: $id, dryRun: $dryRun) { apiKey { ${keyFields} } userErrors { code field } } }`;
const listDocument = `query ($first: Int, $after: String, $last: Int, $before: String) {
  viewer { apiKeys(first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { ${keyFields} } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}`;
const viewerDocument = '{ viewer { id } }';

async function create(user: TestUser, input: Record<string, unknown> = {}, variables: Record<string, unknown> = {}): Promise<Data> {
  const { data, errors } = await api.run(user, createDocument, { input: { name: 'CI', scopes: ['READ'], ...input }, ...variables });
  expect(errors).toEqual([]);
  return data.apiKeyCreate;
}

async function keyFor(user: TestUser, ...scopes: string[]): Promise<Caller & { id: string }> {
  const { secret, apiKey } = await create(user, { scopes });
  return { token: secret as string, id: apiKey.id as string };
}

async function listed(user: TestUser, variables: Record<string, unknown> = {}): Promise<Data> {
  return (await api.must(user, listDocument, variables)).viewer.apiKeys;
}

function codeOf({ errors }: Answer): unknown {
  return errors[0]?.extensions?.['code'];
}

describe('apiKeyCreate', () => {
  test('shows the key once and stores its hash only', async () => {
    const user = await api.signUp();
    const { secret, apiKey, userErrors } = await create(user, {
      name: 'Pipeline',
      scopes: ['DEPLOY', 'METRICS', 'DEPLOY'],
      expiresAt: '2990-01-01T00:00:00Z',
    });
    expect(userErrors).toEqual([]);
    expect(secret).toMatch(/^snp_[0-9a-z]{26}_[0-9A-Za-z]{49}$/);
    expect(apiKey).toEqual({
      id: expect.stringMatching(/^key_[0-9a-z]{26}$/),
      name: 'Pipeline',
      scopes: ['DEPLOY', 'METRICS'],
      hint: (secret as string).slice(-4),
      createdAt: expect.stringMatching(/Z$/),
      expiresAt: '2990-01-01T00:00:00.000Z',
      lastUsedAt: null,
      revokedAt: null,
    });
    const [row] = await api.rows('users', apiKey.id);
    expect(row).toMatchObject({ ownerId: user.id, hash: sha256Hex(secret) });
    expect(row).not.toHaveProperty('email');
    const written = [
      row,
      ...(await api.rows('users', user.id)),
      (await api.must(user, '{ viewer { activity { nodes { metadata entityName } } } }')).viewer,
    ];
    expect(JSON.stringify(written)).not.toContain((secret as string).slice(32));
    expect((await listed(user)).nodes).toEqual([apiKey]);
  });

  test('two keys with the same input differ', async () => {
    const user = await api.signUp();
    const [a, b] = [await create(user), await create(user)];
    expect(a.secret).not.toBe(b.secret);
    expect((await listed(user)).nodes.map(({ id }: Data) => id as string)).toEqual([b.apiKey.id, a.apiKey.id]);
  });

  test('with an idempotency key, a repetition shows the same key, which is stored nowhere', async () => {
    const user = await api.signUp();
    const answers = await Promise.all([1, 2, 3].map(() => create(user, {}, { key: 'once' })));
    answers.push(await create(user, {}, { key: 'once' }));
    expect(new Set(answers.map(({ secret }) => secret as string)).size).toBe(1);
    expect((await listed(user)).totalCount).toBe(1);
    expect((await api.must({ token: answers[0].secret }, viewerDocument)).viewer.id).toBe(user.id);
    const [remembered] = await api.rows('activity', `idempotency#${user.id}#once`);
    expect(remembered!['answer']).toContain(answers[0].apiKey.id);
    expect(JSON.stringify(remembered)).not.toMatch(/snp_|hash/);
    expect((await create(user, { name: 'Else' }, { key: 'once' })).userErrors[0].code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('of two users with one idempotency key, each has a key of their own', async () => {
    const [a, b] = await Promise.all([api.signUp(), api.signUp()]);
    expect((await create(a, {}, { key: 'same' })).secret).not.toBe((await create(b, {}, { key: 'same' })).secret);
  });

  test('a dry run shows no secret and writes nothing', async () => {
    const user = await api.signUp();
    const { secret, apiKey } = await create(user, {}, { dryRun: true });
    expect({ secret, name: apiKey.name }).toEqual({ secret: null, name: 'CI' });
    expect((await listed(user)).nodes).toEqual([]);
    expect(await api.rows('users', apiKey.id)).toEqual([]);
  });

  test.each([
    [{ name: ' ' }, ['input', 'name']],
    [{ name: 'x'.repeat(101) }, ['input', 'name']],
    [{ scopes: [] }, ['input', 'scopes']],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, ['input', 'expiresAt']],
  ])('refuses %j', async (input, field) => {
    expect(await create(await api.signUp(), input)).toMatchObject({
      secret: null,
      apiKey: null,
      userErrors: [{ __typename: 'ValidationError', field }],
    });
  });

  test('refuses the scope UNKNOWN', async () => {
    const answer = await api.run(await api.signUp(), createDocument, { input: { name: 'CI', scopes: ['UNKNOWN'] } });
    expect(answer.errors[0]?.message).toContain('only ever returned');
  });

  test('fifty keys are the limit; a revoked one makes room, and goes', async () => {
    const user = await api.signUp();
    const created: Data[] = [];
    for (let i = 0; i < 50; i += 1) created.push(await create(user, { name: `Key ${i}` }));
    expect((await create(user)).userErrors[0].code).toBe('QUOTA_EXCEEDED');
    await api.must(user, revokeDocument, { id: created[7].apiKey.id });
    await api.must(user, revokeDocument, { id: created[9].apiKey.id });
    const newest = await create(user, { name: 'Newest' });
    expect(newest.userErrors).toEqual([]);
    const { nodes, totalCount } = await listed(user, { first: 100 });
    expect(totalCount).toBe(50);
    expect(nodes.map(({ name }: Data) => name as string)).toEqual([
      'Newest',
      ...created.map((_, i) => `Key ${49 - i}`).filter((name) => name !== 'Key 7'),
    ]);
    expect(await api.rows('users', created[7].apiKey.id)).toEqual([]);
    expect((await create(user)).userErrors).toEqual([]);
    expect((await create(user)).userErrors[0].code).toBe('QUOTA_EXCEEDED');
  }, 60_000);

  test('five at once all get their place', async () => {
    const user = await api.signUp();
    const answers = await Promise.all(Array.from({ length: 5 }, () => create(user)));
    expect(answers.flatMap(({ userErrors }) => userErrors as Data[])).toEqual([]);
    expect((await listed(user)).totalCount).toBe(5);
  }, 30_000);
});

describe('viewer.apiKeys', () => {
  test('pages forward and backward', async () => {
    const user = await api.signUp();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.unshift((await create(user)).apiKey.id as string);
    const idsOf = ({ nodes }: Data): string[] => nodes.map(({ id }: Data) => id as string);
    const first = await listed(user, { first: 2 });
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false, endCursor: first.edges[1].cursor });
    const second = await listed(user, { first: 3, after: first.pageInfo.endCursor });
    expect(idsOf(second)).toEqual(ids.slice(2));
    expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(idsOf(await listed(user, { last: 2 }))).toEqual(ids.slice(3));
    expect(idsOf(await listed(user, { last: 1, before: first.pageInfo.endCursor }))).toEqual(ids.slice(0, 1));
    const stranger = await api.signUp();
    expect(codeOf(await api.run(stranger, listDocument, { first: 2, after: first.pageInfo.endCursor }))).toBe('BAD_CURSOR');
  });
});

describe('a key', () => {
  test('acts for its owner, on all instances', async () => {
    const user = await api.signUp();
    const key = await keyFor(user, 'READ');
    for (const instance of [api, other]) expect((await instance.must(key, viewerDocument)).viewer.id).toBe(user.id);
  });

  test('notes its last use, at most once in five minutes', async () => {
    const user = await api.signUp();
    const key = await keyFor(user, 'READ');
    await Promise.all([api.must(key, viewerDocument), other.must(key, viewerDocument)]);
    const [{ lastUsedAt }] = (await listed(user)).nodes;
    expect(Date.now() - Date.parse(lastUsedAt)).toBeLessThan(60_000);
    api.services.auth.caches.apiKeys.forget(key.id);
    await api.must(key, viewerDocument);
    expect((await listed(user)).nodes[0].lastUsedAt).toBe(lastUsedAt);
    const [row] = await api.rows('users', key.id);
    await api.putRow('users', { ...row, lastUsedAt: '2025-01-01T00:00:00.000Z' });
    api.services.auth.caches.apiKeys.forget(key.id);
    await api.must(key, viewerDocument);
    expect((await listed(user)).nodes[0].lastUsedAt > lastUsedAt).toBe(true);
  });

  test.each([
    [['READ'], { read: true, create: 'FORBIDDEN' }],
    [['WRITE'], { read: true, create: null }],
    [['DEPLOY'], { read: true, create: 'FORBIDDEN' }],
    [['METRICS'], { read: 'FORBIDDEN', create: 'FORBIDDEN' }],
    [['METRICS', 'READ'], { read: true, create: 'FORBIDDEN' }],
  ])('with the scopes %j may do what they say', async (scopes, expected) => {
    const user = await api.signUp();
    const project = await fakeProject(api, user);
    const key = await keyFor(user, ...scopes);
    const read = await api.run(key, viewerDocument);
    expect(read.errors.length === 0 ? read.data.viewer.id === user.id : codeOf(read)).toBe(expected.read);
    const found = await api.run(key, 'query ($id: ID!) { project(id: $id) { id } node(id: $id) { id } }', { id: project.id });
    const seen = expected.read === true ? { id: project.id } : null;
    expect(found).toMatchObject({ errors: [], data: { project: seen, node: seen } });
    const created = await api.run(key, 'mutation { projectCreate(input: { name: "By key" }) { project { id } userErrors { code } } }');
    expect(created.errors.length === 0 ? null : codeOf(created)).toBe(expected.create);
  });

  test.each([
    ['mutation { signOut(everywhere: true) { userErrors { code } } }'],
    ['mutation { passwordChange(input: { currentPassword: "correct horse battery", newPassword: "taken over" }) { userErrors { code } } }'],
    ['mutation { apiKeyCreate(input: { name: "more", scopes: [WRITE] }) { secret userErrors { code } } }'],
    ['mutation { apiKeyRevoke(id: "key_x") { userErrors { code } } }'],
    ['mutation { userUpdate(input: { username: "taken over" }) { userErrors { code } } }'],
    ['mutation { onboardingUpdate(input: { step: 1 }) { userErrors { code } } }'],
    ['{ viewer { apiKeys { totalCount } } }'],
  ])('with all scopes may still not %s', async (document) => {
    const user = await api.signUp();
    const key = await keyFor(user, 'READ', 'WRITE', 'DEPLOY', 'METRICS');
    const answer = await api.run(key, document);
    expect(answer.errors[0]).toMatchObject({ message: expect.stringContaining('not an API key'), extensions: { code: 'FORBIDDEN' } });
  });

  test('keeps only the rights of scopes that are known', async () => {
    const user = await api.signUp();
    const key = await keyFor(user, 'READ');
    const [row] = await api.rows('users', key.id);
    await api.putRow('users', { ...row, scopes: ['root'] });
    expect(codeOf(await api.run(key, viewerDocument))).toBe('FORBIDDEN');
    expect((await listed(user)).nodes[0].scopes).toEqual(['UNKNOWN']);
  });

  test('stops working when it expires, also where it is cached', async () => {
    const user = await api.signUp();
    const expiresAt = Date.now() + 3_000;
    const { secret } = await create(user, { expiresAt: new Date(expiresAt).toISOString() });
    expect((await api.must({ token: secret }, viewerDocument)).viewer.id).toBe(user.id);
    await new Promise((resolve) => setTimeout(resolve, expiresAt - Date.now() + 50));
    const answer = await api.run({ token: secret }, viewerDocument);
    expect(answer.errors[0]).toMatchObject({
      message: 'The API key "CI" has expired. Create a new one.',
      extensions: { code: 'UNAUTHENTICATED' },
    });
  });

  test('outlives a sign-out everywhere and a change of the password', async () => {
    const user = await api.signUp();
    const key = await keyFor(user, 'READ');
    await api.must(
      user,
      'mutation { passwordChange(input: { currentPassword: "correct horse battery", newPassword: "another password" }) { userErrors { code } } }',
    );
    await api.must(user, 'mutation { signOut(everywhere: true) { userErrors { code } } }');
    expect((await api.must(key, viewerDocument)).viewer.id).toBe(user.id);
  });

  test.each([
    ['with a wrong checksum', (key: string) => `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`],
    ['cut short', (key: string) => key.slice(0, -1)],
    ['that is only a prefix', () => 'snp_'],
    ['that never was', () => 'snp_01h455vb4pex5vsknk084sn02q_0000000000000000000000000000000000000000000000000'],
  ])('%s is refused', async (_, change) => {
    const key = await keyFor(await api.signUp(), 'READ');
    const answer = await api.run({ token: change(key.token!) }, viewerDocument);
    expect(answer.errors[0]).toMatchObject({
      message: expect.stringContaining('The API key is not valid'),
      extensions: { code: 'UNAUTHENTICATED' },
    });
  });

  test('of one id with the secret of another is refused', async () => {
    const user = await api.signUp();

    const { id } = await keyFor(user, 'READ');
    const forged = issueApiKey({ keyId: id, secret: Buffer.alloc(32, 7) }).key;
    expect((await api.run({ token: forged }, viewerDocument)).errors[0]?.message).toContain('The API key is not valid');
  });

  test('is a node for its owner only', async () => {
    const [user, stranger] = await Promise.all([api.signUp(), api.signUp()]);
    const key = await keyFor(user, 'READ');
    const document = 'query ($id: ID!) { node(id: $id) { __typename id ... on ApiKey { name } } }';
    expect((await api.must(user, document, { id: key.id })).node).toEqual({ __typename: 'ApiKey', id: key.id, name: 'CI' });
    for (const caller of [stranger, key, null]) expect((await api.must(caller, document, { id: key.id })).node).toBeNull();
  });
});

describe('apiKeyRevoke', () => {
  test('ends the key at once, and within 30 seconds on other instances', async () => {
    const user = await api.signUp();
    const key = await keyFor(user, 'READ');
    for (const instance of [api, other]) await instance.must(key, viewerDocument);
    const { apiKeyRevoke } = await api.must(user, revokeDocument, { id: key.id });
    expect(apiKeyRevoke.apiKey.revokedAt).toMatch(/Z$/);
    const refused = { message: 'The API key "CI" was revoked. Create a new one.', extensions: { code: 'UNAUTHENTICATED' } };
    expect((await api.run(key, viewerDocument)).errors[0]).toMatchObject(refused);
    const clock = performance.now.bind(performance);
    const later = jest.spyOn(performance, 'now').mockImplementation(() => clock() + 30_001);
    try {
      expect((await other.run(key, viewerDocument)).errors[0]).toMatchObject(refused);
    } finally {
      later.mockRestore();
    }
    expect((await listed(user)).nodes[0].revokedAt).toBe(apiKeyRevoke.apiKey.revokedAt);
    expect((await api.must(user, revokeDocument, { id: key.id })).apiKeyRevoke.apiKey.revokedAt).toBe(apiKeyRevoke.apiKey.revokedAt);
    const { viewer } = await api.must(user, '{ viewer { activity(first: 1) { nodes { action entityType entityId entityName } } } }');
    expect(viewer.activity.nodes).toEqual([{ action: 'revoked', entityType: 'API_KEY', entityId: key.id, entityName: 'CI' }]);
  });

  test('a dry run leaves the key alone', async () => {
    const user = await api.signUp();
    const key = await keyFor(user, 'READ');
    expect((await api.must(user, revokeDocument, { id: key.id, dryRun: true })).apiKeyRevoke.apiKey.revokedAt).not.toBeNull();
    expect((await api.must(key, viewerDocument)).viewer.id).toBe(user.id);
  });

  test('of another user’s key looks like one that is missing', async () => {
    const [user, stranger] = await Promise.all([api.signUp(), api.signUp()]);
    const key = await keyFor(user, 'READ');
    for (const id of [key.id, 'key_00000000000000000000000000', user.id, stranger.id, '', 'x'.repeat(5_000), `email#${user.email}`]) {
      const { data, errors } = await api.run(stranger, revokeDocument, { id });
      expect({ errors, answer: data.apiKeyRevoke }).toEqual({
        errors: [],
        answer: { apiKey: null, userErrors: [{ code: 'NOT_FOUND', field: ['id'] }] },
      });
    }
    expect((await api.must(key, viewerDocument)).viewer.id).toBe(user.id);
  });
});
