/** The rules of the linter of architectures, by name. */
import type { ArchitectureEdge } from '../model.ts';
import { clientKinds, dataKinds, titleOf } from '../nodeTypes.ts';
import { bottlenecks, cycles, reachable, type Graph, type GraphNode } from './graph.ts';

/** How serious a problem is. */
export type Severity = 'error' | 'warning' | 'info';

/** One finding: where (`nodes.api`), and what to do. */
export interface Finding {
  readonly path: string;
  readonly message: string;
}

/** A rule. */
export interface Rule {
  /** error: the design can not be built like this; warning: likely a mistake; info: good to know. */
  readonly severity: Severity;
  readonly find: (graph: Graph) => Finding[];
}

/** Returns a text for messages, in quotes and shortened. */
const quote = (text: string): string => `"${Array.from(text).length > 60 ? `${Array.from(text).slice(0, 60).join('')}…` : text}"`;
const nameOf = ({ node }: GraphNode): string => quote(titleOf(node));
const nodePath = ({ node }: GraphNode): string => `nodes.${node.id}`;
const edgePath = ({ id }: ArchitectureEdge): string => `edges.${id}`;
const isClient = ({ kind }: GraphNode): boolean => clientKinds.has(kind);
const isData = ({ kind }: GraphNode): boolean => dataKinds.has(kind);

function missingNodes({ body, byId }: Graph): Finding[] {
  return body.edges.flatMap((edge) =>
    [edge.source, edge.target]
      .filter((id) => !byId.has(id))
      .map((id) => ({
        path: edgePath(edge),
        message: `The edge names the node ${quote(id)}, which does not exist. Add the node or remove the edge.`,
      })),
  );
}

/** Returns the items whose key an earlier item has too, with that item. */
function repeated<T>(items: readonly T[], keyOf: (item: T) => string): { item: T; earlier: T }[] {
  const first = new Map<string, T>();
  return items.flatMap((item) => {
    const earlier = first.get(keyOf(item));
    if (earlier !== undefined) return [{ item, earlier }];
    first.set(keyOf(item), item);
    return [];
  });
}

function duplicateNodeIds({ nodes }: Graph): Finding[] {
  return repeated(nodes, ({ node }) => node.id).map(({ item }) => ({
    path: nodePath(item),
    message: `Two nodes have the id ${quote(item.node.id)}, so that edges can not tell them apart. Give each an id of its own.`,
  }));
}

/** A client reaches a data store when nothing but gateways and the like lie between. */
function exposedData({ nodes, edges }: Graph): Finding[] {
  const open = reachable(nodes.filter(isClient), (node) => isClient(node) || node.kind === 'gateway');
  return edges
    .filter(({ from, to }) => to.kind === 'database' && open.has(from) && (isClient(from) || from.kind === 'gateway'))
    .map(({ edge, from, to }) => ({
      path: edgePath(edge),
      message: `${nameOf(from)} reaches the database ${nameOf(to)} without a service between. Put a service there that checks who may read and write what.`,
    }));
}

function synchronousCycles(graph: Graph): Finding[] {
  const order = new Map(graph.nodes.map((node, i) => [node, i]));
  const place = (node: GraphNode): number => order.get(node) ?? 0;
  const groups = cycles(graph, ({ synchronous }) => synchronous).map((group) => group.toSorted((a, b) => place(a) - place(b)));
  return groups
    .toSorted(([a], [b]) => (a && b ? place(a) - place(b) : 0))
    .map((members) => {
      const names = members.slice(0, 5).map(nameOf).join(', ') + (members.length > 5 ? ` and ${members.length - 5} more` : '');
      return {
        path: nodePath(members[0] as GraphNode),
        message: `${names} wait for each other in a cycle: when one is slow, all are. Break the cycle, for example with a queue or an edge of the type "async".`,
      };
    });
}

function selfLoops({ body }: Graph): Finding[] {
  return body.edges
    .filter(({ source, target }) => source === target)
    .map((edge) => ({
      path: edgePath(edge),
      message: 'The edge leads back to the node that it begins at. Remove it, or name what lies between.',
    }));
}

function isolatedNodes({ body, nodes }: Graph): Finding[] {
  if (nodes.length < 2) return [];
  const connected = new Set(body.edges.flatMap(({ source, target }) => [source, target]));
  return nodes
    .filter(({ node }) => !connected.has(node.id))
    .map((node) => ({ path: nodePath(node), message: `Nothing is connected to ${nameOf(node)}. Connect it or remove it.` }));
}

function missingEntryPoint({ nodes }: Graph): Finding[] {
  const connected = nodes.filter((node) => node.in.length + node.out.length > 0);
  const isEntry = (node: GraphNode): boolean =>
    isClient(node) || node.kind === 'gateway' || node.kind === 'external' || (node.in.length === 0 && !isData(node));
  if (connected.length === 0 || connected.some(isEntry)) return [];
  return [
    {
      path: 'nodes',
      message:
        'No request can begin anywhere: there is no client or gateway, and every other node is called by another one. Add what users or other systems call first.',
    },
  ];
}

function duplicateLabels({ nodes }: Graph): Finding[] {
  const labelled = nodes.filter(({ node }) => node.label.trim() !== '');
  return repeated(labelled, ({ node }) => node.label.trim().toLowerCase()).map(({ item, earlier }) => ({
    path: nodePath(item),
    message: `The node has the same label as ${quote(earlier.node.id)}: ${nameOf(item)}. Name them differently, or merge them.`,
  }));
}

function missingLabels({ nodes }: Graph): Finding[] {
  return nodes
    .filter(({ node }) => node.label.trim() === '')
    .map((node) => ({ path: nodePath(node), message: 'The node has no label, so diagrams show its id. Name it.' }));
}

function duplicateEdges({ body }: Graph): Finding[] {
  const keyOf = ({ source, target, label, type }: ArchitectureEdge): string => JSON.stringify([source, target, label ?? '', type ?? '']);
  return repeated(body.edges, keyOf).map(({ item, earlier }) => ({
    path: edgePath(item),
    message: `The edge says the same as ${quote(earlier.id)}. Remove one, or label them.`,
  }));
}

/** Names under which designers keep how many instances run. */
const replicaNames = ['replicas', 'instances', 'minReplicas', 'desiredCount'] as const;

/** One gateway or service that everything goes through. A system of a single service is no finding: there is nothing to fall back to. */
function singlePoints({ nodes }: Graph): Finding[] {
  const canFail = ({ kind }: GraphNode): boolean => kind === 'gateway' || kind === 'service';
  if (nodes.filter(canFail).length < 2) return [];
  const isReplicated = ({ node }: GraphNode): boolean => replicaNames.some((name) => Number(node.data?.[name]) > 1);
  return bottlenecks(nodes.filter(isClient), new Set(nodes.filter(isData)))
    .filter((node) => canFail(node) && !isReplicated(node))
    .map((node) => ({
      path: nodePath(node),
      message: `Every way from a client to data leads through ${nameOf(node)}. Run at least two instances and say so with "replicas" in its data.`,
    }));
}

/** All rules by name. */
export const problemRules = {
  'missing-node': { severity: 'error', find: missingNodes },
  'duplicate-node-id': { severity: 'error', find: duplicateNodeIds },
  'database-without-service': { severity: 'error', find: exposedData },
  'synchronous-cycle': { severity: 'warning', find: synchronousCycles },
  'self-loop': { severity: 'warning', find: selfLoops },
  'isolated-node': { severity: 'warning', find: isolatedNodes },
  'no-entry-point': { severity: 'warning', find: missingEntryPoint },
  'duplicate-label': { severity: 'warning', find: duplicateLabels },
  'missing-label': { severity: 'warning', find: missingLabels },
  'duplicate-edge': { severity: 'warning', find: duplicateEdges },
  'single-point-of-failure': { severity: 'info', find: singlePoints },
} as const satisfies Record<string, Rule>;

/** Name of a rule. */
export type RuleName = keyof typeof problemRules;
