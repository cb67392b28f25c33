import { describe, expect, test } from '@jest/globals';
import type { ArchitectureBody, ArchitectureEdge, ArchitectureNode } from '../../src/domains/architectures/model.ts';
import { isAsyncType, kindOf } from '../../src/domains/architectures/nodeTypes.ts';
import { findProblems } from '../../src/domains/architectures/problems.ts';
import { problemRules, type RuleName } from '../../src/domains/architectures/problems/rules.ts';

/** Nodes as `id:type`, labelled with their ids; edges as `from>to` or `from>to:type`. */
function diagram(nodes: string, edges: string, change: (body: ArchitectureBody) => void = () => undefined): ArchitectureBody {
  const body: ArchitectureBody = {
    nodes: nodes
      .split(' ')
      .filter(Boolean)
      .map((text): ArchitectureNode => {
        const [id = '', type = ''] = text.split(':');
        return { id, type, label: id };
      }),
    edges: edges
      .split(' ')
      .filter(Boolean)
      .map((text, i): ArchitectureEdge => {
        const [ends = '', type] = text.split(':');
        const [source = '', target = ''] = ends.split('>');
        return { id: `e${i}`, source, target, ...(type && { type }) };
      }),
    metadata: null,
  };
  change(body);
  return body;
}

const good = diagram('web:frontend api:service db:database', 'web>api api>db');

interface Case {
  fires: ArchitectureBody;
  /** Paths of the findings, in order. */
  at: string[];
  silent: ArchitectureBody;
}

const cases: Record<RuleName, Case> = {
  'missing-node': { fires: diagram('a:service', 'a>b c>a c>d'), at: ['edges.e0', 'edges.e1', 'edges.e2', 'edges.e2'], silent: good },
  'duplicate-node-id': { fires: diagram('a:service a:cache b:service', 'a>b'), at: ['nodes.a'], silent: good },
  'database-without-service': {
    fires: diagram('web:frontend lb:load-balancer db:database sql:postgresql', 'web>db web>lb lb>sql'),
    at: ['edges.e0', 'edges.e2'],
    // A gateway in front of a service, and one that no client reaches.
    silent: diagram('web:frontend gw:gateway api:service db:database other:proxy', 'web>gw gw>api api>db other>db'),
  },
  'synchronous-cycle': {
    fires: diagram('a:service b:service c:service d:service e:service', 'a>b b>c c>a c>d d>e e>d'),
    at: ['nodes.a', 'nodes.d'],
    silent: diagram('a:service b:service q:queue c:service', 'a>b b>a:async b>q q>c c>b'),
  },
  'self-loop': { fires: diagram('a:service b:service', 'a>b a>a'), at: ['edges.e1'], silent: good },
  'isolated-node': { fires: diagram('a:service b:service c:cache', 'a>b'), at: ['nodes.c'], silent: diagram('alone:service', '') },
  'no-entry-point': {
    fires: diagram('a:service b:service db:database', 'a>b b>a db>a'),
    at: ['nodes'],
    silent: diagram('a:gateway b:service', 'a>b b>a'),
  },
  'duplicate-label': {
    fires: diagram('a:service b:service', 'a>b', ({ nodes }) => nodes.forEach((node, i) => (node.label = i ? ' ORDERS' : 'Orders'))),
    at: ['nodes.b'],
    silent: diagram('a:service b:service', 'a>b', ({ nodes }) => nodes.forEach((node) => (node.label = ''))),
  },
  'missing-label': {
    fires: diagram('a:service b:service', 'a>b', ({ nodes }) => nodes.forEach((node) => (node.label = ' '))),
    at: ['nodes.a', 'nodes.b'],
    silent: good,
  },
  'duplicate-edge': {
    fires: diagram('a:service b:service', 'a>b a>b b>a'),
    at: ['edges.e1'],
    silent: diagram('a:service b:service', 'a>b a>b:async b>a'),
  },
  'single-point-of-failure': {
    fires: diagram('web:frontend app:mobile gw:gateway a:service b:service db:database s3:storage', 'web>gw app>gw gw>a gw>b a>db b>s3'),
    at: ['nodes.gw'],
    silent: diagram('web:frontend app:mobile a:service b:service db:database s3:storage', 'web>a app>b a>db b>s3'),
  },
};

const pathsOf = (body: ArchitectureBody, rule: string): string[] =>
  findProblems(body)
    .filter((problem) => problem.rule === rule)
    .map(({ path }) => path);

describe.each(Object.entries(cases))('%s', (rule, { fires, at, silent }) => {
  test('fires where it should', () => {
    expect(pathsOf(fires, rule)).toEqual(at);
  });

  test('is silent where nothing is wrong', () => {
    expect(pathsOf(silent, rule)).toEqual([]);
  });
});

describe('findProblems', () => {
  test('finds nothing in a small sound design, nor in an empty one', () => {
    expect(findProblems(good)).toEqual([]);
    expect(findProblems(diagram('', ''))).toEqual([]);
  });

  test('has a case for every rule', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(problemRules).sort());
  });

  test('says the most serious first, 500 at most', () => {
    const body = diagram('web:frontend db:database a:service', 'web>db a>a');
    expect(findProblems(body).map(({ severity }) => severity)).toEqual(['error', 'warning']);
    const many = diagram(Array.from({ length: 600 }, (_, i) => `n${i}:service`).join(' '), '');
    expect(findProblems(many)).toHaveLength(500);
  });

  test('takes replicas into account', () => {
    const { fires } = cases['single-point-of-failure'];
    const replicated = { ...fires, nodes: fires.nodes.map((node) => ({ ...node, data: { replicas: 3 } })) };
    expect(pathsOf(replicated, 'single-point-of-failure')).toEqual([]);
  });

  test('copes with a cycle through 2,000 services without running out of stack', () => {
    const ids = Array.from({ length: 2000 }, (_, i) => `n${i}`);
    const body = diagram(ids.map((id) => `${id}:service`).join(' '), ids.map((id, i) => `${id}>n${(i + 1) % 2000}`).join(' '));
    expect(pathsOf(body, 'synchronous-cycle')).toEqual(['nodes.n0']);
  });
});

test.each([
  ['api', 'service'],
  ['Frontend', 'client'],
  ['API_GATEWAY', 'gateway'],
  ['loadBalancer', 'gateway'],
  ['user-service', 'service'],
  ['PostgreSQL Database', 'database'],
  ['Redis Cluster', 'cache'],
  ['Message Queue', 'queue'],
  ['object storage', 'storage'],
  ['third-party service', 'external'],
  ['flux capacitor', 'other'],
  ['constructor', 'other'],
  ['', 'other'],
])('the type "%s" means %s', (type, kind) => {
  expect(kindOf({ type })).toBe(kind);
});

test.each([
  ['async', true],
  ['Pub_Sub', true],
  [' EVENT ', true],
  ['sync', false],
  ['smoothstep', false],
])('the edge type "%s" is asynchronous: %s', (type, expected) => {
  expect(isAsyncType({ type })).toBe(expected);
});
