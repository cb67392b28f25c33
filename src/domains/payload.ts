/** Payloads of mutations: what was asked for, or `userErrors` that say why nothing was done. */
import { ExpectedError, type UserErrorEntry } from '../errors.ts';

/** A payload: the fields of `T`, or none of them with at least one entry of `userErrors`. */
export type Payload<T> = { [K in keyof T]: T[K] | null } & { userErrors: UserErrorEntry[] };

/** Runs a mutation and returns its payload. An expected error becomes `userErrors`; every other error goes on as a top-level error. */
export async function payload<T extends object>(run: () => Promise<T>): Promise<Payload<T>> {
  try {
    return { ...(await run()), userErrors: [] };
  } catch (error) {
    if (error instanceof ExpectedError) return { userErrors: [...error.entries] } as unknown as Payload<T>;
    throw error;
  }
}
