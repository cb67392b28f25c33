/** Programs that keep or carry data: how Compose runs them, and how services find them. */
import { detailOf, kindOf, technologyNames, type NodeKind } from '../../../architectures/nodeTypes.ts';
import type { ArchitectureNode } from '../../../architectures/model.ts';
import type { SqlDialect } from '../../../databaseSchemas/model.ts';

export type EngineId =
  'postgres' | 'mysql' | 'mssql' | 'mongodb' | 'opensearch' | 'dynamodb' | 'redis' | 'memcached' | 'rabbitmq' | 'kafka' | 'nats' | 's3';

/** One program. `host` is the name of its container or server in addresses. */
export interface Engine {
  readonly id: EngineId;
  readonly title: string;
  readonly image: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  /** Shell command that succeeds once it answers. */
  readonly health: string;
  /** Folder of its data. */
  readonly data?: string;
  /** Folder whose SQL scripts run when the data is created. */
  readonly scripts?: string;
  /** Name of the variable that services find it by, and its value. */
  readonly variable: string;
  readonly address: (host: string) => string;
}

const password = '${DATABASE_PASSWORD:-app}';

const list: readonly Engine[] = [
  {
    id: 'postgres',
    title: 'PostgreSQL',
    image: 'postgres:17-alpine',
    port: 5432,
    environment: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: password, POSTGRES_DB: 'app' },
    health: 'pg_isready --username app --dbname app',
    data: '/var/lib/postgresql/data',
    scripts: '/docker-entrypoint-initdb.d',
    variable: 'DATABASE_URL',
    address: (host) => `postgres://app:${password}@${host}:5432/app`,
  },
  {
    id: 'mysql',
    title: 'MySQL',
    image: 'mysql:8.4',
    port: 3306,
    environment: { MYSQL_USER: 'app', MYSQL_PASSWORD: password, MYSQL_ROOT_PASSWORD: password, MYSQL_DATABASE: 'app' },
    health: 'mysqladmin ping --host 127.0.0.1 --silent',
    data: '/var/lib/mysql',
    scripts: '/docker-entrypoint-initdb.d',
    variable: 'DATABASE_URL',
    address: (host) => `mysql://app:${password}@${host}:3306/app`,
  },
  {
    id: 'mssql',
    title: 'SQL Server',
    image: 'mcr.microsoft.com/mssql/server:2022-CU14-ubuntu-22.04',
    port: 1433,
    // SQL Server refuses to start with a password that is too simple.
    environment: { ACCEPT_EULA: 'Y', MSSQL_SA_PASSWORD: '${DATABASE_PASSWORD:-Change_me_1}' },
    health: `/opt/mssql-tools18/bin/sqlcmd -C -S localhost -U sa -P "$$MSSQL_SA_PASSWORD" -Q 'SELECT 1'`,
    data: '/var/opt/mssql',
    variable: 'DATABASE_URL',
    address: (host) => `sqlserver://${host}:1433;user=sa;password=\${DATABASE_PASSWORD:-Change_me_1};trustServerCertificate=true`,
  },
  {
    id: 'mongodb',
    title: 'MongoDB',
    image: 'mongo:8.0',
    port: 27017,
    environment: {},
    health: `mongosh --quiet --eval 'db.runCommand("ping").ok'`,
    data: '/data/db',
    variable: 'MONGODB_URL',
    address: (host) => `mongodb://${host}:27017/app`,
  },
  {
    id: 'opensearch',
    title: 'OpenSearch',
    image: 'opensearchproject/opensearch:2.19.1',
    port: 9200,
    environment: { 'discovery.type': 'single-node', DISABLE_SECURITY_PLUGIN: 'true' },
    health: 'curl --silent --fail http://localhost:9200/_cluster/health',
    data: '/usr/share/opensearch/data',
    variable: 'SEARCH_URL',
    address: (host) => `http://${host}:9200`,
  },
  {
    id: 'dynamodb',
    title: 'DynamoDB',
    image: 'amazon/dynamodb-local:2.6.0',
    port: 8000,
    environment: {},
    health: 'curl --silent --output /dev/null http://localhost:8000',
    variable: 'DYNAMODB_ENDPOINT',
    address: (host) => `http://${host}:8000`,
  },
  {
    id: 'redis',
    title: 'Redis',
    image: 'redis:7.4-alpine',
    port: 6379,
    environment: {},
    health: 'redis-cli ping',
    data: '/data',
    variable: 'REDIS_URL',
    address: (host) => `redis://${host}:6379`,
  },
  {
    id: 'memcached',
    title: 'Memcached',
    image: 'memcached:1.6-alpine',
    port: 11211,
    environment: {},
    health: 'nc -z 127.0.0.1 11211',
    variable: 'MEMCACHED_SERVERS',
    address: (host) => `${host}:11211`,
  },
  {
    id: 'rabbitmq',
    title: 'RabbitMQ',
    image: 'rabbitmq:4.0-alpine',
    port: 5672,
    environment: {},
    health: 'rabbitmq-diagnostics -q ping',
    data: '/var/lib/rabbitmq',
    variable: 'QUEUE_URL',
    address: (host) => `amqp://${host}:5672`,
  },
  {
    id: 'kafka',
    title: 'Kafka',
    image: 'apache/kafka:3.9.0',
    port: 9092,
    environment: {},
    health: '/opt/kafka/bin/kafka-broker-api-versions.sh --bootstrap-server localhost:9092',
    variable: 'KAFKA_BROKERS',
    address: (host) => `${host}:9092`,
  },
  {
    id: 'nats',
    title: 'NATS',
    image: 'nats:2.10-alpine',
    port: 4222,
    environment: {},
    command: ['--jetstream', '--http_port', '8222'],
    health: 'wget -q -O /dev/null http://127.0.0.1:8222/healthz',
    variable: 'NATS_URL',
    address: (host) => `nats://${host}:4222`,
  },
  {
    id: 's3',
    title: 'S3',
    image: 'minio/minio:RELEASE.2025-04-22T22-12-26Z',
    port: 9000,
    environment: { MINIO_ROOT_USER: 'app', MINIO_ROOT_PASSWORD: '${STORAGE_PASSWORD:-change-me-1}' },
    command: ['server', '/data'],
    health: 'curl --silent --fail http://localhost:9000/minio/health/live',
    data: '/data',
    variable: 'S3_ENDPOINT',
    address: (host) => `http://${host}:9000`,
  },
];

/** The engines by id. */
export const engines: ReadonlyMap<EngineId, Engine> = new Map(list.map((engine) => [engine.id, engine]));

/** Words in labels, types and technologies that name an engine; the first that is found counts. */
const words: Readonly<Partial<Record<NodeKind, readonly (readonly [EngineId, RegExp])[]>>> = {
  database: [
    ['postgres', /postgres|cockroach|aurora/u],
    ['mysql', /mysql|mariadb/u],
    ['mssql', /sql.?server|mssql/u],
    ['mongodb', /mongo|documentdb/u],
    ['opensearch', /elastic|opensearch|search/u],
    ['dynamodb', /dynamo/u],
  ],
  cache: [['memcached', /memcache/u]],
  queue: [
    ['kafka', /kafka|kinesis|stream/u],
    ['nats', /nats/u],
  ],
};

const ofDialect: Readonly<Record<SqlDialect, EngineId>> = { postgres: 'postgres', mysql: 'mysql', mssql: 'mssql', sqlite: 'postgres' };
const usual: Readonly<Partial<Record<NodeKind, EngineId>>> = { cache: 'redis', queue: 'rabbitmq', storage: 's3' };

/** Returns the engine of a node that keeps or carries data; undefined for other nodes. */
export function engineOf(node: ArchitectureNode, dialect: SqlDialect): Engine | undefined {
  const kind = kindOf(node);
  const text = `${detailOf(node, technologyNames)} ${node.type} ${node.label}`.toLowerCase();
  const named = words[kind]?.find(([, pattern]) => pattern.test(text))?.[0];
  const id = named ?? (kind === 'database' ? ofDialect[dialect] : usual[kind]);
  return id === undefined ? undefined : engines.get(id);
}

/** Returns the engine of a SQL dialect; undefined for SQLite, which needs no server. */
export const engineOfDialect = (dialect: SqlDialect): Engine | undefined =>
  dialect === 'sqlite' ? undefined : engines.get(ofDialect[dialect]);
