/** Places the tables of a schema: those that refer to each other come to stand side by side. */
import dagre from '@dagrejs/dagre';
import { MarkerType, type Edge, type Node } from '@xyflow/react';
import type { SchemaBodyFragment } from '../gql/graphql.ts';

/** A table of a schema. */
export type Table = NonNullable<SchemaBodyFragment['tables']>[number];

/** A table in the diagram. `foreign` names the fields that refer to other tables. */
export type TableNodeType = Node<{ table: Table; foreign: readonly string[] }, 'table'>;

/** Sizes in pixels, as the style sheet has them. */
const width = 240;
const headHeight = 36;
const fieldHeight = 24;
/** More fields than these are counted, not shown. */
export const mostFields = 14;

const heightOf = ({ fields }: Table): number => headHeight + fieldHeight * Math.min(fields.length, mostFields + 1) + 8;

const ends = { ONE_TO_ONE: '1 : 1', ONE_TO_MANY: '1 : n', MANY_TO_ONE: 'n : 1', MANY_TO_MANY: 'n : m', UNKNOWN: '' };

/** Returns the nodes and edges of a schema, laid out. */
export function createDiagram({ tables, relationships }: SchemaBodyFragment): { nodes: TableNodeType[]; edges: Edge[] } {
  const graph = new dagre.graphlib.Graph({ multigraph: true }).setGraph({ rankdir: 'LR', nodesep: 36, ranksep: 96 });
  graph.setDefaultEdgeLabel(() => ({}));
  const byName = new Map((tables ?? []).map((table) => [table.name, table]));
  for (const table of byName.values()) graph.setNode(table.name, { width, height: heightOf(table) });
  const links = (relationships ?? []).filter(({ fromTable, toTable }) => byName.has(fromTable) && byName.has(toTable));
  for (const { id, fromTable, toTable } of links) if (fromTable !== toTable) graph.setEdge(toTable, fromTable, {}, id);
  dagre.layout(graph);
  const nodes = [...byName.values()].map((table): TableNodeType => {
    const { x, y } = graph.node(table.name) as { x: number; y: number };
    const foreign = links.filter(({ fromTable }) => fromTable === table.name).map(({ fromField }) => fromField);
    const position = { x: x - width / 2, y: y - heightOf(table) / 2 };
    return { id: table.name, type: 'table', position, data: { table, foreign }, width, ariaLabel: `Table ${table.name}` };
  });
  const edges = links.map(({ id, fromTable, toTable, fromField, toField, type }): Edge => ({
    id,
    source: toTable,
    target: fromTable,
    type: 'smoothstep',
    label: ends[type],
    markerEnd: { type: MarkerType.ArrowClosed },
    ariaLabel: `${fromTable}.${fromField} refers to ${toTable}.${toField}`,
  }));
  return { nodes, edges };
}
