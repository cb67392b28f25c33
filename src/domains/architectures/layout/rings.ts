/** The radial layout: the busiest node in the middle, its neighbours in rings around it, parts without a connection side by side. */
import { gap, nodeSize } from '../export/layout.ts';
import type { ArchitectureBody, Position } from '../model.ts';

type Part = Pick<ArchitectureBody, 'nodes' | 'edges'>;

/** So far apart the centers of two nodes lie at least: nodes in any direction do not touch. */
const distance = Math.ceil(Math.hypot(nodeSize.width, nodeSize.height)) + gap.between;

function neighboursOf({ nodes, edges }: Part): Map<string, Set<string>> {
  const neighbours = new Map(nodes.map(({ id }) => [id, new Set<string>()]));
  for (const { source, target } of edges) {
    if (source === target) continue;
    neighbours.get(source)?.add(target);
    neighbours.get(target)?.add(source);
  }
  return neighbours;
}

/** Nodes by their distance from the first, which is the center; marks them as seen. */
function ringsFrom(center: string, neighbours: ReadonlyMap<string, ReadonlySet<string>>, seen: Set<string>): string[][] {
  const rings: string[][] = [];
  seen.add(center);
  for (let ring = [center]; ring.length > 0;) {
    rings.push(ring);
    const next: string[] = [];
    for (const id of ring) {
      for (const other of neighbours.get(id) ?? []) {
        if (seen.has(other)) continue;
        seen.add(other);
        next.push(other);
      }
    }
    ring = next;
  }
  return rings;
}

/** Positions around a center at the origin, and the radius that they take. */
function placeRings(rings: readonly string[][]): { positions: Map<string, Position>; radius: number } {
  const positions = new Map<string, Position>();
  let radius = 0;
  for (const [index, ring] of rings.entries()) {
    // Of n points on a circle, two neighbours lie 2 r sin(pi / n) apart.
    const needed = ring.length > 1 ? distance / (2 * Math.sin(Math.PI / ring.length)) : 0;
    radius = index === 0 ? 0 : Math.max(radius + distance, needed);
    for (const [place, id] of ring.entries()) {
      const angle = (2 * Math.PI * place) / ring.length - Math.PI / 2;
      positions.set(id, { x: radius * Math.cos(angle), y: radius * Math.sin(angle) });
    }
  }
  return { positions, radius };
}

/** Returns a position for every node. Linear in nodes and edges, but for sorting the nodes by their connections. */
export function placeInRings(part: Part): Map<string, Position> {
  const neighbours = neighboursOf(part);
  const busiest = part.nodes.map(({ id }) => id).sort((a, b) => (neighbours.get(b)?.size ?? 0) - (neighbours.get(a)?.size ?? 0));
  const seen = new Set<string>();
  const placed = new Map<string, Position>();
  let left = 0;
  for (const center of busiest) {
    if (seen.has(center)) continue;
    const { positions, radius } = placeRings(ringsFrom(center, neighbours, seen));
    for (const [id, { x, y }] of positions) placed.set(id, { x: left + radius + x, y });
    left += 2 * radius + distance;
  }
  return placed;
}
