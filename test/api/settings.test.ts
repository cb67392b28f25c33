import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Answer, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;

beforeAll(async () => {
  harness = await createHarness();
});
beforeEach(async () => {
  ada = await harness.signUp();
});
afterAll(() => harness.close());

const fields = 'theme notifications { email push slack deploymentAlerts errorAlerts } preferences revision createdAt updatedAt';
const errors =
  'userErrors { __typename message code field ... on ConflictError { currentRevision changedFields current { id ... on User { settings { theme revision } } } } }';
const read = `{ viewer { settings { ${fields} } } }`;
const update = `mutation ($input: SettingsUpdateInput!, $rev: Int, $key: String, $dryRun: Boolean! = false) { settingsUpdate(input: $input, expectedRevision: $rev, idempotencyKey: $key, dryRun: $dryRun) { settings { ${fields} } ${errors} } }`;
const reset = `mutation ($rev: Int, $key: String, $dryRun: Boolean! = false) { settingsReset(expectedRevision: $rev, idempotencyKey: $key, dryRun: $dryRun) { settings { ${fields} } ${errors} } }`;

const notifications = { email: true, push: true, slack: false, deploymentAlerts: true, errorAlerts: true };
const defaults = { theme: 'SYSTEM', notifications, preferences: {}, revision: 0, createdAt: null, updatedAt: null };

const settings = async (who: TestUser = ada): Promise<Data> => (await harness.must(who, read)).viewer.settings;
const updated = async (input: Data, more: Data = {}): Promise<Data> =>
  (await harness.must(ada, update, { input, ...more })).settingsUpdate.settings;
const refused = async (input: Data): Promise<Data> => (await harness.run(ada, update, { input })).data.settingsUpdate;

describe('viewer.settings', () => {
  test('are the defaults before anything is set, at the cost of one read', async () => {
    expect(await settings()).toEqual(defaults);
    expect(await harness.rows('settings', ada.id)).toEqual([]);
  });

  test('are null for other users', async () => {
    const bob = await harness.signUp();
    const { id } = await fakeProject(harness, ada);
    await harness.putRow('teams', { projectId: id, userId: bob.id, role: 'admin', createdAt: new Date().toISOString() });
    const document = 'query ($id: ID!) { project(id: $id) { owner { id settings { theme } } } }';
    expect((await harness.must(bob, document, { id })).project.owner).toEqual({ id: ada.id, settings: null });
    expect((await harness.must(ada, document, { id })).project.owner.settings).toEqual({ theme: 'SYSTEM' });
  });

  test('counters of the same table do not disturb them', async () => {
    await fakeProject(harness, ada);
    expect(await settings()).toEqual(defaults);
  });

  test('rows of the earlier backend read through every field, odd ones with defaults', async () => {
    await harness.putRow('settings', {
      userId: ada.id,
      theme: 'dark',
      notifications: { email: false, slack: true },
      preferences: { editor: { tab: 2 } },
    });
    expect(await settings()).toEqual({
      ...defaults,
      theme: 'DARK',
      notifications: { ...notifications, email: false, slack: true },
      preferences: { editor: { tab: 2 } },
      revision: 1,
    });
    await harness.putRow('settings', { userId: ada.id, theme: 'sepia', notifications: { email: 'yes' }, preferences: 'none' });
    expect(await settings()).toMatchObject({ theme: 'UNKNOWN', notifications, preferences: {} });
  });

  test('an old row keeps what it has when it is edited', async () => {
    await harness.putRow('settings', {
      userId: ada.id,
      theme: 'dark',
      notifications: { email: false },
      preferences: { a: 1 },
      plan: 'gold',
    });
    expect(await updated({ preferences: { b: 2 } }, { rev: 1 })).toMatchObject({
      theme: 'DARK',
      notifications: { ...notifications, email: false },
      preferences: { a: 1, b: 2 },
      revision: 2,
    });
    expect(await harness.rows('settings', ada.id)).toMatchObject([{ plan: 'gold', theme: 'dark' }]);
  });
});

describe('settingsUpdate', () => {
  test('changes what came, merges the rest, and leaves an activity', async () => {
    const first = await updated(
      { theme: 'DARK', notifications: { slack: true }, preferences: { panel: { width: 200 }, pins: [1, 2] } },
      { rev: 0 },
    );
    expect(first).toMatchObject({
      theme: 'DARK',
      notifications: { ...notifications, slack: true },
      preferences: { panel: { width: 200 }, pins: [1, 2] },
      revision: 1,
    });
    expect(first.createdAt).toBe(first.updatedAt);
    const second = await updated({ notifications: { email: false }, preferences: { panel: { height: 1 }, pins: null, zoom: 1.25 } });
    expect(second).toMatchObject({
      theme: 'DARK',
      notifications: { ...notifications, slack: true, email: false },
      preferences: { panel: { height: 1 }, zoom: 1.25 },
      revision: 2,
      createdAt: first.createdAt,
    });
    expect(second.preferences).not.toHaveProperty('pins');
    expect(await settings()).toEqual(second);
    const { viewer } = await harness.must(
      ada,
      '{ viewer { activity(first: 1) { nodes { action entityType entityId changedFields entity { id } } } } }',
    );
    expect(viewer.activity.nodes).toEqual([
      {
        action: 'updated',
        entityType: 'SETTINGS',
        entityId: ada.id,
        changedFields: ['notifications', 'preferences'],
        entity: { id: ada.id },
      },
    ]);
  });

  test('null sets back to the default', async () => {
    await updated({ theme: 'LIGHT', notifications: { email: false, push: false, slack: true }, preferences: { a: 1 } });
    expect(await updated({ notifications: { email: null } })).toMatchObject({
      notifications: { ...notifications, push: false, slack: true },
    });
    expect(await updated({ theme: null, notifications: null, preferences: null })).toMatchObject({
      theme: 'SYSTEM',
      notifications,
      preferences: {},
    });
  });

  test('the same again is no edit', async () => {
    const before = await updated({ theme: 'DARK', preferences: { b: 1, a: 2 } });
    expect(await updated({ theme: 'DARK', preferences: { a: 2, b: 1 } })).toEqual(before);
  });

  test('two programs that change different fields at once do not disturb each other', async () => {
    const inputs = [
      { theme: 'DARK' },
      { notifications: { slack: true } },
      { notifications: { email: false } },
      { preferences: { a: 1 } },
      { preferences: { b: 2 } },
    ];
    await Promise.all(inputs.map((input) => updated(input)));
    expect(await settings()).toMatchObject({
      theme: 'DARK',
      notifications: { ...notifications, slack: true, email: false },
      preferences: { a: 1, b: 2 },
      revision: 5,
    });
  });

  test('a stale revision changes nothing and leads to the settings as they are', async () => {
    await updated({ theme: 'DARK' });
    for (const [field, document, variables] of [
      ['settingsUpdate', update, { input: { theme: 'LIGHT' } }],
      ['settingsReset', reset, {}],
    ] as const) {
      const { data } = await harness.run(ada, document, { ...variables, rev: 0 });
      expect(data[field]).toMatchObject({
        settings: null,
        userErrors: [
          {
            __typename: 'ConflictError',
            currentRevision: 1,
            changedFields: ['theme'],
            current: { id: ada.id, settings: { theme: 'DARK', revision: 1 } },
          },
        ],
      });
    }
    expect(await settings()).toMatchObject({ theme: 'DARK', revision: 1 });
  });

  test('answers the same key with the same settings, and refuses it for another input', async () => {
    const key = crypto.randomUUID();
    const first = await updated({ preferences: { a: 1 } }, { key });
    await updated({ preferences: { a: 2 } });
    expect(await updated({ preferences: { a: 1 } }, { key })).toEqual(first);
    expect((await settings()).preferences).toEqual({ a: 2 });
    const { data } = await harness.run(ada, update, { input: { theme: 'DARK' }, key });
    expect(data.settingsUpdate.userErrors[0].code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('a dry run shows what would be and writes nothing', async () => {
    expect(await updated({ theme: 'DARK' }, { dryRun: true })).toMatchObject({ theme: 'DARK', revision: 1 });
    expect(await settings()).toEqual(defaults);
  });

  test('needs a user, and of an API key the scope to write', async () => {
    const codeOf = ({ errors: found }: Answer): unknown => found[0]?.extensions?.['code'];
    expect(codeOf(await harness.run(null, update, { input: {} }))).toBe('UNAUTHENTICATED');
    expect(codeOf(await harness.run(null, reset))).toBe('UNAUTHENTICATED');
    const document =
      'mutation ($scopes: [ApiKeyScope!]!) { apiKeyCreate(input: { name: "k", scopes: $scopes }) { secret userErrors { message } } }';
    const keyWith = async (scope: string): Promise<{ token: string }> => ({
      token: (await harness.must(ada, document, { scopes: [scope] })).apiKeyCreate.secret,
    });
    const reader = await keyWith('READ');
    expect(codeOf(await harness.run(reader, update, { input: { theme: 'DARK' } }))).toBe('FORBIDDEN');
    expect((await harness.must(reader, read)).viewer.settings).toEqual(defaults);
    expect((await harness.must(await keyWith('WRITE'), update, { input: { theme: 'DARK' } })).settingsUpdate.settings.theme).toBe('DARK');
  });
});

describe('preferences', () => {
  const nested = (depth: number): Data => (depth === 1 ? {} : { x: nested(depth - 1) });

  test('come back as they were sent', async () => {
    const preferences = {
      text: 'ä🚀',
      list: [1, 'two', null, { three: 3 }],
      flag: false,
      empty: {},
      none: [],
      small: 0.1,
      large: 9_007_199_254_740_991,
      deep: nested(15),
    };
    expect((await updated({ preferences })).preferences).toEqual(preferences);
    expect((await settings()).preferences).toEqual(preferences);
  });

  test.each([
    ['17 levels', { deep: nested(16) }],
    ['a reserved key', JSON.parse('{"a": {"__proto__": {"admin": true}}}')],
    ['a reserved key at the top', JSON.parse('{"__proto__": {"admin": true}}')],
    ['another reserved key', { constructor: 1 }],
    ['an empty key', { '': 1 }],
    ['NUL', { a: 'b\0' }],
    ['half a surrogate pair', { a: '\ud83d' }],
    ['a number that a double does not hold', { a: 2 ** 60 }],
    ['over 32 KB', { a: 'x'.repeat(32 * 1024) }],
  ])('refuse %s', async (_, preferences) => {
    expect(await refused({ preferences })).toMatchObject({
      settings: null,
      userErrors: [{ __typename: 'ValidationError', field: ['input', 'preferences'] }],
    });
    expect(await settings()).toEqual(defaults);
  });

  test('refuse reserved keys in the query text too', async () => {
    for (const literal of ['{ __proto__: { admin: true } }', '{ a: { constructor: 1 } }']) {
      const { data, errors: found } = await harness.run(
        ada,
        `mutation { settingsUpdate(input: { preferences: ${literal} }) { settings { preferences } ${errors} } }`,
      );
      expect(data?.settingsUpdate.userErrors[0]?.code ?? found[0]?.extensions?.['code']).toMatch(/^(VALIDATION|BAD_USER_INPUT)$/);
    }
    expect(await settings()).toEqual(defaults);
    expect(({} as Data).admin).toBeUndefined();
  });

  test('count as a whole: many small edits do not get over the limit', async () => {
    await updated({ preferences: { a: 'x'.repeat(20_000) } });
    expect((await refused({ preferences: { b: 'x'.repeat(20_000) } })).userErrors[0].message).toMatch(/32768/);
    expect(await updated({ preferences: { a: null, b: 'x'.repeat(20_000) } })).toMatchObject({ revision: 2 });
  });

  test('must be an object', async () => {
    for (const preferences of [[1], 'x', 5]) {
      expect((await harness.run(ada, update, { input: { preferences } })).errors.length).toBeGreaterThan(0);
    }
  });
});

describe('settingsReset', () => {
  test('goes back to the defaults and counts on', async () => {
    const before = await updated({ theme: 'DARK', notifications: { email: false }, preferences: { a: 1 } });
    const key = crypto.randomUUID();
    expect((await harness.must(ada, reset, { dryRun: true })).settingsReset.settings.theme).toBe('SYSTEM');
    expect(await settings()).toEqual(before);
    const { settingsReset } = await harness.must(ada, reset, { rev: 1, key });
    expect(settingsReset.settings).toMatchObject({
      theme: 'SYSTEM',
      notifications,
      preferences: {},
      revision: 2,
      createdAt: before.createdAt,
    });
    expect(await harness.must(ada, reset, { rev: 1, key })).toEqual({ settingsReset });
    expect(await settings()).toEqual(settingsReset.settings);
    const { viewer } = await harness.must(ada, '{ viewer { activity(first: 1) { nodes { action changedFields } } } }');
    expect(viewer.activity.nodes).toEqual([{ action: 'reset', changedFields: ['theme', 'notifications', 'preferences'] }]);
  });

  test('writes nothing where nothing was set', async () => {
    expect((await harness.must(ada, reset)).settingsReset.settings).toEqual(defaults);
    expect(await harness.rows('settings', ada.id)).toEqual([]);
  });
});
