/** Errors of the data layer, and how the SDK's errors are told apart. What users see of them is decided in `src/errors.ts`. */
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';

/** DynamoDB could not take the work for now: throttling, or a retry budget that ran out. Trying again later is right. */
export class DatabaseBusy extends Error {
  override readonly name = 'DatabaseBusy';
}

/** A transaction was refused as a whole because conditions did not hold; nothing was written. */
export class TransactionRejected extends Error {
  override readonly name = 'TransactionRejected';

  /** `reasons[i]` is DynamoDB's code for write `i`: `None`, `ConditionalCheckFailed`, `TransactionConflict`, … */
  constructor(
    readonly reasons: readonly string[],
    options?: ErrorOptions,
  ) {
    super(`transaction refused: ${reasons.join(', ')}`, options);
  }

  /** Returns the rejection that an SDK error stands for, or null when it is another error. */
  static from(error: unknown): TransactionRejected | null {
    if (!(error instanceof TransactionCanceledException)) return null;
    return new TransactionRejected(
      (error.CancellationReasons ?? []).map((reason) => reason.Code ?? 'None'),
      { cause: error },
    );
  }

  /** True when only concurrent transactions or throttling stood in the way; then the same transaction may be tried again. */
  get isConflictOnly(): boolean {
    const failed = this.reasons.filter((reason) => reason !== 'None');
    return failed.length > 0 && failed.every((reason) => retryableReasons.has(reason));
  }

  /** True when the condition of write `index` did not hold. */
  failedAt(index: number): boolean {
    return this.reasons[index] === 'ConditionalCheckFailed';
  }
}

const retryableReasons = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

const throttlingNames = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionInProgressException',
  'TransactionConflictException',
  'LimitExceededException',
]);

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** True when DynamoDB asked for less load. */
export function isThrottling(error: unknown): boolean {
  return error instanceof DatabaseBusy || throttlingNames.has(nameOf(error));
}

/** True when a call ran out of time or was cancelled. */
export function isTimeout(error: unknown): boolean {
  return ['TimeoutError', 'AbortError'].includes(nameOf(error));
}

/** True when DynamoDB could not be reached or failed by itself; the SDK has tried three times by then. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'ETIMEDOUT', 'EAI_AGAIN'].includes(code) || status >= 500;
}
