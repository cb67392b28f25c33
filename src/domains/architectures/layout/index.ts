/** Layouts that people ask for: every node gets a position, whatever it had. */
import { gap, layOut, nodeSize, type LayoutDirection } from '../export/layout.ts';
import type { ArchitectureBody, ArchitectureNode, Position } from '../model.ts';
import { placeInRings } from './rings.ts';

export type LayoutAlgorithm = 'layered' | 'grid' | 'radial';

/** How to lay out; `direction` is that of the edges and counts for layers only. */
export interface LayoutOptions {
  readonly algorithm: LayoutAlgorithm;
  readonly direction: LayoutDirection;
}

type Part = Pick<ArchitectureBody, 'nodes' | 'edges'>;

/** About as wide as high: a row has more nodes than there are rows, as nodes are wider than high. */
function placeInGrid({ nodes }: Part): Map<string, Position> {
  const step = { x: nodeSize.width + gap.between, y: nodeSize.height + gap.between };
  const perRow = Math.max(1, Math.round(Math.sqrt((nodes.length * step.y) / step.x)));
  return new Map(nodes.map(({ id }, i) => [id, { x: (i % perRow) * step.x, y: Math.floor(i / perRow) * step.y }]));
}

function placesOf(part: Part, { algorithm, direction }: LayoutOptions): Map<string, Position> {
  if (algorithm === 'grid') return placeInGrid(part);
  return algorithm === 'radial' ? placeInRings(part) : layOut(part, direction).positions;
}

/**
 * Returns the nodes with new positions: whole pixels, the leftmost and topmost node at 0, no two nodes over each other. The same
 * nodes and edges always give the same positions; edges to nodes that are not there are left out of account.
 */
export function placeAll({ nodes, edges }: Part, options: LayoutOptions): ArchitectureNode[] {
  const ids = new Set(nodes.map(({ id }) => id));
  const places = placesOf({ nodes, edges: edges.filter(({ source, target }) => ids.has(source) && ids.has(target)) }, options);
  const corner = [...places.values()].reduce((least, { x, y }) => ({ x: Math.min(least.x, x), y: Math.min(least.y, y) }), {
    x: Infinity,
    y: Infinity,
  });
  return nodes.map((node) => {
    const place = places.get(node.id);
    return place ? { ...node, position: { x: Math.round(place.x - corner.x), y: Math.round(place.y - corner.y) } } : node;
  });
}
