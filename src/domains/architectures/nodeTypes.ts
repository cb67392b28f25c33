/** What the free texts of node and edge types mean: one table for exports and rules. */
import type { ArchitectureEdge, ArchitectureNode } from './model.ts';

/** Kinds of nodes, as exports draw them and rules tell them apart. */
export const nodeKinds = [
  'person',
  'client',
  'gateway',
  'service',
  'database',
  'cache',
  'queue',
  'storage',
  'external',
  'monitoring',
  'other',
] as const;

/** What a node is. */
export type NodeKind = (typeof nodeKinds)[number];

const typesOfKinds: Readonly<Record<Exclude<NodeKind, 'other'>, string>> = {
  person: 'user users actor person customer',
  client: 'frontend front-end client web web-app webapp website spa ui browser mobile mobile-app panel dashboard desktop cli device iot',
  gateway: 'gateway api-gateway load-balancer loadbalancer balancer proxy reverse-proxy cdn edge ingress waf firewall dns nginx bff',
  service:
    'service microservice api backend back-end server app application worker function lambda job cron scheduler container pod graphql rest websocket auth authentication ai processor',
  database:
    'database db datastore data-store sql nosql rdbms warehouse data-warehouse search search-engine postgres postgresql mysql mariadb sqlite mssql oracle mongodb mongo dynamodb cassandra cockroachdb elasticsearch opensearch neo4j snowflake bigquery',
  cache: 'cache redis memcached valkey',
  queue:
    'queue topic event-bus eventbus bus message-queue message-broker broker stream streaming pubsub pub-sub kafka rabbitmq sqs sns kinesis nats eventbridge',
  storage: 'storage object-storage file-storage blob-storage blob bucket s3 filesystem volume minio',
  external:
    'external external-service external-api third-party third-party-service saas partner payment payment-gateway email sms stripe sendgrid twilio',
  monitoring: 'monitoring monitor logging logs log metrics observability tracing analytics alerting prometheus grafana datadog',
};

const kindsByType: ReadonlyMap<string, NodeKind> = new Map(
  Object.entries(typesOfKinds).flatMap(([kind, types]) => types.split(' ').map((type) => [type, kind as NodeKind] as const)),
);

/** Returns what a type means: the whole text, else its last word that means something (`user-service`, `PostgreSQL Database`). */
export function kindOf({ type }: Pick<ArchitectureNode, 'type'>): NodeKind {
  // `apiGateway` and `API_GATEWAY` are the same words.
  const words = type
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1-$2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
  const candidates = words.map((_, i) => words.slice(i).join('-')).concat(words.toReversed());
  for (const candidate of candidates) {
    const kind = kindsByType.get(candidate);
    if (kind) return kind;
  }
  return 'other';
}

/** Kinds that keep data: what a client should reach through a service only. */
export const dataKinds: ReadonlySet<NodeKind> = new Set(['database', 'cache', 'storage']);

/** Kinds that a request begins at. */
export const clientKinds: ReadonlySet<NodeKind> = new Set(['person', 'client']);

const asyncTypes: ReadonlySet<string> = new Set(
  'async asynchronous event events message publish subscribe pubsub pub-sub stream queue webhook'.split(' '),
);

/** Returns whether an edge stands for a call that waits for nothing, by its own type. */
export function isAsyncType({ type }: Pick<ArchitectureEdge, 'type'>): boolean {
  return asyncTypes.has(
    (type ?? '')
      .trim()
      .toLowerCase()
      .replace(/[\s_]+/g, '-'),
  );
}

/** Returns text that a node carries under one of several names in its data, or an empty text. */
export function detailOf({ data }: Pick<ArchitectureNode, 'data'>, names: readonly string[]): string {
  for (const name of names) {
    const value = data?.[name];
    if (typeof value === 'string' && value.trim()) return value.trim();
  }
  return '';
}

/** Names under which designers keep a node's technology. */
export const technologyNames = ['technology', 'tech', 'provider', 'engine', 'runtime', 'framework'] as const;

/** Returns what to call a node: its label, else its id. */
export function titleOf({ label, id }: Pick<ArchitectureNode, 'label' | 'id'>): string {
  return label.trim() || id;
}
