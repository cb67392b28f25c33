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

/** What a deletion removed, by kind; absent kinds count 0. */
export type DeletedCounts = Partial<Record<(typeof deletedKinds)[number], number>>;

const deletedKinds = [
  'projects',
  'schemas',
  'architectures',
  'codeGenerations',
  'deployments',
  'documentation',
  'members',
  'integrations',
] as const;

/** Resolvers of the SDL type DeletedCounts. */
export const deletedCountsResolvers = Object.fromEntries(deletedKinds.map((kind) => [kind, (counts: DeletedCounts) => counts[kind] ?? 0]));
