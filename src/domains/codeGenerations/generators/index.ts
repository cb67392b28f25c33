/** Code generators: pure functions of a schema version and an architecture. No clock, no chance, no locale. */
import { createApplication, type Application } from './application.ts';
import type { GeneratedFile, GenerationInput, GenerationTarget, GenerationType } from './input.ts';
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

const ofSchema: Readonly<Partial<Record<GenerationTarget, (application: Application) => GeneratedFile[]>>> = {
  sql: generateSql,
  prisma: generatePrisma,
  typescript: generateTypeScript,
  rest: generateRest,
};

function write(input: GenerationInput): GeneratedFile[] {
  const generate = ofSchema[input.target];
  if (!generate || !input.schema) throw new Error(`The target "${input.target}" cannot be generated yet.`);
  return generate(createApplication(input.schema, input.dialect));
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
