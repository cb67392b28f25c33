/** The JSON of React Flow (https://reactflow.dev/api-reference/types): what `useNodesState` and `useEdgesState` begin with. */
import type { ArchitectureEdge } from '../model.ts';
import { isAsyncType, titleOf } from '../nodeTypes.ts';
import type { Diagram } from './index.ts';
import { placeNodes } from './layout.ts';

/** Edges that React Flow draws by itself; any other type would need a component of the page. */
const builtInEdges: ReadonlySet<string> = new Set(['default', 'straight', 'step', 'smoothstep', 'simplebezier']);

/** Returns `nodes` and `edges` as JSON, indented. A node's `data` has its label beside what the client keeps there. */
export function writeReactFlow({ body }: Diagram): string {
  const { positions } = placeNodes(body);
  const nodes = body.nodes.map((node) => ({
    id: node.id,
    type: node.type,
    position: positions.get(node.id),
    data: { ...node.data, label: titleOf(node) },
  }));
  return `${JSON.stringify({ nodes, edges: body.edges.map(edgeOf) }, null, 2)}\n`;
}

function edgeOf({ id, source, target, label, type }: ArchitectureEdge) {
  const isBuiltIn = type !== undefined && builtInEdges.has(type);
  return {
    id,
    source,
    target,
    ...(label !== undefined && { label }),
    ...(isBuiltIn && { type }),
    ...(type !== undefined && !isBuiltIn && { data: { type } }),
    ...(isAsyncType({ type: type ?? '' }) && { animated: true }),
  };
}
