/** What the prompt of a generation does to its files. */
import type { Services } from '../../../context.ts';
import { ExpectedError } from '../../../errors.ts';
import type { ModelCallParent } from '../../../telemetry/tracing.ts';
import type { GeneratedFile } from '../generators/index.ts';
import { GenerationFailed } from './failure.ts';

const notApplied =
  'The prompt was not applied, because no assistant is configured on this server (AI_BASE_URL and AI_MODEL). The files are made from the design alone.';

const withoutPrompt = 'Start the generation again, or without a prompt to have the files as they follow from the design.';

/** Files with what a prompt wants, and something to know about that. */
export interface AdaptedFiles {
  files: GeneratedFile[];
  note: string | undefined;
}

/** What is to be adapted, and to what. */
export interface Adaptation {
  readonly files: GeneratedFile[];
  readonly prompt: string | null | undefined;
  readonly signal: AbortSignal;
  /** What the spans of calls to the assistant are below, where traces are recorded. */
  readonly trace?: ModelCallParent | undefined;
}

/** Returns the files as the prompt wants them; without a prompt or an assistant they stay as they are. Throws GenerationFailed. */
export async function adaptFiles({ ai }: Pick<Services, 'ai'>, { files, prompt, signal, trace }: Adaptation): Promise<AdaptedFiles> {
  if (prompt == null) return { files, note: undefined };
  if (ai.endpoint === null) return { files, note: notApplied };
  // Loaded when needed: most servers have no assistant.
  const { adaptGeneratedFiles } = await import('../../ai/adaptFiles.ts');
  try {
    const adapted = await adaptGeneratedFiles({ ai, files, prompt, signal, trace });
    return { files: adapted.files, note: adapted.note || undefined };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ExpectedError)
      throw new GenerationFailed(`The prompt was not applied. ${error.message} ${withoutPrompt}`, { cause: error });
    throw error;
  }
}
