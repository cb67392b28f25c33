/** Exports of architectures: Mermaid and C4 are read by mermaid itself, SVG by an XML parser, React Flow as JSON. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from '../support/fastCheck.ts';
import { JSDOM } from 'jsdom';
import { exportArchitecture, type ExportFormat } from '../../src/domains/architectures/export/index.ts';
import { nodeSize, placeNodes } from '../../src/domains/architectures/export/layout.ts';
import type { ArchitectureBody, ArchitectureEdge, ArchitectureNode } from '../../src/domains/architectures/model.ts';
import { runsOr } from '../support/randomRuns.ts';

interface Read {
  nodes: { label: string; shape: string; technology?: string }[];
  edges: { from: string; to: string; label: string; stroke?: string }[];
  error?: string;
}

function parseAll(texts: string[]): Read[] {
  const options = { input: JSON.stringify(texts), encoding: 'utf8', maxBuffer: 100_000_000 } as const;
  return JSON.parse(execFileSync(process.execPath, ['test/unit/architectureMermaidParser.mjs'], options)) as Read[];
}

const exported = (body: ArchitectureBody, format: ExportFormat, name = 'Web shop') =>
  exportArchitecture({ name, description: null, body, format });

/** Texts that mean something to Mermaid, Markdown, HTML, XML or YAML. */
const hostile = [
  '"quoted"',
  '<script>alert(1)</script>',
  'a --> b',
  '%%{init: {"theme":"dark"}}%%',
  '#quot; & #35;',
  '`code` **bold**',
  '_em_ snake_case',
  '1. First',
  '- item',
  'end',
  'fa:fa-car',
  '$$x^2$$',
  'two\nlines',
  "it's; subgraph x",
  '名前 🚀',
  '{{x}} [y] (z) |p|',
  '\\',
  ']]>',
  '%% comment',
  'click n1 "javascript:x"',
  'x:::person',
  'title: y',
  '---',
];
const text = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'grapheme', maxLength: 30 }));
const type = fc.constantFrom(
  'user',
  'frontend',
  'gateway',
  'service',
  'database',
  'cache',
  'queue',
  'storage',
  'external',
  'logging',
  'odd',
  '"><b>',
);

const bodies: fc.Arbitrary<ArchitectureBody> = fc
  .uniqueArray(
    fc.record({
      id: fc.oneof(
        text.filter((id) => id !== ''),
        fc.constantFrom('__proto__', 'end', 'n1'),
      ),
      type,
      label: text,
      technology: text,
    }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 8 },
  )
  .chain((nodes) => {
    const id = fc.constantFrom(...nodes.map((node) => node.id));
    const edge = fc.record({ source: id, target: id, label: text, type: fc.constantFrom('async', 'sync', 'smoothstep') });
    return fc.array(edge, { maxLength: 10 }).map((edges) => ({
      nodes: nodes.map(({ technology, ...node }): ArchitectureNode => ({ ...node, data: { technology } })),
      edges: edges.map((each, i): ArchitectureEdge => ({ id: `e${i}`, ...each })),
      metadata: null,
    }));
  });

const samples = fc.sample(bodies, { numRuns: runsOr(50) });

/** What is left of a text on one line: line breaks and control characters read as spaces. */
const flat = (value: string): string =>
  value
    .replace(/<br\s*\/?>/gu, ' ')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();

/** Labels of edges with the same ends together, as C4 has them. */
function mergedLabels({ edges }: ArchitectureBody): string[] {
  const labels = new Map<string, Set<string>>();
  for (const { source, target, label } of edges) {
    const key = JSON.stringify([source, target]);
    const own = labels.get(key) ?? new Set();
    if (label?.trim()) own.add(label.trim());
    labels.set(key, own);
  }
  return [...labels.values()].map((own) => flat([...own].join(', ')) || 'uses');
}

describe.each(['mermaid', 'c4'] as const)('%s', (format) => {
  test('is read by mermaid for any texts, and says them unchanged', () => {
    const texts = samples.map((body, i) => exported(body, format, hostile[i % hostile.length]).text);
    const read = parseAll([...texts, 'flowchart TB\n  n1[(', 'C4Container\n  Person(']);
    // The parser must be able to refuse.
    expect(read.slice(-2).map(({ error }) => error)).toEqual([expect.any(String), expect.any(String)]);
    samples.forEach((body, i) => {
      const diagram = read[i]!;
      if (diagram.error !== undefined) throw new Error(`${diagram.error}\n${texts[i]!}`);
      const labels = body.nodes.map(({ label, id }) => flat(label.trim() || id)).sort();
      expect(diagram.nodes.map(({ label }) => flat(label)).sort()).toEqual(labels);
      expect(diagram.edges.map(({ label }) => flat(label))).toEqual(
        format === 'c4' ? mergedLabels(body) : body.edges.map(({ label }) => flat(label ?? '')),
      );
    });
  }, 60_000);
});

const shop: ArchitectureBody = {
  nodes: [
    { id: 'u', type: 'user', label: 'Customer' },
    { id: 'w', type: 'frontend', label: 'Web', data: { technology: 'React' } },
    { id: 'a', type: 'api', label: 'API' },
    { id: 'd', type: 'database', label: 'Orders' },
    { id: 'q', type: 'queue', label: 'Events' },
    { id: 's', type: 'external', label: 'Stripe' },
  ],
  edges: [
    { id: '1', source: 'u', target: 'w' },
    { id: '2', source: 'w', target: 'a', label: 'HTTPS', type: 'smoothstep' },
    { id: '3', source: 'a', target: 'd', label: 'SQL' },
    { id: '4', source: 'a', target: 'q', type: 'async' },
    { id: '5', source: 'a', target: 's' },
  ],
  metadata: null,
};

test('Mermaid shows kinds by shape, and calls that wait for nothing by dots', () => {
  const [read] = parseAll([exported(shop, 'mermaid').text]);
  expect(read!.nodes.map(({ shape }) => shape)).toEqual(['circle', 'stadium', 'square', 'cylinder', 'lean_right', 'subroutine']);
  expect(read!.edges.map(({ stroke }) => stroke)).toEqual(['normal', 'normal', 'normal', 'dotted', 'normal']);
});

test.each(hostile)('the title %j is a string of YAML', (name) => {
  const [, title = '', rest = ''] = /^---\ntitle: (.*)\n---\n(.*)/.exec(exported(shop, 'mermaid', name).text)!;
  expect(JSON.parse(title)).toBe(name);
  expect(title).not.toMatch(/[<>%]/);
  expect(rest).toBe('flowchart TB');
});

test('C4 has people and other systems outside, containers with their technology inside', () => {
  const [read] = parseAll([exported(shop, 'c4').text]);
  expect(read!.nodes.map(({ label, shape, technology }) => [label, shape, technology])).toEqual([
    ['Customer', 'person', ''],
    ['Stripe', 'external_system', ''],
    ['Web', 'container', 'React'],
    ['API', 'container', 'api'],
    ['Orders', 'container_db', 'database'],
    ['Events', 'container_queue', 'queue'],
  ]);
  expect(exported({ nodes: shop.nodes.slice(0, 1), edges: [], metadata: null }, 'c4').text).not.toContain('System_Boundary');
});

describe('React Flow', () => {
  const read = (body: ArchitectureBody) =>
    JSON.parse(exported(body, 'react-flow').text) as { nodes: Record<string, unknown>[]; edges: Record<string, unknown>[] };

  test('has what the library takes: labels in data, positions for all, only built-in types on edges', () => {
    const { nodes, edges } = read(shop);
    expect(nodes[1]).toEqual({
      id: 'w',
      type: 'frontend',
      position: { x: expect.any(Number), y: expect.any(Number) },
      data: { technology: 'React', label: 'Web' },
    });
    expect(edges.slice(1, 4)).toEqual([
      { id: '2', source: 'w', target: 'a', label: 'HTTPS', type: 'smoothstep' },
      { id: '3', source: 'a', target: 'd', label: 'SQL' },
      { id: '4', source: 'a', target: 'q', data: { type: 'async' }, animated: true },
    ]);
  });

  test('keeps the positions that are there', () => {
    const nodes = shop.nodes.map((node, i) => (i < 2 ? { ...node, position: { x: -500 * i, y: 40 } } : node));
    const positions = read({ ...shop, nodes }).nodes.map(({ position }) => position as { x: number; y: number });
    expect(positions.slice(0, 2)).toEqual(
      [
        { x: -0, y: 40 },
        { x: -500, y: 40 },
      ].map(({ x, y }) => ({ x: x + 0, y })),
    );
    // The others lie below.
    expect(Math.min(...positions.slice(2).map(({ y }) => y))).toBeGreaterThanOrEqual(40 + nodeSize.height);
  });
});

describe('layout', () => {
  const grid = (count: number, edges: number): ArchitectureBody => ({
    nodes: Array.from({ length: count }, (_, i) => ({ id: `n${i}`, type: 'service', label: `${i}` })),
    edges: Array.from({ length: edges }, (_, i) => ({ id: `e${i}`, source: `n${(i * 7) % count}`, target: `n${(i * 13 + 1) % count}` })),
    metadata: null,
  });

  test.each([
    [1, 0],
    [30, 40],
    [60, 60],
    [2000, 5000],
  ])('of %i nodes and %i edges has no two boxes on each other', (count, edges) => {
    const { positions } = placeNodes(grid(count, edges));
    const places = [...positions.values()];
    expect(places).toHaveLength(count);
    for (const [i, a] of places.entries()) {
      for (const b of places.slice(i + 1)) {
        if (Math.abs(a.x - b.x) < nodeSize.width && Math.abs(a.y - b.y) < nodeSize.height)
          throw new Error(`${JSON.stringify([a, b])} overlap`);
      }
    }
  });

  test('makes positions for nodes that all lie in one spot', () => {
    const body = grid(3, 2);
    const { positions } = placeNodes({ ...body, nodes: body.nodes.map((node) => ({ ...node, position: { x: 0, y: 0 } })) });
    expect(new Set([...positions.values()].map((position) => JSON.stringify(position))).size).toBe(3);
  });
});

describe('SVG', () => {
  const { window } = new JSDOM('');
  const parse = (svg: string) => {
    const document = new window.DOMParser().parseFromString(svg, 'image/svg+xml');
    if (document.querySelector('parsererror')) throw new Error(`${document.querySelector('parsererror')?.textContent}\n${svg}`);
    return document;
  };

  test('is XML for any texts, with every node and edge and nothing that runs or loads', () => {
    for (const body of samples) {
      const document = parse(exported(body, 'svg', '<&">\u0000\ud800').text);
      expect(document.querySelectorAll('g > rect.box')).toHaveLength(body.nodes.length);
      expect(document.querySelectorAll('path.edge')).toHaveLength(body.edges.length);
      expect(document.querySelectorAll('script, foreignObject, image, use, a, [href], [onload]')).toHaveLength(0);
      const titles = [...document.querySelectorAll('g > title')].map(({ textContent }) => flat(textContent));
      expect(titles).toEqual(body.nodes.map(({ label, id }) => flat(label.trim() || id).replace(/\p{Cs}/gu, '\ufffd')));
    }
    expect(() => parse('<svg><g></svg>')).toThrow();
  });

  test('has a dark side, arrows and the whole drawing in view', () => {
    const document = parse(exported(shop, 'svg').text);
    const svg = document.documentElement;
    expect(document.querySelector('style')?.textContent).toContain('prefers-color-scheme:dark');
    expect(document.querySelectorAll('path.edge[marker-end="url(#arrow)"]')).toHaveLength(5);
    expect(document.querySelectorAll('path.async')).toHaveLength(1);
    const [x = 0, y = 0, width = 0, height = 0]: number[] = String(svg.getAttribute('viewBox')).split(' ').map(Number);
    for (const group of document.querySelectorAll('g')) {
      const [left = NaN, top = NaN] = /translate\((\S+) (\S+)\)/
        .exec(group.getAttribute('transform') ?? '')!
        .slice(1)
        .map(Number);
      expect([left >= x, top >= y, left + nodeSize.width <= x + width, top + nodeSize.height <= y + height]).toEqual([
        true,
        true,
        true,
        true,
      ]);
    }
  });

  test('of nothing is an empty page', () => {
    expect(parse(exported({ nodes: [], edges: [], metadata: null }, 'svg').text).querySelectorAll('rect')).toHaveLength(1);
  });
});

test('what can not be drawn is left out with a warning', () => {
  const body: ArchitectureBody = {
    nodes: [...shop.nodes, { id: 'u', type: 'x', label: 'Again' }, { id: '', type: 'x', label: 'No id' }],
    edges: [...shop.edges, { id: 'gone', source: 'u', target: 'nowhere' }],
    metadata: null,
  };
  for (const format of ['mermaid', 'c4', 'react-flow', 'svg'] as const) {
    const { text: written, warnings } = exported(body, format);
    expect(warnings.map(({ code }) => code)).toEqual(['NODE_DROPPED', 'NODE_DROPPED', 'EDGE_DROPPED']);
    expect(written).toBe(exported(shop, format).text);
  }
});

test.each([
  ['Web shop: v2/..', 'Web-shop-v2.svg'],
  ['../../etc', 'etc.svg'],
  ['???', 'architecture.svg'],
])('the name "%s" makes the file name %s', (name, fileName) => {
  expect(exported(shop, 'svg', name).fileName).toBe(fileName);
});
