/**
 * Lists read only the attributes that the selected fields need. Each field, selected alone, must be what it is when
 * everything is selected and the whole row is read: a wrong entry in src/graphql/attributes.ts fails here.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getNamedType, isEnumType, isNonNullType, isObjectType, isScalarType, type GraphQLField, type GraphQLObjectType } from 'graphql';
import { attributesOfFields } from '../../src/graphql/attributes.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { fakeArchitecture, fakeDeployment, fakeEvent, fakeIntegration, fakeProject, fakeSchema } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let projectId: string;

const old = { createdAt: '2023-05-01T10:00:00.000Z', updatedAt: '2023-05-02T10:00:00.000Z' };
const later = Math.floor(Date.now() / 1000) + 86_400;

/** Rows of the earlier backend, with everything that it or this API could write. */
function oldRows(
  userId: string,
  createdById: string,
  otherDeployment: string,
): [Parameters<Harness['putRow']>[0], Record<string, unknown>][] {
  const child = { id: crypto.randomUUID(), userId, projectId, createdById, revision: 3, ...old };
  const tables = [{ id: 't', name: 'users', fields: [{ name: 'id', type: 'uuid', required: true }], indexes: [] }];
  const nodes = [{ id: 'a', type: 'api', label: 'API', position: { x: 1, y: 2 }, data: {} }];
  return [
    ['schemas', { ...child, name: 'old', version: 7, tables, relationships: [] }],
    ['architectures', { ...child, name: 'old', nodes, edges: [], metadata: { a: 1 } }],
    ['codeGenerations', { ...child, id: crypto.randomUUID(), type: 'full-stack', prompt: 'y', status: 'generating', generatedCode: [] }],
    ['codeGenerations', { ...child, type: 'api', prompt: 'x', status: 'failed', error: 'no', generatedCode: [], ttl: later }],
    [
      'deployments',
      {
        ...child,
        environment: 'production',
        status: 'success',
        provider: 'aws',
        url: 'https://a.example',
        version: '1',
        metadata: { a: 1 },
        ...{ startedAt: old.createdAt, finishedAt: old.updatedAt, rollbackOfId: otherDeployment, rolledBackById: otherDeployment },
      },
    ],
    ['analytics', { ...child, timestamp: old.createdAt, metric: 'x', value: 1, dimensions: { a: 'b' }, ttl: later }],
    [
      'activity',
      { ...child, action: 'created', entityType: 'schema', entityId: 'x', metadata: { entityName: 'n', changedFields: ['a'] }, ttl: later },
    ],
    ['integrations', { ...child, type: 'slack', name: 'Chat', enabled: 'true', config: {}, lastSyncedAt: old.createdAt }],
  ];
}

beforeAll(async () => {
  harness = await createHarness();
  ada = await harness.signUp();
  projectId = (await fakeProject(harness, ada, { description: 'd', framework: 'f', database: 'db', tags: ['a'], repository: 'r' })).id;
  await fakeSchema(harness, ada, { projectId });
  await fakeArchitecture(harness, ada, { projectId });
  const { id: otherDeployment } = await fakeDeployment(harness, ada, { projectId });
  await fakeIntegration(harness, ada, { projectId });
  await fakeEvent(harness, ada, { projectId, dimensions: { region: 'eu' } });
  const bob = await harness.signUp({ username: 'Bob' });
  for (const [table, row] of oldRows(ada.id, bob.id, otherDeployment)) await harness.putRow(table, row);
});
afterAll(() => harness.close());

const schema = createSchema();
const typeOf = (name: string): GraphQLObjectType => schema.getType(name) as GraphQLObjectType;

/** Writes the selection of a field with all scalars below it, two levels deep; null for fields with arguments that must be given. */
function selectionOf(field: GraphQLField<unknown, unknown>, depth = 0): string | null {
  const type = getNamedType(field.type);
  if (field.args.some((arg) => isNonNullType(arg.type) && arg.defaultValue === undefined)) return null;
  if (isScalarType(type) || isEnumType(type)) return field.name;
  if (!isObjectType(type)) return depth === 0 ? `${field.name} { __typename }` : null;
  if (depth > 2) return null;
  const inner = Object.values(type.getFields())
    .filter(
      ({ name }) =>
        depth < 2 && !['edges', 'pageInfo', 'project', 'owner', 'createdBy', 'from', 'to', 'previousFrom', 'usage'].includes(name),
    )
    .flatMap((child) => selectionOf(child, depth + 1) ?? []);
  const scalars = inner.filter((text) => depth === 0 || !text.includes('{') || text.startsWith('nodes'));
  return scalars.length > 0 ? `${field.name} { ${scalars.join(' ')} }` : `${field.name} { __typename }`;
}

const selectionsOf = (type: GraphQLObjectType): [string, string][] =>
  Object.values(type.getFields()).flatMap((field) => {
    const selection = selectionOf(field);
    return selection === null ? [] : [[field.name, selection] as [string, string]];
  });

const lists: Record<string, string> = {
  DatabaseSchema: 'schemas',
  Architecture: 'architectures',
  CodeGeneration: 'codeGenerations',
  Deployment: 'deployments',
  MetricEvent: 'metricEvents',
  Activity: 'activity',
  Integration: 'integrations',
};

async function nodesOf(list: string, selection: string, limit: string): Promise<Data[]> {
  const document = `query ($id: ID!) { project(id: $id) { ${list}(${limit}) { nodes { ${selection} } } } }`;
  return (await harness.must(ada, document, { id: projectId })).project[list].nodes;
}

describe.each(Object.entries(lists))('each field of %s in a list', (typeName, list) => {
  let whole: Data[];
  const fields = selectionsOf(typeOf(typeName));
  beforeAll(async () => {
    whole = await nodesOf(list, fields.map(([, selection]) => selection).join(' '), 'first: 50');
  });

  test.each(fields)('%s needs no more than is read for it', async (name, selection) => {
    expect(whole.length).toBeGreaterThan(1);
    expect((await nodesOf(list, selection, 'first: 50')).map((node) => node[name] as unknown)).toEqual(
      whole.map((node) => node[name] as unknown),
    );
  });
});

describe('each field of Project in a list', () => {
  const fields = selectionsOf(typeOf('Project'));
  const read = async (selection: string): Promise<Data> =>
    (await harness.must(ada, `{ viewer { projects { nodes { ${selection} } } } }`)).viewer.projects.nodes[0];

  test.each(fields)('%s needs no more than is read for it', async (name, selection) => {
    const whole = await harness.must(ada, `query ($id: ID!) { project(id: $id) { ${selection} } }`, { id: projectId });
    expect((await read(selection))[name]).toEqual(whole.project[name]);
  });
});

describe('each field of the viewer', () => {
  const fields = selectionsOf(typeOf('User'));

  test.each(fields)('%s needs no more than is read for it', async (name, selection) => {
    const { viewer: alone } = await harness.must(ada, `{ viewer { ${selection} } }`);
    const { viewer: whole } = await harness.must(ada, `{ viewer { email ${selection} } }`);
    expect(alone[name]).toEqual(whole[name]);
  });
});

test('every entry names a field that exists', () => {
  for (const [type, fields] of Object.entries(attributesOfFields))
    expect(Object.keys(typeOf(type).getFields())).toEqual(expect.arrayContaining(Object.keys(fields)));
});
