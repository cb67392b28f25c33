/** Container diagrams of the C4 model in Mermaid's C4 syntax (https://mermaid.js.org/syntax/c4.html). */
import type { ArchitectureEdge, ArchitectureNode } from '../model.ts';
import { detailOf, kindOf, technologyNames, titleOf, type NodeKind } from '../nodeTypes.ts';
import type { Diagram } from './index.ts';
import { quotable, titled } from './mermaidText.ts';

/** Elements of C4; the first two stand outside the system. */
const elements: Readonly<Record<NodeKind, string>> = {
  person: 'Person',
  external: 'System_Ext',
  client: 'Container',
  gateway: 'Container',
  service: 'Container',
  database: 'ContainerDb',
  cache: 'ContainerDb',
  storage: 'ContainerDb',
  queue: 'ContainerQueue',
  monitoring: 'Container',
  other: 'Container',
};

const isOutside = (node: ArchitectureNode): boolean => kindOf(node) === 'person' || kindOf(node) === 'external';

/** Returns the architecture as a C4 container diagram: one system with its containers, people and other systems around it. */
export function writeC4({ name, body }: Diagram): string {
  const ids = new Map(body.nodes.map(({ id }, i) => [id, `n${i + 1}`]));
  const idOf = (id: string): string => ids.get(id) ?? '';
  const inside = body.nodes.filter((node) => !isOutside(node));
  const lines = [
    ...body.nodes.filter(isOutside).map((node) => `  ${elementOf(node, idOf(node.id))}`),
    // Mermaid does not take a boundary with nothing in it.
    ...(inside.length > 0
      ? [`  System_Boundary(system, ${argument(name)}) {`, ...inside.map((node) => `    ${elementOf(node, idOf(node.id))}`), '  }']
      : []),
    ...parallel(body.edges).map((edges) => `  ${relationOf(edges, idOf)}`),
  ];
  return `${titled(name)}C4Container\n${lines.map((line) => `${line}\n`).join('')}`;
}

function elementOf(node: ArchitectureNode, id: string): string {
  const kind = kindOf(node);
  const description = detailOf(node, ['description']);
  const technology = detailOf(node, technologyNames) || node.type;
  // A person and a system have no technology.
  const details = [...(isOutside(node) ? [] : [technology]), ...(description ? [description] : [])];
  return `${elements[kind]}(${[id, argument(titleOf(node)), ...details.map(argument)].join(', ')})`;
}

/** Returns the edges in groups of equal ends: of several relations between two elements, Mermaid keeps only the last. */
function parallel(edges: readonly ArchitectureEdge[]): ArchitectureEdge[][] {
  const groups = new Map<string, ArchitectureEdge[]>();
  for (const edge of edges) {
    const key = JSON.stringify([edge.source, edge.target]);
    const group = groups.get(key);
    if (group) group.push(edge);
    else groups.set(key, [edge]);
  }
  return [...groups.values()];
}

function relationOf(edges: readonly ArchitectureEdge[], idOf: (id: string) => string): string {
  const [{ source, target }] = edges as [ArchitectureEdge];
  const several = (texts: readonly (string | undefined)[]): string =>
    [...new Set(texts.map((text) => text?.trim()).filter(Boolean))].join(', ');
  const type = several(edges.map((edge) => edge.type));
  const label = several(edges.map((edge) => edge.label)) || 'uses';
  return `Rel(${[idOf(source), idOf(target), argument(label), ...(type ? [argument(type)] : [])].join(', ')})`;
}

/** Returns a quoted argument; an empty one has a space, which Mermaid takes. */
function argument(text: string): string {
  return `"${quotable(text, ' ') || ' '}"`;
}
