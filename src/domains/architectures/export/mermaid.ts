/** Mermaid flowcharts (https://mermaid.js.org/syntax/flowchart.html). */
import type { ArchitectureEdge } from '../model.ts';
import { isAsyncType, kindOf, nodeKinds, titleOf, type NodeKind } from '../nodeTypes.ts';
import type { Diagram } from './index.ts';
import { palette } from './palette.ts';
import { quotable, titled } from './mermaidText.ts';

/** What stands around a quoted label: the shape of each kind. */
const shapes: Readonly<Record<NodeKind, readonly [string, string]>> = {
  person: ['((', '))'],
  client: ['([', '])'],
  gateway: ['{{', '}}'],
  service: ['[', ']'],
  database: ['[(', ')]'],
  cache: ['[(', ')]'],
  queue: ['[/', '/]'],
  storage: ['[(', ')]'],
  external: ['[[', ']]'],
  monitoring: ['(', ')'],
  other: ['[', ']'],
};

/** Returns the architecture as a Mermaid flowchart. Nodes are `n1`, `n2`, … because Mermaid's ids can not hold every text. */
export function writeMermaid({ name, body }: Diagram): string {
  const ids = new Map(body.nodes.map(({ id }, i) => [id, `n${i + 1}`]));
  const kinds = new Set(body.nodes.map(kindOf));
  const lines = [
    ...body.nodes.map((node) => {
      const kind = kindOf(node);
      const [open, close] = shapes[kind];
      return `${ids.get(node.id) ?? ''}${open}"${quotable(titleOf(node), '<br/>') || ' '}"${close}:::${kind}`;
    }),
    ...body.edges.map((edge) => `${ids.get(edge.source) ?? ''} ${arrowOf(edge)} ${ids.get(edge.target) ?? ''}`),
    ...nodeKinds.filter((kind) => kinds.has(kind)).map((kind) => `classDef ${kind} ${styleOf(kind)}`),
  ];
  return `${titled(name)}flowchart TB\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function arrowOf(edge: ArchitectureEdge): string {
  const arrow = isAsyncType(edge) ? '-.->' : '-->';
  const label = quotable(edge.label ?? '', '<br/>');
  return label ? `${arrow}|"${label}"|` : arrow;
}

/** Styles that are readable on light and dark pages alike: own background, own text color. */
function styleOf(kind: NodeKind): string {
  const { accent, tint } = palette[kind];
  return `fill:${tint},stroke:${accent},color:#0f172a${kind === 'external' ? ',stroke-dasharray:4 3' : ''}`;
}
