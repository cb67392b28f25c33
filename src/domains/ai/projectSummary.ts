/** What the model is told of a project: a few kilobytes, whatever the project holds. */
import type { Context } from '../../context.ts';
import { listProjectArchitectures } from '../architectures/architectures.service.ts';
import { loadArchitectureBody } from '../architectures/architectures.store.ts';
import { listProjectSchemas } from '../databaseSchemas/databaseSchemas.service.ts';
import { loadSchemaBody } from '../databaseSchemas/databaseSchemas.store.ts';
import type { SchemaTable } from '../databaseSchemas/model.ts';
import type { ProjectRecord } from '../projects/project.ts';

/** Bounds of a summary: rows that are looked at, objects that are told, and characters of the parts. */
export const summaryBounds = {
  rows: 10,
  schemas: 3,
  architectures: 2,
  /** Larger bodies are several megabytes to read, for a list that is cut off anyway. */
  bodyChunks: 1,
  nameCharacters: 80,
  descriptionCharacters: 500,
  /** Of all tables, and of all nodes. */
  listCharacters: 8_000,
} as const;

function clip(text: unknown, most: number): string | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`;
}

const nameOf = (text: unknown): string => clip(text, summaryBounds.nameCharacters) ?? '?';

/** Returns as many of the texts as fit, and how many do not. */
function fitting(texts: readonly string[], budget: { left: number }): string[] {
  const kept: string[] = [];
  for (const text of texts) {
    budget.left -= text.length + 3;
    if (budget.left < 0) return [...kept, `… and ${texts.length - kept.length} more`];
    kept.push(text);
  }
  return kept;
}

function describeTable({ name, fields }: SchemaTable): string {
  return `${nameOf(name)} (${fields.map((field) => `${nameOf(field.name)} ${nameOf(field.type)}`).join(', ')})`;
}

const isSmall = ({ bodyChunks }: { bodyChunks?: number | null }): boolean => (bodyChunks ?? 0) <= summaryBounds.bodyChunks;

async function describeSchemas(context: Context, project: ProjectRecord) {
  const { nodes = [] } = (await listProjectSchemas(context, project, { first: summaryBounds.rows })) ?? {};
  // Highest version first: the first row of a name is its newest version.
  const newest = nodes.filter(({ name }, i) => nodes.findIndex((one) => one.name === name) === i).slice(0, summaryBounds.schemas);
  const budget = { left: summaryBounds.listCharacters };
  const bodies = await Promise.all(newest.map(async (schema) => (isSmall(schema) ? loadSchemaBody(context, schema) : null)));
  return newest.map(({ name, version, tableCount }, i) => ({
    name: nameOf(name),
    version,
    tables: bodies[i] ? fitting(bodies[i].tables.map(describeTable), budget) : `${tableCount ?? 'many'} tables`,
  }));
}

async function describeArchitectures(context: Context, project: ProjectRecord) {
  const { nodes = [] } = (await listProjectArchitectures(context, project, { first: summaryBounds.architectures })) ?? {};
  const budget = { left: summaryBounds.listCharacters };
  const bodies = await Promise.all(nodes.map(async (one) => (isSmall(one) ? loadArchitectureBody(context, one) : null)));
  return nodes.map(({ name, nodeCount }, i) => ({
    name: nameOf(name),
    nodes: bodies[i]
      ? fitting(
          bodies[i].nodes.map(({ label, type }) => `${nameOf(label)} (${nameOf(type)})`),
          budget,
        )
      : `${nodeCount ?? 'many'} nodes`,
  }));
}

/** Returns a summary of a project, whose access was decided already, as JSON text. */
export async function summarizeProject(context: Context, project: ProjectRecord): Promise<string> {
  const [schemas, architectures] = await Promise.all([describeSchemas(context, project), describeArchitectures(context, project)]);
  return JSON.stringify({
    name: nameOf(project.name),
    description: clip(project.description, summaryBounds.descriptionCharacters),
    framework: clip(project.framework, summaryBounds.nameCharacters),
    database: clip(project.database, summaryBounds.nameCharacters),
    schemas,
    architectures,
  });
}
