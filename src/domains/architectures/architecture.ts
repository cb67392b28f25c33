/** An architecture as a row: its record, and how input becomes a body. The body's own rules are in validation.ts and problems.ts. */
import type { BodyReference } from '../../data/body.ts';
import { withIds } from '../missingIds.ts';
import type { Edit } from '../projects/project.ts';
import type { ArchitectureBody, ArchitectureEdge, ArchitectureNode, Position } from './model.ts';

/** A row of the architectures table. A small body is inline in `nodes`, `edges` and `metadata`; see data/body.ts. */
export type ArchitectureRecord = BodyReference & {
  id: string;
  /** The owner of the project; in rows of the earlier backend, the creator. */
  userId: string;
  projectId: string;
  name: string;
  description?: string | null;
  nodes?: ArchitectureNode[];
  edges?: ArchitectureEdge[];
  metadata?: Record<string, unknown> | null;
  nodeCount?: number;
  edgeCount?: number;
  createdById?: string;
  createdAt: string;
  updatedAt: string;
  revision?: number;
  edits?: Edit[];
};

/** Attributes that make up the body. */
export const bodyAttributes = ['nodes', 'edges', 'metadata'] as const;

/** Input of a node, as the SDL's ArchitectureNodeInput. */
export interface NodeInput {
  id: string;
  type: string;
  label?: string | null;
  position?: Position | null;
  data?: Record<string, unknown> | null;
}

/** Input of an edge, as the SDL's ArchitectureEdgeInput. */
export interface EdgeInput {
  id?: string | null;
  source: string;
  target: string;
  label?: string | null;
  type?: string | null;
}

/** Input of a body; what is absent keeps what `current` has. */
export interface BodyInput {
  nodes?: readonly NodeInput[] | null;
  edges?: readonly EdgeInput[] | null;
  metadata?: Record<string, unknown> | null;
}

/** Returns the body that an input makes of the current one. Edges without an id get one that follows from their ends. */
export function bodyFrom(input: BodyInput, current: ArchitectureBody = { nodes: [], edges: [], metadata: null }): ArchitectureBody {
  return {
    nodes: input.nodes ? input.nodes.map(nodeFrom) : current.nodes,
    edges: input.edges ? withIds(input.edges.map(edgeFrom), 'edge', ({ source, target }) => `${source}_${target}`) : current.edges,
    metadata: input.metadata === undefined ? current.metadata : input.metadata,
  };
}

function nodeFrom({ id, type, label, position, data }: NodeInput): ArchitectureNode {
  return {
    id,
    type,
    label: label ?? '',
    ...(position && { position: { x: position.x, y: position.y } }),
    ...(data && { data }),
  };
}

function edgeFrom({ id, source, target, label, type }: EdgeInput): ArchitectureEdge {
  return { id: id ?? '', source, target, ...(label != null && { label }), ...(type != null && { type }) };
}
