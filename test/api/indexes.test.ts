/**
 * Every index serves a field of the API: one row for each, exhaustive by type, so that an index without a field does not
 * compile; proved by the calls to DynamoDB that the field makes. And nothing scans.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isObjectType } from 'graphql';
import type { DatabaseCall } from '../../src/data/connection.ts';
import { tableIds, tables, type IndexName, type TableId } from '../../src/data/tables.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import {
  fakeArchitecture,
  fakeDeployment,
  fakeEvent,
  fakeIntegration,
  fakeInvitation,
  fakeOldGeneration,
  fakePage,
  fakeProject,
  fakeSchema,
} from '../support/factories.ts';
import { createHarness, type Harness, type TestUser } from '../support/harness.ts';

/** Such as `schemas.ProjectIdIndex`. */
type IndexId = { [T in TableId]: `${T}.${IndexName<T>}` }[TableId];

interface Service {
  /** The field whose description names the index. */
  field: string;
  /** What a client selects: of the viewer, of a project, or of the admin fields. */
  selection: string;
  /** Another index of the table that the field reads too, for the reason that its description gives. */
  also?: string;
}

const nodes = '{ nodes { id } }';
const viewer = (name: string, args = '', selection = nodes): Service => ({
  field: `User.${name}`,
  selection: `{ viewer { ${name}${args} ${selection} } }`,
});
const project = (name: string, args = '', selection = nodes): Service => ({
  field: `Project.${name}`,
  selection: `query ($id: ID!) { project(id: $id) { ${name}${args} ${selection} } }`,
});
const admin = (name: string, args: string, selection = nodes): Service => ({
  field: `Admin.${name}`,
  selection: `{ admin { ${name}(${args}) ${selection} } }`,
});

const services: Record<IndexId, readonly Service[]> = {
  'projects.UserIdIndex': [viewer('projects')],
  'projects.StatusIndex': [admin('projectsByStatus', 'status: DRAFT')],
  'schemas.UserIdIndex': [viewer('schemas')],
  'schemas.ProjectIdIndex': [project('schemas')],
  'schemas.ProjectIdNameIndex': [project('schema', '(name: "main")', '{ id versions { nodes { id } } }')],
  'architectures.UserIdIndex': [viewer('architectures')],
  'architectures.ProjectIdIndex': [project('architectures')],
  'codeGenerations.UserIdIndex': [viewer('codeGenerations')],
  'codeGenerations.ProjectIdIndex': [project('codeGenerations')],
  'codeGenerations.StatusIndex': [admin('codeGenerationsByStatus', 'status: COMPLETED')],
  'deployments.UserIdIndex': [viewer('deployments')],
  'deployments.ProjectIdIndex': [project('deployments')],
  'deployments.UserIdStatusIndex': [viewer('deployments', '(status: PENDING)')],
  'deployments.EnvironmentIndex': [admin('deploymentsByEnvironment', 'environment: STAGING')],
  'analytics.UserIdTimestampIndex': [viewer('metricEvents'), viewer('usage', '', '{ metricEvents { value } }')],
  'analytics.ProjectIdIndex': [project('metricEvents'), project('metricEvents', '(metric: "http.requests", from: "2020-01-01T00:00:00Z")')],
  'analytics.MetricIndex': [admin('metricEvents', 'metric: "http.requests"')],
  'activity.UserIdIndex': [viewer('activity')],
  'activity.ProjectIdIndex': [project('activity')],
  'activity.EntityTypeIndex': [admin('activityByEntityType', 'entityType: PROJECT')],
  'documentation.UserIdIndex': [viewer('documentation')],
  'documentation.ProjectIdIndex': [{ ...project('documentation'), also: 'ProjectIdCategoryIndex' }],
  'documentation.ProjectIdCategoryIndex': [project('documentation', '(category: "guides")')],
  'teams.UserIdIndex': [viewer('memberships', '', '{ nodes { userId } }'), viewer('invitations')],
  'integrations.UserIdIndex': [viewer('integrations')],
  'integrations.ProjectIdIndex': [project('integrations'), project('integrations', '(type: GITHUB)')],
  'integrations.TypeIndex': [admin('integrationsByType', 'type: GITHUB'), admin('integrationsByType', 'type: GITHUB, enabled: true')],
  'users.EmailIndex': [admin('userByEmail', 'email: "someone-of-the-earlier-backend@example.com"', '{ id }')],
};

let harness: Harness;
let ada: TestUser;
let projectId: string;
const calls: DatabaseCall[] = [];

beforeAll(async () => {
  harness = await createHarness();
  ada = await harness.signUp();
  const bob = await harness.signUp();
  const [row] = await harness.rows('users', ada.id);
  await harness.putRow('users', { ...row, role: 'admin' });
  projectId = (await fakeProject(harness, ada)).id;
  await fakeSchema(harness, ada, { projectId, name: 'main' });
  await fakeArchitecture(harness, ada, { projectId });
  await fakeDeployment(harness, ada, { projectId });
  await fakePage(harness, ada, { projectId });
  await fakeIntegration(harness, ada, { projectId });
  await fakeEvent(harness, ada, { projectId });
  await fakeOldGeneration(harness, ada, { projectId });
  const foreign = await fakeProject(harness, bob);
  await fakeInvitation(harness, bob, { projectId: foreign.id, email: ada.email });
  const joined = await fakeProject(harness, bob);
  await harness.putRow('teams', { projectId: joined.id, userId: ada.id, role: 'viewer', createdAt: new Date().toISOString() });
  const now = new Date().toISOString();
  const email = 'someone-of-the-earlier-backend@example.com';
  await harness.putRow('users', {
    id: 'user_earlier',
    email,
    username: 'old',
    passwordHash: 'x',
    profile: {},
    createdAt: now,
    updatedAt: now,
  });
});
afterAll(() => harness.close());

const rows = Object.entries(services).flatMap(([index, fields]) => fields.map((service) => ({ index, ...service })));

describe.each(rows)('$index serves $field', ({ index, field, selection, also }) => {
  test('as its calls show, with rows from it', async () => {
    const [table, name] = index.split('.');
    const answer = await harness.run(ada, selection, selection.includes('$id') ? { id: projectId } : {});
    calls.push(...answer.calls);
    expect(answer.errors).toEqual([]);
    const reads = answer.calls.filter((call) => call.operation === 'Query' && call.table === table && call.index === name);
    expect(reads.length).toBeGreaterThan(0);
    expect(reads.reduce((sum, call) => sum + call.items, 0)).toBeGreaterThan(0);
    // An object is found by id from its partition; no other index of the table is read in its place.
    const others = answer.calls.filter((call) => call.table === table && ![undefined, name, also].includes(call.index));
    expect(others).toEqual([]);
  });

  test('as its description says', () => {
    const [typeName = '', fieldName = ''] = field.split('.');
    const type = createSchema().getType(typeName);
    const description = isObjectType(type) ? type.getFields()[fieldName]?.description : null;
    const named = [index.split('.')[1], also].filter((one) => one !== undefined);
    if (fieldName !== 'usage') for (const one of named) expect(description).toContain(one);
  });
});

test('there are 28 indexes, and a row for each', () => {
  const indexes = tableIds.flatMap((table) => Object.keys(tables[table].indexes).map((index) => `${table}.${index}`));
  expect(indexes).toHaveLength(28);
  expect(Object.keys(services).toSorted()).toEqual(indexes.toSorted());
});

test('no call was a scan, and none read more than one partition', () => {
  expect(calls.length).toBeGreaterThan(30);
  expect(new Set(calls.map(({ operation }) => operation))).toEqual(new Set(['GetItem', 'BatchGetItem', 'Query']));
});

test('the word for a scan is nowhere in the sources', () => {
  const folder = new URL('../../src/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(100);
  const scanning = files.filter((file) =>
    /\bScanCommand|\bpaginateScan|\bExecuteStatement|\.scan\(/.test(readFileSync(new URL(file, folder), 'utf8')),
  );
  expect(scanning).toEqual([]);
});
