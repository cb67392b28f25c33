/** How long an operation may take, on every transport: the one rule. */
import { Kind, OperationTypeNode, type DocumentNode, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import type { Config } from '../config.ts';

/** Mutations that wait for a model, which takes minutes where a database takes milliseconds. */
const waitingForModels: ReadonlySet<string> = new Set(['aiChat', 'aiGenerateSchema', 'aiExplainCode']);

/** Returns the names of an operation's root fields, those of fragments with them. Documents are valid here: fragments are there, and form no circle. */
function rootFields({ selections }: SelectionSetNode, document: DocumentNode): string[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection.name.value];
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootFields(selection.selectionSet, document);
    const fragment = document.definitions.find(
      (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
    );
    return fragment && 'selectionSet' in fragment ? rootFields(fragment.selectionSet, document) : [];
  });
}

/**
 * Returns the milliseconds that an operation may take from its arrival. A mutation all of whose fields wait for a model has
 * the assistant's time for that (AI_TIMEOUT_MS), and the usual one for the rest.
 */
export function deadlineOf(
  { operation, document }: { operation: OperationDefinitionNode; document: DocumentNode },
  { http, ai }: Pick<Config, 'ai'> & { readonly http: Pick<Config['http'], 'operationTimeoutMs'> },
): number {
  if (!ai || operation.operation !== OperationTypeNode.MUTATION) return http.operationTimeoutMs;
  const waits = rootFields(operation.selectionSet, document).every((name) => name === '__typename' || waitingForModels.has(name));
  return waits ? ai.timeoutMs + http.operationTimeoutMs : http.operationTimeoutMs;
}
