import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeProject } from '../support/factories.ts';
import { createHarness, type Data, type Harness, type TestUser } from '../support/harness.ts';

let harness: Harness;
let ada: TestUser;
let bob: TestUser;
let projectId: string;

beforeAll(async () => {
  harness = await createHarness();
  [ada, bob] = await Promise.all([harness.signUp(), harness.signUp({ username: 'Bob' })]);
  projectId = (await fakeProject(harness, ada)).id;
});
afterAll(() => harness.close());

const errors =
  'userErrors { __typename message code field ... on ConflictError { currentRevision changedFields current { id ... on Architecture { nodeCount } } } }';
const body = 'nodes { id type label position { x y } data } edges { id source target label type } metadata nodeCount edgeCount';
const fields = `id name revision description createdAt updatedAt ${body}`;
const create = `mutation ($input: ArchitectureCreateInput!, $key: String, $dryRun: Boolean! = false) { architectureCreate(input: $input, idempotencyKey: $key, dryRun: $dryRun) { architecture { ${fields} } ${errors} } }`;
const update = `mutation ($id: ID!, $input: ArchitectureUpdateInput!, $rev: Int!, $key: String, $dryRun: Boolean! = false) { architectureUpdate(id: $id, input: $input, expectedRevision: $rev, idempotencyKey: $key, dryRun: $dryRun) { architecture { ${fields} } ${errors} } }`;
const remove = `mutation ($id: ID!, $rev: Int, $key: String, $dryRun: Boolean! = false) { architectureDelete(id: $id, expectedRevision: $rev, idempotencyKey: $key, dryRun: $dryRun) { deletedId deletedCounts { architectures schemas } ${errors} } }`;
const read = `query ($id: ID!) { architecture(id: $id) { ${fields} project { id } createdBy { id } problems { rule severity path } mermaid: export(format: MERMAID) { text fileName warnings { code construct message line } } reactFlow: export(format: REACT_FLOW) { text fileName } c4: export(format: C4) { text fileName } svg: export(format: SVG) { text fileName } } node(id: $id) { __typename id } }`;

const shop = {
  nodes: [
    {
      id: 'web',
      type: 'frontend',
      label: 'Web',
      position: { x: 0, y: 12.5 },
      data: { technology: 'React', nested: { list: [1, null, 'two'] } },
    },
    { id: 'api', type: 'api', label: 'API', position: { x: 300, y: 0 } },
    { id: 'db', type: 'database', label: 'Orders' },
  ],
  edges: [
    { source: 'web', target: 'api', label: 'HTTPS' },
    { id: 'reads', source: 'api', target: 'db', type: 'sync' },
    { source: 'web', target: 'api' },
  ],
  metadata: { viewport: { zoom: 1.5 } },
};

async function made(input: Record<string, unknown> = shop): Promise<Data> {
  const { architectureCreate } = await harness.must(ada, create, { input: { projectId, name: 'Shop', ...input } });
  return architectureCreate.architecture;
}

const readBack = async (id: string, who: TestUser = ada): Promise<Data> => (await harness.must(who, read, { id })).architecture;

/** Nodes with data that does not compress. */
function heavyNodes(count: number, bytes: number): Data[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `n${i}`,
    type: 'service',
    label: `Node ${i}`,
    data: { note: randomBytes(bytes).toString('base64') },
  }));
}

const written = (calls: readonly { writeUnits: number }[]): unknown[] => calls.filter(({ writeUnits }) => writeUnits > 0);

describe('architectureCreate', () => {
  test('stores a diagram and reads it back through every field', async () => {
    const { id } = await made({ ...shop, description: 'Everything' });
    const { architecture, node } = await harness.must(ada, read, { id });
    expect(architecture).toMatchObject({
      name: 'Shop',
      description: 'Everything',
      revision: 1,
      nodeCount: 3,
      edgeCount: 3,
      metadata: { viewport: { zoom: 1.5 } },
      project: { id: projectId },
      createdBy: { id: ada.id },
      mermaid: { fileName: 'Shop.mmd', warnings: [] },
      reactFlow: { fileName: 'Shop.react-flow.json' },
      c4: { fileName: 'Shop.c4.mmd' },
      svg: { fileName: 'Shop.svg' },
    });
    expect(architecture.nodes).toEqual([shop.nodes[0], { ...shop.nodes[1], data: null }, { ...shop.nodes[2], data: null, position: null }]);
    expect(architecture.edges).toEqual([
      { id: 'edge_web_api', source: 'web', target: 'api', label: 'HTTPS', type: null },
      { id: 'reads', source: 'api', target: 'db', label: null, type: 'sync' },
      { id: 'edge_web_api_2', source: 'web', target: 'api', label: null, type: null },
    ]);
    expect(architecture.problems).toEqual([]);
    expect(node).toEqual({ __typename: 'Architecture', id });
    expect(id).toMatch(/^arc_/);
  });

  test('needs nothing but a name and a project', async () => {
    expect(await readBack((await made({ name: 'Empty', nodes: [], edges: [], metadata: null })).id)).toMatchObject({
      nodes: [],
      edges: [],
      metadata: null,
      nodeCount: 0,
      problems: [],
    });
  });

  test('leaves one activity and counts once', async () => {
    const project = await fakeProject(harness, ada);
    const { id } = await made({ ...shop, projectId: project.id });
    const { project: seen } = await harness.must(
      ada,
      'query ($id: ID!) { project(id: $id) { activity(first: 5) { nodes { action entityType entityId entityName entity { id } } } } }',
      { id: project.id },
    );
    expect(seen.activity.nodes[0]).toEqual({
      action: 'created',
      entityType: 'ARCHITECTURE',
      entityId: id,
      entityName: 'Shop',
      entity: { id },
    });
    const rows = await harness.rows('projects', project.id);
    expect(rows.map((row) => Number(row['architectures'] ?? 0)).reduce((a, b) => a + b)).toBe(1);
  });

  const deep = (levels: number): Data => (levels === 0 ? 'end' : { in: deep(levels - 1) });
  test.each<[string, Data, string[]]>([
    ['an edge from a node that is not there', { edges: [{ source: 'nowhere', target: 'db' }] }, ['input', 'edges', '0', 'source']],
    ['an edge to a node that is not there', { edges: [{ source: 'api', target: '' }] }, ['input', 'edges', '0', 'target']],
    ['two nodes of one id', { nodes: [...shop.nodes, shop.nodes[0]] }, ['input', 'nodes', '3', 'id']],
    ['two edges of one id', { edges: [shop.edges[1], shop.edges[1]] }, ['input', 'edges', '1', 'id']],
    ['a node without an id', { nodes: [{ id: ' ', type: 'api' }], edges: [] }, ['input', 'nodes', '0', 'id']],
    ['a node without a type', { nodes: [{ id: 'a', type: '' }], edges: [] }, ['input', 'nodes', '0', 'type']],
    ['a long label', { nodes: [{ id: 'a', type: 'api', label: 'x'.repeat(201) }], edges: [] }, ['input', 'nodes', '0', 'label']],
    ['a long edge label', { edges: [{ source: 'web', target: 'api', label: 'x'.repeat(201) }] }, ['input', 'edges', '0', 'label']],
    ['a control character', { nodes: [{ id: 'a', type: 'api', label: 'a\u0000b' }], edges: [] }, ['input', 'nodes', '0', 'label']],
    [
      'half a character in data',
      { nodes: [{ id: 'a', type: 'api', data: { a: ['\ud800'] } }], edges: [] },
      ['input', 'nodes', '0', 'data'],
    ],
    [
      'a position far outside',
      { nodes: [{ id: 'a', type: 'api', position: { x: 1, y: -1_000_001 } }], edges: [] },
      ['input', 'nodes', '0', 'position', 'y'],
    ],
    [
      '__proto__ in data',
      { nodes: [{ id: 'a', type: 'api', data: JSON.parse('{"a":{"__proto__":1}}') }], edges: [] },
      ['input', 'nodes', '0', 'data'],
    ],
    ['constructor in metadata', { metadata: JSON.parse('{"constructor":{}}') }, ['input', 'metadata']],
    ['data nested 33 deep', { nodes: [{ id: 'a', type: 'api', data: deep(33) }], edges: [] }, ['input', 'nodes', '0', 'data']],
    ['2,001 nodes', { nodes: Array.from({ length: 2001 }, (_, i) => ({ id: `n${i}`, type: 'x' })), edges: [] }, ['input', 'nodes']],
    ['5,001 edges', { edges: Array.from({ length: 5001 }, () => ({ source: 'web', target: 'api' })) }, ['input', 'edges']],
    ['an empty name', { name: '  ' }, ['input', 'name']],
    ['a long description', { description: 'x'.repeat(5001) }, ['input', 'description']],
  ])('refuses %s and writes nothing', async (_, input, field) => {
    const { data, calls } = await harness.run(ada, create, { input: { projectId, name: 'Shop', ...shop, ...input } });
    expect(data.architectureCreate.architecture).toBeNull();
    expect(data.architectureCreate.userErrors).toEqual([
      expect.objectContaining({ __typename: 'ValidationError', code: 'VALIDATION', field }),
    ]);
    expect(written(calls)).toEqual([]);
  });

  test('refuses an infinite coordinate, which a literal can hold', async () => {
    const { data } = await harness.run(
      ada,
      'mutation ($id: ID!) { architectureCreate(input: { projectId: $id, name: "x", nodes: [{ id: "a", type: "api", position: { x: 1e400, y: 0 } }] }) { userErrors { code field } } }',
      { id: projectId },
    );
    expect(data.architectureCreate.userErrors).toEqual([{ code: 'VALIDATION', field: ['input', 'nodes', '0', 'position', 'x'] }]);
  });

  test('answers a hopeless input with 100 problems at most', async () => {
    const edges = Array.from({ length: 5000 }, () => ({ source: 'gone', target: 'gone' }));
    const { data } = await harness.run(ada, create, { input: { projectId, name: 'x', nodes: [], edges } });
    expect(data.architectureCreate.userErrors).toHaveLength(100);
  });

  test('keeps JSON that attributes of DynamoDB can not hold', async () => {
    const data = { deep: deep(31), big: 1e300, small: 1e-200, integer: 2 ** 70, empty: '', none: null };
    const { id } = await made({ nodes: [{ id: 'a', type: 'api', data }], edges: [] });
    expect((await readBack(id)).nodes[0].data).toEqual(data);
  });

  test('takes 2,000 nodes and 5,000 edges, and exports them', async () => {
    const nodes = Array.from({ length: 2000 }, (_, i) => ({ id: `n${i}`, type: i % 5 ? 'service' : 'database', label: `Node ${i}` }));
    const edges = Array.from({ length: 5000 }, (_, i) => ({ source: `n${(i * 7) % 2000}`, target: `n${(i * 13 + 1) % 2000}` }));
    const { id } = await made({ nodes, edges });
    const architecture = await readBack(id);
    expect(architecture).toMatchObject({ nodeCount: 2000, edgeCount: 5000 });
    expect(JSON.parse(architecture.reactFlow.text).nodes).toHaveLength(2000);
  });
});

describe('idempotency and dry runs', () => {
  test('one key makes one architecture, also when five requests come at once', async () => {
    const project = await fakeProject(harness, ada);
    const request = { input: { projectId: project.id, name: 'Once', ...shop }, key: crypto.randomUUID() };
    const answers = await Promise.all(Array.from({ length: 5 }, () => harness.must(ada, create, request)));
    expect(new Set(answers.map(({ architectureCreate }) => architectureCreate.architecture.id)).size).toBe(1);
    const { data } = await harness.run(ada, create, { ...request, input: { ...request.input, name: 'Twice' } });
    expect(data.architectureCreate.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    const { project: seen } = await harness.must(ada, 'query ($id: ID!) { project(id: $id) { architectures { totalCount } } }', {
      id: project.id,
    });
    expect(seen.architectures.totalCount).toBe(1);
  });

  test('a repeated create with a large body answers, even after the body was replaced', async () => {
    const request = { input: { projectId, name: 'Large', nodes: heavyNodes(20, 2000) }, key: crypto.randomUUID() };
    const { architectureCreate } = await harness.must(ada, create, request);
    const { id } = architectureCreate.architecture;
    expect((await harness.must(ada, create, request)).architectureCreate).toEqual(architectureCreate);
    await harness.must(ada, update, { id, rev: 1, input: { nodes: heavyNodes(5, 4000) } });
    const again = await harness.must(ada, create, request);
    expect(again.architectureCreate.architecture).toMatchObject({ id, revision: 1 });
    expect(again.architectureCreate.architecture.nodes).toHaveLength(5);
    await harness.must(ada, remove, { id });
    expect((await harness.must(ada, create, request)).architectureCreate.architecture).toMatchObject({ id, nodes: null });
  });

  test('a repeated update and delete give the first answer', async () => {
    const { id } = await made();
    const change = { id, rev: 1, input: { name: 'Renamed' }, key: crypto.randomUUID() };
    const first = await harness.must(ada, update, change);
    expect(await harness.must(ada, update, change)).toEqual(first);
    const removal = { id, key: crypto.randomUUID() };
    expect(await harness.must(ada, remove, removal)).toEqual(await harness.must(ada, remove, removal));
  });

  test.each([
    ['small', shop],
    ['large', { nodes: heavyNodes(20, 2000), edges: [] }],
  ])('dryRun shows what a %s create would be, and writes nothing', async (_, input) => {
    const { data, calls } = await harness.run(ada, create, { input: { projectId, name: 'Maybe', ...input }, dryRun: true });
    expect(data.architectureCreate.userErrors).toEqual([]);
    expect(data.architectureCreate.architecture.nodes).toHaveLength(input.nodes.length);
    expect(written(calls)).toEqual([]);
    expect(await readBack(data.architectureCreate.architecture.id)).toBeNull();
  });

  test('dryRun of an update and a delete writes nothing', async () => {
    const { id } = await made();
    const changed = await harness.run(ada, update, { id, rev: 1, input: { nodes: heavyNodes(20, 2000), edges: [] }, dryRun: true });
    expect(changed.data.architectureUpdate.architecture).toMatchObject({ revision: 2, nodeCount: 20 });
    expect(changed.data.architectureUpdate.architecture.nodes).toHaveLength(20);
    const removed = await harness.run(ada, remove, { id, dryRun: true });
    expect(removed.data.architectureDelete.deletedId).toBe(id);
    expect([...written(changed.calls), ...written(removed.calls)]).toEqual([]);
    expect(await readBack(id)).toMatchObject({ revision: 1, nodeCount: 3 });
  });
});

describe('large bodies', () => {
  test('over the item limit are read back whole, and lists do not read them', async () => {
    const [small, big] = [await fakeProject(harness, ada), await fakeProject(harness, ada)];
    const nodes = heavyNodes(200, 4000);
    expect(JSON.stringify(nodes).length).toBeGreaterThan(800_000);
    await made({ ...shop, projectId: small.id });
    const { id } = await made({ nodes, edges: [], projectId: big.id });
    expect((await harness.rows('architectures', id)).length).toBeGreaterThan(2);
    expect((await readBack(id)).nodes.map(({ data }: Data) => data)).toEqual(nodes.map(({ data }) => data));
    const list = 'query ($id: ID!) { project(id: $id) { architectures { nodes { id name nodeCount } } } }';
    const cost = async (project: string): Promise<number> => {
      const { calls } = await harness.run(ada, list, { id: project });
      expect(calls.some(({ index }) => index === 'ProjectIdIndex')).toBe(true);
      return calls.reduce((sum, { readUnits }) => sum + readUnits, 0);
    };
    expect(await cost(big.id)).toBeLessThanOrEqual(await cost(small.id));
  });

  test('an update and a deletion leave no chunks behind', async () => {
    const { id } = await made({ nodes: heavyNodes(200, 4000), edges: [] });
    await harness.must(ada, update, { id, rev: 1, input: { nodes: shop.nodes } });
    expect(await harness.rows('architectures', id)).toHaveLength(1);
    await harness.must(ada, update, { id, rev: 2, input: { nodes: heavyNodes(200, 4000) } });
    await harness.must(ada, remove, { id });
    expect(await harness.rows('architectures', id)).toHaveLength(0);
  });

  test('over 4 MB are refused before any write, on create and update', async () => {
    const nodes = heavyNodes(1000, 3200);
    const { id } = await made();
    const created = await harness.run(ada, create, { input: { projectId, name: 'Huge', nodes } });
    const updated = await harness.run(ada, update, { id, rev: 1, input: { nodes, edges: [] } });
    for (const { userErrors } of [created.data.architectureCreate, updated.data.architectureUpdate]) {
      expect(userErrors).toMatchObject([{ __typename: 'ValidationError', code: 'TOO_LARGE', field: ['input', 'nodes'] }]);
    }
    expect([...written(created.calls), ...written(updated.calls)]).toEqual([]);
  });
});

describe('architectureUpdate', () => {
  test('changes what is given, leaves the rest, null clears', async () => {
    const { id } = await made({ ...shop, description: 'before' });
    const input = { edges: [], description: null, metadata: null };
    const { architectureUpdate } = await harness.must(ada, update, { id, rev: 1, input });
    expect(architectureUpdate.architecture).toMatchObject({
      revision: 2,
      edges: [],
      edgeCount: 0,
      nodeCount: 3,
      metadata: null,
      description: null,
      name: 'Shop',
    });
    expect(await readBack(id)).toMatchObject({
      revision: 2,
      edges: [],
      metadata: null,
      description: null,
      nodes: [{ id: 'web' }, { id: 'api' }, { id: 'db' }],
    });
  });

  test('that changes nothing writes nothing', async () => {
    const { id } = await made();
    const { data, calls } = await harness.run(ada, update, { id, rev: 1, input: { name: 'Shop', nodes: shop.nodes } });
    expect(data.architectureUpdate.architecture.revision).toBe(1);
    expect(written(calls)).toEqual([]);
  });

  test('against a stale revision changes nothing, and names current object and changed fields', async () => {
    const { id } = await made();
    await harness.must(ada, update, { id, rev: 1, input: { edges: [], name: 'Other' } });
    const { data } = await harness.run(ada, update, { id, rev: 1, input: { nodes: [] } });
    expect(data.architectureUpdate).toMatchObject({
      architecture: null,
      userErrors: [
        {
          __typename: 'ConflictError',
          code: 'CONFLICT',
          currentRevision: 2,
          changedFields: ['edges', 'name'],
          current: { id, nodeCount: 3 },
        },
      ],
    });
    expect(await readBack(id)).toMatchObject({ revision: 2, nodeCount: 3 });
  });

  test('of ten at once lets one win', async () => {
    const { id } = await made();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => harness.run(ada, update, { id, rev: 1, input: { name: `Name ${i}`, metadata: { i } } })),
    );
    expect(answers.filter(({ data }) => data.architectureUpdate.architecture)).toHaveLength(1);
    expect(answers.flatMap(({ data }) => data.architectureUpdate.userErrors).map(({ code }) => code)).toEqual(Array(9).fill('CONFLICT'));
    const { name, metadata } = await readBack(id);
    expect(name).toBe(`Name ${metadata.i}`);
  });

  test.each<[string, Data, string[]]>([
    ['an edge that loses its node', { nodes: shop.nodes.slice(0, 2) }, ['input', 'edges', '1', 'target']],
    ['null for the nodes', { nodes: null }, ['input', 'nodes']],
    ['null for the name', { name: null }, ['input', 'name']],
  ])('refuses %s', async (_, input, field) => {
    const { id } = await made();
    const { data } = await harness.run(ada, update, { id, rev: 1, input });
    expect(data.architectureUpdate.userErrors).toEqual([expect.objectContaining({ __typename: 'ValidationError', field })]);
    expect(await readBack(id)).toMatchObject({ revision: 1, nodeCount: 3 });
  });
});

describe('architectureDelete', () => {
  test('removes it from everywhere', async () => {
    const project = await fakeProject(harness, ada);
    const { id } = await made({ ...shop, projectId: project.id });
    const stale = await harness.run(ada, remove, { id, rev: 7 });
    expect(stale.data.architectureDelete.userErrors).toMatchObject([{ __typename: 'ConflictError', currentRevision: 1 }]);
    expect((await harness.must(ada, remove, { id, rev: 1 })).architectureDelete).toMatchObject({
      deletedId: id,
      deletedCounts: { architectures: 1, schemas: 0 },
    });
    expect(await readBack(id)).toBeNull();
    const rows = await harness.rows('projects', project.id);
    expect(rows.map((row) => Number(row['architectures'] ?? 0)).reduce((a, b) => a + b)).toBe(0);
    const again = await harness.run(ada, remove, { id });
    expect(again.data.architectureDelete.userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['id'] }]);
  });
});

describe('lists', () => {
  const list = `query ($id: ID!, $first: Int, $after: String, $direction: OrderDirection! = DESC) { project(id: $id) { architectures(first: $first, after: $after, orderBy: { field: UPDATED_AT, direction: $direction }) { totalCount nodes { name } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }`;

  test('of a project run by last change, page by page, in both directions', async () => {
    const project = await fakeProject(harness, ada);
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.push((await made({ projectId: project.id, name })).id);
    await harness.must(ada, update, { id: ids[0], rev: 1, input: { description: 'changed last' } });
    const first = (await harness.must(ada, list, { id: project.id, first: 2 })).project.architectures;
    expect(first).toMatchObject({
      totalCount: 3,
      nodes: [{ name: 'a' }, { name: 'c' }],
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
    });
    const second = (await harness.must(ada, list, { id: project.id, first: 2, after: first.pageInfo.endCursor })).project.architectures;
    expect(second).toMatchObject({ nodes: [{ name: 'b' }], pageInfo: { hasNextPage: false, hasPreviousPage: true } });
    const ascending = (await harness.must(ada, list, { id: project.id, direction: 'ASC' })).project.architectures;
    expect(ascending.nodes.map(({ name }: Data) => name)).toEqual(['b', 'c', 'a']);
  });

  test('of a user run by creation, through UserIdIndex', async () => {
    const cleo = await harness.signUp();
    const project = await fakeProject(harness, cleo);
    for (const name of ['first', 'second']) await harness.must(cleo, create, { input: { projectId: project.id, name } });
    const { data, calls } = await harness.run(cleo, '{ viewer { architectures { totalCount nodes { name project { id } } } } }');
    expect(data.viewer.architectures).toEqual({
      totalCount: 2,
      nodes: [
        { name: 'second', project: { id: project.id } },
        { name: 'first', project: { id: project.id } },
      ],
    });
    expect(calls.some(({ table, index }) => table === 'architectures' && index === 'UserIdIndex')).toBe(true);
  });
});

describe('access', () => {
  test('strangers and anonymous callers see and change nothing', async () => {
    const { id } = await made();
    for (const who of [bob, null]) {
      const { data } = await harness.run(
        who,
        `query ($id: ID!, $project: ID!) { architecture(id: $id) { id } project(id: $project) { architectures { nodes { id } } } }`,
        { id, project: projectId },
      );
      expect(data).toEqual({ architecture: null, project: null });
    }
    const strange = [
      await harness.run(bob, create, { input: { projectId, name: 'x' } }),
      await harness.run(bob, update, { id, rev: 1, input: { name: 'x' } }),
      await harness.run(bob, remove, { id }),
    ];
    for (const { data } of strange) expect(Object.values<Data>(data)[0].userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    const anonymous = await harness.run(null, remove, { id });
    expect(anonymous.errors[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
    expect(await readBack(id)).toMatchObject({ revision: 1, name: 'Shop' });
  });

  test('a viewer of the project reads and may not write; a developer may', async () => {
    const { id } = await made();
    const [viewer, developer] = await Promise.all([harness.signUp(), harness.signUp()]);
    for (const [user, role] of [
      [viewer, 'viewer'],
      [developer, 'developer'],
    ] as const) {
      await harness.putRow('teams', {
        projectId,
        userId: user.id,
        role,
        email: user.email,
        name: role,
        createdAt: new Date().toISOString(),
      });
    }
    expect(await readBack(id, viewer)).toMatchObject({ id, nodes: [{}, {}, {}] });
    const { data } = await harness.run(viewer, update, { id, rev: 1, input: { name: 'x' } });
    expect(data.architectureUpdate.userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);
    await harness.must(developer, update, { id, rev: 1, input: { name: 'By a developer' } });
    const made2 = await harness.must(developer, create, { input: { projectId, name: 'Mine' } });
    const { userId, createdById } = (await harness.rows('architectures', made2.architectureCreate.architecture.id))[0] as Data;
    expect([userId, createdById]).toEqual([ada.id, developer.id]);
  });
});

describe('rows of the earlier backend', () => {
  const time = '2025-03-01T10:00:00.000Z';
  const oldRow = () => ({
    id: crypto.randomUUID(),
    userId: ada.id,
    projectId,
    name: 'Old one',
    nodes: [
      { id: '1', type: 'frontend', label: 'Web', position: { x: 10, y: 20 }, data: { label: 'Web' } },
      { id: '2', type: 'database', data: { label: 'Label in data' }, position: { x: '5', y: null } },
      { id: 3, label: 'No type' },
    ],
    edges: [
      { id: 'e1', source: '1', target: '2' },
      { id: 'e2', source: '1', target: 'gone' },
    ],
    createdAt: time,
    updatedAt: time,
  });

  test('read through every field', async () => {
    const row = oldRow();
    await harness.putRow('architectures', row);
    const { architecture } = await harness.must(ada, read, { id: row.id });
    expect(architecture).toMatchObject({
      revision: 1,
      description: null,
      metadata: null,
      nodeCount: 3,
      edgeCount: 2,
      createdBy: { id: ada.id },
      nodes: [
        { id: '1', position: { x: 10, y: 20 } },
        { id: '2', label: 'Label in data', position: null },
        { id: '3', type: 'unknown', label: 'No type', position: null, data: null },
      ],
      mermaid: { warnings: [{ code: 'EDGE_DROPPED', construct: 'edge', line: null }] },
    });
    expect(architecture.problems).toContainEqual({ rule: 'missing-node', severity: 'ERROR', path: 'edges.e2' });
    expect(architecture.problems).toContainEqual({ rule: 'database-without-service', severity: 'ERROR', path: 'edges.e1' });
  });

  test('can be renamed as they are, mended, and deleted', async () => {
    const row = oldRow();
    await harness.putRow('architectures', row);
    await harness.must(ada, update, { id: row.id, rev: 1, input: { name: 'New name' } });
    await harness.must(ada, update, { id: row.id, rev: 2, input: { edges: [{ source: '1', target: '2' }] } });
    expect(await readBack(row.id)).toMatchObject({ name: 'New name', revision: 3, edgeCount: 1, nodeCount: 3 });
    const counted = async (): Promise<number> => {
      const rows = await harness.rows('projects', projectId);
      return rows.map((each) => Number(each['architectures'] ?? 0)).reduce((a, b) => a + b, 0);
    };
    const before = await counted();
    await harness.must(ada, remove, { id: row.id, rev: 3 });
    expect(await readBack(row.id)).toBeNull();
    // It was never counted in.
    expect(await counted()).toBe(before);
  });
});

const sample = new URL('../../../shared/samples/ai-backend-social-media.json', import.meta.url);

(existsSync(sample) ? test : test.skip)('an AI answer about a backend becomes an architecture', async () => {
  const answer = JSON.parse(readFileSync(sample, 'utf8')).completeDataStructure;
  const groups: string[] = answer.endpoints.map(({ group }: Data) => group);
  const nodes = [
    { id: 'client', type: 'frontend', label: answer.projectName },
    ...groups.map((group) => ({ id: group, type: 'api', label: group, data: answer.endpoints.find((each: Data) => each.group === group) })),
    { id: 'database', type: 'database', label: answer.database },
  ];
  const edges = groups.flatMap((group) => [
    { source: 'client', target: group },
    { source: group, target: 'database' },
  ]);
  const { id } = await made({ name: answer.projectName, nodes, edges, metadata: answer.analysis });
  const architecture = await readBack(id);
  expect(architecture).toMatchObject({ metadata: answer.analysis, nodeCount: groups.length + 2, problems: [] });
});
