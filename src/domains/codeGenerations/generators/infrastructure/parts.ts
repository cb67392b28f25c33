/** The parts of an architecture that run somewhere: its nodes with names for containers and resources, and who uses whom. */
import type { ArchitectureNode } from '../../../architectures/model.ts';
import { kindOf, titleOf, type NodeKind } from '../../../architectures/nodeTypes.ts';
import type { SqlDialect } from '../../../databaseSchemas/model.ts';
import { codeScope } from '../../../databaseSchemas/export/codeNames.ts';
import type { ArchitectureInput } from '../input.ts';
import { slugOf } from '../writing.ts';
import { engineOf, type Engine } from './engines.ts';

/** One node. */
export interface Part {
  readonly node: ArchitectureNode;
  readonly title: string;
  readonly kind: NodeKind;
  /** Name of its container: lower-case letters, digits, hyphens. */
  readonly name: string;
  /** Name of its resources: the same with underscores. */
  readonly id: string;
  /** What keeps or carries its data. */
  readonly engine: Engine | undefined;
  /** True for programs of the project's own, which an image is needed for. */
  readonly isService: boolean;
  /** The parts that it uses, each once, in the order of the edges. */
  readonly uses: Part[];
}

/** The architecture of a schema alone: one service over one database. */
export function architectureOfSchema(name: string): ArchitectureInput {
  return {
    name,
    nodes: [
      { id: 'gateway', type: 'gateway', label: 'Gateway' },
      { id: 'api', type: 'service', label: 'API' },
      { id: 'database', type: 'database', label: 'Database' },
    ],
    edges: [
      { id: 'e1', source: 'gateway', target: 'api' },
      { id: 'e2', source: 'api', target: 'database' },
    ],
  };
}

/** Returns the parts in the order of the nodes. Edges from or to nothing are left out, as is the second of two nodes with one id. */
export function findParts({ nodes, edges }: ArchitectureInput, dialect: SqlDialect): Part[] {
  const scope = codeScope(['default', 'migrate']);
  const byId = new Map<string, Part>();
  for (const node of nodes) {
    if (byId.has(node.id)) continue;
    const kind = kindOf(node);
    const id = scope.allocate(slugOf(titleOf(node), kind).replaceAll('-', '_'));
    byId.set(node.id, {
      node,
      title: titleOf(node),
      kind,
      name: id.replaceAll('_', '-'),
      id,
      engine: engineOf(node, dialect),
      isService: kind === 'service',
      uses: [],
    });
  }
  for (const { source, target } of edges) {
    const [from, to] = [byId.get(source), byId.get(target)];
    if (from && to && from !== to && !from.uses.includes(to)) from.uses.push(to);
  }
  return [...byId.values()];
}

/** Returns the variables by which a program finds what it uses; of two engines of a kind, the later ones carry their name. */
export function addressesFor(uses: readonly Part[], hostOf: (other: Part) => string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const other of uses) {
    const { engine } = other;
    const upper = other.id.toUpperCase();
    if (engine) variables[engine.variable in variables ? `${upper}_${engine.variable}` : engine.variable] = engine.address(hostOf(other));
    else if (other.isService) variables[`${upper}_URL`] = `http://${hostOf(other)}:3000`;
  }
  return variables;
}
