/** An architecture as a graph, made once for all rules. */
import type { ArchitectureBody, ArchitectureEdge, ArchitectureNode } from '../model.ts';
import { isAsyncType, kindOf, type NodeKind } from '../nodeTypes.ts';

/** A node with its neighbours. */
export interface GraphNode {
  readonly node: ArchitectureNode;
  readonly kind: NodeKind;
  /** Edges that begin and end here, in the order of the body; those between a node and itself are in neither. */
  readonly out: GraphEdge[];
  readonly in: GraphEdge[];
}

/** An edge between two different nodes. */
export interface GraphEdge {
  readonly edge: ArchitectureEdge;
  readonly from: GraphNode;
  readonly to: GraphNode;
  /** True when the source waits for an answer: neither the edge nor one of its ends decouples them. */
  readonly synchronous: boolean;
}

/** A body made ready for rules. */
export interface Graph {
  readonly body: ArchitectureBody;
  readonly nodes: readonly GraphNode[];
  readonly byId: ReadonlyMap<string, GraphNode>;
  readonly edges: readonly GraphEdge[];
}

/** Returns the graph of a body. Edges without both ends, which old rows may have, are left out. */
export function createGraph(body: ArchitectureBody): Graph {
  const nodes = body.nodes.map((node): GraphNode => ({ node, kind: kindOf(node), out: [], in: [] }));
  const byId = new Map(nodes.map((entry) => [entry.node.id, entry]));
  const edges: GraphEdge[] = [];
  for (const edge of body.edges) {
    const [from, to] = [byId.get(edge.source), byId.get(edge.target)];
    if (!from || !to || from === to) continue;
    const synchronous = !isAsyncType(edge) && from.kind !== 'queue' && to.kind !== 'queue';
    const entry: GraphEdge = { edge, from, to, synchronous };
    edges.push(entry);
    from.out.push(entry);
    to.in.push(entry);
  }
  return { body, nodes, byId, edges };
}

/** Returns all nodes that can be reached from `starts` (themselves included), going on only from nodes that `passes` accepts. */
export function reachable(starts: readonly GraphNode[], passes: (node: GraphNode) => boolean): Set<GraphNode> {
  const found = new Set(starts);
  const open = [...starts];
  for (let node = open.pop(); node; node = open.pop()) {
    if (!passes(node)) continue;
    for (const { to } of node.out) {
      if (found.has(to)) continue;
      found.add(to);
      open.push(to);
    }
  }
  return found;
}

/** Returns the groups of nodes that reach each other over edges that `follows` accepts: strongly connected components of two nodes or more, by Tarjan's algorithm, without recursion. */
export function cycles(graph: Graph, follows: (edge: GraphEdge) => boolean): GraphNode[][] {
  const index = new Map<GraphNode, number>();
  const low = new Map<GraphNode, number>();
  const stack: GraphNode[] = [];
  const onStack = new Set<GraphNode>();
  const groups: GraphNode[][] = [];
  const lower = (node: GraphNode, value: number): void => void low.set(node, Math.min(low.get(node) ?? value, value));

  function enter(node: GraphNode): { node: GraphNode; next: number } {
    index.set(node, index.size);
    lower(node, index.size - 1);
    stack.push(node);
    onStack.add(node);
    return { node, next: 0 };
  }

  function leave(node: GraphNode): void {
    if (low.get(node) !== index.get(node)) return;
    const group = stack.splice(stack.lastIndexOf(node));
    for (const member of group) onStack.delete(member);
    if (group.length > 1) groups.push(group);
  }

  for (const start of graph.nodes) {
    if (index.has(start)) continue;
    const frames = [enter(start)];
    for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
      const edge = frame.node.out[frame.next];
      frame.next += 1;
      if (!edge) {
        frames.pop();
        leave(frame.node);
        const parent = frames.at(-1);
        if (parent) lower(parent.node, low.get(frame.node) ?? 0);
      } else if (follows(edge)) {
        if (!index.has(edge.to)) frames.push(enter(edge.to));
        else if (onStack.has(edge.to)) lower(frame.node, index.get(edge.to) ?? 0);
      }
    }
  }
  return groups;
}

/** Returns the nodes that lie on every way from any of `starts` to any of `ends`, in that order; none when there is no way. */
export function bottlenecks(starts: readonly GraphNode[], ends: ReadonlySet<GraphNode>): GraphNode[] {
  const path = shortestPath(starts, ends);
  if (!path) return [];
  const place = new Map(path.map((node, i) => [node, i]));
  const seen = new Set<GraphNode>();
  // How far along the path one gets without the path's own nodes from here on; the end stands one behind the last node.
  let furthest = -1;
  const visit = (from: readonly GraphNode[]): void => {
    const open = [...from];
    for (let node = open.pop(); node; node = open.pop()) {
      if (ends.has(node)) furthest = Math.max(furthest, path.length);
      for (const { to } of node.out) {
        const at = place.get(to);
        if (at !== undefined) furthest = Math.max(furthest, at);
        else if (!seen.has(to)) {
          seen.add(to);
          open.push(to);
        }
      }
    }
  };
  for (const start of starts) {
    const at = place.get(start);
    if (at !== undefined) furthest = Math.max(furthest, at);
    else seen.add(start);
  }
  visit(starts.filter((start) => !place.has(start)));
  return path.filter((node, i) => {
    const only = furthest === i;
    visit([node]);
    return only;
  });
}

function shortestPath(starts: readonly GraphNode[], ends: ReadonlySet<GraphNode>): GraphNode[] | null {
  const before = new Map<GraphNode, GraphNode | null>(starts.map((start) => [start, null]));
  // A Map goes on with what is added while it is walked, in order: a breadth-first search.
  for (const [node] of before) {
    if (ends.has(node)) {
      const path: GraphNode[] = [];
      for (let step: GraphNode | null = node; step; step = before.get(step) ?? null) path.unshift(step);
      return path;
    }
    for (const { to } of node.out) if (!before.has(to)) before.set(to, node);
  }
  return null;
}
