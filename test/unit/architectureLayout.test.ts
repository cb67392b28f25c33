import { describe, expect, test } from '@jest/globals';
import { nodeSize } from '../../src/domains/architectures/export/layout.ts';
import { placeAll, type LayoutAlgorithm, type LayoutOptions } from '../../src/domains/architectures/layout/index.ts';
import type { ArchitectureBody, ArchitectureNode } from '../../src/domains/architectures/model.ts';
import { architectureLimits } from '../../src/domains/architectures/validation.ts';

type Part = Pick<ArchitectureBody, 'nodes' | 'edges'>;

function partOf(ids: readonly string[], pairs: readonly (readonly [string, string])[]): Part {
  return {
    nodes: ids.map((id): ArchitectureNode => ({ id, type: 'service', label: id, position: { x: 5, y: 5 }, data: { kept: id } })),
    edges: pairs.map(([source, target], i) => ({ id: `e${i}`, source, target })),
  };
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);
const chain = (count: number): [string, string][] => numbered(count - 1).map((id, i) => [id, `n${i + 1}`]);

const parts: [string, Part][] = [
  ['nothing', partOf([], [])],
  ['one node', partOf(['a'], [])],
  [
    'a chain',
    partOf(
      ['a', 'b', 'c'],
      [
        ['a', 'b'],
        ['b', 'c'],
      ],
    ),
  ],
  [
    'a cycle with loops and double edges',
    partOf(
      ['a', 'b'],
      [
        ['a', 'b'],
        ['b', 'a'],
        ['a', 'a'],
        ['a', 'b'],
      ],
    ),
  ],
  [
    'parts without a connection',
    partOf(
      ['a', 'b', 'c', 'd', 'e'],
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ),
  ],
  [
    'an edge to nowhere',
    partOf(
      ['a', 'b'],
      [
        ['a', 'gone'],
        ['a', 'b'],
      ],
    ),
  ],
  ['names of objects', partOf(['__proto__', 'constructor', 'toString'], [['__proto__', 'constructor']])],
  [
    'a star of 60',
    partOf(
      numbered(60),
      numbered(60).map((id) => ['n0', id]),
    ),
  ],
  ['2,000 nodes in a chain', partOf(numbered(2000), chain(2000))],
  [
    '2,000 nodes and 5,000 edges',
    partOf(
      numbered(2000),
      Array.from({ length: 5000 }, (_, i) => [`n${(i * 7) % 2000}`, `n${(i * 13 + 1) % 2000}`]),
    ),
  ],
];

/** Pairs of nodes that lie over each other. */
function overlaps(nodes: readonly ArchitectureNode[]): string[] {
  const sorted = nodes.toSorted((a, b) => a.position!.x - b.position!.x);
  return sorted.flatMap((a, i) => {
    const found: string[] = [];
    for (const b of sorted.slice(i + 1, i + 200)) {
      if (b.position!.x - a.position!.x >= nodeSize.width) break;
      if (Math.abs(a.position!.y - b.position!.y) < nodeSize.height) found.push(`${a.id} ${b.id}`);
    }
    return found;
  });
}

const ways: LayoutOptions[] = [
  { algorithm: 'layered', direction: 'down' },
  { algorithm: 'layered', direction: 'right' },
  { algorithm: 'grid', direction: 'down' },
  { algorithm: 'radial', direction: 'down' },
];

describe.each(ways)('$algorithm $direction', (options) => {
  test.each(parts)('%s: all nodes have a place of their own, within the limits, the same each time', (_, part) => {
    const placed = placeAll(part, options);
    const unplaced = (nodes: readonly ArchitectureNode[]) => nodes.map((node) => ({ ...node, position: null }));
    expect(unplaced(placed)).toEqual(unplaced(part.nodes));
    const values = placed.flatMap(({ position }) => [position!.x, position!.y]);
    expect(values.every((value) => Number.isInteger(value) && value >= 0 && value <= architectureLimits.position)).toBe(true);
    expect(overlaps(placed)).toEqual([]);
    expect(placeAll(structuredClone(part), options)).toEqual(placed);
  });
});

const places = (part: Part, algorithm: LayoutAlgorithm, direction: 'down' | 'right' = 'down') =>
  new Map(placeAll(part, { algorithm, direction }).map(({ id, position }) => [id, position!]));

test('edges of layers lead down, or to the right', () => {
  for (const count of [5, 400]) {
    const part = partOf(numbered(count), chain(count));
    for (const [direction, axis] of [
      ['down', 'y'],
      ['right', 'x'],
    ] as const) {
      const found = places(part, 'layered', direction);
      for (const { source, target } of part.edges) expect(found.get(target)![axis]).toBeGreaterThan(found.get(source)![axis]);
    }
  }
});

test('the node with the most connections lies in the middle of its ring', () => {
  const found = places(
    partOf(
      ['x', 'hub', 'y', 'z'],
      [
        ['hub', 'x'],
        ['y', 'hub'],
        ['hub', 'z'],
      ],
    ),
    'radial',
  );
  const hub = found.get('hub')!;
  const radii = ['x', 'y', 'z'].map((id) => Math.hypot(found.get(id)!.x - hub.x, found.get(id)!.y - hub.y));
  expect(Math.max(...radii) - Math.min(...radii)).toBeLessThan(3);
  expect(Math.min(...radii)).toBeGreaterThan(nodeSize.width);
});
