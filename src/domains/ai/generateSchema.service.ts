/** Database schemas designed by the model: proposals, and proposals that become schemas of a project. */
import type { Context } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { addDesignedSchema } from '../databaseSchemas/databaseSchemaChanges.service.ts';
import type { DatabaseSchemaRecord } from '../databaseSchemas/databaseSchema.ts';
import type { ConversionWarning, SchemaBody } from '../databaseSchemas/model.ts';
import { findProblems, type SchemaProblem } from '../databaseSchemas/problems.ts';
import type { MutationArgs } from '../mutation.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { Checks } from '../text.ts';
import { ask, authorize, requireEndpoint, systemMessage } from './assistant.ts';
import type { ModelMessage } from './endpoint.ts';
import type { Usage } from './modelAnswer.ts';
import { schemaFormat } from './schemaFormat.ts';
import { askForJson } from './structured.ts';

/** Input of a design, as the SDL's AiGenerateSchemaInput. */
export interface GenerateSchemaInput {
  projectId?: string | null;
  prompt: string;
  save?: boolean;
  name?: string | null;
}

/** A proposed schema, as the SDL's AiSchemaProposal. */
export interface SchemaProposal extends Required<SchemaBody> {
  problems: () => SchemaProblem[];
  warnings: readonly ConversionWarning[];
}

/** What came of it. */
export interface GeneratedSchema {
  proposal: SchemaProposal | null;
  schema: DatabaseSchemaRecord | null;
  model: string | null;
  usage: Usage | null;
}

const instructions = [
  'You design relational database schemas.',
  'Answer with JSON alone: {"schemas": [{"name", "description", "fields": [{"name", "type", "primary", "required", "unique", "foreign", "default", "description"}], "indexes": [{"name", "columns", "unique"}]}]}, one entry of "schemas" for each table.',
  'Types are SQL types of the database of the project, of PostgreSQL unless it says otherwise. Names are snake_case. Each table has a primary key.',
  '"foreign" is "table.column" for foreign keys, else null, and names a table and column of the answer. Many-to-many relationships get a table of their own. Index foreign keys.',
  '"default" is a SQL expression or null.',
];

function checkInput({ prompt, save, name, projectId }: GenerateSchemaInput): void {
  const checks = new Checks();
  checks.text(['input', 'prompt'], prompt, { min: 1, max: 20_000, multiline: true });
  checks.text(['input', 'name'], name, { min: 1, max: 128 });
  if (save && name == null) checks.add(['input', 'name'], 'A schema that is stored needs a name.');
  if (save && projectId == null) checks.add(['input', 'projectId'], 'A schema is stored in a project. Send its id.');
  checks.throwIfAny();
}

interface Designed extends Pick<GeneratedSchema, 'model' | 'usage'> {
  readonly proposal: SchemaProposal;
  readonly body: SchemaBody;
}

async function design(context: Context, project: ProjectRecord | null, prompt: string): Promise<Designed> {
  const messages: ModelMessage[] = [await systemMessage(context, instructions, project), { role: 'user', content: prompt }];
  const { readDesign } = await import('./schemaAnswer.ts');
  const { value, model, usage } = await ask(context, (question) =>
    askForJson({ ...question, messages, format: schemaFormat, read: readDesign }),
  );
  const { body, warnings } = value;
  const { tables, relationships, enums = [] } = body;
  return { body, model, usage, proposal: { tables, relationships, enums, warnings, problems: () => findProblems(body) } };
}

/** Designs a schema, and stores it when the input says so. */
export async function generateSchema(
  context: Context,
  { input, idempotencyKey }: Pick<MutationArgs, 'idempotencyKey'> & { input: GenerateSchemaInput },
): Promise<GeneratedSchema> {
  const project = await authorize(context, input.projectId, 'ai.generate');
  checkInput(input);
  const { prompt, save = false, name } = input;
  if (!save) {
    if (idempotencyKey != null)
      throw invalid(['idempotencyKey'], 'A proposal is not stored, so it takes no idempotencyKey. Send save: true, or no key.');
    requireEndpoint(context);
    const { proposal, model, usage } = await design(context, project, prompt);
    return { proposal, schema: null, model, usage };
  }
  if (!project || name == null) throw new Error('saving was not checked');
  let designed: Designed | undefined;
  const { schema } = await addDesignedSchema(context, {
    mutation: { name: 'aiGenerateSchema', args: { idempotencyKey }, input, projectId: project.id },
    // A conflict with another writer plans anew; the model is asked once.
    design: async () => {
      requireEndpoint(context);
      designed ??= await design(context, project, prompt);
      return { name, body: designed.body };
    },
  });
  return { proposal: designed?.proposal ?? null, schema, model: designed?.model ?? null, usage: designed?.usage ?? null };
}
