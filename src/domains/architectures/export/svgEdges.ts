/** Ways of edges between the boxes of nodes: from the middle of one side to the middle of another, side by side where several meet. */
import type { ArchitectureEdge, Position } from '../model.ts';
import { nodeSize, type Layout } from './layout.ts';

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

/** Returns the ways of all edges; those with bends go along them. */
export function routeEdges(edges: readonly ArchitectureEdge[], { positions, bends }: Layout): Route[] {
  const at = (id: string): Position => positions.get(id) ?? { x: 0, y: 0 };
  const boxes = positions.size <= maxBoxes ? [...positions.values()] : [];
  const ends = edges.map((edge) => endsOf(edge, at, bends.get(edge)));
  spread(ends.flat());
  return edges.map((edge, i) => {
    if (edge.source === edge.target) return loop(edge, at(edge.source));
    const [from, to] = ends[i] as [End, End];
    const points = bends.get(edge) ?? [];
    if (points.length > 0) return along(edge, [pointOf(from, at), ...points, pointOf(to, at)]);
    return curve(edge, { a: pointOf(from, at), d: pointOf(to, at), sides: [from.side, to.side], boxes });
  });
}

function endsOf({ source, target }: ArchitectureEdge, at: (id: string) => Position, bends: readonly Position[] = []): [] | [End, End] {
  if (source === target) return [];
  const [a, b] = [at(source), at(target)];
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  // The space between two boxes counts, not the distance of their centers: boxes are wider than high.
  const isUpright = bends.length > 0 || Math.abs(dy) - nodeSize.height >= Math.abs(dx) - nodeSize.width;
  const [first, second]: [Side, Side] = isUpright
    ? dy >= 0
      ? ['bottom', 'top']
      : ['top', 'bottom']
    : dx >= 0
      ? ['right', 'left']
      : ['left', 'right'];
  const [near, far] = [bends[0] ?? b, bends.at(-1) ?? a];
  // Bends are points, positions are corners: half a width lies between.
  const half = bends.length > 0 ? nodeSize.width / 2 : 0;
  return [
    { node: source, side: first, towards: isUpright ? near.x - half : near.y, offset: 0 },
    { node: target, side: second, towards: isUpright ? far.x - half : far.y, offset: 0 },
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

interface Curve {
  readonly a: Position;
  readonly d: Position;
  readonly sides: readonly [Side, Side];
  /** Boxes that its label keeps clear of. */
  readonly boxes: readonly Position[];
}

/** Up to so many nodes, labels are kept off their boxes: that takes edges times nodes. */
const maxBoxes = 300;

/** Where a label may go, in parts of the curve, best first. */
const labelPlaces = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8] as const;

function curve(edge: ArchitectureEdge, { a, d, sides, boxes }: Curve): Route {
  const pull = Math.min(160, Math.max(24, Math.hypot(d.x - a.x, d.y - a.y) * 0.4));
  const away = ({ x, y }: Position, side: Side): Position => ({ x: x + directions[side].x * pull, y: y + directions[side].y * pull });
  const [b, c] = [away(a, sides[0]), away(d, sides[1])];
  const at = (t: number): Position => ({ x: bezier(t, [a.x, b.x, c.x, d.x]), y: bezier(t, [a.y, b.y, c.y, d.y]) });
  const places = labelPlaces.map(at);
  const middle = places.find((place) => !boxes.some((box) => covers(box, place))) ?? at(0.5);
  return { edge, path: `M${point(a)}C${point(b)} ${point(c)} ${point(d)}`, middle };
}

function bezier(t: number, [a, b, c, d]: readonly [number, number, number, number]): number {
  const u = 1 - t;
  return u ** 3 * a + 3 * u ** 2 * t * b + 3 * u * t ** 2 * c + t ** 3 * d;
}

/** Returns whether a label at a point would touch a box. */
function covers(box: Position, { x, y }: Position): boolean {
  return x > box.x - 16 && x < box.x + nodeSize.width + 16 && y > box.y - 8 && y < box.y + nodeSize.height + 8;
}

/** A smooth line through points that lead up or down: each piece leaves and arrives upright. */
function along(edge: ArchitectureEdge, points: readonly Position[]): Route {
  const pieces = points.slice(1).map((to, i) => {
    const from = points[i] as Position;
    const half = (to.y - from.y) / 2;
    return `C${point({ x: from.x, y: from.y + half })} ${point({ x: to.x, y: to.y - half })} ${point(to)}`;
  });
  const middle = points[Math.floor((points.length - 1) / 2)] as Position;
  return { edge, path: `M${point(points[0] as Position)}${pieces.join('')}`, middle };
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
