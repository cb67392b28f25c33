/** Code generators: pure functions of a schema version and an architecture. No clock, no chance, no locale. */
import { createApplication, type Application } from './application.ts';
import type { GeneratedFile, GenerationInput, GenerationTarget, GenerationType } from './input.ts';
import { generateGraphql } from './targets/graphql.ts';
import { generateFullStack } from './targets/fullStack.ts';
import { generateInfrastructure, serviceComposeFiles, type InfrastructureRequest } from './targets/infrastructure.ts';
import { generatePrisma } from './targets/prisma.ts';
import { generateRest } from './targets/rest.ts';
import { generateSql } from './targets/sql.ts';
import { generateTypeScript } from './targets/typescript.ts';

export { generationTargets, generationTypes } from './input.ts';
export type { ArchitectureInput, GeneratedFile, GenerationInput, GenerationTarget, GenerationType, SchemaInput } from './input.ts';

const defaultTargets: Readonly<Record<GenerationType, GenerationTarget>> = {
  model: 'typescript',
  api: 'rest',
  controller: 'rest',
  service: 'rest',
  'full-stack': 'rest',
};

/** Returns the target that a type stands for where nobody names one. */
export function defaultTarget(type: GenerationType): GenerationTarget {
  return defaultTargets[type];
}

const hasTables = ({ schema }: GenerationInput): boolean => (schema?.tables ?? []).some(({ fields }) => fields.length > 0);

/** Returns why nothing can be generated, as a sentence that says what to add; null where everything needed is there. */
export function generationProblem(input: GenerationInput): string | null {
  const infrastructure = input.target === 'infrastructure' && input.type !== 'full-stack';
  if (infrastructure) {
    if ((input.architecture?.nodes.length ?? 0) > 0 || hasTables(input)) return null;
    return 'Infrastructure is generated from an architecture or a schema: choose an architecture with a node or a schema with a table.';
  }
  const wanted = input.type === 'full-stack' ? 'A full stack' : `The target "${input.target}"`;
  if (!input.schema) return `${wanted} is generated from a schema: choose one.`;
  if (!hasTables(input)) return `The schema "${input.schema.name}" has no table with a field: add one, then generate again.`;
  return null;
}

/** All files of a generation together have this many bytes at most. */
const maxBytes = 4 * 1024 * 1024;

type Generator = (application: Application) => GeneratedFile[];

const ofSchema: Readonly<Record<Exclude<GenerationTarget, 'infrastructure'>, Generator>> = {
  sql: generateSql,
  prisma: generatePrisma,
  typescript: generateTypeScript,
  rest: generateRest,
  graphql: generateGraphql,
};

/** Compose for a target on its own; servers are built from their folder, of the rest there is the database. */
function serviceFiles(target: GenerationTarget, request: InfrastructureRequest): GeneratedFile[] {
  const isServer = target === 'rest' || target === 'graphql';
  const migrates = isServer && request.dialect === 'postgres';
  const built = isServer ? [{ name: 'api', folder: '.', port: 3000, migrates }] : [];
  const hasScript = target === 'sql' || isServer;
  return serviceComposeFiles(request, built, hasScript ? './migrations/0001_init.up.sql' : undefined);
}

const composeSection = '\n## Docker Compose\n\n```sh\ndocker compose up --detach --build\n```\n';

const withComposeSection = (file: GeneratedFile): GeneratedFile =>
  file.path === 'README.md' ? { ...file, content: file.content + composeSection } : file;

function write({ type, target, dialect, schema, architecture }: GenerationInput): GeneratedFile[] {
  const application = schema && schema.tables.length > 0 ? createApplication(schema, dialect) : null;
  const request: InfrastructureRequest = { name: schema?.name ?? architecture?.name ?? 'app', dialect, application, architecture };
  if (type === 'full-stack' && application) return generateFullStack(application, request);
  if (target === 'infrastructure' || !application) return generateInfrastructure(request);
  const files = ofSchema[target](application);
  return type === 'service' ? [...files.map(withComposeSection), ...serviceFiles(target, request)] : files;
}

/**
 * Returns the files of a generation, sorted by path. The same input gives the same bytes.
 * Throws an Error, whose message is for the person who asked, where `generationProblem` finds something or the files are too large.
 */
export function generateFiles(input: GenerationInput): GeneratedFile[] {
  const problem = generationProblem(input);
  if (problem !== null) throw new Error(problem);
  const files = write(input).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const bytes = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  if (bytes > maxBytes)
    throw new Error(
      `The generated files would take ${Math.ceil(bytes / 1024 / 1024)} MB; 4 MB are allowed. Generate from a schema with fewer tables.`,
    );
  return files;
}
