/** Tests and synchronizations against local stand-ins of the providers. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { integrationTypes, type IntegrationType } from '../../src/domains/integrations/integration.ts';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';
import { goodConfigs, secretMark, startProviders, type Behaviour, type Providers } from '../support/providers.ts';

const errorFields = 'userErrors { __typename message code field }';
const createDocument = `mutation ($input: IntegrationCreateInput!) { integrationCreate(input: $input) { integration { id } ${errorFields} } }`;
const testDocument = `mutation ($id: ID!, $dry: Boolean! = false) { integrationTest(id: $id, dryRun: $dry) { ok message details integration { id revision } ${errorFields} } }`;
const syncDocument = `mutation ($id: ID!, $dry: Boolean! = false, $key: String) { integrationSync(id: $id, dryRun: $dry, idempotencyKey: $key) { integration { id revision updatedAt syncState lastSyncedAt } ${errorFields} } }`;

const timeoutMs = 400;
let api: Harness;
/** For providers that never answer. The others get the usual time: on a busy machine even a good answer takes its time. */
let impatient: Harness;
let providers: Providers;
let owner: TestUser;
let projectId: string;

beforeAll(async () => {
  providers = await startProviders();
  api = await createHarness({ integrationEndpoints: providers.endpoints });
  impatient = await createHarness({ integrationEndpoints: providers.endpoints, integrationTimeoutMs: timeoutMs });
  owner = await api.signUp();
  projectId = (await fakeProject(api, owner)).id;
});
afterEach(() => providers.behave('normal'));
afterAll(async () => {
  await Promise.all([api.close(), impatient.close()]);
  await providers.close();
});

async function create(type: IntegrationType, config: Record<string, unknown> = {}, enabled = true): Promise<string> {
  const merged = Object.fromEntries(Object.entries({ ...goodConfigs[type], ...config }).filter(([, value]) => value !== null));
  const input = { projectId, type: type.toUpperCase(), name: type, enabled, config: merged };
  return (await api.must(owner, createDocument, { input })).integrationCreate.integration.id;
}

async function tryOut(id: string, on = api): Promise<Data> {
  const result = (await on.must(owner, testDocument, { id })).integrationTest;
  expect(JSON.stringify(result)).not.toContain(secretMark);
  return result;
}

async function sync(id: string): Promise<Data> {
  return (await api.run(owner, syncDocument, { id })).data.integrationSync;
}

const wrong: Readonly<Record<IntegrationType, Record<string, string>>> = {
  github: { token: `ghp_${secretMark}wrong` },
  aws: { secretAccessKey: `${secretMark}wrongwrongwrong` },
  slack: { botToken: `xoxb-${secretMark}-wrong` },
  vercel: { token: `${secretMark}wrong` },
  stripe: { secretKey: `sk_test_${secretMark}wrong` },
  sendgrid: { apiKey: `SG.${secretMark}.wrong` },
};

describe('integrationTest', () => {
  test.each<[IntegrationType, RegExp, Record<string, unknown>]>([
    [
      'github',
      /can read octocat\/hello-world/,
      { fullName: 'octocat/hello-world', private: true, defaultBranch: 'feature/main', canPush: true, scopes: 'repo, workflow' },
    ],
    [
      'aws',
      /account 123456789012, and it can take the role/,
      {
        account: '123456789012',
        arn: 'arn:aws:iam::123456789012:user/ci',
        assumedRole: 'arn:aws:sts::123456789012:assumed-role/deploy/snapinfra',
      },
    ],
    ['slack', /token and the webhook for the workspace Acme/, { team: 'Acme', user: 'snapbot', webhook: true }],
    ['vercel', /token of ada/, { username: 'ada', team: 'Acme' }],
    ['stripe', /\(test mode\) of account acct_1/, { accountId: 'acct_1', mode: 'test' }],
    ['sendgrid', /it can send mail/, { canSend: true, scopeCount: 2 }],
  ])('%s: the right credentials work', async (type, message, details) => {
    const id = await create(type);
    const result = await tryOut(id);
    expect(result).toEqual({
      ok: true,
      message: expect.stringMatching(message),
      details,
      integration: { id, revision: 1 },
      userErrors: [],
    });
  });

  test.each(integrationTypes)('%s: wrong credentials are told as such, with what to do', async (type) => {
    const { ok, message, details } = await tryOut(await create(type, wrong[type]));
    expect({ ok, problem: details.problem }).toEqual({ ok: false, problem: 'CREDENTIALS_REFUSED' });
    expect(message).toMatch(/refused.*(update the integration)/);
  });

  test.each<[string, IntegrationType, Record<string, unknown>, string]>([
    ['a repository that is not there', 'github', { repository: 'nothing' }, 'NOT_FOUND'],
    ['a repository that the token may not read', 'github', { repository: 'forbidden' }, 'PERMISSION_MISSING'],
    ['the hourly limit of GitHub', 'github', { repository: 'limited' }, 'RATE_LIMITED'],
    ['an unknown access key', 'aws', { accessKeyId: 'AKIAUNKNOWN123456789' }, 'CREDENTIALS_REFUSED'],
    ['a role that may not be taken', 'aws', { roleArn: 'arn:aws:iam::123456789012:role/other' }, 'PERMISSION_MISSING'],
    ['a webhook that is gone', 'slack', { webhookUrl: `https://hooks.slack.com/services/gone/${secretMark}` }, 'CREDENTIALS_REFUSED'],
    ['a team that is not there', 'vercel', { teamId: 'team_other' }, 'NOT_FOUND'],
  ])('%s is told apart', async (_, type, config, problem) => {
    expect(await tryOut(await create(type, config))).toMatchObject({ ok: false, details: { problem } });
  });

  test('a renamed repository, one redirect away on the same host, works', async () => {
    expect(await tryOut(await create('github', { repository: 'old-name' }))).toMatchObject({
      ok: true,
      details: { fullName: 'octocat/hello-world' },
    });
  });

  test('a restricted Stripe key that reads the balance only works', async () => {
    const id = await create('stripe', { secretKey: `rk_test_${secretMark}restricted` });
    expect(await tryOut(id)).toMatchObject({ ok: true, details: { accountId: null } });
    expect((await sync(id)).integration.syncState).toEqual({ mode: 'test', currencies: ['eur'] });
  });

  test('Slack works with a webhook alone, and with a token alone', async () => {
    expect(await tryOut(await create('slack', { botToken: null }))).toMatchObject({ ok: true, message: 'Slack accepted the webhook.' });
    expect(await tryOut(await create('slack', { webhookUrl: null }))).toMatchObject({ ok: true, details: { webhook: false } });
  });

  test.each<[Behaviour, string]>([
    ['slow', 'TIMEOUT'],
    ['huge', 'ANSWER_TOO_LARGE'],
    ['huge-chunked', 'ANSWER_TOO_LARGE'],
    ['redirect-private', 'REDIRECT_REFUSED'],
    ['redirect-here', 'REDIRECT_REFUSED'],
    ['not-json', 'UNEXPECTED_ANSWER'],
    ['down', 'PROVIDER_DOWN'],
    ['limited', 'RATE_LIMITED'],
  ])('a provider that is %s is %s, for each type', async (behaviour, problem) => {
    providers.behave(behaviour);
    for (const type of integrationTypes) {
      const id = await create(type, type === 'slack' ? { webhookUrl: null } : {});
      const result = await tryOut(id, behaviour === 'slow' ? impatient : api);
      expect([type, result.ok, result.details.problem]).toEqual([type, false, problem]);
    }
  });

  test('a provider is waited for as long as the time limit says', async () => {
    const id = await create('github');
    providers.behave('slow');
    const started = Date.now();
    await tryOut(id, impatient);
    expect(Date.now() - started).toBeGreaterThanOrEqual(timeoutMs - 50);
  });

  test('works for a disabled integration, writes nothing, and calls nobody with dryRun', async () => {
    const id = await create('stripe', {}, false);
    const before = await api.rows('integrations', id);
    expect((await tryOut(id)).ok).toBe(true);
    const calls = providers.seen.length;
    const dry = (await api.must(owner, testDocument, { id, dry: true })).integrationTest;
    expect(dry).toMatchObject({ ok: null, message: expect.stringContaining('dryRun') });
    expect(providers.seen).toHaveLength(calls);
    expect(await api.rows('integrations', id)).toEqual(before);
  });

  test('a GitHub Enterprise Server in a private network is not called, by address or by name', async () => {
    const endpoint = new URL(String(providers.endpoints.github));
    const id = await create('github', { baseUrl: 'https://github.example.com/api/v3' });
    const calls = providers.seen.length;
    const row = (await api.rows('integrations', id))[0]!;
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254']) {
      // Rows of the earlier backend were not validated.
      await api.putRow('integrations', { ...row, config: { ...(row['config'] as object), baseUrl: `https://${host}:${endpoint.port}` } });
      const { userErrors, ok } = (await api.run(owner, testDocument, { id })).data.integrationTest;
      expect([ok, userErrors[0]?.message]).toEqual([null, expect.stringContaining('private')]);
    }
    expect(providers.seen).toHaveLength(calls);
  });
});

describe('integrationSync', () => {
  test.each<[IntegrationType, Record<string, unknown>]>([
    [
      'github',
      {
        fullName: 'octocat/hello-world',
        private: true,
        defaultBranch: 'feature/main',
        canPush: true,
        description: 'First',
        url: 'https://github.com/octocat/hello-world',
        archived: false,
        openIssues: 3,
        pushedAt: '2026-01-01T00:00:00Z',
        defaultBranchHead: 'abc123',
      },
    ],
    [
      'aws',
      {
        account: '123456789012',
        arn: 'arn:aws:iam::123456789012:user/ci',
        assumedRole: 'arn:aws:sts::123456789012:assumed-role/deploy/snapinfra',
        region: 'eu-central-1',
      },
    ],
    [
      'slack',
      { webhook: true, team: 'Acme', channel: { id: 'C0123456789', name: 'deployments', isMember: true, isArchived: false, members: 7 } },
    ],
    [
      'vercel',
      {
        deployments: [
          { id: 'dpl_1', name: 'web', url: 'web.vercel.app', state: 'READY', target: 'production', createdAt: '2026-01-01T00:00:00.000Z' },
        ],
      },
    ],
    [
      'stripe',
      {
        mode: 'test',
        accountId: 'acct_1',
        businessName: 'Acme',
        country: 'DE',
        defaultCurrency: 'eur',
        chargesEnabled: true,
        payoutsEnabled: false,
      },
    ],
    [
      'sendgrid',
      {
        fromEmailVerified: true,
        senderCount: 2,
        senders: [
          { email: 'hello@example.com', verified: true },
          { email: 'other@example.com', verified: false },
        ],
      },
    ],
  ])('%s: keeps what is useful, and no secret', async (type, state) => {
    const id = await create(type);
    const { integration, userErrors } = await sync(id);
    expect(userErrors).toEqual([]);
    expect(integration).toMatchObject({ id, revision: 1, syncState: state, lastSyncedAt: expect.any(String) });
    const row = (await api.rows('integrations', id))[0]!;
    expect(row).toMatchObject({ syncState: state, lastSyncedAt: integration.lastSyncedAt });
    expect(JSON.stringify(row)).not.toContain(secretMark);
    const activity = await api.must(
      owner,
      'query ($id: ID!) { project(id: $id) { activity(first: 1, filter: { entityType: INTEGRATION }) { nodes { action entityId metadata } } } }',
      { id: projectId },
    );
    expect(activity.project.activity.nodes).toEqual([{ action: 'synced', entityId: id, metadata: { entityName: type, type } }]);
  });

  test('Slack finds a channel by its id', async () => {
    expect((await sync(await create('slack', { channel: 'C0123456789' }))).integration.syncState.channel.name).toBe('deployments');
    expect((await sync(await create('slack', { channel: 'C9999999999' }))).userErrors[0].message).toMatch(/no such channel/);
    expect((await sync(await create('slack', { channel: '#nowhere' }))).userErrors[0].message).toMatch(/no such channel/);
  });

  test('a failure is told, and the former state stays', async () => {
    const id = await create('stripe');
    const first = (await sync(id)).integration;
    providers.behave('down');
    const failed = await sync(id);
    expect(failed).toMatchObject({
      integration: null,
      userErrors: [{ __typename: 'GenericError', code: 'PROVIDER_FAILED', field: ['id'] }],
    });
    expect((await api.rows('integrations', id))[0]).toMatchObject({ syncState: first.syncState, lastSyncedAt: first.lastSyncedAt });
  });

  test('is refused for a disabled integration, before anybody is called', async () => {
    const id = await create('stripe', {}, false);
    const calls = providers.seen.length;
    expect((await sync(id)).userErrors).toEqual([expect.objectContaining({ code: 'INVALID_TRANSITION' })]);
    expect(providers.seen).toHaveLength(calls);
  });

  test('calls nobody with dryRun, and once for an idempotency key', async () => {
    const id = await create('stripe');
    let calls = providers.seen.length;
    expect((await api.must(owner, syncDocument, { id, dry: true })).integrationSync.integration.lastSyncedAt).toBeNull();
    expect(providers.seen).toHaveLength(calls);
    calls = providers.seen.length;
    const key = crypto.randomUUID();
    const first = (await api.must(owner, syncDocument, { id, key })).integrationSync;
    expect((await api.must(owner, syncDocument, { id, key })).integrationSync).toEqual(first);
    expect(providers.seen).toHaveLength(calls + 1);
  });

  test('does not disturb an edit that is under way, and is planned anew after one', async () => {
    const id = await create('stripe');
    const { integration } = await sync(id);
    const update = `mutation ($id: ID!) { integrationUpdate(id: $id, input: { name: "Renamed" }, expectedRevision: 1) { integration { name revision syncState } ${errorFields} } }`;
    const [edited] = await Promise.all([api.must(owner, update, { id }), sync(id)]);
    expect(edited.integrationUpdate.integration).toMatchObject({ name: 'Renamed', revision: 2, syncState: integration.syncState });
    expect((await api.rows('integrations', id))[0]).toMatchObject({ name: 'Renamed', revision: 2, syncState: integration.syncState });
  });
});
