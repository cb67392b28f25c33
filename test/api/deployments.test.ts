import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Row } from '../../src/data/connection.ts';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Answer, type Data, type Harness, type TestUser } from '../support/harness.ts';

const errorFields = 'userErrors { __typename message code field ... on ConflictError { currentRevision changedFields current { id } } }';
const fields =
  'id status allowedTransitions environment provider version url codeGenerationId metadata revision createdAt updatedAt active timing { queuedAt startedAt finishedAt queuedSeconds durationSeconds } project { id } createdBy { id } rollbackOf { id } rolledBackBy { id }';
const createDocument = `mutation ($input: DeploymentCreateInput!, $key: String, $dry: Boolean! = false) { deploymentCreate(input: $input, idempotencyKey: $key, dryRun: $dry) { deployment { ${fields} } ${errorFields} } }`;
const reportDocument = `mutation ($id: ID!, $input: DeploymentReportInput!, $rev: Int, $key: String, $dry: Boolean! = false) { deploymentReport(id: $id, input: $input, expectedRevision: $rev, idempotencyKey: $key, dryRun: $dry) { deployment { ${fields} } redactedCount ${errorFields} } }`;
const cancelDocument = `mutation ($id: ID!, $reason: String, $dry: Boolean! = false) { deploymentCancel(id: $id, reason: $reason, dryRun: $dry) { deployment { ${fields} } ${errorFields} } }`;
const rollbackDocument = `mutation ($id: ID!, $rev: Int, $key: String, $dry: Boolean! = false) { deploymentRollback(id: $id, expectedRevision: $rev, idempotencyKey: $key, dryRun: $dry) { deployment { ${fields} } rolledBack { ${fields} } ${errorFields} } }`;
const deleteDocument = `mutation ($id: ID!, $rev: Int, $dry: Boolean! = false) { deploymentDelete(id: $id, expectedRevision: $rev, dryRun: $dry) { deletedId deletedCounts { deployments } ${errorFields} } }`;
const readDocument = `query ($id: ID!) { deployment(id: $id) { ${fields} previousSuccessful { id } logs { nodes { timestamp level message } } } }`;
const listDocument = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $filter: DeploymentFilter, $order: DeploymentOrder) { project(id: $id) { deployments(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $order) { edges { cursor } nodes { id status environment } pageInfo { hasNextPage hasPreviousPage startCursor endCursor scannedCount scanLimitReached } countUpTo { value precision } } } }`;
const statsDocument = `query ($id: ID!) { project(id: $id) { stats { deployments deploymentsByStatus { status count } successRate } } }`;

let api: Harness;
let owner: TestUser;
let stranger: TestUser;

beforeAll(async () => {
  api = await createHarness();
  [owner, stranger] = await Promise.all([api.signUp(), api.signUp()]);
});
afterAll(() => api.close());

const ids = new Intl.NumberFormat('en', { minimumIntegerDigits: 4, useGrouping: false });

async function create(projectId: string, overrides: Record<string, unknown> = {}, user = owner): Promise<Data> {
  const input = { projectId, environment: 'PRODUCTION', provider: 'AWS', version: '1.0.0', ...overrides };
  return (await api.must(user, createDocument, { input })).deploymentCreate.deployment;
}

async function report(id: string, status: string, input: Record<string, unknown> = {}): Promise<Data> {
  return (await api.must(owner, reportDocument, { id, input: { status, ...input } })).deploymentReport.deployment;
}

async function released(projectId: string, version: string, overrides: Record<string, unknown> = {}): Promise<Data> {
  const { id } = await create(projectId, { version, ...overrides });
  return report(id, 'SUCCESS');
}

async function read(id: string, user: TestUser | null = owner): Promise<Data> {
  const { data, errors } = await api.run(user, readDocument, { id });
  expect(errors).toEqual([]);
  return data.deployment;
}

async function stats(projectId: string): Promise<{ deployments: number; byStatus: Record<string, number>; successRate: number | null }> {
  const { deployments, deploymentsByStatus, successRate } = (await api.must(owner, statsDocument, { id: projectId })).project.stats;
  return { deployments, byStatus: Object.fromEntries(deploymentsByStatus.map((one: Data) => [one.status, one.count])), successRate };
}

async function activities(projectId: string): Promise<Data[]> {
  const document = `query ($id: ID!) { project(id: $id) { activity(first: 100, filter: { entityType: DEPLOYMENT }) { nodes { action entityId entityName changedFields metadata actorId } } } }`;
  return (await api.must(owner, document, { id: projectId })).project.activity.nodes;
}

function errorsOf({ data, errors }: Answer): Data[] {
  expect(errors).toEqual([]);
  const [payload] = Object.values(data as Record<string, Data>);
  return payload.userErrors;
}

/** Writes of an answer: how many transactions, and anything else that wrote. */
function writesOf({ calls }: Answer): string[] {
  return calls.map(({ operation }) => operation).filter((operation) => operation.includes('Write'));
}

async function addMember(projectId: string, user: TestUser, role: string): Promise<void> {
  await api.putRow('teams', {
    projectId,
    userId: user.id,
    ownerId: owner.id,
    role,
    email: user.email,
    name: 'x',
    createdAt: new Date().toISOString(),
  });
}

describe('deploymentCreate', () => {
  test('makes a pending deployment in one transaction, with counters and an activity', async () => {
    const project = await fakeProject(api, owner);
    const input = {
      projectId: project.id,
      environment: 'STAGING',
      provider: 'OTHER',
      version: '2.0.0-rc.1',
      url: 'https://staging.example.com/',
      metadata: { commit: 'abc', n: [1, null] },
    };
    const answer = await api.run(owner, createDocument, { input });
    expect(errorsOf(answer)).toEqual([]);
    const { deployment } = answer.data.deploymentCreate;
    expect(deployment).toEqual({
      id: expect.stringMatching(/^dep_[0-9a-z]{26}$/),
      status: 'PENDING',
      allowedTransitions: ['DEPLOYING', 'SUCCESS', 'FAILED', 'CANCELLED'],
      environment: 'STAGING',
      provider: 'OTHER',
      version: '2.0.0-rc.1',
      url: 'https://staging.example.com/',
      codeGenerationId: null,
      metadata: { commit: 'abc', n: [1, null] },
      revision: 1,
      createdAt: expect.any(String),
      updatedAt: deployment.createdAt,
      active: false,
      timing: { queuedAt: deployment.createdAt, startedAt: null, finishedAt: null, queuedSeconds: null, durationSeconds: null },
      project: { id: project.id },
      createdBy: { id: owner.id },
      rollbackOf: null,
      rolledBackBy: null,
    });
    expect(writesOf(answer)).toEqual(['TransactWriteItems']);
    expect(await stats(project.id)).toEqual({ deployments: 1, byStatus: { PENDING: 1 }, successRate: null });
    expect(await activities(project.id)).toEqual([
      {
        action: 'created',
        entityId: deployment.id,
        entityName: '2.0.0-rc.1 (staging)',
        changedFields: [],
        metadata: expect.objectContaining({ environment: 'staging', provider: 'other' }),
        actorId: owner.id,
      },
    ]);
    const [row] = await api.rows('deployments', deployment.id);
    expect(row).toMatchObject({
      userId: owner.id,
      createdById: owner.id,
      projectId: project.id,
      status: 'pending',
      environment: 'staging',
      provider: 'other',
    });
    expect(await read(deployment.id)).toMatchObject({ id: deployment.id, previousSuccessful: null, logs: { nodes: [] } });
    expect((await api.must(owner, 'query ($id: ID!) { node(id: $id) { __typename id } }', { id: deployment.id })).node).toEqual({
      __typename: 'Deployment',
      id: deployment.id,
    });
  });

  test('a child of a member belongs to the owner', async () => {
    const project = await fakeProject(api, owner);
    const member = await api.signUp();
    await addMember(project.id, member, 'developer');
    const { id } = await create(project.id, {}, member);
    const [row] = await api.rows('deployments', id);
    expect(row).toMatchObject({ userId: owner.id, createdById: member.id });
    expect((await read(id)).createdBy.id).toBe(member.id);
  });

  test.each([
    ['an empty version', { version: ' ' }, ['input', 'version']],
    ['a long version', { version: 'x'.repeat(101) }, ['input', 'version']],
    ['a version of two lines', { version: '1\n2' }, ['input', 'version']],
    ['metadata with half a character', { metadata: { a: ['\ud83d'] } }, ['input', 'metadata']],
    ['metadata with a reserved key', { metadata: JSON.parse('{"a":{"__proto__":1}}') as object }, ['input', 'metadata']],
    ['deep metadata', { metadata: JSON.parse('{"a":'.repeat(60) + '1' + '}'.repeat(60)) as object }, ['input', 'metadata']],
    ['much metadata', { metadata: { text: 'x'.repeat(17_000) } }, ['input', 'metadata']],
  ])('refuses %s', async (_, input, field) => {
    const project = await fakeProject(api, owner);
    const answer = await api.run(owner, createDocument, {
      input: { projectId: project.id, environment: 'PRODUCTION', provider: 'AWS', version: '1', ...input },
    });
    expect(errorsOf(answer)).toMatchObject([{ __typename: 'ValidationError', code: 'VALIDATION', field }]);
    expect(writesOf(answer)).toEqual([]);
  });

  test('takes a code generation of the same project only', async () => {
    const [project, other] = await Promise.all([fakeProject(api, owner), fakeProject(api, owner)]);
    const now = new Date().toISOString();
    const generation = (projectId: string): Row => ({
      id: `gen-${crypto.randomUUID()}`,
      userId: owner.id,
      projectId,
      status: 'completed',
      type: 'api',
      prompt: 'x',
      createdAt: now,
      updatedAt: now,
    });
    const [own, foreign] = [generation(project.id), generation(other.id)];
    const deleted: Row = { ...generation(project.id), status: 'deleting' };
    const expired: Row = { ...generation(project.id), ttl: Math.floor(Date.now() / 1_000) - 1 };
    await Promise.all([own, foreign, deleted, expired].map((row) => api.putRow('codeGenerations', row)));
    expect((await create(project.id, { codeGenerationId: own['id'] })).codeGenerationId).toBe(own['id']);
    for (const codeGenerationId of [foreign['id'], deleted['id'], expired['id'], 'gen_01jd3kq7m8e0h8x2v5w9y4z6ab']) {
      const answer = await api.run(owner, createDocument, {
        input: { projectId: project.id, environment: 'PRODUCTION', provider: 'AWS', version: '1', codeGenerationId },
      });
      expect(errorsOf(answer)).toMatchObject([{ code: 'NOT_FOUND', field: ['input', 'codeGenerationId'] }]);
    }
    expect((await stats(project.id)).deployments).toBe(1);
  });

  test('dryRun writes nothing', async () => {
    const project = await fakeProject(api, owner);
    const answer = await api.run(owner, createDocument, {
      input: { projectId: project.id, environment: 'PRODUCTION', provider: 'GCP', version: '1' },
      dry: true,
    });
    expect(answer.data.deploymentCreate.deployment).toMatchObject({ status: 'PENDING', provider: 'GCP' });
    expect(writesOf(answer)).toEqual([]);
    expect((await stats(project.id)).deployments).toBe(0);
  });

  test('an idempotency key gives the first answer again, and is refused with other input', async () => {
    const project = await fakeProject(api, owner);
    const variables = {
      input: { projectId: project.id, environment: 'PRODUCTION', provider: 'AWS', version: '1' },
      key: crypto.randomUUID(),
    };
    const answers = await Promise.all([1, 2, 3].map(() => api.must(owner, createDocument, variables)));
    expect(new Set(answers.map(({ deploymentCreate }) => deploymentCreate.deployment.id)).size).toBe(1);
    expect((await stats(project.id)).deployments).toBe(1);
    const other = await api.run(owner, createDocument, { ...variables, input: { ...variables.input, version: '2' } });
    expect(errorsOf(other)).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }]);
  });

  test('counters are exact after parallel creates', async () => {
    const project = await fakeProject(api, owner);
    await Promise.all(Array.from({ length: 40 }, (_, i) => create(project.id, { version: ids.format(i) })));
    expect(await stats(project.id)).toEqual({ deployments: 40, byStatus: { PENDING: 40 }, successRate: null });
  }, 30_000);
});

describe('deploymentReport', () => {
  test('goes from pending through deploying to success, with times, address, log, counters and activities', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    const begun = await report(id, 'DEPLOYING', { message: 'building' });
    expect(begun).toMatchObject({
      status: 'DEPLOYING',
      revision: 2,
      allowedTransitions: ['SUCCESS', 'FAILED', 'CANCELLED'],
      active: false,
    });
    expect(begun.timing).toMatchObject({ startedAt: expect.any(String), finishedAt: null, queuedSeconds: expect.any(Number) });
    expect((await stats(project.id)).byStatus).toEqual({ DEPLOYING: 1 });
    const answer = await api.run(owner, reportDocument, {
      id,
      input: { status: 'SUCCESS', url: 'https://shop.example.com', message: 'live, token=abcdefgh' },
    });
    expect(writesOf(answer)).toEqual(['TransactWriteItems']);
    const { deployment: done, redactedCount } = answer.data.deploymentReport;
    expect(redactedCount).toBe(1);
    expect(done).toMatchObject({
      status: 'SUCCESS',
      url: 'https://shop.example.com/',
      revision: 3,
      allowedTransitions: ['ROLLED_BACK'],
      active: true,
    });
    const { queuedAt, startedAt, finishedAt, durationSeconds } = done.timing;
    expect([queuedAt, startedAt, finishedAt]).toEqual([queuedAt, startedAt, finishedAt].toSorted());
    expect(durationSeconds).toBeCloseTo((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000, 6);
    const after = await read(id);
    expect(after).toMatchObject({ status: 'SUCCESS', active: true });
    expect(after.logs.nodes).toMatchObject([
      { level: 'INFO', message: 'building' },
      { level: 'INFO', message: 'live, token=[redacted]' },
    ]);
    expect(await stats(project.id)).toEqual({ deployments: 1, byStatus: { SUCCESS: 1 }, successRate: 1 });
    const [last] = (await activities(project.id)).filter(({ action }) => action === 'reported');
    expect(last).toMatchObject({
      changedFields: ['status', 'url'],
      metadata: { from: 'deploying', to: 'success', environment: 'production' },
    });
  });

  test('a failure logs its message as an error', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    await report(id, 'FAILED', { message: 'exit code 1' });
    expect(await read(id)).toMatchObject({
      status: 'FAILED',
      allowedTransitions: [],
      logs: { nodes: [{ level: 'ERROR', message: 'exit code 1' }] },
    });
    expect((await stats(project.id)).successRate).toBe(0);
  });

  test('a message alone leaves the revision, an address alone the status', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    const one = (await api.must(owner, reportDocument, { id, input: { message: 'waiting' } })).deploymentReport.deployment;
    expect(one).toMatchObject({ status: 'PENDING', revision: 1 });
    const two = (await api.must(owner, reportDocument, { id, input: { url: 'https://a.example' } })).deploymentReport.deployment;
    expect(two).toMatchObject({ status: 'PENDING', revision: 2, url: 'https://a.example/' });
    expect((await stats(project.id)).byStatus).toEqual({ PENDING: 1 });
  });

  test.each([
    [['SUCCESS'], 'PENDING', 'From there it can become ROLLED_BACK.'],
    [['SUCCESS'], 'SUCCESS', 'From there it can become ROLLED_BACK.'],
    [['DEPLOYING'], 'ROLLED_BACK', 'From there it can become SUCCESS, FAILED, CANCELLED.'],
    [['FAILED'], 'SUCCESS', 'That is final.'],
    [['CANCELLED'], 'DEPLOYING', 'That is final.'],
    [['SUCCESS', 'ROLLED_BACK'], 'SUCCESS', 'That is final.'],
  ])('after %j, %s is refused and nothing is written', async (before, next, hint) => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    for (const status of before) await report(id, status);
    const counted = await stats(project.id);
    const answer = await api.run(owner, reportDocument, { id, input: { status: next, message: 'not to be logged' } });
    expect(errorsOf(answer)).toMatchObject([
      { __typename: 'GenericError', code: 'INVALID_TRANSITION', field: ['input', 'status'], message: expect.stringContaining(hint) },
    ]);
    expect(answer.data.deploymentReport.deployment).toBeNull();
    expect(writesOf(answer)).toEqual([]);
    expect(await stats(project.id)).toEqual(counted);
    expect((await read(id)).logs.nodes).toEqual([]);
  });

  test.each([
    ['nothing', {}, ['input']],
    ['a long message', { message: 'x'.repeat(8193) }, ['input', 'message']],
    ['NUL in a message', { message: 'a\u0000' }, ['input', 'message']],
  ])('refuses %s', async (_, input, field) => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    expect(errorsOf(await api.run(owner, reportDocument, { id, input }))).toMatchObject([{ code: 'VALIDATION', field }]);
  });

  test('UNKNOWN is no input', async () => {
    const { errors } = await api.run(owner, reportDocument, { id: 'dep_x', input: { status: 'UNKNOWN' } });
    expect(errors[0]?.message).toContain('UNKNOWN is only ever returned');
  });

  test('a stale revision is a conflict that names what changed', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    await report(id, 'DEPLOYING', { url: 'https://a.example' });
    const answer = await api.run(owner, reportDocument, { id, input: { status: 'SUCCESS' }, rev: 1 });
    expect(errorsOf(answer)).toMatchObject([
      { __typename: 'ConflictError', code: 'CONFLICT', currentRevision: 2, changedFields: ['status', 'url'], current: { id } },
    ]);
    expect((await read(id)).status).toBe('DEPLOYING');
    expect((await api.must(owner, reportDocument, { id, input: { status: 'SUCCESS' }, rev: 2 })).deploymentReport.deployment.revision).toBe(
      3,
    );
  });

  test('dryRun answers what would be and writes nothing; a key answers a repetition', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    const dry = await api.run(owner, reportDocument, { id, input: { status: 'SUCCESS', message: 'm' }, dry: true });
    expect(dry.data.deploymentReport.deployment).toMatchObject({ status: 'SUCCESS', revision: 2 });
    expect(writesOf(dry)).toEqual([]);
    const variables = { id, input: { status: 'DEPLOYING', message: 'once' }, key: crypto.randomUUID() };
    for (let repetition = 0; repetition < 2; repetition += 1)
      expect((await api.must(owner, reportDocument, variables)).deploymentReport.deployment).toMatchObject({
        status: 'DEPLOYING',
        revision: 2,
      });
    expect((await read(id)).logs.nodes).toHaveLength(1);
  });

  test('50 parallel reports make exactly one transition', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => api.run(owner, reportDocument, { id, input: { status: 'SUCCESS', message: `by ${i}` } })),
    );
    const codes = answers.map((answer) => errorsOf(answer)[0]?.code ?? 'done');
    expect(codes.filter((code) => code === 'done')).toHaveLength(1);
    expect(codes.filter((code) => code === 'INVALID_TRANSITION')).toHaveLength(49);
    expect(await read(id)).toMatchObject({
      status: 'SUCCESS',
      revision: 2,
      logs: { nodes: [{ message: expect.stringMatching(/^by \d+$/) }] },
    });
    expect(await stats(project.id)).toEqual({ deployments: 1, byStatus: { SUCCESS: 1 }, successRate: 1 });
    expect((await activities(project.id)).filter(({ action }) => action === 'reported')).toHaveLength(1);
  }, 30_000);

  test('parallel successes in one environment leave exactly one active', async () => {
    const project = await fakeProject(api, owner);
    const made = await Promise.all(Array.from({ length: 12 }, (_, i) => create(project.id, { version: ids.format(i) })));
    const staging = await released(project.id, 's', { environment: 'STAGING' });
    await Promise.all(made.map(({ id }: Data) => report(id, 'SUCCESS')));
    const document = `query ($id: ID!) { project(id: $id) { production: activeDeployment(environment: PRODUCTION) { id } staging: activeDeployment(environment: STAGING) { id } none: activeDeployment(environment: DEVELOPMENT) { id } deployments(first: 50) { nodes { id environment active } } } }`;
    const data = (await api.must(owner, document, { id: project.id })).project;
    const active = data.deployments.nodes.filter((one: Data) => one.active && one.environment === 'PRODUCTION');
    expect(active).toEqual([{ id: data.production.id, environment: 'PRODUCTION', active: true }]);
    expect(data.staging).toEqual({ id: staging.id });
    expect(data.none).toBeNull();
    expect((await stats(project.id)).byStatus).toEqual({ SUCCESS: 13 });
  }, 30_000);
});

describe('the active deployment', () => {
  const activeOf = async (projectId: string): Promise<string | null> => {
    const document = `query ($id: ID!) { project(id: $id) { activeDeployment(environment: PRODUCTION) { id } } }`;
    return ((await api.must(owner, document, { id: projectId })).project.activeDeployment?.id ?? null) as string | null;
  };

  test('is the one that succeeded last, not the one that was created last', async () => {
    const project = await fakeProject(api, owner);
    const [older, newer] = [await create(project.id, { version: '1' }), await create(project.id, { version: '2' })];
    expect(await activeOf(project.id)).toBeNull();
    await report(newer.id, 'SUCCESS');
    expect(await activeOf(project.id)).toBe(newer.id);
    await report(older.id, 'SUCCESS');
    expect(await activeOf(project.id)).toBe(older.id);
    expect([(await read(older.id)).active, (await read(newer.id)).active]).toEqual([true, false]);
  });

  test.each([
    ['rolled back by its pipeline', (id: string) => report(id, 'ROLLED_BACK')],
    ['deleted', (id: string) => api.must(owner, deleteDocument, { id })],
  ])('that is %s leaves the newest successful one', async (_, end) => {
    const project = await fakeProject(api, owner);
    const [older, newer] = [await create(project.id, { version: '1' }), await released(project.id, '2')];
    await report(older.id, 'SUCCESS');
    await end(older.id as string);
    expect(await activeOf(project.id)).toBe(newer.id);
    const pointers = (await api.rows('projects', project.id as string)).filter(({ userId }) => String(userId).startsWith('~#active#'));
    expect(pointers).toEqual([]);
  });
});

describe('deploymentCancel', () => {
  test('cancels what has not ended', async () => {
    const project = await fakeProject(api, owner);
    for (const before of [[], ['DEPLOYING']]) {
      const { id } = await create(project.id);
      for (const status of before) await report(id, status);
      const dry = await api.run(owner, cancelDocument, { id, dry: true });
      expect(dry.data.deploymentCancel.deployment.status).toBe('CANCELLED');
      expect(writesOf(dry)).toEqual([]);
      const { deployment } = (await api.must(owner, cancelDocument, { id, reason: 'wrong branch' })).deploymentCancel;
      expect(deployment).toMatchObject({ status: 'CANCELLED', allowedTransitions: [], timing: { finishedAt: expect.any(String) } });
      expect((await read(id)).logs.nodes).toMatchObject([{ level: 'INFO', message: 'wrong branch' }]);
    }
    expect((await stats(project.id)).byStatus).toEqual({ CANCELLED: 2 });
    expect((await activities(project.id)).filter(({ action }) => action === 'cancelled')).toHaveLength(2);
  });

  test('refuses what has ended', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await released(project.id, '1');
    expect(errorsOf(await api.run(owner, cancelDocument, { id }))).toMatchObject([
      { code: 'INVALID_TRANSITION', field: ['id'], message: expect.stringContaining('SUCCESS') },
    ]);
  });

  test('names its own argument for a bad reason', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    expect(errorsOf(await api.run(owner, cancelDocument, { id, reason: 'x'.repeat(9000) }))).toMatchObject([
      { code: 'VALIDATION', field: ['reason'] },
    ]);
  });
});

describe('deploymentRollback', () => {
  test('returns to the previous successful version of the same environment', async () => {
    const project = await fakeProject(api, owner);
    const first = await released(project.id, '1.0.0', { provider: 'VERCEL', metadata: { region: 'fra' } });
    await released(project.id, '1.5.0-staging', { environment: 'STAGING' });
    await report((await create(project.id, { version: '1.6.0' })).id, 'FAILED');
    const second = await released(project.id, '2.0.0');
    expect((await read(second.id)).previousSuccessful).toEqual({ id: first.id });
    const dry = await api.run(owner, rollbackDocument, { id: second.id, dry: true });
    expect(dry.data.deploymentRollback.deployment).toMatchObject({ version: '1.0.0' });
    expect(writesOf(dry)).toEqual([]);
    const answer = await api.run(owner, rollbackDocument, { id: second.id });
    expect(errorsOf(answer)).toEqual([]);
    expect(writesOf(answer)).toEqual(['TransactWriteItems']);
    const { deployment, rolledBack } = answer.data.deploymentRollback;
    expect(deployment).toMatchObject({
      status: 'PENDING',
      version: '1.0.0',
      provider: 'VERCEL',
      environment: 'PRODUCTION',
      metadata: { region: 'fra' },
      rollbackOf: { id: second.id },
      url: null,
      revision: 1,
    });
    expect(rolledBack).toMatchObject({ id: second.id, status: 'ROLLED_BACK', active: false, rolledBackBy: { id: deployment.id } });
    expect(await stats(project.id)).toEqual({
      deployments: 5,
      byStatus: { SUCCESS: 2, FAILED: 1, ROLLED_BACK: 1, PENDING: 1 },
      successRate: 0.75,
    });
    expect(
      (await activities(project.id))
        .slice(0, 2)
        .map(({ action }) => action)
        .toSorted(),
    ).toEqual(['created', 'rolled-back']);
    // Until the rollback succeeds, the deployment before is what counts as active.
    expect((await read(first.id)).active).toBe(true);
    await report(deployment.id, 'SUCCESS');
    expect((await read(deployment.id)).active).toBe(true);
    expect((await read(first.id)).active).toBe(false);
  });

  test('of a failed deployment leaves it failed, and happens once', async () => {
    const project = await fakeProject(api, owner);
    const first = await released(project.id, '1');
    const { id } = await create(project.id, { version: '2' });
    await report(id, 'FAILED');
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.run(owner, rollbackDocument, { id })));
    const codes = answers.map((answer) => errorsOf(answer)[0]?.code ?? 'done');
    expect(codes.toSorted()).toEqual([...Array<string>(7).fill('INVALID_TRANSITION'), 'done']);
    expect(await read(id)).toMatchObject({
      status: 'FAILED',
      previousSuccessful: { id: first.id },
      rolledBackBy: { id: expect.any(String) },
    });
    expect((await stats(project.id)).byStatus).toEqual({ SUCCESS: 1, FAILED: 1, PENDING: 1 });
  }, 30_000);

  test('is refused where nothing can be rolled back', async () => {
    const project = await fakeProject(api, owner);
    const pending = await create(project.id);
    const first = await released(project.id, '1');
    const refusal = async (id: string): Promise<Data> => errorsOf(await api.run(owner, rollbackDocument, { id }))[0];
    expect(await refusal(pending.id)).toMatchObject({
      code: 'INVALID_TRANSITION',
      field: ['id'],
      message: expect.stringContaining('PENDING'),
    });
    expect(await refusal(first.id)).toMatchObject({
      code: 'INVALID_TRANSITION',
      message: expect.stringContaining('no earlier successful deployment'),
    });
    const second = await released(project.id, '2');
    const third = await released(project.id, '3');
    expect(await refusal(second.id)).toMatchObject({ code: 'INVALID_TRANSITION', message: expect.stringContaining(third.id) });
    expect((await stats(project.id)).byStatus).toEqual({ PENDING: 1, SUCCESS: 3 });
  });

  test('steps over what was rolled back before', async () => {
    const project = await fakeProject(api, owner);
    await released(project.id, '1');
    await released(project.id, '2');
    const third = await released(project.id, '3');
    const back = (await api.must(owner, rollbackDocument, { id: third.id })).deploymentRollback.deployment;
    expect(back.version).toBe('2');
    await report(back.id, 'SUCCESS');
    const again = (await api.must(owner, rollbackDocument, { id: back.id })).deploymentRollback.deployment;
    expect(again.version).toBe('2');
    expect(again.rollbackOf).toEqual({ id: back.id });
  });

  test('a stale revision is a conflict; a key answers a repetition', async () => {
    const project = await fakeProject(api, owner);
    await released(project.id, '1');
    const { id } = await released(project.id, '2');
    expect(errorsOf(await api.run(owner, rollbackDocument, { id, rev: 1 }))).toMatchObject([{ code: 'CONFLICT', currentRevision: 2 }]);
    const variables = { id, rev: 2, key: crypto.randomUUID() };
    const [one, two] = [await api.must(owner, rollbackDocument, variables), await api.must(owner, rollbackDocument, variables)];
    expect(two.deploymentRollback.deployment.id).toBe(one.deploymentRollback.deployment.id);
    expect((await stats(project.id)).deployments).toBe(3);
  });
});

describe('deploymentDelete', () => {
  test('removes the deployment, its log and its counts', async () => {
    const project = await fakeProject(api, owner);
    const first = await released(project.id, '1');
    const { id } = await create(project.id, { version: '2' });
    await report(id, 'SUCCESS', { message: 'one' });
    expect((await read(id)).active).toBe(true);
    const dry = await api.run(owner, deleteDocument, { id, dry: true });
    expect(dry.data.deploymentDelete).toMatchObject({ deletedId: id, deletedCounts: { deployments: 1 } });
    expect(writesOf(dry)).toEqual([]);
    expect(errorsOf(await api.run(owner, deleteDocument, { id, rev: 1 }))).toMatchObject([{ code: 'CONFLICT' }]);
    expect(await read(id)).not.toBeNull();
    expect((await api.must(owner, deleteDocument, { id })).deploymentDelete).toMatchObject({
      deletedId: id,
      deletedCounts: { deployments: 1 },
    });
    expect(await read(id)).toBeNull();
    await api.settled();
    expect(await api.rows('deployments', id)).toEqual([]);
    expect((await stats(project.id)).byStatus).toEqual({ SUCCESS: 1 });
    expect((await read(first.id)).active).toBe(true);
    expect((await activities(project.id))[0]).toMatchObject({ action: 'deleted', entityId: id, entityName: '2 (production)' });
    expect(errorsOf(await api.run(owner, deleteDocument, { id }))).toMatchObject([{ code: 'NOT_FOUND', field: ['id'] }]);
  });

  test('goes on where an interrupted one stopped, and what is half gone is invisible', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    await api.must(owner, reportDocument, { id, input: { message: 'left behind' } });
    const [row] = await api.rows('deployments', id);
    await api.putRow('deployments', { ...row, status: 'deleting' });
    expect(await read(id)).toBeNull();
    expect((await api.must(owner, 'query ($id: ID!) { node(id: $id) { id } }', { id })).node).toBeNull();
    expect((await api.must(owner, listDocument, { id: project.id })).project.deployments).toMatchObject({
      nodes: [],
      countUpTo: { value: 0 },
    });
    for (const [document, variables] of [
      [reportDocument, { id, input: { status: 'SUCCESS' } }],
      [cancelDocument, { id }],
      [rollbackDocument, { id }],
    ] as const) {
      expect(errorsOf(await api.run(owner, document, variables))).toMatchObject([{ code: 'NOT_FOUND' }]);
    }
    expect(errorsOf(await api.run(stranger, deleteDocument, { id }))).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await api.must(owner, deleteDocument, { id })).deploymentDelete).toMatchObject({
      deletedId: id,
      deletedCounts: { deployments: 0 },
    });
    await api.settled();
    expect(await api.rows('deployments', id)).toEqual([]);
  });
});

describe('lists', () => {
  test('project.deployments: newest first or oldest first, filters, exact pages both ways', async () => {
    const project = await fakeProject(api, owner);
    const made: string[] = [];
    for (let i = 0; i < 7; i += 1) made.push((await create(project.id, { environment: i % 2 === 0 ? 'STAGING' : 'PRODUCTION' })).id);
    const [, second] = made;
    await report(second!, 'SUCCESS');
    const list = async (variables: object): Promise<Data> =>
      (await api.must(owner, listDocument, { id: project.id, ...variables })).project.deployments;
    const idsOf = (page: Data): string[] => page.nodes.map((node: Data) => node.id);
    const newest = made.toReversed();
    const one = await list({ first: 3 });
    expect(idsOf(one)).toEqual(newest.slice(0, 3));
    expect(one.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const two = await list({ first: 4, after: one.pageInfo.endCursor });
    expect(idsOf(two)).toEqual(newest.slice(3));
    expect(two.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(idsOf(await list({ last: 2, before: two.pageInfo.startCursor }))).toEqual(newest.slice(1, 3));
    expect(idsOf(await list({ order: { direction: 'ASC' } }))).toEqual(made);
    expect(idsOf(await list({ filter: { environment: 'PRODUCTION' } }))).toEqual([made[5], made[3], made[1]]);
    expect(idsOf(await list({ filter: { environment: 'PRODUCTION', status: 'SUCCESS' } }))).toEqual([made[1]]);
    expect(idsOf(await list({ filter: { environment: 'STAGING', status: 'SUCCESS' } }))).toEqual([]);
    expect(one.countUpTo).toEqual({ value: 7, precision: 'EXACT' });
    const { errors } = await api.run(owner, listDocument, {
      id: project.id,
      first: 3,
      after: one.pageInfo.endCursor,
      filter: { status: 'SUCCESS' },
    });
    expect(errors[0]?.extensions?.['code']).toBe('BAD_CURSOR');
    const { calls } = await api.run(owner, listDocument, { id: project.id });
    expect(calls.filter(({ table }) => table === 'deployments').map(({ index }) => index)).toContain('ProjectIdIndex');
  });

  test('viewer.deployments: all by UserIdIndex, those with a status by UserIdStatusIndex', async () => {
    const user = await api.signUp();
    const [one, two] = [await fakeProject(api, user), await fakeProject(api, user)];
    const made = [await create(one.id, {}, user), await create(two.id, {}, user), await create(one.id, {}, user)].map(({ id }: Data) => id);
    await api.must(user, reportDocument, { id: made[1], input: { status: 'FAILED' } });
    const document = `query ($status: DeploymentStatus) { viewer { deployments(first: 2, status: $status) { nodes { id status } pageInfo { hasNextPage endCursor } } } }`;
    const all = await api.run(user, document);
    expect(all.data.viewer.deployments.nodes.map((node: Data) => node.id)).toEqual([made[2], made[1]]);
    expect(all.data.viewer.deployments.pageInfo.hasNextPage).toBe(true);
    expect(all.calls.some(({ index }) => index === 'UserIdIndex')).toBe(true);
    const failed = await api.run(user, document, { status: 'FAILED' });
    expect(failed.data.viewer.deployments).toMatchObject({ nodes: [{ id: made[1], status: 'FAILED' }], pageInfo: { hasNextPage: false } });
    expect(failed.calls.some(({ index }) => index === 'UserIdStatusIndex')).toBe(true);
    expect(failed.calls.some(({ index }) => index === 'UserIdIndex')).toBe(false);
    const pending = await api.run(user, document, { status: 'PENDING' });
    expect(pending.data.viewer.deployments.nodes.map((node: Data) => node.id).toSorted()).toEqual([made[0], made[2]].toSorted());
  });
});

describe('who may', () => {
  const writes = (id: string, projectId: string): [string, Record<string, unknown>][] => [
    [createDocument, { input: { projectId, environment: 'PRODUCTION', provider: 'AWS', version: '1' } }],
    [reportDocument, { id, input: { status: 'SUCCESS' } }],
    [cancelDocument, { id }],
    [rollbackDocument, { id }],
    [`mutation ($id: ID!) { deploymentLogAppend(id: $id, entries: [{ message: "m" }]) { deployment { id } ${errorFields} } }`, { id }],
    [deleteDocument, { id }],
  ];

  test('strangers see nothing and get NOT_FOUND, as for what does not exist', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await released(project.id, '1');
    expect(await read(id, stranger)).toBeNull();
    for (const [document, variables] of writes(id, project.id)) {
      const [error] = errorsOf(await api.run(stranger, document, variables));
      const missing = JSON.stringify(variables)
        .replaceAll(id, 'dep_01jd3kq7m8e0h8x2v5w9y4z6ab')
        .replaceAll(project.id, 'prj_01jd3kq7m8e0h8x2v5w9y4z6ab');
      const [same] = errorsOf(await api.run(owner, document, JSON.parse(missing) as Record<string, unknown>));
      expect(error).toMatchObject({ code: 'NOT_FOUND' });
      expect(same).toEqual({
        ...error,
        message: error.message.replace(id, 'dep_01jd3kq7m8e0h8x2v5w9y4z6ab').replace(project.id, 'prj_01jd3kq7m8e0h8x2v5w9y4z6ab'),
      });
    }
    expect((await read(id)).status).toBe('SUCCESS');
  });

  test('anonymous callers are told to sign in', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    expect(await read(id, null)).toBeNull();
    for (const [document, variables] of writes(id, project.id)) {
      const { errors } = await api.run(null, document, variables);
      expect(errors[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
    }
  });

  test('viewers read and are refused writes; developers write', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    const [viewer, developer] = await Promise.all([api.signUp(), api.signUp()]);
    await Promise.all([addMember(project.id, viewer, 'viewer'), addMember(project.id, developer, 'developer')]);
    expect((await read(id, viewer)).id).toBe(id);
    for (const [document, variables] of writes(id, project.id)) {
      expect(errorsOf(await api.run(viewer, document, variables))).toMatchObject([{ code: 'FORBIDDEN' }]);
    }
    expect(errorsOf(await api.run(developer, reportDocument, { id, input: { status: 'DEPLOYING' } }))).toEqual([]);
  });

  test('an API key with the scope DEPLOY suffices, one with READ does not', async () => {
    const project = await fakeProject(api, owner);
    const { id } = await create(project.id);
    const keyWith = async (scope: string): Promise<{ token: string }> => {
      const { apiKeyCreate } = await api.must(
        owner,
        'mutation ($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { secret userErrors { code message } } }',
        {
          input: { name: `ci ${scope}`, scopes: [scope] },
        },
      );
      return { token: apiKeyCreate.secret };
    };
    const [deploy, reader] = await Promise.all([keyWith('DEPLOY'), keyWith('READ')]);
    expect(errorsOf(await api.run(reader, reportDocument, { id, input: { status: 'DEPLOYING' } }))).toMatchObject([
      { code: 'FORBIDDEN', message: expect.stringContaining('DEPLOY') },
    ]);
    expect(errorsOf(await api.run(deploy, reportDocument, { id, input: { status: 'DEPLOYING' } }))).toEqual([]);
    const input = { projectId: project.id, environment: 'PRODUCTION', provider: 'AWS', version: '1' };
    expect(errorsOf(await api.run(deploy, createDocument, { input }))).toEqual([]);
  });
});

describe('rows of the earlier backend', () => {
  const old = (projectId: string, overrides: Row = {}): Row => {
    const createdAt = overrides['createdAt'] ?? '2024-05-01T10:00:00.000Z';
    return {
      id: crypto.randomUUID(),
      userId: owner.id,
      projectId,
      environment: 'production',
      status: 'success',
      provider: 'aws',
      version: '0.9.0',
      createdAt,
      updatedAt: createdAt,
      ...overrides,
    };
  };
  const put = async (projectId: string, overrides: Row = {}): Promise<string> => {
    const row = old(projectId, overrides);
    await api.putRow('deployments', row);
    return row['id'] as string;
  };

  test.each([
    ['pending', 'PENDING', 4],
    ['deploying', 'DEPLOYING', 3],
    ['success', 'SUCCESS', 1],
    ['failed', 'FAILED', 0],
    ['rolled-back', 'ROLLED_BACK', 0],
    ['paused', 'UNKNOWN', 0],
  ])('status %s reads as %s', async (stored, status, next) => {
    const project = await fakeProject(api, owner);
    const deployment = await read(await put(project.id, { status: stored }));
    expect(deployment).toMatchObject({ status, revision: 1, rollbackOf: null, metadata: null });
    expect(deployment.allowedTransitions).toHaveLength(next);
  });

  test('unknown provider and environment, no version, a creator in userId', async () => {
    const project = await fakeProject(api, owner);
    const creator = await api.signUp();
    const row = old(project.id, { userId: creator.id, provider: 'fly', environment: 'qa' });
    delete row['version'];
    await api.putRow('deployments', row);
    expect(await read(row['id'] as string)).toMatchObject({
      provider: 'UNKNOWN',
      environment: 'UNKNOWN',
      version: null,
      createdBy: { id: creator.id },
      active: true,
    });
    const listed = (await api.must(owner, listDocument, { id: project.id })).project.deployments.nodes;
    expect(listed).toEqual([{ id: row['id'], status: 'SUCCESS', environment: 'UNKNOWN' }]);
    // Its creator is no member (any more): neither by id nor in a list.
    expect(await read(row['id'] as string, creator)).toBeNull();
    const document =
      '{ viewer { deployments { nodes { id } pageInfo { hasNextPage } } failed: deployments(status: SUCCESS) { nodes { id } } } }';
    expect((await api.must(creator, document)).viewer).toEqual({
      deployments: { nodes: [], pageInfo: { hasNextPage: false } },
      failed: { nodes: [] },
    });
    expect(errorsOf(await api.run(creator, deleteDocument, { id: row['id'] }))).toMatchObject([{ code: 'NOT_FOUND' }]);
    await addMember(project.id, creator, 'viewer');
    expect((await api.must(creator, document)).viewer.deployments.nodes).toEqual([{ id: row['id'] }]);
  });

  test('can be reported, rolled back and deleted; they are in no counter before and after', async () => {
    const project = await fakeProject(api, owner);
    const first = await put(project.id, { version: '0.8.0', createdAt: '2024-04-01T10:00:00.000Z' });
    const second = await put(project.id);
    const pending = await put(project.id, { status: 'pending', environment: 'staging' });
    expect((await read(second)).active).toBe(true);
    expect(await read(first)).toMatchObject({ active: false });
    expect(await report(pending, 'FAILED')).toMatchObject({ status: 'FAILED', revision: 2 });
    expect(await stats(project.id)).toEqual({ deployments: 0, byStatus: {}, successRate: null });
    const back = (await api.must(owner, rollbackDocument, { id: second })).deploymentRollback;
    expect(back).toMatchObject({ deployment: { version: '0.8.0' }, rolledBack: { status: 'ROLLED_BACK' } });
    expect(await stats(project.id)).toEqual({ deployments: 1, byStatus: { PENDING: 1 }, successRate: null });
    await api.must(owner, deleteDocument, { id: first });
    await api.settled();
    expect(await api.rows('deployments', first)).toEqual([]);
    expect((await stats(project.id)).deployments).toBe(1);
  });
});

test.each([1e300, 2 ** 60])('refuses the number %p in metadata, which DynamoDB can not keep exactly', async (number) => {
  const owner = await api.signUp();
  const project = await fakeProject(api, owner);
  const { data, errors } = await api.run(
    owner,
    'mutation ($input: DeploymentCreateInput!) { deploymentCreate(input: $input) { deployment { id } userErrors { code field } } }',
    { input: { projectId: project.id, environment: 'STAGING', provider: 'AWS', metadata: { number } } },
  );
  expect(errors).toEqual([]);
  expect(data.deploymentCreate).toEqual({ deployment: null, userErrors: [{ code: 'VALIDATION', field: ['input', 'metadata'] }] });
});
