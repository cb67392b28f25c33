/** What is counted of operations over connections that stay open. */
import { Kind, type DocumentNode, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql';
import type { Metrics } from '../../telemetry/metrics.ts';
import { noteErrors } from '../logging.ts';
import type { AdmittedOperation, Arrival, Refusal } from './operation.ts';
import type { ResultStream } from './resultStream.ts';

type Results = FormattedExecutionResult | ResultStream;

/** Returns the field that a subscription follows: a valid one has exactly one, and its document is bounded. */
function fieldOf(document: DocumentNode, operationName: string | undefined): string {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || (operationName !== undefined && definition.name?.value !== operationName))
      continue;
    for (const selection of definition.selectionSet.selections) if (selection.kind === Kind.FIELD) return selection.name.value;
  }
  // Its field is in a fragment.
  return 'fragment';
}

/** Returns the results of a subscription, which count themselves until the subscription ends. */
function countEvents(
  results: ResultStream,
  { subscription, signal }: { subscription: ReturnType<Metrics['subscription']>; signal: AbortSignal },
): ResultStream {
  // Its life ends with it, whoever ended it.
  if (signal.aborted) subscription.end();
  signal.addEventListener('abort', subscription.end, { once: true });
  const next = async (): Promise<IteratorResult<FormattedExecutionResult, void>> => {
    const result = await results.next();
    if (!result.done) subscription.event();
    return result;
  };
  return { ...results, next };
}

/** Returns what came of admitting an operation, which is counted when it was refused or answered. `startedAt` is of `performance.now()`. */
export function measured(
  metrics: Metrics,
  { arrival, startedAt, admission }: { arrival: Arrival; startedAt: number; admission: AdmittedOperation | Refusal },
): AdmittedOperation | Refusal {
  const { facts, transport, life } = arrival;
  const count = (errors: readonly GraphQLFormattedError[] | undefined): void => {
    noteErrors(facts, errors);
    const { operation: name, operationType: type, codes = [] } = facts;
    facts.operationTrace?.describe({ cost: facts.cost });
    facts.operationTrace?.end(codes);
    metrics.operation({ name, type, transport, codes, milliseconds: performance.now() - startedAt });
  };
  if ('errors' in admission) {
    count(admission.errors);
    return admission;
  }
  const run = async (): Promise<Results> => {
    const results = await admission.run();
    const isStream = Symbol.asyncIterator in results;
    count(isStream ? undefined : results.errors);
    if (!isStream) return results;
    const subscription = metrics.subscription(fieldOf(admission.document, admission.operationName));
    return countEvents(results, { subscription, signal: life.signal });
  };
  return { ...admission, run };
}
