/** Hard rules of an architecture's body: what must stop a write. Everything softer is a problem that problems.ts reports. */
import { jsonProblem } from '../json.ts';
import { Checks } from '../text.ts';
import type { ArchitectureBody, ArchitectureEdge, ArchitectureNode } from './model.ts';

/** What one architecture may hold; above that, no diagram can be read any more. */
export const architectureLimits = {
  nodes: 2_000,
  edges: 5_000,
  nodeIdLength: 128,
  /** Room for an id that is made from those of both ends. */
  edgeIdLength: 300,
  typeLength: 64,
  labelLength: 200,
  /** Pixels from the origin, in each direction. */
  position: 1_000_000,
} as const;

type Path = readonly string[];

/** Throws ValidationErrors for everything that must stop a write of the body. `path` is where the body lies in the arguments. */
export function checkBody(body: ArchitectureBody, path: Path = ['input']): void {
  const checks = new Checks();
  const ids = new Set<string>();
  if (withinLimit(checks, [...path, 'nodes'], { count: body.nodes.length, most: architectureLimits.nodes })) {
    body.nodes.forEach((node, i) => checkNode(checks, [...path, 'nodes', String(i)], { node, ids }));
  } else {
    // Without the nodes, every edge would seem to lack its ends.
    checks.throwIfAny();
  }
  const edgeIds = new Set<string>();
  if (withinLimit(checks, [...path, 'edges'], { count: body.edges.length, most: architectureLimits.edges })) {
    body.edges.forEach((edge, i) => checkEdge(checks, [...path, 'edges', String(i)], { edge, ids: edgeIds, nodes: ids }));
  }
  if (body.metadata) checks.add([...path, 'metadata'], jsonProblem(body.metadata));
  checks.throwIfAny();
}

/** Notes a list that is too long; its entries are not worth a look then. */
function withinLimit(checks: Checks, path: Path, { count, most }: { count: number; most: number }): boolean {
  if (count <= most) return true;
  checks.add(path, `An architecture has at most ${most} ${path.at(-1) ?? ''}; ${count} came. Split it into several architectures.`);
  return false;
}

function checkNode(checks: Checks, path: Path, { node, ids }: { node: ArchitectureNode; ids: Set<string> }): void {
  checks.text([...path, 'id'], node.id, { min: 1, max: architectureLimits.nodeIdLength });
  if (ids.has(node.id))
    checks.add([...path, 'id'], `Another node has the id "${shorten(node.id)}" already. Give every node an id of its own.`);
  ids.add(node.id);
  checks.text([...path, 'type'], node.type, { min: 1, max: architectureLimits.typeLength });
  checks.text([...path, 'label'], node.label, { max: architectureLimits.labelLength, multiline: true });
  if (node.position) {
    checkCoordinate(checks, [...path, 'position', 'x'], node.position.x);
    checkCoordinate(checks, [...path, 'position', 'y'], node.position.y);
  }
  if (node.data) checks.add([...path, 'data'], jsonProblem(node.data));
}

function checkCoordinate(checks: Checks, path: Path, value: number): void {
  // A literal such as 1e400 reads as infinity.
  const fits = Math.abs(value) <= architectureLimits.position;
  if (!fits) checks.add(path, `A coordinate is a number from ${-architectureLimits.position} to ${architectureLimits.position}.`);
}

interface EdgeCheck {
  edge: ArchitectureEdge;
  ids: Set<string>;
  nodes: ReadonlySet<string>;
}

function checkEdge(checks: Checks, path: Path, { edge, ids, nodes }: EdgeCheck): void {
  checks.text([...path, 'id'], edge.id, { min: 1, max: architectureLimits.edgeIdLength });
  if (ids.has(edge.id))
    checks.add([...path, 'id'], `Another edge has the id "${shorten(edge.id)}" already. Give every edge an id of its own, or none.`);
  ids.add(edge.id);
  for (const end of ['source', 'target'] as const) {
    if (nodes.has(edge[end])) continue;
    checks.add([...path, end], `There is no node with the id "${shorten(edge[end])}". Name one of the nodes, or leave the edge out.`);
  }
  checks.text([...path, 'label'], edge.label, { max: architectureLimits.labelLength, multiline: true });
  checks.text([...path, 'type'], edge.type, { min: 1, max: architectureLimits.typeLength });
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text;
}
