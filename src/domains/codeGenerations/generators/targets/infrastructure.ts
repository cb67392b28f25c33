/** Docker Compose and a Terraform skeleton of an architecture, or of a schema alone. */
import type { SqlDialect } from '../../../databaseSchemas/model.ts';
import type { Application } from '../application.ts';
import { commands, readme, type Section } from '../documents.ts';
import type { ArchitectureInput, GeneratedFile } from '../input.ts';
import { composeFiles, type BuiltService } from '../infrastructure/compose.ts';
import { engineOfDialect } from '../infrastructure/engines.ts';
import { architectureOfSchema, findParts, type Part } from '../infrastructure/parts.ts';
import { terraformFiles } from '../infrastructure/terraform.ts';
import { inFolder, plain, slugOf, textFile } from '../writing.ts';
import { migrationFiles } from './sql.ts';

export interface InfrastructureRequest {
  readonly name: string;
  readonly dialect: SqlDialect;
  readonly application: Application | null;
  readonly architecture: ArchitectureInput | null;
}

const withNodes = ({ architecture }: InfrastructureRequest): ArchitectureInput | null =>
  architecture && architecture.nodes.length > 0 ? architecture : null;

/** The architecture, with a database for the schema where it has none. */
function completed(request: InfrastructureRequest): ArchitectureInput {
  const architecture = withNodes(request) ?? architectureOfSchema(request.name);
  const { dialect, application } = request;
  const parts = findParts(architecture, dialect);
  if (!application || dialect === 'sqlite' || parts.some(({ engine }) => engine === engineOfDialect(dialect))) return architecture;
  const taken = new Set(architecture.nodes.map(({ id }) => id));
  let id = 'schema-database';
  while (taken.has(id)) id += '-2';
  return { ...architecture, nodes: [...architecture.nodes, { id, type: 'database', label: 'Database', data: { technology: dialect } }] };
}

function partsOf(request: InfrastructureRequest): Part[] {
  const parts = findParts(completed(request), request.dialect);
  // SQLite is a file of its service.
  return request.dialect === 'sqlite' && !withNodes(request) ? parts.filter(({ kind }) => kind !== 'database') : parts;
}

/** Names of services that are built from source give way to those of the architecture. */
function freeNames(built: readonly BuiltService[], parts: readonly Part[]): BuiltService[] {
  const taken = new Set(parts.map(({ name }) => name));
  return built.map((service) => {
    let { name } = service;
    while (taken.has(name)) name = `${name}-app`;
    return { ...service, name };
  });
}

/** Returns Compose for a single service: what keeps and carries data, and the service that is built from its folder. */
export function serviceComposeFiles(
  request: InfrastructureRequest,
  built: readonly BuiltService[],
  script: string | undefined,
): GeneratedFile[] {
  const database = engineOfDialect(request.dialect);
  const parts = partsOf(request).filter(({ engine }) => engine && (engine.variable !== 'DATABASE_URL' || engine === database));
  return composeFiles({ name: slugOf(request.name, 'app'), parts, built: freeNames(built, parts), database, script });
}

function partsSection(parts: readonly Part[]): Section {
  const lines = parts.map((part) => {
    const runs = part.engine
      ? part.engine.title
      : part.isService
        ? `a container; name its image in \`${part.id.toUpperCase()}_IMAGE\` (Compose) or \`images\` (Terraform)`
        : part.kind === 'gateway'
          ? 'nginx here, a load balancer on AWS'
          : 'not run by this project';
    return `- ${plain(part.title)} (\`${part.name}\`): ${runs}\n`;
  });
  return ['Parts', lines.join('')];
}

const localSection: Section = [
  'Here',
  `${commands('cp .env.example .env', 'docker compose up --detach')}\n\nServices without an image of their own run a placeholder that answers with what it received.`,
];

const awsSection: Section = [
  'On AWS',
  `A skeleton: read it, add a certificate and the sizes that you need.\n\n${commands('cd terraform', 'terraform init', 'terraform plan')}`,
];

/** Returns compose.yaml with its gateways, the script of the tables, \`terraform/\` and a README. */
export function generateInfrastructure(request: InfrastructureRequest, built: readonly BuiltService[] = []): GeneratedFile[] {
  const { application } = request;
  const slug = slugOf(request.name, 'app');
  // The services that are built take the place of the one that stands for them.
  const parts = partsOf(request).filter(({ kind }) => built.length === 0 || withNodes(request) !== null || kind === 'database');
  const terraformParts = built.length > 0 ? partsOf(request) : parts;
  const up = application ? migrationFiles(application).find(({ path }) => path.endsWith('.up.sql')) : undefined;
  const script = up && !built.some(({ migrates }) => migrates) ? textFile('database/0001_init.sql', up.content) : undefined;
  return [
    ...composeFiles({
      name: slug,
      parts,
      built: freeNames(built, parts),
      database: engineOfDialect(request.dialect),
      script: script && './database/0001_init.sql',
    }),
    ...(script ? [script] : []),
    textFile(
      '.env.example',
      '# Passwords of the containers on this machine. Choose others before anybody else can reach them.\nDATABASE_PASSWORD=Change_me_1\nSTORAGE_PASSWORD=change-me-1\n',
    ),
    textFile('.gitignore', '.env\n.terraform/\n*.tfstate\n*.tfstate.*\n'),
    ...inFolder('terraform', terraformFiles(slug, terraformParts)),
    readme(`${request.name}: infrastructure`, 'Docker Compose for this machine and a Terraform skeleton for AWS.', [
      localSection,
      awsSection,
      partsSection(terraformParts),
    ]),
  ];
}
