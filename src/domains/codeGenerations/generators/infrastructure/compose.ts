/** Docker Compose: what keeps data, what carries it, and the project's own services. https://docs.docker.com/reference/compose-file/ */
import type { GeneratedFile } from '../input.ts';
import { textFile } from '../writing.ts';
import type { Engine } from './engines.ts';
import { addressesFor, type Part } from './parts.ts';
import { yamlText, type YamlValue } from './yaml.ts';

type Service = Readonly<Record<string, YamlValue>>;

/** A folder with the source of a service, which Compose builds. */
export interface BuiltService {
  readonly name: string;
  /** Folder of its Dockerfile, relative to compose.yaml. */
  readonly folder: string;
  readonly port: number;
  /** True where the folder has migrations that it runs itself. */
  readonly migrates: boolean;
}

export interface ComposeRequest {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly built: readonly BuiltService[];
  /** Engine of the schema's database; the first part that runs it holds the tables. */
  readonly database: Engine | undefined;
  /** File with the statements that create the tables, relative to compose.yaml; for databases that no service migrates. */
  readonly script: string | undefined;
}

/** Answers every request with what it received; stands for a service whose image nobody named yet. */
const placeholder = 'traefik/whoami:v1.10.3';

function engineService(part: Part, engine: Engine, script: string | undefined): Service {
  const volumes = [
    ...(engine.data === undefined ? [] : [`${part.name}:${engine.data}`]),
    ...(engine.scripts === undefined || script === undefined ? [] : [`${script}:${engine.scripts}/0001_init.sql:ro`]),
  ];
  return {
    image: engine.image,
    restart: 'unless-stopped',
    ...(engine.command && { command: engine.command }),
    ...(Object.keys(engine.environment).length > 0 && { environment: engine.environment }),
    ...(volumes.length > 0 && { volumes }),
    healthcheck: { test: ['CMD-SHELL', engine.health], interval: '5s', timeout: '5s', retries: 20, start_period: '20s' },
  };
}

/** Waits for data until it answers, for services until they run. A cycle of services would start none of them. */
function dependsOn(part: Part, order: ReadonlyMap<Part, number>): Record<string, YamlValue> {
  const before = part.uses.filter(
    (other) => other.engine ?? ((other.isService || other.kind === 'gateway') && (order.get(other) ?? 0) < (order.get(part) ?? 0)),
  );
  return Object.fromEntries(before.map((other) => [other.name, { condition: other.engine ? 'service_healthy' : 'service_started' }]));
}

function ownService(part: Part, order: ReadonlyMap<Part, number>): Service {
  const environment = { PORT: '3000', WHOAMI_PORT_NUMBER: '3000', ...addressesFor(part.uses, ({ name }) => name) };
  const depends = dependsOn(part, order);
  return {
    image: `\${${part.id.toUpperCase()}_IMAGE:-${placeholder}}`,
    restart: 'unless-stopped',
    environment,
    ...(Object.keys(depends).length > 0 && { depends_on: depends }),
  };
}

function gatewayService(part: Part, index: number): Service {
  const targets = part.uses.filter(({ isService }) => isService);
  return {
    image: 'nginx:1.28-alpine',
    restart: 'unless-stopped',
    ports: [`\${${part.id.toUpperCase()}_PORT:-${8080 + index}}:80`],
    volumes: [`./gateways/${part.name}.conf:/etc/nginx/conf.d/default.conf:ro`],
    ...(targets.length > 0 && { depends_on: Object.fromEntries(targets.map(({ name }) => [name, { condition: 'service_started' }])) }),
  };
}

/** Proxies each service under its name, the only one of them under `/` as well. */
export function gatewayFile(part: Part): GeneratedFile {
  const targets = part.uses.filter(({ isService }) => isService);
  const [only] = targets.length === 1 ? targets : [];
  const proxy = (path: string, name: string): string =>
    `  location ${path} {\n    proxy_pass http://${name}:3000/;\n    proxy_set_header Host $host;\n    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n    proxy_set_header X-Forwarded-Proto $scheme;\n  }\n`;
  const locations = only
    ? proxy('/', only.name)
    : `${targets.map(({ name }) => proxy(`/${name}/`, name)).join('')}  location / {\n    return 404;\n  }\n`;
  return textFile(`gateways/${part.name}.conf`, `server {\n  listen 80;\n${locations}}\n`);
}

/** Services that are built from source, in front of the schema's database. */
function builtServices({ parts, built, database: engine }: ComposeRequest): [string, Service][] {
  const database = engine && parts.find((part) => part.engine === engine);
  const others = parts.filter((part) => part.engine && part.engine.variable !== 'DATABASE_URL');
  const [migrating] = built.filter(({ migrates }) => migrates);
  const address: Record<string, string> = database?.engine && migrating ? { DATABASE_URL: database.engine.address(database.name) } : {};
  const healthy = database ? { [database.name]: { condition: 'service_healthy' } } : {};
  const migration: [string, Service][] =
    migrating && database
      ? [
          [
            'migrate',
            { build: migrating.folder, command: ['node', 'dist/migrate.js'], environment: address, depends_on: healthy, restart: 'no' },
          ],
        ]
      : [];
  const ready = migration.length > 0 ? { migrate: { condition: 'service_completed_successfully' } } : healthy;
  const services = built.map(({ name, folder, port }): [string, Service] => [
    name,
    {
      build: folder,
      restart: 'unless-stopped',
      environment: { PORT: '3000', ...address, ...addressesFor(others, (part) => part.name) },
      ports: [`\${${name.toUpperCase()}_PORT:-${port}}:3000`],
      ...(Object.keys(ready).length > 0 && { depends_on: ready }),
    },
  ]);
  return [...migration, ...services];
}

/** Returns compose.yaml and the configuration of its gateways. */
export function composeFiles(request: ComposeRequest): GeneratedFile[] {
  const { name, parts, built, script } = request;
  const order = new Map(parts.map((part, index) => [part, index]));
  const gateways = parts.filter(({ kind }) => kind === 'gateway');
  const migrated = built.some(({ migrates }) => migrates);
  const isFirst = (part: Part): boolean =>
    request.database !== undefined && parts.find(({ engine }) => engine === request.database) === part;
  const services: [string, Service][] = [
    ...parts.flatMap((part): [string, Service][] =>
      part.engine ? [[part.name, engineService(part, part.engine, isFirst(part) && !migrated ? script : undefined)]] : [],
    ),
    ...parts.filter(({ isService }) => isService).map((part): [string, Service] => [part.name, ownService(part, order)]),
    ...gateways.map((part, index): [string, Service] => [part.name, gatewayService(part, index)]),
    ...builtServices(request),
  ];
  const volumes = parts.filter(({ engine }) => engine?.data !== undefined).map((part) => [part.name, {}] as const);
  const document = { name, services: Object.fromEntries(services), ...(volumes.length > 0 && { volumes: Object.fromEntries(volumes) }) };
  return [textFile('compose.yaml', yamlText(document)), ...gateways.map(gatewayFile)];
}
