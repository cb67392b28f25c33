import { Background, Controls, Handle, Position, ReactFlow, type NodeProps } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useMemo } from 'react';
import type { SchemaBodyFragment } from '../gql/graphql.ts';
import { useTheme } from '../theme.ts';
import { createDiagram, mostFields, type TableNodeType } from './diagram.ts';

function TableNode({ data: { table, foreign } }: NodeProps<TableNodeType>) {
  const keys = table.indexes.find(({ type }) => type === 'PRIMARY')?.fields ?? [];
  const rest = table.fields.length - mostFields;
  return (
    <div className="er-table">
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div className="er-head">{table.name}</div>
      {table.fields.slice(0, mostFields).map(({ name, type, required }) => (
        <div key={name} className="er-field">
          <span className="er-key">{keys.includes(name) ? 'PK' : foreign.includes(name) ? 'FK' : ''}</span>
          <span className="er-name">{name}</span>
          <span className="er-type">
            {type}
            {required ? '' : '?'}
          </span>
        </div>
      ))}
      {rest > 0 && <div className="er-field er-more">and {rest} more</div>}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

const nodeTypes = { table: TableNode };

/** The entity-relationship diagram of a schema: drag, zoom, and walk through the tables with the tab key. */
export default function SchemaDiagram({ schema }: { schema: SchemaBodyFragment }) {
  const theme = useTheme();
  const { nodes, edges } = useMemo(() => createDiagram(schema), [schema]);
  return (
    <div className="er">
      <ReactFlow
        // Another version is another picture, to be fitted anew.
        key={schema.id}
        defaultNodes={nodes}
        defaultEdges={edges}
        nodeTypes={nodeTypes}
        colorMode={theme}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        minZoom={0.1}
        preventScrolling={false}
        zoomOnScroll={false}
        fitView
        fitViewOptions={{ padding: 0.08, maxZoom: 1 }}
        aria-label={`Diagram of ${schema.name}, version ${schema.version}`}
      >
        <Background gap={20} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}
