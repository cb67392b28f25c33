/** Starting a generation: authorize, validate, keep a copy of all that the code is made from, and leave the work to a job. */
import { requireProjectAccess, requireViewer } from '../../auth/access.ts';
import type { Viewer } from '../../auth/authenticate.ts';
import type { Context } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { prepareBody, withoutNulls } from '../bodies.ts';
import type { SqlDialect } from '../databaseSchemas/model.ts';
import { mutate, type MutationArgs, type MutationPlan } from '../mutation.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { Checks } from '../text.ts';
import { titleOf, withoutBody, type CodeGenerationRecord } from './codeGeneration.ts';
import type { GenerationResult } from './codeGenerations.service.ts';
import { putGeneration } from './codeGenerations.store.ts';
import { putExpiry } from './expiry.ts';
import type { GenerationInput, GenerationTarget, GenerationType } from './generators/index.ts';
import { startJob } from './jobs/runner.ts';
import { dialectOf, readSources, type NamedSources, type Sources } from './sources.ts';

/** Input of codeGenerationStart, as the SDL's CodeGenerationStartInput. */
export interface StartInput extends NamedSources {
  projectId: string;
  type: string;
  target?: string | null;
  dialect?: SqlDialect | null;
  prompt?: string | null;
}

const secondsPerDay = 86_400;
const maxPromptLength = 4_000;

/** Starts a generation and returns it, pending. */
export async function startCodeGeneration(context: Context, args: MutationArgs & { input: StartInput }): Promise<GenerationResult> {
  const viewer = requireViewer(context, 'account.read');
  const { input } = args;
  const planned: CodeGenerationRecord[] = [];
  const result = await mutate(context, { name: 'codeGenerationStart', viewer, args, input, plan });
  const generation = planned.at(-1);
  // Not planned where the answer of an earlier call was repeated: then that call has started the job.
  if (generation && generation.id === result.codeGeneration.id && !args.dryRun) startJob(context.services, generation);
  return result;

  async function plan(): Promise<MutationPlan<GenerationResult>> {
    const { project } = await requireProjectAccess(context, input.projectId, 'codeGeneration.write');
    checkPrompt(input);
    const sources = await readSources(context, project, input);
    const wanted = await generationInput(input, { project, sources });
    const owner = { id: context.newId('gen'), userId: project.userId, ttl: expiry(context) };
    const body = { generationInput: wanted };
    const stored = await prepareBody(context, { table: 'codeGenerations', owner, body, field: ['input', 'schemaId'], dryRun: args.dryRun });
    const generation = {
      ...newGeneration(context, { input, viewer, project, wanted, pins: sources.pins }),
      ...owner,
      ...withoutNulls(stored.attributes),
    };
    planned.push(generation);
    const { id: entityId, projectId } = generation;
    return {
      result: { codeGeneration: generation },
      replayable: { codeGeneration: withoutBody(generation) },
      prepare: stored.write,
      undo: stored.discard,
      writes: [putGeneration(generation), ...putExpiry(generation)],
      activity: [{ action: 'started', entityType: 'code-generation', entityId, projectId, entityName: titleOf(generation) }],
      counts: [{ ownerId: project.userId, projectId, by: { codeGenerations: 1 } }],
    };
  }
}

function expiry(context: Context): number {
  return context.nowSeconds() + context.services.settings.ttlDays.codeGenerations * secondsPerDay;
}

function checkPrompt({ prompt }: StartInput): void {
  const checks = new Checks();
  checks.text(['input', 'prompt'], prompt, { max: maxPromptLength, multiline: true });
  checks.throwIfAny();
}

/** Returns all that the code is made from. Throws VALIDATION where something needed for it is missing. */
async function generationInput(
  input: StartInput,
  { project, sources }: { project: ProjectRecord; sources: Sources },
): Promise<GenerationInput> {
  // The generators are large, and load with the first generation.
  const { defaultTarget, generationProblem } = await import('./generators/index.ts');
  const type = input.type as GenerationType;
  const target = (input.target ?? defaultTarget(type)) as GenerationTarget;
  const { schema, architecture } = sources;
  const wanted = { type, target, dialect: input.dialect ?? dialectOf(project), schema, architecture };
  const problem = generationProblem(wanted);
  if (problem !== null) throw invalid(['input', schema === null ? 'schemaId' : 'target'], problem);
  return wanted;
}

interface NewGeneration {
  input: StartInput;
  viewer: Viewer;
  project: ProjectRecord;
  wanted: GenerationInput;
  pins: Sources['pins'];
}

function newGeneration(
  context: Context,
  { input, viewer, project, wanted, pins }: NewGeneration,
): Omit<CodeGenerationRecord, 'id' | 'userId'> {
  const now = context.now();
  return {
    projectId: project.id,
    createdById: viewer.id,
    type: wanted.type,
    target: wanted.target,
    ...pins,
    ...(input.prompt != null && input.prompt.trim() !== '' && { prompt: input.prompt }),
    status: 'pending',
    progress: 0,
    attempts: 0,
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
}
