/**
 * The body of an architecture: nodes, edges between them, and metadata. Attribute names are those of the rows in production.
 */

/** Where the top left corner of a node lies, in pixels; x grows to the right, y downwards. */
export interface Position {
  x: number;
  y: number;
}

/** One part of a system. */
export interface ArchitectureNode {
  /** Unique within its architecture. */
  id: string;
  /** Free text, such as `database`; nodeTypes.ts knows what the usual ones mean. */
  type: string;
  label: string;
  /** Absent until somebody places the node. */
  position?: Position;
  /** What the client keeps with the node. */
  data?: Record<string, unknown>;
}

/** A connection: the source uses, calls or feeds the target. */
export interface ArchitectureEdge {
  /** Unique within its architecture. */
  id: string;
  source: string;
  target: string;
  label?: string;
  /** Free text, such as `async`. */
  type?: string;
}

/** All that an architecture designs. */
export interface ArchitectureBody {
  nodes: ArchitectureNode[];
  edges: ArchitectureEdge[];
  metadata: Record<string, unknown> | null;
}

/** Something that an export could not carry over. */
export interface ExportWarning {
  code: string;
  message: string;
  /** What it is about, such as `edge`. */
  construct: string;
}

type Unknown = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');
const records = (value: unknown): Unknown[] => (Array.isArray(value) ? value.filter(isRecord) : []);

/** Returns a stored body in the shape above. Rows of the earlier backend were never validated: whatever is missing there gets an empty value. */
export function readBodyOf(stored: Unknown): ArchitectureBody {
  const { nodes, edges, metadata } = stored;
  return { nodes: records(nodes).map(nodeOf), edges: records(edges).map(edgeOf), metadata: isRecord(metadata) ? metadata : null };
}

function nodeOf({ id, type, label, position, data }: Unknown): ArchitectureNode {
  const place = positionOf(position);
  return {
    id: textOf(id),
    type: textOf(type) || 'unknown',
    // React Flow, which the first designer was built with, keeps the label in `data`.
    label: textOf(label) || (isRecord(data) ? textOf(data['label']) : ''),
    ...(place && { position: place }),
    ...(isRecord(data) && { data }),
  };
}

function positionOf(value: unknown): Position | null {
  const { x, y } = isRecord(value) ? value : {};
  return typeof x === 'number' && typeof y === 'number' && Number.isFinite(x) && Number.isFinite(y) ? { x, y } : null;
}

function edgeOf({ id, source, target, label, type }: Unknown): ArchitectureEdge {
  return {
    id: textOf(id),
    source: textOf(source),
    target: textOf(target),
    ...(textOf(label) && { label: textOf(label) }),
    ...(textOf(type) && { type: textOf(type) }),
  };
}
