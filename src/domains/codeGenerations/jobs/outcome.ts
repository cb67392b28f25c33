/** What the generators made of an input, in a form that travels between threads. */
import { generateFiles, type GeneratedFile, type GenerationInput } from '../generators/index.ts';

/** The files, or why there are none; `stack` is for the log, where the generators themselves are at fault. */
export type GenerationOutcome = { files: GeneratedFile[] } | { problem: string; stack?: string };

const ourFault =
  'Something went wrong on our side while the code was generated. Trying again will not help; tell us the id of the generation.';

/** Runs the generators. Errors that they throw on purpose are for the person who asked; those of the language are mistakes of ours. */
export function runGenerators(input: GenerationInput): GenerationOutcome {
  try {
    return { files: generateFiles(input) };
  } catch (error) {
    const { message, stack = String(error) } = error instanceof Error ? error : new Error(String(error));
    return isMistake(error) ? { problem: ourFault, stack } : { problem: message };
  }
}

function isMistake(error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError, SyntaxError].some((mistake) => error instanceof mistake);
}
