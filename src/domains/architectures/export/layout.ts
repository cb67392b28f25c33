/** Positions for nodes that have none. */
import * as dagre from '@dagrejs/dagre';
import type { ArchitectureBody, ArchitectureEdge, ArchitectureNode, Position } from '../model.ts';
import { widthOf } from './svgText.ts';

/** What is used of dagre. Its own types name their files without extensions, so that TypeScript does not find them from ES modules. */
interface Dagre {
  Graph: new (options: { multigraph: boolean }) => DagreGraph;
  layout: (graph: DagreGraph) => void;
}

interface DagreGraph {
  setGraph: (options: { rankdir: 'TB' | 'LR'; nodesep: number; edgesep: number; ranksep: number }) => void;
  setNode: (key: string, size: { width: number; height: number }) => void;
  setEdge: (from: string, to: string, label: { width?: number; height?: number; labelpos?: string }, key: string) => void;
  /** The center of a node, after layout. */
  node: (key: string) => Position;
  /** The way of an edge, after layout. */
  edge: (from: string, to: string, key: string) => { points: Position[] };
}

const { Graph, layout } = dagre as unknown as Dagre;

/** Size of a node in pictures, in pixels; large enough for what React Flow draws by default. */
export const nodeSize = { width: 200, height: 72 } as const;

/** Size of the text on edges, in pixels. */
export const edgeLabelSize = 11;

/** Space between nodes side by side, and between ranks, in pixels. */
export const gap = { between: 48, ranks: 88 } as const;

/** Up to so many nodes and edges together, dagre takes a fifth of a second; beyond, its time grows with the square and more. */
const dagreLimit = 150;

type Part = Pick<ArchitectureBody, 'nodes' | 'edges'>;

/** Where everything lies. */
export interface Layout {
  /** Top left corner of every node. */
  readonly positions: Map<string, Position>;
  /** Points between the ends of edges, around the nodes in their way; only of edges whose way was made together with their ends. */
  readonly bends: Map<ArchitectureEdge, Position[]>;
}

/**
 * Returns the position of every node: its own, or one made for it. Nodes without one are laid out by themselves and put
 * below those that have one. Nodes that all lie in one spot were never placed.
 */
export function placeNodes({ nodes, edges }: Part): Layout {
  const spots = new Set(nodes.map(({ position }) => JSON.stringify(position ?? null)));
  const isPlaced = ({ position }: ArchitectureNode): boolean => position !== undefined && (spots.size > 1 || nodes.length === 1);
  const positions = new Map(nodes.filter(isPlaced).map(({ id, position }) => [id, position as Position]));
  const others = nodes.filter((node) => !isPlaced(node));
  if (others.length === 0) return { positions, bends: new Map() };
  const ids = new Set(others.map(({ id }) => id));
  const made = layOut({ nodes: others, edges: edges.filter(({ source, target }) => ids.has(source) && ids.has(target)) });
  const move = moveBelow([...positions.values()]);
  for (const [id, position] of made.positions) positions.set(id, move(position));
  return { positions, bends: new Map([...made.bends].map(([edge, points]) => [edge, points.map(move)])) };
}

/** Returns how to move what begins at the origin, so that it lies below the nodes at `placed`. */
function moveBelow(placed: readonly Position[]): (position: Position) => Position {
  if (placed.length === 0) return (position) => position;
  const left = placed.reduce((least, { x }) => Math.min(least, x), Infinity);
  const top = placed.reduce((most, { y }) => Math.max(most, y), -Infinity) + nodeSize.height + gap.ranks;
  return ({ x, y }) => ({ x: left + x, y: top + y });
}

/** Where the edges of a layered layout lead. */
export type LayoutDirection = 'down' | 'right';

/** Returns positions for all nodes, in layers by the edges, whatever positions they have. The same part always gives the same layout. */
export function layOut(part: Part, direction: LayoutDirection = 'down'): Layout {
  const isSmall = part.nodes.length + part.edges.length <= dagreLimit;
  return isSmall ? layOutWithDagre(part, direction) : { positions: layOutInRows(part, direction), bends: new Map() };
}

function layOutWithDagre({ nodes, edges }: Part, direction: LayoutDirection): Layout {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: direction === 'right' ? 'LR' : 'TB', nodesep: gap.between, edgesep: 24, ranksep: gap.ranks });
  // Numbers, because the library keeps nodes under their ids in plain objects.
  const keys = new Map(nodes.map(({ id }, i) => [id, String(i)]));
  const keyOf = (id: string): string => keys.get(id) ?? '';
  for (const key of keys.values()) graph.setNode(key, { ...nodeSize });
  const between = edges.filter(({ source, target }) => source !== target);
  between.forEach(({ source, target, label }, i) => {
    const room = label ? { width: widthOf(label.slice(0, 40), edgeLabelSize) + 8, height: edgeLabelSize, labelpos: 'c' } : {};
    graph.setEdge(keyOf(source), keyOf(target), room, String(i));
  });
  layout(graph);
  // Dagre answers with centers, and with the ends of edges beside the bends between.
  const positions = nodes.map(({ id }) => {
    const { x, y } = graph.node(keyOf(id));
    return [id, { x: Math.round(x - nodeSize.width / 2), y: Math.round(y - nodeSize.height / 2) }] as const;
  });
  const bends = between.map(({ source, target }, i) => {
    const { points } = graph.edge(keyOf(source), keyOf(target), String(i));
    return points.slice(1, -1);
  });
  return { positions: new Map(positions), bends: new Map(between.map((edge, i) => [edge, bends[i] ?? []])) };
}

const nodesPerRow = 12;

/** Rows by distance from where requests begin, wide ones wrapped: linear in time, for diagrams that nobody reads at a glance. */
function layOutInRows({ nodes, edges }: Part, direction: LayoutDirection): Map<string, Position> {
  const depths = depthsOf({ nodes, edges });
  const rows: string[][] = [];
  for (const [id, depth] of depths) (rows[depth] ??= []).push(id);
  const wrapped = rows.flatMap((row) =>
    Array.from({ length: Math.ceil(row.length / nodesPerRow) }, (_, i) => row.slice(i * nodesPerRow, (i + 1) * nodesPerRow)),
  );
  const across = direction === 'right' ? nodeSize.height + gap.between : nodeSize.width + gap.between;
  const along = direction === 'right' ? nodeSize.width + gap.ranks : nodeSize.height + gap.ranks;
  const place = (row: readonly string[], index: number, rank: number): Position => {
    const [aside, ahead] = [((nodesPerRow - row.length) * across) / 2 + index * across, rank * along];
    return direction === 'right' ? { x: ahead, y: aside } : { x: aside, y: ahead };
  };
  return new Map(wrapped.flatMap((row, rank) => row.map((id, index) => [id, place(row, index, rank)] as const)));
}

/** Returns how many edges lie between each node and the nearest node that no edge leads to; cycles begin at their first node. */
function depthsOf({ nodes, edges }: Part): Map<string, number> {
  const next = new Map<string, string[]>();
  const targets = new Set<string>();
  for (const { source, target } of edges) {
    if (source === target) continue;
    targets.add(target);
    const list = next.get(source);
    if (list) list.push(target);
    else next.set(source, [target]);
  }
  const depths = new Map<string, number>();
  const roots = nodes.filter(({ id }) => !targets.has(id)).map(({ id }) => id);
  for (const start of [roots, ...nodes.map(({ id }) => [id])]) {
    const open = start.filter((id) => !depths.has(id));
    for (const id of open) depths.set(id, 0);
    // The list grows while it is walked: a breadth-first search.
    for (const id of open) {
      for (const target of next.get(id) ?? []) {
        if (depths.has(target)) continue;
        depths.set(target, (depths.get(id) ?? 0) + 1);
        open.push(target);
      }
    }
  }
  return depths;
}
