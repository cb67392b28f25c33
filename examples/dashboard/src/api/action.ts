/** Mutations in forms: pending, and what the API refuses at the field that caused it. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { useState } from 'react';
import { useMutation, type AnyVariables, type CombinedError } from 'urql';

/** A reason why nothing was done. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly field?: readonly string[] | null;
}

/** Returns what went wrong with a request, in words for people. */
export function describeError(error: CombinedError): string {
  if (error.networkError) return 'The server can not be reached. Check your connection and try again.';
  return error.graphQLErrors.map(({ message }) => message).join(' ') || 'Something went wrong. Try again.';
}

interface Payload {
  readonly userErrors: readonly Problem[];
}

/** A mutation in use. */
export interface Action<Variables, Result> {
  readonly pending: boolean;
  readonly problems: readonly Problem[];
  /** Sends it; resolves with the payload when it was done, with null when there are problems. */
  run(variables: Variables): Promise<Result | null>;
}

/** Returns a mutation for a form. `Data` has one field, whose value has `userErrors`. */
export function useAction<Data extends object, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
): Action<Variables, NonNullable<Data[keyof Data]>> {
  const [{ fetching }, send] = useMutation(document);
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  return {
    pending: fetching,
    problems,
    async run(variables) {
      setProblems([]);
      const { data, error } = await send(variables);
      const payload =
        data && (Object.entries(data).find(([name]) => name !== '__typename')?.[1] as (Payload & Data[keyof Data]) | undefined);
      if (error || !payload)
        setProblems([{ code: 'FAILED', message: error ? describeError(error) : 'The server sent no answer. Try again.' }]);
      else if (payload.userErrors.length > 0) setProblems(payload.userErrors);
      else return payload;
      return null;
    },
  };
}

/** Returns what the API says about one field of an input; undefined for nothing. */
export function problemOf(problems: readonly Problem[], name: string): string | undefined {
  return problems.find(({ field }) => field?.at(-1) === name)?.message;
}

/** Returns what no field of a form stands for. */
export function otherProblems(problems: readonly Problem[], names: readonly string[]): readonly Problem[] {
  return problems.filter(({ field }) => !names.includes(field?.at(-1) ?? ''));
}
