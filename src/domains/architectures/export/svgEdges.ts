/** Ways of edges between the boxes of nodes: from the middle of one side to the middle of another, side by side where several meet. */
import type { ArchitectureEdge, Position } from '../model.ts';
import { nodeSize } from './layout.ts';

/** An edge on its way. */
export interface Route {
  readonly edge: ArchitectureEdge;
  /** SVG path data. */
  readonly path: string;
  /** Where its label goes. */
  readonly middle: Position;
}

type Side = 'left' | 'right' | 'top' | 'bottom';

interface End {
  readonly node: string;
  readonly side: Side;
  /** Coordinate along the side of what lies at the other end: ends at one side lie in this order, so that edges do not cross there. */
  readonly towards: number;
  offset: number;
}

const directions: Readonly<Record<Side, Position>> = {
  left: { x: -1, y: 0 },
  right: { x: 1, y: 0 },
  top: { x: 0, y: -1 },
  bottom: { x: 0, y: 1 },
};

/** Pixels between the ends of edges at one side. */
const spacing = 18;

/** Returns the ways of all edges between nodes at `positions` (top left corners). */
export function routeEdges(edges: readonly ArchitectureEdge[], positions: ReadonlyMap<string, Position>): Route[] {
  const at = (id: string): Position => positions.get(id) ?? { x: 0, y: 0 };
  const ends = edges.map((edge) => endsOf(edge, at));
  spread(ends.flat());
  return edges.map((edge, i) => {
    const [from, to] = ends[i] as [End, End];
    return edge.source === edge.target ? loop(edge, at(edge.source)) : curve(edge, { from, to, at });
  });
}

function endsOf({ source, target }: ArchitectureEdge, at: (id: string) => Position): [] | [End, End] {
  if (source === target) return [];
  const [a, b] = [at(source), at(target)];
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  // The space between two boxes counts, not the distance of their centers: boxes are wider than high.
  const isUpright = Math.abs(dy) - nodeSize.height >= Math.abs(dx) - nodeSize.width;
  const [first, second]: [Side, Side] = isUpright
    ? dy >= 0
      ? ['bottom', 'top']
      : ['top', 'bottom']
    : dx >= 0
      ? ['right', 'left']
      : ['left', 'right'];
  return [
    { node: source, side: first, towards: isUpright ? b.x : b.y, offset: 0 },
    { node: target, side: second, towards: isUpright ? a.x : a.y, offset: 0 },
  ];
}

/** Spreads the ends at each side of each node around its middle. */
function spread(ends: readonly End[]): void {
  const bySide = new Map<string, End[]>();
  for (const end of ends) {
    const key = JSON.stringify([end.node, end.side]);
    const group = bySide.get(key);
    if (group) group.push(end);
    else bySide.set(key, [end]);
  }
  for (const group of bySide.values()) {
    const length = group[0]?.side === 'top' || group[0]?.side === 'bottom' ? nodeSize.width : nodeSize.height;
    const step = Math.min(spacing, (length - 24) / Math.max(1, group.length - 1));
    group
      .toSorted((a, b) => a.towards - b.towards)
      .forEach((end, i) => {
        end.offset = (i - (group.length - 1) / 2) * step;
      });
  }
}

function pointOf({ node, side, offset }: End, at: (id: string) => Position): Position {
  const { x, y } = at(node);
  const { x: dx, y: dy } = directions[side];
  const across = dx === 0 ? { x: offset, y: 0 } : { x: 0, y: offset };
  return {
    x: x + (nodeSize.width / 2) * (1 + dx) + across.x,
    y: y + (nodeSize.height / 2) * (1 + dy) + across.y,
  };
}

function curve(edge: ArchitectureEdge, { from, to, at }: { from: End; to: End; at: (id: string) => Position }): Route {
  const [a, d] = [pointOf(from, at), pointOf(to, at)];
  const distance = Math.hypot(d.x - a.x, d.y - a.y);
  const pull = Math.min(160, Math.max(24, distance * 0.4));
  const towards = (point: Position, side: Side): Position => ({
    x: point.x + directions[side].x * pull,
    y: point.y + directions[side].y * pull,
  });
  const [b, c] = [towards(a, from.side), towards(d, to.side)];
  // The point at t = 1/2 of a cubic Bézier curve.
  const middle = { x: (a.x + 3 * b.x + 3 * c.x + d.x) / 8, y: (a.y + 3 * b.y + 3 * c.y + d.y) / 8 };
  return { edge, path: `M${point(a)}C${point(b)} ${point(c)} ${point(d)}`, middle };
}

/** A loop at the upper right corner. */
function loop(edge: ArchitectureEdge, { x, y }: Position): Route {
  const [from, to] = [
    { x: x + nodeSize.width - 40, y },
    { x: x + nodeSize.width, y: y + 24 },
  ];
  const [b, c] = [
    { x: from.x, y: from.y - 44 },
    { x: to.x + 44, y: to.y },
  ];
  return { edge, path: `M${point(from)}C${point(b)} ${point(c)} ${point(to)}`, middle: { x: x + nodeSize.width + 12, y: y - 18 } };
}

function point({ x, y }: Position): string {
  return `${round(x)} ${round(y)}`;
}

/** Returns a coordinate with one decimal at most. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
