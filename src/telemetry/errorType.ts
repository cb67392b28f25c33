/** What spans say of a failure. */
import { ExpectedError, toRequestError } from '../errors.ts';

/** Returns the code of an error, as clients see it; for an expected one that of its first entry. Never anything of its message. */
export function errorTypeOf(error: unknown): string {
  const [entry] = error instanceof ExpectedError ? error.entries : [];
  return entry?.code ?? toRequestError(error).code;
}
